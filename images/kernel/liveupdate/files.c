// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes pipe, file, descriptors, directories: what programs have open.
 *
 * An open file is carried if its operations say so (file_operations.carry); two
 * descriptors that share a file share it afterwards. The pages of a pipe's
 * contents stay where they are.
 */
#include <linux/err.h>
#include <linux/stat.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include "internal.h"

const char *file_cannot_be_carried(const struct file *file)
{
	if (!file->f_op->carry || !file->f_op->name)
		return file->f_op->name		     ? file->f_op->name
		       : file->f_inode->i_sb->s_type ? file->f_inode->i_sb->s_type->name
						     : "unknown";
	return file->f_dentry ? name_cannot_be_carried(file->f_dentry) : NULL;
}

/* ---- pipes ---- */

DEFINE_MADE_RECORD(pipe, PIPE_RECORD, struct inode *inode, struct pipe_inode_info *pipe)
DEFINE_MADE_RECORD(buffer, BUFFER_RECORD, struct pipe_buffer *buf)

static int put_pipe(struct ser_writer *w, struct inode *inode)
{
	struct pipe_inode_info *pipe = inode->i_pipe;

	write_pipe(w, inode, pipe);
	w->count++;
	for (unsigned int i = pipe->tail; i != pipe->head; i++) {
		struct pipe_buffer *buf = &pipe->bufs[i % PIPE_BUFFERS];
		int ret = preserve_frame(page_to_pfn(buf->page), FRAME_PIPE);

		if (ret)
			return ret;
		write_buffer(w, buf);
	}
	return number_add(&pipe_numbers, inode);
}

static int preserve_pipes(struct ser_writer *w)
{
	struct file *file;

	list_for_each_entry(file, &open_files, f_list) {
		int ret;

		if (!file_pipe(file) || number_of(&pipe_numbers, file->f_inode) != HANDOVER_NONE)
			continue;
		ret = put_pipe(w, file->f_inode);
		if (ret)
			return ret;
	}
	return w->error;
}

static int get_buffer(struct ser_reader *r, struct inode *inode)
{
	TAKE_RECORD(r, buffer, BUFFER_RECORD)
	int ret = retrieve_frame(frame, FRAME_PIPE);

	return ret ? ret : pipe_adopt_buffer(inode, pfn_to_page(frame), offset, length);
}

static int get_pipe(struct ser_reader *r)
{
	TAKE_RECORD(r, pipe, PIPE_RECORD)
	struct inode *fifo = number_get(&inode_numbers, inode);
	struct inode *made = vfs_adopt_pipe(fifo, ino, readers, writers, r_counter, w_counter);
	int ret = IS_ERR(made) ? PTR_ERR(made) : number_add(&pipe_numbers, made);

	for (u32 i = 0; i < buffers && !ret; i++)
		ret = get_buffer(r, made);
	return ret;
}

/* ---- open files ---- */

DEFINE_MADE_RECORD(file, FILE_RECORD, struct file *file)

static int put_file(struct ser_writer *w, struct file *file)
{
	const char *why = file_cannot_be_carried(file);

	if (why)
		return liveupdate_refuse(-EOPNOTSUPP, "an open file (%s) cannot be preserved", why);
	write_file(w, file);
	w->count++;
	return number_add(&file_numbers, file);
}

static int preserve_files(struct ser_writer *w)
{
	struct file *file;

	list_for_each_entry(file, &open_files, f_list) {
		int ret = put_file(w, file);

		if (ret)
			return ret;
	}
	return w->error;
}

static int get_file_record(struct ser_reader *r)
{
	TAKE_RECORD(r, file, FILE_RECORD)
	struct dentry *d = number_get(&name_numbers, name);
	struct tty_struct *terminal = number_get(&tty_numbers, tty);
	struct vfs_file_record made_from = {
		.id = id,
		.kind = kind,
		.flags = flags,
		.mode = mode,
		.pos = pos,
		.tty = terminal ? terminal->index : -1,
	};
	struct inode *object = number_get(&pipe_numbers, pipe);
	struct file *made;

	if (!object)
		object = number_get(&inode_numbers, inode);
	/* the root of a file system of the kernel's own */
	if (!object && d)
		object = d->d_inode;
	if (!object)
		return -EINVAL;
	made = vfs_adopt_file(d, object, &made_from);
	return IS_ERR(made) ? PTR_ERR(made) : number_add(&file_numbers, made);
}

/* ---- tables of descriptors ---- */

static u32 count_descriptors(const struct files_struct *files)
{
	u32 n = 0;

	for (int fd = 0; fd < NR_OPEN; fd++)
		n += files->fd[fd] != NULL;
	return n;
}

DEFINE_MADE_RECORD(descriptors, DESCRIPTORS_RECORD, struct files_struct *files)
DEFINE_MADE_RECORD(descriptor, DESCRIPTOR_RECORD, struct files_struct *files, u32 fd)

static int put_table(struct ser_writer *w, struct files_struct *files)
{
	write_descriptors(w, files);
	w->count++;
	for (u32 fd = 0; fd < NR_OPEN; fd++) {
		if (!files->fd[fd])
			continue;
		if (number_of(&file_numbers, files->fd[fd]) == HANDOVER_NONE)
			return liveupdate_refuse(-EBUSY, "descriptor %u is being opened", fd);
		write_descriptor(w, files, fd);
	}
	return number_add(&descriptor_numbers, files);
}

static int preserve_descriptors(struct ser_writer *w)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		for_each_thread(p, t) {
			int ret;

			if (!t->files || number_of(&descriptor_numbers, t->files) != HANDOVER_NONE)
				continue;
			ret = put_table(w, t->files);
			if (ret)
				return ret;
		}
	}
	return w->error;
}

static int get_descriptor(struct ser_reader *r, struct files_struct *files)
{
	TAKE_RECORD(r, descriptor, DESCRIPTOR_RECORD)

	if (files->fd[fd])
		return -EINVAL;
	files->fd[fd] = get_file(number_get(&file_numbers, file));
	if (close_on_exec)
		files->close_on_exec[fd / 64] |= 1UL << (fd % 64);
	return 0;
}

static int get_table(struct ser_reader *r)
{
	TAKE_RECORD(r, descriptors, DESCRIPTORS_RECORD)
	struct files_struct *files = alloc_files();
	int ret = 0;

	if (!files)
		return -ENOMEM;
	/* the table's own users come with the tasks */
	atomic_set(&files->count, 0);
	for (u32 i = 0; i < descriptors && !ret; i++)
		ret = get_descriptor(r, files);
	return ret ? ret : number_add(&descriptor_numbers, files);
}

/* ---- root and working directories ---- */

DEFINE_RECORD(directories, DIRECTORIES_RECORD, struct fs_struct *fs)

static int preserve_directories(struct ser_writer *w)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		for_each_thread(p, t) {
			if (!t->fs || number_of(&directory_numbers, t->fs) != HANDOVER_NONE)
				continue;
			write_directories(w, t->fs);
			w->count++;
			if (number_add(&directory_numbers, t->fs))
				return -ENOMEM;
		}
	}
	return w->error;
}

static int get_directories(struct ser_reader *r)
{
	TAKE_RECORD(r, directories, DIRECTORIES_RECORD)
	struct fs_struct *fs = alloc_fs();

	if (!fs)
		return -ENOMEM;
	read_directories(record, fs);
	dput(fs->root);
	dput(fs->pwd);
	fs->root = dget(number_get(&name_numbers, root));
	fs->pwd = dget(number_get(&name_numbers, pwd));
	atomic_set(&fs->count, 0);
	return number_add(&directory_numbers, fs);
}

/* clang-format off */
#define PIPE_LEFT(LEFT) \
	LEFT(mutex, "free when all stand still") \
	LEFT(rd_wait, "calls are executed again") \
	LEFT(wr_wait, "calls are executed again") \
	LEFT(bufs, "buffer records")
#define FILE_LEFT(LEFT) \
	LEFT(f_count, "descriptors and areas hold it") \
	LEFT(f_pos_lock, "free when all stand still") \
	LEFT(private_data, "by its kind: fs/adopt.c") \
	LEFT(f_list, "the order of the records")
#define FILES_LEFT(LEFT) \
	LEFT(count, "tasks count themselves in") \
	LEFT(lock, "free when all stand still")
#define FS_LEFT(LEFT) \
	LEFT(count, "tasks count themselves in") \
	LEFT(lock, "free when all stand still")
/* clang-format on */
CARRIED(pipe_inode_info, pipe, PIPE_RECORD, PIPE_LEFT)
CARRIED(pipe_buffer, buf, BUFFER_RECORD, NO_ROW)
CARRIED(file, file, FILE_RECORD, FILE_LEFT)
CARRIED(files_struct, files, DESCRIPTOR_RECORD, FILES_LEFT)
CARRIED(fs_struct, fs, DIRECTORIES_RECORD, FS_LEFT)

const struct liveupdate_class pipe_class = {
	.layout = LAYOUT_pipe,
	.preserve = preserve_pipes,
	.retrieve_record = get_pipe,
};
const struct liveupdate_class file_class = {
	.layout = LAYOUT_file,
	.preserve = preserve_files,
	.retrieve_record = get_file_record,
};
const struct liveupdate_class descriptors_class = {
	.layout = LAYOUT_descriptors,
	.preserve = preserve_descriptors,
	.retrieve_record = get_table,
};
const struct liveupdate_class directories_class = {
	.layout = LAYOUT_directories,
	.preserve = preserve_directories,
	.retrieve_record = get_directories,
};
