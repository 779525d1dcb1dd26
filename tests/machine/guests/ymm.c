/*
 * Three processes keep numbers in YMM registers while others run and while their own signal handler overwrites them; each tells how many
 * were wrong. So a kernel shows whether its context switches and signal frames carry what XSAVE saves.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 400

static volatile int signals;

static void overwrite(int number)
{
	(void)number;
	signals++;
	__asm__ volatile(
		"vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n\tvpcmpeqd %%ymm9, %%ymm9, %%ymm9\n\tvzeroall"
		:
		:
		: "xmm0", "xmm9", "memory");
}

/* Puts the numbers into registers, works and yields with them there, and takes them back. */
static void hold(const unsigned in[8], unsigned out[16])
{
	long number = SYS_sched_yield;

	__asm__ volatile("vmovdqu (%[in]), %%ymm0\n\t"
			 "vpaddd %%ymm0, %%ymm0, %%ymm9\n\t"
			 "mov $3000, %%ecx\n"
			 "1:\tdec %%ecx\n\t"
			 "jnz 1b\n\t"
			 "syscall\n\t"
			 "vmovdqu %%ymm0, (%[out])\n\t"
			 "vmovdqu %%ymm9, 32(%[out])"
			 : "+a"(number)
			 : [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "xmm0", "xmm9", "memory");
}

static int work(unsigned id)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	unsigned in[8], out[16], wrong = 0;

	signal(SIGALRM, overwrite);
	setitimer(ITIMER_REAL, &often, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 8; i++)
			in[i] = (id << 24) + 8 * round + i;
		hold(in, out);
		for (unsigned i = 0; i < 8; i++)
			wrong += (out[i] != in[i]) + (out[8 + i] != 2 * in[i]);
	}
	/* Signals came, or nothing was shown. */
	return wrong != 0 || signals == 0;
}

int main(void)
{
	int status, all = 0;

	for (unsigned id = 1; id <= 3; id++)
		if (fork() == 0)
			_exit(work(id));
	while (wait(&status) > 0)
		all |= status;
	puts(all ? "registers lost" : "registers kept");
	return all != 0;
}
