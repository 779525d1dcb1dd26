// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading and unloading modules.
 *
 * Promises: a file that is refused has executed nothing and leaves no trace;
 * the errno says why in Linux's terms (-ENOEXEC the file or its build does not
 * fit, -ENOENT a symbol is missing, -EEXIST the name is taken) and a message
 * names what. Text is mapped read-only and executable, constants read-only,
 * data writable and never executable.
 *
 * module_mutex protects the list and the states; the list may be read with
 * preemption off. It is not held while a module's own code runs.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/module.h>
#include <linux/livepatch.h>
#include <linux/ftrace.h>
#include <asm/text-patching.h>
#include "internal.h"

#define MODULE_FILE_MAX		(4UL << 20)

LIST_HEAD(modules);
static DEFINE_MUTEX(module_mutex);

extern const struct kernel_symbol __start___ksymtab[], __stop___ksymtab[];

void module_mutex_lock(void)
{
	mutex_lock(&module_mutex);
}

void module_mutex_unlock(void)
{
	mutex_unlock(&module_mutex);
}

struct module *find_module(const char *name)
{
	struct module *mod;

	list_for_each_entry(mod, &modules, list)
		if (mod->state != MODULE_STATE_UNFORMED && !strcmp(mod->name, name))
			return mod;
	return NULL;
}

static bool within_memory(const struct module_memory *mem, unsigned long addr)
{
	return addr - (unsigned long)mem->base < mem->size;
}

struct module *__module_address(unsigned long addr)
{
	struct module *mod;
	int i;

	list_for_each_entry(mod, &modules, list)
		for (i = 0; i < MOD_MEM_NUM; i++)
			if (within_memory(&mod->mem[i], addr))
				return mod;
	return NULL;
}

struct module *__module_text_address(unsigned long addr)
{
	struct module *mod;

	list_for_each_entry(mod, &modules, list)
		if (within_memory(&mod->mem[MOD_TEXT], addr))
			return mod;
	return NULL;
}

bool is_module_text_address(unsigned long addr)
{
	bool found;

	preempt_disable();
	found = __module_text_address(addr) != NULL;
	preempt_enable();
	return found;
}

/* ---- references: one belongs to the loader, the rest to users ---- */

bool try_module_get(struct module *module)
{
	int count;

	if (!module)
		return true;
	count = __atomic_load_n(&module->refcnt, __ATOMIC_ACQUIRE);
	while (count)
		if (__atomic_compare_exchange_n(&module->refcnt, &count, count + 1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}
EXPORT_SYMBOL(try_module_get);

void __module_get(struct module *module)
{
	if (module)
		__atomic_add_fetch(&module->refcnt, 1, __ATOMIC_ACQ_REL);
}
EXPORT_SYMBOL(__module_get);

void module_put(struct module *module)
{
	if (module && __atomic_sub_fetch(&module->refcnt, 1, __ATOMIC_ACQ_REL) < 0)
		panic("module_put: %s has no reference left", module->name);
}
EXPORT_SYMBOL(module_put);

int module_refcount(struct module *mod)
{
	return __atomic_load_n(&mod->refcnt, __ATOMIC_ACQUIRE) - 1;
}

/* ---- symbols ---- */

static const struct kernel_symbol *search_exports(const struct kernel_symbol *syms,
						  unsigned int num, const char *name)
{
	unsigned int i;

	for (i = 0; i < num; i++)
		if (!strcmp(syms[i].name, name))
			return &syms[i];
	return NULL;
}

/* @owner becomes a user of @mod: @mod cannot go first. */
static int add_use(struct module *owner, struct module *mod)
{
	unsigned int i;

	for (i = 0; i < owner->num_uses; i++)
		if (owner->uses[i] == mod)
			return 0;
	if (owner->num_uses == ARRAY_SIZE(owner->uses))
		return -ENOMEM;
	if (!try_module_get(mod))
		return -ENODEV;
	owner->uses[owner->num_uses++] = mod;
	return 0;
}

static const struct kernel_symbol *resolve_symbol(struct module *owner, const char *name)
{
	const struct kernel_symbol *found;
	struct module *mod;

	found = search_exports(__start___ksymtab, __stop___ksymtab - __start___ksymtab, name);
	if (found)
		return found;
	mutex_lock(&module_mutex);
	list_for_each_entry(mod, &modules, list) {
		if (mod->state != MODULE_STATE_LIVE)
			continue;
		found = search_exports(mod->syms, mod->num_syms, name);
		if (found) {
			if (add_use(owner, mod))
				found = NULL;
			break;
		}
	}
	mutex_unlock(&module_mutex);
	return found;
}

/* Every symbol gets its address; livepatch symbols get theirs later. */
static int simplify_symbols(struct module *mod, struct klp_modinfo *info)
{
	unsigned int i;
	int ret = 0;

	for (i = 1; i < info->num_symtab; i++) {
		Elf64_Sym *sym = &info->symtab[i];
		const char *name = info->strtab + sym->st_name;
		const struct kernel_symbol *found;

		switch (sym->st_shndx) {
		case SHN_COMMON:
			pr_warn("%s: please compile with -fno-common\n", mod->name);
			return -ENOEXEC;
		case SHN_ABS:
		case SHN_LIVEPATCH:
			break;
		case SHN_UNDEF:
			found = resolve_symbol(mod, name);
			if (found) {
				sym->st_value = found->value;
				break;
			}
			if (sym->st_info >> 4 == 2)	/* weak: zero will do */
				break;
			pr_warn("%s: Unknown symbol %s (err %d)\n", mod->name, name, -ENOENT);
			ret = -ENOENT;
			break;
		default:
			sym->st_value += info->sechdrs[sym->st_shndx].sh_addr;
		}
	}
	return ret;
}

/* ---- memory ---- */

/* The kind of memory a section goes into; -1: none. */
static int section_kind(const struct klp_modinfo *info, const Elf64_Shdr *sec)
{
	const char *name = info->secstrings + sec->sh_name;

	if (!(sec->sh_flags & SHF_ALLOC) || !sec->sh_size || sec->sh_type == SHT_RELA ||
	    !strcmp(name, ".modinfo") || sec->sh_type == SHT_NOTE)
		return -1;
	if (sec->sh_flags & SHF_EXECINSTR)
		return MOD_TEXT;
	return sec->sh_flags & SHF_WRITE ? MOD_DATA : MOD_RODATA;
}

/* Places every section and copies it; sh_addr says where. */
static int move_module(struct klp_modinfo *info, struct module_memory *mem)
{
	unsigned long size[MOD_MEM_NUM] = { 0 };
	unsigned int i;
	int kind;

	for (i = 1; i < info->hdr->e_shnum; i++) {
		Elf64_Shdr *sec = &info->sechdrs[i];

		sec->sh_addr = 0;
		kind = section_kind(info, sec);
		if (kind < 0)
			continue;
		if (sec->sh_addralign > PAGE_SIZE) {
			pr_err("section %s wants an alignment of %llu bytes\n",
			       info->secstrings + sec->sh_name,
			       (unsigned long long)sec->sh_addralign);
			return -ENOEXEC;
		}
		size[kind] = ALIGN(size[kind], sec->sh_addralign ? sec->sh_addralign : 1);
		sec->sh_addr = size[kind];	/* an offset until the base is known */
		size[kind] += sec->sh_size;
	}
	for (kind = 0; kind < MOD_MEM_NUM; kind++) {
		if (!size[kind])
			continue;
		mem[kind].size = size[kind];
		mem[kind].base = module_alloc(size[kind]);
		if (!mem[kind].base)
			return -ENOMEM;
		memset(mem[kind].base, 0, size[kind]);
	}
	for (i = 1; i < info->hdr->e_shnum; i++) {
		Elf64_Shdr *sec = &info->sechdrs[i];

		kind = section_kind(info, sec);
		if (kind < 0)
			continue;
		sec->sh_addr += (unsigned long)mem[kind].base;
		if (sec->sh_type != SHT_NOBITS)
			memcpy((void *)sec->sh_addr, info->image + sec->sh_offset, sec->sh_size);
	}
	return 0;
}

static void *section_objects(const struct klp_modinfo *info, const char *name, size_t size,
			     unsigned int *num)
{
	const Elf64_Shdr *sec = module_find_section(info, name);

	*num = sec && sec->sh_addr ? sec->sh_size / size : 0;
	return *num ? (void *)sec->sh_addr : NULL;
}

static void find_module_sections(struct module *mod, const struct klp_modinfo *info)
{
	mod->syms = section_objects(info, "__ksymtab", sizeof(*mod->syms), &mod->num_syms);
	mod->kp = section_objects(info, "__param", sizeof(*mod->kp), &mod->num_kp);
	mod->ftrace_callsites = section_objects(info, "__mcount_loc", sizeof(unsigned long),
						&mod->num_ftrace_callsites);
	mod->kallsyms.symtab = info->symtab;
	mod->kallsyms.num_symtab = info->num_symtab;
	mod->kallsyms.strtab = info->strtab;
}

static void close_memory(struct module *mod)
{
	set_module_memory(mod->mem[MOD_TEXT].base, mod->mem[MOD_TEXT].size, false, true);
	set_module_memory(mod->mem[MOD_RODATA].base, mod->mem[MOD_RODATA].size, false, false);
}

/* ---- load ---- */

static int check_vermagic(const struct klp_modinfo *info, const char *name)
{
	const char *vermagic = module_get_modinfo(info, "vermagic");

	if (!vermagic || strcmp(vermagic, kernel_vermagic())) {
		pr_err("%s: version magic '%s' should be '%s'\n", name,
		       vermagic ? vermagic : "", kernel_vermagic());
		return -ENOEXEC;
	}
	return 0;
}

static void free_info(struct klp_modinfo *info)
{
	if (info)
		kvfree(info->image);
	kfree(info);
}

/* Everything that belongs to the module, once nobody can find it any more. */
static void free_module(struct module *mod)
{
	struct klp_modinfo *info = mod->klp_info;
	struct module_memory mem[MOD_MEM_NUM];
	unsigned int i;
	char *args = mod->args;

	for (i = 0; i < mod->num_uses; i++)
		module_put(mod->uses[i]);
	ftrace_release_mod(mod);
	memcpy(mem, mod->mem, sizeof(mem));	/* @mod lies in its own data */
	for (i = 0; i < MOD_MEM_NUM; i++)
		if (mem[i].base)
			module_memfree(mem[i].base);
	kfree(args);
	free_info(info);
}

static void unlink_module(struct module *mod)
{
	mutex_lock(&module_mutex);
	list_del(&mod->list);
	mutex_unlock(&module_mutex);
	/* Readers of the list run with preemption off. */
	synchronize_rcu();
}

/* The file becomes a struct module with everything in place but nothing run. */
static int form_module(struct klp_modinfo *info, struct module **out)
{
	struct module_memory mem[MOD_MEM_NUM] = { { 0 } };
	const Elf64_Shdr *self;
	const char *name;
	struct module *mod;
	unsigned int i;
	int ret;

	ret = module_check_elf(info, "module");
	if (ret)
		return ret;
	self = module_find_section(info, ".gnu.linkonce.this_module");
	name = ((struct module *)(info->image + self->sh_offset))->name;
	if (!name[0] || name[MODULE_NAME_LEN - 1]) {
		pr_err("module: its name is empty or too long\n");
		return -ENOEXEC;
	}
	ret = check_vermagic(info, name);
	if (ret)
		return ret;
	ret = move_module(info, mem);
	if (ret)
		goto free;
	mod = (struct module *)self->sh_addr;
	/* Of the file's own words only name, init and exit count. */
	memset((char *)mod + offsetof(struct module, list), 0,
	       sizeof(*mod) - offsetof(struct module, list));
	memcpy(mod->mem, mem, sizeof(mem));
	mod->state = MODULE_STATE_UNFORMED;
	mod->refcnt = 2;		/* the loader's, and the load's own */
	mod->klp_info = info;
	mod->klp = module_get_modinfo(info, "livepatch") != NULL;
	*out = mod;

	ret = simplify_symbols(mod, info);
	for (i = 1; !ret && i < info->hdr->e_shnum; i++) {
		const Elf64_Shdr *rela = &info->sechdrs[i];

		if (rela->sh_type == SHT_RELA && !(rela->sh_flags & SHF_RELA_LIVEPATCH) &&
		    info->sechdrs[rela->sh_info].sh_addr)
			ret = module_apply_rela(mod->name, info, rela);
	}
	if (!ret)
		ret = klp_apply_section_relocs(mod, NULL);
	if (!ret)
		return 0;
	for (i = 0; i < mod->num_uses; i++)
		module_put(mod->uses[i]);
free:
	for (i = 0; i < MOD_MEM_NUM; i++)
		if (mem[i].base)
			module_memfree(mem[i].base);
	return ret;
}

static int add_unformed_module(struct module *mod)
{
	struct module *other;
	int ret = 0;

	mutex_lock(&module_mutex);
	list_for_each_entry(other, &modules, list)
		if (!strcmp(other->name, mod->name))
			ret = -EEXIST;
	if (!ret)
		list_add_tail(&mod->list, &modules);
	mutex_unlock(&module_mutex);
	return ret;
}

static void taint_for(struct module *mod)
{
	if (!mod->klp)
		return;
	mod->taints |= 1UL << TAINT_LIVEPATCH;
	if (!test_taint(TAINT_LIVEPATCH))
		pr_notice("%s: tainting kernel with TAINT_LIVEPATCH\n", mod->name);
	add_taint(TAINT_LIVEPATCH, LOCKDEP_STILL_OK);
}

static int run_init(struct module *mod)
{
	int ret = mod->init ? mod->init() : 0;

	if (ret > 0) {
		pr_warn("%s: '%s'->init suspiciously returned %d, it should follow 0/-E convention\n",
			__func__, mod->name, ret);
		ret = 0;
	}
	return ret;
}

static void set_state(struct module *mod, enum module_state state)
{
	mutex_lock(&module_mutex);
	mod->state = state;
	mutex_unlock(&module_mutex);
}

/* Takes over @info and @args. */
static int load_module(struct klp_modinfo *info, char *args)
{
	struct module *mod;
	int ret;

	ret = form_module(info, &mod);
	if (ret) {
		kfree(args);
		free_info(info);
		return ret;
	}
	mod->args = args;
	find_module_sections(mod, info);
	ret = add_unformed_module(mod);
	if (ret)
		goto free;
	ret = ftrace_module_init(mod);
	if (ret)
		goto unlink;
	close_memory(mod);
	taint_for(mod);
	set_state(mod, MODULE_STATE_COMING);
	ret = parse_args(mod->name, mod->args, mod->kp, mod->num_kp);
	if (ret)
		goto unlink;
	ret = module_sysfs_setup(mod);
	if (ret)
		goto unlink;
	ret = klp_module_coming(mod);
	if (ret)
		goto sysfs;
	ret = run_init(mod);
	if (ret)
		goto going;
	set_state(mod, MODULE_STATE_LIVE);
	module_put(mod);
	return 0;
going:
	set_state(mod, MODULE_STATE_GOING);
	synchronize_rcu();
	klp_module_going(mod);
sysfs:
	module_sysfs_teardown(mod);
unlink:
	unlink_module(mod);
free:
	free_module(mod);
	return ret;
}

static struct klp_modinfo *new_info(unsigned long size)
{
	struct klp_modinfo *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return NULL;
	info->size = size;
	info->image = kvmalloc(size, GFP_KERNEL);
	if (!info->image) {
		kfree(info);
		return NULL;
	}
	return info;
}

static int copy_args(const char __user *uargs, char **args)
{
	long len;

	*args = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!*args)
		return -ENOMEM;
	len = strncpy_from_user(*args, uargs, PAGE_SIZE);
	if (len < 0 || len >= (long)PAGE_SIZE) {
		kfree(*args);
		return len < 0 ? (int)len : -E2BIG;
	}
	return 0;
}

SYSCALL_DEFINE3(init_module, void __user *, umod, unsigned long, len, const char __user *, uargs)
{
	struct klp_modinfo *info;
	char *args;
	int ret;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (!len || len > MODULE_FILE_MAX)
		return len ? -ENOMEM : -ENOEXEC;
	ret = copy_args(uargs, &args);
	if (ret)
		return ret;
	info = new_info(len);
	if (!info) {
		kfree(args);
		return -ENOMEM;
	}
	if (copy_from_user(info->image, umod, len)) {
		kfree(args);
		free_info(info);
		return -EFAULT;
	}
	return load_module(info, args);
}

static int read_whole_file(struct file *file, struct klp_modinfo *info)
{
	loff_t pos = 0;
	ssize_t got;

	while ((unsigned long)pos < info->size) {
		got = kernel_read(file, info->image + pos, info->size - pos, &pos);
		if (got < 0)
			return got;
		if (!got)
			return -ENOEXEC;
	}
	return 0;
}

SYSCALL_DEFINE3(finit_module, int, fd, const char __user *, uargs, int, flags)
{
	struct klp_modinfo *info;
	struct file *file;
	char *args;
	int ret;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (flags)
		return -EINVAL;
	ret = copy_args(uargs, &args);
	if (ret)
		return ret;
	file = fget(fd);
	if (!file || !(file->f_mode & FMODE_READ)) {
		if (file)
			fput(file);
		kfree(args);
		return -EBADF;
	}
	ret = -ENOEXEC;
	info = NULL;
	if (S_ISREG(file->f_inode->i_mode) && file->f_inode->i_size > 0 &&
	    file->f_inode->i_size <= (loff_t)MODULE_FILE_MAX) {
		info = new_info(file->f_inode->i_size);
		ret = info ? read_whole_file(file, info) : -ENOMEM;
	}
	fput(file);
	if (ret) {
		kfree(args);
		free_info(info);
		return ret;
	}
	return load_module(info, args);
}

/* ---- unload ---- */

/* Drops the loader's reference if it is the last one. */
static bool try_stop(struct module *mod)
{
	int one = 1;

	return __atomic_compare_exchange_n(&mod->refcnt, &one, 0, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

SYSCALL_DEFINE2(delete_module, const char __user *, name_user, unsigned int, flags)
{
	char name[MODULE_NAME_LEN];
	struct module *mod;
	long len;
	int ret;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	len = strncpy_from_user(name, name_user, sizeof(name));
	if (len < 0)
		return -EFAULT;
	name[sizeof(name) - 1] = 0;

	mutex_lock(&module_mutex);
	mod = find_module(name);
	if (!mod)
		ret = -ENOENT;
	else if (mod->state != MODULE_STATE_LIVE)
		ret = -EBUSY;
	else if (mod->init && !mod->exit)
		ret = -EBUSY;
	else if (!try_stop(mod))
		ret = -EWOULDBLOCK;
	else
		ret = 0;
	if (!ret)
		mod->state = MODULE_STATE_GOING;
	mutex_unlock(&module_mutex);
	if (ret)
		return ret;

	if (mod->exit)
		mod->exit();
	klp_module_going(mod);
	module_sysfs_teardown(mod);
	unlink_module(mod);
	free_module(mod);
	return 0;
}

/* ---- what others read ---- */

static const char *state_name(const struct module *mod)
{
	switch (mod->state) {
	case MODULE_STATE_LIVE:
		return "Live";
	case MODULE_STATE_COMING:
		return "Loading";
	default:
		return "Unloading";
	}
}

static void print_users(struct seq_file *m, struct module *mod)
{
	struct module *other;
	unsigned int i;
	bool any = false;

	list_for_each_entry(other, &modules, list)
		for (i = 0; i < other->num_uses; i++)
			if (other->uses[i] == mod) {
				seq_printf(m, "%s,", other->name);
				any = true;
			}
	if (!any)
		seq_puts(m, "-");
}

int modules_seq_show(struct seq_file *m, void *v)
{
	unsigned long size;
	struct module *mod;
	int i;

	mutex_lock(&module_mutex);
	list_for_each_entry(mod, &modules, list) {
		if (mod->state == MODULE_STATE_UNFORMED)
			continue;
		for (size = 0, i = 0; i < MOD_MEM_NUM; i++)
			size += ALIGN(mod->mem[i].size, PAGE_SIZE);
		seq_printf(m, "%s %lu %d ", mod->name, size, module_refcount(mod));
		print_users(m, mod);
		seq_printf(m, " %s 0x%016lx%s\n", state_name(mod),
			   (unsigned long)mod->mem[MOD_TEXT].base, mod->klp ? " (K)" : "");
	}
	mutex_unlock(&module_mutex);
	return 0;
}

void print_modules(void)
{
	struct module *mod;

	printk("Modules linked in:");
	preempt_disable();
	list_for_each_entry(mod, &modules, list)
		if (mod->state != MODULE_STATE_UNFORMED)
			pr_cont(" %s%s", mod->name, mod->klp ? "(K)" : "");
	preempt_enable();
	pr_cont("\n");
}
