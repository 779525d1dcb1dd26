// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can never be taken, whatever else is loaded: said by name, before anything
 * has been done. src/patch/check-patch.ts says the same to who builds a patch.
 *
 * Every refusal is one line of the log that names patch, object and function.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/printk.h>
#include <linux/string.h>
#include "internal.h"

/* Functions of one object by the hash of their names; klp_mutex. */
#define BUCKETS 256
static struct klp_func *seen[BUCKETS];

static unsigned int hash_name(const char *name)
{
	unsigned int hash = 5381;

	while (*name)
		hash = hash * 33 ^ (unsigned char)*name++;
	return hash % BUCKETS;
}

/* Position 0 is the only one of that name, and so the first. */
bool klp_same_function(const struct klp_func *a, const struct klp_func *b)
{
	return (a->old_sympos ?: 1) == (b->old_sympos ?: 1) && !strcmp(a->old_name, b->old_name);
}

/* Names seen before are chained by stack_node.next, which means nothing yet. */
static bool seen_before(struct klp_func *func)
{
	struct klp_func **bucket = &seen[hash_name(func->old_name)], *other;

	lockdep_assert_held(&klp_mutex);
	for (other = *bucket; other; other = (struct klp_func *)other->stack_node.next)
		if (klp_same_function(other, func))
			return true;
	func->stack_node.next = (struct list_head *)*bucket;
	*bucket = func;
	return false;
}

static int check_func(const char *patch, const char *object, struct klp_func *func)
{
	const char *name = func->old_name;

	if (!name || !*name) {
		pr_err("'%s': a function of object '%s' has no old_name\n", patch, object);
		return -EINVAL;
	}
	if (strlen(name) >= KSYM_NAME_LEN) {
		pr_err("'%s': the name of function '%.32s...' of object '%s' is longer than %d\n",
		       patch, name, object, KSYM_NAME_LEN - 1);
		return -EINVAL;
	}
	if (!func->new_func) {
		pr_err("'%s': function '%s' of object '%s' has no new_func\n", patch, name, object);
		return -EINVAL;
	}
	if (seen_before(func)) {
		pr_err("'%s': function '%s,%lu' of object '%s' is there twice\n", patch, name,
		       func->old_sympos ?: 1, object);
		return -EEXIST;
	}
	return 0;
}

static bool object_seen_before(struct klp_patch *patch, struct klp_object *obj)
{
	struct klp_object *other;

	for (other = patch->objs; other != obj; other++)
		if (!strcmp(klp_object_name(other), klp_object_name(obj)))
			return true;
	return false;
}

static int check_object(struct klp_patch *patch, struct klp_object *obj)
{
	const char *name = klp_object_name(obj);
	struct klp_func *func;
	int ret;

	if (!*name || strlen(name) >= MODULE_NAME_LEN) {
		pr_err("'%s': the name of object '%.56s' is empty or longer than %d\n",
		       patch->mod->name, name, (int)MODULE_NAME_LEN - 1);
		return -EINVAL;
	}
	if (object_seen_before(patch, obj)) {
		pr_err("'%s': object '%s' is there twice\n", patch->mod->name, name);
		return -EEXIST;
	}
	memset(seen, 0, sizeof(seen));
	klp_for_each_func_static(obj, func) {
		ret = check_func(patch->mod->name, name, func);
		if (ret)
			return ret;
	}
	return 0;
}

int klp_check_patch(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret;

	klp_for_each_object_static(patch, obj) {
		ret = check_object(patch, obj);
		if (ret)
			return ret;
	}
	if (!klp_is_patch_compatible(patch)) {
		pr_err("Livepatch patch (%s) is not compatible with the already installed livepatches.\n",
		       patch->mod->name);
		return -EINVAL;
	}
	return 0;
}
