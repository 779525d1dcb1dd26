// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent: carries out what the host asks over the second serial line (PROTOCOL.md). One loop waits for the line, for the outputs of
 * running commands and for their ends; nothing else blocks. The only argument is the terminal; without one it speaks on standard
 * input and output, which is how it is tested on a host.
 *
 * A command's end comes as SIGCHLD, which is let in only while the loop waits: the handler writes a byte into a pipe that the
 * loop watches, so no end is missed between the look and the sleep.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "frame.h"

#define COMMANDS 16

static struct command {
	int used;
	uint32_t id;
	pid_t pid;
	int ended, status;
	int outputs[2]; /* read ends of standard output and standard error, -1 when closed */
} commands[COMMANDS];

static int line_in, line_out;
static int wake[2];

static void child_ended(int number)
{
	int saved = errno;

	(void)number;
	write(wake[1], "", 1);
	errno = saved;
}

static void send_errno(uint32_t id)
{
	frame_print(line_out, "error", id, "%d %s", errno, strerror(errno));
}

static void send_bad(uint32_t id, const char *what)
{
	frame_print(line_out, "error", id, "%d Bad message: %s", EBADMSG, what);
}

static void run_in_child(const char *text, const int out[2], const int err[2])
{
	char *const arguments[] = { "sh", "-c", (char *)text, NULL };
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0)
		dup2(null, 0);
	dup2(out[1], 1);
	dup2(err[1], 2);
	execve("/bin/sh", arguments, environ);
	fprintf(stderr, "agent: cannot run /bin/sh: %s\n", strerror(errno));
	_exit(127);
}

static void do_exec(const struct frame *frame)
{
	struct command *command = NULL;
	int out[2], err[2];

	for (int i = 0; i < COMMANDS && !command; i++) {
		if (!commands[i].used)
			command = &commands[i];
	}
	if (!command) {
		errno = EAGAIN;
		send_errno(frame->id);
		return;
	}
	if (pipe2(out, O_CLOEXEC) < 0) {
		send_errno(frame->id);
		return;
	}
	if (pipe2(err, O_CLOEXEC) < 0) {
		send_errno(frame->id);
		close(out[0]);
		close(out[1]);
		return;
	}
	command->pid = fork();
	if (command->pid == 0)
		run_in_child(frame->payload, out, err);
	close(out[1]);
	close(err[1]);
	if (command->pid < 0) {
		send_errno(frame->id);
		close(out[0]);
		close(err[0]);
		return;
	}
	setpgid(command->pid, command->pid);
	command->used = 1;
	command->ended = 0;
	command->id = frame->id;
	command->outputs[0] = out[0];
	command->outputs[1] = err[0];
	frame_print(line_out, "started", frame->id, "%d", command->pid);
}

static void do_signal(const struct frame *frame)
{
	char *end;
	uint32_t id = (uint32_t)strtoul(frame->payload, &end, 10);
	int number = atoi(end);

	for (int i = 0; i < COMMANDS; i++) {
		if (!commands[i].used || commands[i].id != id || commands[i].ended)
			continue;
		if (kill(-commands[i].pid, number) < 0)
			send_errno(frame->id);
		else
			frame_send(line_out, "ok", frame->id, "", 0);
		return;
	}
	errno = ESRCH;
	send_errno(frame->id);
}

static void do_put(const struct frame *frame)
{
	const char *line_end = memchr(frame->payload, '\n', frame->length);
	char *at;
	unsigned long mode, offset;
	char path[512];
	size_t size, length;
	int fd;

	if (!line_end) {
		send_bad(frame->id, "put wants MODE OFFSET PATH and a line end");
		return;
	}
	mode = strtoul(frame->payload, &at, 8);
	offset = strtoul(at, &at, 10);
	length = *at == ' ' ? (size_t)(line_end - at - 1) : 0;
	if (!length || length >= sizeof(path)) {
		send_bad(frame->id, "put wants MODE OFFSET PATH and a line end");
		return;
	}
	memcpy(path, at + 1, length);
	path[length] = 0;
	fd = open(path, O_WRONLY | O_CREAT | (offset ? 0 : O_TRUNC), mode & 0777);
	if (fd < 0) {
		send_errno(frame->id);
		return;
	}
	size = frame->length - (line_end + 1 - frame->payload);
	if ((offset && lseek(fd, offset, SEEK_SET) < 0) || write_all(fd, line_end + 1, size) < 0)
		send_errno(frame->id);
	else
		frame_print(line_out, "ok", frame->id, "%zu", size);
	close(fd);
}

static void do_get(const struct frame *frame)
{
	char *at, buffer[PAYLOAD_LIMIT];
	long offset = strtol(frame->payload, &at, 10), left = strtol(at, &at, 10);
	struct stat status = { 0 };
	ssize_t got = 0;
	int fd;

	if (*at != ' ') {
		send_bad(frame->id, "get wants OFFSET COUNT PATH");
		return;
	}
	fd = open(at + 1, O_RDONLY);
	if (fd < 0 || fstat(fd, &status) < 0 || (offset && lseek(fd, offset, SEEK_SET) < 0)) {
		send_errno(frame->id);
		if (fd >= 0)
			close(fd);
		return;
	}
	while (left) {
		got = read(fd, buffer, left < 0 || left > PAYLOAD_LIMIT ? PAYLOAD_LIMIT : left);
		if (got <= 0)
			break;
		frame_send(line_out, "data", frame->id, buffer, got);
		if (left > 0)
			left -= got;
	}
	if (got < 0)
		send_errno(frame->id);
	else
		frame_print(line_out, "end", frame->id, "%ld", status.st_size);
	close(fd);
}

static void carry_out(const struct frame *frame)
{
	if (!strcmp(frame->verb, "ping"))
		frame_send(line_out, "pong", frame->id, frame->payload, frame->length);
	else if (!strcmp(frame->verb, "hello"))
		frame_print(line_out, "ok", frame->id, "transplant-agent/1 pid %d", getpid());
	else if (!strcmp(frame->verb, "exec"))
		do_exec(frame);
	else if (!strcmp(frame->verb, "signal"))
		do_signal(frame);
	else if (!strcmp(frame->verb, "put"))
		do_put(frame);
	else if (!strcmp(frame->verb, "get"))
		do_get(frame);
	else
		send_bad(frame->id, "unknown verb");
}

/* Returns 0 when the line has ended. */
static int read_line(void)
{
	static struct frame frame;
	char buffer[256];
	ssize_t got = read(line_in, buffer, sizeof(buffer));

	if (got <= 0)
		return got < 0 && (errno == EINTR || errno == EAGAIN);
	for (ssize_t i = 0; i < got; i++) {
		switch (frame_receive(&frame, buffer[i])) {
		case FRAME_GOOD:
			carry_out(&frame);
			break;
		case FRAME_BAD:
			send_bad(frame.id, "length or checksum is wrong");
			break;
		case FRAME_NONE:
			break;
		}
	}
	return 1;
}

/* Passes on one portion of output; closes the pipe at its end. */
static void read_output(struct command *command, int which)
{
	static const char *const verbs[] = { "out", "err" };
	char buffer[PAYLOAD_LIMIT];
	ssize_t got = read(command->outputs[which], buffer, sizeof(buffer));

	if (got > 0) {
		frame_send(line_out, verbs[which], command->id, buffer, got);
	} else if (got == 0 || errno != EINTR) {
		close(command->outputs[which]);
		command->outputs[which] = -1;
	}
}

static void collect_ended(void)
{
	char bytes[32];

	read(wake[0], bytes, sizeof(bytes));
	for (int i = 0; i < COMMANDS; i++) {
		struct command *command = &commands[i];

		if (command->used && !command->ended &&
		    waitpid(command->pid, &command->status, WNOHANG) == command->pid)
			command->ended = 1;
	}
}

/* Reads what an ended command left in its pipes, then reports its end. */
static void finish(struct command *command)
{
	for (int which = 0; which < 2; which++) {
		struct pollfd watch = { command->outputs[which], POLLIN, 0 };

		while (command->outputs[which] >= 0 && poll(&watch, 1, 0) > 0)
			read_output(command, which);
		if (command->outputs[which] >= 0)
			close(command->outputs[which]);
	}
	if (WIFEXITED(command->status))
		frame_print(line_out, "exit", command->id, "exited %d",
			    WEXITSTATUS(command->status));
	else
		frame_print(line_out, "exit", command->id, "killed %d", WTERMSIG(command->status));
	command->used = 0;
}

static int serve(void)
{
	for (;;) {
		struct pollfd set[2 + 2 * COMMANDS];
		struct {
			struct command *command;
			int which;
		} owners[2 + 2 * COMMANDS];
		unsigned long count = 2;

		set[0] = (struct pollfd){ line_in, POLLIN, 0 };
		set[1] = (struct pollfd){ wake[0], POLLIN, 0 };
		for (int i = 0; i < COMMANDS; i++) {
			for (int which = 0; which < 2; which++) {
				if (!commands[i].used || commands[i].outputs[which] < 0)
					continue;
				owners[count].command = &commands[i];
				owners[count].which = which;
				set[count++] =
					(struct pollfd){ commands[i].outputs[which], POLLIN, 0 };
			}
		}
		if (poll(set, count, -1) < 0 && errno != EINTR)
			return 1;
		/* After EINTR the answers are not filled in; the byte in the pipe makes the next poll return at once. */
		for (unsigned long i = 2; i < count; i++) {
			if (set[i].revents)
				read_output(owners[i].command, owners[i].which);
		}
		if (set[1].revents & POLLIN)
			collect_ended();
		for (int i = 0; i < COMMANDS; i++) {
			if (commands[i].used && commands[i].ended)
				finish(&commands[i]);
		}
		if (set[0].revents && !read_line())
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = child_ended,
				    .sa_flags = SA_RESTART | SA_NOCLDSTOP };
	struct termios modes;

	line_in = 0;
	line_out = 1;
	if (argc > 1) {
		line_in = line_out = open(argv[1], O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (line_in < 0) {
			fprintf(stderr, "agent: %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
		if (tcgetattr(line_in, &modes) == 0) {
			cfmakeraw(&modes);
			tcsetattr(line_in, TCSANOW, &modes);
		}
	}
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0) {
		perror("agent: pipe");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGCHLD, &action, NULL);
	frame_print(line_out, "ready", 0, "transplant-agent/1 pid %d", getpid());
	return serve();
}
