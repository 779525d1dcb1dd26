// SPDX-License-Identifier: GPL-2.0-or-later
// Executes generated cases on the host: a template of the window from standard input, then one record for each case; to standard output what each
// has left behind. tests/oracle/cases/ makes the records and runs them on the core.
//
// Promises: every case begins with the template in the window, its patches over it, and INT3 around its code; what ends it, INT3 included, arrives as a
// signal with all of its state. The program lies above all addresses that cases make on purpose.
#include "host.h"

#define PAGE	     4096
#define WINDOW	     0x10000000ul
#define WINDOW_PAGES 10
#define CODE	     0x20000000ul
#define FS_BASE	     (WINDOW + 0x1100)
#define GS_BASE	     (WINDOW + 0x5000)

/* What each page of the window is: not present, read-only, writable. The page after the code is not present. */
static const char page_kinds[WINDOW_PAGES + 1] = "-ww-rw-wr-";

struct test_case {
	u64 registers[16]; /*   0: in hardware order */
	u64 flags;	   /* 128 */
	u64 rip;	   /* 136: in the code page */
	u32 narrow;	   /* 144: 32-bit code */
	u32 length;	   /* 148 */
	u8 code[24];	   /* 152 */
	struct {
		u64 address; /* in a writable page; 0: none */
		u8 bytes[32];
	} patches[2]; /* 176 */
	u8 vectors
		[832]; /* 256: XSAVE image of x87, SSE and AVX state, of which the program without AVX uses the first 512 bytes */
};

struct outcome {
	u64 registers[16];
	u64 flags;
	u64 rip;
	u32 trap;
	u32 error;
	u64 cr2;      /* of a page fault, else 0 */
	u32 selector; /* CS */
	u32 changes;  /* how many words of the window differ from the template: they follow */
	u8 reserved[88];
	u8 vectors[512];
	u8 upper[256]; /* of the YMM registers */
};

struct change {
	u64 offset;
	u64 value;
};

extern u32 has_avx;
void run_case(const struct test_case *);
void leave_case(void);
extern char signal_entry[];

static void copy(void *to, const void *from, u64 bytes)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static void fill(void *to, u8 value, u64 bytes)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
}

static void fail(int status)
{
	system_call(231, status, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

static u64 window_template[WINDOW_PAGES * PAGE / 8];
static struct outcome outcome;
static u8 output[1 << 20];
static u64 output_used;

static void flush(void)
{
	for (u64 done = 0; done < output_used;) {
		long written =
			system_call(1, 1, (long)(output + done), output_used - done, 0, 0, 0);

		if (written <= 0)
			fail(3);
		done += written;
	}
	output_used = 0;
}

static void put(const void *bytes, u64 size)
{
	if (output_used + size > sizeof output)
		flush();
	copy(output + output_used, bytes, size);
	output_used += size;
}

/* Reads all of `size` bytes; 0 at the end of the input. */
static int get(void *to, u64 size)
{
	for (u64 done = 0; done < size;) {
		long bytes = system_call(0, 0, (long)to + done, size - done, 0, 0, 0);

		if (bytes < 0 || (bytes == 0 && done))
			fail(4);
		if (bytes == 0)
			return 0;
		done += bytes;
	}
	return 1;
}

/* From cases-run.S. */
void on_signal(int number, u8 *information, u64 *context);
void on_signal(int number, u8 *information, u64 *context)
{
	static const u8 order[16] = { 13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7 };
	u64 *registers = context + 5;

	(void)number;
	(void)information;
	for (int i = 0; i < 16; i++)
		outcome.registers[i] = registers[order[i]];
	outcome.rip = registers[16];
	outcome.flags = registers[17];
	outcome.selector = registers[18] & 0xffff;
	outcome.error = registers[19];
	outcome.trap = registers[20];
	outcome.cr2 = outcome.trap == 14 ? registers[22] : 0;
	copy(outcome.vectors, (void *)registers[23], sizeof outcome.vectors);
	/* The frame's XSAVE image has its standard form; XSTATE_BV says whether the upper halves are in it. */
	if (has_avx && *(u64 *)(registers[23] + 512) & 4)
		copy(outcome.upper, (void *)(registers[23] + 576), sizeof outcome.upper);
	else
		fill(outcome.upper, 0, sizeof outcome.upper);
	leave_case();
}

/* AVX, in the processor and enabled by the kernel. */
static void find_avx(void)
{
	u32 a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if ((c & 0x18000000) != 0x18000000)
		return;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	has_avx = (a & 6) == 6;
}

static void map_page(u64 address, int protection)
{
	if (system_call(9, address, PAGE, protection, 0x32, -1, 0) !=
	    (long)address) /* PRIVATE FIXED ANONYMOUS */
		fail(5);
}

static void prepare_memory(void)
{
	if (!get(window_template, sizeof window_template))
		fail(6);
	for (int i = 0; i < WINDOW_PAGES; i++) {
		u64 page = WINDOW + i * PAGE;

		if (page_kinds[i] == '-')
			continue;
		map_page(page, 3);
		copy((void *)page, window_template + i * PAGE / 8, PAGE);
		if (page_kinds[i] == 'r')
			system_call(10, page, PAGE, 1, 0, 0, 0);
	}
	map_page(CODE, 7);
	system_call(158, 0x1002, FS_BASE, 0, 0, 0, 0);
	system_call(158, 0x1001, GS_BASE, 0, 0, 0, 0);
}

static void execute(const struct test_case *test)
{
	static struct change changes[WINDOW_PAGES * PAGE / 8];

	for (int i = 0; i < WINDOW_PAGES; i++)
		if (page_kinds[i] == 'w')
			copy((void *)(WINDOW + i * PAGE), window_template + i * PAGE / 8, PAGE);
	for (int i = 0; i < 2; i++)
		if (test->patches[i].address)
			copy((void *)test->patches[i].address, test->patches[i].bytes,
			     sizeof test->patches[i].bytes);
	/* whatever the case before has stored there */
	fill((void *)CODE, 0xcc, PAGE);
	copy((void *)test->rip, test->code, test->length);
	run_case(test);
	outcome.changes = 0;
	for (int i = 0; i < WINDOW_PAGES; i++) {
		if (page_kinds[i] != 'w')
			continue;
		for (int j = i * PAGE / 8; j < (i + 1) * PAGE / 8; j++) {
			u64 now = ((const u64 *)WINDOW)[j];

			if (now != window_template[j]) {
				changes[outcome.changes].offset = j * 8;
				changes[outcome.changes++].value = now;
			}
		}
	}
	put(&outcome, sizeof outcome);
	put(changes, outcome.changes * sizeof *changes);
}

int main(void)
{
	static struct test_case test __attribute__((aligned(64)));

	find_avx();
	catch_signals(signal_entry, SA_NODEFER);
	prepare_memory();
	while (get(&test, sizeof test))
		execute(&test);
	flush();
	return 0;
}
