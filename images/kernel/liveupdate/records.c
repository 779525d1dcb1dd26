// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lists of abi/records.h as data: for each layout a table of its fields, and a buffer that holds one record.
 *
 * Everything that holds for all fields (checking, the schema, the ledger) goes by these tables and knows no class.
 */
#include <linux/kernel.h>
#include "ledger.h"
#include "record.h"

#define ROW_ONE(type, field, means, source) ROW_MANY(type, field, 1, means, source)
#define ROW_MANY(type, field, number, means, source) \
	{ .name = #field, .width = sizeof(type), .count = (number), MEANS_##means },

#define SIZE_ONE(type, field, means, source)	      +sizeof(type)
#define SIZE_MANY(type, field, number, means, source) +sizeof(type) * (number)

#define DEFINE_TABLE(record, LIST, compatible, line, fate)                                      \
	static const struct record_field record##_fields[] = { LIST(ROW_ONE, ROW_MANY, ROW_ONE, \
								    ROW_MANY) };                \
	_Static_assert(sizeof(struct record##_ser) ==                                           \
			       0 LIST(SIZE_ONE, SIZE_MANY, SIZE_ONE, SIZE_MANY),                \
		       "the list covers the record " #record);                                  \
	static struct record##_ser record##_buffer;
RECORD_LAYOUTS(DEFINE_TABLE)

#define ENTER_LAYOUT(record, LIST, component, ledger_line, ledger_fate)            \
	[LAYOUT_##record] = {                                                      \
		.name = #record,                                                   \
		.compatible = component,                                           \
		.fields = record##_fields,                                         \
		.nr_fields = sizeof(record##_fields) / sizeof(record##_fields[0]), \
		.size = sizeof(struct record##_ser),                               \
		.line = LEDGER_##ledger_line,                                      \
		.fate = LEDGER_##ledger_fate,                                      \
		.buffer = &record##_buffer,                                        \
	},
const struct record_layout record_layouts[LAYOUTS] = { RECORD_LAYOUTS(ENTER_LAYOUT) };

void *record_begin(enum record_layout_number layout)
{
	return memset(record_layouts[layout].buffer, 0, record_layouts[layout].size);
}

void record_put(struct ser_writer *w, enum record_layout_number layout)
{
	ser_put(w, record_layouts[layout].buffer, record_layouts[layout].size);
}

/* The stream has been walked by the same tables before (check.c), so what is taken is there. */
const void *record_take(struct ser_reader *r, enum record_layout_number number)
{
	const struct record_layout *layout = &record_layouts[number];

	if (!ser_get(r, layout->buffer, layout->size))
		panic("liveupdate: the records end before a %s", layout->name);
	if (layout->line != LEDGER_NONE)
		ledger_add(layout->line, layout->fate, 1);
	return layout->buffer;
}

void record_take_text(struct ser_reader *r, char *text, u32 length)
{
	if (!ser_get(r, text, length))
		panic("liveupdate: the records end inside a text");
	text[length] = 0;
}
