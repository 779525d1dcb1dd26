// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One site that is rewritten from each of five instructions to each other while
 * threads run over it: whoever passes does what was there, or what will be, and
 * nothing else. /proc/sites gives the passes that did something else.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/livepatch.h>
#include <asm/text-patching.h>
#include "checks.h"

KLP_RELOC_SYMBOL(vmlinux, text_poke_bp, 0);
KLP_RELOC_SYMBOL(vmlinux, text_poke_queue, 0);
KLP_RELOC_SYMBOL(vmlinux, text_poke_finish, 0);
KLP_RELOC_SYMBOL(vmlinux, text_mutex_lock, 0);
KLP_RELOC_SYMBOL(vmlinux, text_mutex_unlock, 0);
MODULE_INFO(livepatch, "Y");

int sites_pass(void);
int sites_pass_second(void);
extern char sites_second[];
extern char sites_site[], sites_far[], sites_near[], sites_called[];

asm("	.pushsection .text\n"
    "	.globl sites_pass_second, sites_second\n"
    "	.globl sites_pass, sites_site, sites_far, sites_near, sites_called\n"
    "	.type sites_pass, @function\n"
    "sites_pass:\n	movl	$1, %eax\n"
    "sites_site:	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "	addl	$10, %eax\n	ret\n"
    "sites_near:	addl	$30, %eax\n	ret\n"
    "sites_called:	addl	$100, %eax\n	ret\n"
    "	.skip	256, 0xcc\n"
    "sites_far:	addl	$50, %eax\n	ret\n"
    "	.size sites_pass, . - sites_pass\n"
    "	.type sites_pass_second, @function\n"
    "sites_pass_second:\n	xorl	%eax, %eax\n"
    "sites_second:	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "	ret\n"
    "	.size sites_pass_second, . - sites_pass_second\n"
    "	.popsection\n");

enum kind { NOP, RET, NEAR, FAR, CALL, KINDS };
static const int results[KINDS] = { 11, 1, 31, 51, 111 };

static int allowed[2], passes, wrong, seen[KINDS], stop, ended;

static int walker(void *arg)
{
	int from, to, result, kind;

	while (!READ_ONCE(stop)) {
		from = READ_ONCE(allowed[0]);
		to = READ_ONCE(allowed[1]);
		result = sites_pass_second();
		if (result && result != 100)
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		result = sites_pass();
		/* Only a pass within one change says something. */
		if (from != READ_ONCE(allowed[0]) || to != READ_ONCE(allowed[1]))
			continue;
		if (result != from && result != to)
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		for (kind = 0; kind < KINDS; kind++)
			if (result == results[kind])
				seen[kind]++;
		__atomic_add_fetch(&passes, 1, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELEASE);
	return 0;
}

static size_t make(enum kind kind, u8 *bytes)
{
	static const u8 nop[5] = { 0x0f, 0x1f, 0x44, 0, 0 };
	s32 distance = (kind == CALL ? sites_called : sites_far) - (sites_site + 5);

	memcpy(bytes, nop, 5);
	switch (kind) {
	case RET:
		bytes[0] = RET_INSN_OPCODE;
		return 1;
	case NEAR:
		bytes[0] = JMP8_INSN_OPCODE;
		bytes[1] = sites_near - (sites_site + 2);
		return 2;
	case FAR:
	case CALL:
		bytes[0] = kind == CALL ? CALL_INSN_OPCODE : JMP32_INSN_OPCODE;
		memcpy(bytes + 1, &distance, 4);
		break;
	default:
		break;
	}
	return 5;
}

static void change(enum kind from, enum kind to)
{
	u8 bytes[5];
	size_t length = make(to, bytes);
	int before = READ_ONCE(passes), spins;

	WRITE_ONCE(allowed[0], results[from]);
	WRITE_ONCE(allowed[1], results[to]);
	text_mutex_lock();
	text_poke_bp(sites_site, bytes, length, NULL);
	text_mutex_unlock();
	EXPECT(!memcmp(sites_site, bytes, length));
	EXPECT(sites_pass() == results[to]);
	for (spins = 0; spins < 2000000 && READ_ONCE(passes) < before + 3; spins++)
		asm volatile("pause");
}

/* Both sites in one go, the higher one first: there and back. */
static void change_both(void)
{
	s32 distance = sites_called - (sites_second + 5);
	u8 first[5], second[5];
	int back;

	for (back = 0; back < 2; back++) {
		WRITE_ONCE(allowed[0], results[back ? CALL : NOP]);
		WRITE_ONCE(allowed[1], results[back ? NOP : CALL]);
		make(back ? NOP : CALL, first);
		memcpy(second, first, 5);
		if (!back)
			memcpy(second + 1, &distance, 4);
		text_mutex_lock();
		text_poke_queue(sites_second, second, 5, NULL);
		text_poke_queue(sites_site, first, 5, NULL);
		text_poke_finish();
		text_mutex_unlock();
		EXPECT(!memcmp(sites_site, first, 5) && !memcmp(sites_second, second, 5));
	}
}

static DECLARE_COMPLETION(conducted);

static int conductor(void *arg)
{
	int round, from, to;

	/* Every change there is, each from what the one before has left. */
	for (round = 0; round < 3; round++)
		for (from = 0; from < KINDS; from++) {
			for (to = from + 1; to < KINDS; to++) {
				change(from, to);
				change(to, from);
			}
			change(from, (from + 1) % KINDS);
		}
	for (round = 0; round < 20; round++)
		change_both();
	complete(&conducted);
	return 0;
}

static void run_checks(void)
{
	int kind;

	allowed[0] = allowed[1] = results[NOP];
	EXPECT(!IS_ERR(kthread_run(walker, NULL, "walker")));
	EXPECT(!IS_ERR(kthread_run(conductor, NULL, "conductor")));
	wait_for_completion(&conducted);
	WRITE_ONCE(stop, 1);
	while (READ_ONCE(ended) < 1)
		msleep(1);
	EXPECT(!wrong);
	for (kind = 0; kind < KINDS; kind++)
		EXPECT(seen[kind] > 10);
}

module_init(checks_init);
module_exit(checks_exit);
