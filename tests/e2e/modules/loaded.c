// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is a loaded module what its file says: every kind of relocation, every kind
 * of section, its parameters, its symbols?
 */
#include <linux/kernel.h>
#include "checks.h"

static int plain = 5;
static unsigned int natural = 6;
static long wide = -7;
static bool flag;
static char *word = "none";
static int list[3] = { 1, 2, 3 };
static unsigned int listed = 3;
static int hidden = 9;
module_param(plain, int, 0644);
module_param(natural, uint, 0444);
module_param(wide, long, 0644);
module_param(flag, bool, 0644);
module_param(word, charp, 0444);
module_param_array(list, int, &listed, 0644);
module_param(hidden, int, 0);

static unsigned long text_at, rodata_at, data_at, bss_at;
module_param(text_at, ulong, 0444);
module_param(rodata_at, ulong, 0444);
module_param(data_at, ulong, 0444);
module_param(bss_at, ulong, 0444);

const int loaded_constant[4] = { 1, 2, 3, 0x12345678 };
int loaded_data[4] = { 4, 3, 2, 0x76543210 };
static int zeroes[3000];
static char aligned_data[64] __attribute__((aligned(64))) = { 1 };

__attribute__((noipa)) int loaded_function(int x)
{
	return x + loaded_constant[3];
}

/* Pointers and distances that the loader fills in, one of each type. */
asm("	.pushsection .rodata\n"
    "	.balign 8\n"
    "loaded_64:	.quad	loaded_data + 4\n"
    "loaded_pc64:	.quad	loaded_data - .\n"
    "loaded_pc32:	.long	loaded_function - .\n"
    "loaded_last:	.long	loaded_constant + 12 - .\n"
    "	.globl loaded_64, loaded_pc64, loaded_pc32, loaded_last, loaded_weak\n"
    "	.weak loaded_weak\n"
    "loaded_weak_64: .quad loaded_weak\n"
    "	.globl loaded_weak_64\n"
    "	.popsection\n");
extern const unsigned long loaded_64, loaded_pc64, loaded_weak_64;
extern const int loaded_pc32, loaded_last;

static unsigned long address_of(const void *object)
{
	return (unsigned long)object;
}

static void run_checks(void)
{
	unsigned long signed_32;
	unsigned int i, sum = 0;
	char text[80];

	EXPECT(loaded_function(1) == 0x12345679);
	EXPECT(loaded_64 == address_of(&loaded_data[1]));
	EXPECT(address_of(&loaded_pc64) + loaded_pc64 == address_of(loaded_data));
	asm("movq	$loaded_data + 8, %0" : "=r"(signed_32));
	EXPECT(signed_32 == address_of(&loaded_data[2]));
	EXPECT(address_of(&loaded_pc32) + loaded_pc32 == address_of(loaded_function));
	EXPECT(address_of(&loaded_last) + loaded_last == address_of(&loaded_constant[3]));
	EXPECT(loaded_weak_64 == 0);
	for (i = 0; i < ARRAY_SIZE(zeroes); i++)
		sum |= zeroes[i];
	EXPECT(!sum);
	EXPECT(loaded_constant[0] == 1 && loaded_data[0] == 4 && loaded_data[3] == 0x76543210);
	EXPECT(!(address_of(aligned_data) & 63) && aligned_data[0] == 1);
	EXPECT(hidden == 9 || hidden == 10);
	snprintf(text, sizeof(text), "%ps", loaded_function);
	EXPECT(!strcmp(text, "loaded_function [loaded]"));
	snprintf(text, sizeof(text), "%pS", (char *)loaded_function + 3);
	EXPECT(!strncmp(text, "loaded_function+0x3/0x", 22) && strstr(text, " [loaded]"));
	text_at = address_of(loaded_function);
	rodata_at = address_of(loaded_constant);
	data_at = address_of(loaded_data);
	bss_at = address_of(&zeroes[2000]);
}

module_init(checks_init);
module_exit(checks_exit);
