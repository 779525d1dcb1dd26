/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x87 and SSE state of user mode. The kernel itself uses neither, so while
 * a task is in the kernel its state is still in the registers; it is saved when
 * another task gets the CPU (eagerly), or when somebody wants to look at it.
 */
#ifndef _ASM_FPU_H
#define _ASM_FPU_H

#include <linux/sched.h>
#include <linux/string.h>

#define MXCSR_DEFAULT 0x1f80
#define FXSAVE_FCW    0 /* offsets in the image, SDM 1 10.5.1 */
#define FXSAVE_MXCSR  24

static inline void fxsave(void *image)
{
	asm volatile("fxsave64 (%0)" : : "r"(image) : "memory");
}

static inline void fxrstor(const void *image)
{
	asm volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
}

/* The registers of the current task into its image; preemption may come between, and does no harm. */
static inline void fpu_save_current(void)
{
	fxsave(current->thread.fxsave);
}

static inline void fpu_restore_current(void)
{
	fxrstor(current->thread.fxsave);
}

/* An image from user mode: bits of MXCSR that would make FXRSTOR fault are cleared. */
static inline void fpu_sanitize(void *image)
{
	*(u32 *)((char *)image + FXSAVE_MXCSR) &= 0xffff;
}

/* What a new program finds: FCW 0x37f, MXCSR 0x1f80, all else empty. */
static inline void fpu_init_image(void *image)
{
	memset(image, 0, 512);
	*(u16 *)((char *)image + FXSAVE_FCW) = 0x37f;
	*(u32 *)((char *)image + FXSAVE_MXCSR) = MXCSR_DEFAULT;
}

#endif
