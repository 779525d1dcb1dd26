/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a list of fields (abi/records.h) is made of, and the structure and the table that come from it.
 *
 * A list is a macro that takes four macros, one for each kind of row:
 *
 *	SAME(width, name, meaning, source)	   the field is a member of the object in both kernels: assigned both ways
 *	COPY(width, name, count, meaning, source)  so is an array: its bytes are copied both ways
 *	MADE(width, name, meaning, source)	   an expression gives it; who reads the record has it as a constant
 *	TABLE(width, name, count, meaning, source) so does a statement that fills `to`, an array
 *
 * A row's source is C of the file that writes the record, and means nothing elsewhere.
 */
#ifndef _ABI_FIELDS_H
#define _ABI_FIELDS_H

#include <linux/types.h>

/* What values a field can have; whoever gets a record checks them before anything is made of it. */
enum field_meaning {
	FIELD_VALUE,	      /* any */
	FIELD_BOOL,	      /* 0, 1 */
	FIELD_BELOW,	      /* less than `limit` */
	FIELD_NONZERO,	      /* anything but 0 */
	FIELD_CANONICAL,      /* an address that the processor can load (SDM 1 3.3.7.1) */
	FIELD_TEXT,	      /* characters that a NUL ends */
	FIELD_PID,	      /* the number of a process, or 0: less than `limit` */
	FIELD_OWN_PID,	      /* the number of this task: not 0, and no other record has it */
	FIELD_FRAME,	      /* the number of a frame that stays in place */
	FIELD_ADDRESS,	      /* a physical address in such a frame */
	FIELD_NUMBER,	      /* the place of a record of `of`, which has come before */
	FIELD_NUMBER_OR_NONE, /* the same, or HANDOVER_NONE */
	FIELD_COUNT,	      /* how many records `of` follow this one, `limit` at most */
	FIELD_USER_REGISTERS, /* struct pt_regs that leads to user mode */
	FIELD_USER_SELECTOR,  /* of a segment that user mode can load */
	FIELD_FXSAVE,	      /* an image that FXRSTOR loads (SDM 1 10.5.1) */
	FIELD_MEANINGS,
};

#define FIELD_NAME_LEN 20

/* A row as data. */
struct record_field {
	char name[FIELD_NAME_LEN];
	u8 meaning; /* FIELD_* */
	u8 of;	    /* a number of a layout, where the meaning has one */
	/* bytes of one, how many; a field lies where the one before it ends */
	u16 width, count;
	u32 limit;
};

/* What a row's meaning says of it in `record_field`. */
#define MEANS_VALUE		     .meaning = FIELD_VALUE
#define MEANS_BOOL		     .meaning = FIELD_BOOL, .limit = 2
#define MEANS_BELOW(bound)	     .meaning = FIELD_BELOW, .limit = (bound)
#define MEANS_NONZERO		     .meaning = FIELD_NONZERO
#define MEANS_CANONICAL		     .meaning = FIELD_CANONICAL
#define MEANS_TEXT		     .meaning = FIELD_TEXT
#define MEANS_PID		     .meaning = FIELD_PID, .limit = HANDOVER_PIDS
#define MEANS_OWN_PID		     .meaning = FIELD_OWN_PID, .limit = HANDOVER_PIDS
#define MEANS_FRAME		     .meaning = FIELD_FRAME
#define MEANS_ADDRESS		     .meaning = FIELD_ADDRESS
#define MEANS_NUMBER(layout)	     .meaning = FIELD_NUMBER, .of = LAYOUT_##layout
#define MEANS_NUMBER_OR_NONE(layout) .meaning = FIELD_NUMBER_OR_NONE, .of = LAYOUT_##layout
#define MEANS_COUNT(layout, most)    .meaning = FIELD_COUNT, .of = LAYOUT_##layout, .limit = (most)
#define MEANS_USER_REGISTERS	     .meaning = FIELD_USER_REGISTERS
#define MEANS_USER_SELECTOR	     .meaning = FIELD_USER_SELECTOR
#define MEANS_FXSAVE		     .meaning = FIELD_FXSAVE

/* ---- the structure ---- */
#define STRUCT_ONE(width, name, meaning, source)	 width name;
#define STRUCT_MANY(width, name, count, meaning, source) width name[count];
#define RECORD_STRUCT(record, LIST)                                    \
	struct record##_ser {                                          \
		LIST(STRUCT_ONE, STRUCT_MANY, STRUCT_ONE, STRUCT_MANY) \
	} __attribute__((packed))

#endif
