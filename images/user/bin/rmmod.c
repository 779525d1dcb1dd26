// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes kernel modules. Errors are told in kmod's words, which test scripts compare.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/module.h>
#include <unistd.h>

static int remove_module(const char *file)
{
	const char *base = strrchr(file, '/');
	char name[64];

	snprintf(name, sizeof(name), "%s", base ? base + 1 : file);
	if (strlen(name) > 3 && !strcmp(name + strlen(name) - 3, ".ko"))
		name[strlen(name) - 3] = 0;
	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	if (delete_module(name, O_NONBLOCK) == 0)
		return 0;
	if (errno == ENOENT)
		fprintf(stderr, "rmmod: ERROR: Module %s is not currently loaded\n", name);
	else if (errno == EWOULDBLOCK || errno == EBUSY)
		fprintf(stderr, "rmmod: ERROR: Module %s is in use\n", name);
	else
		fprintf(stderr, "rmmod: ERROR: could not remove module %s: %s\n", name,
			strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	int result = 0;

	if (argc < 2) {
		fprintf(stderr, "rmmod: ERROR: missing module name.\n");
		return 1;
	}
	for (int i = 1; i < argc; i++)
		result |= remove_module(argv[i]);
	return result;
}
