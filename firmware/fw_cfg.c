// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fw_cfg device through which QEMU and our machine describe themselves and hand over the kernel (QEMU
 * docs/specs/fw_cfg.txt). Uses the DMA interface where the ID item offers it: an initrd of megabytes by single port reads
 * would take longer than the rest of the boot.
 */
#include "firmware.h"

#define PORT_SELECT   0x510
#define PORT_DATA     0x511
#define PORT_DMA_HIGH 0x514
#define PORT_DMA_LOW  0x518
#define ID_DMA	      0x2
#define DMA_ERROR     0x1
#define DMA_READ      0x2
#define DMA_SELECT    0x8
#define DMA_POLLS     1000000

/* Big endian, as the device reads it. */
struct dma_control {
	u32 control;
	u32 length;
	u64 address;
};

struct file_entry {
	u32 size;   /* big endian */
	u16 select; /* big endian */
	u16 reserved;
	char name[56];
};

static int has_dma;

static void read_port(u16 key, void *to, u32 size)
{
	outw(PORT_SELECT, key);
	asm volatile("rep insb" : "+D"(to), "+c"(size) : "d"(PORT_DATA) : "memory");
}

void fw_cfg_read(u16 key, void *to, u32 size)
{
	volatile struct dma_control dma;

	if (!has_dma || !size) {
		read_port(key, to, size);
		return;
	}
	dma.length = __builtin_bswap32(size);
	dma.address = (u64)__builtin_bswap32((u32)to) << 32;
	dma.control = __builtin_bswap32((u32)key << 16 | DMA_SELECT | DMA_READ);
	asm volatile("" : : : "memory");
	outl(PORT_DMA_HIGH, 0);
	outl(PORT_DMA_LOW, __builtin_bswap32((u32)&dma));
	for (u32 i = 0; i < DMA_POLLS; i++) {
		u32 control = __builtin_bswap32(dma.control);

		if (control & DMA_ERROR)
			fail("fw_cfg: DMA read of item 0x%x (%u bytes) failed", key, size);
		if (!(control & ~DMA_ERROR))
			return;
	}
	fail("fw_cfg: DMA read of item 0x%x (%u bytes) does not end", key, size);
}

void fw_cfg_init(void)
{
	char signature[4];
	u32 id;

	read_port(FW_CFG_SIGNATURE, signature, sizeof(signature));
	if (memcmp(signature, "QEMU", 4))
		fail("no fw_cfg device at port 0x510: nothing says where the kernel is");
	read_port(FW_CFG_ID, &id, sizeof(id));
	has_dma = (id & ID_DMA) != 0;
}

u32 fw_cfg_u32(u16 key)
{
	u32 value = 0;

	fw_cfg_read(key, &value, sizeof(value));
	return value;
}

/*
 * The directory is read entry by entry through the port, because a selected item is a stream and every DMA read with the select
 * bit would begin again.
 */
u16 fw_cfg_find(const char *name, u32 *size)
{
	u32 count, length = 0;
	struct file_entry entry;

	while (name[length])
		length++;
	read_port(FW_CFG_FILE_DIR, &count, sizeof(count));
	count = __builtin_bswap32(count);
	for (u32 i = 0; i < count && i < 1024; i++) {
		void *to = &entry;
		u32 bytes = sizeof(entry);

		asm volatile("rep insb" : "+D"(to), "+c"(bytes) : "d"(PORT_DATA) : "memory");
		if (!memcmp(entry.name, name, length + 1)) {
			*size = __builtin_bswap32(entry.size);
			return __builtin_bswap16(entry.select);
		}
	}
	return 0;
}
