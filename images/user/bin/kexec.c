// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads the next kernel and changes to it.
 *   kexec -l IMAGE [-i INITRD] [-a COMMAND-LINE]   load
 *   kexec -e                                       go
 *   kexec -u                                       unload
 * Without -i the load says that there is no initrd; without -a the command line of the running kernel is used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/kexec.h>
#include <sys/reboot.h>
#include <unistd.h>

static int load(const char *image, const char *initrd, const char *given)
{
	char line[2048] = "";
	int kernel_fd = open(image, O_RDONLY), initrd_fd = -1;

	if (kernel_fd < 0) {
		fprintf(stderr, "kexec: cannot open %s: %s\n", image, strerror(errno));
		return 1;
	}
	if (initrd && (initrd_fd = open(initrd, O_RDONLY)) < 0) {
		fprintf(stderr, "kexec: cannot open %s: %s\n", initrd, strerror(errno));
		return 1;
	}
	if (given) {
		snprintf(line, sizeof(line), "%s", given);
	} else {
		int fd = open("/proc/cmdline", O_RDONLY);
		ssize_t got = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);

		line[got > 0 ? got : 0] = 0;
		if (strchr(line, '\n'))
			*strchr(line, '\n') = 0;
	}
	if (kexec_file_load(kernel_fd, initrd_fd, strlen(line) + 1, line,
			    initrd ? 0 : KEXEC_FILE_NO_INITRAMFS) < 0) {
		fprintf(stderr, "kexec: kexec_file_load of %s failed: %s\n", image,
			strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *image = NULL, *initrd = NULL, *line = NULL;
	int go = 0, unload = 0, letter;

	while ((letter = getopt(argc, argv, "l:i:a:eu")) != -1) {
		switch (letter) {
		case 'l':
			image = optarg;
			break;
		case 'i':
			initrd = optarg;
			break;
		case 'a':
			line = optarg;
			break;
		case 'e':
			go = 1;
			break;
		case 'u':
			unload = 1;
			break;
		default:
			return 2;
		}
	}
	if (!image && !go && !unload) {
		fprintf(stderr, "usage: kexec -l IMAGE [-i INITRD] [-a COMMAND-LINE] | -e | -u\n");
		return 2;
	}
	if (unload && kexec_file_load(-1, -1, 0, NULL, KEXEC_FILE_UNLOAD) < 0) {
		fprintf(stderr, "kexec: unload failed: %s\n", strerror(errno));
		return 1;
	}
	if (image && load(image, initrd, line))
		return 1;
	if (go && reboot(RB_KEXEC) < 0) {
		fprintf(stderr, "kexec: the running kernel goes on: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
