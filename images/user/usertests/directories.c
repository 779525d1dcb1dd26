// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Directories: make, list, remove, change to, openat, long names and deep paths.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "usertests.h"

static void make_and_remove(void)
{
	rmdir("/tmp/ut/d");
	CHECK(mkdir("/tmp/ut/d", 0755) == 0);
	FAILS_WITH(mkdir("/tmp/ut/d", 0755), EEXIST);
	FAILS_WITH(mkdir("/tmp/ut/none/d", 0755), ENOENT);
	CHECK(close(open("/tmp/ut/d/f", O_WRONLY | O_CREAT, 0644)) == 0);
	FAILS_WITH(rmdir("/tmp/ut/d"), ENOTEMPTY);
	FAILS_WITH(rmdir("/tmp/ut/d/f"), ENOTDIR);
	CHECK(unlink("/tmp/ut/d/f") == 0 && rmdir("/tmp/ut/d") == 0);
	FAILS_WITH(rmdir("/tmp/ut/d"), ENOENT);
}

static void listing(void)
{
	int seen[40] = { 0 }, dots = 0;
	DIR *directory;
	struct dirent *entry;
	char path[64];

	mkdir("/tmp/ut/list", 0755);
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/tmp/ut/list/file-with-a-long-name-%d", i);
		CHECK(close(open(path, O_WRONLY | O_CREAT, 0644)) == 0);
	}
	CHECK((directory = opendir("/tmp/ut/list")));
	while ((entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			dots++;
		else
			seen[atoi(strrchr(entry->d_name, '-') + 1)]++;
	}
	closedir(directory);
	CHECK(dots == 2);
	for (int i = 0; i < 40; i++) {
		CHECK(seen[i] == 1);
		snprintf(path, sizeof(path), "/tmp/ut/list/file-with-a-long-name-%d", i);
		CHECK(unlink(path) == 0);
	}
	CHECK(rmdir("/tmp/ut/list") == 0);
}

static void working_directory(void)
{
	char path[128];
	int root;

	mkdir("/tmp/ut/cwd", 0755);
	CHECK(chdir("/tmp/ut/cwd") == 0 && getcwd(path, sizeof(path)) &&
	      !strcmp(path, "/tmp/ut/cwd"));
	CHECK(close(open("f", O_WRONLY | O_CREAT, 0644)) == 0 &&
	      access("/tmp/ut/cwd/f", F_OK) == 0);
	CHECK(access("../cwd/./f", F_OK) == 0 && unlink("f") == 0);
	CHECK(!getcwd(path, 4) && errno == ERANGE);
	CHECK(chdir("..") == 0 && getcwd(path, sizeof(path)) && !strcmp(path, "/tmp/ut"));
	FAILS_WITH(chdir("/tmp/ut/none"), ENOENT);
	FAILS_WITH(chdir("/dev/null"), ENOTDIR);
	CHECK(chdir("/") == 0 && getcwd(path, sizeof(path)) && !strcmp(path, "/"));
	CHECK((root = open("/tmp/ut", O_RDONLY | O_DIRECTORY)) >= 0);
	CHECK(close(openat(root, "at", O_WRONLY | O_CREAT, 0644)) == 0 &&
	      unlink("/tmp/ut/at") == 0);
	FAILS_WITH(open("/dev/null", O_RDONLY | O_DIRECTORY), ENOTDIR);
	rmdir("/tmp/ut/cwd");
}

static void names(void)
{
	char path[400] = "/tmp/ut/";

	memset(path + 8, 'n', 255);
	CHECK(close(open(path, O_WRONLY | O_CREAT, 0644)) == 0 && unlink(path) == 0);
	memset(path + 8, 'n', 300);
	FAILS_WITH(open(path, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	CHECK(access("//tmp///ut/", F_OK) == 0);
}

const struct test directory_tests[] = {
	{ "make_and_remove", make_and_remove, 0 },
	{ "listing", listing, 0 },
	{ "working_directory", working_directory, 0 },
	{ "names", names, 0 },
	{ NULL, NULL, 0 },
};
