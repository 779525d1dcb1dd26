// SPDX-License-Identifier: GPL-2.0-or-later
/* Leaves free frames behind that are no neighbours: half of many pages, every other one, stay in use. */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/slab.h>

static void *pages[512];

static int fragments_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = kmalloc(4096, GFP_KERNEL);
		if (!pages[i])
			return -ENOMEM;
	}
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if ((unsigned long)pages[i] & 4096)
			kfree(pages[i]);
	return 0;
}

module_init(fragments_init);
MODULE_LICENSE("GPL");
