/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live patching: patch > object > func.
 *
 * A patch module fills the external fields, calls klp_enable_patch() from its
 * init, and is then switched on task by task (livepatch/transition.c). The
 * sizes of the three structures and the offsets in comments are a contract
 * with src/patch, which builds patches from assembly without a compiler.
 */
#ifndef _LINUX_LIVEPATCH_H
#define _LINUX_LIVEPATCH_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/kobject.h>
#include <linux/module.h>

struct task_struct;
struct work_struct;
struct klp_patch;
struct klp_object;
struct seq_file;

/* task->patch_state, shown in /proc/<pid>/patch_state */
#define KLP_TRANSITION_IDLE	 -1
#define KLP_TRANSITION_UNPATCHED 0
#define KLP_TRANSITION_PATCHED	 1

#define KLP_STRUCT_SIZE 256

/*
 * The two flags of a func say what callers may get:
 *
 *   patched=0 transition=0   unpatched
 *   patched=0 transition=1   unpatched, temporary starting state
 *   patched=1 transition=1   patched, may be visible to some tasks
 *   patched=1 transition=0   patched, visible to all tasks
 *
 * and the reverse order when unpatching.
 */
struct klp_func {
	/* external */
	/*  0 */ const char *old_name;
	/*  8 */ void *new_func;
	/* 16 */ unsigned long old_sympos; /* 0: must be unique; n: n-th in kallsyms */

	/* internal */
	void *old_func;
	struct kobject kobj;
	struct list_head node;	     /* klp_object.func_list */
	struct list_head stack_node; /* klp_entry.versions */
	struct klp_entry *entry;     /* while it is on that stack */
	struct klp_object *obj;
	unsigned long old_size, new_size;
	bool nop; /* runs the original: added by atomic replace */
	bool patched;
	bool transition;
	bool dynamic;
} __attribute__((aligned(KLP_STRUCT_SIZE)));

struct klp_callbacks {
	int (*pre_patch)(struct klp_object *obj);
	void (*post_patch)(struct klp_object *obj);
	void (*pre_unpatch)(struct klp_object *obj);
	void (*post_unpatch)(struct klp_object *obj);
	bool post_unpatch_enabled;
};

struct klp_object {
	/* external */
	/*  0 */ const char *name;	 /* NULL: vmlinux */
	/*  8 */ struct klp_func *funcs; /* ends with an all-zero entry */
	/* 16 */ struct klp_callbacks callbacks;

	/* internal */
	struct kobject kobj;
	struct list_head func_list;
	struct list_head node; /* klp_patch.obj_list */
	struct module *mod;    /* NULL: vmlinux, or not loaded */
	struct klp_patch *patch;
	bool dynamic;
	bool patched;
} __attribute__((aligned(KLP_STRUCT_SIZE)));

struct klp_state {
	unsigned long id;
	unsigned int version;
	void *data;
};

struct klp_patch {
	/* external */
	/*  0 */ struct module *mod;
	/*  8 */ struct klp_object *objs;  /* ends with an all-zero entry */
	/* 16 */ struct klp_state *states; /* ends with an all-zero entry, or NULL */
	/* 24 */ bool replace;

	/* internal; protected by klp_mutex */
	struct list_head list; /* klp_patches, oldest first */
	struct kobject kobj;
	struct list_head obj_list;
	bool enabled;
	bool forced;
} __attribute__((aligned(KLP_STRUCT_SIZE)));

_Static_assert(sizeof(struct klp_func) == KLP_STRUCT_SIZE, "src/patch writes it");
_Static_assert(sizeof(struct klp_object) == KLP_STRUCT_SIZE, "src/patch writes it");
_Static_assert(sizeof(struct klp_patch) == KLP_STRUCT_SIZE, "src/patch writes it");
_Static_assert(__builtin_offsetof(struct klp_patch, replace) == 24, "contract");

/* What ends the arrays: the external fields of an all-zero entry. */
#define klp_is_last_object(obj)	 (!(obj)->funcs && !(obj)->name)
#define klp_is_last_func(func)	 (!(func)->old_name && !(func)->new_func && !(func)->old_sympos)
#define klp_is_last_state(state) (!(state)->id && !(state)->version && !(state)->data)

#define klp_for_each_object_static(patch, obj) \
	for (obj = (patch)->objs; !klp_is_last_object(obj); obj++)
#define klp_for_each_func_static(obj, func) \
	for (func = (obj)->funcs; !klp_is_last_func(func); func++)
#define klp_for_each_object(patch, obj) list_for_each_entry(obj, &(patch)->obj_list, node)
#define klp_for_each_func(obj, func)	list_for_each_entry(func, &(obj)->func_list, node)

int klp_enable_patch(struct klp_patch *patch);

/* Module loader's side. */
int klp_module_coming(struct module *mod);
void klp_module_going(struct module *mod);
int klp_apply_section_relocs(struct module *pmod, const char *objname);

/* Scheduler's, fork's and exit-to-user's side. */
void klp_copy_process(struct task_struct *child);
void klp_update_patch_state(struct task_struct *task);
void klp_sched_try_switch(void);
void klp_task_dead(struct task_struct *task);

/* Shadow variables: data attached to <object, id> from outside. */
typedef int (*klp_shadow_ctor_t)(void *obj, void *shadow_data, void *ctor_data);
typedef void (*klp_shadow_dtor_t)(void *obj, void *shadow_data);

void *klp_shadow_get(void *obj, unsigned long id);
void *klp_shadow_alloc(void *obj, unsigned long id, size_t size, unsigned int gfp_flags,
		       klp_shadow_ctor_t ctor, void *ctor_data);
void *klp_shadow_get_or_alloc(void *obj, unsigned long id, size_t size, unsigned int gfp_flags,
			      klp_shadow_ctor_t ctor, void *ctor_data);
void klp_shadow_free(void *obj, unsigned long id, klp_shadow_dtor_t dtor);
void klp_shadow_free_all(unsigned long id, klp_shadow_dtor_t dtor);

/* System states: what a patch changed beyond code, by id and version. */
struct klp_state *klp_get_state(struct klp_patch *patch, unsigned long id);
struct klp_state *klp_get_prev_state(unsigned long id);

/*
 * Names the symbol meant where an object has several of that name, or one that
 * is not in vmlinux. Read and removed by the host's patch builder.
 */
#define KLP_RELOC_SYMBOL(object, name, position)                            \
	static const char __klp_reloc_##name[]                              \
		__attribute__((used, section(".klp.relocs"), aligned(1))) = \
			#object "\0" #name "\0" #position

#endif
