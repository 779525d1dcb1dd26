/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records by their lists (abi/records.h): what writes one, and what reads one.
 *
 *	DEFINE_RECORD(task, TASK_RECORD, struct task_struct *t)
 *
 * makes write_task(w, t), which gives every field, and read_task(record, t), which assigns every SAME and COPY row back.
 * TAKE_RECORD(r, task, TASK_RECORD) reads the next record of a stream and declares every MADE and TABLE row as a constant.
 * A row that is read by nobody is a function or a constant that nobody uses, and does not compile.
 *
 * A record lies in the buffer of its layout until the next of the same layout is written or taken.
 */
#ifndef _LIVEUPDATE_RECORD_H
#define _LIVEUPDATE_RECORD_H

#include <linux/string.h>
#include <abi/handover.h>
#include <abi/records.h>
#include "stream.h"

#pragma GCC diagnostic error "-Wunused-variable"
#pragma GCC diagnostic error "-Wunused-function"

struct record_layout {
	const char *name;
	const char *compatible; /* of the component it belongs to */
	const struct record_field *fields;
	u16 nr_fields, size;
	u8 line, fate; /* enum ledger_class, enum ledger_fate */
	void *buffer;
};
/* by enum record_layout_number */
extern const struct record_layout record_layouts[LAYOUTS];

/* ---- records.c ---- */
/* The buffer of a layout, all zero. */
void *record_begin(enum record_layout_number layout);
/* Appends what is in the buffer to the stream. */
void record_put(struct ser_writer *w, enum record_layout_number layout);
/* The next record of the stream, counted in the ledger; does not return where there is none. */
const void *record_take(struct ser_reader *r, enum record_layout_number layout);
/* Bytes that a COUNT of text counts, and a NUL. */
void record_take_text(struct ser_reader *r, char *text, u32 length);

/* ---- check.c ---- */
/* After records_check(): is there a task of this number among the records? */
bool records_have_pid(u32 pid);
/* NULL if every field of every record of the handover means something, else class, record, field and value. */
const char *records_check(const struct handover_root_ser *root);

/* ---- schema.c ---- */
/* NULL if the writer's lists are this kernel's wherever both use the same compatible string, else what differs. */
const char *schema_check(const struct handover_component_ser *schema);

/* ---- writing ---- */
#define WRITE_SAME(width, name, meaning, source)                                   \
	_Static_assert(sizeof(source) <= sizeof(width), "field " #name " is cut"); \
	record->name = (width)(source);
#define WRITE_COPY(width, name, count, meaning, source)                                   \
	_Static_assert(sizeof(source) == sizeof(width[count]), "field " #name " is cut"); \
	memcpy(record->name, &(source), sizeof(record->name));
#define WRITE_MADE(width, name, meaning, source) record->name = (source);
#define WRITE_TABLE(width, name, count, meaning, source) \
	{                                                \
		void *to = record->name;                 \
		source;                                  \
	}
#define DEFINE_RECORD_FILL(record_name, LIST, ...)                                    \
	static void fill_##record_name(struct record_name##_ser *record, __VA_ARGS__) \
	{                                                                             \
		LIST(WRITE_SAME, WRITE_COPY, WRITE_MADE, WRITE_TABLE)                 \
	}
#define DEFINE_RECORD_WRITE(record_name, LIST, ...)                                    \
	static void write_##record_name(struct ser_writer *w, __VA_ARGS__)             \
	{                                                                              \
		struct record_name##_ser *record = record_begin(LAYOUT_##record_name); \
		LIST(WRITE_SAME, WRITE_COPY, WRITE_MADE, WRITE_TABLE)                  \
		record_put(w, LAYOUT_##record_name);                                   \
	}

/* ---- reading ---- */
#define NO_ROW(...)
#define READ_SAME(width, name, meaning, source) (source) = (__typeof__(source))record->name;
#define READ_COPY(width, name, count, meaning, source) \
	memcpy(&(source), record->name, sizeof(record->name));
#define DEFINE_RECORD_READ(record_name, LIST, ...)                                          \
	static void read_##record_name(const struct record_name##_ser *record, __VA_ARGS__) \
	{                                                                                   \
		LIST(READ_SAME, READ_COPY, NO_ROW, NO_ROW)                                  \
	}

#define TAKE_MADE(width, name, meaning, source)		const width name = record->name;
#define TAKE_TABLE(width, name, count, meaning, source) const void *const name = record->name;
#define TAKE_RECORD(r, record_name, LIST)                                                    \
	const struct record_name##_ser *const record = record_take(r, LAYOUT_##record_name); \
	LIST(NO_ROW, NO_ROW, TAKE_MADE, TAKE_TABLE)

#define DEFINE_RECORD(record_name, LIST, ...)               \
	DEFINE_RECORD_WRITE(record_name, LIST, __VA_ARGS__) \
	DEFINE_RECORD_READ(record_name, LIST, __VA_ARGS__)

/* A list without a SAME or COPY row: there is nothing to assign back. */
#define NOT_MADE(width, name, ...) _Static_assert(0, "field " #name " is read by nobody");
#define DEFINE_MADE_RECORD(record_name, LIST, ...) \
	LIST(NOT_MADE, NOT_MADE, NO_ROW, NO_ROW)   \
	DEFINE_RECORD_WRITE(record_name, LIST, __VA_ARGS__)

/* ---- what no record carries ---- */
/*
 * Every member of a structure that crosses an upgrade is named by a row, or stands in a list of those that are left:
 *
 *	#define FS_LEFT(LEFT)			\
 *		LEFT(count, "tasks count themselves in")
 *	CARRIED(fs_struct, fs, DIRECTORIES_RECORD, FS_LEFT)
 *
 * Both lists stand in the image as text, a line for each entry; tests/upgrade compares them with the image's types. So a
 * member that is new, and that nobody has thought of here, is found.
 */
#define SOURCE_ONE(width, name, meaning, source)	 #source "\n"
#define SOURCE_MANY(width, name, count, meaning, source) #source "\n"
#define LEFT_ONE(member, why)				 "- " #member ": " why "\n"
#define CARRIED(type, variable, LIST, LEFT_LIST)              \
	static const char carried_##type[] __used = #variable \
		"\n" LIST(SOURCE_ONE, SOURCE_MANY, SOURCE_ONE, SOURCE_MANY) LEFT_LIST(LEFT_ONE);

#endif
