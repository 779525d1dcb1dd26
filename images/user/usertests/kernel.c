// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel itself: identity, memory figures, log, random bytes, futex, modules and kexec as far as a refusal goes, procfs, and
 * unknown calls.
 */
#include <fcntl.h>
#include <sys/kexec.h>
#include <sys/klog.h>
#include <sys/module.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include "usertests.h"

static void identity(void)
{
	struct utsname names;

	CHECK(uname(&names) == 0 && names.sysname[0] && names.release[0] &&
	      !strcmp(names.machine, "x86_64"));
	CHECK(getpid() > 1 && getppid() > 0);
	CHECK(syscall(SYS_gettid) == getpid());
}

static void figures(void)
{
	struct sysinfo info;

	CHECK(sysinfo(&info) == 0 && info.totalram > info.freeram && info.freeram > 0 &&
	      info.uptime >= 0 && info.procs > 0);
}

static void random_bytes(void)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };

	CHECK(getrandom(a, sizeof(a), 0) == 32 && getrandom(b, sizeof(b), 0) == 32 &&
	      memcmp(a, b, sizeof(a)));
}

static void unknown_call(void)
{
	FAILS_WITH(syscall(9999), ENOSYS);
	FAILS_WITH(syscall(-1), ENOSYS);
}

static void futex_values(void)
{
	unsigned int word = 5;
	struct timespec moment = { 0, 1000000 };

	/* FUTEX_WAIT 0, FUTEX_WAKE 1 */
	FAILS_WITH(syscall(SYS_futex, &word, 0l, 4l, NULL), EAGAIN);
	FAILS_WITH(syscall(SYS_futex, &word, 0l, 5l, &moment), ETIMEDOUT);
	CHECK(syscall(SYS_futex, &word, 1l, 1l) == 0);
}

static void refused_module(void)
{
	int fd;

	if (getuid())
		SKIP("needs to be root");
	fd = open("/tmp/ut/none.ko", O_RDWR | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0 && write(fd, "this is no module", 17) == 17 && close(fd) == 0);
	/* A file that is open for writing cannot be loaded. */
	fd = open("/tmp/ut/none.ko", O_RDONLY);
	CHECK(finit_module(fd, "", 0) == -1);
	if (errno == EPERM || errno == ENOSYS)
		SKIP("modules are not permitted here");
	CHECK(errno == ENOEXEC);
	FAILS_WITH(delete_module("no_such_module", 0), ENOENT);
	unlink("/tmp/ut/none.ko");
}

static void refused_kexec(void)
{
	int fd;

	if (getuid())
		SKIP("needs to be root");
	fd = open("/tmp/ut/none.elf", O_RDWR | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0 && write(fd, "this is no kernel", 17) == 17);
	close(fd);
	fd = open("/tmp/ut/none.elf", O_RDONLY);
	CHECK(kexec_file_load(fd, -1, 1, "", KEXEC_FILE_NO_INITRAMFS) == -1);
	if (errno == EPERM || errno == ENOSYS)
		SKIP("not permitted here");
	CHECK(errno == ENOEXEC);
	unlink("/tmp/ut/none.elf");
}

static void proc_files(void)
{
	char text[256], path[64];
	ssize_t got;
	int fd = open("/proc/version", O_RDONLY);

	CHECK(fd >= 0 && (got = read(fd, text, sizeof(text) - 1)) > 0 && text[got - 1] == '\n');
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	CHECK((fd = open(path, O_RDONLY)) >= 0 && (got = read(fd, text, sizeof(text) - 1)) > 0);
	text[got] = 0;
	CHECK(atoi(text) == getpid() && strstr(text, "(usertests) R"));
	close(fd);
	CHECK((fd = open("/proc/self/stat", O_RDONLY)) >= 0 && read(fd, text, 1) == 1);
}

static void devices(void)
{
	char buffer[8] = "12345678";
	int fd = open("/dev/null", O_RDWR);

	CHECK(fd >= 0 && write(fd, "abc", 3) == 3 && read(fd, buffer, 8) == 0);
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	CHECK(fd >= 0 && read(fd, buffer, 8) == 8 && !buffer[0] && !buffer[7]);
	CHECK(!isatty(fd) && errno == ENOTTY);
}

static void kernel_log(void)
{
	static char log[8192];

	if (klogctl(KLOG_SIZE_BUFFER, NULL, 0) <= 0)
		SKIP("the log may not be read here");
	if (klogctl(KLOG_READ_ALL, log, sizeof(log)) < 0 && errno == EPERM)
		SKIP("the log may not be read here");
	CHECK(log[0] == '<');
}

static void reboot_wants_magic(void)
{
	if (getuid())
		SKIP("needs to be root");
	FAILS_WITH(syscall(SYS_reboot, 1l, 2l, 3l, 4l), EINVAL);
}

const struct test kernel_tests[] = {
	{ "identity", identity, 0 },
	{ "figures", figures, 0 },
	{ "random_bytes", random_bytes, 0 },
	{ "unknown_call", unknown_call, 0 },
	{ "futex_values", futex_values, 0 },
	{ "refused_module", refused_module, 0 },
	{ "refused_kexec", refused_kexec, 0 },
	{ "proc_files", proc_files, 0 },
	{ "devices", devices, 0 },
	{ "kernel_log", kernel_log, 0 },
	{ "reboot_wants_magic", reboot_wants_magic, 0 },
	{ NULL, NULL, 0 },
};
