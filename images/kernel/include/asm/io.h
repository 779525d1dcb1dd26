/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port and memory-mapped I/O. */
#ifndef _ASM_IO_H
#define _ASM_IO_H

#include <linux/types.h>

static __always_inline void outb(u8 v, u16 port)
{
	asm volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static __always_inline void outw(u16 v, u16 port)
{
	asm volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}
static __always_inline void outl(u32 v, u16 port)
{
	asm volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}
static __always_inline u8 inb(u16 port)
{
	u8 v;
	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static __always_inline u16 inw(u16 port)
{
	u16 v;
	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static __always_inline u32 inl(u16 port)
{
	u32 v;
	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u32 readl(const volatile void *p)
{
	return *(const volatile u32 *)p;
}
static inline void writel(u32 v, volatile void *p)
{
	*(volatile u32 *)p = v;
}

/* uncached mapping of device registers, for ever; the same request gives the same address */
void __iomem *ioremap(phys_addr_t phys, size_t size);

#endif
