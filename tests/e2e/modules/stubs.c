// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does a stub's place come back, however often handlers come and go, and its page when
 * nobody has a place on it any more?
 */
#include <linux/ftrace.h>
#include <linux/livepatch.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "checks.h"

KLP_RELOC_SYMBOL(vmlinux, is_ftrace_trampoline, 0);
MODULE_INFO(livepatch, "Y");

#define PLACES 256 /* of a page */
#define MANY   600 /* more than two pages hold */

static noinline void probed(void)
{
	barrier();
}

static void handler(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		    struct ftrace_regs *fregs)
{
}

static bool begin(struct ftrace_ops *ops)
{
	ops->func = handler;
	return !ftrace_set_filter_ip(ops, (unsigned long)probed, 0, 0) &&
	       !register_ftrace_function(ops);
}

static void end(struct ftrace_ops *ops)
{
	unregister_ftrace_function(ops);
	ftrace_free_filter(ops);
}

/* One after the other: each finds the place that the one before had. */
static void check_places(void)
{
	struct ftrace_ops *ops = kzalloc(sizeof(*ops), GFP_KERNEL);
	unsigned long first = 0;
	int moved = 0, begun = 0;

	EXPECT(ops != NULL);
	for (int i = 0; ops && i < 2 * PLACES; i++) {
		if (!begin(ops))
			break;
		begun++;
		if (!first)
			first = ops->trampoline;
		moved += ops->trampoline != first;
		end(ops);
	}
	EXPECT(begun == 2 * PLACES && moved == 0);
	kfree(ops);
}

/* Many at once, on pages of their own: these are gone with the last of them. */
static void check_pages(void)
{
	struct ftrace_ops *ops = vzalloc(MANY * sizeof(*ops));
	unsigned long *stubs = vzalloc(MANY * sizeof(*stubs));
	int begun = 0, still = 0;

	EXPECT(ops && stubs);
	while (ops && stubs && begun < MANY && begin(&ops[begun])) {
		stubs[begun] = ops[begun].trampoline;
		begun++;
	}
	EXPECT(begun == MANY);
	EXPECT(stubs && is_ftrace_trampoline(stubs[MANY - 1]));
	for (int i = 0; i < begun; i++)
		end(&ops[i]);
	for (int i = 0; i < begun; i++)
		still += (stubs[i] ^ stubs[0]) >> PAGE_SHIFT && is_ftrace_trampoline(stubs[i]);
	EXPECT(still == 0);
	vfree(stubs);
	vfree(ops);
}

static void run_checks(void)
{
	probed();
	check_places();
	check_pages();
}

module_init(checks_init);
module_exit(checks_exit);
