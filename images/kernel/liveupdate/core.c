// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An upgrade, from reboot(LINUX_REBOOT_CMD_KEXEC) to the jump.
 *
 *	NORMAL --prepare--> PREPARED --freeze--> FROZEN --jump--> UPDATED --> NORMAL
 *	  ^--------refused-----+--------refused-----+               (new kernel)
 *
 * prepare	everything runs; what cannot be carried is found and named
 * freeze	tasks at the boundary, kernel threads parked, disk quiet, other
 *		CPUs in the stub, interrupts off: nothing changes any more
 * serialize	every class writes its records; the root page is filled in
 * jump		the new kernel goes on, or returns and says why it refuses
 *
 * Until the new kernel has validated everything, every step can be undone, and
 * is undone in the opposite order: the programs of a refused upgrade notice a
 * pause and nothing else.
 */
#include <linux/ktime.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/stdarg.h>
#include <linux/utsname.h>
#include <linux/virtio_blk.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <handover.h>
#include "internal.h"

/* In the order of preserving and of retrieving: a record names only what came before. */
const struct liveupdate_class *const liveupdate_classes[] = {
	&schema_class,	 &machine_class, &log_class,	     &uart_class,	 &tty_class,
	&disk_class,	 &super_class,	 &inode_class,	     &name_class,	 &mount_class,
	&pipe_class,	 &file_class,	 &descriptors_class, &directories_class, &mm_class,
	&handlers_class, &group_class,	 &task_class,	     &counts_class,	 &frames_class,
};
const unsigned int nr_liveupdate_classes = ARRAY_SIZE(liveupdate_classes);
_Static_assert(ARRAY_SIZE(liveupdate_classes) <= HANDOVER_COMPONENTS, "the root page has room");

const struct record_layout *layout_of_class(const struct liveupdate_class *class)
{
	return &record_layouts[class->layout];
}

enum liveupdate_state liveupdate_state;
u64 liveupdate_number;
char liveupdate_refusal[HANDOVER_REFUSAL_LEN];

static struct ser_writer writers[ARRAY_SIZE(liveupdate_classes)];
static unsigned long allowed_before;

int liveupdate_refuse(int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(liveupdate_refusal, sizeof(liveupdate_refusal), fmt, args);
	va_end(args);
	pr_err("liveupdate: refused: %s\n", liveupdate_refusal);
	return error;
}

struct handover_root_ser *handover_root(void)
{
	return __va(HANDOVER_ROOT_PHYS);
}

/* No user instruction runs from here until liveupdate_mark_resume(), or until the refusal. */
noinline void liveupdate_mark_frozen(void)
{
	barrier();
}

noinline void liveupdate_mark_switch(void)
{
	barrier();
}

/* ---- serialize ---- */

static void abandon_records(void)
{
	for (unsigned int i = 0; i < nr_liveupdate_classes; i++)
		ser_abandon(&writers[i]);
	preserve_abandon();
	numbers_forget();
	memset(handover_root(), 0, PAGE_SIZE);
}

static void fill_root(struct handover_root_ser *root)
{
	root->magic = HANDOVER_ROOT_MAGIC;
	strscpy(root->compatible, HANDOVER_COMPATIBLE, sizeof(root->compatible));
	strscpy(root->from_release, utsname()->release, sizeof(root->from_release));
	strscpy(root->to_release, next_kernel.release, sizeof(root->to_release));
	root->number = liveupdate_number + 1;
	root->from_arena = arena_phys;
	root->to_arena = next_kernel.phys;
	root->kernel_pgd = __pa(kernel_pgd);
	root->freeze_time = ktime_get_ns();
	root->cpus = num_online_cpus();
	root->components = nr_liveupdate_classes;
}

static int serialize(void)
{
	struct handover_root_ser *root = handover_root();
	const char *why;
	int ret = preserve_begin();

	memset(root, 0, PAGE_SIZE);
	if (ret)
		return ret;
	fill_root(root);
	for (unsigned int i = 0; i < nr_liveupdate_classes; i++) {
		ser_begin(&writers[i]);
		ret = liveupdate_classes[i]->preserve(&writers[i]);
		if (!ret)
			ret = writers[i].error;
		if (ret) {
			if (!liveupdate_refusal[0])
				liveupdate_refuse(ret, "no memory for the records of class %s",
						  layout_of_class(liveupdate_classes[i])->name);
			return ret;
		}
		ser_finish(&writers[i], &root->component[i],
			   layout_of_class(liveupdate_classes[i])->compatible);
	}
	preserve_finish(root);
	why = records_check(root);
	ASSERT_CONSTRAINT("liveupdate/check.c 2", !why);
	if (why)
		return liveupdate_refuse(-EINVAL, "%s", why);
	root->crc32 = handover_sum(root);
	root->status = HANDOVER_STATUS_FROZEN;
	return 0;
}

/* ---- freeze ---- */

static int freeze(void)
{
	int ret = freeze_tasks();

	/* nobody can load a module or a patch any more: what came since prepare_check() is there */
	if (!ret)
		ret = check_modules();
	if (!ret)
		ret = park_kthreads();
	if (ret)
		return ret;
	virtio_blk_freeze();
	return gather_other_cpus();
}

static void thaw(void)
{
	release_other_cpus();
	virtio_blk_thaw();
	unpark_kthreads();
	thaw_tasks();
}

static void save_current(void)
{
	fpu_save(current);
	segments_save(&current->thread);
}

/* Interrupts are off. Returns only if it is not to be. */
static int hand_over(void)
{
	struct handover_root_ser *root = handover_root();
	int ret;

	lockdep_assert_irqs_disabled();
	DEBUG_ASSERT(all_tasks_are_at_rest());
	save_current();
	liveupdate_mark_frozen();
	lockdep_stand_still(true);
	ret = serialize();
	lockdep_stand_still(false);
	if (ret)
		return ret;
	pr_info("liveupdate: frozen: %llu frames stay, %u components, jumping to %s in arena %c\n",
		root->preserved_frames, root->components, next_kernel.release,
		next_kernel.virt == ARENA_A_VIRT ? 'A' : 'B');
	liveupdate_mark_switch();
	ret = enter_next_kernel();
	root->refusal[HANDOVER_REFUSAL_LEN - 1] = 0;
	strscpy(liveupdate_refusal, root->refusal, sizeof(liveupdate_refusal));
	pr_err("liveupdate: handover refused by %s: %s\n", next_kernel.release, liveupdate_refusal);
	/* it has run: its memory is not what was loaded */
	next_kernel.loaded = false;
	return ret;
}

/* The CPU that devices interrupt, and that the new kernel begins on, is the first. */
static void move_to_first_cpu(void)
{
	allowed_before = current->cpus_allowed;
	set_cpus_allowed(current, 1);
}

static int upgrade(void)
{
	unsigned long flags;
	int ret = prepare_check();

	if (ret)
		return ret;
	liveupdate_state = LIVEUPDATE_PREPARED;
	pr_info("liveupdate: prepared for %s\n", next_kernel.release);
	move_to_first_cpu();
	ret = freeze();
	if (!ret) {
		liveupdate_state = LIVEUPDATE_FROZEN;
		/* the record of this task is what it was before it came here */
		local_irq_save(flags);
		current->cpus_allowed = allowed_before;
		ret = hand_over();
		abandon_records();
		local_irq_restore(flags);
	}
	thaw();
	set_cpus_allowed(current, allowed_before);
	return ret;
}

int kernel_kexec(void)
{
	int ret;

	if (!liveupdate_begin())
		return -EBUSY;
	if (next_kernel.loaded) {
		liveupdate_refusal[0] = 0;
		ret = upgrade();
		liveupdate_state = LIVEUPDATE_NORMAL;
		pr_info("liveupdate: %s goes on (error %d)\n", utsname()->release, -ret);
	} else {
		pr_err("liveupdate: no kernel is loaded\n");
		ret = -EINVAL;
	}
	liveupdate_end();
	return ret;
}
