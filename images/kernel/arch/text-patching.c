// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing instructions that other CPUs may be executing.
 *
 * Constraints:
 *  1. A CPU that fetches an instruction while another CPU writes it may see any
 *     mix of old and new bytes, unless the writer and all executors follow a
 *     protocol (SDM 3A 8.1.3, cross-modifying code). One byte is never torn.
 *  2. A CPU may hold decoded old bytes until it executes a serializing
 *     instruction (SDM 3A 8.3). IRET is one.
 *  3. Kernel text is mapped read-only and executable: the writes go through the
 *     direct map, which is writable and never executable.
 *  4. The trap handler must know what a trapped instruction means for as long
 *     as any CPU can still trap on it.
 *
 * Protocol, for a batch of sites, under text_mutex:
 *  0. Publish the batch (references := 1). Its contents are visible before any
 *     0xCC is: release here, acquire in poke_int3_handler().
 *  1. Write 0xCC over the first byte of every site; sync all CPUs. From here on
 *     nobody decodes the tail: a CPU that arrives traps, and the handler acts
 *     out the NEW instruction.
 *  2. Write every byte but the first; sync all CPUs.
 *  3. Write the first byte; sync all CPUs. Nobody can trap here any more, and as
 *     the handler runs with interrupts off, nobody is still inside it.
 *  4. Retire: drop the reference and wait until no handler holds one.
 *
 * The sites of one batch do not change at the same time: the first sync already
 * gives new meaning to some CPUs while others run old code. Who needs more than
 * that (livepatch) has to bring its own consistency.
 *
 * Fault seeding, for the tests that must catch it; never defined in a release:
 *   MUTANT_POKE_SKIP_INT3	step 1 left out altogether
 *   MUTANT_POKE_SKIP_SYNC1/2/3	the sync that ends that step left out
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/mm.h>
#include <linux/ftrace.h>
#include <asm/ptrace.h>
#include <asm/processor.h>
#include <asm/pgtable.h>
#include <asm/text-patching.h>

#ifdef MUTANT_POKE_SKIP_INT3
#define POKE_INT3 0
#else
#define POKE_INT3 1
#endif
#ifdef MUTANT_POKE_SKIP_SYNC1
#define POKE_SYNC1 0
#else
#define POKE_SYNC1 1
#endif
#ifdef MUTANT_POKE_SKIP_SYNC2
#define POKE_SYNC2 0
#else
#define POKE_SYNC2 1
#endif
#ifdef MUTANT_POKE_SKIP_SYNC3
#define POKE_SYNC3 0
#else
#define POKE_SYNC3 1
#endif

#define POKE_BATCH_MAX 2048 /* more than the kernel has functions: one pass writes them all */

/* One site: where, what to write, and what a trap on it means. */
struct text_poke_loc {
	unsigned long addr;
	u8 text[POKE_MAX_OPCODE_SIZE];
	u8 len;
	u8 opcode; /* of the emulated instruction */
	s32 disp;  /* its displacement, from the end of the instruction */
};

static struct {
	int refs; /* 0: nobody may look at the rest */
	unsigned int nr;
	struct text_poke_loc loc[POKE_BATCH_MAX]; /* ascending addr */
} poke_batch;

static DEFINE_MUTEX(text_mutex);

#ifdef CONFIG_DEBUG_KERNEL
static bool unsynced; /* text_mutex: a CPU may hold bytes from before the last write */
#define set_unsynced(value) (unsynced = (value))
#else
#define unsynced	    false
#define set_unsynced(value) LOCKDEP_NOTHING(value)
#endif

const u8 x86_nop5[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

void text_mutex_lock(void)
{
	mutex_lock(&text_mutex);
}

void text_mutex_unlock(void)
{
	mutex_unlock(&text_mutex);
}

/* IRET to the next instruction: serializing, and allowed at any privilege. */
notrace void sync_core(void)
{
	unsigned long tmp;

	asm volatile("movq	%%ss, %0\n\t"
		     "pushq	%0\n\t"
		     "leaq	8(%%rsp), %0\n\t"
		     "pushq	%0\n\t"
		     "pushfq\n\t"
		     "movq	%%cs, %0\n\t"
		     "pushq	%0\n\t"
		     "leaq	1f(%%rip), %0\n\t"
		     "pushq	%0\n\t"
		     "iretq\n"
		     "1:"
		     : "=&r"(tmp)
		     :
		     : "memory", "cc");
}

static notrace void do_sync_core(void *info)
{
	sync_core();
}

/* Runs a serializing instruction on every CPU and waits for all. */
static void text_poke_sync(void)
{
	on_each_cpu(do_sync_core, NULL, 1);
	set_unsynced(false);
}

/* The direct map's view of one byte of kernel or module text. */
static u8 *writable_alias(unsigned long addr)
{
	return (u8 *)__va(kernel_text_phys(addr));
}

void text_poke_early(void *addr, const void *opcode, size_t len)
{
	const u8 *from = opcode;
	size_t i;

	/* Byte by byte: the site may cross into a page that lies elsewhere. */
	for (i = 0; i < len; i++)
		WRITE_ONCE(*writable_alias((unsigned long)addr + i), from[i]);
}

/* For assertions: where it is executed it cannot be written, and the other way round. */
static bool is_mapped_twice(unsigned long addr)
{
	u64 text = *lookup_kernel_pte(addr, NULL);
	u64 alias = *lookup_kernel_pte((unsigned long)writable_alias(addr), NULL);

	return !(text & (_PAGE_RW | _PAGE_NX)) && (alias & _PAGE_RW) &&
	       ((alias & _PAGE_NX) || !boot_cpu.nx);
}

void *text_poke(void *addr, const void *opcode, size_t len)
{
	ASSERT_CONSTRAINT("arch/text-patching.c 3", is_mapped_twice((unsigned long)addr));
	set_unsynced(true);
	text_poke_early(addr, opcode, len);
	if (memcmp(addr, opcode, len))
		panic("text_poke: %px reads back differently", addr);
	return addr;
}

static void poke_batch_publish(void)
{
	/* Pairs with the acquire in poke_batch_get(). */
	__atomic_store_n(&poke_batch.refs, 1, __ATOMIC_RELEASE);
}

static void poke_batch_retire(void)
{
	__atomic_sub_fetch(&poke_batch.refs, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&poke_batch.refs, __ATOMIC_ACQUIRE))
		cpu_relax();
	poke_batch.nr = 0;
}

static notrace bool poke_batch_get(void)
{
	int refs = __atomic_load_n(&poke_batch.refs, __ATOMIC_ACQUIRE);

	while (refs)
		if (__atomic_compare_exchange_n(&poke_batch.refs, &refs, refs + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static notrace void poke_batch_put(void)
{
	__atomic_sub_fetch(&poke_batch.refs, 1, __ATOMIC_RELEASE);
}

static notrace struct text_poke_loc *poke_batch_find(unsigned long addr)
{
	unsigned int low = 0, high = poke_batch.nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (poke_batch.loc[mid].addr == addr)
			return &poke_batch.loc[mid];
		if (poke_batch.loc[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/*
 * QEMU's TCG before 8.1 can keep a translation it was making while the byte was
 * written: CPUs then go on trapping on a 0xCC that is no longer in memory. A
 * second store of the same byte, when no CPU can be translating the old one any
 * more, drops it. (QEMU commit deba78709ae8; seen here about once in a hundred
 * patches under four busy CPUs.)
 */
static void poke_batch_repeat_for_tcg(void)
{
	unsigned int i;

	if (strcmp(boot_cpu.hypervisor, "TCGTCGTCGTCG"))
		return;
	for (i = 0; i < poke_batch.nr; i++)
		text_poke((void *)poke_batch.loc[i].addr, poke_batch.loc[i].text, 1);
	text_poke_sync();
}

/* For assertions: every site of the batch begins with this byte, or if it is 0 with its own. */
static bool all_begin_with(u8 byte)
{
	for (unsigned int i = 0; i < poke_batch.nr; i++)
		if (*(u8 *)poke_batch.loc[i].addr != (byte ?: poke_batch.loc[i].text[0]))
			return false;
	return true;
}

/* Steps 1 to 4 for the queued sites. */
static void poke_batch_run(void)
{
	static const u8 int3 = INT3_INSN_OPCODE;
	unsigned int i, tails = 0;
	struct text_poke_loc *loc;

	if (!poke_batch.nr)
		return;
	poke_batch_publish();

	if (POKE_INT3) {
		for (i = 0; i < poke_batch.nr; i++)
			text_poke((void *)poke_batch.loc[i].addr, &int3, 1);
		if (POKE_SYNC1)
			text_poke_sync();
	}

	ASSERT_CONSTRAINT("arch/text-patching.c 1", all_begin_with(INT3_INSN_OPCODE));
	ASSERT_CONSTRAINT("arch/text-patching.c 2", !unsynced);
	for (i = 0; i < poke_batch.nr; i++) {
		loc = &poke_batch.loc[i];
		if (loc->len > 1) {
			text_poke((void *)(loc->addr + 1), loc->text + 1, loc->len - 1);
			tails++;
		}
	}
	if (tails && POKE_SYNC2)
		text_poke_sync();
	ASSERT_CONSTRAINT("arch/text-patching.c 2", !unsynced);

	for (i = 0; i < poke_batch.nr; i++) {
		loc = &poke_batch.loc[i];
		text_poke((void *)loc->addr, loc->text, 1);
	}
	if (POKE_SYNC3) {
		text_poke_sync();
		poke_batch_repeat_for_tcg();
	}

	ASSERT_CONSTRAINT("arch/text-patching.c 4", !unsynced && all_begin_with(0));
	poke_batch_retire();
}

/*
 * Decodes what a trap on @loc has to do. Anything but these five is a caller's
 * mistake: the handler could not act it out.
 */
static void poke_decode(struct text_poke_loc *loc, const u8 *insn)
{
	loc->opcode = insn[0];
	switch (insn[0]) {
	case INT3_INSN_OPCODE:
	case RET_INSN_OPCODE:
		break;
	case CALL_INSN_OPCODE:
	case JMP32_INSN_OPCODE:
		memcpy(&loc->disp, insn + 1, 4);
		break;
	case JMP8_INSN_OPCODE:
		loc->disp = (s8)insn[1];
		break;
	default:
		if (loc->len != 5 || memcmp(insn, x86_nop5, 5))
			panic("text_poke_queue: cannot emulate opcode %02x", insn[0]);
		loc->opcode = JMP32_INSN_OPCODE;
		loc->disp = 0;
	}
}

/* Queued sites must not overlap; an address below the last one flushes first. */
void text_poke_queue(void *addr, const void *opcode, size_t len, const void *emulate)
{
	struct text_poke_loc *loc;

	lockdep_assert_held(&text_mutex);
	if (poke_batch.nr == POKE_BATCH_MAX ||
	    (poke_batch.nr && poke_batch.loc[poke_batch.nr - 1].addr >= (unsigned long)addr))
		poke_batch_run();
	loc = &poke_batch.loc[poke_batch.nr];
	loc->addr = (unsigned long)addr;
	loc->len = len;
	memcpy(loc->text, opcode, len);
	poke_decode(loc, emulate ? emulate : opcode);
	poke_batch.nr++;
}

void text_poke_finish(void)
{
	lockdep_assert_held(&text_mutex);
	poke_batch_run();
}

void text_poke_bp(void *addr, const void *opcode, size_t len, const void *emulate)
{
	poke_batch_run();
	text_poke_queue(addr, opcode, len, emulate);
	poke_batch_run();
}

/*
 * #BP in kernel mode. The entry code left room above the frame, so that a call
 * can be acted out by pushing onto the interrupted stack. Not traced: a site in
 * here would trap into itself.
 */
notrace bool poke_int3_handler(struct pt_regs *regs)
{
	struct text_poke_loc *loc;
	unsigned long next;

	if (user_mode(regs) || !poke_batch_get())
		return false;
	loc = poke_batch_find(regs->ip - 1); /* #BP reports the byte after CC */
	if (!loc) {
		poke_batch_put();
		return false;
	}
	next = loc->addr + loc->len;
	switch (loc->opcode) {
	case INT3_INSN_OPCODE:
		poke_batch_put();
		return false; /* a real breakpoint: not ours */
	case RET_INSN_OPCODE:
		regs->ip = *(unsigned long *)regs->sp;
		regs->sp += 8;
		break;
	case CALL_INSN_OPCODE:
		regs->sp -= 8;
		*(unsigned long *)regs->sp = next;
		regs->ip = next + loc->disp;
		break;
	case JMP8_INSN_OPCODE:
	case JMP32_INSN_OPCODE:
		regs->ip = next + loc->disp;
		break;
	}
	poke_batch_put();
	return true;
}
