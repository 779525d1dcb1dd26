// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals: handlers, masks, pending, restart of system calls, alternate stack, faults, registers in the frame.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include "usertests.h"

static volatile int caught, caught_number;
static siginfo_t info;
static volatile unsigned long handler_stack;

static void handler(int number)
{
	int here;

	caught++;
	caught_number = number;
	handler_stack = (unsigned long)&here;
}

static void info_handler(int number, siginfo_t *from, void *context)
{
	(void)context;
	caught++;
	caught_number = number;
	info = *from;
}

static void catch_and_return(void)
{
	unsigned long before = 0x1122334455667788, after = before;

	signal(SIGUSR1, handler);
	/* A register that the handler's code uses must be as before. */
	asm volatile("" : "+r"(after));
	CHECK(raise(SIGUSR1) == 0 && caught == 1 && caught_number == SIGUSR1 && after == before);
	CHECK(raise(SIGUSR1) == 0 && caught == 2);
	CHECK(signal(SIGUSR1, SIG_IGN) == handler && raise(SIGUSR1) == 0 && caught == 2);
	FAILS_WITH(kill(getpid(), 99), EINVAL);
	FAILS_WITH(kill(99999, 0), ESRCH);
	CHECK(kill(getpid(), 0) == 0);
	CHECK(signal(SIGKILL, handler) == SIG_ERR && errno == EINVAL);
}

static void blocked_and_pending(void)
{
	sigset_t set = 0, old, pending;

	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0 && !sigismember(&old, SIGUSR1));
	raise(SIGUSR1);
	raise(SIGUSR2);
	CHECK(caught == 1 && caught_number == SIGUSR2);
	CHECK(sigpending(&pending) == 0 && pending == set);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && caught == 2 && caught_number == SIGUSR1);
	CHECK(sigpending(&pending) == 0 && pending == 0);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &old) == 0 && !sigismember(&old, SIGUSR1));
}

static void handler_mask(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESETHAND }, now;

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0 && caught == 1);
	CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
}

static void siginfo_of_kill(void)
{
	struct sigaction action = { .sa_sigaction = info_handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	CHECK(caught == 1 && info.si_signo == SIGUSR1 && info.si_code == 0 &&
	      info.si_pid == getpid());
}

static void child_signal(void)
{
	struct sigaction action = { .sa_sigaction = info_handler, .sa_flags = SA_SIGINFO };
	sigset_t set = 0, old;
	int status;
	pid_t child;

	sigaction(SIGCHLD, &action, NULL);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	child = fork();
	if (child == 0)
		_exit(5);
	while (!caught)
		sigsuspend(&old);
	CHECK(info.si_signo == SIGCHLD && info.si_pid == child);
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5);
}

static void interrupted_read(void)
{
	struct sigaction action = { .sa_handler = handler };
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	int ends[2];
	char byte;

	CHECK(pipe(ends) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
	setitimer(ITIMER_REAL, &soon, NULL);
	FAILS_WITH(read(ends[0], &byte, 1), EINTR);
	CHECK(caught == 1);
}

static void restarted_read(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	int ends[2], status;
	pid_t parent = getpid();
	char byte = 0;

	CHECK(pipe(ends) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
	if (fork() == 0) {
		struct timespec moment = { 0, 20000000 };

		nanosleep(&moment, NULL);
		kill(parent, SIGUSR1);
		nanosleep(&moment, NULL);
		write(ends[1], "r", 1);
		_exit(0);
	}
	CHECK(read(ends[0], &byte, 1) == 1 && byte == 'r' && caught == 1);
	CHECK(wait(&status) > 0 && status == 0);
}

static void suspend(void)
{
	sigset_t none = 0, set = 0, mask;

	signal(SIGALRM, handler);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGALRM);
	FAILS_WITH(sigsuspend(&none), EINTR);
	CHECK(caught == 1 && sigprocmask(SIG_BLOCK, NULL, &mask) == 0 &&
	      sigismember(&mask, SIGALRM));
}

static void alternate_stack(void)
{
	static char stack[8192];
	stack_t wanted = { stack, 0, sizeof(stack) }, now;
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

	CHECK(sigaltstack(&wanted, NULL) == 0 && sigaltstack(NULL, &now) == 0 &&
	      now.ss_sp == stack);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	CHECK(caught == 1 && handler_stack >= (unsigned long)stack &&
	      handler_stack < (unsigned long)stack + sizeof(stack));
}

static void fault_status(void (*fault)(void), int number)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		fault();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	      WTERMSIG(status) == number);
}

/* Hides from the compiler that an address is a bad one. */
static volatile int *at(unsigned long address)
{
	asm volatile("" : "+r"(address));
	return (volatile int *)address;
}

static void touch_null(void)
{
	*at(8) = 1;
}

static void touch_kernel(void)
{
	*at(0xffffffff80000000);
}

static void touch_noncanonical(void)
{
	*at(0x8000000000000000);
}

static void divide(void)
{
	asm volatile("xor %%ecx, %%ecx\n\tmov $1, %%eax\n\txor %%edx, %%edx\n\tdiv %%ecx"
		     :
		     :
		     : "eax", "ecx", "edx");
}

static void undefined(void)
{
	asm volatile("ud2");
}

static void privileged(void)
{
	asm volatile("cli");
}

static void breakpoint(void)
{
	asm volatile("int3");
}

static void write_text(void)
{
	*at((unsigned long)write_text) = 0;
}

static void run_data(void)
{
	static unsigned char code[] = { 0xc3 };

	((void (*)(void))code)();
}

static void faults(void)
{
	fault_status(touch_null, SIGSEGV);
	fault_status(touch_kernel, SIGSEGV);
	fault_status(touch_noncanonical, SIGSEGV);
	fault_status(divide, SIGFPE);
	fault_status(undefined, SIGILL);
	fault_status(privileged, SIGSEGV);
	fault_status(breakpoint, SIGTRAP);
	fault_status(write_text, SIGSEGV);
	fault_status(run_data, SIGSEGV);
}

static char *volatile guarded;

static void repair(int number, siginfo_t *from, void *context)
{
	(void)number;
	(void)context;
	info = *from;
	caught++;
	mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

/* The faulting instruction is executed again after the handler repaired its cause. */
static void repaired_fault(void)
{
	struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };

	guarded = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(guarded != MAP_FAILED && sigaction(SIGSEGV, &action, NULL) == 0);
	guarded[100] = 42;
	CHECK(caught == 1 && info.si_addr == guarded + 100 && guarded[100] == 42);
}

static void move_on(int number, siginfo_t *from, void *context)
{
	ucontext_t *registers = context;

	(void)number;
	(void)from;
	caught++;
	registers->rip += 2; /* ud2 has two bytes */
	registers->rbx = 77;
}

static void changed_registers(void)
{
	struct sigaction action = { .sa_sigaction = move_on, .sa_flags = SA_SIGINFO };
	unsigned long value = 5;

	sigaction(SIGILL, &action, NULL);
	asm volatile("mov $5, %%rbx\n\tud2\n\tmov %%rbx, %0" : "=r"(value) : : "rbx");
	CHECK(caught == 1 && value == 77);
}

/* A handler that uses XMM registers must not disturb the interrupted code's. */
static void float_handler(int number)
{
	(void)number;
	caught++;
	asm volatile("pxor %%xmm3, %%xmm3" : : : "xmm3");
}

static void float_registers(void)
{
	double before = 1.25, after;

	signal(SIGUSR1, float_handler);
	asm volatile(
		"movsd %1, %%xmm3\n\t"
		"mov $39, %%eax\n\tsyscall\n\t"					      /* getpid */
		"mov %%eax, %%edi\n\tmov $10, %%esi\n\tmov $62, %%eax\n\tsyscall\n\t" /* kill(pid, SIGUSR1) */
		"movsd %%xmm3, %0"
		: "=m"(after)
		: "m"(before)
		: "rax", "rcx", "rdi", "rsi", "r11", "xmm3", "memory");
	CHECK(caught == 1 && after == before);
}

static void inherited(void)
{
	sigset_t set = 0, now;
	int status;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, handler);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fork() == 0) {
		struct sigaction action;

		CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGTERM));
		CHECK(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == handler);
		raise(SIGUSR1);
		raise(SIGUSR2);
		_exit(caught == 1 ? 0 : 1);
	}
	CHECK(wait(&status) > 0 && status == 0);
}

const struct test signal_tests[] = {
	{ "signal_catch_and_return", catch_and_return, 0 },
	{ "signal_blocked_and_pending", blocked_and_pending, 0 },
	{ "signal_reset_handler", handler_mask, 0 },
	{ "signal_info", siginfo_of_kill, 0 },
	{ "signal_child", child_signal, 0 },
	{ "signal_interrupts_read", interrupted_read, 0 },
	{ "signal_restarts_read", restarted_read, 0 },
	{ "signal_suspend", suspend, 0 },
	{ "signal_alternate_stack", alternate_stack, 0 },
	{ "signal_faults", faults, 0 },
	{ "signal_repaired_fault", repaired_fault, 0 },
	{ "signal_changed_registers", changed_registers, 0 },
	{ "signal_float_registers", float_registers, 0 },
	{ "signal_inherited", inherited, 0 },
	{ NULL, NULL, 0 },
};
