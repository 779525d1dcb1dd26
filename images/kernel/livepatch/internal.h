/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of livepatch/ only: core, patch, transition, state, sysfs. */
#ifndef _LIVEPATCH_INTERNAL_H
#define _LIVEPATCH_INTERNAL_H

#include <linux/livepatch.h>
#include <linux/ftrace.h>
#include <linux/mutex.h>

extern struct mutex klp_mutex;		/* everything below and all internal fields */
extern struct list_head klp_patches;	/* oldest first */
extern struct klp_patch *klp_transition_patch;
extern int klp_target_state;

/* ---- patch.c ---- */
/* One per redirected function: the ops that owns its entry, and who may answer. */
struct klp_ops {
	struct list_head node;
	struct list_head func_stack;	/* newest first; walked without a lock */
	struct ftrace_ops fops;
};

struct klp_ops *klp_find_ops(void *old_func);
int klp_patch_object(struct klp_object *obj);
void klp_unpatch_object(struct klp_object *obj);
void klp_unpatch_objects(struct klp_patch *patch);
void klp_unpatch_objects_dynamic(struct klp_patch *patch);

/* ---- core.c ---- */
int klp_disable_patch(struct klp_patch *patch);
void klp_free_patch_async(struct klp_patch *patch);
void klp_free_replaced_patches_async(struct klp_patch *new_patch);
void klp_unpatch_replaced_patches(struct klp_patch *new_patch);
void klp_discard_nops(struct klp_patch *new_patch);
bool klp_is_object_loaded(struct klp_object *obj);

/* ---- transition.c ---- */
void klp_init_transition(struct klp_patch *patch, int state);
void klp_start_transition(void);
void klp_try_complete_transition(void);
void klp_cancel_transition(void);
void klp_reverse_transition(void);
void klp_force_transition(void);

/* ---- state.c ---- */
bool klp_is_patch_compatible(struct klp_patch *patch);

/* ---- sysfs.c ---- */
int klp_sysfs_init(void);
/* The patch's directory and, below it, those of its objects and functions. */
int klp_sysfs_add_patch(struct klp_patch *patch);
/* Returns when nobody is inside one of the patch's files any more. */
void klp_sysfs_remove_patch(struct klp_patch *patch);
void klp_sysfs_remove_func(struct klp_func *func);
void klp_sysfs_remove_object(struct klp_object *obj);

static inline const char *klp_object_name(struct klp_object *obj)
{
	return obj->name ? obj->name : "vmlinux";
}

static inline int klp_pre_patch_callback(struct klp_object *obj)
{
	int ret = 0;

	if (obj->callbacks.pre_patch)
		ret = obj->callbacks.pre_patch(obj);
	/* Unpatch callbacks run only if the patch callback succeeded. */
	obj->callbacks.post_unpatch_enabled = !ret;
	return ret;
}

static inline void klp_post_patch_callback(struct klp_object *obj)
{
	if (obj->callbacks.post_patch)
		obj->callbacks.post_patch(obj);
}

static inline void klp_pre_unpatch_callback(struct klp_object *obj)
{
	if (obj->callbacks.pre_unpatch)
		obj->callbacks.pre_unpatch(obj);
}

static inline void klp_post_unpatch_callback(struct klp_object *obj)
{
	if (obj->callbacks.post_unpatch_enabled && obj->callbacks.post_unpatch)
		obj->callbacks.post_unpatch(obj);
	obj->callbacks.post_unpatch_enabled = false;
}

#endif
