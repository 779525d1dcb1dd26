// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own arch/text-patching.c on the host's CPU, in user space: two
 * threads call a function over and over while a third turns its first five
 * bytes from NOP to CALL and back. Real cross-modifying code on real silicon.
 *
 * What stands in for the kernel: #BP is SIGTRAP, the IPI that serializes is
 * membarrier(2), the writable alias is the text itself (mapped RWX). One
 * difference: a signal is delivered later than a trap, so that a batch may be
 * retired before its handler runs; then the site is complete and is run again.
 * Prints "ok <traps> <hits>" or dies.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <asm/page.h>
#include <asm/ptrace.h>
#include <asm/text-patching.h>

#define ROUNDS	       20000
#define SYS_arch_prctl 158
#define SYS_membarrier 324

extern int dprintf(int fd, const char *fmt, ...);
extern long syscall(long number, ...);
extern int mprotect(void *addr, size_t len, int prot);
extern int sigaction(int sig, const void *action, void *old);
extern int pthread_create(unsigned long *thread, void *attr, void *(*fn)(void *), void *arg);
extern int pthread_join(unsigned long thread, void **result);
extern void _exit(int status) __noreturn;

unsigned long arena_phys, arena_virt;
struct cpu_features boot_cpu;
int strcmp(const char *a, const char *b);
static volatile bool stop;
static volatile long traps;
long hits;

void mutex_lock(struct mutex *m)
{
}
void mutex_unlock(struct mutex *m)
{
}

void panic(const char *fmt, ...)
{
	dprintf(2, "panic: %s\n", fmt);
	_exit(3);
}

phys_addr_t kernel_text_phys(unsigned long addr)
{
	return addr - PAGE_OFFSET;
}

int on_each_cpu(smp_call_func_t fn, void *info, int wait)
{
	fn(info);
	return syscall(SYS_membarrier, 1 << 5, 0, 0);
}

/* victim(x) = x + 1, with a patchable entry that crosses a cache line. */
asm("	.text\n"
    "	.balign 64\n"
    "	.skip 62, 0x90\n"
    "	.globl victim\n"
    "victim:	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
    "	leaq	1(%rdi), %rax\n"
    "	ret\n"
    "	.globl counter\n"
    "counter:	lock incq hits\n"
    "	ret\n");
extern char victim_entry[] asm("victim"), counter[];
extern long victim(long x);

/* ucontext: gregs begin at byte 40; 15 = RSP, 16 = RIP */
static void on_trap(int sig, void *info, void *context)
{
	unsigned long *gregs = (unsigned long *)((char *)context + 40);
	struct pt_regs regs = { .sp = gregs[15], .ip = gregs[16], .cs = 0x10 };

	for (int tries = 0; !poke_int3_handler(&regs); tries++) {
		if (*(volatile u8 *)(regs.ip - 1) != INT3_INSN_OPCODE) {
			regs.ip--;
			break;
		}
		/* an int3 that is there now may be the next batch's, published before its byte: ask again */
		if (tries == 100) {
			dprintf(2, "int3 nobody claims at %lx\n", regs.ip - 1);
			_exit(4);
		}
	}
	gregs[15] = regs.sp;
	gregs[16] = regs.ip;
	__atomic_add_fetch(&traps, 1, __ATOMIC_RELAXED);
}

static void *caller(void *arg)
{
	for (long i = 1; !stop; i++)
		if (victim(i) != i + 1) {
			dprintf(2, "victim(%ld) went wrong\n", i);
			_exit(5);
		}
	return NULL;
}

int main(void)
{
	unsigned long page = (unsigned long)victim_entry & ~0xfffUL, thread[2];
	long action[20] = { (long)on_trap };
	s32 disp = counter - (victim_entry + 5);
	u8 call[5] = { CALL_INSN_OPCODE };
	int i;

	action[17] = 4; /* SA_SIGINFO */
	sigaction(5, action, NULL);
	mprotect((void *)page, 8192, 7);
	syscall(SYS_membarrier, 1 << 6, 0, 0);
	__builtin_memcpy(call + 1, &disp, 4);
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, caller, NULL);
	for (i = 0; i < ROUNDS; i++) {
		text_poke_bp(victim_entry, call, 5, NULL);
		text_poke_bp(victim_entry, x86_nop5, 5, NULL);
	}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	dprintf(1, "ok %ld %ld\n", traps, hits);
	return 0;
}
