// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs in corners of what a program can do, each with its own judgement: "corners NAME" ends with 0 if nothing was lost while it
 * ran. No library: what they do is one system call or one instruction each.
 */
typedef unsigned long u64;

#define MS 1000000UL

static long call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static void __attribute__((noreturn)) leave(long status)
{
	for (;;)
		call(231, status, 0, 0, 0, 0, 0);
}

static u64 now(void)
{
	u64 ts[2];

	call(228, 1, (long)ts, 0, 0, 0, 0);
	return ts[0] * 1000 * MS + ts[1];
}

static void say(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(1, 1, (long)text, length, 0, 0, 0);
}

/* ---- code of 32 bits: jmp to itself, until somebody kills it ---- */
static int code_of_32_bits(void)
{
	call(9, 0x10000000, 0x1000, 7, 0x32, -1, 0);
	*(volatile unsigned short *)0x10000000 = 0xfeeb;
	asm volatile("push $0x23\n\tpush $0x10000000\n\tlretq" ::: "memory");
	return 1;
}

/* ---- selectors that nobody needs ---- */
static int selectors(void)
{
	u64 end = now() + 400 * MS;
	unsigned short ds, es;

	asm volatile("mov %0, %%ds\n\tmov %1, %%es" ::"r"(0x2b), "r"(0x23));
	do {
		call(24, 0, 0, 0, 0, 0, 0);
		asm volatile("mov %%ds, %0\n\tmov %%es, %1" : "=r"(ds), "=r"(es));
		if (ds != 0x2b || es != 0x23)
			return 2;
	} while (now() < end);
	return 0;
}

/* ---- calls with a time limit of 400 ms: what the kernel adds to it is less than two ticks ---- */
static int in_time(u64 start)
{
	u64 took = now() - start;

	return took >= 400 * MS && took < 420 * MS ? 0 : 2;
}

static int selecting(void)
{
	u64 start = now(), limit[2] = { 0, 400000 };

	if (call(23, 0, 0, 0, 0, (long)limit, 0))
		return 3;
	return in_time(start);
}

static int polling(void)
{
	u64 start = now(), limit[2] = { 0, 400 * MS }, mask = 0;

	if (call(271, 0, 0, (long)limit, (long)&mask, 8, 0))
		return 3;
	return in_time(start);
}

/* ---- the child of vfork(), for 400 ms or for ever ---- */
static int inside_vfork(u64 ns)
{
	u64 limit[2] = { ns / (1000 * MS), ns % (1000 * MS) };
	long child;

	/* its stack is this one: nothing may return from here in the child */
	child = call(56, 0x4111, 0, 0, 0, 0, 0);
	if (child == 0) {
		call(35, (long)limit, 0, 0, 0, 0, 0);
		leave(0);
	}
	return call(61, child, 0, 0, 0, 0, 0) == child ? 0 : 2;
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

int start(long argc, char **argv);
int start(long argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	say("started\n");
	if (same(name, "code32"))
		return code_of_32_bits();
	if (same(name, "selectors"))
		return selectors();
	if (same(name, "select"))
		return selecting();
	if (same(name, "ppoll"))
		return polling();
	if (same(name, "hostname"))
		return call(170, (long)"carried", 7, 0, 0, 0, 0);
	if (same(name, "vfork"))
		return inside_vfork(60 * MS);
	if (same(name, "vfork-for-ever"))
		return inside_vfork(1000000 * MS);
	return 1;
}

asm(".globl _start\n_start:\n\tmov (%rsp), %rdi\n\tlea 8(%rsp), %rsi\n\tand $-16, %rsp\n\tcall start\n\t"
    "mov %eax, %edi\n\tmov $231, %eax\n\tsyscall");
