/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of liveupdate/ only.
 *
 * A class is one kind of object. Its preserve() runs in the old kernel, frozen,
 * on one CPU with interrupts off; its retrieve() in the new one, in the same
 * order of classes. Both use the same tables of numbers, so that a record may
 * name another by its place.
 */
#ifndef _LIVEUPDATE_INTERNAL_H
#define _LIVEUPDATE_INTERNAL_H

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <abi/handover.h>
#include "ledger.h"
#include "record.h"

/* ---- core.c ---- */
struct liveupdate_class {
	enum record_layout_number layout; /* of its records */
	int (*preserve)(struct ser_writer *w);
	int (*retrieve_record)(struct ser_reader *r); /* one after the other, or: */
	int (*retrieve)(struct ser_reader *r,
			u64 count); /* all; neither: nothing is made of them */
	bool early;		    /* retrieved before the new kernel has memory */
};
const struct record_layout *layout_of_class(const struct liveupdate_class *class);
extern const struct liveupdate_class *const liveupdate_classes[];
extern const unsigned int nr_liveupdate_classes;

enum liveupdate_state {
	LIVEUPDATE_NORMAL,
	LIVEUPDATE_PREPARED,
	LIVEUPDATE_FROZEN,
	LIVEUPDATE_UPDATED,
};
extern enum liveupdate_state liveupdate_state;
extern u64 liveupdate_number; /* upgrades since power-up */
extern char liveupdate_refusal[HANDOVER_REFUSAL_LEN];

/* Says why, in the log and in /sys/kernel/liveupdate/refusal; gives @error back. */
int liveupdate_refuse(int error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where the host sets its breakpoints. */
void liveupdate_mark_frozen(void);
void liveupdate_mark_switch(void);
void liveupdate_mark_adopted(void);
void liveupdate_mark_resume(void);

/* ---- image.c ---- */
struct next_kernel {
	bool loaded;
	char release[HANDOVER_NAME_LEN];
	unsigned long virt, phys; /* of the arena it lies in */
	unsigned long entry;	  /* virtual address there */
	unsigned long bytes,
		zeros; /* of the arena: where what is loaded ends, where what it takes ends */
	u32 crc32;     /* of the former, as it was loaded and moved */
	char command_line[1024];
};
extern struct next_kernel next_kernel;
bool next_kernel_is_as_loaded(void);
/* false: somebody else loads a kernel, or changes to one; who is told so goes away */
bool liveupdate_begin(void);
void liveupdate_end(void);

/* ---- arch/handover_64.S ---- */
struct handover_mailbox;
void liveupdate_arrive(unsigned long root_phys, unsigned long cpu,
		       struct handover_mailbox *mailbox);
/* leaves this kernel */
void handover_jump(struct handover_mailbox *mailbox, unsigned long cpu, void *entry);

/* ---- freeze.c ---- */
int freeze_tasks(void);
void thaw_tasks(void);
bool all_tasks_are_at_rest(void); /* for assertions: but for the current one */
int park_kthreads(void);
void unpark_kthreads(void);
unsigned int count_kthreads(void);

/* ---- numbers.c ---- */
struct number_table {
	void **item;
	u32 count, capacity;
};
/* the number of @object, HANDOVER_NONE if it has none */
u32 number_of(const struct number_table *table, const void *object);
int number_add(struct number_table *table, void *object);
/* NULL if there is no such number */
void *number_get(const struct number_table *table, u32 number);
void numbers_forget(void);
extern struct number_table super_numbers, inode_numbers, name_numbers, pipe_numbers;
extern struct number_table file_numbers, descriptor_numbers, directory_numbers;
extern struct number_table tty_numbers, mm_numbers, handler_numbers, group_numbers;
/* not named by records: groups whose timer runs, tasks that go on */
extern struct number_table timer_numbers, resume_numbers;
/* not objects: by number of address space, its tables_crc32 */
extern struct number_table table_sums;

/* ---- preserve.c ---- */
int preserve_begin(void);
void preserve_abandon(void);
/* @kind: FRAME_*; once for each holder */
int preserve_frame(unsigned long pfn, unsigned int kind);
int preserve_finish(struct handover_root_ser *root);
int retrieve_frame(unsigned long pfn, unsigned int kind);
u8 frame_page_type(unsigned int kind); /* PAGE_* */
void handover_open_bitmap(const struct handover_root_ser *root);
u32 handover_sum(const struct handover_root_ser *root);
const char *validate_bitmap(const struct handover_root_ser *root);
void release_handover_frames(struct handover_root_ser *root);

/* ---- classes ---- */
extern const struct liveupdate_class schema_class, machine_class, log_class, uart_class, tty_class,
	disk_class;
extern const struct liveupdate_class super_class, inode_class, name_class, mount_class;
extern const struct liveupdate_class pipe_class, file_class, descriptors_class;
extern const struct liveupdate_class directories_class;
extern const struct liveupdate_class mm_class, handlers_class, group_class, task_class;
extern const struct liveupdate_class frames_class, counts_class;

/* ---- vfs.c, files.c ---- */
/* 0, or -EOPNOTSUPP when the file or directory cannot be carried; says why in @why */
const char *file_cannot_be_carried(const struct file *file);
const char *name_cannot_be_carried(const struct dentry *dentry);
void vfs_let_go(void); /* references of the retrieval itself */

/* ---- mm.c ---- */
bool page_tables_unchanged(void);
#ifdef MUTANT_SPOIL_PTE_AFTER_CHECKS
void spoil_one_entry(void);
#else
static inline void spoil_one_entry(void)
{
}
#endif

/* ---- signals.c ---- */
struct sigpending;
u32 count_pending(const struct sigpending *pending);
void put_pending(struct ser_writer *w, const struct sigpending *pending);
int get_pending(struct ser_reader *r, struct sigpending *pending, u32 count);
void start_group_timers(void); /* those that were running */

/* ---- tasks.c ---- */
int reserve_pids(void);
void resume_tasks(void);
unsigned int machine_kthreads(void), machine_patches(void);
pid_t machine_last_pid(void);

/* ---- switch.c ---- */
int gather_other_cpus(void);
void release_other_cpus(void);
int enter_next_kernel(void); /* returns only if it refuses */
void stub_close(void);

/* ---- prepare.c ---- */
int prepare_check(void);
/* At this moment: it may let go of it if it runs on. Takes the locks of the task and of its files. */
bool holds_what_cannot_be_carried(struct task_struct *t);
int check_modules(void); /* and transitions of patches */

/* ---- verify.c ---- */
void verify_adoption(const struct handover_root_ser *root);

/* ---- arrive.c ---- */
struct handover_root_ser *handover_root(void);

#define for_each_user_process(p) \
	for_each_process(p)      \
		if (!((p)->flags & PF_KTHREAD))

#endif
