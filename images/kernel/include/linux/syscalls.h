/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls. SYSCALL_DEFINE3(read, unsigned int, fd, ...) makes a function
 * __x64_sys_read(const struct pt_regs *), enters it into the table under
 * __NR_read (include/uapi/unistd.h), and holds the body. The result goes to
 * user mode; -ERESTART* make the call run again as signal.h says.
 */
#ifndef _LINUX_SYSCALLS_H
#define _LINUX_SYSCALLS_H

#include <linux/types.h>
#include <asm/ptrace.h>
#include <uapi/unistd.h>

#define NR_syscalls 512
typedef long (*sys_call_ptr_t)(const struct pt_regs *);
extern sys_call_ptr_t sys_call_table[NR_syscalls];

struct syscall_record {
	unsigned long nr;
	sys_call_ptr_t fn;
};

#define __SC_ENTRY(name)                                                         \
	long __x64_sys_##name(const struct pt_regs *regs);                       \
	static const struct syscall_record __syscall_##name __used __aligned(16) \
		__section(".syscalls") = { __NR_##name, __x64_sys_##name }

#define SYSCALL_DEFINE0(name) \
	__SC_ENTRY(name);     \
	long __x64_sys_##name(const struct pt_regs *regs __unused)
#define SYSCALL_DEFINE1(name, t1, a1)                       \
	static __always_inline long __do_sys_##name(t1 a1); \
	__SC_ENTRY(name);                                   \
	long __x64_sys_##name(const struct pt_regs *regs)   \
	{                                                   \
		return __do_sys_##name((t1)regs->di);       \
	}                                                   \
	static __always_inline long __do_sys_##name(t1 a1)
#define SYSCALL_DEFINE2(name, t1, a1, t2, a2)                       \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2);  \
	__SC_ENTRY(name);                                           \
	long __x64_sys_##name(const struct pt_regs *regs)           \
	{                                                           \
		return __do_sys_##name((t1)regs->di, (t2)regs->si); \
	}                                                           \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2)
#define SYSCALL_DEFINE3(name, t1, a1, t2, a2, t3, a3)                             \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3);         \
	__SC_ENTRY(name);                                                         \
	long __x64_sys_##name(const struct pt_regs *regs)                         \
	{                                                                         \
		return __do_sys_##name((t1)regs->di, (t2)regs->si, (t3)regs->dx); \
	}                                                                         \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3)
#define SYSCALL_DEFINE4(name, t1, a1, t2, a2, t3, a3, t4, a4)                                    \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3, t4 a4);                 \
	__SC_ENTRY(name);                                                                        \
	long __x64_sys_##name(const struct pt_regs *regs)                                        \
	{                                                                                        \
		return __do_sys_##name((t1)regs->di, (t2)regs->si, (t3)regs->dx, (t4)regs->r10); \
	}                                                                                        \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3, t4 a4)
#define SYSCALL_DEFINE5(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                           \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);         \
	__SC_ENTRY(name);                                                                       \
	long __x64_sys_##name(const struct pt_regs *regs)                                       \
	{                                                                                       \
		return __do_sys_##name((t1)regs->di, (t2)regs->si, (t3)regs->dx, (t4)regs->r10, \
				       (t5)regs->r8);                                           \
	}                                                                                       \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5)
#define SYSCALL_DEFINE6(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)                   \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6);  \
	__SC_ENTRY(name);                                                                       \
	long __x64_sys_##name(const struct pt_regs *regs)                                       \
	{                                                                                       \
		return __do_sys_##name((t1)regs->di, (t2)regs->si, (t3)regs->dx, (t4)regs->r10, \
				       (t5)regs->r8, (t6)regs->r9);                             \
	}                                                                                       \
	static __always_inline long __do_sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6)

#endif
