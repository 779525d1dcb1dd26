// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is every field of every record something that can be?
 *
 * Both kernels ask: the old one of what it has written, before it lets go, so that the new one has nothing to refuse; the new
 * one before it changes anything, while it can still go back. Streams are walked by the tables of their layouts alone; what
 * a class would make of a record is not known here.
 *
 * Constraints:
 *  1. No memory but .bss: the new kernel has none yet.
 *  2. Only what holds in every state that a program can bring about may be demanded: an upgrade that is refused for a value
 *     that was possible is a fault of this file.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/stdarg.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include "record.h"

struct walk {
	const struct handover_root_ser *root;
	u64 records[LAYOUTS];	      /* of each component */
	u64 pids[HANDOVER_PIDS / 64]; /* that an OWN_PID has named */
	struct ser_reader reader;
	/* where it is, for the message */
	const struct record_layout *layout, *element;
	u64 number, place; /* of the record; of the element in it */
};

static struct walk walk;
static char why[HANDOVER_REFUSAL_LEN];

static bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *fmt, ...)
{
	int length = scnprintf(why, sizeof(why), "class %s, record %llu", walk.layout->name,
			       walk.number);
	va_list args;

	if (walk.element)
		length += scnprintf(why + length, sizeof(why) - length, ", %s %llu",
				    walk.element->name, walk.place);
	length += scnprintf(why + length, sizeof(why) - length, ": ");
	va_start(args, fmt);
	vsnprintf(why + length, sizeof(why) - length, fmt, args);
	va_end(args);
	return false;
}

/* A field of one element; one load each, where memcpy() is a call. */
static u64 value_of(const struct record_field *field, const u8 *at)
{
	u16 half;
	u32 word;
	u64 whole;

	switch (field->width) {
	case sizeof(u8):
		return *at;
	case sizeof(half):
		__builtin_memcpy(&half, at, sizeof(half));
		return half;
	case sizeof(word):
		__builtin_memcpy(&word, at, sizeof(word));
		return word;
	}
	__builtin_memcpy(&whole, at, sizeof(whole));
	return whole;
}

static bool frame_stays(u64 frame)
{
	const u64 *bitmap = __va(walk.root->bitmap);

	return frame < walk.root->ram_frames && bitmap[frame / 64] >> (frame % 64) & 1;
}

static bool own_pid_is_new(u64 pid)
{
	u64 *word = &walk.pids[pid / 64], bit = 1ULL << (pid % 64);

	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

bool records_have_pid(u32 pid)
{
	return walk.pids[pid / 64] >> (pid % 64) & 1;
}

static bool number_is_known(const struct record_field *field, u64 number)
{
	if (field->meaning == FIELD_NUMBER_OR_NONE && number == HANDOVER_NONE)
		return true;
	/* of its own component a record names only what came before it */
	if (walk.layout == &record_layouts[field->of])
		return number < walk.number;
	return number < walk.records[field->of];
}

static bool leads_to_user_mode(const u8 *at)
{
	struct pt_regs regs;

	memcpy(&regs, at, sizeof(regs));
	return (regs.cs == __USER_CS || regs.cs == __USER32_CS) && regs.ss == __USER_DS &&
	       (regs.flags & X86_EFLAGS_IF) && !(regs.flags & X86_EFLAGS_IOPL);
}

/* Null, with any privilege level, or one of the segments that user mode has, with the level 3 or a lower one that is asked for. */
static bool user_mode_loads(u64 selector)
{
	u64 segment = selector & ~3ULL;

	return !segment || segment == (__USER32_CS & ~3) || segment == (__USER_DS & ~3) ||
	       segment == (__USER_CS & ~3);
}

/* FXRSTOR faults for bits of MXCSR that are reserved (SDM 1 10.5.1.2, 11.6.6). */
static bool fxrstor_loads(const u8 *at)
{
	u32 mxcsr;

	memcpy(&mxcsr, at + 24, sizeof(mxcsr));
	return !(mxcsr & ~0xffffU);
}

static bool is_canonical(u64 address)
{
	return (u64)((s64)(address << 16) >> 16) == address;
}

static bool check_field(const struct record_field *field, const u8 *at)
{
	u64 value = value_of(field, at);
	const char *name = field->name;

	switch (field->meaning) {
	case FIELD_BOOL:
	case FIELD_BELOW:
	case FIELD_PID:
		return value < field->limit || wrong("%s %llu is out of range", name, value);
	case FIELD_NONZERO:
		return value || wrong("%s is 0", name);
	case FIELD_CANONICAL:
		return is_canonical(value) || wrong("%s 0x%llx is not an address", name, value);
	case FIELD_TEXT:
		return !at[field->count - 1] || wrong("%s is not terminated", name);
	case FIELD_OWN_PID:
		if (!value || value >= field->limit)
			return wrong("%s %llu is out of range", name, value);
		return own_pid_is_new(value) || wrong("%s %llu is there twice", name, value);
	case FIELD_FRAME:
		return frame_stays(value) || wrong("%s 0x%llx does not stay", name, value);
	case FIELD_ADDRESS:
		return (!(value % PAGE_SIZE) && frame_stays(value / PAGE_SIZE)) ||
		       wrong("%s 0x%llx is not a frame that stays", name, value);
	case FIELD_NUMBER:
	case FIELD_NUMBER_OR_NONE:
		return number_is_known(field, value) ||
		       wrong("%s %llu names no %s that came before", name, value,
			     record_layouts[field->of].name);
	case FIELD_COUNT:
		return value <= field->limit || wrong("%s %llu is out of range", name, value);
	case FIELD_USER_REGISTERS:
		return leads_to_user_mode(at) || wrong("%s do not lead to user mode", name);
	case FIELD_USER_SELECTOR:
		return user_mode_loads(value) ||
		       wrong("%s %llu is no selector of user mode", name, value);
	case FIELD_FXSAVE:
		return fxrstor_loads(at) || wrong("%s has reserved bits in MXCSR", name);
	}
	return true;
}

/* The next record is in its buffer, and right. */
static bool check_one(const struct record_layout *layout)
{
	const u8 *at = layout->buffer;

	if (!ser_get(&walk.reader, layout->buffer, layout->size))
		return wrong("the records end before it does");
	for (u32 i = 0; i < layout->nr_fields; i++) {
		const struct record_field *field = &layout->fields[i];

		if (field->meaning != FIELD_VALUE && !check_field(field, at))
			return false;
		at += field->width * field->count;
	}
	return true;
}

static bool has_only_values(const struct record_layout *layout)
{
	for (u32 i = 0; i < layout->nr_fields; i++)
		if (layout->fields[i].meaning != FIELD_VALUE)
			return false;
	return true;
}

static bool check_elements(const struct record_field *field, u64 count)
{
	const struct record_layout *element = &record_layouts[field->of];

	if (count * element->size > walk.reader.left)
		return wrong("%s %llu are more than the records that follow", field->name, count);
	if (has_only_values(element))
		return ser_skip(&walk.reader, count * element->size);
	walk.element = element;
	for (walk.place = 0; walk.place < count; walk.place++)
		if (!check_one(element))
			return false;
	walk.element = NULL;
	return true;
}

/* A record with what follows it. Elements have buffers of their own: the record's stays. */
static bool check_record(const struct record_layout *layout)
{
	const u8 *at = layout->buffer;

	if (!check_one(layout))
		return false;
	for (u32 i = 0; i < layout->nr_fields; i++) {
		const struct record_field *field = &layout->fields[i];

		if (field->meaning == FIELD_COUNT && !check_elements(field, value_of(field, at)))
			return false;
		at += field->width * field->count;
	}
	return true;
}

static const struct record_layout *layout_of(const char *compatible)
{
	for (u32 i = 0; i < LAYOUTS; i++)
		if (!strcmp(record_layouts[i].compatible, compatible))
			return &record_layouts[i];
	return NULL;
}

static bool check_component(const struct handover_component_ser *component)
{
	walk.layout = layout_of(component->compatible);
	ser_open(&walk.reader, component);
	for (walk.number = 0; walk.number < component->count; walk.number++)
		if (!check_record(walk.layout))
			return false;
	walk.records[walk.layout - record_layouts] = component->count;
	return !walk.reader.left || wrong("%llu bytes follow the last", walk.reader.left);
}

const char *records_check(const struct handover_root_ser *root)
{
	unsigned long free = nr_free_pages();

	memset(&walk, 0, sizeof(walk));
	walk.root = root;
	for (u32 i = 0; i < root->components; i++) {
		const char *differs = NULL;

		if (!check_component(&root->component[i]))
			return why;
		/* the first says how the others are to be read */
		if (i == 0)
			differs = schema_check(&root->component[0]);
		if (differs)
			return differs;
	}
	ASSERT_CONSTRAINT("liveupdate/check.c 1", nr_free_pages() == free);
	return NULL;
}
