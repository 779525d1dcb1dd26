// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of /sys/kernel/tracing (Documentation/trace/ftrace.rst).
 *
 * Promises: `trace` shows what there is and leaves it; `trace_pipe` gives each
 * event to one reader and waits for the next. A choice of functions that is
 * being written takes effect when its file is closed; opening it to be
 * overwritten empties it.
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "ftrace_internal.h"
#include "trace.h"

#define LINE_MAX  (TRACE_TEXT_MAX + 256)
#define WORDS_MAX 4096

/* ---- events as text ---- */

static const char trace_head[] = "#                                _-----=> irqs-off/BH-disabled\n"
				 "#                               / _----=> need-resched\n"
				 "#                              | / _---=> hardirq/softirq\n"
				 "#                              || / _--=> preempt-depth\n"
				 "#                              ||| / _-=> migrate-disable\n"
				 "#                              |||| /     delay\n"
				 "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
				 "#              | |         |   |||||     |         |\n";

static char interrupt_letter(const struct trace_entry *entry)
{
	if (entry->nmi)
		return entry->hardirq ? 'Z' : 'z';
	return entry->hardirq ? 'h' : '.';
}

static int format_entry(char *line, size_t size, const struct trace_entry *entry)
{
	unsigned long us = entry->time / NSEC_PER_USEC;
	char depth = entry->preempt_depth ? '0' + min_t(int, entry->preempt_depth, 9) : '.';
	int n = scnprintf(line, size, "%16s-%-7d [%03d] %c%c%c%c. %5lu.%06lu: ", entry->comm,
			  entry->pid, entry->cpu, entry->irqs_off ? 'd' : '.',
			  entry->need_resched ? 'N' : '.', interrupt_letter(entry), depth,
			  us / USEC_PER_SEC, us % USEC_PER_SEC);

	if (entry->type == TRACE_FN)
		return n + scnprintf(line + n, size - n, "%ps <-%ps\n", (void *)entry->ip,
				     (void *)entry->parent_ip);
	n += entry->ip ? scnprintf(line + n, size - n, "%ps: ", (void *)entry->ip)
		       : scnprintf(line + n, size - n, "tracing_mark_write: ");
	return n + scnprintf(line + n, size - n, "%.*s%s", entry->length, entry->text,
			     entry->length && entry->text[entry->length - 1] == '\n' ? "" : "\n");
}

static int trace_show(struct seq_file *m, void *data)
{
	static char line[LINE_MAX];	 /* ring_mutex */
	static struct trace_entry entry; /* ring_mutex */
	struct ring_reader reader;
	u64 entries = 0;

	mutex_lock(&ring_mutex);
	for (ring_start(&reader); ring_next(&reader, &entry);)
		entries++;
	seq_printf(m,
		   "# tracer: %s\n#\n# entries-in-buffer/entries-written: %llu/%llu   #P:%u\n#\n",
		   tracer_name(), entries, ring_written(), num_online_cpus());
	seq_puts(m, trace_head);
	for (ring_start(&reader); entries && ring_next(&reader, &entry); entries--) {
		format_entry(line, sizeof(line), &entry);
		seq_puts(m, line);
	}
	mutex_unlock(&ring_mutex);
	return 0;
}

static int trace_open(struct inode *inode, struct file *file)
{
	if (ring_alloc())
		return -ENOMEM;
	if ((file->f_mode & FMODE_WRITE) && (file->f_flags & O_TRUNC))
		ring_clear();
	return single_open(file, trace_show, NULL);
}

static ssize_t trace_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return count; /* the opening has emptied it */
}

static const struct file_operations trace_fops = {
	.open = trace_open,
	.read = seq_read,
	.write = trace_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* ---- trace_pipe ---- */

struct pipe_reader {
	struct mutex mutex; /* protects what follows */
	unsigned int length, given;
	char line[LINE_MAX];
};

static int pipe_open(struct inode *inode, struct file *file)
{
	struct pipe_reader *reader = ring_alloc() ? NULL : kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->mutex);
	file->private_data = reader;
	return 0;
}

static int pipe_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static bool next_line(struct pipe_reader *reader)
{
	static struct trace_entry entry; /* ring_mutex */
	struct ring_reader at;
	bool found;

	mutex_lock(&ring_mutex);
	ring_start(&at);
	found = ring_next(&at, &entry);
	if (found) {
		ring_consume(&at);
		reader->length = format_entry(reader->line, sizeof(reader->line), &entry);
		reader->given = 0;
	}
	mutex_unlock(&ring_mutex);
	return found;
}

static ssize_t pipe_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct pipe_reader *reader = file->private_data;
	size_t done = 0;

	mutex_lock(&reader->mutex);
	while (done < count) {
		size_t n = min_t(size_t, count - done, reader->length - reader->given);

		if (n && copy_to_user(buf + done, reader->line + reader->given, n)) {
			done = done ? done : (size_t)-EFAULT;
			break;
		}
		reader->given += n;
		done += n;
		if (reader->given < reader->length || next_line(reader))
			continue;
		if (done || (file->f_flags & O_NONBLOCK)) {
			done = done ? done : (size_t)-EAGAIN;
			break;
		}
		/* who writes an event may be anywhere, and can wake nobody */
		mutex_unlock(&reader->mutex);
		schedule_timeout_interruptible(1);
		if (signal_pending(current))
			return -ERESTARTSYS;
		mutex_lock(&reader->mutex);
	}
	mutex_unlock(&reader->mutex);
	return done;
}

static const struct file_operations pipe_fops = {
	.open = pipe_open,
	.read = pipe_read,
	.release = pipe_release,
};

/* ---- trace_marker, tracing_on, current_tracer ---- */

static ssize_t marker_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char text[TRACE_TEXT_MAX];
	size_t n = min_t(size_t, count, sizeof(text));

	if (ring_alloc())
		return -ENOMEM;
	if (copy_from_user(text, buf, n))
		return -EFAULT;
	ring_write_text(0, text, n);
	return n;
}

static const struct file_operations marker_fops = { .write = marker_write };

static int on_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%d\n", READ_ONCE(ring_is_on));
	return 0;
}

static ssize_t on_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char word[8];
	bool on;
	int ret = copy_word_from_user(word, sizeof(word), buf, count);

	if (!ret)
		ret = kstrtobool(word, &on);
	if (ret)
		return ret;
	WRITE_ONCE(ring_is_on, on);
	return count;
}

static int current_tracer_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s\n", tracer_name());
	return 0;
}

static ssize_t current_tracer_write(struct file *file, const char __user *buf, size_t count,
				    loff_t *pos)
{
	char word[32];
	int ret = copy_word_from_user(word, sizeof(word), buf, count);

	if (ret)
		return ret;
	mutex_lock(&tracer_mutex);
	ret = tracer_select(strim(word));
	mutex_unlock(&tracer_mutex);
	return ret ? ret : (ssize_t)count;
}

static int available_tracers_show(struct seq_file *m, void *data)
{
	seq_puts(m, "function nop\n");
	return 0;
}

/* ---- lists of functions ---- */

static void show_function(struct dyn_ftrace *site, void *m)
{
	seq_printf(m, "%ps\n", (void *)site->ip);
}

static int available_functions_show(struct seq_file *m, void *data)
{
	mutex_lock(&ftrace_lock);
	ftrace_for_each_site(show_function, m);
	mutex_unlock(&ftrace_lock);
	return 0;
}

/* R: the handlers get all registers; I: one of them may send the call elsewhere. */
static void show_if_enabled(struct dyn_ftrace *site, void *m)
{
	if (site->nr_ops)
		seq_printf(m, "%ps (%u) R%s\n", (void *)site->ip, site->nr_ops,
			   site->claimed ? " I" : "");
}

static int enabled_functions_show(struct seq_file *m, void *data)
{
	mutex_lock(&ftrace_lock);
	ftrace_for_each_site(show_if_enabled, m);
	mutex_unlock(&ftrace_lock);
	return 0;
}

static int chosen_show(struct seq_file *m, void *set)
{
	const struct function_set *shown = set;

	mutex_lock(&tracer_mutex);
	if (!shown->nr)
		seq_puts(m, shown == &traced_set ? "#### all functions enabled ####\n"
						 : "#### no functions disabled ####\n");
	set_show(m, shown);
	mutex_unlock(&tracer_mutex);
	return 0;
}

/* A set as it will be when the file is closed. */
struct new_choice {
	struct function_set set;
};

static int chosen_open(struct inode *inode, struct file *file)
{
	struct new_choice *choice;
	int ret = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return single_open(file, chosen_show, inode->i_private);
	choice = kzalloc(sizeof(*choice), GFP_KERNEL);
	if (!choice)
		return -ENOMEM;
	if (!(file->f_flags & O_TRUNC)) {
		mutex_lock(&tracer_mutex);
		ret = set_copy(&choice->set, inode->i_private);
		mutex_unlock(&tracer_mutex);
	}
	if (ret) {
		set_free(&choice->set);
		kfree(choice);
	}
	file->private_data = choice;
	return ret;
}

static ssize_t chosen_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct new_choice *choice = file->private_data;
	char *words;
	int ret;

	if (count > WORDS_MAX)
		return -E2BIG;
	words = kzalloc(count + 1, GFP_KERNEL);
	if (!words)
		return -ENOMEM;
	ret = copy_from_user(words, buf, count) ? -EFAULT : 0;
	if (!ret) {
		mutex_lock(&tracer_mutex);
		ret = set_apply(&choice->set, words);
		mutex_unlock(&tracer_mutex);
	}
	kfree(words);
	return ret ? ret : (ssize_t)count;
}

static int chosen_release(struct inode *inode, struct file *file)
{
	struct function_set *set = inode->i_private, before;
	struct new_choice *choice = file->private_data;

	if (!(file->f_mode & FMODE_WRITE))
		return single_release(inode, file);
	mutex_lock(&tracer_mutex);
	before = *set;
	*set = choice->set;
	if (tracer_update()) {
		*set = before;
		before = choice->set;
	}
	mutex_unlock(&tracer_mutex);
	set_free(&before);
	kfree(choice);
	return 0;
}

static ssize_t chosen_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return file->f_mode & FMODE_WRITE ? -EBADF : seq_read(file, buf, count, pos);
}

static loff_t chosen_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_mode & FMODE_WRITE ? generic_file_llseek(file, offset, whence)
					  : seq_lseek(file, offset, whence);
}

static const struct file_operations chosen_fops = {
	.open = chosen_open,
	.llseek = chosen_llseek,
	.read = chosen_read,
	.write = chosen_write,
	.release = chosen_release,
};

/* ---- all of them ---- */

#define SHOWN(name)                                                    \
	static int name##_open(struct inode *inode, struct file *file) \
	{                                                              \
		return single_open(file, name##_show, NULL);           \
	}
#define SHOWN_FILE(name)                                    \
	SHOWN(name)                                         \
	static const struct file_operations name##_fops = { \
		.open = name##_open,                        \
		.read = seq_read,                           \
		.llseek = seq_lseek,                        \
		.release = single_release,                  \
	};
#define SWITCH_FILE(name)                                   \
	SHOWN(name)                                         \
	static const struct file_operations name##_fops = { \
		.open = name##_open,                        \
		.read = seq_read,                           \
		.write = name##_write,                      \
		.llseek = seq_lseek,                        \
		.release = single_release,                  \
	};

SWITCH_FILE(on)
SWITCH_FILE(current_tracer)
SHOWN_FILE(available_tracers)
SHOWN_FILE(available_functions)
SHOWN_FILE(enabled_functions)

static int tracing_init(void)
{
	static const struct {
		const char *name;
		umode_t mode;
		const struct file_operations *fops;
		void *data;
	} files[] = {
		{ "available_filter_functions", 0444, &available_functions_fops, NULL },
		{ "available_tracers", 0444, &available_tracers_fops, NULL },
		{ "current_tracer", 0644, &current_tracer_fops, NULL },
		{ "enabled_functions", 0444, &enabled_functions_fops, NULL },
		{ "set_ftrace_filter", 0644, &chosen_fops, &traced_set },
		{ "set_ftrace_notrace", 0644, &chosen_fops, &untraced_set },
		{ "trace", 0640, &trace_fops, NULL },
		{ "trace_marker", 0220, &marker_fops, NULL },
		{ "trace_pipe", 0440, &pipe_fops, NULL },
		{ "tracing_on", 0640, &on_fops, NULL },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++)
		tracefs_create_file(files[i].name, files[i].mode, NULL, files[i].data,
				    files[i].fops);
	return 0;
}
fs_initcall(tracing_init);
