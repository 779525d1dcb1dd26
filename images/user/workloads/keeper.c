// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tree of processes, each asleep in another way or holding another kind of state, and each looking again and again whether it is
 * still as it was: what a change of the kernel under programs can damage. ROUNDS is how often each looks, PAUSE how long it sleeps
 * between two looks, STEPS how many processes more do nothing but sleep and look at their memory.
 *
 * 1. A keeper is a function in a child of its own. It returns a number that depends on ROUNDS only, or says what is damaged.
 * 2. A keeper without a signal handler takes EINTR for damage: no signal was sent to it, so no call may be cut short.
 * 3. The children share one anonymous page with the parent for their numbers and for futexes, so that memory is kept as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "workload.h"

#define PAGE		    4096
#define KEEPERS		    32
#define COW_PAGES	    24
#define SYS_mknod	    133
#define SYS_rt_sigtimedwait 128
#define ARCH_SET_GS	    0x1001
#define ARCH_SET_FS	    0x1002

struct board {
	uint64_t results[KEEPERS];
	volatile uint32_t turn;	 /* futex of two */
	volatile uint32_t never; /* futex that nobody wakes */
	volatile uint64_t steps; /* of the one that is stopped */
};

static struct workload workload;
static struct board *board;
static const char *part = "begin";
static uint64_t *cow;
static int devnull_cloexec;

static void damaged(const char *what, long round)
{
	char text[80];

	snprintf(text, sizeof(text), "%s: %s (errno %d)", part, what, errno);
	workload_fail(&workload, text, round);
}

/* Not to be cut short. */
static void rest(long microseconds, long round)
{
	struct timespec before, after,
		span = { microseconds / 1000000, microseconds % 1000000 * 1000 };
	long passed;

	clock_gettime(CLOCK_MONOTONIC, &before);
	if (nanosleep(&span, NULL) < 0)
		damaged("nanosleep was cut short", round);
	clock_gettime(CLOCK_MONOTONIC, &after);
	passed = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
	if (passed < microseconds)
		damaged("nanosleep returned early", round);
}

static long pause_us(void)
{
	return workload.pause * 1000 + 200;
}

static void reap(pid_t child, int wanted, long round)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child)
		damaged("wait was cut short", round);
	if (status != wanted)
		damaged("a child's status", round);
}

/* Blocked in the middle of a write, and in a read of what is not there yet. */
static uint64_t keep_pipe(void)
{
	static unsigned char piece[100000];
	uint64_t seed = 3, hash = HASH_BEGIN, total = (uint64_t)workload.rounds * sizeof(piece),
		 got = 0;
	int ends[2];
	pid_t writer;

	if (pipe(ends) < 0 || (writer = fork()) < 0)
		damaged("pipe or fork", 0);
	if (writer == 0) {
		close(ends[0]);
		for (long round = 0; round < workload.rounds; round++) {
			struct iovec halves[2] = { { piece, 33333 },
						   { piece + 33333, sizeof(piece) - 33333 } };
			ssize_t done;

			for (size_t i = 0; i < sizeof(piece); i++)
				piece[i] = (unsigned char)(i * 7 + round);
			errno = 0;
			done = round % 2 ? writev(ends[1], halves, 2)
					 : write(ends[1], piece, sizeof(piece));
			if (done != sizeof(piece))
				damaged("a write was cut short", round);
		}
		_exit(0);
	}
	close(ends[1]);
	while (got < total) {
		size_t wanted = 1 + next_random(&seed) % 30000;
		ssize_t n = read(ends[0], piece, wanted);

		if (n <= 0)
			damaged("a read was cut short", (long)(got / sizeof(piece)));
		for (ssize_t i = 0; i < n; i++, got++)
			if (piece[i] !=
			    (unsigned char)(got % sizeof(piece) * 7 + got / sizeof(piece)))
				damaged("bytes of the pipe", (long)(got / sizeof(piece)));
		if (got % 4 == 0)
			rest(pause_us() / 4, (long)(got / sizeof(piece)));
	}
	if (read(ends[0], piece, 1) != 0)
		damaged("the pipe's end", workload.rounds);
	reap(writer, 0, workload.rounds);
	return hash_word(hash, got);
}

/* Two take turns by a futex; one waits for a word that never changes, with a limit. */
static uint64_t keep_futex(void)
{
	pid_t other = fork();
	uint32_t me = other ? 0 : 1;

	for (long round = 0; round < workload.rounds; round++) {
		struct timespec limit = { 0, pause_us() * 500 };
		uint32_t seen;

		while ((seen = board->turn) % 2 != me) {
			if (syscall(SYS_futex, &board->turn, 0L, (long)seen, NULL, NULL, 0L) < 0 &&
			    errno != EAGAIN)
				damaged("futex wait", round);
		}
		board->turn = seen + 1;
		syscall(SYS_futex, &board->turn, 1L, 1L, NULL, NULL, 0L);
		if (syscall(SYS_futex, &board->never, 0L, 0L, &limit, NULL, 0L) != -1 ||
		    errno != ETIMEDOUT)
			damaged("futex with a limit", round);
	}
	if (!other)
		_exit(0);
	reap(other, 0, workload.rounds);
	return board->turn;
}

/* wait4 on one that sleeps; beside it two zombies that nobody asks for until the end. */
static uint64_t keep_wait(void)
{
	pid_t first = fork(), second;
	int status;

	if (first == 0)
		_exit(42);
	second = fork();
	if (second == 0) {
		kill(getpid(), SIGTERM);
		_exit(1);
	}
	for (long round = 0; round < workload.rounds; round++) {
		pid_t child = fork();

		if (child < 0)
			damaged("fork", round);
		if (child == 0) {
			rest(pause_us(), round);
			_exit((int)(round & 0x7f));
		}
		reap(child, (int)(round & 0x7f) << 8, round);
	}
	reap(first, 42 << 8, workload.rounds);
	reap(second, SIGTERM, workload.rounds);
	if (waitpid(-1, &status, 0) != -1 || errno != ECHILD)
		damaged("more children than there were", workload.rounds);
	return 42;
}

static volatile long caught, queued, alarms;
static volatile pid_t caught_from;
static char *alternate;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	caught++;
	queued += number >= 34;
	caught_from = info->si_pid;
}

static void on_alternate(int number)
{
	char here;
	struct timespec span = { 0, 300000 };

	(void)number;
	/* asleep inside a handler, on the other stack */
	nanosleep(&span, NULL);
	alarms += &here >= alternate && &here < alternate + 4 * PAGE;
}

/* sigsuspend; a blocked signal pending once, a real-time one three times; a wait for a signal with a limit. */
static uint64_t keep_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigset_t blocked = 0, before, pending, none = 0;
	pid_t child, me = getpid();

	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigaddset(&blocked, 34);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(34, &action, NULL);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	sigaddset(&none, SIGUSR2);
	for (long round = 0; round < workload.rounds; round++) {
		struct timespec limit = { 0, pause_us() * 500 };
		sigset_t only = 0, now;

		caught = queued = 0;
		child = fork();
		if (child == 0) {
			rest(pause_us() / 2, round);
			for (int i = 0; i < 3; i++)
				kill(me, 34);
			kill(me, SIGUSR2);
			kill(me, SIGUSR2);
			rest(pause_us() / 2, round);
			kill(me, SIGUSR1);
			_exit(0);
		}
		/* all but the first is kept back */
		sigaddset(&none, 34);
		while (!caught)
			if (sigsuspend(&none) != -1 || errno != EINTR)
				damaged("sigsuspend", round);
		if (caught != 1 || caught_from != child)
			damaged("the signal that was let in", round);
		reap(child, 0, round);
		sigpending(&pending);
		sigprocmask(SIG_SETMASK, NULL, &now);
		if (!sigismember(&pending, SIGUSR2) || !sigismember(&pending, 34) ||
		    (now & blocked) != blocked)
			damaged("the pending set or the mask", round);
		rest(pause_us() / 2, round);
		sigaddset(&only, SIGHUP);
		if (syscall(SYS_rt_sigtimedwait, &only, NULL, &limit, sizeof(only)) != -1 ||
		    errno != EAGAIN)
			damaged("sigtimedwait", round);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (caught != 5 || queued != 3)
			damaged("the number of signals", round);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
	}
	return blocked;
}

/* An interval timer whose handler sleeps on a stack of its own, while the program is in a read that is executed again. */
static uint64_t keep_timer(void)
{
	struct sigaction action = { .sa_handler = on_alternate,
				    .sa_flags = SA_ONSTACK | SA_RESTART };
	struct itimerval interval = { { 0, 3000 }, { 0, 3000 } }, now;
	stack_t stack;
	int ends[2];
	pid_t child;

	alternate =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack = (stack_t){ alternate, 0, 4 * PAGE };
	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &interval, NULL);
	if (pipe(ends) < 0)
		damaged("pipe", 0);
	for (long round = 0; round < workload.rounds; round++) {
		uint64_t word = 0;

		child = fork();
		if (child == 0) {
			struct itimerval off = { { 0, 0 }, { 0, 0 } };

			setitimer(ITIMER_REAL, &off, NULL);
			rest(pause_us() + 4000, round);
			word = (uint64_t)round * 77;
			write(ends[1], &word, sizeof(word));
			_exit(0);
		}
		if (read(ends[0], &word, sizeof(word)) != sizeof(word) ||
		    word != (uint64_t)round * 77)
			damaged("a read with SA_RESTART", round);
		while (waitpid(child, NULL, 0) != child)
			damaged("a wait with SA_RESTART", round);
		sigaltstack(NULL, &stack);
		if (stack.ss_sp != alternate || stack.ss_flags)
			damaged("the alternate stack", round);
		if (getitimer(ITIMER_REAL, &now) < 0 || now.it_interval.tv_usec != 3000)
			damaged("the timer's interval", round);
	}
	if (!alarms)
		damaged("no alarm came, or on the wrong stack", workload.rounds);
	return 3000;
}

/* One that is stopped does not move; continued, it goes on. */
static uint64_t keep_stopped(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		for (;;) {
			board->steps++;
			syscall(SYS_sched_yield);
		}
	}
	for (long round = 0; round < workload.rounds; round++) {
		uint64_t steps;

		kill(child, SIGSTOP);
		if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
		    WSTOPSIG(status) != SIGSTOP)
			damaged("it did not stop", round);
		steps = board->steps;
		rest(pause_us(), round);
		if (board->steps != steps)
			damaged("it moved while stopped", round);
		kill(child, SIGCONT);
		if (waitpid(child, &status, WCONTINUED) != child || status != 0xffff)
			damaged("it was not continued", round);
		for (int i = 0; board->steps == steps; i++) {
			if (i == 1000)
				damaged("it does not go on", round);
			rest(300, round);
		}
	}
	kill(child, SIGKILL);
	reap(child, SIGKILL, workload.rounds);
	return SIGSTOP;
}

/* poll with and without a limit; a named pipe that both ends open again in each round. */
static uint64_t keep_poll(void)
{
	char path[64];
	int fd, closed[2];
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/keeper.%d.fifo", getpid());
	if (syscall(SYS_mknod, path, (long)(S_IFIFO | 0600), 0L) < 0 || pipe(closed) < 0)
		damaged("mkfifo", 0);
	child = fork();
	for (long round = 0; round < workload.rounds; round++) {
		char word[16] = "";

		/* opening one end waits for the other */
		fd = open(path, child ? O_RDONLY : O_WRONLY);
		if (fd < 0)
			damaged("opening a named pipe", round);
		if (child) {
			struct pollfd set = { fd, POLLIN, 0 }, none = { fd, 0, 0 };

			if (poll(&set, 1, -1) != 1 || !(set.revents & POLLIN))
				damaged("poll", round);
			if (read(fd, word, sizeof(word)) != 5 || memcmp(word, "round", 5))
				damaged("bytes of the named pipe", round);
			if (poll(&none, 0, (int)workload.pause + 1) != 0)
				damaged("poll with a limit", round);
			if (read(fd, word, sizeof(word)) != 0)
				damaged("the named pipe's end", round);
		} else {
			rest(pause_us(), round);
			if (write(fd, "round", 5) != 5)
				damaged("writing to a named pipe", round);
			rest(pause_us(), round);
		}
		close(fd);
		/* not into the next round while the reader is in this one */
		if (child ? write(closed[1], word, 1) != 1 : read(closed[0], word, 1) != 1)
			damaged("a pipe of one byte", round);
	}
	if (!child)
		_exit(0);
	reap(child, 0, workload.rounds);
	unlink(path);
	return 5;
}

/* Removed file and directory, offsets shared with another process, flags of descriptors, a sparse file. */
static uint64_t keep_files(void)
{
	char path[64], word[16];
	int gone, shared, nonblock[2], sparse, append;
	struct stat here, now;
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/keeper.%d.dir", getpid());
	if (mkdir(path, 0700) < 0 || chdir(path) < 0 || stat(".", &here) < 0)
		damaged("mkdir", 0);
	gone = open("gone", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	shared = open("shared", O_RDWR | O_CREAT, 0600);
	sparse = open("sparse", O_RDWR | O_CREAT, 0600);
	append = open("append", O_WRONLY | O_CREAT | O_APPEND, 0640);
	if (gone < 0 || shared < 0 || sparse < 0 || append < 0 || pipe2(nonblock, O_NONBLOCK) < 0)
		damaged("open", 0);
	if (pwrite(sparse, "far", 3, 200l << 20) != 3 || write_all(gone, "still here", 10) < 0)
		damaged("write", 0);
	unlink("gone");
	unlink("shared");
	unlink("sparse");
	unlink("append");
	rmdir(path);
	child = fork();
	if (child == 0) {
		for (long round = 0; round < workload.rounds; round++) {
			if (write(shared, "c", 1) != 1)
				damaged("the child's write", round);
			rest(pause_us() / 2, round);
		}
		_exit(0);
	}
	for (long round = 0; round < workload.rounds; round++) {
		if (write(shared, "p", 1) != 1 || write(append, "line", 4) != 4)
			damaged("write", round);
		if (pread(gone, word, 16, 0) != 10 || memcmp(word, "still here", 10))
			damaged("the removed file", round);
		if (stat(".", &now) < 0 || now.st_ino != here.st_ino || now.st_dev != here.st_dev)
			damaged("the removed directory", round);
		if (open("new", O_CREAT | O_WRONLY, 0600) != -1)
			damaged("a file in a removed directory", round);
		if (getcwd(path, sizeof(path)) && path[0] == '/')
			damaged("the removed directory has a name", round);
		if (fcntl(gone, F_GETFD) != FD_CLOEXEC || fcntl(shared, F_GETFD) != 0 ||
		    fcntl(devnull_cloexec, F_GETFD) != FD_CLOEXEC)
			damaged("close-on-exec", round);
		if (!(fcntl(nonblock[0], F_GETFL) & O_NONBLOCK) ||
		    read(nonblock[0], word, 1) != -1 || errno != EAGAIN)
			damaged("O_NONBLOCK", round);
		if (fstat(sparse, &now) < 0 || now.st_size != (200l << 20) + 3 ||
		    now.st_blocks > 64 || pread(sparse, word, 3, 200l << 20) != 3 ||
		    memcmp(word, "far", 3) || pread(sparse, word, 3, 100l << 20) != 3 || word[0])
			damaged("the sparse file", round);
		if (fstat(append, &now) < 0 || now.st_size != 4 * (round + 1) ||
		    (now.st_mode & 0777) != 0640 || now.st_nlink)
			damaged("the file for appending", round);
		rest(pause_us(), round);
	}
	reap(child, 0, workload.rounds);
	if (lseek(shared, 0, SEEK_CUR) != 2 * workload.rounds || fstat(shared, &now) < 0 ||
	    now.st_size != 2 * workload.rounds)
		damaged("the shared offset", workload.rounds);
	return (uint64_t)now.st_size;
}

static volatile uintptr_t fault_at;
static volatile char *hidden;
static volatile long faults;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	fault_at = (uintptr_t)info->si_addr;
	faults++;
	mprotect((void *)hidden, PAGE, PROT_READ);
}

/* Memory that may not be touched, shared with a file, read-only, and shared copy-on-write with all others. */
static uint64_t keep_memory(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	uint64_t hash = HASH_BEGIN, own[COW_PAGES];
	volatile char *file_memory;
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/tmp/keeper.%d.mem", getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 3 * PAGE) < 0)
		damaged("open", 0);
	file_memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	hidden = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file_memory == MAP_FAILED || hidden == MAP_FAILED)
		damaged("mmap", 0);
	unlink(path);
	hidden[5] = 55;
	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < COW_PAGES; i++)
		own[i] = cow[i * (PAGE / 8)];
	for (long round = 0; round < workload.rounds; round++) {
		int page = (int)(round % COW_PAGES);

		mprotect((void *)hidden, PAGE, PROT_NONE);
		rest(pause_us(), round);
		if (hidden[5] != 55 || faults != round + 1 || fault_at != (uintptr_t)&hidden[5])
			damaged("memory that was not to be touched", round);
		file_memory[PAGE + round % PAGE] = (char)(round + 1);
		if (pread(fd, &byte, 1, PAGE + round % PAGE) != 1 || byte != (char)(round + 1))
			damaged("a write to mapped memory is not in the file", round);
		byte = (char)(round + 2);
		if (pwrite(fd, &byte, 1, 2 * PAGE + round % PAGE) != 1 ||
		    file_memory[2 * PAGE + round % PAGE] != byte)
			damaged("a write to the file is not in mapped memory", round);
		cow[page * (PAGE / 8)] = own[page] = own[page] * 31 + (uint64_t)round;
		for (int i = 0; i < COW_PAGES; i++) {
			if (cow[i * (PAGE / 8)] != own[i])
				damaged("a page that was copied on write", round);
		}
		hash = hash_word(hash, own[page]);
	}
	return hash;
}

/* Groups and sessions, the mask of new files, and the registers that a system call does not name. */
static uint64_t keep_identity(void)
{
	static uint64_t local[8] = { 0x1122334455667788, 0 }, other[8] = { 0x99aabbccddeeff00, 0 };
	pid_t me = getpid(), child, session;

	setsid();
	syscall(SYS_arch_prctl, (long)ARCH_SET_FS, local);
	syscall(SYS_arch_prctl, (long)ARCH_SET_GS, other);
	session = getsid(0);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	rest(pause_us(), 0);
	for (long round = 0; round < workload.rounds; round++) {
		uint64_t fs, gs;

		rest(pause_us(), round);
		__asm__ volatile("movq %%fs:0, %0; movq %%gs:0, %1" : "=r"(fs), "=r"(gs));
		if (fs != local[0] || gs != other[0])
			damaged("FS or GS base", round);
		if (session != me || getsid(0) != me || getpgid(0) != me || getsid(child) != me ||
		    getpgid(child) != child)
			damaged("the session or the group", round);
		if (getpid() != me)
			damaged("its own number", round);
	}
	kill(-child, SIGKILL);
	reap(child, SIGKILL, workload.rounds);
	return local[0];
}

/* SSE and x87 registers and their control words, through a sleep and through a stretch of computing. */
static uint64_t keep_vectors(void)
{
	static struct {
		uint64_t xmm[32];
		long double x87[3];
		uint32_t mxcsr;
		uint16_t control;
	} in __attribute__((aligned(16))), out __attribute__((aligned(16)));
	uint64_t seed = 17, hash = HASH_BEGIN;

	in.mxcsr = 0x7f80;
	in.control = 0x0f7f;
	for (long round = 0; round < workload.rounds; round++) {
		struct timespec span = { 0, pause_us() * 1000 };
		long result = 35, spin = 3000;

		for (int i = 0; i < 32; i++)
			in.xmm[i] = next_random(&seed);
		__asm__ volatile(
			"fninit; fldcw %c[control](%[in]); ldmxcsr %c[mxcsr](%[in]); fldpi; fldl2e; fld1\n\t"
#define LOAD(n)	 "movdqa 16*" #n "(%[in]), %%xmm" #n "\n\t"
#define STORE(n) "movdqa %%xmm" #n ", 16*" #n "(%[out])\n\t"
#define ALL(x)	 x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)
			ALL(LOAD) "syscall; 1: pause; dec %[spin]; jnz 1b\n\t" ALL(
				STORE) "fnstcw %c[control](%[out]); stmxcsr %c[mxcsr](%[out])\n\t"
				       "fstpt %c[x87](%[out]); fstpt 16+%c[x87](%[out]); fstpt 32+%c[x87](%[out]); fninit"
			: "+a"(result), [spin] "+r"(spin)
			: "D"(&span), "S"(0L), [in] "r"(&in), [out] "r"(&out),
			  [control] "i"(__builtin_offsetof(__typeof__(in), control)),
			  [mxcsr] "i"(__builtin_offsetof(__typeof__(in), mxcsr)),
			  [x87] "i"(__builtin_offsetof(__typeof__(in), x87))
			: "rcx", "r11", "memory", "cc");
		if (result || memcmp(in.xmm, out.xmm, sizeof(in.xmm)))
			damaged("XMM registers", round);
		if ((out.mxcsr & ~0x3fu) != in.mxcsr || out.control != in.control)
			damaged("control words", round);
		hash = hash_bytes(hash, &out.x87[0], 10);
		hash = hash_bytes(hash, &out.x87[1], 10);
		hash = hash_bytes(hash, &out.x87[2], 10);
	}
	return hash;
}

/* Opens, closes, duplicates, splits and joins all the time: an upgrade meets it in the middle of a call that does not sleep. */
static uint64_t keep_busy(void)
{
	char path[64], other[64];

	snprintf(path, sizeof(path), "/tmp/keeper.%d.a", getpid());
	snprintf(other, sizeof(other), "/tmp/keeper.%d.b", getpid());
	for (long round = 0; round < workload.rounds * 8; round++) {
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), copy = dup(fd), ends[2];
		char *area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t child;

		if (fd < 0 || copy < 0 || pipe(ends) < 0 || area == MAP_FAILED)
			damaged("open, dup, pipe or mmap", round);
		area[0] = area[7 * PAGE] = (char)round;
		if (mprotect(area + 2 * PAGE, PAGE, PROT_READ) < 0 ||
		    munmap(area + 4 * PAGE, PAGE) < 0)
			damaged("mprotect or munmap", round);
		write(fd, area, 3 * PAGE);
		if (ftruncate(copy, PAGE + 1) < 0 || lseek(copy, 0, SEEK_END) != PAGE + 1)
			damaged("ftruncate", round);
		child = fork();
		if (child == 0) {
			if (area[7 * PAGE] != (char)round)
				_exit(1);
			area[7 * PAGE]++;
			write(ends[1], area + 7 * PAGE, 1);
			_exit(0);
		}
		if (rename(path, other) < 0 || link(other, path) < 0 || unlink(path) < 0 ||
		    unlink(other) < 0)
			damaged("names", round);
		if (read(ends[0], area + 1, 1) != 1 || area[1] != (char)(round + 1) ||
		    area[7 * PAGE] != (char)round)
			damaged("the child's byte", round);
		reap(child, 0, round);
		close(fd);
		close(copy);
		close(ends[0]);
		close(ends[1]);
		munmap(area, 8 * PAGE);
	}
	return 8;
}

/* Only there, with a page of its own. */
static uint64_t keep_still(void)
{
	uint64_t *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*page = (uint64_t)getpid();
	for (long round = 0; round < workload.rounds; round++) {
		rest(pause_us() * 2, round);
		if (*page != (uint64_t)getpid())
			damaged("a page of its own", round);
	}
	return 1;
}

static const struct {
	const char *name;
	uint64_t (*keep)(void);
} keepers[] = {
	{ "pipe", keep_pipe },	     { "futex", keep_futex },	    { "wait", keep_wait },
	{ "signals", keep_signals }, { "timer", keep_timer },	    { "stopped", keep_stopped },
	{ "poll", keep_poll },	     { "files", keep_files },	    { "memory", keep_memory },
	{ "memory", keep_memory },   { "identity", keep_identity }, { "vectors", keep_vectors },
	{ "busy", keep_busy },
};

#define COUNT (sizeof(keepers) / sizeof(keepers[0]))

_Static_assert(COUNT <= KEEPERS, "the board has room");

int main(int argc, char **argv)
{
	uint64_t hash = HASH_BEGIN, seed = 23;
	pid_t children[COUNT], *still;

	workload = workload_begin("keeper", argc, argv, 6, 3);
	board = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cow = mmap(NULL, COW_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	still = calloc((size_t)workload.steps, sizeof(*still));
	devnull_cloexec = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (board == MAP_FAILED || cow == MAP_FAILED || !still || devnull_cloexec < 0)
		damaged("memory", 0);
	for (int i = 0; i < COW_PAGES * PAGE / 8; i++)
		cow[i] = next_random(&seed);
	for (size_t i = 0; i < COUNT; i++) {
		children[i] = fork();
		if (children[i] < 0)
			damaged("fork", 0);
		if (children[i] == 0) {
			part = keepers[i].name;
			board->results[i] = keepers[i].keep();
			exit(0);
		}
	}
	for (long i = 0; i < workload.steps; i++) {
		still[i] = fork();
		if (still[i] < 0)
			damaged("fork", 0);
		if (still[i] == 0) {
			part = "still";
			exit(keep_still() == 1 ? 0 : 1);
		}
	}
	for (size_t i = 0; i < COUNT; i++) {
		part = keepers[i].name;
		reap(children[i], 0, workload.rounds);
		hash = hash_word(hash, board->results[i]);
	}
	part = "still";
	for (long i = 0; i < workload.steps; i++)
		reap(still[i], 0, workload.rounds);
	seed = 23;
	for (int i = 0; i < COW_PAGES * PAGE / 8; i++)
		if (cow[i] != next_random(&seed))
			damaged("a child's write reached the parent", workload.rounds);
	return workload_end(&workload, hash);
}
