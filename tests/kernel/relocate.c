// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * module/relocate.c: relocates the section .data of an object file for an address and prints its bytes, or "refused", for the test to
 * compare with what ld makes of the same file.
 *
 *	relocate SEED FILE ADDRESS NAME=VALUE...
 */
#include <linux/module.h>
#include <asm/text-patching.h>
#include "host.h"
#include "../../images/kernel/module/internal.h"

void *fopen(const char *path, const char *mode);
size_t fread(void *to, size_t size, size_t count, void *file);
int fclose(void *file);

static u64 file[8192]; /* aligned as its tables want */
static unsigned char *section;
static unsigned long address;

void text_poke_early(void *to, const void *from, size_t size)
{
	memcpy(section + ((unsigned long)to - address), from, size);
}

int printk(const char *format, ...)
{
	return 0;
}

static u64 value_of(const char *name, int count, char **words)
{
	size_t length = strlen(name);

	for (int i = 2; i < count; i++)
		if (!strncmp(words[i], name, length) && words[i][length] == '=')
			return strtoul(words[i] + length + 1, NULL, 0);
	return 0;
}

void test(int count, char **words)
{
	struct klp_modinfo info = { .image = file, .hdr = (void *)file };
	const Elf64_Shdr *rela = NULL;
	const char *names;
	void *handle = fopen(words[0], "r");

	check(handle && fread(file, 1, sizeof(file), handle) < sizeof(file), "%s can be read",
	      words[0]);
	fclose(handle);
	address = strtoul(words[1], NULL, 0);
	info.sechdrs = info.image + info.hdr->e_shoff;
	for (int i = 0; i < info.hdr->e_shnum; i++) {
		Elf64_Shdr *sec = &info.sechdrs[i];

		if (sec->sh_type == SHT_SYMTAB) {
			info.symtab = info.image + sec->sh_offset;
			info.num_symtab = sec->sh_size / sizeof(Elf64_Sym);
			names = info.image + info.sechdrs[sec->sh_link].sh_offset;
			for (unsigned int j = 0; j < info.num_symtab; j++)
				info.symtab[j].st_value =
					value_of(names + info.symtab[j].st_name, count, words);
		} else if (sec->sh_type == SHT_RELA) {
			rela = sec;
		}
	}
	info.sechdrs[rela->sh_info].sh_addr = address;
	section = info.image + info.sechdrs[rela->sh_info].sh_offset;
	if (module_apply_rela("test", &info, rela)) {
		printf("refused\n");
		return;
	}
	for (u64 i = 0; i < info.sechdrs[rela->sh_info].sh_size; i++)
		printf("%02x", section[i]);
	printf("\n");
}
