// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Says which kernel runs: -s name, -n node, -r release, -v version, -m machine, -a all; -s when nothing is asked.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const char letters[] = "snrvm";
	struct utsname names;
	const char *fields[] = { names.sysname, names.nodename, names.release, names.version,
				 names.machine };
	unsigned int wanted = 0;
	char line[400] = "";
	int letter;

	while ((letter = getopt(argc, argv, "snrvma")) != -1) {
		if (letter == '?')
			return 2;
		wanted |= letter == 'a' ? 31u : 1u << (strchr(letters, letter) - letters);
	}
	if (!wanted)
		wanted = 1;
	if (uname(&names) < 0) {
		perror("uname");
		return 1;
	}
	for (int i = 0; i < 5; i++) {
		if (wanted & 1u << i) {
			if (*line)
				strcat(line, " ");
			strcat(line, fields[i]);
		}
	}
	puts(line);
	return 0;
}
