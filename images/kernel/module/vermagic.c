// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The string by which a module and a kernel recognise each other: release,
 * configuration, and the build-id of the very image. A module may know the
 * kernel's structures; only the same build has the same ones.
 *
 * The host reads vermagic_format from the image and fills in the build-id, as
 * kernel_vermagic() does here from the note the linker made.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/elf.h>
#include <linux/utsrelease.h>
#include "internal.h"

const char vermagic_format[] __used = UTS_RELEASE " SMP preempt mod_unload build-id=%s";

extern const char __start_notes[], __stop_notes[];

static const Elf64_Nhdr *find_build_id(void)
{
	const char *at = __start_notes;

	while (at + sizeof(Elf64_Nhdr) <= __stop_notes) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)at;

		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    !memcmp(note + 1, "GNU", 4))
			return note;
		at += sizeof(*note) + ALIGN(note->n_namesz, 4) + ALIGN(note->n_descsz, 4);
	}
	return NULL;
}

const char *kernel_vermagic(void)
{
	static char vermagic[128];
	const Elf64_Nhdr *note = find_build_id();
	char hex[65] = "";
	unsigned int i;

	if (vermagic[0])
		return vermagic;
	for (i = 0; note && i < note->n_descsz && i < 32; i++)
		sprintf(hex + 2 * i, "%02x", ((const u8 *)(note + 1))[4 + i]);
	snprintf(vermagic, sizeof(vermagic), vermagic_format, hex);
	return vermagic;
}
