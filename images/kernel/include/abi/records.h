/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a handover, component by component: for each ONE list of its fields (abi/fields.h).
 *
 * This interface is a contract. Any change of a list requires a new number in the compatible string of its component: a
 * kernel that knows another one refuses, and the old kernel goes on. Everything is packed and little endian. Only numbers
 * cross: physical addresses, and the position of another record in its own component ("number", from 0; HANDOVER_NONE =
 * none). What a COUNT counts follows the record, in the order of the fields, and is records too.
 *
 *   schema: the lists themselves, as data
 *   machine <- log                    uart <- tty        disk
 *   super <- inode <- name <- mount   pipe <- file <- descriptors, directories
 *   mm (page tables, areas)  handlers  group  task       counts, frames
 */
#ifndef _ABI_RECORDS_H
#define _ABI_RECORDS_H

#include <abi/fields.h>

#define HANDOVER_NONE	   0xffffffffU
#define HANDOVER_UNLIMITED 0xffffffffU
#define HANDOVER_PIDS	   32768 /* numbers of processes are below */

/* clang-format off */

/* ---- schema: what the writer's lists say; comes first ---- */
#define SCHEMA_COMPATIBLE "scion-schema-v1"
#define SCHEMA_RECORD(SAME, COPY, MADE, TABLE)						\
	TABLE(char, name,	16, TEXT,	strscpy(to, layout->name, 16))		\
	TABLE(char, compatible, 32, TEXT,	strscpy(to, layout->compatible, 32))	\
	MADE(u32, size,		VALUE,		layout->size)				\
	MADE(u32, fields,	COUNT(field, 255), layout->nr_fields)
#define FIELD_RECORD(SAME, COPY, MADE, TABLE)						\
	TABLE(char, name,	FIELD_NAME_LEN, TEXT, strscpy(to, f->name, FIELD_NAME_LEN)) \
	TABLE(char, of,		16, TEXT,	strscpy(to, name_of_argument(f), 16))	\
	MADE(u16, meaning,	BELOW(FIELD_MEANINGS), f->meaning)			\
	MADE(u16, offset,	VALUE,		offset)				\
	MADE(u16, width,	NONZERO,	f->width)				\
	MADE(u16, count,	NONZERO,	f->count)				\
	MADE(u32, limit,	VALUE,		f->limit)

/* ---- machine: one record ---- */
#define MACHINE_COMPATIBLE "scion-machine-v3"
#define MACHINE_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, tsc_base,	VALUE,		clock->tsc_base)			\
	SAME(u64, ns_base,	VALUE,		clock->ns_base)				\
	SAME(u64, real_offset_ns, VALUE,	clock->real_offset_ns)			\
	SAME(u64, tsc_hz,	NONZERO,	clock->tsc_hz)				\
	MADE(u64, timer_hz,	VALUE,		apic_timer_hz)				\
	MADE(u64, rsdp,		VALUE,		boot_info.rsdp)				\
	MADE(u32, last,		PID,		last_pid)				\
	COPY(char, nodename,	65, TEXT,	utsname()->nodename)			\
	MADE(u32, kthreads,	VALUE,		count_kthreads()) /* left behind */	\
	MADE(u32, patches,	VALUE,		count_patches()) /* left behind */	\
	TABLE(char, command_line, 1024, TEXT,	strscpy(to, next_kernel.command_line, 1024)) \
	MADE(u32, ranges,	COUNT(range, 64), boot_info.nr_ranges)
#define RANGE_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, start,	VALUE,		range->start)				\
	SAME(u64, size,		VALUE,		range->size)				\
	SAME(u32, usable,	BOOL,		range->usable)

/* ---- log: the kernel log, oldest first ---- */
#define LOG_COMPATIBLE "scion-log-v1"
#define LOG_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, ts_nsec,	VALUE,		line->ts_nsec)				\
	MADE(u16, level,	VALUE,		line->level)				\
	MADE(u16, length,	COUNT(text, 399), line->len)
#define TEXT_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(char, character,	VALUE,		character)

/* ---- frames: what the books of the page allocator must say afterwards ---- */
#define FRAMES_COMPATIBLE "scion-frames-v2"
/* kinds */
#define FRAME_TABLE	1 /* page table, the kernel's or a process's */
#define FRAME_ANON	2 /* user memory */
#define FRAME_CACHE	3 /* page of a tmpfs file */
#define FRAME_PIPE	4 /* contents of a pipe */
#define FRAME_DEVICE	5 /* a device knows its address */
#define FRAME_KINDS	6
#define FRAMES_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, frame,	FRAME,		pfn)					\
	MADE(u32, holders,	NONZERO,	holder->count)				\
	MADE(u8, kind,		BELOW(FRAME_KINDS), holder->kind)

/* ---- supers, inodes, names, mounts ---- */
#define SUPER_COMPATIBLE "scion-super-v2"
#define SUPER_RECORD(SAME, COPY, MADE, TABLE)						\
	TABLE(char, type,	16, TEXT,	strscpy(to, sb->s_type->name, 16))	\
	TABLE(char, source,	32, TEXT,	strscpy(to, sb->s_source, 32))		\
	MADE(u32, dev,		VALUE,		sb->s_dev)				\
	MADE(u64, flags,	VALUE,		sb->s_flags)				\
	MADE(u64, next_ino,	VALUE,		sb->s_next_ino)				\
	MADE(u64, next_seq,	VALUE,		sb->s_next_seq)

#define INODE_COMPATIBLE "scion-inode-v2"
#define INODE_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, super,	NUMBER(super),	number_of(&super_numbers, inode->i_sb)) \
	MADE(u32, is_root,	BOOL,		inode == inode->i_sb->s_root->d_inode)	\
	MADE(u64, ino,		VALUE,		inode->i_ino)				\
	MADE(u32, mode,		VALUE,		inode->i_mode)				\
	MADE(u32, rdev,		VALUE,		inode->i_rdev)				\
	MADE(u32, nlink,	VALUE,		inode->i_nlink)				\
	MADE(u32, uid,		VALUE,		inode->i_uid)				\
	MADE(u32, gid,		VALUE,		inode->i_gid)				\
	MADE(u64, size,		VALUE,		inode->i_size)				\
	MADE(u64, atime_ns,	VALUE,		inode->i_atime_ns)			\
	MADE(u64, mtime_ns,	VALUE,		inode->i_mtime_ns)			\
	MADE(u64, ctime_ns,	VALUE,		inode->i_ctime_ns)			\
	MADE(u32, pages,	COUNT(page, HANDOVER_UNLIMITED), pages_of(inode))	\
	MADE(u32, target,	COUNT(text, 4095), strlen(target_of(inode)))
#define PAGE_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, frame,	FRAME,		page_to_pfn(page))			\
	MADE(u32, index,	BELOW(1 << 24),	index)

/* parents come first */
#define NAME_COMPATIBLE "scion-name-v2"
#define NAME_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, super,	NUMBER(super),	number_of(&super_numbers, d->d_sb))	\
	/* NONE: the root of the super block */						\
	MADE(u32, parent,	NUMBER_OR_NONE(name), root ? HANDOVER_NONE : number_of(&name_numbers, d->d_parent)) \
	/* NONE: of a file system of the kernel's own */				\
	MADE(u32, inode,	NUMBER_OR_NONE(inode), number_of(&inode_numbers, d->d_inode)) \
	MADE(u32, linked,	BOOL,		d->d_linked) /* 0: removed, but in use */ \
	MADE(u64, seq,		VALUE,		d->d_seq)				\
	MADE(u32, length,	COUNT(text, 255), root ? 0 : strlen(d->d_name))

#define MOUNT_COMPATIBLE "scion-mount-v1"
#define MOUNT_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, super,	NUMBER(super),	number_of(&super_numbers, sb))		\
	/* the directory it hides */							\
	MADE(u32, name,		NUMBER(name),	number_of(&name_numbers, sb->s_mountpoint))

/* ---- pipes; the buffers that are full, oldest first ---- */
#define PIPE_COMPATIBLE "scion-pipe-v2"
#define PIPE_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, inode,	NUMBER_OR_NONE(inode), number_of(&inode_numbers, inode)) \
	MADE(u64, ino,		VALUE,		inode->i_ino)				\
	MADE(u32, readers,	VALUE,		pipe->readers)				\
	MADE(u32, writers,	VALUE,		pipe->writers)				\
	MADE(u32, r_counter,	VALUE,		pipe->r_counter)			\
	MADE(u32, w_counter,	VALUE,		pipe->w_counter)			\
	MADE(u32, buffers,	COUNT(buffer, 16), pipe->head - pipe->tail)
#define BUFFER_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, frame,	FRAME,		page_to_pfn(buf->page))			\
	MADE(u32, offset,	BELOW(4096),	buf->offset)				\
	MADE(u32, length,	BELOW(4097),	buf->len)

/* ---- open files; neither inode nor pipe: the name's inode, in a file system of the kernel's own ---- */
#define FILE_COMPATIBLE "scion-file-v2"
#define FILE_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u64, id,		VALUE,		file->f_id)				\
	TABLE(char, kind,	16, TEXT,	strscpy(to, file->f_op->name, 16))	\
	MADE(u32, flags,	VALUE,		file->f_flags)				\
	MADE(u32, mode,		VALUE,		file->f_mode)				\
	MADE(u64, pos,		VALUE,		file->f_pos)				\
	MADE(u32, tty,		NUMBER_OR_NONE(tty), number_of(&tty_numbers, file_tty(file))) \
	MADE(u32, name,		NUMBER_OR_NONE(name), number_of(&name_numbers, file->f_dentry)) \
	MADE(u32, inode,	NUMBER_OR_NONE(inode), file_pipe(file) ? HANDOVER_NONE : number_of(&inode_numbers, file->f_inode)) \
	MADE(u32, pipe,		NUMBER_OR_NONE(pipe), file_pipe(file) ? number_of(&pipe_numbers, file->f_inode) : HANDOVER_NONE)

#define DESCRIPTORS_COMPATIBLE "scion-descriptors-v1"
#define DESCRIPTORS_RECORD(SAME, COPY, MADE, TABLE)					\
	MADE(u32, descriptors,	COUNT(descriptor, 256), count_descriptors(files))
#define DESCRIPTOR_RECORD(SAME, COPY, MADE, TABLE)					\
	MADE(u16, fd,		BELOW(256),	fd)					\
	MADE(u16, close_on_exec, BOOL,		files->close_on_exec[fd / 64] >> (fd % 64) & 1) \
	MADE(u32, file,		NUMBER(file),	number_of(&file_numbers, files->fd[fd]))

#define DIRECTORIES_COMPATIBLE "scion-directories-v1"
#define DIRECTORIES_RECORD(SAME, COPY, MADE, TABLE)					\
	MADE(u32, root,		NUMBER(name),	number_of(&name_numbers, fs->root))	\
	MADE(u32, pwd,		NUMBER(name),	number_of(&name_numbers, fs->pwd))	\
	SAME(u32, umask,	VALUE,		fs->umask)

/* ---- address spaces ---- */
#define MM_COMPATIBLE "scion-mm-v1"
#define MM_RECORD(SAME, COPY, MADE, TABLE)						\
	/* the tables below it stay as they are */					\
	MADE(u64, pgd,		ADDRESS,	__pa(mm->pgd))				\
	MADE(u32, pcid,		BELOW(4096),	mm->pcid)				\
	MADE(u32, exe_file,	NUMBER_OR_NONE(file), number_of(&file_numbers, mm->exe_file)) \
	/* CPUs whose TLB may hold entries of the PCID */				\
	SAME(u64, cpu_bitmap,	VALUE,		mm->cpu_bitmap)				\
	SAME(u64, mmap_base,	VALUE,		mm->mmap_base)				\
	SAME(u64, start_code,	VALUE,		mm->start_code)				\
	SAME(u64, end_code,	VALUE,		mm->end_code)				\
	SAME(u64, start_data,	VALUE,		mm->start_data)				\
	SAME(u64, end_data,	VALUE,		mm->end_data)				\
	SAME(u64, start_brk,	VALUE,		mm->start_brk)				\
	SAME(u64, brk,		VALUE,		mm->brk)				\
	SAME(u64, start_stack,	VALUE,		mm->start_stack)			\
	SAME(u64, arg_start,	VALUE,		mm->arg_start)				\
	SAME(u64, arg_end,	VALUE,		mm->arg_end)				\
	SAME(u64, env_start,	VALUE,		mm->env_start)				\
	SAME(u64, env_end,	VALUE,		mm->env_end)				\
	SAME(u64, total_vm,	VALUE,		mm->total_vm)				\
	SAME(u64, rss,		VALUE,		mm->rss)				\
	SAME(u64, nr_ptes,	VALUE,		mm->nr_ptes)				\
	SAME(u64, hiwater_rss,	VALUE,		mm->hiwater_rss)			\
	MADE(u32, areas,	COUNT(area, HANDOVER_UNLIMITED), mm->map_count)		\
	/* of all page tables of the user half */					\
	MADE(u32, tables_crc32,	VALUE,		page_tables_crc(mm))			\
	COPY(u64, auxv,		48, VALUE,	mm->auxv)
#define AREA_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, start,	VALUE,		vma->vm_start)				\
	SAME(u64, end,		VALUE,		vma->vm_end)				\
	SAME(u64, flags,	VALUE,		vma->vm_flags)				\
	SAME(u64, pgoff,	VALUE,		vma->vm_pgoff)				\
	MADE(u32, file,		NUMBER_OR_NONE(file), number_of(&file_numbers, vma->vm_file))

/* ---- signals ---- */
#define HANDLERS_COMPATIBLE "scion-handlers-v2"
#define HANDLERS_RECORD(SAME, COPY, MADE, TABLE)					\
	MADE(u32, actions,	COUNT(action, 64), ARRAY_SIZE(sighand->action))
#define ACTION_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, handler,	VALUE,		sa->sa_handler)				\
	SAME(u64, flags,	VALUE,		sa->sa_flags)				\
	SAME(u64, restorer,	VALUE,		sa->sa_restorer)			\
	SAME(u64, mask,		VALUE,		sa->sa_mask.sig[0])
#define SIGINFO_RECORD(SAME, COPY, MADE, TABLE)						\
	COPY(u8, info,		128, VALUE,	q->info)

/* ---- thread groups ---- */
#define GROUP_COMPATIBLE "scion-group-v2"
#define GROUP_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u32, pgrp,		PID,		s->pgrp)				\
	SAME(u32, session,	PID,		s->session)				\
	SAME(u32, leader,	BOOL,		s->leader)				\
	MADE(u32, tty,		NUMBER_OR_NONE(tty), number_of(&tty_numbers, s->tty))	\
	SAME(u32, group_exit,	BOOL,		s->group_exit)				\
	SAME(u32, group_exit_code, VALUE,	s->group_exit_code)			\
	SAME(u32, group_stopped, BOOL,		s->group_stopped)			\
	SAME(u32, stop_count,	VALUE,		s->group_stop_count)			\
	SAME(u32, stop_code,	VALUE,		s->stop_code)				\
	SAME(u32, continued,	BOOL,		s->continued)				\
	MADE(u32, timer_active,	BOOL,		s->real_timer.queued)			\
	SAME(u64, timer_expires, VALUE,		s->real_timer.expires)			\
	SAME(u64, timer_interval, VALUE,	s->it_real_incr)			\
	SAME(u64, utime,	VALUE,		s->utime)				\
	SAME(u64, stime,	VALUE,		s->stime)				\
	SAME(u64, cutime,	VALUE,		s->cutime)				\
	SAME(u64, cstime,	VALUE,		s->cstime)				\
	SAME(u64, maxrss,	VALUE,		s->maxrss)				\
	COPY(u64, rlim,		32, VALUE,	s->rlim)				\
	SAME(u64, pending_set,	VALUE,		s->shared_pending.signal.sig[0])	\
	MADE(u32, pending,	COUNT(siginfo, HANDOVER_UNLIMITED), count_pending(&s->shared_pending))

/* ---- tasks ---- */
#ifdef MUTANT_HANDOVER_VERSION /* a kernel that must refuse */
#define TASK_COMPATIBLE "scion-task-v9"
#else
#define TASK_COMPATIBLE "scion-task-v3"
#endif
/* restart; its arguments are what the restart block has */
#define RESTART_NONE	     0
#define RESTART_NANOSLEEP    1 /* clock, remainder, expires */
#define RESTART_FUTEX	     2 /* address, value, flags, bitset, expires */
#define RESTART_POLL	     3 /* entries, count, expires, has a limit */
#define RESTART_WRITE	     4 /* done, system call */
#define RESTART_SIGTIMEDWAIT 5 /* expires */
#define RESTART_SELECT	     6 /* expires; the rest is in the registers */
#define RESTART_PPOLL	     7 /* the same */
#define RESTARTS	     8
/* state */
#define TASK_SER_BOUNDARY    0 /* goes on at its registers */
#define TASK_SER_STOPPED     1 /* by a signal; the same when continued */
#define TASK_SER_ZOMBIE	     2
#define TASK_SER_STATES	     3
#define TASK_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u32, pid,		OWN_PID,	t->pid)					\
	SAME(u32, tgid,		PID,		t->tgid)				\
	MADE(u32, state,	BELOW(TASK_SER_STATES), state_of(t))			\
	COPY(char, comm,	16, TEXT,	t->comm)				\
	MADE(u32, group,	NUMBER(group),	number_of(&group_numbers, t->signal))	\
	MADE(u32, handlers,	NUMBER(handlers), number_of(&handler_numbers, t->sighand)) \
	MADE(u32, mm,		NUMBER_OR_NONE(mm), number_of(&mm_numbers, t->mm))	\
	MADE(u32, descriptors,	NUMBER_OR_NONE(descriptors), number_of(&descriptor_numbers, t->files)) \
	MADE(u32, directories,	NUMBER_OR_NONE(directories), number_of(&directory_numbers, t->fs)) \
	SAME(u32, flags,	VALUE,		t->flags)				\
	MADE(u32, nice,		BELOW(40),	t->nice + 20)				\
	SAME(u32, exit_code,	VALUE,		t->exit_code)				\
	SAME(u32, exit_signal,	VALUE,		t->exit_signal)				\
	SAME(u32, uid,		VALUE,		t->uid)					\
	SAME(u32, euid,		VALUE,		t->euid)				\
	SAME(u32, suid,		VALUE,		t->suid)				\
	SAME(u32, fsuid,	VALUE,		t->fsuid)				\
	SAME(u32, gid,		VALUE,		t->gid)					\
	SAME(u32, egid,		VALUE,		t->egid)				\
	SAME(u32, sgid,		VALUE,		t->sgid)				\
	SAME(u32, fsgid,	VALUE,		t->fsgid)				\
	SAME(u32, restore_sigmask, BOOL,	t->restore_sigmask)			\
	SAME(u32, stop_pending,	BOOL,		t->group_stop_pending)			\
	SAME(u32, sas_flags,	VALUE,		t->sas_ss_flags)			\
	SAME(u64, sas_sp,	VALUE,		t->sas_ss_sp)				\
	SAME(u64, sas_size,	VALUE,		t->sas_ss_size)				\
	SAME(u64, cpus_allowed,	VALUE,		t->cpus_allowed)			\
	SAME(u64, sum_exec,	VALUE,		t->sum_exec)				\
	SAME(u64, nvcsw,	VALUE,		t->nvcsw)				\
	SAME(u64, nivcsw,	VALUE,		t->nivcsw)				\
	SAME(u64, start_time,	VALUE,		t->start_time)				\
	SAME(u64, utime,	VALUE,		t->utime)				\
	SAME(u64, stime,	VALUE,		t->stime)				\
	SAME(u64, min_flt,	VALUE,		t->min_flt)				\
	SAME(u64, maj_flt,	VALUE,		t->maj_flt)				\
	SAME(u64, clear_child_tid, VALUE,	t->clear_child_tid)			\
	SAME(u64, robust_list,	VALUE,		t->robust_list)				\
	SAME(u64, pending_set,	VALUE,		t->pending.signal.sig[0])		\
	SAME(u64, blocked,	VALUE,		t->blocked.sig[0])			\
	SAME(u64, real_blocked,	VALUE,		t->real_blocked.sig[0])			\
	SAME(u64, saved_sigmask, VALUE,		t->saved_sigmask.sig[0])		\
	MADE(u32, restart,	BELOW(RESTARTS), kind_of_restart(&t->restart_block))	\
	TABLE(u64, arguments,	5, VALUE,	put_arguments(to, &t->restart_block))	\
	SAME(u64, fsbase,	CANONICAL,	t->thread.fsbase)			\
	SAME(u64, gsbase,	CANONICAL,	t->thread.gsbase)			\
	SAME(u16, ds,		USER_SELECTOR,	t->thread.ds)				\
	SAME(u16, es,		USER_SELECTOR,	t->thread.es)				\
	SAME(u64, cr2,		VALUE,		t->thread.cr2)				\
	SAME(u64, error_code,	VALUE,		t->thread.error_code)			\
	SAME(u64, trap_nr,	VALUE,		t->thread.trap_nr)			\
	TABLE(u64, regs,	21, USER_REGISTERS, put_registers(to, t))		\
	COPY(u8, fxsave,	512, FXSAVE,	t->thread.fxsave)			\
	MADE(u32, pending,	COUNT(siginfo, HANDOVER_UNLIMITED), count_pending(&t->pending)) \
	MADE(u32, children,	COUNT(child, HANDOVER_PIDS), count_children(t))
#define CHILD_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, pid,		PID,		child->pid)

/* ---- devices ---- */
#define UART_COMPATIBLE "scion-uart-v2"
#define UART_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, index,	BELOW(2),	index)					\
	SAME(u8, ier,		VALUE,		port->ier)				\
	SAME(u8, stopped,	BOOL,		port->stopped)				\
	SAME(u32, xmit_head,	VALUE,		port->xmit_head)			\
	SAME(u32, xmit_tail,	VALUE,		port->xmit_tail)			\
	SAME(u64, received,	VALUE,		port->received)				\
	SAME(u64, sent,		VALUE,		port->sent)				\
	SAME(u64, overruns,	VALUE,		port->overruns)				\
	COPY(char, xmit,	4096, VALUE,	port->xmit)

#define TTY_COMPATIBLE "scion-tty-v1"
#define TTY_RECORD(SAME, COPY, MADE, TABLE)						\
	MADE(u32, index,	VALUE,		tty->index)				\
	SAME(u32, iflag,	VALUE,		s->termios.c_iflag)			\
	SAME(u32, oflag,	VALUE,		s->termios.c_oflag)			\
	SAME(u32, cflag,	VALUE,		s->termios.c_cflag)			\
	SAME(u32, lflag,	VALUE,		s->termios.c_lflag)			\
	SAME(u8, line,		VALUE,		s->termios.c_line)			\
	COPY(u8, cc,		19, VALUE,	s->termios.c_cc)			\
	SAME(u16, row,		VALUE,		s->winsize.ws_row)			\
	SAME(u16, col,		VALUE,		s->winsize.ws_col)			\
	SAME(u16, xpixel,	VALUE,		s->winsize.ws_xpixel)			\
	SAME(u16, ypixel,	VALUE,		s->winsize.ws_ypixel)			\
	SAME(u32, session,	PID,		s->session)				\
	SAME(u32, pgrp,		PID,		s->pgrp)				\
	SAME(u32, read_head,	VALUE,		s->read_head)				\
	SAME(u32, canon_head,	VALUE,		s->canon_head)				\
	SAME(u32, read_tail,	VALUE,		s->read_tail)				\
	SAME(u32, column,	VALUE,		s->column)				\
	SAME(u32, canon_column,	VALUE,		s->canon_column)			\
	SAME(u32, stopped,	BOOL,		s->stopped)				\
	SAME(u32, lnext,	BOOL,		s->lnext)				\
	SAME(u64, signals,	VALUE,		s->signals)				\
	COPY(u64, eof_marks,	64, VALUE,	s->eof_marks)				\
	COPY(char, buf,		4096, VALUE,	s->buf)

#define DISK_COMPATIBLE "scion-disk-v1"
#define DISK_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, mmio_phys,	NONZERO,	disk->mmio_phys)			\
	SAME(u64, capacity,	VALUE,		disk->capacity)				\
	SAME(u64, ring_phys,	ADDRESS,	disk->ring_phys)			\
	SAME(u64, header_phys,	ADDRESS,	disk->header_phys)			\
	SAME(u32, irq,		VALUE,		disk->irq)				\
	SAME(u32, queue_size,	VALUE,		disk->queue_size)			\
	SAME(u32, ring_order,	BELOW(5),	disk->ring_order)			\
	SAME(u32, last_used,	VALUE,		disk->last_used)			\
	SAME(u32, read_only,	BOOL,		disk->read_only)

/* ---- counts: both kernels count their own objects by the same rule ---- */
#define COUNTS_COMPATIBLE "scion-counts-v1"
#define COUNTS_RECORD(SAME, COPY, MADE, TABLE)						\
	SAME(u64, tasks,	VALUE,		counts->tasks)				\
	SAME(u64, zombies,	VALUE,		counts->zombies)			\
	SAME(u64, stopped,	VALUE,		counts->stopped)			\
	SAME(u64, address_spaces, VALUE,	counts->address_spaces)			\
	SAME(u64, areas,	VALUE,		counts->areas)				\
	SAME(u64, user_pages,	VALUE,		counts->user_pages)			\
	SAME(u64, page_tables,	VALUE,		counts->page_tables)			\
	SAME(u64, files,	VALUE,		counts->files)				\
	SAME(u64, descriptors,	VALUE,		counts->descriptors)			\
	SAME(u64, pipes,	VALUE,		counts->pipes)				\
	SAME(u64, pipe_bytes,	VALUE,		counts->pipe_bytes)			\
	SAME(u64, inodes,	VALUE,		counts->inodes)				\
	SAME(u64, names,	VALUE,		counts->names)				\
	SAME(u64, cached_pages,	VALUE,		counts->cached_pages)			\
	SAME(u64, pending_signals, VALUE,	counts->pending_signals)		\
	SAME(u64, timers,	VALUE,		counts->timers)

/*
 * Every layout: a component's own record, and what its counts count. The compatible string of the latter is that of the
 * component whose list they belong to; the line of the ledger that its records are counted in, and as what.
 */
#define RECORD_LAYOUTS(X)								\
	X(schema,	SCHEMA_RECORD,		SCHEMA_COMPATIBLE,	NONE,		KEPT)	\
	X(field,	FIELD_RECORD,		SCHEMA_COMPATIBLE,	NONE,		KEPT)	\
	X(machine,	MACHINE_RECORD,		MACHINE_COMPATIBLE,	NONE,		KEPT)	\
	X(range,	RANGE_RECORD,		MACHINE_COMPATIBLE,	NONE,		KEPT)	\
	X(log,		LOG_RECORD,		LOG_COMPATIBLE,		NONE,		KEPT)	\
	X(text,		TEXT_RECORD,		LOG_COMPATIBLE,		NONE,		KEPT)	\
	X(uart,		UART_RECORD,		UART_COMPATIBLE,	DEVICES,	KEPT)	\
	X(tty,		TTY_RECORD,		TTY_COMPATIBLE,		NONE,		KEPT)	\
	X(disk,		DISK_RECORD,		DISK_COMPATIBLE,	DEVICES,	KEPT)	\
	X(super,	SUPER_RECORD,		SUPER_COMPATIBLE,	NONE,		KEPT)	\
	X(inode,	INODE_RECORD,		INODE_COMPATIBLE,	INODES,		REBUILT) \
	X(page,		PAGE_RECORD,		INODE_COMPATIBLE,	CACHE,		KEPT)	\
	X(name,		NAME_RECORD,		NAME_COMPATIBLE,	NAMES,		REBUILT) \
	X(mount,	MOUNT_RECORD,		MOUNT_COMPATIBLE,	NONE,		KEPT)	\
	X(pipe,		PIPE_RECORD,		PIPE_COMPATIBLE,	PIPES,		REBUILT) \
	X(buffer,	BUFFER_RECORD,		PIPE_COMPATIBLE,	PIPE_PAGES,	KEPT)	\
	X(file,		FILE_RECORD,		FILE_COMPATIBLE,	FILES,		REBUILT) \
	X(descriptors,	DESCRIPTORS_RECORD,	DESCRIPTORS_COMPATIBLE, NONE,		KEPT)	\
	X(descriptor,	DESCRIPTOR_RECORD,	DESCRIPTORS_COMPATIBLE, DESCRIPTORS,	REHASHED) \
	X(directories,	DIRECTORIES_RECORD,	DIRECTORIES_COMPATIBLE, NONE,		KEPT)	\
	X(mm,		MM_RECORD,		MM_COMPATIBLE,		SPACES,		REBUILT) \
	X(area,		AREA_RECORD,		MM_COMPATIBLE,		AREAS,		REBUILT) \
	X(handlers,	HANDLERS_RECORD,	HANDLERS_COMPATIBLE,	NONE,		KEPT)	\
	X(action,	ACTION_RECORD,		HANDLERS_COMPATIBLE,	NONE,		KEPT)	\
	X(group,	GROUP_RECORD,		GROUP_COMPATIBLE,	NONE,		KEPT)	\
	X(siginfo,	SIGINFO_RECORD,		GROUP_COMPATIBLE,	SIGNALS,	REBUILT) \
	X(task,		TASK_RECORD,		TASK_COMPATIBLE,	TASKS,		REBUILT) \
	X(child,	CHILD_RECORD,		TASK_COMPATIBLE,	NONE,		KEPT)	\
	X(counts,	COUNTS_RECORD,		COUNTS_COMPATIBLE,	NONE,		KEPT)	\
	X(frames,	FRAMES_RECORD,		FRAMES_COMPATIBLE,	NONE,		KEPT)

#define DECLARE_LAYOUT(name, LIST, compatible, line, fate) RECORD_STRUCT(name, LIST);
RECORD_LAYOUTS(DECLARE_LAYOUT)

#define NUMBER_LAYOUT(name, LIST, compatible, line, fate) LAYOUT_##name,
enum record_layout_number { RECORD_LAYOUTS(NUMBER_LAYOUT) LAYOUTS };

/* clang-format on */

#endif
