/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of the agent's protocol (PROTOCOL.md) over a file descriptor. Knows the form of a frame and nothing of verbs.
 */
#ifndef AGENT_FRAME_H
#define AGENT_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_LIMIT 2048

struct frame {
	char verb[16];
	uint32_t id;
	size_t length;
	char payload[PAYLOAD_LIMIT + 1]; /* a NUL follows the bytes */
};

enum frame_result {
	FRAME_NONE, /* more bytes are needed */
	FRAME_GOOD,
	FRAME_BAD, /* the id is known, the rest is damaged: answer `error` */
};

/* Takes one received byte; tells whether it completed a frame. */
enum frame_result frame_receive(struct frame *frame, char byte);

void frame_send(int fd, const char *verb, uint32_t id, const void *payload, size_t length);

/* A text payload. */
void frame_print(int fd, const char *verb, uint32_t id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
