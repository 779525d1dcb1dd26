/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing instructions that CPUs may be executing. See arch/text-patching.c
 * for the protocol and its constraints.
 */
#ifndef _ASM_TEXT_PATCHING_H
#define _ASM_TEXT_PATCHING_H

#include <linux/types.h>

struct pt_regs;

#define INT3_INSN_OPCODE     0xcc
#define CALL_INSN_OPCODE     0xe8
#define JMP32_INSN_OPCODE    0xe9
#define JMP8_INSN_OPCODE     0xeb
#define RET_INSN_OPCODE	     0xc3
#define POKE_MAX_OPCODE_SIZE 5

extern const u8 x86_nop5[5];

/* Writes through the writable alias; no CPU may be executing the bytes. */
void text_poke_early(void *addr, const void *opcode, size_t len);
void *text_poke(void *addr, const void *opcode, size_t len);

/* Bracket for everything below: one writer at a time. */
void text_mutex_lock(void);
void text_mutex_unlock(void);

/* One site now, or many: queue, then finish. @emulate (or NULL) is what a trap means. */
void text_poke_bp(void *addr, const void *opcode, size_t len, const void *emulate);
void text_poke_queue(void *addr, const void *opcode, size_t len, const void *emulate);
void text_poke_finish(void);

/* From the #BP entry, kernel mode only. True: handled, resume at regs. */
bool poke_int3_handler(struct pt_regs *regs);

void sync_core(void);

#endif
