// SPDX-License-Identifier: GPL-2.0-or-later
/* Has every kind of file that debugfs knows. */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>

static u32 number = 7;
static bool flag;
static struct dentry *dir;

static int text_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s %u\n", (const char *)m->private, number);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(text);

static int start(void)
{
	dir = debugfs_create_dir("files", NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("text", 0400, dir, "number is", &text_fops);
	debugfs_create_u32("number", 0644, dir, &number);
	debugfs_create_bool("flag", 0600, dir, &flag);
	debugfs_create_symlink("link", dir, "number");
	return 0;
}
static void stop(void)
{
	debugfs_remove_recursive(dir);
}

module_init(start);
module_exit(stop);
