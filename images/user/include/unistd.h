/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, processes and identity: the calls of POSIX that the kernel offers, plus Linux module and kexec calls. */
#ifndef USER_UNISTD_H
#define USER_UNISTD_H

#include <linux/fs.h>
#include <sys/types.h>

#define STDIN_FILENO  0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define F_OK	      0
#define X_OK	      1
#define W_OK	      2
#define R_OK	      4

extern char **environ;

ssize_t read(int fd, void *buffer, size_t size);
ssize_t write(int fd, const void *buffer, size_t size);
ssize_t pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset);
off_t lseek(int fd, off_t offset, int whence);
int close(int fd);
int pipe(int ends[2]);
int pipe2(int ends[2], int flags);
int dup(int fd);
int dup2(int from, int to);
int access(const char *path, int mode);
int unlink(const char *path);
int link(const char *from, const char *to);
int symlink(const char *target, const char *path);
ssize_t readlink(const char *path, char *buffer, size_t size);
int rmdir(const char *path);
int chdir(const char *path);
char *getcwd(char *buffer, size_t size);
int ftruncate(int fd, off_t size);
int isatty(int fd);
void sync(void);

pid_t fork(void);
pid_t vfork(void) __attribute__((returns_twice));
int execve(const char *path, char *const argv[], char *const envp[]);
/* Searches PATH when the name has no slash; a script without an interpreter line is run by /bin/sh. */
int execvp(const char *name, char *const argv[]);
void _exit(int status) __attribute__((noreturn));
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
pid_t getpgid(pid_t pid);
int setpgid(pid_t pid, pid_t group);
pid_t setsid(void);
pid_t getsid(pid_t pid);
pid_t tcgetpgrp(int fd);
int tcsetpgrp(int fd, pid_t group);
unsigned int alarm(unsigned int seconds);
unsigned int sleep(unsigned int seconds);
int pause(void);
int sched_yield(void);
int brk(void *end);
void *sbrk(intptr_t change);
int getopt(int argc, char *const argv[], const char *letters);
extern char *optarg;
extern int optind;

/* write() until all is written or an error occurs. */
int write_all(int fd, const void *buffer, size_t size);

#endif
