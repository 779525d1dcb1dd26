// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a PVH and a Linux kernel get alike: the command line, in the handoff area, and the initrd, where the machine wants it.
 */
#include "firmware.h"

#define COMMAND_LINE_LIMIT 8192

static char command_line[COMMAND_LINE_LIMIT] __handoff;

u32 load_command_line(void)
{
	u32 length = fw_cfg_u32(FW_CFG_CMDLINE_SIZE);

	if (length > COMMAND_LINE_LIMIT)
		fail("the command line has %u bytes, %u are possible", length, COMMAND_LINE_LIMIT);
	fw_cfg_read(FW_CFG_CMDLINE_DATA, command_line, length);
	command_line[COMMAND_LINE_LIMIT - 1] = 0;
	return (u32)command_line;
}

u32 load_initrd(u32 *address)
{
	u32 size = fw_cfg_u32(FW_CFG_INITRD_SIZE);

	*address = fw_cfg_u32(FW_CFG_INITRD_ADDR);
	if (!size)
		return 0;
	if (!memory_is_free(*address, size))
		fail("the initrd (%u bytes) does not fit in RAM at 0x%x; give the machine more memory",
		     size, *address);
	fw_cfg_read(FW_CFG_INITRD_DATA, (void *)*address, size);
	return size;
}
