// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions whose entries lie across the end of a page, one for each way to cut
 * five bytes, and pointers that do; the frames of the pages are no neighbours
 * (the test looks). `places` tells where.
 */
#include <linux/ftrace.h>
#include "checks.h"

/* clang-format off */
#define STRADDLER(n)							\
	"	.balign 4096, 0x90\n	.skip 4096 - " #n ", 0x90\n"	\
	"	.type straddler_" #n ", @function\n"			\
	"straddler_" #n ":\n"						\
	"	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"			\
	"	movl	$100 + " #n ", %eax\n	ret\n"			\
	"	.size straddler_" #n ", . - straddler_" #n "\n"		\
	"	.pushsection __mcount_loc, \"a\", @progbits\n"		\
	"	.quad	straddler_" #n "\n	.popsection\n"		\
	"	.balign 4096, 0x90\n	.skip 4096 - " #n ", 0x90\n"	\
	"straddling_pointer_" #n ":\n	.quad	straddler_" #n "\n"
#define DECLARE(n) int straddler_##n(void); extern char straddling_pointer_##n[];

DECLARE(1) DECLARE(2) DECLARE(3) DECLARE(4)
asm(	"	.pushsection .text\n"
	"	.globl straddler_1, straddler_2, straddler_3, straddler_4\n"
	"	.globl straddling_pointer_1, straddling_pointer_2, straddling_pointer_3, straddling_pointer_4\n"
	STRADDLER(1) STRADDLER(2) STRADDLER(3) STRADDLER(4)
	"	.popsection\n");
/* clang-format on */

static int (*const straddlers[])(void) = { straddler_1, straddler_2, straddler_3, straddler_4 };
static const char *const pointers[] = {
	straddling_pointer_1,
	straddling_pointer_2,
	straddling_pointer_3,
	straddling_pointer_4,
};

static unsigned long places[4];
module_param_array(places, ulong, NULL, 0444);

static int hits;

static notrace void hit(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			struct ftrace_regs *fregs)
{
	hits++;
}

static struct ftrace_ops ops = { .func = hit, .flags = FTRACE_OPS_FL_SAVE_REGS };

static void run_checks(void)
{
	static const u8 nop[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	unsigned long pointer;
	int i, round;

	for (i = 0; i < 4; i++) {
		places[i] = (unsigned long)straddlers[i];
		memcpy(&pointer, pointers[i], sizeof(pointer));
		EXPECT(pointer == (unsigned long)straddlers[i]);
		EXPECT((places[i] & 4095) == 4095 - i);
		EXPECT(ftrace_set_filter_ip(&ops, places[i], 0, !i) == 0);
	}
	for (round = 0; round < 3; round++) {
		hits = 0;
		EXPECT(register_ftrace_function(&ops) == 0);
		for (i = 0; i < 4; i++)
			EXPECT(straddlers[i]() == 101 + i);
		EXPECT(hits == 4);
		EXPECT(unregister_ftrace_function(&ops) == 0);
		for (i = 0; i < 4; i++) {
			EXPECT(!memcmp(straddlers[i], nop, 5));
			EXPECT(straddlers[i]() == 101 + i);
		}
		EXPECT(hits == 4);
	}
}

module_init(checks_init);
module_exit(checks_exit);
