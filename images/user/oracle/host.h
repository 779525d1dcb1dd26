// SPDX-License-Identifier: GPL-2.0-or-later
// What both programs ask of the system under them: Linux's calls, and the signals of what their instructions do wrong.
#ifndef ORACLE_HOST_H
#define ORACLE_HOST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define SA_SIGINFO  0x4ul
#define SA_RESTORER 0x04000000ul
#define SA_ONSTACK  0x08000000ul
#define SA_NODEFER  0x40000000ul

extern char restore_signal[];

static inline long system_call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* `entry` is called for each of them, on a stack of its own. `flags`: SA_*, besides what that needs. */
static inline void catch_signals(void *entry, u64 flags)
{
	static u8 stack[65536] __attribute__((aligned(64)));
	static const u8 signals[] = { 4, 5, 7, 8, 11 }; /* SIGILL SIGTRAP SIGBUS SIGFPE SIGSEGV */
	struct {
		void *base;
		u64 flags;
		u64 size;
	} alternate = { stack, 0, sizeof stack };
	struct {
		void *handler;
		u64 flags;
		void *restorer;
		u64 mask;
	} action = { entry, flags | SA_SIGINFO | SA_RESTORER | SA_ONSTACK, restore_signal, 0 };

	system_call(131, (long)&alternate, 0, 0, 0, 0, 0);
	for (u32 i = 0; i < sizeof signals; i++)
		system_call(13, signals[i], (long)&action, 0, 8, 0, 0);
}

#endif
