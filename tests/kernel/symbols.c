// SPDX-License-Identifier: GPL-2.0-or-later
/* module/kallsyms.c on tables that chance makes, judged by looking at every symbol. */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/thread_info.h>
#include "host.h"
#include "../../images/kernel/module/internal.h"

int libc_strcmp(const char *, const char *) __asm__("strcmp");
int libc_snprintf(char *, size_t, const char *, ...) __asm__("snprintf");

/* As the build's table, src/toolchain/kallsyms.ts. The kernel's _text and _end are the linker's (--defsym), 64 KiB apart. */
enum { SYMBOLS = 40, SPAN = 0x10000 };
struct entry {
	u32 offset, size, name, type;
};
struct entry kallsyms_table[SYMBOLS];
char kallsyms_names[SYMBOLS * 4];
u32 kallsyms_count;
#define BASE ((unsigned long)_text)

/* One module behind the kernel. */
static Elf64_Ehdr header = { .e_shnum = 3 };
static Elf64_Shdr sections[3] = { [1] = { .sh_addr = 1 } };
static Elf64_Sym module_symbols[6];
static struct klp_modinfo info = {
	.hdr = &header, .sechdrs = sections, .symtab = module_symbols, .strtab = "\0one\0two\0six"
};
static struct module module = { .name = "m", .klp_info = &info };
#define MODULE (BASE + 2 * SPAN)

struct module *__module_address(unsigned long addr)
{
	return addr >= MODULE && addr < MODULE + SPAN ? &module : NULL;
}

/* What %gs leads to on a CPU: the current task, of which kallsyms.c counts preempt_disable(). */
long syscall(long number, ...);
static struct thread_info current_task;
static void *cpu_area[8] = { cpu_area, &current_task };

void preempt_schedule(void)
{
	check(false, "nobody wants the CPU");
}

static void make_table(void)
{
	u32 offset = 0, size;

	kallsyms_count = random_below(SYMBOLS + 1);
	for (u32 i = 0; i < kallsyms_count; i++) {
		char *name = &kallsyms_names[i * 4];

		offset += random_below(3) ? random_below(0x400) : 0;
		size = random_below(2) ? random_below(0x80) : 0;
		name[0] = 'a' + random_below(6);
		name[1] = random_below(2) ? '1' : 0;
		kallsyms_table[i] = (struct entry){ offset, size, i * 4, 'T' };
	}
}

/* The first of those that are nearest below @addr, or -1. */
static int nearest(unsigned long addr)
{
	int best = -1;

	for (u32 i = 0; i < kallsyms_count; i++)
		if (BASE + kallsyms_table[i].offset <= addr &&
		    (best < 0 || kallsyms_table[i].offset > kallsyms_table[best].offset))
			best = i;
	return addr < BASE || addr >= BASE + SPAN ? -1 : best;
}

/* To the next symbol, or the end of the kernel. */
static unsigned long room_of(int symbol)
{
	unsigned long least = SPAN - kallsyms_table[symbol].offset;

	for (u32 i = 0; i < kallsyms_count; i++)
		if (kallsyms_table[i].offset > kallsyms_table[symbol].offset)
			least = min(least, (unsigned long)kallsyms_table[i].offset -
						   kallsyms_table[symbol].offset);
	return least;
}

static void test_lookup(void)
{
	unsigned long addr = BASE - 16 + random_below(SPAN + 32), size = 99, offset = 99, expected;
	int want = random_below(4) ? nearest(addr = BASE + random_below(0x5000)) : nearest(addr),
	    length;
	char *modname, buffer[KSYM_SYMBOL_LEN], text[KSYM_SYMBOL_LEN];
	const char *name = kallsyms_lookup(addr, &size, &offset, &modname, buffer);

	check(!name == (want < 0), "a name for %lx", addr - BASE);
	length = sprint_symbol(buffer, addr);
	if (want < 0) {
		libc_snprintf(text, sizeof(text), "0x%lx", addr);
		check(!libc_strcmp(buffer, text), "'%s', not '%s'", buffer, text);
		return;
	}
	expected = kallsyms_table[want].size ?: room_of(want);
	check(name == &kallsyms_names[want * 4], "%lx is in %s", addr - BASE, name);
	check(offset == addr - BASE - kallsyms_table[want].offset, "offset %lx at %lx", offset,
	      addr - BASE);
	check(size == expected, "size %lx, not %lx, at %lx", size, expected, addr - BASE);
	check(!modname, "the kernel is no module");
	libc_snprintf(text, sizeof(text), "%s+0x%lx/0x%lx", name, offset, size);
	check(!libc_strcmp(buffer, text) && length == (int)strlen(text), "'%s', not '%s'", buffer,
	      text);
	check(kallsyms_lookup_size_offset(addr, &size, &offset) == (expected != 0), "size at %lx",
	      addr - BASE);
}

static unsigned long met[SYMBOLS];
static int met_count, stop_at;

static int meet(void *data, unsigned long addr)
{
	check(data == met, "the data is passed on");
	met[met_count++] = addr;
	return met_count == stop_at ? 7 : 0;
}

static void test_names(void)
{
	char name[3] = { 'a' + random_below(6), random_below(2) ? '1' : 0 };
	int want = 0, ret;

	met_count = 0;
	stop_at = random_below(4) ? 0 : 2;
	ret = kallsyms_on_each_match_symbol(meet, name, met);
	for (u32 i = 0; i < kallsyms_count && (!stop_at || want < stop_at); i++)
		if (!libc_strcmp(&kallsyms_names[i * 4], name))
			check(met[want++] == BASE + kallsyms_table[i].offset, "symbol %d called %s",
			      want, name);
	check(met_count == want, "%d symbols are called %s, not %d", want, name, met_count);
	check(ret == (stop_at && want == stop_at ? 7 : 0), "what the function gave ends the walk");
}

/* Of the module's symbols only those count that have a name and a place in memory, and are no section or file. */
static void test_module(void)
{
	static const struct {
		unsigned int name, type, section;
	} kinds[] = { { 1, 2, 1 }, { 5, 1, 1 }, { 0, 2, 1 },	 { 1, 3, 1 },
		      { 1, 2, 0 }, { 1, 2, 2 }, { 1, 2, 0xfff1 } };
	unsigned long addr = MODULE + random_below(0x400), size, offset;
	const Elf64_Sym *want = NULL;
	char *modname, name[KSYM_NAME_LEN], text[KSYM_SYMBOL_LEN], buffer[KSYM_SYMBOL_LEN];
	const char *found;

	info.num_symtab = 1 + random_below(6);
	for (unsigned int i = 1; i < info.num_symtab; i++) {
		int kind = random_below(3) ? random_below(2) : random_below(ARRAY_SIZE(kinds));
		Elf64_Sym *symbol = &module_symbols[i];

		*symbol = (Elf64_Sym){ .st_name = kinds[kind].name,
				       .st_info = 0x10 | kinds[kind].type };
		symbol->st_shndx = kinds[kind].section;
		symbol->st_value = MODULE + random_below(0x40) * 16;
		symbol->st_size = random_below(64);
		if (kind < 2 && symbol->st_value <= addr &&
		    (!want || symbol->st_value > want->st_value))
			want = symbol;
	}
	found = kallsyms_lookup(addr, &size, &offset, &modname, name);
	check(!found == !want, "a name for %lx of the module", addr - MODULE);
	if (!want)
		return;
	check(found == name && !libc_strcmp(name, info.strtab + want->st_name),
	      "'%s' in the module", name);
	check(size == want->st_size && offset == addr - want->st_value,
	      "size %lx, offset %lx in the module", size, offset);
	check(modname == module.name, "the module is named");
	sprint_symbol(buffer, addr);
	libc_snprintf(text, sizeof(text), "%s+0x%lx/0x%lx [m]", name, offset, size);
	check(!libc_strcmp(buffer, text), "'%s', not '%s'", buffer, text);
}

void test(int count, char **words)
{
	check(!syscall(158, 0x1001, cpu_area), "arch_prctl(ARCH_SET_GS)");
	for (int i = 0; i < 300; i++) {
		make_table();
		for (int j = 0; j < 60; j++) {
			test_lookup();
			test_names();
			test_module();
		}
	}
	check(!current_task.preempt_count, "preemption is allowed again");
}
