// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class schema: the writer's own lists, as the first component of the handover.
 *
 * A compatible string is a promise of the one who writes it. The schema says what the records are, field by field, so that a
 * change of a list under an old string is found, and named, before a record is read. Layouts are found by name: a component
 * with another string is not compared, for it is another language.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/utsrelease.h>
#include "internal.h"

static const char *name_of_argument(const struct record_field *field)
{
	bool has_one = field->meaning == FIELD_NUMBER || field->meaning == FIELD_COUNT ||
		       field->meaning == FIELD_NUMBER_OR_NONE;

	return has_one ? record_layouts[field->of].name : "";
}

DEFINE_RECORD_FILL(schema, SCHEMA_RECORD, const struct record_layout *layout)
DEFINE_RECORD_FILL(field, FIELD_RECORD, const struct record_field *f, u32 offset)

static int preserve_schema(struct ser_writer *w)
{
	for (u32 i = 0; i < LAYOUTS; i++) {
		const struct record_layout *layout = &record_layouts[i];
		u32 offset = 0;

		fill_schema(record_begin(LAYOUT_schema), layout);
		record_put(w, LAYOUT_schema);
		w->count++;
		for (u32 k = 0; k < layout->nr_fields; k++) {
			fill_field(record_begin(LAYOUT_field), &layout->fields[k], offset);
			record_put(w, LAYOUT_field);
			offset += layout->fields[k].width * layout->fields[k].count;
		}
	}
	return w->error;
}

/* ---- comparing ---- */

static char why[HANDOVER_REFUSAL_LEN];

/* What a list says of a field, in words: "u32 at 0, own pid up to 32768". */
static void describe(char *text, size_t size, const struct field_ser *field)
{
	static const char *const meanings[FIELD_MEANINGS] = {
		[FIELD_VALUE] = "any value",
		[FIELD_BOOL] = "bool",
		[FIELD_BELOW] = "number",
		[FIELD_NONZERO] = "not 0",
		[FIELD_CANONICAL] = "canonical",
		[FIELD_TEXT] = "text",
		[FIELD_PID] = "pid",
		[FIELD_OWN_PID] = "own pid",
		[FIELD_FRAME] = "frame",
		[FIELD_ADDRESS] = "address of a frame",
		[FIELD_NUMBER] = "number of",
		[FIELD_NUMBER_OR_NONE] = "number or none of",
		[FIELD_COUNT] = "count of",
		[FIELD_USER_REGISTERS] = "registers",
		[FIELD_USER_SELECTOR] = "selector",
		[FIELD_FXSAVE] = "FXSAVE image",
	};
	int length = scnprintf(text, size, "u%u", 8 * field->width);

	if (field->count != 1)
		length += scnprintf(text + length, size - length, "[%u]", field->count);
	length += scnprintf(text + length, size - length, " at %u, %s", field->offset,
			    meanings[field->meaning]);
	if (field->of[0])
		length += scnprintf(text + length, size - length, " %s", field->of);
	if (field->limit)
		scnprintf(text + length, size - length, " up to %u", field->limit);
}

/* This kernel's row for the field of that name: its place in the list, or -1. */
static int find_own(const struct record_layout *layout, const char *name, struct field_ser *own)
{
	u32 offset = 0;

	for (u32 i = 0; i < layout->nr_fields; i++) {
		const struct record_field *field = &layout->fields[i];

		if (!strcmp(field->name, name)) {
			memset(own, 0, sizeof(*own));
			fill_field(own, field, offset);
			return i;
		}
		offset += field->width * field->count;
	}
	return -1;
}

static bool same_field(const struct record_layout *layout, const struct field_ser *theirs, u8 *seen)
{
	static char here[64], there[64];
	struct field_ser own;
	int place = find_own(layout, theirs->name, &own);

	if (place < 0) {
		scnprintf(why, sizeof(why), "%s.%s is not known to %s, and both say %s",
			  layout->name, theirs->name, UTS_RELEASE, layout->compatible);
		return false;
	}
	seen[place] = true;
	if (!memcmp(&own, theirs, sizeof(own)))
		return true;
	describe(there, sizeof(there), theirs);
	describe(here, sizeof(here), &own);
	scnprintf(why, sizeof(why), "%s.%s is %s in the handover and %s in %s", layout->name,
		  theirs->name, there, here, UTS_RELEASE);
	return false;
}

static bool same_layout(struct ser_reader *r, const struct record_layout *layout, u32 fields)
{
	static u8 seen[256];

	memset(seen, 0, sizeof(seen));
	while (fields--)
		if (!same_field(layout, record_take(r, LAYOUT_field), seen))
			return false;
	for (u32 i = 0; i < layout->nr_fields; i++) {
		if (seen[i])
			continue;
		scnprintf(why, sizeof(why), "%s.%s is missing in the handover, and both say %s",
			  layout->name, layout->fields[i].name, layout->compatible);
		return false;
	}
	return true;
}

/* This kernel's layout of that name, if both speak of the same component by the same string. */
static const struct record_layout *own_layout(const struct schema_ser *theirs)
{
	for (u32 i = 0; i < LAYOUTS; i++)
		if (!strcmp(record_layouts[i].name, theirs->name) &&
		    !strcmp(record_layouts[i].compatible, theirs->compatible))
			return &record_layouts[i];
	return NULL;
}

const char *schema_check(const struct handover_component_ser *component)
{
	struct ser_reader reader;

	ser_open(&reader, component);
	for (u64 i = 0; i < component->count; i++) {
		const struct schema_ser *theirs = record_take(&reader, LAYOUT_schema);
		const struct record_layout *layout = own_layout(theirs);

		if (!layout)
			ser_skip(&reader, theirs->fields * sizeof(struct field_ser));
		else if (!same_layout(&reader, layout, theirs->fields))
			return why;
	}
	return NULL;
}

/* It has served before anything is retrieved. */
const struct liveupdate_class schema_class = {
	.layout = LAYOUT_schema,
	.preserve = preserve_schema,
};
