// SPDX-License-Identifier: GPL-2.0-or-later
// Executes generated instruction forms on whatever CPU it runs on and prints what happened, so that two CPUs can be
// compared by comparing text.
//
//   oracle              one line for each form: its name, the number of cases, a hash of everything they did
//   oracle NAME...      for the forms whose names begin so: every case in full
//   oracle --count      how many forms and cases there are
//
// Promises: no input but the arguments, no clock, no chance but a generator seeded with the form's name. System calls by
// Linux's x86-64 numbers: write, mmap, rt_sigaction, sigaltstack, rt_sigreturn, exit. Compiled for general registers
// only, so that it never disturbs the vector state it measures.
#include "operands.h"

/* ---- Output ---- */

static char output[4096];
static u32 output_used;

static void flush(void)
{
	u32 done = 0;

	while (done < output_used) {
		long n = system_call(1, 1, (long)(output + done), output_used - done, 0, 0, 0);

		if (n <= 0)
			system_call(60, 2, 0, 0, 0, 0, 0);
		done += n;
	}
	output_used = 0;
}

static void put(char c)
{
	if (output_used == sizeof output)
		flush();
	output[output_used++] = c;
}

static void text(const char *s)
{
	while (*s)
		put(*s++);
}

static void hexadecimal(u64 value, int digits)
{
	while (digits--)
		put("0123456789abcdef"[(value >> (4 * digits)) & 15]);
}

static void decimal(u64 value)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = '0' + value % 10;
	while (value /= 10);
	while (n)
		put(digits[--n]);
}

/* ---- Faults ---- */

static struct context *active;
static const struct form *active_form;
static u64 fault_signal;
static u64 fault_offset;
static u64 fault_address;

static void on_signal(int number, u8 *information, u64 *context)
{
	static const u8 order[REGISTERS] = { 13, 14, 12, 11, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7 };
	u64 *registers = context + 5;

	for (int i = 0; i < REGISTERS; i++)
		active->registers[i] = registers[order[i]];
	active->flags = registers[17];
	fault_signal = number;
	fault_offset = registers[16] - (u64)active_form->code;
	fault_address = active_form->kind == KIND_PAGE ? *(u64 *)(information + 16) : 0;
	registers[16] = (u64)run_faulted;
	registers[17] &= ~0x500ul;
}

/* ---- Running ---- */

static u64 hash;

static void mix(u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ul;
	hash ^= hash >> 29;
}

static void words(const char *label, const u64 *values, int count)
{
	text(label);
	for (int i = 0; i < count; i++) {
		put(i ? ' ' : '=');
		hexadecimal(values[i], 16);
	}
}

static void show(const char *title, const struct form *form, const struct context *c)
{
	static const char *const names[REGISTERS] = {
		"rax", "rcx", "rdx", "rbx", "rbp", "rsi", "rdi", "r8",
		"r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};

	text(title);
	for (int i = 0; i < REGISTERS; i++) {
		put(' ');
		words(names[i], &c->registers[i], 1);
	}
	text(" flags=");
	hexadecimal(c->flags & (form->flags | 0x400), 4);
	text("\n    ");
	words("xmm", c->xmm[0], 8);
	text(" mxcsr=");
	hexadecimal(c->mxcsr, 4);
	text("\n    ");
	words("source", c->source, 8);
	text("\n    ");
	words("destination", c->destination, 8);
	if (form->kind == KIND_X87 || form->kind == KIND_X87_INTEGER || form->kind == KIND_MMX) {
		text("\n    x87=");
		for (int i = 0; i < 108; i++) {
			if (i == 4 || i == 8 || i == 12 || (i >= 28 && i % 10 == 8))
				put(' ');
			hexadecimal(c->x87[i], 2);
		}
	}
	put('\n');
}

/* The pointers depend on when the instruction ran last, and processors keep the opcode in different ways. */
static void forget_pointers(u8 *image)
{
	for (int i = 12; i < 28; i++)
		image[i] = 0;
}

static void form_cases(const struct form *form, u32 cases, int full)
{
	static struct context c;
	u32 uses_x87 =
		form->kind == KIND_X87 || form->kind == KIND_X87_INTEGER || form->kind == KIND_MMX;

	seed(form->name);
	active = &c;
	active_form = form;
	hash = 0;
	for (u32 n = 0; n < cases; n++) {
		prepare(form, &c);
		if (full) {
			text(form->name);
			put(' ');
			decimal(n);
			put('\n');
			show("  in ", form, &c);
		}
		fault_signal = 0;
		fault_offset = 0;
		fault_address = 0;
		run(&c, form->code, uses_x87);
		forget_pointers(c.x87);
		if (full) {
			show("  out", form, &c);
			if (fault_signal) {
				text("    signal ");
				decimal(fault_signal);
				text(" at +");
				decimal(fault_offset);
				text(" address ");
				hexadecimal(fault_address, 16);
				put('\n');
			}
		}
		for (int i = 0; i < REGISTERS; i++)
			mix(c.registers[i]);
		mix(c.flags & (form->flags | 0x400));
		for (int i = 0; i < 8; i++) {
			mix(c.source[i]);
			mix(c.destination[i]);
		}
		if (form->kind >= KIND_VECTOR && form->kind != KIND_PAGE) {
			for (int i = 0; i < 8; i++)
				mix(c.xmm[i / 2][i % 2]);
			mix(c.mxcsr);
		}
		if (uses_x87) {
			for (int i = 0; i < 104; i += 8)
				mix(*(u64 *)(c.x87 + i));
			mix(*(u32 *)(c.x87 + 104));
		}
		if (form->kind == KIND_PAGE)
			for (int i = 1; i < 9; i++)
				mix(page_end[-i]);
		mix(fault_signal);
		mix(fault_offset);
		mix(fault_address);
	}
	if (!full) {
		hexadecimal(hash, 16);
		put(' ');
		decimal(cases);
		put(' ');
		text(form->name);
		put('\n');
	}
}

static int begins(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return 0;
	return 1;
}

static int equal(const char *a, const char *b)
{
	return begins(a, b) && begins(b, a);
}

static u64 number(const char *digits)
{
	u64 value = 0;

	while (*digits >= '0' && *digits <= '9')
		value = 10 * value + (*digits++ - '0');
	return value;
}

/* --x87; `name` is 0 for all forms. */
static void x87_cases(u64 times, const char *name)
{
	for (u32 i = 0; i < form_count; i++) {
		const struct form *form = &forms[i];

		if ((form->kind != KIND_X87 && form->kind != KIND_X87_INTEGER) || form->approximate)
			continue;
		if (!name || equal(form->name, name))
			form_cases(form, form->cases * times, name != 0);
	}
	flush();
}

int main(u64 *stack)
{
	u64 arguments = stack[0];
	char **argument = (char **)(stack + 1);
	u64 cases = 0;
	u32 count = 0;
	u64 total = 0;

	system_call(9, 0x10000000, 0x1000, 3, 0x32, -1, 0); /* PRIVATE | FIXED | ANONYMOUS */
	catch_signals(on_signal, 0);
	if (arguments >= 4 && equal(argument[1], "--x87")) {
		salt = number(argument[2]);
		x87_cases(number(argument[3]), arguments > 4 ? argument[4] : 0);
		return 0;
	}
	if (arguments > 1 && !(begins(argument[1], "--count") && !argument[1][7])) {
		for (u32 i = 0; i < form_count; i++)
			for (u64 j = 1; j < arguments; j++)
				if (begins(forms[i].name, argument[j])) {
					form_cases(&forms[i], forms[i].cases, 1);
					break;
				}
		flush();
		return 0;
	}
	for (u32 i = 0; i < form_count; i++) {
		if (forms[i].approximate)
			continue;
		count++;
		cases += forms[i].cases;
		if (arguments > 1)
			continue;
		form_cases(&forms[i], forms[i].cases, 0);
		total = (total ^ hash) * 0x9e3779b97f4a7c15ul;
		total ^= total >> 31;
	}
	hexadecimal(total, 16);
	text(" forms ");
	decimal(count);
	text(" cases ");
	decimal(cases);
	put('\n');
	flush();
	return 0;
}
