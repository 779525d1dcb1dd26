// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gives a file to one of the kernel's loaders and tells what is left of it: the hand of the tests that give them damaged files.
 *
 *   loadprobe module FILE GOOD GO	loads FILE as a module and takes it away again, then the module GOOD
 *   loadprobe program FILE /bin/true GO	executes FILE as nobody, for 2 ms at most, then /bin/true
 *
 * It begins when there is a file GO: a snapshot from before that costs no start of a program. The console shows warnings and worse.
 * Prints one line of `name=value` words. result: what the loader said of FILE (an errno, 0, or -signal where the task that asked was
 * ended); after: 0 if the good one did as it must; leak: objects of a slab cache or frames that each of three times left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/module.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534
#define CACHES 64

static char text[8192];

static void read_text(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t got, length = 0;

	while (fd >= 0 && (got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	text[length] = 0;
	close(fd);
}

/* Of the word that a line begins with. */
static int word_length(const char *line)
{
	int length = 0;

	while (line[length] && line[length] != ' ' && line[length] != '\n')
		length++;
	return length;
}

/* ---- what there is of memory ---- */

struct memory {
	char names[CACHES][20];
	long counts[CACHES]; /* [0]: frames that are neither free nor in slabs, less a constant */
	int number;
};

/* The next number of the line at *@line, which is then behind it. */
static long take_number(char **line)
{
	while (**line == ' ')
		++*line;
	return strtol(*line, line, 10);
}

static void measure(struct memory *memory)
{
	struct sysinfo info;
	char *line, *name;
	int length;

	sysinfo(&info);
	strcpy(memory->names[0], "frames");
	memory->counts[0] = -(long)(info.freeram * info.mem_unit / 4096);
	memory->number = 1;
	read_text("/proc/slabinfo");
	line = strchr(text, '\n');
	while (line && line[1] && memory->number < CACHES) {
		name = line + 1;
		length = word_length(name);
		snprintf(memory->names[memory->number], sizeof(memory->names[0]), "%.*s", length,
			 name);
		line = name + length;
		memory->counts[memory->number++] = take_number(&line);
		take_number(&line);
		memory->counts[0] -= take_number(&line);
		line = strchr(line, '\n');
	}
}

/* Cuts @kept down to what has grown from @before to @after. */
static int keep_growth(struct memory *kept, const struct memory *before, const struct memory *after)
{
	int grown = 0;

	for (int i = 0; i < after->number; i++) {
		long growth = after->counts[i] - before->counts[i];

		kept->counts[i] = kept->counts[i] < growth ? kept->counts[i] : growth;
		grown += kept->counts[i] > 0;
		memcpy(kept->names[i], after->names[i], sizeof(kept->names[i]));
	}
	kept->number = after->number;
	return grown;
}

/* ---- the loaders ---- */

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return errno;
	result = finit_module(fd, "", 0) < 0 ? errno : 0;
	close(fd);
	return result;
}

/* Of the module that was loaded last: a live patch is disabled, and waited for. */
static int unload(void)
{
	struct timespec moment = { 0, 1000000 };
	char name[64], path[128], *line;
	int fd;

	read_text("/proc/modules");
	for (line = text; strchr(line, '\n') && strchr(line, '\n')[1];)
		line = strchr(line, '\n') + 1;
	snprintf(name, sizeof(name), "%.*s", word_length(line), line);
	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/enabled", name);
	fd = open(path, O_WRONLY);
	if (fd >= 0) {
		/* It may be refused while the patch is still on its way in. */
		for (int i = 0; i < 100 && write(fd, "0", 1) < 0; i++)
			nanosleep(&moment, NULL);
		close(fd);
		for (int i = 0; i < 100 && access(path, F_OK) == 0; i++)
			nanosleep(&moment, NULL);
	}
	return delete_module(name, O_NONBLOCK) < 0 ? errno : 0;
}

/* An exit status, or -signal. */
static int status_of(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* In a task of its own, which an init that faults takes with it. 128 + errno: it could not be taken away. */
static int try_module(const char *path)
{
	int result, stays;
	pid_t child = fork();

	if (child == 0) {
		result = load(path);
		stays = result ? 0 : unload();
		_exit(stays ? 128 + stays : result);
	}
	return status_of(child);
}

static void become(const char *path)
{
	static char *const none[] = { NULL };
	char *arguments[] = { "x", NULL };
	int fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (syscall(SYS_setgid, NOBODY) == 0 && syscall(SYS_setuid, NOBODY) == 0)
		execve(path, arguments, none);
	_exit(errno);
}

static void stop_waiting(int number)
{
	(void)number;
}

static int try_program(const char *path)
{
	struct itimerval span = { .it_value = { 0, 2000 } }, none = { 0 };
	struct sigaction action = { .sa_handler = stop_waiting };
	int status;
	pid_t child = fork();

	if (child == 0)
		become(path);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &span, NULL);
	if (waitpid(child, &status, 0) != child) {
		kill(child, SIGKILL);
		return status_of(child);
	}
	setitimer(ITIMER_REAL, &none, NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct timespec moment = { 0, 1000000 };
	struct memory before, after, kept;
	int module, result, again;

	if (argc != 5) {
		fprintf(stderr, "loadprobe: usage: loadprobe module|program FILE GOOD GO\n");
		return 2;
	}
	module = !strcmp(argv[1], "module");
	syscall(SYS_syslog, 8, NULL, 5);
	while (access(argv[4], F_OK))
		nanosleep(&moment, NULL);
	memset(&kept, 0x7f, sizeof(kept));
	measure(&after);
	measure(&after);
	for (int i = 0; i < 3; i++) {
		before = after;
		again = module ? try_module(argv[2]) : try_program(argv[2]);
		measure(&after);
		if (i == 0)
			result = again;
		/* What stays there is no leak. */
		if (!keep_growth(&kept, &before, &after) ||
		    (module && (result < 0 || result > 128)))
			break;
		if (i == 2) {
			printf("leak=");
			for (int k = 0; k < kept.number; k++) {
				if (kept.counts[k] > 0)
					printf("%s+%ld,", kept.names[k], kept.counts[k]);
			}
			printf(" ");
		}
	}
	printf("result=%d after=%d\n", result, module ? try_module(argv[3]) : try_program(argv[3]));
	return 0;
}
