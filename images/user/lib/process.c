// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls on processes, memory and the machine: each function is the call of its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/kexec.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/module.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t fork(void)
{
	return (pid_t)syscall(SYS_fork);
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	return (int)syscall(SYS_execve, path, argv, envp);
}

pid_t getpid(void)
{
	return (pid_t)syscall(SYS_getpid);
}

pid_t getppid(void)
{
	return (pid_t)syscall(SYS_getppid);
}

uid_t getuid(void)
{
	return (uid_t)syscall(SYS_getuid);
}

pid_t getpgid(pid_t pid)
{
	return (pid_t)syscall(SYS_getpgid, (long)pid);
}

int setpgid(pid_t pid, pid_t group)
{
	return (int)syscall(SYS_setpgid, (long)pid, (long)group);
}

pid_t setsid(void)
{
	return (pid_t)syscall(SYS_setsid);
}

pid_t getsid(pid_t pid)
{
	return (pid_t)syscall(SYS_getsid, (long)pid);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	return (pid_t)syscall(SYS_wait4, (long)pid, status, (long)options, usage);
}

int getrusage(int who, struct rusage *usage)
{
	return (int)syscall(SYS_getrusage, (long)who, usage);
}

clock_t times(struct tms *store)
{
	return syscall(SYS_times, store);
}

int sched_yield(void)
{
	return (int)syscall(SYS_sched_yield);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, address, length, (long)protection, (long)flags, (long)fd,
			       offset);
}

int munmap(void *address, size_t length)
{
	return (int)syscall(SYS_munmap, address, length);
}

int mprotect(void *address, size_t length, int protection)
{
	return (int)syscall(SYS_mprotect, address, length, (long)protection);
}

int uname(struct utsname *names)
{
	return (int)syscall(SYS_uname, names);
}

int sysinfo(struct sysinfo *store)
{
	return (int)syscall(SYS_sysinfo, store);
}

int init_module(const void *image, unsigned long size, const char *parameters)
{
	return (int)syscall(SYS_init_module, image, size, parameters);
}

int finit_module(int fd, const char *parameters, int flags)
{
	return (int)syscall(SYS_finit_module, (long)fd, parameters, (long)flags);
}

int delete_module(const char *name, unsigned int flags)
{
	return (int)syscall(SYS_delete_module, name, (long)flags);
}

int klogctl(int action, char *buffer, int size)
{
	return (int)syscall(SYS_syslog, (long)action, buffer, (long)size);
}

ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
	return syscall(SYS_getrandom, buffer, size, (long)flags);
}

int kexec_file_load(int kernel_fd, int initrd_fd, unsigned long command_line_size,
		    const char *command_line, unsigned long flags)
{
	return (int)syscall(SYS_kexec_file_load, (long)kernel_fd, (long)initrd_fd,
			    command_line_size, command_line, flags);
}

int reboot(unsigned int command)
{
	return (int)syscall(SYS_reboot, 0xfee1deadul, 672274793ul, (unsigned long)command, 0ul);
}

pid_t wait(int *status)
{
	return wait4(-1, status, 0, NULL);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}

pid_t tcgetpgrp(int fd)
{
	int group;

	return ioctl(fd, TIOCGPGRP, &group) < 0 ? -1 : group;
}

int tcsetpgrp(int fd, pid_t group)
{
	return ioctl(fd, TIOCSPGRP, &group);
}

/* The kernel returns the new end, or the old one when it refuses. */
int brk(void *end)
{
	if (syscall_raw(SYS_brk, (long)end, 0, 0, 0, 0, 0) == (long)end)
		return 0;
	errno = ENOMEM;
	return -1;
}

void *sbrk(intptr_t change)
{
	static char *end;
	char *old;

	if (!end)
		end = (char *)syscall_raw(SYS_brk, 0, 0, 0, 0, 0, 0);
	old = end;
	if (change) {
		if (brk(end + change) < 0)
			return (void *)-1;
		end += change;
	}
	return old;
}

/* May a file that the kernel does not execute be a script? One with NUL bytes in its first line is not. */
static int is_text(const char *path)
{
	char start[128];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, start, sizeof(start));

	close(fd);
	for (ssize_t i = 0; i < got && start[i] != '\n'; i++) {
		if (!start[i])
			return 0;
	}
	return 1;
}

int execvp(const char *name, char *const argv[])
{
	const char *path = getenv("PATH");
	char place[512];
	int result = ENOENT;

	if (strchr(name, '/')) {
		execve(name, argv, environ);
		result = errno;
		strncpy(place, name, sizeof(place) - 1);
		place[sizeof(place) - 1] = 0;
	} else {
		if (!path)
			path = "/bin";
		while (*path) {
			size_t length = strchr(path, ':') ? (size_t)(strchr(path, ':') - path)
							  : strlen(path);

			if (length + strlen(name) + 2 <= sizeof(place)) {
				memcpy(place, path, length);
				place[length] = '/';
				strcpy(place + length + 1, name);
				execve(place, argv, environ);
				if (errno != ENOENT && errno != ENOTDIR)
					result = errno;
				if (errno == ENOEXEC)
					break;
			}
			path += length;
			if (*path == ':')
				path++;
		}
	}
	if (result == ENOEXEC && is_text(place)) {
		size_t count = 0;
		char **script;

		while (argv[count])
			count++;
		script = malloc((count + 2) * sizeof(*script));
		if (script) {
			script[0] = "sh";
			script[1] = place;
			for (size_t i = 1; i <= count; i++)
				script[i + 1] = argv[i];
			execve("/bin/sh", script, environ);
		}
	}
	errno = result;
	return -1;
}
