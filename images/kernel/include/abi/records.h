/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a handover, component by component.
 *
 * This interface is a contract. Any change of a structure here requires a new
 * number in the compatible string of its component: a kernel that knows another
 * one refuses, and the old kernel goes on. Everything is packed and little
 * endian. Only numbers cross: physical addresses, and the position of another
 * record in its own component ("number", from 0; HANDOVER_NONE = none).
 *
 *   machine <- log                    uart <- tty        disk
 *   super <- inode <- name <- mount   pipe <- file <- descriptors, directories
 *   mm (page tables, areas)  handlers  group  task       frames, counts
 */
#ifndef _ABI_RECORDS_H
#define _ABI_RECORDS_H

#include <linux/types.h>

#define HANDOVER_NONE 0xffffffffU
#define __ser	      __attribute__((packed))

/* ---- machine: one record ---- */
#define MACHINE_COMPATIBLE "scion-machine-v1"
#define MACHINE_RANGES	   64
#define MACHINE_CPUS	   16

struct range_ser {
	/* 0x00 */ __u64 start;
	/* 0x08 */ __u64 size;
	/* 0x10 */ __u32 usable;
} __ser;

struct machine_ser {
	/* 0x00 */ __u64 tsc_base, ns_base, real_offset_ns, tsc_hz;
	/* 0x20 */ __u64 apic_timer_hz;
	/* 0x28 */ __u64 rsdp;
	/* 0x30 */ __u32 nr_ranges;
	/* 0x34 */ __u32 nr_cpus;
	/* 0x38 */ __u32 last_pid;
	/* 0x3c */ __u32 kthreads; /* left behind */
	/* 0x40 */ __u32 patches;  /* live patches left behind */
	/* 0x44 */ __u32 apic_ids[MACHINE_CPUS];
	/* 0x84 */ struct range_ser ranges[MACHINE_RANGES];
	/*      */ char command_line[1024]; /* for the new kernel */
} __ser;

/* ---- log: the kernel log, oldest first; then `length` bytes of text ---- */
#define LOG_COMPATIBLE "scion-log-v1"
struct log_ser {
	/* 0x00 */ __u64 ts_nsec;
	/* 0x08 */ __u16 level;
	/* 0x0a */ __u16 length;
} __ser;

/* ---- frames: what the books of the page allocator must say afterwards ---- */
#define FRAMES_COMPATIBLE	    "scion-frames-v1"
#define FRAME_SER_PFN(v)	    ((v)&0xffffffffULL)
#define FRAME_SER_COUNT(v)	    ((v) >> 32 & 0xffffff)
#define FRAME_SER_KIND(v)	    ((v) >> 56)
#define FRAME_SER(pfn, count, kind) ((__u64)(pfn) | (__u64)(count) << 32 | (__u64)(kind) << 56)
/* kinds */
#define FRAME_TABLE		    1 /* page table, the kernel's or a process's */
#define FRAME_ANON		    2 /* user memory */
#define FRAME_CACHE		    3 /* page of a tmpfs file */
#define FRAME_PIPE		    4 /* contents of a pipe */
#define FRAME_DEVICE		    5 /* a device knows its address */

/* ---- supers, inodes, names, mounts ---- */
#define SUPER_COMPATIBLE "scion-super-v1"
struct super_ser {
	/* 0x00 */ char type[16];
	/* 0x10 */ char source[32];
	/* 0x30 */ __u32 dev;
	/* 0x34 */ __u32 tmpfs;
	/* 0x38 */ __u64 flags, next_ino, next_seq;
} __ser;

/* followed by `pages` words (frame << 24 | index), or for a link by its target */
#define INODE_COMPATIBLE "scion-inode-v1"
struct inode_ser {
	/* 0x00 */ __u32 super;
	/* 0x04 */ __u32 is_root;
	/* 0x08 */ __u64 ino;
	/* 0x10 */ __u32 mode, rdev, nlink, uid, gid;
	/* 0x24 */ __u32 pages;
	/* 0x28 */ __u64 size;
	/* 0x30 */ __u64 atime_ns, mtime_ns, ctime_ns;
} __ser;

/* followed by the name as a string; parents come first */
#define NAME_COMPATIBLE "scion-name-v1"
struct name_ser {
	/* 0x00 */ __u32 super;
	/* 0x04 */ __u32 parent; /* number of a name; NONE: root of the super block */
	/* 0x08 */ __u32 inode;	 /* NONE for a root */
	/* 0x0c */ __u32 linked; /* 0: removed, but in use */
	/* 0x10 */ __u64 seq;
} __ser;

#define MOUNT_COMPATIBLE "scion-mount-v1"
struct mount_ser {
	/* 0x00 */ __u32 super;
	/* 0x04 */ __u32 name; /* the directory it hides */
} __ser;

/* ---- pipes; each followed by its full buffers, oldest first ---- */
#define PIPE_COMPATIBLE "scion-pipe-v1"
struct pipe_ser {
	/* 0x00 */ __u32 inode; /* of a named pipe, else NONE */
	/* 0x04 */ __u32 buffers;
	/* 0x08 */ __u64 ino;
	/* 0x10 */ __u32 readers, writers, r_counter, w_counter;
} __ser;
struct pipe_buffer_ser {
	/* 0x00 */ __u64 phys;
	/* 0x08 */ __u32 offset, length;
} __ser;

/* ---- open files ---- */
#define FILE_COMPATIBLE "scion-file-v1"
#define FILE_OF_INODE	0
#define FILE_OF_PIPE	1
#define FILE_OF_NAME	2 /* the root of a file system of the kernel's own */
struct file_ser {
	/* 0x00 */ __u64 id;
	/* 0x08 */ char kind[16];
	/* 0x18 */ __u32 flags, mode;
	/* 0x20 */ __u64 pos;
	/* 0x28 */ __u32 tty; /* NONE: not a terminal */
	/* 0x2c */ __u32 name;
	/* 0x30 */ __u32 of;	 /* FILE_OF_* */
	/* 0x34 */ __u32 object; /* number of an inode or a pipe */
} __ser;

/* tables of descriptors; each followed by `count` descriptors */
#define DESCRIPTORS_COMPATIBLE "scion-descriptors-v1"
struct descriptors_ser {
	/* 0x00 */ __u32 count;
} __ser;
struct descriptor_ser {
	/* 0x00 */ __u16 fd;
	/* 0x02 */ __u16 close_on_exec;
	/* 0x04 */ __u32 file;
} __ser;

#define DIRECTORIES_COMPATIBLE "scion-directories-v1"
struct directories_ser {
	/* 0x00 */ __u32 root, pwd; /* names */
	/* 0x08 */ __u32 umask;
} __ser;

/* ---- address spaces; each followed by `areas` areas ---- */
#define MM_COMPATIBLE "scion-mm-v1"
struct mm_ser {
	/* 0x00 */ __u64 pgd; /* physical; the tables below it stay as they are */
	/* 0x08 */ __u32 pcid;
	/* 0x0c */ __u32 exe_file;
	/* 0x10 */ __u64 cpu_bitmap; /* CPUs whose TLB may hold entries of the PCID */
	/* 0x18 */ __u64 mmap_base, start_code, end_code, start_data, end_data, start_brk, brk;
	/* 0x50 */ __u64 start_stack, arg_start, arg_end, env_start, env_end;
	/* 0x78 */ __u64 total_vm, rss, nr_ptes, hiwater_rss;
	/* 0x98 */ __u32 areas;
	/* 0x9c */ __u32 tables_crc32; /* of all page tables of the user half */
	/* 0xa0 */ __u64 auxv[48];
} __ser;
struct area_ser {
	/* 0x00 */ __u64 start, end, flags, pgoff;
	/* 0x20 */ __u32 file;
} __ser;

/* ---- signals ---- */
#define HANDLERS_COMPATIBLE "scion-handlers-v1"
struct handler_ser {
	/* 0x00 */ __u64 handler, flags, restorer, mask;
} __ser;
struct handlers_ser {
	/* 0x00 */ struct handler_ser action[64];
} __ser;

/* thread groups; each followed by `pending` siginfos of 128 bytes */
#define GROUP_COMPATIBLE "scion-group-v1"
struct group_ser {
	/* 0x00 */ __u32 pgrp, session, leader, tty;
	/* 0x10 */ __u32 group_exit, group_exit_code, group_stopped, stop_code;
	/* 0x20 */ __u32 continued, pending, timer_active, reserved;
	/* 0x30 */ __u64 pending_set;
	/* 0x38 */ __u64 timer_expires, timer_interval;
	/* 0x48 */ __u64 utime, stime, cutime, cstime, maxrss;
	/* 0x70 */ __u64 rlim[16][2];
} __ser;

/* ---- tasks; followed by `pending` siginfos, then `children` numbers (__u32) ---- */
#ifdef MUTANT_HANDOVER_VERSION /* a kernel that must refuse */
#define TASK_COMPATIBLE "scion-task-v2"
#else
#define TASK_COMPATIBLE "scion-task-v1"
#endif
#define RESTART_NONE	     0
#define RESTART_NANOSLEEP    1 /* clock, remainder, expires */
#define RESTART_FUTEX	     2 /* address, value, flags, bitset, expires */
#define RESTART_POLL	     3 /* entries, count, expires, has a limit */
#define RESTART_WRITE	     4 /* done, system call */
#define RESTART_SIGTIMEDWAIT 5 /* expires */
/* state */
#define TASK_SER_BOUNDARY    0 /* goes on at its registers */
#define TASK_SER_STOPPED     1 /* by a signal; the same when continued */
#define TASK_SER_ZOMBIE	     2
struct task_ser {
	/* 0x000 */ __u32 pid, tgid, parent; /* pids; parent 0 = the kernel */
	/* 0x00c */ __u32 state;
	/* 0x010 */ char comm[16];
	/* 0x020 */ __u32 group, handlers, mm, descriptors, directories; /* numbers */
	/* 0x034 */ __u32 flags;
	/* 0x038 */ __u32 nice;
	/* 0x03c */ __u32 exit_code, exit_signal;
	/* 0x044 */ __u32 uid, euid, suid, fsuid, gid, egid, sgid, fsgid;
	/* 0x064 */ __u32 pending, children;
	/* 0x06c */ __u32 restore_sigmask, sas_flags;
	/* 0x074 */ __u64 cpus_allowed;
	/* 0x07c */ __u64 sum_exec, nvcsw, nivcsw, start_time, utime, stime, min_flt, maj_flt;
	/* 0x0bc */ __u64 clear_child_tid, robust_list;
	/* 0x0cc */ __u64 pending_set, blocked, real_blocked, saved_sigmask;
	/* 0x0ec */ __u64 sas_sp, sas_size;
	/* 0x0fc */ __u32 restart, reserved;
	/* 0x104 */ __u64 restart_arguments[5];
	/* 0x12c */ __u64 fsbase, gsbase, cr2, error_code, trap_nr;
	/* 0x154 */ __u64 regs[21];   /* struct pt_regs, Linux's order */
	/* 0x1fc */ __u8 fxsave[512]; /* SDM 1 10.5.1 */
} __ser;
_Static_assert(__builtin_offsetof(struct task_ser, regs) == 0x154, "contract");
_Static_assert(sizeof(struct task_ser) == 0x3fc, "contract");

/* ---- devices ---- */
#define UART_COMPATIBLE "scion-uart-v1"
struct uart_ser {
	/* 0x00 */ __u8 ier, present, stopped, reserved;
	/* 0x04 */ __u32 xmit_head, xmit_tail;
	/* 0x0c */ __u64 received, sent, overruns;
	/* 0x24 */ char xmit[4096];
} __ser;

#define TTY_COMPATIBLE "scion-tty-v1"
struct tty_ser {
	/* 0x00 */ __u32 index;
	/* 0x04 */ __u32 iflag, oflag, cflag, lflag;
	/* 0x14 */ __u8 line, cc[19];
	/* 0x28 */ __u16 row, col, xpixel, ypixel;
	/* 0x30 */ __u32 session, pgrp;
	/* 0x38 */ __u32 read_head, canon_head, read_tail, column, canon_column;
	/* 0x4c */ __u32 stopped, lnext;
	/* 0x54 */ __u64 signals;
	/* 0x5c */ __u64 eof_marks[64];
	/* 0x25c */ char buf[4096];
} __ser;

#define DISK_COMPATIBLE "scion-disk-v1"
struct disk_ser {
	/* 0x00 */ __u64 mmio_phys, capacity, ring_phys, header_phys;
	/* 0x20 */ __u32 irq, queue_size, ring_order, last_used, read_only;
} __ser;

/* ---- counts: both kernels count their own objects by the same rule ---- */
#define COUNTS_COMPATIBLE "scion-counts-v1"
struct counts_ser {
	/* 0x00 */ __u64 tasks, zombies, stopped;
	/* 0x18 */ __u64 address_spaces, areas, user_pages, page_tables;
	/* 0x38 */ __u64 files, descriptors, pipes, pipe_bytes;
	/* 0x58 */ __u64 inodes, names, cached_pages;
	/* 0x70 */ __u64 pending_signals, timers;
};

#endif
