// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve: a static ELF64 program, or a script that names one, takes the place
 * of the calling program.
 *
 * Promises: everything that can be refused is refused before the old program is
 * touched; after the point of no return a failure kills the caller. The first
 * instruction finds the stack of the psABI (3.4.1): argc, argv, envp, auxv.
 * Must not know how pages get into memory: do_mmap() and faults do that.
 */
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/fpu.h>

#define ARG_BYTES	(128 << 10)	/* argv and envp strings together */
#define ARG_COUNT	1024
#define STACK_BYTES	(8UL << 20)
#define PHDR_MAX	32

/* The strings of a program to be, one after the other. */
struct arguments {
	char *text;			/* vmalloc, ARG_BYTES */
	size_t used;
	int argc, envc;
};

struct program {
	struct file *file;
	Elf64_Ehdr header;
	Elf64_Phdr phdr[PHDR_MAX];
	struct arguments args;
	char *filename;			/* what AT_EXECFN shows */
};

/* ---- strings ---- */

static int add_string(struct arguments *args, const char *s)
{
	size_t size = strlen(s) + 1;

	if (args->used + size > ARG_BYTES)
		return -E2BIG;
	memcpy(args->text + args->used, s, size);
	args->used += size;
	return 0;
}

/* Strings in front of all others: what a "#!" line adds. */
static int prepend_string(struct arguments *args, const char *s)
{
	size_t size = strlen(s) + 1;

	if (args->used + size > ARG_BYTES)
		return -E2BIG;
	memmove(args->text + size, args->text, args->used);
	memcpy(args->text, s, size);
	args->used += size;
	args->argc++;
	return 0;
}

static int add_user_strings(struct arguments *args, const char __user *const __user *list,
			    int *count)
{
	for (;; (*count)++) {
		const char __user *s;
		long length;

		if (!list || get_user(s, &list[*count]))
			return list ? -EFAULT : 0;
		if (!s)
			return 0;
		if (*count == ARG_COUNT)
			return -E2BIG;
		length = strncpy_from_user(args->text + args->used, s,
					   ARG_BYTES - args->used);
		if (length < 0)
			return length;
		if (length == (long)(ARG_BYTES - args->used))
			return -E2BIG;
		args->used += length + 1;
	}
}

static int add_kernel_strings(struct arguments *args, const char *const *list, int *count)
{
	for (; list && list[*count]; (*count)++) {
		int ret = add_string(args, list[*count]);

		if (ret)
			return ret;
	}
	return 0;
}

/* ---- the file ---- */

static int read_at(struct file *file, loff_t at, void *buf, size_t size)
{
	ssize_t n = kernel_read(file, buf, size, &at);

	return n < 0 ? n : (size_t)n == size ? 0 : -ENOEXEC;
}

static int open_program(struct program *prog, const char *name)
{
	struct file *file = filp_open(name, O_RDONLY, 0);
	struct inode *inode;
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	inode = file->f_inode;
	ret = S_ISREG(inode->i_mode) ? inode_permission(inode, 1) : -EACCES;
	if (!ret && !(inode->i_mode & 0111))
		ret = -EACCES;
	if (ret) {
		fput(file);
		return ret;
	}
	if (prog->file)
		fput(prog->file);
	prog->file = file;
	return 0;
}

/* "#! interpreter [argument]": the interpreter takes over, the script is its argument. */
static int follow_script(struct program *prog)
{
	char line[128], *interpreter, *argument;
	loff_t at = 0;
	ssize_t n = kernel_read(prog->file, line, sizeof(line) - 1, &at);
	char *old;
	int ret;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return -ENOEXEC;
	line[n] = 0;
	*strchrnul(line, '\n') = 0;
	interpreter = strim(line + 2);
	argument = interpreter + strcspn(interpreter, " \t");
	if (*argument) {
		*argument++ = 0;
		argument = skip_spaces(argument);
	}
	/* argv[0] gives way to the script's name */
	old = prog->args.text;
	if (prog->args.argc) {
		size_t size = strlen(old) + 1;

		memmove(old, old + size, prog->args.used - size);
		prog->args.used -= size;
		prog->args.argc--;
	}
	ret = prepend_string(&prog->args, prog->filename);
	if (!ret && *argument)
		ret = prepend_string(&prog->args, argument);
	if (!ret)
		ret = prepend_string(&prog->args, interpreter);
	return ret ? ret : open_program(prog, interpreter);
}

static int read_headers(struct program *prog)
{
	Elf64_Ehdr *eh = &prog->header;
	bool load = false;
	int ret;

	ret = read_at(prog->file, 0, eh, sizeof(*eh));
	if (ret)
		return ret;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh->e_ident[EI_DATA] != ELFDATA2LSB || eh->e_machine != EM_X86_64 ||
	    eh->e_type != ET_EXEC || eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    eh->e_phnum == 0 || eh->e_phnum > PHDR_MAX)
		return -ENOEXEC;
	ret = read_at(prog->file, eh->e_phoff, prog->phdr, eh->e_phnum * sizeof(Elf64_Phdr));
	if (ret)
		return ret;
	for (int i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr *ph = &prog->phdr[i];

		if (ph->p_type == PT_INTERP)	/* dynamic programs need a loader in user space */
			return -ENOEXEC;
		if (ph->p_type != PT_LOAD)
			continue;
		load = true;
		if (ph->p_filesz > ph->p_memsz || ph->p_memsz > TASK_SIZE ||
		    ph->p_vaddr < PAGE_SIZE || ph->p_vaddr > TASK_SIZE - ph->p_memsz ||
		    offset_in_page(ph->p_vaddr) != offset_in_page(ph->p_offset) ||
		    ph->p_offset + ph->p_filesz > (u64)prog->file->f_inode->i_size)
			return -ENOEXEC;
	}
	return load ? 0 : -ENOEXEC;
}

/* ---- the new address space ---- */

static unsigned long prot_of(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_segment(struct program *prog, const Elf64_Phdr *ph)
{
	unsigned long start = ph->p_vaddr & PAGE_MASK;
	unsigned long file_end = ph->p_vaddr + ph->p_filesz;
	unsigned long end = PAGE_ALIGN(ph->p_vaddr + ph->p_memsz);
	unsigned long at;

	if (ph->p_filesz) {
		at = do_mmap(prog->file, start, PAGE_ALIGN(file_end) - start, prot_of(ph),
			     MAP_PRIVATE | MAP_FIXED, (ph->p_offset & PAGE_MASK) >> PAGE_SHIFT);
		if (IS_ERR_VALUE(at))
			return at;
		/* the rest of the last file page is the first part of .bss */
		if (ph->p_memsz > ph->p_filesz && offset_in_page(file_end) &&
		    clear_user((void __user *)file_end, PAGE_ALIGN(file_end) - file_end))
			return -EFAULT;
		start = PAGE_ALIGN(file_end);
	}
	if (end > start) {
		at = do_mmap(NULL, start, end - start, prot_of(ph),
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
		if (IS_ERR_VALUE(at))
			return at;
	}
	return 0;
}

static int map_program(struct program *prog, struct mm_struct *mm)
{
	unsigned long end = 0;
	unsigned long at;

	mm->start_code = ~0UL;
	for (int i = 0; i < prog->header.e_phnum; i++) {
		const Elf64_Phdr *ph = &prog->phdr[i];
		int ret;

		if (ph->p_type != PT_LOAD)
			continue;
		ret = map_segment(prog, ph);
		if (ret)
			return ret;
		if (ph->p_flags & PF_X) {
			mm->start_code = min_t(unsigned long, mm->start_code, ph->p_vaddr);
			mm->end_code = max_t(unsigned long, mm->end_code,
					     ph->p_vaddr + ph->p_filesz);
		} else if (ph->p_flags & PF_W) {
			mm->start_data = ph->p_vaddr;
			mm->end_data = ph->p_vaddr + ph->p_filesz;
		}
		end = max_t(unsigned long, end, ph->p_vaddr + ph->p_memsz);
	}
	mm->start_brk = mm->brk = PAGE_ALIGN(end);
	at = do_mmap(NULL, STACK_TOP - STACK_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_STACK, 0);
	return IS_ERR_VALUE(at) ? (int)at : 0;
}

/* Where the program headers are in memory, for AT_PHDR. */
static unsigned long phdr_address(struct program *prog)
{
	for (int i = 0; i < prog->header.e_phnum; i++) {
		const Elf64_Phdr *ph = &prog->phdr[i];

		if (ph->p_type == PT_LOAD && ph->p_offset <= prog->header.e_phoff &&
		    prog->header.e_phoff < ph->p_offset + ph->p_filesz)
			return ph->p_vaddr + prog->header.e_phoff - ph->p_offset;
	}
	return 0;
}

/* Fills the stack; returns the stack pointer, or 0 if it cannot be written. */
static unsigned long build_stack(struct program *prog, struct mm_struct *mm)
{
	struct arguments *args = &prog->args;
	unsigned long random[2], execfn, random_at, strings, sp, at;
	unsigned long *table;
	int words = 0, i, n = 0;
	size_t size;

	random[0] = ktime_get_ns() * 0x9e3779b97f4a7c15UL;
	random[1] = (random[0] ^ current->pid) * 0xbf58476d1ce4e5b9UL;

	at = STACK_TOP - 16;
	at -= strlen(prog->filename) + 1;
	execfn = at;
	if (copy_to_user((void __user *)at, prog->filename, strlen(prog->filename) + 1))
		return 0;
	at = (at - args->used) & ~15UL;
	strings = at;
	if (copy_to_user((void __user *)at, args->text, args->used))
		return 0;
	at -= sizeof(random);
	random_at = at;
	if (copy_to_user((void __user *)at, random, sizeof(random)))
		return 0;

	size = (1 + args->argc + 1 + args->envc + 1 + 2 * 16) * sizeof(long);
	table = kzalloc(size, GFP_KERNEL);
	if (!table)
		return 0;
	table[words++] = args->argc;
	mm->arg_start = mm->arg_end = strings;
	for (i = 0; i < args->argc + args->envc; i++) {
		if (i == args->argc) {
			table[words++] = 0;
			mm->arg_end = mm->env_start = strings + n;
		}
		table[words++] = strings + n;
		n += strlen(args->text + n) + 1;
	}
	if (args->envc == 0) {
		table[words++] = 0;
		mm->arg_end = mm->env_start = strings + n;
	}
	mm->env_end = strings + n;
	table[words++] = 0;
	{
		const unsigned long aux[] = {
			AT_PAGESZ, PAGE_SIZE,
			AT_PHDR, phdr_address(prog),
			AT_PHENT, sizeof(Elf64_Phdr),
			AT_PHNUM, prog->header.e_phnum,
			AT_ENTRY, prog->header.e_entry,
			AT_UID, current->uid, AT_EUID, current->euid,
			AT_GID, current->gid, AT_EGID, current->egid,
			AT_CLKTCK, 100,
			AT_SECURE, 0,
			AT_RANDOM, random_at,
			AT_EXECFN, execfn,
			AT_NULL, 0,
		};

		memcpy(table + words, aux, sizeof(aux));
		memcpy(mm->auxv, aux, sizeof(aux));
		words += sizeof(aux) / sizeof(long);
	}
	sp = (at - words * sizeof(long)) & ~15UL;
	if (copy_to_user((void __user *)sp, table, words * sizeof(long)))
		sp = 0;
	kfree(table);
	mm->start_stack = sp;
	return sp;
}

/* ---- the change ---- */

/* The other threads of the group leave. Only the leader may exec a threaded program. */
static int leave_threads(struct task_struct *self)
{
	struct signal_struct *signal = self->signal;
	struct task_struct *t;

	if (READ_ONCE(signal->nr_threads) == 1)
		return 0;
	if (self != self->group_leader)
		return -EAGAIN;
	spin_lock(&tasklist_lock);
	spin_lock_irq(&self->sighand->siglock);
	signal->group_exit_task = self;
	for_each_thread(self, t)
		if (t != self)
			signal_wake_up(t, true);
	spin_unlock_irq(&self->sighand->siglock);
	spin_unlock(&tasklist_lock);
	while (READ_ONCE(signal->nr_threads) > 1)
		schedule_timeout_uninterruptible(1);
	signal->group_exit_task = NULL;
	return 0;
}

/* A table of handlers, or of files, that others use too is not ours to change. */
static int unshare_state(struct task_struct *self)
{
	if (atomic_read(&self->files->count) > 1) {
		struct files_struct *copy = dup_files(self->files), *old = self->files;

		if (!copy)
			return -ENOMEM;
		task_lock(self);
		self->files = copy;
		task_unlock(self);
		put_files(old);
	}
	if (atomic_read(&self->sighand->count) > 1) {
		struct sighand_struct *copy = alloc_sighand_struct(), *old = self->sighand;

		if (!copy)
			return -ENOMEM;
		spin_lock(&tasklist_lock);
		spin_lock_irq(&old->siglock);
		memcpy(copy->action, old->action, sizeof(copy->action));
		self->sighand = copy;
		spin_unlock_irq(&old->siglock);
		spin_unlock(&tasklist_lock);
		if (atomic_dec_and_test(&old->count))
			kfree(old);
	}
	return 0;
}

static void adopt_mm(struct task_struct *self, struct mm_struct *mm)
{
	struct mm_struct *old = self->mm, *old_active = self->active_mm;

	exec_mm_release(self);
	task_lock(self);
	local_irq_disable();
	self->mm = mm;
	self->active_mm = mm;
	switch_mm(mm);
	local_irq_enable();
	task_unlock(self);
	if (old)
		mmput(old);
	else if (old_active)	/* a kernel thread becomes a program */
		mmdrop(old_active);
}

static int load_program(struct program *prog, struct pt_regs *regs)
{
	struct task_struct *self = current;
	struct mm_struct *mm;
	unsigned long sp;
	const char *slash;
	int ret;

	ret = read_headers(prog);
	if (ret == -ENOEXEC && !follow_script(prog))
		ret = read_headers(prog);
	if (ret)
		return ret;
	ret = leave_threads(self);
	if (!ret)
		ret = unshare_state(self);
	if (ret)
		return ret;
	mm = mm_alloc();
	if (!mm)
		return -ENOMEM;

	/* the point of no return */
	adopt_mm(self, mm);
	/* a kernel thread ignores all signals: that is not for its program to inherit */
	flush_signal_handlers(self, self->flags & PF_KTHREAD);
	self->sas_ss_sp = self->sas_ss_size = 0;
	self->restart_block.fn = NULL;
	self->robust_list = NULL;
	self->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD);
	close_on_exec(self->files);
	slash = strrchr(prog->filename, '/');
	set_task_comm(self, slash ? slash + 1 : prog->filename);
	mm->exe_file = get_file(prog->file);

	ret = map_program(prog, mm);
	sp = ret ? 0 : build_stack(prog, mm);
	if (!sp) {
		force_sig(SIGKILL);
		return ret ? ret : -EFAULT;
	}
	fpu_init_image(self->thread.fxsave);
	fpu_restore_current();
	start_thread(regs, prog->header.e_entry, sp);
	return 0;
}

static struct program *alloc_program(void)
{
	struct program *prog = kzalloc(sizeof(*prog), GFP_KERNEL);

	if (prog) {
		prog->args.text = vmalloc(ARG_BYTES);
		if (!prog->args.text) {
			kfree(prog);
			prog = NULL;
		}
	}
	return prog;
}

static void free_program(struct program *prog)
{
	if (prog->file)
		fput(prog->file);
	vfree(prog->args.text);
	kfree(prog->filename);
	kfree(prog);
}

SYSCALL_DEFINE3(execve, const char __user *, filename, const char __user *const __user *, argv,
		const char __user *const __user *, envp)
{
	struct program *prog = alloc_program();
	int ret;

	if (!prog)
		return -ENOMEM;
	ret = getname(filename, &prog->filename);
	if (!ret)
		ret = add_user_strings(&prog->args, argv, &prog->args.argc);
	if (!ret)
		ret = add_user_strings(&prog->args, envp, &prog->args.envc);
	if (!ret)
		ret = open_program(prog, prog->filename);
	if (!ret)
		ret = load_program(prog, current_pt_regs());
	free_program(prog);
	return ret;
}

/* The init task becomes the first program. */
int kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	struct program *prog = alloc_program();
	int ret;

	if (!prog)
		return -ENOMEM;
	prog->filename = kstrdup(filename, GFP_KERNEL);
	ret = prog->filename ? 0 : -ENOMEM;
	if (!ret)
		ret = add_kernel_strings(&prog->args, argv, &prog->args.argc);
	if (!ret)
		ret = add_kernel_strings(&prog->args, envp, &prog->args.envc);
	if (!ret)
		ret = open_program(prog, filename);
	if (!ret)
		ret = load_program(prog, current_pt_regs());
	free_program(prog);
	return ret;
}
