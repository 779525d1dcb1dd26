// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading a module: from a file's bytes to code that has run.
 *
 * Promises: a file that is refused has executed nothing and leaves no trace;
 * the errno says why in Linux's terms (-ENOEXEC the file or its build does not
 * fit, -ENOENT a symbol is missing, -EEXIST the name is taken) and a message
 * names what. The file's own numbers are followed only where elf.c has checked
 * them. Text is mapped read-only and executable, constants read-only, data
 * writable and never executable. No lock is held while the module's code runs.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/rcupdate.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/sched.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/livepatch.h>
#include <linux/ftrace.h>
#include "internal.h"

#define MODULE_FILE_MAX (4UL << 20)

#define for_each_section(sec, info) \
	for ((sec) = (info)->sechdrs + 1; (sec) < (info)->sechdrs + (info)->hdr->e_shnum; (sec)++)

/* ---- symbols ---- */

/* The address of symbol @sym; livepatch symbols get theirs later. */
static int place_symbol(struct module *mod, const struct klp_modinfo *info, Elf64_Sym *sym)
{
	const char *name = info->strtab + sym->st_name;
	const struct kernel_symbol *found;

	if (sym->st_shndx != SHN_UNDEF) {
		if (sym->st_shndx < info->hdr->e_shnum)
			sym->st_value += info->sechdrs[sym->st_shndx].sh_addr;
		return 0;
	}
	found = module_resolve_symbol(mod, name);
	sym->st_value = found ? found->value : 0;
	if (found || ELF_ST_BIND(sym->st_info) == STB_WEAK)
		return 0;
	pr_warn("%s: Unknown symbol %s (err %d)\n", mod->name, name, -ENOENT);
	return -ENOENT;
}

/* Names all that are missing before it gives up. */
static int place_symbols(struct module *mod, const struct klp_modinfo *info)
{
	Elf64_Sym *sym = info->symtab, *end = sym + info->num_symtab;
	int ret = 0;

	while (++sym < end)
		if (place_symbol(mod, info, sym))
			ret = -ENOENT;
	return ret;
}

/* ---- memory ---- */

static void free_memory(const struct module_memory *mem)
{
	int kind;

	for (kind = 0; kind < MOD_MEM_NUM; kind++)
		if (mem[kind].base)
			module_memfree(mem[kind].base);
}

static int alloc_memory(const struct klp_modinfo *info, struct module_memory *mem)
{
	int kind;

	for (kind = 0; kind < MOD_MEM_NUM; kind++) {
		if (!mem[kind].size)
			continue;
		mem[kind].base = module_alloc(mem[kind].size);
		if (!mem[kind].base) {
			pr_err("%s: sh_size: no memory for %lu bytes of sections\n", info->name,
			       mem[kind].size);
			free_memory(mem);
			return -ENOMEM;
		}
		memset(mem[kind].base, 0, mem[kind].size);
	}
	return 0;
}

/* Places every section and copies it; sh_addr says where. */
static int move_sections(const struct klp_modinfo *info, struct module_memory *mem)
{
	Elf64_Shdr *sec;
	int kind, ret;

	for_each_section(sec, info) {
		sec->sh_addr = 0;
		kind = module_section_kind(info, sec);
		if (kind < 0)
			continue;
		sec->sh_addr = ALIGN(mem[kind].size, max_t(u64, sec->sh_addralign, 1));
		mem[kind].size = sec->sh_addr + sec->sh_size;
	}
	ret = alloc_memory(info, mem);
	if (ret)
		return ret;
	for_each_section(sec, info) {
		kind = module_section_kind(info, sec);
		if (kind < 0)
			continue;
		sec->sh_addr += (unsigned long)mem[kind].base;
		if (sec->sh_type != SHT_NOBITS)
			memcpy((void *)sec->sh_addr, info->image + sec->sh_offset, sec->sh_size);
	}
	return 0;
}

static int close_memory(const struct module *mod)
{
	const struct module_memory *text = &mod->mem[MOD_TEXT], *rodata = &mod->mem[MOD_RODATA];
	int ret = set_module_memory(text->base, text->size, false, true);

	return ret ? ret : set_module_memory(rodata->base, rodata->size, false, false);
}

/* Sets a table and its length from the section it is in, if there is one. */
#define TAKE_TABLE(section, table, length)                                \
	do {                                                              \
		if (section) {                                            \
			(table) = (void *)(section)->sh_addr;             \
			(length) = (section)->sh_size / sizeof(*(table)); \
		}                                                         \
	} while (0)

/* Of the file's own words only name, init and exit count. */
static struct module *adopt_self(struct klp_modinfo *info, const struct module_memory *mem)
{
	struct module *mod = (struct module *)info->self->sh_addr;
	size_t head = offsetof(struct module, list);

	memset((char *)mod + head, 0, sizeof(*mod) - head);
	mod->init = NULL;
	mod->exit = NULL;
	strscpy(mod->name, info->name, sizeof(mod->name));
	memcpy(mod->mem, mem, sizeof(mod->mem));
	mod->state = MODULE_STATE_UNFORMED;
	mod->refcnt = 2; /* the loader's, and the load's own */
	mod->klp_info = info;
	mod->klp = module_get_modinfo(info, "livepatch") != NULL;
	TAKE_TABLE(info->exports, mod->syms, mod->num_syms);
	TAKE_TABLE(info->params, mod->kp, mod->num_kp);
	TAKE_TABLE(info->mcount, mod->ftrace_callsites, mod->num_ftrace_callsites);
	TAKE_TABLE(info->dyndbg, mod->dyndbg, mod->num_dyndbg);
	return mod;
}

/* ---- form ---- */

static int check_vermagic(const struct klp_modinfo *info)
{
	const char *vermagic = module_get_modinfo(info, "vermagic");

	if (vermagic && !strcmp(vermagic, kernel_vermagic()))
		return 0;
	pr_err("%s: version magic '%s' should be '%s'\n", info->name, vermagic ? vermagic : "",
	       kernel_vermagic());
	return -ENOEXEC;
}

/* Those against an object that is not there yet wait for it. */
static int apply_relocations(struct module *mod, const struct klp_modinfo *info)
{
	Elf64_Shdr *sec;
	int ret;

	for_each_section(sec, info) {
		if (sec->sh_type != SHT_RELA || (sec->sh_flags & SHF_RELA_LIVEPATCH) ||
		    !info->sechdrs[sec->sh_info].sh_addr)
			continue;
		ret = module_apply_rela(mod->name, info, sec);
		if (ret)
			return ret;
	}
	return klp_apply_section_relocs(mod, NULL);
}

static void drop_uses(struct module *mod)
{
	unsigned int i;

	for (i = 0; i < mod->num_uses; i++)
		module_put(mod->uses[i]);
}

/* The file becomes a struct module with everything in place but nothing run. */
static int form_module(struct klp_modinfo *info, struct module **out)
{
	struct module_memory mem[MOD_MEM_NUM] = { { 0 } };
	struct module *mod;
	int ret;

	ret = module_check_elf(info);
	if (!ret)
		ret = check_vermagic(info);
	/* Before its exports are judged, which are there already if it is. */
	if (!ret)
		ret = module_check_name(info->name);
	if (!ret)
		ret = move_sections(info, mem);
	if (ret)
		return ret;
	mod = adopt_self(info, mem);
	ret = place_symbols(mod, info);
	if (!ret)
		ret = apply_relocations(mod, info);
	if (!ret)
		ret = module_check_claims(mod);
	if (ret) {
		drop_uses(mod);
		free_memory(mem);
	}
	*out = mod;
	return ret;
}

/* ---- load ---- */

static void free_info(struct klp_modinfo *info)
{
	if (info)
		kvfree(info->image);
	kfree(info);
}

void module_free(struct module *mod)
{
	struct klp_modinfo *info = mod->klp_info;
	struct module_memory mem[MOD_MEM_NUM];
	char *args = mod->args;

	drop_uses(mod);
	ftrace_release_mod(mod);
	module_free_params(mod);
	memcpy(mem, mod->mem, sizeof(mem)); /* @mod lies in its own data */
	free_memory(mem);
	kfree(args);
	free_info(info);
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

	if (ret <= 0)
		return ret;
	pr_warn("%s: '%s'->init suspiciously returned %d, it should follow 0/-E convention\n",
		__func__, mod->name, ret);
	return 0;
}

/*
 * Its init has failed, but left it in use: by an enabled patch. What others run
 * is not freed; it stays, to be removed when they have done with it.
 */
static void keep_in_use(struct module *mod, int why)
{
	pr_warn("%s: init failed (%d), but the module is in use: it stays\n", mod->name, why);
	/* nothing that init prepared is there for exit to undo */
	mod->init = NULL;
	mod->exit = NULL;
	module_set_state(mod, MODULE_STATE_LIVE);
}

/* From here on others see it, and its code runs: parameters, callbacks, init. An error, and live: it stays. */
static int start_module(struct module *mod)
{
	int ret = parse_args(mod->name, mod->args, mod->kp, mod->num_kp);

	if (ret)
		return ret;
	ret = module_sysfs_setup(mod);
	if (ret)
		return ret;
	ret = klp_module_coming(mod);
	if (!ret) {
		ret = run_init(mod);
		if (ret && module_refcount(mod) > 1) {
			keep_in_use(mod, ret);
			return ret;
		}
		if (ret) {
			module_set_state(mod, MODULE_STATE_GOING);
			synchronize_rcu();
			klp_module_going(mod);
		}
	}
	if (ret)
		module_sysfs_teardown(mod);
	return ret;
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
	ret = module_add_to_list(mod);
	if (ret)
		goto free;
	ret = ftrace_module_init(mod);
	if (!ret)
		ret = close_memory(mod);
	if (!ret) {
		taint_for(mod);
		module_set_state(mod, MODULE_STATE_COMING);
		ret = start_module(mod);
	}
	if (!ret)
		module_set_state(mod, MODULE_STATE_LIVE);
	if (mod->state == MODULE_STATE_LIVE) {
		module_put(mod);
		return ret;
	}
	module_unlink(mod);
free:
	module_free(mod);
	return ret;
}

/* ---- the system calls ---- */

static int new_info(unsigned long size, struct klp_modinfo **out)
{
	struct klp_modinfo *info;

	*out = NULL;
	if (!size || size > MODULE_FILE_MAX) {
		pr_err("module: a file of %lu bytes, 1 to %lu expected\n", size, MODULE_FILE_MAX);
		return size ? -ENOMEM : -ENOEXEC;
	}
	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	info->size = size;
	info->image = kvmalloc(size, GFP_KERNEL);
	if (!info->image) {
		kfree(info);
		return -ENOMEM;
	}
	*out = info;
	return 0;
}

static int read_user_image(struct klp_modinfo *info, const void __user *umod)
{
	return copy_from_user(info->image, umod, info->size) ? -EFAULT : 0;
}

static int read_file_image(struct klp_modinfo *info, struct file *file)
{
	loff_t pos = 0;
	ssize_t got;

	while ((unsigned long)pos < info->size) {
		got = kernel_read(file, info->image + pos, info->size - pos, &pos);
		if (got <= 0)
			return got ? (int)got : -ENOEXEC;
	}
	return 0;
}

/* Loads the file that was read, unless @ret says that it was not. Takes over @info. */
static int load_with_args(struct klp_modinfo *info, const char __user *uargs, int ret)
{
	char *args = NULL;
	long length;

	if (!ret) {
		args = kmalloc(PAGE_SIZE, GFP_KERNEL);
		ret = args ? 0 : -ENOMEM;
	}
	if (!ret) {
		length = strncpy_from_user(args, uargs, PAGE_SIZE);
		ret = length < 0 ? (int)length : length >= (long)PAGE_SIZE ? -E2BIG : 0;
	}
	if (!ret)
		return load_module(info, args);
	kfree(args);
	free_info(info);
	return ret;
}

SYSCALL_DEFINE3(init_module, void __user *, image, unsigned long, size, const char __user *, uargs)
{
	struct klp_modinfo *info;
	int ret;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	ret = new_info(size, &info);
	if (!ret)
		ret = read_user_image(info, image);
	return load_with_args(info, uargs, ret);
}

SYSCALL_DEFINE3(finit_module, int, fd, const char __user *, uargs, int, flags)
{
	struct klp_modinfo *info = NULL;
	struct file *file;
	int ret = -EBADF;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (flags)
		return -EINVAL;
	file = fget(fd);
	if (file && (file->f_mode & FMODE_READ)) {
		ret = S_ISREG(file->f_inode->i_mode) ? new_info(file->f_inode->i_size, &info)
						     : -EINVAL;
		if (!ret)
			ret = read_file_image(info, file);
	}
	if (file)
		fput(file);
	return load_with_args(info, uargs, ret);
}
