// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program is told of the exceptions it raises: signal, si_code, vector and error code. And the instructions that look at the
 * processor's tables: answered with constants, never with an address.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "usertests.h"

static volatile int signal_number, code;
static volatile unsigned long address, vector, error, resume;

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	signal_number = number;
	code = info->si_code;
	address = (unsigned long)info->si_addr;
	vector = uc->trapno;
	error = uc->err;
	uc->rip = resume;
	uc->eflags &= ~0x40500ul; /* AC, DF, TF */
}

static void catch_faults(void)
{
	static const int numbers[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* Executes @instructions on a stack of their own; what they raised is in the variables above, signal_number 0 if nothing. */
#define TRY(instructions)                                                                                     \
	do {                                                                                                  \
		static char stack[65536] __attribute__((aligned(16)));                                        \
		signal_number = code = 0;                                                                     \
		address = vector = error = 0;                                                                 \
		asm volatile(                                                                                 \
			"lea 9f(%%rip), %%rax; mov %%rax, %0; mov %%rsp, %%r15; mov %1, %%rsp\n" instructions \
			"\n9: mov %%r15, %%rsp; cld"                                                          \
			: "=m"(resume)                                                                        \
			: "r"(stack + 61440)                                                                  \
			: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r15", "memory", "cc");                   \
	} while (0)

#define RAISED(number, wanted) CHECK(signal_number == (number) && code == (wanted))

static void floating_point_codes(void)
{
	catch_faults();
	TRY("movl $0x1d80, -8(%%rsp); ldmxcsr -8(%%rsp); xorps %%xmm1, %%xmm1; mov $1, %%eax; cvtsi2ss %%eax, %%xmm0; divss %%xmm1, %%xmm0");
	RAISED(SIGFPE, 3); /* FPE_FLTDIV */
	TRY("movl $0x0f80, -8(%%rsp); ldmxcsr -8(%%rsp); mov $3, %%eax; cvtsi2ss %%eax, %%xmm1; mov $1, %%eax; cvtsi2ss %%eax, %%xmm0; divss %%xmm1, %%xmm0");
	RAISED(SIGFPE, 6); /* FPE_FLTRES */
	TRY("movl $0x1f00, -8(%%rsp); ldmxcsr -8(%%rsp); xorps %%xmm1, %%xmm1; divss %%xmm1, %%xmm1");
	RAISED(SIGFPE, 7); /* FPE_FLTINV */
	TRY("movl $0x1b80, -8(%%rsp); ldmxcsr -8(%%rsp); mov $0x7f7fffff, %%eax; movd %%eax, %%xmm0; mulss %%xmm0, %%xmm0");
	RAISED(SIGFPE, 4); /* FPE_FLTOVF */
	TRY("movl $0x1780, -8(%%rsp); ldmxcsr -8(%%rsp); mov $0x00800000, %%eax; movd %%eax, %%xmm0; mulss %%xmm0, %%xmm0");
	RAISED(SIGFPE, 5); /* FPE_FLTUND */
	TRY("movl $0x1f80, -8(%%rsp); ldmxcsr -8(%%rsp); fninit; movw $0x37b, -8(%%rsp); fldcw -8(%%rsp); fld1; fldz; fdivrp; fwait");
	RAISED(SIGFPE, 3);
	TRY("fninit; movw $0x35f, -8(%%rsp); fldcw -8(%%rsp); fld1; fldpi; fdivrp; fwait");
	RAISED(SIGFPE, 6);
	TRY("fninit; movw $0x37e, -8(%%rsp); fldcw -8(%%rsp); fld %%st(0); fwait");
	RAISED(SIGFPE, 7);
	TRY("fninit; xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax; div %%ecx");
	RAISED(SIGFPE, 1); /* FPE_INTDIV */
}

static void trap_codes(void)
{
	catch_faults();
	TRY(".byte 0xf1; nop");
	RAISED(SIGTRAP, 1); /* TRAP_BRKPT */
	TRY("pushfq; orq $0x100, (%%rsp); popfq; nop; nop");
	RAISED(SIGTRAP, 2); /* TRAP_TRACE */
	TRY("int3");
	RAISED(SIGTRAP, 0x80); /* SI_KERNEL */
	TRY("ud2");
	RAISED(SIGILL, 2); /* ILL_ILLOPN */
	CHECK(vector == 6);
}

unsigned char *read_only;

static void memory_codes(void)
{
	unsigned char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	catch_faults();
	TRY("mov $16, %%ecx; mov (%%rcx), %%eax");
	RAISED(SIGSEGV, 1); /* SEGV_MAPERR */
	CHECK(address == 16 && vector == 14 && error == 4);
	read_only = page;
	TRY("mov read_only(%%rip), %%rcx; movb $1, (%%rcx)");
	RAISED(SIGSEGV, 2); /* SEGV_ACCERR */
	CHECK(address == (unsigned long)page && error == 6);
	TRY("mov $-4096, %%rcx; mov (%%rcx), %%eax");
	RAISED(SIGSEGV, 1);
	CHECK(vector == 14 && error == 5); /* the kernel's pages are "there", all of them */
	TRY("mov $0x8000000000000000, %%rcx; mov (%%rcx), %%eax");
	RAISED(SIGSEGV, 0x80);
	CHECK(vector == 13 && error == 0 && address == 0);
	TRY("cli");
	RAISED(SIGSEGV, 0x80);
}

/* There is no local descriptor table, and nothing at the addresses where one of reset would be. */
static void local_selectors(void)
{
	catch_faults();
	TRY("mov $0xaef, %%eax; lar %%eax, %%ebx");
	CHECK(signal_number == 0);
	TRY("mov $0xaef, %%eax; lsl %%eax, %%ebx");
	CHECK(signal_number == 0);
	TRY("mov $0x7, %%eax; verr %%ax");
	CHECK(signal_number == 0);
	TRY("mov $0x1234, %%eax; mov %%eax, %%ds");
	RAISED(SIGSEGV, 0x80);
	CHECK(vector == 13 && error == 0x1234);
	TRY("push $0x77; push $0; lretq");
	RAISED(SIGSEGV, 0x80);
	CHECK(vector == 13 && error == 0x74);
	if (mmap((void *)0x10000, 0x1000, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		SKIP("no page at 64 KiB");
	TRY("mov $0xf007, %%eax; lar %%eax, %%ebx");
	CHECK(signal_number == 0);
}

/* SGDT, SIDT, SMSW, SLDT, STR: in memory, in registers of each size, and with addresses of each kind. */
static void table_instructions(void)
{
	struct {
		unsigned short limit;
		unsigned long base;
	} __attribute__((packed)) table;
	unsigned long word = ~0ul, *at = &word;
	unsigned short half[8];

	catch_faults();
	asm volatile("sgdt %0" : "=m"(table));
	CHECK(table.base >> 63);
	memset(&table, 7, sizeof(table));
	asm volatile("sidt (%0,%1,4)" : : "r"((unsigned long)&table - 8), "r"(2l) : "memory");
	CHECK(table.base >> 63);
	asm volatile("smsw %0" : "=r"(word));
	CHECK((word & 0xffff) == 0x33);
	word = ~0ul;
	asm volatile("smsw %w0" : "+r"(word));
	CHECK(word == 0xffffffffffff0033);
	asm volatile("movq %1, %%r12; smsw 6(%%r12)" : "=m"(half) : "r"(half) : "r12", "memory");
	CHECK(half[3] == 0x33);
	asm volatile("str %w0" : "+r"(word));
	CHECK((word & 0xffff) == 0x40);
	asm volatile("sldt %w0" : "+r"(word));
	CHECK((word & 0xffff) == 0);
	word = ~0ul;
	asm volatile("str (%0)" : : "r"(at) : "memory");
	CHECK(word == 0xffffffffffff0040);
	TRY("mov $16, %%ecx; sidt (%%rcx)");
	RAISED(SIGSEGV, 1);
	CHECK(address == 16 && vector == 14 && error == 6);
}

static int has_fsgsbase(void)
{
	unsigned int a = 7, b, c = 0, d;

	asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b & 1;
}

/* Bases that the program sets itself are its own: a child has a copy, another task never sees them. */
static void segment_bases(void)
{
	unsigned long fs, gs, before;
	int status;
	pid_t child;

	if (!has_fsgsbase())
		SKIP("the processor has no FSGSBASE");
	catch_faults();
	TRY("rdfsbase %%rax");
	CHECK(signal_number == 0);
	asm volatile("rdfsbase %0" : "=r"(before));
	asm volatile("wrfsbase %0; wrgsbase %1"
		     :
		     : "r"(0x123456789000ul), "r"(0xffff800000001234ul));
	child = fork();
	for (int i = 0; i < 20; i++)
		syscall(SYS_sched_yield);
	asm volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
	if (child == 0) {
		asm volatile("wrfsbase %0; wrgsbase %0" : : "r"(child + 5l));
		_exit(fs == 0x123456789000 && gs == 0xffff800000001234 ? 0 : 1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	asm volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
	asm volatile("wrfsbase %0" : : "r"(before));
	CHECK(fs == 0x123456789000 && gs == 0xffff800000001234);
}

const struct test fault_tests[] = {
	{ "floating_point_codes", floating_point_codes, 0 },
	{ "trap_codes", trap_codes, 0 },
	{ "memory_codes", memory_codes, 0 },
	{ "local_selectors", local_selectors, 0 },
	{ "table_instructions", table_instructions, 0 },
	{ "segment_bases", segment_bases, 0 },
	{ NULL, NULL, 0 },
};
