// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pure part of liveupdate/ (streams, tables, checking, schema) in a process of the host.
 *
 * A handover is made from the tables alone, with three records in each component and up to two elements for each count. Then it is
 * damaged, one field at a time, and checked again. A line for each damage, fields separated by tabs:
 *
 *	field|shape|schema	what was damaged	the value	the refusal; empty if it was accepted
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include "../../../images/kernel/liveupdate/internal.h"

/* ---- what the kernel has and the host does not ---- */
extern int printf(const char *, ...);
extern void *aligned_alloc(size_t, size_t);
extern void free(void *);
extern void exit(int) __attribute__((noreturn));

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return length < (int)size ? length : (int)size - 1;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = 0;
	return length;
}

void panic(const char *fmt, ...)
{
	printf("panic: %s\n", fmt);
	exit(1);
}

void ledger_add(enum ledger_class line, enum ledger_fate fate, u64 count)
{
}

static void *zeroed_page(void)
{
	return memset(aligned_alloc(PAGE_SIZE, 2 * PAGE_SIZE), 0, 2 * PAGE_SIZE);
}

static unsigned long pages = 1 << 20;

unsigned long nr_free_pages(void)
{
	return pages;
}

unsigned long get_zeroed_page(gfp_t flags)
{
	pages--;
	return (unsigned long)zeroed_page();
}

void free_pages(unsigned long page, unsigned int order)
{
	pages++;
	free((void *)page);
}

/* ---- a sound handover ---- */
#define RECORDS	   3
#define DAMAGED	   1 /* which of them, and of the elements */
#define GOOD_FRAME 5

struct component {
	const struct record_layout *layout;
	u8 bytes[1 << 17];
	u64 size, count;
};

static struct component components[LAYOUTS];
static u32 nr_components;
static struct handover_root_ser root;
static u64 bitmap[16];
/* of each layout: where the record lies that is damaged, and in which component */
static u8 *place_of[LAYOUTS];
static struct component *home_of[LAYOUTS];

static const u64 user_registers[21] = { [17] = __USER_CS, [18] = X86_EFLAGS_IF, [20] = __USER_DS };

static u64 sound_value(const struct component *c, const struct record_field *field, u64 number)
{
	switch (field->meaning) {
	case FIELD_BOOL:
	case FIELD_NONZERO:
		return 1;
	case FIELD_BELOW:
	case FIELD_PID:
		return field->limit - 1;
	case FIELD_OWN_PID:
		return 10 + number;
	case FIELD_CANONICAL:
		return 0xffff800000000000;
	case FIELD_USER_SELECTOR:
		return __USER_DS;
	case FIELD_FRAME:
		return GOOD_FRAME;
	case FIELD_ADDRESS:
		return GOOD_FRAME * PAGE_SIZE;
	case FIELD_NUMBER:
		return RECORDS - 1;
	case FIELD_NUMBER_OR_NONE:
		return &record_layouts[field->of] == c->layout || number == 0 ? HANDOVER_NONE : 0;
	case FIELD_COUNT:
		return field->limit < 2 ? field->limit : 2;
	}
	return 0x0123456789abcdef;
}

static void fill_sound(const struct component *c, const struct record_field *field, u64 number,
		       u8 *at)
{
	u64 value = sound_value(c, field, number);

	memset(at, 0, field->width * field->count);
	if (field->meaning == FIELD_USER_REGISTERS)
		memcpy(at, user_registers, sizeof(user_registers));
	else if (field->meaning == FIELD_TEXT)
		memset(at, 'x', field->count - 1);
	else if (field->count == 1)
		memcpy(at, &value, field->width);
}

static u8 *add_record(struct component *c, const struct record_layout *layout, u64 number)
{
	u8 *start = c->bytes + c->size, *at = start;

	for (u32 i = 0; i < layout->nr_fields; i++) {
		fill_sound(c, &layout->fields[i], number, at);
		at += layout->fields[i].width * layout->fields[i].count;
	}
	c->size += layout->size;
	if (number == DAMAGED) {
		place_of[layout - record_layouts] = start;
		home_of[layout - record_layouts] = c;
	}
	return start;
}

static void add_whole_record(struct component *c, u64 number)
{
	add_record(c, c->layout, number);
	for (u32 i = 0; i < c->layout->nr_fields; i++) {
		const struct record_field *field = &c->layout->fields[i];

		if (field->meaning != FIELD_COUNT)
			continue;
		for (u64 k = 0; k < sound_value(c, field, number); k++)
			/* the elements of the other records are not damaged */
			add_record(c, &record_layouts[field->of], number == DAMAGED ? k : RECORDS);
	}
	c->count++;
}

static void take_stream(struct component *c, const struct ser_writer *w)
{
	struct handover_component_ser stream = { .first_block = __pa(w->first), .bytes = w->bytes };
	struct ser_reader r;

	ser_open(&r, &stream);
	ser_get(&r, c->bytes, w->bytes);
	c->size = w->bytes;
	c->count = w->count;
}

static void make_components(void)
{
	const char *last = "";
	struct ser_writer w;

	for (u32 i = 0; i < LAYOUTS; i++) {
		struct component *c = &components[nr_components];

		/* the first layout of a compatible string is the component's own */
		if (!strcmp(record_layouts[i].compatible, last))
			continue;
		last = record_layouts[i].compatible;
		c->layout = &record_layouts[i];
		nr_components++;
		if (i == LAYOUT_schema) {
			ser_begin(&w);
			schema_class.preserve(&w);
			take_stream(c, &w);
			ser_finish(&w, &root.component[0], last);
			ser_abandon(&w);
			continue;
		}
		for (u64 number = 0; number < RECORDS; number++)
			add_whole_record(c, number);
	}
	bitmap[GOOD_FRAME / 64] |= 1ULL << (GOOD_FRAME % 64);
	root.bitmap = __pa(bitmap);
	root.ram_frames = 64 * ARRAY_SIZE(bitmap);
	root.components = nr_components;
}

/* What the kernel says of the components as they are. */
static const char *check(void)
{
	static struct ser_writer w[LAYOUTS];
	const char *why;

	for (u32 i = 0; i < nr_components; i++) {
		ser_begin(&w[i]);
		ser_put(&w[i], components[i].bytes, components[i].size);
		w[i].count = components[i].count;
		ser_finish(&w[i], &root.component[i], components[i].layout->compatible);
		why = ser_validate(&root.component[i], ~0ULL);
		if (why)
			panic(why);
	}
	why = records_check(&root);
	for (u32 i = 0; i < nr_components; i++)
		ser_abandon(&w[i]);
	return why ? why : "";
}

/* ---- damage to a field ---- */

static void damage(const struct record_layout *layout, const struct record_field *field, u8 *at,
		   u64 value)
{
	u8 saved[8];
	u32 size = field->width < 8 ? field->width : 8;

	memcpy(saved, at, size);
	memcpy(at, &value, size);
	printf("field\t%s.%s\t%llu\t%s\n", layout->name, field->name, value, check());
	memcpy(at, saved, size);
}

static void damage_field(const struct record_layout *layout, const struct record_field *field,
			 u8 *at)
{
	u64 all = field->width < 8 ? (1ULL << (8 * field->width)) - 1 : ~0ULL;

	switch (field->meaning) {
	case FIELD_BOOL:
	case FIELD_BELOW:
	case FIELD_PID:
		damage(layout, field, at, field->limit);
		damage(layout, field, at, all);
		break;
	case FIELD_COUNT:
		if (field->limit < all)
			damage(layout, field, at, field->limit + 1ULL);
		damage(layout, field, at, all);
		break;
	case FIELD_OWN_PID:
		damage(layout, field, at, 0);
		damage(layout, field, at, 10); /* that of the record before */
		damage(layout, field, at, field->limit);
		break;
	case FIELD_NONZERO:
		damage(layout, field, at, 0);
		break;
	case FIELD_CANONICAL:
		damage(layout, field, at, 0x800000000000);
		break;
	case FIELD_TEXT:
		damage(layout, field, at + field->count - 1, 'x');
		break;
	case FIELD_FRAME:
		damage(layout, field, at, GOOD_FRAME + 1);
		damage(layout, field, at, root.ram_frames);
		break;
	case FIELD_ADDRESS:
		damage(layout, field, at, GOOD_FRAME * PAGE_SIZE + 8);
		damage(layout, field, at, (GOOD_FRAME + 1) * PAGE_SIZE);
		break;
	case FIELD_NUMBER:
		damage(layout, field, at, HANDOVER_NONE);
		fallthrough;
	case FIELD_NUMBER_OR_NONE:
		damage(layout, field, at, RECORDS);
		break;
	case FIELD_USER_REGISTERS:
		damage(layout, field, at + offsetof(struct pt_regs, cs), __KERNEL_CS);
		damage(layout, field, at + offsetof(struct pt_regs, ss), 0);
		damage(layout, field, at + offsetof(struct pt_regs, flags), 0);
		damage(layout, field, at + offsetof(struct pt_regs, flags), 0x3200);
		break;
	case FIELD_USER_SELECTOR:
		damage(layout, field, at, __KERNEL_CS);
		damage(layout, field, at, __USER_DS | 4);
		break;
	case FIELD_FXSAVE:
		damage(layout, field, at + 26, 1);
		break;
	}
}

static void damage_fields(void)
{
	for (u32 i = 0; i < LAYOUTS; i++) {
		const struct record_layout *layout = &record_layouts[i];
		u8 *at = place_of[i];

		for (u32 k = 0; at && k < layout->nr_fields; k++) {
			damage_field(layout, &layout->fields[k], at);
			at += layout->fields[k].width * layout->fields[k].count;
		}
	}
}

/* ---- damage to the shape of a component ---- */

static void damage_shapes(void)
{
	for (u32 i = 1; i < nr_components; i++) {
		struct component *c = &components[i];

		c->size--;
		printf("shape\t%s\tshorter\t%s\n", c->layout->name, check());
		c->size += 2;
		printf("shape\t%s\tlonger\t%s\n", c->layout->name, check());
		c->size--;
		c->count++;
		printf("shape\t%s\tone more\t%s\n", c->layout->name, check());
		c->count -= 2;
		printf("shape\t%s\tone less\t%s\n", c->layout->name, check());
		c->count++;
	}
}

/* ---- damage to the schema ---- */

static void damage_schema_of(const struct record_layout *layout, const struct record_field *field,
			     struct field_ser *row)
{
	const struct field_ser saved = *row;

	row->name[0] = '?';
	printf("schema\t%s.%s\tname\t%s\n", layout->name, field->name, check());
	*row = saved;
	row->width *= 2;
	printf("schema\t%s.%s\twidth\t%s\n", layout->name, field->name, check());
	*row = saved;
	row->offset += 4;
	printf("schema\t%s.%s\toffset\t%s\n", layout->name, field->name, check());
	*row = saved;
	row->count++;
	printf("schema\t%s.%s\tcount\t%s\n", layout->name, field->name, check());
	*row = saved;
	row->meaning = (row->meaning + 1) % FIELD_MEANINGS;
	printf("schema\t%s.%s\tmeaning\t%s\n", layout->name, field->name, check());
	*row = saved;
	row->limit++;
	printf("schema\t%s.%s\tlimit\t%s\n", layout->name, field->name, check());
	*row = saved;
}

/* The row is not there at all. */
static void drop_from_schema(const struct record_layout *layout, const struct record_field *field,
			     struct schema_ser *head, struct field_ser *row)
{
	static struct component saved;
	u8 *end = components[0].bytes + components[0].size;

	saved = components[0];
	head->fields--;
	memmove(row, row + 1, end - (u8 *)(row + 1));
	components[0].size -= sizeof(*row);
	printf("schema\t%s.%s\tgone\t%s\n", layout->name, field->name, check());
	components[0] = saved;
}

static void damage_schema(void)
{
	u8 *at = components[0].bytes;

	for (u32 i = 0; i < LAYOUTS; i++) {
		const struct record_layout *layout = &record_layouts[i];
		struct schema_ser *head = (void *)at;
		struct field_ser *row = (void *)(head + 1);

		for (u32 k = 0; k < layout->nr_fields; k++, row++) {
			damage_schema_of(layout, &layout->fields[k], row);
			drop_from_schema(layout, &layout->fields[k], head, row);
		}
		/* another string is another language: nothing to compare, so that a later release can translate */
		head->compatible[6] ^= 1;
		printf("other\t%s\tcompatible\t%s\n", layout->name, check());
		head->compatible[6] ^= 1;
		at = (u8 *)row;
	}
}

/* ---- the tables themselves ---- */

static void print_tables(void)
{
	for (u32 i = 0; i < LAYOUTS; i++)
		for (u32 k = 0; k < record_layouts[i].nr_fields; k++)
			printf("table\t%s.%s\t%u\t\n", record_layouts[i].name,
			       record_layouts[i].fields[k].name,
			       record_layouts[i].fields[k].meaning != FIELD_VALUE);
}

int main(void)
{
	make_components();
	print_tables();
	printf("sound\t\t\t%s\n", check());
	damage_fields();
	damage_shapes();
	damage_schema();
	printf("sound\t\t\t%s\n", check());
	return 0;
}
