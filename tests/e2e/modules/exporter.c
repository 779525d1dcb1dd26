// SPDX-License-Identifier: GPL-2.0-or-later
/* Has two functions for other modules. */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/export.h>

int exporter_twice(int x)
{
	return 2 * x;
}
EXPORT_SYMBOL(exporter_twice);

int exporter_thrice(int x)
{
	return 3 * x;
}
EXPORT_SYMBOL(exporter_thrice);

static int exporter_init(void)
{
	return 0;
}

static void exporter_exit(void)
{
}

module_init(exporter_init);
module_exit(exporter_exit);
MODULE_LICENSE("GPL");
