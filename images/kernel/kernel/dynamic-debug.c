// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dynamic debug: which pr_debug() prints, and what it says before its text.
 *
 * A site is identified by where it stands. A query is words in pairs that
 * choose sites, and a last word that changes the flags of all of them:
 *
 *	file kernel/livepatch/(star) line 60-70 +p; func klp_try_switch_task -p
 *
 * Promises: a query that is not understood changes nothing. A site's flags are
 * one word that is read without a lock; module_mutex keeps modules while their
 * sites are looked at. Must not know who prints what.
 */
#define pr_fmt(fmt) "dynamic_debug: " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/dynamic_debug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/glob.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define QUERIES_MAX 4096 /* bytes of one write */

extern struct _ddebug __start___dyndbg[], __stop___dyndbg[];

static const struct {
	unsigned int flag;
	char letter;
} letters[] = {
	{ _DPRINTK_FLAGS_PRINT, 'p' },	   { _DPRINTK_FLAGS_INCL_MODNAME, 'm' },
	{ _DPRINTK_FLAGS_INCL_FUNC, 'f' }, { _DPRINTK_FLAGS_INCL_LINENO, 'l' },
	{ _DPRINTK_FLAGS_INCL_TID, 't' },
};

struct query {
	const char *module, *file, *function, *format; /* NULL: any */
	unsigned int first, last;		       /* lines */
	char operation;				       /* = + - */
	unsigned int flags;
};

/* ---- sites ---- */

/* From the kernel's own folder. */
static const char *file_of(const struct _ddebug *site)
{
	static const char images[] = "images/";
	const char *name = site->filename;

	return strncmp(name, images, sizeof(images) - 1) ? name : name + sizeof(images) - 1;
}

/* The kernel's own files are in parts by their folder. */
static const char *module_of(const struct _ddebug *site, const struct module *mod, char *buffer)
{
	const char *file = file_of(site), *end, *start;

	if (mod)
		return mod->name;
	end = strrchr(file, '/');
	for (start = end ? end : file; start > file && start[-1] != '/'; start--)
		;
	strscpy(buffer, start, min_t(size_t, MODULE_NAME_LEN, (end ? end : start) - start + 1));
	return buffer;
}

typedef void (*site_fn)(struct _ddebug *site, const struct module *mod, void *arg);

static void for_each_site(site_fn fn, void *arg)
{
	struct module *mod;

	for (struct _ddebug *site = __start___dyndbg; site < __stop___dyndbg; site++)
		fn(site, NULL, arg);
	module_mutex_lock();
	list_for_each_entry(mod, &modules, list)
		for (unsigned int i = 0; i < mod->num_dyndbg; i++)
			fn(&mod->dyndbg[i], mod, arg);
	module_mutex_unlock();
}

/* ---- printing ---- */

void __dynamic_pr_debug(const struct _ddebug *site, const char *level, const char *fmt, ...)
{
	char before[160] = "", name[MODULE_NAME_LEN];
	unsigned int flags = READ_ONCE(site->flags);
	struct va_format text = { .fmt = fmt };
	const struct module *mod;
	int n = 0;
	va_list args;

	if (flags & _DPRINTK_FLAGS_INCL_TID)
		n += in_interrupt() ? scnprintf(before, sizeof(before), "<intr> ")
				    : scnprintf(before, sizeof(before), "[%d] ", current->pid);
	if (flags & _DPRINTK_FLAGS_INCL_MODNAME) {
		preempt_disable();
		mod = __module_address((unsigned long)site);
		n += scnprintf(before + n, sizeof(before) - n, "%s:", module_of(site, mod, name));
		preempt_enable();
	}
	if (flags & _DPRINTK_FLAGS_INCL_FUNC)
		n += scnprintf(before + n, sizeof(before) - n, "%s:", site->function);
	if (flags & _DPRINTK_FLAGS_INCL_LINENO)
		n += scnprintf(before + n, sizeof(before) - n, "%u:", site->lineno);
	if (n && before[n - 1] == ':')
		scnprintf(before + n, sizeof(before) - n, " ");
	va_start(args, fmt);
	text.va = &args;
	printk("%s%s%pV", level, before, &text);
	va_end(args);
}
EXPORT_SYMBOL(__dynamic_pr_debug);

/* ---- queries ---- */

/* A file is meant by its path or by its last name. */
static bool matches_file(const char *pattern, const struct _ddebug *site)
{
	const char *path = file_of(site), *slash = strrchr(path, '/');

	return glob_match(pattern, path) || (slash && glob_match(pattern, slash + 1));
}

static void apply_to(struct _ddebug *site, const struct module *mod, void *arg)
{
	const struct query *query = arg;
	char name[MODULE_NAME_LEN];
	unsigned int flags = site->flags;

	if ((query->file && !matches_file(query->file, site)) ||
	    (query->function && !glob_match(query->function, site->function)) ||
	    (query->format && !strstr(site->format, query->format)) ||
	    site->lineno < query->first || site->lineno > query->last ||
	    (query->module && !glob_match(query->module, module_of(site, mod, name))))
		return;
	if (query->operation == '+')
		flags |= query->flags;
	else if (query->operation == '-')
		flags &= ~query->flags;
	else
		flags = query->flags;
	WRITE_ONCE(site->flags, flags);
}

/* "12", "12-", "-12", "12-15" */
static int parse_lines(char *word, struct query *query)
{
	char *dash = strchr(word, '-');
	int ret = 0;

	if (dash)
		*dash++ = 0;
	if (*word)
		ret = kstrtouint(word, 10, &query->first);
	else
		query->first = 0;
	query->last = dash ? UINT_MAX : query->first;
	if (!ret && dash && *dash)
		ret = kstrtouint(dash, 10, &query->last);
	return ret || query->last < query->first ? -EINVAL : 0;
}

static int parse_flags(const char *word, struct query *query)
{
	query->operation = *word++;
	for (; *word; word++) {
		unsigned int known = 0;

		for (unsigned int i = 0; i < ARRAY_SIZE(letters); i++)
			if (letters[i].letter == *word)
				known = letters[i].flag;
		if (!known && *word != '_')
			return -EINVAL;
		query->flags |= known;
	}
	return 0;
}

/* The next word of *@at, which may be in quotes; NULL at the end or where a quote is open. */
static char *next_word(char **at)
{
	char *start = skip_spaces(*at), quote = 0, *end;

	if (*start == '"' || *start == '\'')
		quote = *start++;
	else if (!*start)
		return NULL;
	for (end = start; *end && (quote ? *end != quote : !isspace(*end)); end++)
		;
	if (quote && !*end)
		return NULL;
	*at = *end ? end + 1 : end;
	*end = 0;
	return start;
}

static int parse_match(const char *key, char *value, struct query *query)
{
	const struct {
		const char *key;
		const char **place;
	} texts[] = {
		{ "module", &query->module },
		{ "file", &query->file },
		{ "func", &query->function },
		{ "format", &query->format },
	};

	if (!strcmp(key, "line"))
		return parse_lines(value, query);
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(key, texts[i].key)) {
			if (*texts[i].place)
				return -EINVAL;
			*texts[i].place = value;
			return 0;
		}
	return -EINVAL;
}

static int run_query(char *text)
{
	struct query query = { .last = UINT_MAX };
	char *word, *value;
	int ret = -EINVAL;

	while ((word = next_word(&text))) {
		if (strchr("=+-", *word)) {
			ret = parse_flags(word, &query);
			if (!ret && *skip_spaces(text))
				ret = -EINVAL;
			break;
		}
		value = next_word(&text);
		ret = value ? parse_match(word, value, &query) : -EINVAL;
		if (ret)
			break;
	}
	if (ret || !query.operation)
		return -EINVAL;
	for_each_site(apply_to, &query);
	return 0;
}

/* Where the query that begins at @text ends: at a semicolon or a newline outside of quotes. */
static char *end_of_query(char *text)
{
	char quote = 0;

	for (; *text && (quote || (*text != ';' && *text != '\n')); text++)
		if (*text == quote)
			quote = 0;
		else if (!quote && (*text == '"' || *text == '\''))
			quote = *text;
	return text;
}

static int run_queries(char *text)
{
	char *end, last;
	int ret = 0, one;

	do {
		end = end_of_query(text);
		last = *end;
		*end = 0;
		text = skip_spaces(text);
		if (*text && *text != '#') {
			one = run_query(text);
			if (one)
				pr_err("query is not understood\n");
			if (!ret)
				ret = one;
		}
		text = end + 1;
	} while (last);
	return ret;
}

/* ---- the file ---- */

static void show_escaped(struct seq_file *m, const char *text)
{
	static const char special[] = "\n\t\"\\", names[] = "nt\"\\";

	for (; *text; text++) {
		const char *at = strchr(special, *text);

		if (at)
			seq_printf(m, "\\%c", names[at - special]);
		else if ((u8)*text < ' ')
			seq_printf(m, "\\%03o", (u8)*text);
		else
			seq_putc(m, *text);
	}
}

static void show_site(struct _ddebug *site, const struct module *mod, void *arg)
{
	char name[MODULE_NAME_LEN];
	struct seq_file *m = arg;

	seq_printf(m, "%s:%u [%s]%s =", file_of(site), site->lineno, module_of(site, mod, name),
		   site->function);
	for (unsigned int i = 0; i < ARRAY_SIZE(letters); i++)
		if (site->flags & letters[i].flag)
			seq_putc(m, letters[i].letter);
	seq_puts(m, site->flags ? " \"" : "_ \"");
	show_escaped(m, site->format);
	seq_puts(m, "\"\n");
}

static int control_show(struct seq_file *m, void *data)
{
	seq_puts(m, "# filename:lineno [module]function flags format\n");
	for_each_site(show_site, m);
	return 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	return single_open(file, control_show, NULL);
}

static ssize_t control_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char *text;
	int ret;

	if (count > QUERIES_MAX)
		return -E2BIG;
	text = kzalloc(count + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = copy_from_user(text, buf, count) ? -EFAULT : run_queries(text);
	kfree(text);
	return ret ? ret : (ssize_t)count;
}

static const struct file_operations control_fops = {
	.open = control_open,
	.read = seq_read,
	.write = control_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int dynamic_debug_init(void)
{
	struct dentry *dir = debugfs_create_dir("dynamic_debug", NULL);

	debugfs_create_file("control", 0644, dir, NULL, &control_fops);
	return IS_ERR(dir) ? PTR_ERR(dir) : 0;
}
fs_initcall(dynamic_debug_init);
