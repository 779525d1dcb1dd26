// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The new kernel's side, from the stub's jump to the first user instruction.
 *
 * Constraints:
 *  1. Until accept() nothing may be changed but this arena, the root page's
 *     refusal and this CPU's own registers: the old kernel may go on. So the
 *     handover is validated with no memory but .bss.
 *  2. Everything that comes from the other kernel is checked before it is used:
 *     strings end, counts and extents are possible, checksums fit, every
 *     component is known by its compatible string, every field of every record
 *     is something that can be (check.c).
 *  3. After accept() there is no way back: what cannot be retrieved then is the
 *     end of the system, and said so.
 *  4. No user task may run before everything is retrieved and verified
 *     (verify.c); timers that would signal one do not run either.
 */
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/serial_8250.h>
#include <linux/smp.h>
#include <linux/tty.h>
#include <linux/utsname.h>
#include <linux/utsrelease.h>
#include <linux/workqueue.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <handover.h>
#include "../arch/arch.h"
#include "internal.h"

/* arch/handover_64.S */
extern char handover_entry[], handover_entry_secondary[];

/* By this note another kernel finds out that and where this one can take over. */
static const struct {
	u32 name_size, size, type;
	char name[8];
	struct handover_note note;
} __attribute__((packed)) handover_note __used __aligned(4) __section(".note.scion") = {
	.name_size = 6, .size = sizeof(struct handover_note), .type = NT_SCION_HANDOVER,
	.name = "Scion",
	.note = {
		.compatible = HANDOVER_COMPATIBLE, .release = UTS_RELEASE,
		.entry = (u64)handover_entry,
	},
};

/* ---- validating: no memory, no message, nothing changed ---- */

static bool terminated(const char *text)
{
	return !text[HANDOVER_NAME_LEN - 1];
}

static bool checksum_fits(const struct handover_root_ser *root)
{
	static struct handover_root_ser copy;

	copy = *root;
	copy.crc32 = 0;
	copy.status = 0;
	memset(copy.refusal, 0, sizeof(copy.refusal));
	return handover_sum(&copy) == root->crc32;
}

static const char *validate_root(const struct handover_root_ser *root)
{
	const char *why;

	if (root->magic != HANDOVER_ROOT_MAGIC)
		return "the root page has no magic";
	if (!terminated(root->compatible) || strcmp(root->compatible, HANDOVER_COMPATIBLE))
		return "the root page speaks another handover ABI";
	if (root->status != HANDOVER_STATUS_FROZEN)
		return "the handover is not complete";
	if (!terminated(root->from_release) || !terminated(root->to_release))
		return "a release name is not terminated";
	if (root->to_arena != arena_phys || root->from_arena == arena_phys)
		return "the handover is for another arena";
	if (!root->cpus || root->cpus > NR_CPUS)
		return "the number of CPUs is impossible";
	why = validate_bitmap(root);
	if (!why && !checksum_fits(root))
		why = "the root page or the map of preserved frames has a bad checksum";
	return why;
}

static const struct liveupdate_class *class_of(const char *compatible)
{
	for (unsigned int i = 0; i < nr_liveupdate_classes; i++)
		if (!strcmp(layout_of_class(liveupdate_classes[i])->compatible, compatible))
			return liveupdate_classes[i];
	return NULL;
}

static const char *validate_component(const struct handover_root_ser *root, u32 i)
{
	static char text[HANDOVER_REFUSAL_LEN];
	const struct handover_component_ser *component = &root->component[i];
	const char *why;

	if (!terminated(component->compatible))
		return "a component's name is not terminated";
	if (!class_of(component->compatible)) {
		snprintf(text, sizeof(text), "component %s is not known to %s",
			 component->compatible, UTS_RELEASE);
		return text;
	}
	if (strcmp(layout_of_class(liveupdate_classes[i])->compatible, component->compatible)) {
		snprintf(text, sizeof(text), "component %s is out of order", component->compatible);
		return text;
	}
	why = ser_validate(component, root->ram_frames);
	if (!why)
		return NULL;
	snprintf(text, sizeof(text), "component %s: %s", component->compatible, why);
	return text;
}

static const char *validate(const struct handover_root_ser *root)
{
	const char *why = validate_root(root);

	if (!why && root->components > HANDOVER_COMPONENTS)
		why = "the number of components is impossible";
	for (u32 i = 0; i < nr_liveupdate_classes && !why; i++)
		why = i < root->components ? validate_component(root, i) : "a component is missing";
	if (!why && root->components != nr_liveupdate_classes)
		why = "there are more components than this kernel knows";
	return why ? why : records_check(root);
}

/* until accept() */
static struct handover_mailbox *way_back;

static void __noreturn go_back(struct handover_mailbox *mailbox, struct handover_root_ser *root,
			       const char *why)
{
	ASSERT_CONSTRAINT("liveupdate/arrive.c 3", !boot_info.handover);
	strscpy(root->refusal, why, sizeof(root->refusal));
	root->status = HANDOVER_STATUS_REFUSED;
	mailbox->bsp_entry = mailbox->rollback_entry;
	handover_jump(mailbox, 0, __va(HANDOVER_STUB_PHYS + HANDOVER_BSP));
	__builtin_unreachable();
}

/* A panic, or a fault that ends in one, while the old kernel is whole: it goes on instead. */
void liveupdate_panic(const char *text)
{
	static char why[HANDOVER_REFUSAL_LEN];
	struct handover_mailbox *mailbox = way_back;

	if (!mailbox)
		return;
	/* whatever fails from here is the end */
	way_back = NULL;
	scnprintf(why, sizeof(why), "panic: %s", text);
	go_back(mailbox, handover_root(), why);
}

/* ---- retrieving ---- */

static int retrieve_class(const struct liveupdate_class *class, struct ser_reader *r, u64 count)
{
	int ret = 0;

	if (class->retrieve)
		return class->retrieve(r, count);
	while (class->retrieve_record && !ret && count--)
		ret = class->retrieve_record(r);
	return ret;
}

static void retrieve(struct handover_root_ser *root, bool early)
{
	for (u32 i = 0; i < nr_liveupdate_classes; i++) {
		const struct liveupdate_class *class = liveupdate_classes[i];
		struct ser_reader reader;
		int ret;

		if (class->early != early)
			continue;
		ser_open(&reader, &root->component[i]);
		ret = retrieve_class(class, &reader, root->component[i].count);
		if (ret || reader.error)
			panic("liveupdate: class %s cannot be retrieved (error %d)",
			      layout_of_class(class)->name, ret ? -ret : -reader.error);
	}
}

static void accept(struct handover_root_ser *root)
{
	ASSERT_CONSTRAINT("liveupdate/arrive.c 1", !max_pfn && checksum_fits(root));
	ASSERT_CONSTRAINT("liveupdate/arrive.c 2", !validate(root));
	way_back = NULL;
	boot_info.handover = true;
	boot_info.handover_root = HANDOVER_ROOT_PHYS;
	kernel_pgd = __va(root->kernel_pgd);
	handover_open_bitmap(root);
	retrieve(root, true);
}

/* The old kernel had mapped all of it writable and executable. */
static void drop_own_translations(void)
{
	for (unsigned long at = arena_virt; at < arena_virt + ARENA_SIZE; at += PMD_SIZE)
		invlpg(at);
}

static int send_typed_signals(struct tty_struct *tty, void *unused)
{
	if (tty->s.signals)
		schedule_work(&tty->signal_work);
	return 0;
}

static void count_what_is_left_behind(void)
{
	ledger_add(LEDGER_KTHREADS, LEDGER_DROPPED, machine_kthreads());
	ledger_add(LEDGER_KTHREADS, LEDGER_REBUILT, count_kthreads() - 1); /* without this one */
	ledger_add(LEDGER_PATCHES, LEDGER_DROPPED, machine_patches());
}

noinline void liveupdate_mark_adopted(void)
{
	barrier();
}

noinline void liveupdate_mark_resume(void)
{
	barrier();
}

/* A kernel thread: what may sleep. Ends when the programs go on. */
static int take_over(void *unused)
{
	struct handover_root_ser *root = handover_root();

	vfs_init();
	bring_up();
	stub_close();
	lockdep_stand_still(true);
	retrieve(root, false);
	vfs_let_go();
	vfs_adopt_done();
	liveupdate_number = root->number;
	liveupdate_state = LIVEUPDATE_UPDATED;
	verify_adoption(root);
	lockdep_stand_still(false);
	spoil_one_entry();
	root->status = HANDOVER_STATUS_ADOPTED;
	liveupdate_mark_adopted();
	release_handover_frames(root);
	count_what_is_left_behind();
	system_state = SYSTEM_RUNNING;
	uart_kick();
	ledger_print();
	pr_info("liveupdate: Scion %s has taken over from %s: update %llu, %llu us without a user instruction\n",
		UTS_RELEASE, root->from_release, root->number,
		(ktime_get_ns() - root->freeze_time) / 1000);
	resume_tasks();
	numbers_forget();
	tty_for_each(send_typed_signals, NULL);
	liveupdate_state = LIVEUPDATE_NORMAL;
	/* nobody waits for this thread */
	current->exit_signal = -1;
	do_exit(0);
}

/* From arch/handover_64.S, on the stack of task 0, interrupts off. */
notrace void liveupdate_arrive(unsigned long root_phys, unsigned long cpu,
			       struct handover_mailbox *mailbox)
{
	struct kernel_clone_args thread = { .fn = take_over, .set_pid = MAX_PID - 1 };
	struct handover_root_ser *root = __va(root_phys);
	struct task_struct *task;
	const char *why;

	lockdep_assert_irqs_disabled();
	arena_phys = arena_virt == ARENA_A_VIRT ? ARENA_A_PHYS : ARENA_B_PHYS;
	cpu_set_gs_early();
	cpu_detect();
	cpu_init(0);
	way_back = mailbox;
	why = root_phys == HANDOVER_ROOT_PHYS ? validate(root) : "the root page is elsewhere";
	if (why)
		go_back(mailbox, handover_root(), why);
	accept(root);
	cmdline_setup();
	early_console_init();
	pr_notice("%s\n", linux_banner);
	pr_info("liveupdate: handover from %s accepted: %llu frames preserved, %u components\n",
		root->from_release, root->preserved_frames, root->components);
	start_memory();
	drop_own_translations();
	start_core();
	if (reserve_pids())
		panic("liveupdate: the numbers of the tasks are not free");
	local_irq_enable();
	/* under a number out of the way: the low ones are for the threads that stay */
	task = copy_process(&thread);
	if (IS_ERR(task))
		panic("liveupdate: no memory for a thread");
	set_task_comm(task, "liveupdate");
	wake_up_new_task(task);
	/* this task is now the idle task of the first CPU */
	cpu_startup_entry();
}

/* arch/smp.c: the stub holds this CPU; it goes on as this kernel's. */
void liveupdate_start_cpu(unsigned int cpu, unsigned long stack)
{
	struct handover_mailbox *mailbox = __va(HANDOVER_MAILBOX_PHYS);

	mailbox->slots[cpu].argument = stack;
	smp_store_release(&mailbox->slots[cpu].entry, (unsigned long)handover_entry_secondary);
}
