/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of livepatch/ only. From the bottom up:
 *
 *	find.c		names -> addresses; relocations of patch modules
 *	redirect.c	entries and versions; the handler
 *	plan.c		what goes away, by address
 *	tasks.c		which version a task gets, and when that may change
 *	unused.c	when the text of a patch may be freed
 *	transition.c	all tasks from one side to the other
 *	pointers.c	what a patch points at, before it is followed
 *	check.c		what can never be taken, said by name
 *	replace.c	what an atomic replace adds and takes away
 *	core.c		the life of a patch
 *	modules.c	objects that come and go
 *	sysfs.c  state.c  shadow.c
 */
#ifndef _LIVEPATCH_INTERNAL_H
#define _LIVEPATCH_INTERNAL_H

#include <linux/livepatch.h>
#include <linux/mutex.h>

/* klp_mutex: everything below, and all internal fields of patches, objects and funcs. */
extern struct mutex klp_mutex;
extern struct list_head klp_patches;	       /* oldest first */
extern struct klp_patch *klp_transition_patch; /* NULL: all tasks agree */
/* Read by tasks that switch themselves, without the mutex; see tasks.c. */
extern int klp_target_state;

/* A missing name stands for the kernel itself. */
static inline const char *klp_object_name(const struct klp_object *obj)
{
	return obj->name ?: "vmlinux";
}

static inline bool klp_is_object_loaded(const struct klp_object *obj)
{
	return obj->mod || !obj->name;
}

/* ---- find.c ---- */
/* Addresses and sizes of what the object's funcs name; its late relocations. */
int klp_resolve_object(struct klp_patch *patch, struct klp_object *obj);

/* ---- redirect.c ---- */
int klp_patch_object(struct klp_object *obj);
enum klp_which { KLP_ALL_FUNCS, KLP_NOP_FUNCS };
void klp_unpatch_object(struct klp_object *obj, enum klp_which which);
/* Patched or not, in transition or not: the versions that callers get follow. */
void klp_set_transition(struct klp_patch *patch, bool transition);
/* What @func replaces: the version below it; NULL: the original. */
struct klp_func *klp_version_below(struct klp_func *func);

/* ---- plan.c ---- */
struct klp_range {
	unsigned long start, size;
	const char *name;
};
struct klp_plan {
	unsigned int nr;
	struct klp_range range[]; /* ascending, apart from each other */
};
int klp_plan(struct klp_patch *patch, int target);
void klp_drop_plan(void);
const struct klp_plan *klp_current_plan(void);
const struct klp_range *klp_plan_find(const struct klp_plan *plan, unsigned long addr);
struct klp_plan *klp_own_text(struct klp_patch *patch);

/* ---- tasks.c ---- */
#define KLP_STACK_ENTRIES 100
void klp_for_each_task(void (*fn)(struct task_struct *task));
void klp_set_all_states(int state);
void klp_ask_all_tasks(void);
/* For assertions, where nobody switches: no flag is set, as the counter says; all tasks have this state. */
bool klp_nobody_is_asked(void);
bool klp_all_states_are(int state);
void klp_stop_asking(void);
/* One look at every task. True: none is left. */
bool klp_try_all_tasks(void);
void klp_force_all_tasks(void);
void klp_signal_tasks(void);

/* ---- unused.c ---- */
/* Before its text goes: returns when no stack names a function of the patch. */
void klp_wait_until_unused(struct klp_patch *patch);

/* ---- transition.c ---- */
int klp_init_transition(struct klp_patch *patch, int target);
void klp_start_transition(void);
void klp_try_complete_transition(void);
void klp_cancel_transition(void);
int klp_reverse_transition(void);
void klp_force_transition(void);
/* From a task that was the last to switch. */
void klp_all_tasks_switched(void);

/* ---- pointers.c ---- */
/* 0: everything that the patch points at can be followed. -EINVAL. */
int klp_check_pointers(const struct klp_patch *patch);

/* ---- check.c ---- */
int klp_check_patch(struct klp_patch *patch);
bool klp_same_function(const struct klp_func *a, const struct klp_func *b);

/* ---- replace.c ---- */
int klp_add_nops(struct klp_patch *patch);
void klp_drop_replaced(struct klp_patch *patch);
void klp_free_nops(struct klp_patch *patch);

/* ---- core.c ---- */
int klp_disable_patch(struct klp_patch *patch);
/* Out of the list now, out of sysfs and memory when nobody uses it. */
void klp_free_patch_later(struct klp_patch *patch);
enum klp_call { KLP_PRE_PATCH, KLP_POST_PATCH, KLP_PRE_UNPATCH, KLP_POST_UNPATCH };
/* Only pre-patch can fail. */
int klp_callback(struct klp_object *obj, enum klp_call which);

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

#endif
