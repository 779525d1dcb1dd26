// SPDX-License-Identifier: GPL-2.0-or-later
// The operands of each case: corners and random values of the kind that a form looks at. The same seed, the same cases.
#include "operands.h"

static u64 random_state;

static u64 chance(void)
{
	u64 x = random_state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	random_state = x;
	return x * 0x2545f4914f6cdd1dul;
}

static u32 below(u32 bound)
{
	return (u32)((chance() >> 32) * bound >> 32);
}

u64 salt;

void seed(const char *name)
{
	u64 hash = 0xcbf29ce484222325ul ^ salt * 0x9e3779b97f4a7c15ul;

	while (*name)
		hash = (hash ^ (u8)*name++) * 0x100000001b3ul;
	random_state = hash | 1;
	chance();
}

/* ---- Operands ---- */

static const u64 corners[] = {
	0,
	1,
	2,
	7,
	8,
	15,
	16,
	31,
	32,
	33,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x100,
	0x7fff,
	0x8000,
	0xffff,
	0x10000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffffffffffff,
	0xfffffffffffffffe,
	0xffffffff80000000,
	0xffffffffffff8000,
	0xffffffffffffff80,
	0x5555555555555555,
	0xaaaaaaaaaaaaaaaa,
	0x8080808080808080,
	0x7f7f7f7f7f7f7f7f,
	0x8000800080008000,
	0x7fff7fff7fff7fff,
	0x8000000080000000,
	0x7fffffff7fffffff,
};

static u64 integer(void)
{
	u64 value = chance();

	switch (below(4)) {
	case 0:
		return corners[below(sizeof corners / sizeof corners[0])];
	case 1:
		return (u64)((long)value >> below(64));
	default:
		return value;
	}
}

static u32 single(void)
{
	static const u32 special[] = {
		0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0xffa00000, 0x7fc12345, 0x00000001, 0x807fffff, 0x00400000,
		0x00800000, 0x80800001, 0x7f7fffff, 0xff7fffff, 0x3fc00000, 0x40490fdb, 0x3f000000,
		0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4b7fffff, 0x5f000000, 0xdf000000,
		0x3effffff, 0x3f7fffff, 0x01000000, 0x00ffffff,
	};
	u64 r = chance();

	switch (below(5)) {
	case 0:
	case 1:
		return special[r % (sizeof special / sizeof special[0])];
	case 2: /* moderate magnitude, short significand */
		return (u32)(r & 0x80000000) | (u32)(112 + (r >> 32) % 32) << 23 |
		       (u32)(r & 0x7ff000);
	case 3:
		return (u32)(r & 0x80000000) | (u32)(96 + (r >> 32) % 64) << 23 |
		       (u32)(r & 0x7fffff);
	default:
		return (u32)r;
	}
}

static u64 double_value(void)
{
	static const u64 special[] = {
		0,
		0x8000000000000000,
		0x3ff0000000000000,
		0xbff0000000000000,
		0x7ff0000000000000,
		0xfff0000000000000,
		0x7ff8000000000000,
		0xfff8000000000001,
		0x7ff0000000000001,
		0xfff4000000000000,
		0x7ff8123456789abc,
		1,
		0x800fffffffffffff,
		0x0008000000000000,
		0x0010000000000000,
		0x8010000000000001,
		0x7fefffffffffffff,
		0xffefffffffffffff,
		0x3ff8000000000000,
		0x400921fb54442d18,
		0x3fe0000000000000,
		0x41dfffffffc00000,
		0x41e0000000000000,
		0xc1e0000000000000,
		0xc1e0000000200000,
		0x433fffffffffffff,
		0x43e0000000000000,
		0xc3e0000000000000,
		0x3fdfffffffffffff,
		0x3fefffffffffffff,
		0x36a0000000000000,
		0x369fffffffffffff,
		0x380fffffffffffff,
		0x47efffffe0000000,
		0x47effffff0000000,
		0x3690000000000000,
		0x0020000000000000,
		0x001fffffffffffff,
	};
	u64 r = chance();
	u64 q = chance();

	switch (below(5)) {
	case 0:
	case 1:
		return special[r % (sizeof special / sizeof special[0])];
	case 2:
		return (r & 1ul << 63) | (1008 + q % 32) << 52 | (r & 0xfffff00000000);
	case 3:
		return (r & 1ul << 63) | (880 + q % 290) << 52 | (r & 0xfffffffffffff);
	default:
		return r;
	}
}

static void extended(u8 *to)
{
	static const struct {
		u64 significand;
		u16 high;
	} special[] = {
		{ 0, 0 },
		{ 0, 0x8000 },
		{ 1ul << 63, 0x3fff },
		{ 1ul << 63, 0xbfff },
		{ 1ul << 63, 0x7fff },
		{ 1ul << 63, 0xffff },
		{ 0xc000000000000000, 0xffff },
		{ 0xc000000000000001, 0x7fff },
		{ 0xe000000000000000, 0xffff },
		{ 0x8000000000000001, 0x7fff },
		{ 0xa000000000000000, 0xffff },
		{ 1, 0 },
		{ 0x7fffffffffffffff, 0x8000 },
		{ 1ul << 63, 1 },
		{ 1ul << 63, 0 },
		{ 0xffffffffffffffff, 0x7ffe },
		{ 0xffffffffffffffff, 0xfffe },
		{ 0xc90fdaa22168c235, 0x4000 },
		{ 0x8000000000000001, 0x3fff },
		{ 0xffffffffffffffff, 0x403d },
		{ 0x8000000000000000, 0xc03e },
		{ 0xc000000000000000, 0x3ffe },
		{ 0x8000000000000000, 0x3ffe },
		{ 0x4000000000000000, 0x4000 },
		{ 0, 0x7fff },
		{ 0x123456789, 0x3fff },
		{ 0xffffff0000000000, 0x407e },
		{ 0xffffff8000000000, 0x407e },
		{ 0xfffffffffffffc00, 0x43fe },
		{ 0x8000000000000000, 0x3f81 },
		{ 0xffffffffffffffff, 0x3f80 },
		{ 0x8000000000000000, 0x3c01 },
		{ 0xde0b6b3a763fffff, 0x403a },
		{ 0xde0b6b3a76400000, 0x403a },
	};
	u64 r = chance();
	u64 significand;
	u16 high;

	switch (below(6)) {
	case 0:
	case 1: {
		u32 i = r % (sizeof special / sizeof special[0]);

		significand = special[i].significand;
		high = special[i].high;
		break;
	}
	case 2:
		significand = chance() << 40 | 1ul << 63;
		high = (r & 0x8000) | (16383 - 20 + (r >> 32) % 40);
		break;
	case 3:
		significand = chance() | 1ul << 63;
		high = (r & 0x8000) | (16383 - 70 + (r >> 32) % 140);
		break;
	case 4: /* denormals, pseudo-denormals, unnormals, and numbers near the smallest and the largest */
		significand = chance() >> (r >> 16) % 64;
		high = (r & 0x8000) | (r >> 32) % 3 * (r >> 40) % 80;
		if (below(3) == 0) {
			significand |= 1ul << 63;
			high ^= 0x7fff;
		}
		break;
	default:
		significand = chance() | 1ul << 63;
		high = (u16)r;
	}
	*(u64 *)to = significand;
	*(u16 *)(to + 8) = high;
}

static u32 vector_control(void)
{
	u64 r = chance();

	switch (below(4)) {
	case 0:
		return 0x1f80;
	case 1:
		return 0x1fa0;
	case 2: /* everything but masks */
		return 0x1f80 | (r & 0xe07f);
	default: /* and some exceptions unmasked */
		return (r & 0xffff) | (r >> 16 & 0x1f80);
	}
}

/* Makes ST(1) a neighbour of ST(0), or one whose first bit stands where ST(0) ends: cancellation, ties, sticky bits. */
static void neighbour(u8 *image)
{
	u64 r = chance();
	u64 significand = *(u64 *)(image + 28);
	u32 high = *(u16 *)(image + 36);

	if (r & 1)
		significand ^= 1ul << (r >> 8) % 64;
	if (r & 2)
		significand &= -1ul << (r >> 16) % 64;
	if (r & 4)
		high += (r >> 24) % 5 - 2;
	else if (r & 8)
		high -= 62 + (r >> 24) % 6;
	*(u64 *)(image + 38) = significand | 1ul << 63;
	*(u16 *)(image + 46) = high ^ (r >> 32 & 0x8000);
}

static void x87_image(u8 *image)
{
	u64 r = chance();
	u32 top = (r >> 40) & 7;
	u32 full = 2 + (r >> 44) % 7; /* how many registers are not empty */
	u32 tags = 0xffff;
	u32 control = 0x37f;

	if (below(3))
		control = 0x40 | (r & 0x0c00) |
			  (r & 0x1000	? 0x300
			   : r & 0x2000 ? 0x200
					: 0) |
			  0x3f;
	if (below(4) == 0)
		control &= ~(u32)(r >> 48 & 0x3f);
	for (u32 i = 0; i < full; i++)
		tags &= ~(3u << (2 * ((top + i) & 7)));
	if (below(16) == 0)
		tags |= 3u << (2 * top);
	for (u32 i = 0; i < 108; i += 4)
		*(u32 *)(image + i) = 0;
	*(u32 *)image = control;
	*(u32 *)(image + 4) = top << 11 | (u32)(r >> 50 & 0x4500);
	*(u32 *)(image + 8) = tags;
	for (u32 i = 0; i < 8; i++)
		extended(image + 28 + 10 * i);
	if (below(4) == 0)
		neighbour(image);
}

u64 *volatile const page_end = (u64 *)0x10001000; /* the page from here on does not exist */

/* What only this kind of form looks at. */
static void prepare_kind(enum kind kind, struct context *c)
{
	switch (kind) {
	case KIND_INTEGER:
	case KIND_VECTOR:
		break;
	case KIND_STRING: {
		u32 at = 24 + below(16);

		c->registers[RCX] = below(9);
		c->registers[RSI] = (u64)c->source + at;
		c->registers[RDI] = (u64)c->destination + at;
		if (below(2)) { /* some equal elements, for REPE */
			c->destination[3] = c->source[3];
			c->destination[4] = c->source[4];
		}
		if (below(4) == 0)
			c->registers[RDI] = c->registers[RSI] + below(16) - 8;
		if (below(2))
			c->flags |= 0x400;
		break;
	}
	case KIND_SINGLE:
		c->mxcsr = vector_control();
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < 4; j++)
				((u32 *)c->xmm[i])[j] = single();
		for (int i = 0; i < 16; i++)
			((u32 *)c->source)[i] = single();
		break;
	case KIND_DOUBLE:
		c->mxcsr = vector_control();
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < 2; j++)
				c->xmm[i][j] = double_value();
		for (int i = 0; i < 8; i++)
			c->source[i] = double_value();
		break;
	case KIND_CONVERT:
		c->mxcsr = vector_control();
		break;
	case KIND_X87:
		x87_image(c->x87);
		extended((u8 *)c->source);
		if (below(2))
			c->source[0] = double_value();
		if (below(3) == 0)
			c->source[0] = single();
		break;
	case KIND_X87_INTEGER:
		x87_image(c->x87);
		if (below(2)) { /* a well-formed packed decimal */
			for (int i = 0; i < 10; i++)
				((u8 *)c->source)[i] = below(10) | below(10) << 4;
			((u8 *)c->source)[9] = below(2) << 7;
		}
		break;
	case KIND_MMX:
		x87_image(c->x87);
		for (int i = 0; i < 8; i++)
			*(u64 *)(c->x87 + 28 + 10 * i) = integer();
		*(u32 *)c->x87 |= 0x3f;
		c->mxcsr = vector_control() |
			   0x1f80; /* processors differ in whether #XM leaves the x87 as it was */
		for (int i = 0; i < 2; i++) /* what CVTPS2PI and CVTPD2PI convert */
			c->xmm[1][i] = c->source[i] =
				below(2) ? double_value() : (u64)single() << 32 | single();
		break;
	case KIND_PAGE:
		c->registers[RBX] = (u64)page_end;
		for (int i = 1; i < 9; i++)
			page_end[-i] = integer();
		break;
	}
}

void prepare(const struct form *form, struct context *c)
{
	for (int i = 0; i < REGISTERS; i++)
		c->registers[i] = integer();
	c->flags = 0x202 | (chance() & 0x8d5);
	c->mxcsr = 0x1f80;
	for (int i = 0; i < 8; i++) {
		c->source[i] = integer();
		c->destination[i] = integer();
	}
	for (int i = 0; i < 4; i++) {
		c->xmm[i][0] = integer();
		c->xmm[i][1] = integer();
	}
	c->registers[RSI] = (u64)c->source;
	c->registers[RDI] = (u64)c->destination;
	prepare_kind(form->kind, c);
}
