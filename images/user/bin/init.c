// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Process 1: mounts what programs expect, starts a shell on the console and the agent on the second serial line, starts each again
 * when it ends, and collects orphans. Runs /etc/rc first, when there is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct service {
	const char *terminal;
	char *const *arguments;
	pid_t pid;
};

static char *const shell[] = { "/bin/sh", NULL };
static char *const agent[] = { "/bin/agent", "/dev/ttyS1", NULL };
static char *const startup[] = { "/bin/sh", "/etc/rc", NULL };
static char *const environment[] = { "PATH=/bin", "HOME=/", "TERM=vt100", NULL };

/* The shell is last: whatever is typed at its first prompt gets the same process numbers in every boot. */
static struct service services[] = {
	{ "/dev/ttyS1", agent, 0 },
	{ "/dev/console", shell, 0 },
};

static void mount_at(const char *type, const char *target)
{
	mkdir(target, 0755);
	if (mount(type, target, type, 0, NULL) < 0 && errno != EBUSY && errno != ENODEV)
		fprintf(stderr, "init: cannot mount %s on %s: %s\n", type, target, strerror(errno));
}

/* Makes `terminal` the child's controlling terminal and its three standard files. */
static int take_terminal(const char *terminal)
{
	int fd;

	setsid();
	fd = open(terminal, O_RDWR);
	if (fd < 0)
		return -1;
	ioctl(fd, TIOCSCTTY, 1);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	return 0;
}

static pid_t start(const char *terminal, char *const arguments[])
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (terminal && take_terminal(terminal) < 0)
		_exit(127);
	execve(arguments[0], arguments, environment);
	fprintf(stderr, "init: cannot run %s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

/* Opening tells whether there is such a device at all; a machine with one serial line has no agent. */
static int has_terminal(const char *terminal)
{
	int fd = open(terminal, O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

static void start_services(void)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (!services[i].pid && has_terminal(services[i].terminal))
			services[i].pid = start(services[i].terminal, services[i].arguments);
	}
}

int main(void)
{
	struct timespec pause_before_restart = { 0, 100000000 };
	int status;

	if (getpid() != 1) {
		fprintf(stderr, "init: this is process %d; init must be process 1\n", getpid());
		return 1;
	}
	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	if (access("/etc/rc", F_OK) == 0)
		waitpid(start(NULL, startup), &status, 0);
	for (;;) {
		pid_t pid;
		int ended = 0;

		start_services();
		pid = wait(&status);
		if (pid < 0) {
			nanosleep(&pause_before_restart, NULL);
			continue;
		}
		for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
			if (services[i].pid == pid) {
				services[i].pid = 0;
				ended = 1;
			}
		}
		/* A service that cannot start must not take the whole machine. */
		if (ended && status)
			nanosleep(&pause_before_restart, NULL);
	}
}
