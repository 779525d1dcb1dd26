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

static int put_pipe(struct ser_writer *w, struct inode *inode)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct pipe_ser record = {
		.inode = number_of(&inode_numbers, inode),
		.ino = inode->i_ino,
		.buffers = pipe->head - pipe->tail,
		.readers = pipe->readers,
		.writers = pipe->writers,
		.r_counter = pipe->r_counter,
		.w_counter = pipe->w_counter,
	};

	ser_put(w, &record, sizeof(record));
	w->count++;
	for (unsigned int i = pipe->tail; i != pipe->head; i++) {
		struct pipe_buffer *buf = &pipe->bufs[i % PIPE_BUFFERS];
		struct pipe_buffer_ser one = {
			page_to_phys(buf->page),
			buf->offset,
			buf->len,
		};
		int ret = preserve_frame(page_to_pfn(buf->page), FRAME_PIPE);

		if (ret)
			return ret;
		ser_put(w, &one, sizeof(one));
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

static int get_buffers(struct ser_reader *r, struct inode *inode, u32 buffers)
{
	while (buffers--) {
		struct pipe_buffer_ser one;
		int ret;

		if (!ser_get(r, &one, sizeof(one)))
			return -EINVAL;
		ret = retrieve_frame(one.phys >> PAGE_SHIFT, FRAME_PIPE);
		if (!ret)
			ret = pipe_adopt_buffer(inode, phys_to_page(one.phys), one.offset,
						one.length);
		if (ret)
			return ret;
		ledger[LEDGER_PIPE_PAGES].kept++;
	}
	return 0;
}

static int retrieve_pipes(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct inode *fifo = NULL, *inode;
		struct pipe_ser ser;
		int ret;

		if (!ser_get(r, &ser, sizeof(ser)))
			return -EINVAL;
		if (ser.inode != HANDOVER_NONE) {
			fifo = number_get(&inode_numbers, ser.inode);
			if (!fifo)
				return -EINVAL;
		}
		inode = vfs_adopt_pipe(fifo, ser.ino, ser.readers, ser.writers, ser.r_counter,
				       ser.w_counter);
		if (IS_ERR(inode))
			return PTR_ERR(inode);
		ret = number_add(&pipe_numbers, inode);
		if (!ret)
			ret = get_buffers(r, inode, ser.buffers);
		if (ret)
			return ret;
		ledger[LEDGER_PIPES].rebuilt++;
	}
	return 0;
}

/* ---- open files ---- */

static int put_file(struct ser_writer *w, struct file *file)
{
	struct tty_struct *tty = file_tty(file);
	const char *why = file_cannot_be_carried(file);
	struct file_ser record = {
		.id = file->f_id,
		.flags = file->f_flags,
		.mode = file->f_mode,
		.pos = file->f_pos,
		.tty = tty ? (u32)tty->index : HANDOVER_NONE,
		.name = file->f_dentry ? number_of(&name_numbers, file->f_dentry) : HANDOVER_NONE,
	};

	if (why)
		return liveupdate_refuse(-EOPNOTSUPP, "an open file (%s) cannot be preserved", why);
	strscpy(record.kind, file->f_op->name, sizeof(record.kind));
	if (file_pipe(file)) {
		record.of = FILE_OF_PIPE;
		record.object = number_of(&pipe_numbers, file->f_inode);
	} else if (is_tmpfs(file->f_inode->i_sb)) {
		record.of = FILE_OF_INODE;
		record.object = number_of(&inode_numbers, file->f_inode);
	} else {
		record.of = FILE_OF_NAME;
		record.object = HANDOVER_NONE;
	}
	ser_put(w, &record, sizeof(record));
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

static int retrieve_files(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct vfs_file_record record;
		struct dentry *d = NULL;
		struct inode *inode;
		struct file_ser ser;
		struct file *file;

		if (!ser_get(r, &ser, sizeof(ser)))
			return -EINVAL;
		ser.kind[sizeof(ser.kind) - 1] = 0;
		if (ser.name != HANDOVER_NONE) {
			d = number_get(&name_numbers, ser.name);
			if (!d)
				return -EINVAL;
		}
		if (ser.of == FILE_OF_PIPE)
			inode = number_get(&pipe_numbers, ser.object);
		else if (ser.of == FILE_OF_INODE)
			inode = number_get(&inode_numbers, ser.object);
		else
			inode = d ? d->d_inode : NULL;
		if (!inode)
			return -EINVAL;
		record = (struct vfs_file_record){
			.id = ser.id,
			.kind = ser.kind,
			.flags = ser.flags,
			.mode = ser.mode,
			.pos = ser.pos,
			.tty = (int)ser.tty,
		};
		file = vfs_adopt_file(d, inode, &record);
		if (IS_ERR(file))
			return PTR_ERR(file);
		if (number_add(&file_numbers, file))
			return -ENOMEM;
		ledger[LEDGER_FILES].rebuilt++;
	}
	return 0;
}

/* ---- tables of descriptors ---- */

static int put_table(struct ser_writer *w, struct files_struct *files)
{
	struct descriptors_ser record = {};

	for (int fd = 0; fd < NR_OPEN; fd++)
		record.count += files->fd[fd] != NULL;
	ser_put(w, &record, sizeof(record));
	w->count++;
	for (int fd = 0; fd < NR_OPEN; fd++) {
		struct descriptor_ser one = {
			.fd = fd,
			.file = number_of(&file_numbers, files->fd[fd]),
			.close_on_exec = files->close_on_exec[fd / 64] >> (fd % 64) & 1,
		};

		if (!files->fd[fd])
			continue;
		if (one.file == HANDOVER_NONE)
			return liveupdate_refuse(-EBUSY, "descriptor %d is being opened", fd);
		ser_put(w, &one, sizeof(one));
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

static int get_table(struct ser_reader *r, struct files_struct *files, u32 count)
{
	while (count--) {
		struct descriptor_ser one;
		struct file *file;

		if (!ser_get(r, &one, sizeof(one)))
			return -EINVAL;
		file = number_get(&file_numbers, one.file);
		if (!file || one.fd >= NR_OPEN || files->fd[one.fd])
			return -EINVAL;
		files->fd[one.fd] = get_file(file);
		if (one.close_on_exec)
			files->close_on_exec[one.fd / 64] |= 1UL << (one.fd % 64);
		ledger[LEDGER_DESCRIPTORS].rehashed++;
	}
	return 0;
}

static int retrieve_descriptors(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct files_struct *files = alloc_files();
		struct descriptors_ser ser;
		int ret;

		if (!files || !ser_get(r, &ser, sizeof(ser)))
			return files ? -EINVAL : -ENOMEM;
		/* the table's own users come with the tasks */
		atomic_set(&files->count, 0);
		ret = get_table(r, files, ser.count);
		if (!ret)
			ret = number_add(&descriptor_numbers, files);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- root and working directories ---- */

static int preserve_directories(struct ser_writer *w)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		for_each_thread(p, t) {
			struct directories_ser record;

			if (!t->fs || number_of(&directory_numbers, t->fs) != HANDOVER_NONE)
				continue;
			record.root = number_of(&name_numbers, t->fs->root);
			record.pwd = number_of(&name_numbers, t->fs->pwd);
			record.umask = t->fs->umask;
			ser_put(w, &record, sizeof(record));
			w->count++;
			if (number_add(&directory_numbers, t->fs))
				return -ENOMEM;
		}
	}
	return w->error;
}

static int retrieve_directories(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct fs_struct *fs = alloc_fs();
		struct directories_ser ser;
		struct dentry *root, *pwd;

		if (!fs || !ser_get(r, &ser, sizeof(ser)))
			return fs ? -EINVAL : -ENOMEM;
		root = number_get(&name_numbers, ser.root);
		pwd = number_get(&name_numbers, ser.pwd);
		if (!root || !pwd)
			return -EINVAL;
		dput(fs->root);
		dput(fs->pwd);
		fs->root = dget(root);
		fs->pwd = dget(pwd);
		fs->umask = ser.umask;
		atomic_set(&fs->count, 0);
		if (number_add(&directory_numbers, fs))
			return -ENOMEM;
	}
	return 0;
}

const struct liveupdate_class pipe_class = {
	.name = "pipe",
	.compatible = PIPE_COMPATIBLE,
	.preserve = preserve_pipes,
	.retrieve = retrieve_pipes,
};
const struct liveupdate_class file_class = {
	.name = "file",
	.compatible = FILE_COMPATIBLE,
	.preserve = preserve_files,
	.retrieve = retrieve_files,
};
const struct liveupdate_class descriptors_class = {
	.name = "descriptors",
	.compatible = DESCRIPTORS_COMPATIBLE,
	.preserve = preserve_descriptors,
	.retrieve = retrieve_descriptors,
};
const struct liveupdate_class directories_class = {
	.name = "directories",
	.compatible = DIRECTORIES_COMPATIBLE,
	.preserve = preserve_directories,
	.retrieve = retrieve_directories,
};
