// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SGDT, SIDT, SLDT, STR and SMSW in a program. CR4.UMIP makes them #GP(0) so
 * that they tell nothing of where the kernel's tables are (SDM 2A); programs
 * that execute them all the same are given Linux's constants.
 *
 * Promises: an instruction that is none of the five, or not 64-bit code, is left
 * to the caller with nothing changed. A result that cannot be stored is the
 * program's page fault.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/processor.h>
#include "arch.h"

#define GDT_BASE       0xfffffffffffe0000UL
#define IDT_BASE       0xffffffffffff0000UL
#define MACHINE_STATUS 0x80050033UL /* PG, AM, WP, NE, ET, MP, PE */
#define MAX_BYTES      15

/* One instruction, as far as it has been read. */
struct reader {
	u8 bytes[MAX_BYTES + 8]; /* zeroes behind the last */
	unsigned int length, at;
	u8 rex, segment; /* 0: none */
	bool operand16, address32;
};

static u8 take(struct reader *r)
{
	return r->bytes[r->at++];
}

static bool take_prefix(struct reader *r)
{
	switch (r->bytes[r->at]) {
	case 0x64:
	case 0x65:
		r->segment = r->bytes[r->at];
		break;
	case 0x66:
		r->operand16 = true;
		break;
	case 0x67:
		r->address32 = true;
		break;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0xf2:
	case 0xf3:
		break;
	default:
		return false;
	}
	r->at++;
	return true;
}

/* Registers in the order of their numbers (SDM 2A, table 2-2). */
static unsigned long *register_at(struct pt_regs *regs, unsigned int number)
{
	unsigned long *const all[16] = {
		&regs->ax,  &regs->cx,	&regs->dx,  &regs->bx,	&regs->sp,  &regs->bp,
		&regs->si,  &regs->di,	&regs->r8,  &regs->r9,	&regs->r10, &regs->r11,
		&regs->r12, &regs->r13, &regs->r14, &regs->r15,
	};

	return all[number & 15];
}

static s32 take_displacement(struct reader *r, int size)
{
	s32 value = 0;

	memcpy(&value, r->bytes + r->at, size);
	r->at += size;
	return size == 1 ? (s8)value : value;
}

/* The address of a memory operand (SDM 2A 2.1.5 and 2.2.1). */
static unsigned long take_address(struct reader *r, struct pt_regs *regs, u8 modrm)
{
	unsigned int mod = modrm >> 6, base = (modrm & 7) | (r->rex & 1) << 3;
	unsigned long address = 0;

	if ((modrm & 7) == 4) {
		u8 sib = take(r);
		unsigned int index = (sib >> 3 & 7) | (r->rex & 2) << 2;

		base = (sib & 7) | (r->rex & 1) << 3;
		if (index != 4)
			address = *register_at(regs, index) << (sib >> 6);
		if (mod == 0 && (base & 7) == 5)
			address += take_displacement(r, 4);
		else
			address += *register_at(regs, base);
	} else if (mod == 0 && (modrm & 7) == 5) {
		address = take_displacement(r, 4);
		address += regs->ip + r->at; /* no immediate follows */
	} else {
		address = *register_at(regs, base);
	}
	if (mod == 1 || mod == 2)
		address += take_displacement(r, mod == 1 ? 1 : 4);
	if (r->address32)
		address = (u32)address;
	if (r->segment)
		address += rdmsr(r->segment == 0x64 ? MSR_FS_BASE : MSR_KERNEL_GS_BASE);
	return address;
}

/* What the instruction 0F @opcode /@extension stores; false: it is another one. */
static bool result_of(u8 opcode, unsigned int extension, bool memory, u64 *value, int *size)
{
	*size = 2;
	if (opcode == 1 && extension == 4)
		*value = MACHINE_STATUS;
	else if (opcode == 0 && extension < 2)
		*value = extension ? GDT_TSS : 0;
	else if (opcode == 1 && extension < 2 && memory) {
		*value = extension ? IDT_BASE : GDT_BASE;
		*size = 10;
	} else {
		return false;
	}
	return true;
}

static void store_to_register(const struct reader *r, unsigned long *to, u64 value)
{
	if (r->operand16)
		*to = (*to & ~0xffffUL) | (u16)value;
	else
		*to = r->rex & 8 ? value : (u32)value;
}

static void store_to_memory(unsigned long address, u64 value, int size)
{
	u8 bytes[10] = { 0 }; /* a table: a limit of 0, then the base */

	memcpy(bytes + (size == 10 ? 2 : 0), &value, size == 10 ? 8 : 2);
	if (!copy_to_user((void __user *)address, bytes, size))
		return;
	current->thread.cr2 = address;
	current->thread.error_code = 6; /* a write of user mode, page not there */
	current->thread.trap_nr = 14;
	force_sig_fault(SIGSEGV, SEGV_MAPERR, (void *)address);
}

bool fixup_umip_exception(struct pt_regs *regs)
{
	struct reader r = { .length = MAX_BYTES };
	unsigned long address;
	u8 opcode, modrm;
	u64 value;
	int size;

	if (regs->cs != __USER_CS)
		return false;
	r.length -= copy_from_user(r.bytes, (void __user *)regs->ip, MAX_BYTES);
	while (r.at < r.length && take_prefix(&r))
		;
	if ((r.bytes[r.at] & 0xf0) == 0x40)
		r.rex = take(&r);
	if (take(&r) != 0x0f)
		return false;
	opcode = take(&r);
	modrm = take(&r);
	if (!result_of(opcode, modrm >> 3 & 7, modrm >> 6 != 3, &value, &size))
		return false;
	address = modrm >> 6 == 3 ? 0 : take_address(&r, regs, modrm);
	if (r.at > r.length)
		return false;
	regs->ip += r.at;
	if (modrm >> 6 == 3)
		store_to_register(&r, register_at(regs, (modrm & 7) | (r.rex & 1) << 3), value);
	else
		store_to_memory(address, value, size);
	return true;
}
