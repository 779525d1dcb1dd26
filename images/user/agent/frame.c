// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See frame.h. The receiver is a state machine over single bytes, so a read may end anywhere.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "frame.h"

static uint32_t crc32(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint32_t crc = 0xffffffff;

	for (; size; size--, at++) {
		crc ^= *at;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* Reads one decimal or hexadecimal number and the character behind it. */
static int take_number(const char **at, int base, char behind, unsigned long *value)
{
	char *end;

	*value = strtoul(*at, &end, base);
	if (end == *at || *end != behind)
		return -1;
	*at = end + 1;
	return 0;
}

static char line[64];
static size_t line_length;
static size_t wanted; /* bytes of payload and line end still to come */
static uint32_t wanted_crc;

static int parse_header(struct frame *frame)
{
	const char *at = line + 4;
	unsigned long id, length, crc;
	size_t verb = 0;

	if (strncmp(line, "TA1 ", 4))
		return -1;
	for (; *at >= 'a' && *at <= 'z' && verb < sizeof(frame->verb) - 1; at++)
		frame->verb[verb++] = *at;
	frame->verb[verb] = 0;
	if (!verb || *at++ != ' ')
		return -1;
	if (take_number(&at, 10, ' ', &id) || take_number(&at, 10, ' ', &length) ||
	    take_number(&at, 16, 0, &crc))
		return -1;
	frame->id = (uint32_t)id;
	frame->length = length;
	wanted_crc = (uint32_t)crc;
	return 0;
}

enum frame_result frame_receive(struct frame *frame, char byte)
{
	if (wanted) {
		if (--wanted)
			frame->payload[frame->length - wanted] = byte;
		if (wanted)
			return FRAME_NONE;
		frame->payload[frame->length] = 0;
		return byte == '\n' && crc32(frame->payload, frame->length) == wanted_crc
			       ? FRAME_GOOD
			       : FRAME_BAD;
	}
	if (byte != '\n') {
		/* A line that is too long is no header; its rest is skipped with it. */
		if (line_length < sizeof(line) - 1)
			line[line_length++] = byte;
		else
			line[0] = 0;
		return FRAME_NONE;
	}
	line[line_length] = 0;
	line_length = 0;
	if (parse_header(frame))
		return FRAME_NONE;
	if (frame->length > PAYLOAD_LIMIT)
		return FRAME_BAD;
	wanted = frame->length + 1;
	return FRAME_NONE;
}

void frame_send(int fd, const char *verb, uint32_t id, const void *payload, size_t length)
{
	char buffer[PAYLOAD_LIMIT + 80];
	int header = snprintf(buffer, sizeof(buffer), "TA1 %s %u %zu %08x\n", verb, id, length,
			      crc32(payload, length));

	memcpy(buffer + header, payload, length);
	buffer[header + length] = '\n';
	write_all(fd, buffer, header + length + 1);
}

void frame_print(int fd, const char *verb, uint32_t id, const char *format, ...)
{
	char text[512];
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	frame_send(fd, verb, id, text,
		   length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1);
}
