// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/module/<name>/: coresize, refcnt, initstate, taint, one file per parameter
 * in parameters/ (only those with a mode), and in sections/ where each section
 * lies, which debuggers ask for.
 *
 * Promises: after module_sysfs_teardown() nobody is inside any of these files.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include "internal.h"

struct param_attribute {
	struct kobj_attribute attr;
	const struct kernel_param *param;
};

struct section_attribute {
	struct kobj_attribute attr;
	unsigned long addr;
};

struct module_sysfs {
	struct kobject kobj; /* /sys/module/<name> */
	struct module *mod;
	struct kobject *params_kobj;   /* .../parameters */
	struct kobject *sections_kobj; /* .../sections */
	struct section_attribute *sections;
	unsigned int num_params;
	struct param_attribute params[];
};

static struct module *to_module(struct kobject *kobj)
{
	return container_of(kobj, struct module_sysfs, kobj)->mod;
}

static ssize_t refcnt_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", module_refcount(to_module(kobj)));
}

static ssize_t initstate_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	switch (to_module(kobj)->state) {
	case MODULE_STATE_LIVE:
		return sysfs_emit(buf, "live\n");
	case MODULE_STATE_COMING:
		return sysfs_emit(buf, "coming\n");
	default:
		return sysfs_emit(buf, "going\n");
	}
}

static ssize_t taint_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_module(kobj)->klp ? "K" : "");
}

static ssize_t coresize_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu\n", module_core_size(to_module(kobj)));
}

static struct kobj_attribute coresize_attr = __ATTR_RO(coresize);
static struct kobj_attribute refcnt_attr = __ATTR_RO(refcnt);
static struct kobj_attribute initstate_attr = __ATTR_RO(initstate);
static struct kobj_attribute taint_attr = __ATTR_RO(taint);

static struct attribute *module_attrs[] = {
	&coresize_attr.attr, &refcnt_attr.attr, &initstate_attr.attr, &taint_attr.attr, NULL,
};
ATTRIBUTE_GROUPS(module);

static void module_kobj_release(struct kobject *kobj)
{
}

static const struct kobj_type module_ktype = {
	.release = module_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = module_groups,
};

static ssize_t param_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct kernel_param *kp = container_of(attr, struct param_attribute, attr)->param;

	return kp->ops->get ? kp->ops->get(buf, kp) : -EPERM;
}

static ssize_t param_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	const struct kernel_param *kp = container_of(attr, struct param_attribute, attr)->param;
	char text[256];
	size_t len;
	int ret;

	if (!kp->ops->set)
		return -EPERM;
	len = count && buf[count - 1] == '\n' ? count - 1 : count;
	if (len >= sizeof(text))
		return -EINVAL;
	memcpy(text, buf, len);
	text[len] = 0;
	ret = kp->ops->set(text, kp);
	return ret ? ret : (ssize_t)count;
}

static int add_params(struct module_sysfs *sysfs)
{
	const struct module *mod = sysfs->mod;
	unsigned int i;
	int ret;

	for (i = 0; i < mod->num_kp; i++) {
		struct param_attribute *param = &sysfs->params[i];

		if (!mod->kp[i].perm)
			continue;
		if (!sysfs->params_kobj) {
			sysfs->params_kobj = kobject_create_and_add("parameters", &sysfs->kobj);
			if (!sysfs->params_kobj)
				return -ENOMEM;
		}
		param->param = &mod->kp[i];
		param->attr.attr.name = mod->kp[i].name;
		param->attr.attr.mode = mod->kp[i].perm;
		param->attr.show = param_show;
		param->attr.store = param_store;
		ret = sysfs_create_file(sysfs->params_kobj, &param->attr.attr);
		if (ret)
			return ret;
	}
	return 0;
}

static ssize_t section_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%016lx\n",
			  container_of(attr, struct section_attribute, attr)->addr);
}

/* A name that stands for several sections is the first one's; one that is no file name is left out. */
static int add_section(struct module_sysfs *sysfs, struct section_attribute *section,
		       const Elf64_Shdr *header)
{
	const char *name = module_section_name(sysfs->mod->klp_info, header);
	int ret;

	if (!header->sh_addr || !module_is_file_name(name, KSYM_NAME_LEN))
		return 0;
	section->addr = header->sh_addr;
	section->attr.attr.name = name;
	section->attr.attr.mode = 0400;
	section->attr.show = section_show;
	ret = sysfs_create_file(sysfs->sections_kobj, &section->attr.attr);
	return ret == -EEXIST ? 0 : ret;
}

static int add_sections(struct module_sysfs *sysfs)
{
	const struct klp_modinfo *info = sysfs->mod->klp_info;
	unsigned int nr = info->hdr->e_shnum;
	int ret = 0;

	sysfs->sections = kcalloc(nr, sizeof(sysfs->sections[0]), GFP_KERNEL);
	sysfs->sections_kobj = kobject_create_and_add("sections", &sysfs->kobj);
	if (!sysfs->sections || !sysfs->sections_kobj)
		return -ENOMEM;
	for (unsigned int i = 1; i < nr && !ret; i++)
		ret = add_section(sysfs, &sysfs->sections[i], &info->sechdrs[i]);
	return ret;
}

int module_sysfs_setup(struct module *mod)
{
	struct module_sysfs *sysfs;
	int ret;

	sysfs = kzalloc(sizeof(*sysfs) + mod->num_kp * sizeof(sysfs->params[0]), GFP_KERNEL);
	if (!sysfs)
		return -ENOMEM;
	sysfs->mod = mod;
	sysfs->num_params = mod->num_kp;
	mod->sysfs_private = sysfs;
	ret = kobject_init_and_add(&sysfs->kobj, &module_ktype, module_kobj, "%s", mod->name);
	if (!ret)
		ret = add_params(sysfs);
	if (!ret)
		ret = add_sections(sysfs);
	if (ret)
		module_sysfs_teardown(mod);
	return ret;
}

void module_sysfs_teardown(struct module *mod)
{
	struct module_sysfs *sysfs = mod->sysfs_private;

	if (!sysfs)
		return;
	if (sysfs->params_kobj) {
		kobject_del(sysfs->params_kobj);
		kobject_put(sysfs->params_kobj);
	}
	if (sysfs->sections_kobj) {
		kobject_del(sysfs->sections_kobj);
		kobject_put(sysfs->sections_kobj);
	}
	kobject_del(&sysfs->kobj);
	kobject_put(&sysfs->kobj);
	kfree(sysfs->sections);
	kfree(sysfs);
	mod->sysfs_private = NULL;
}
