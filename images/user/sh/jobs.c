// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands in the background or stopped: a table of pids, so that `wait`, `jobs`, `fg` and `bg` know them and an interactive shell
 * can say when one ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shell.h"

#define JOBS 64

static struct {
	int pid;   /* 0: free */
	int group; /* its process group */
	int finished, stopped, status;
	char name[32];
} jobs[JOBS];

void job_add(int pid, int group, int stopped, const char *name)
{
	for (int i = 0; i < JOBS; i++) {
		if (!jobs[i].pid || jobs[i].finished || jobs[i].pid == pid) {
			jobs[i].pid = pid;
			jobs[i].group = group;
			jobs[i].finished = 0;
			jobs[i].stopped = stopped;
			strncpy(jobs[i].name, name, sizeof(jobs[i].name) - 1);
			return;
		}
	}
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void jobs_collect(void)
{
	for (int i = 0; i < JOBS; i++) {
		int status;

		if (!jobs[i].pid || jobs[i].finished ||
		    waitpid(jobs[i].pid, &status, WNOHANG) != jobs[i].pid)
			continue;
		jobs[i].finished = 1;
		jobs[i].status = status_of(status);
		if (interactive)
			printf("[%d] done, status %d: %s\n", jobs[i].pid, jobs[i].status,
			       jobs[i].name);
	}
}

int jobs_wait(int pid)
{
	int result = 0;

	for (int i = 0; i < JOBS; i++) {
		int status;

		if (!jobs[i].pid || (pid && jobs[i].pid != pid))
			continue;
		while (!jobs[i].finished && !interrupted) {
			if (waitpid(jobs[i].pid, &status, 0) == jobs[i].pid) {
				jobs[i].finished = 1;
				jobs[i].status = status_of(status);
			} else if (errno != EINTR) {
				jobs[i].finished = 1;
				jobs[i].status = 127;
			}
		}
		if (interrupted)
			return 130;
		if (pid)
			result = jobs[i].status;
		jobs[i].pid = 0;
		if (pid)
			return result;
	}
	return pid ? 127 : 0;
}

void jobs_list(void)
{
	jobs_collect();
	for (int i = 0; i < JOBS; i++) {
		if (jobs[i].pid && !jobs[i].finished)
			printf("[%d] %s: %s\n", jobs[i].pid,
			       jobs[i].stopped ? "stopped" : "running", jobs[i].name);
	}
}

int job_continue(int pid, int foreground)
{
	int at = -1;

	for (int i = 0; i < JOBS; i++)
		if (jobs[i].pid && !jobs[i].finished &&
		    (pid ? jobs[i].pid == pid : foreground || jobs[i].stopped))
			at = i;
	if (at < 0) {
		fprintf(stderr, "sh: no such job\n");
		return 1;
	}
	printf("%s\n", jobs[at].name);
	fflush(stdout);
	if (foreground)
		tcsetpgrp(0, jobs[at].group);
	for (int i = 0; i < JOBS; i++)
		if (jobs[i].group == jobs[at].group)
			jobs[i].stopped = 0;
	kill(-jobs[at].group, SIGCONT);
	return foreground ? wait_in_foreground(&jobs[at].pid, 1, jobs[at].group, jobs[at].name) : 0;
}

void job_finished(int pid)
{
	for (int i = 0; i < JOBS; i++)
		if (jobs[i].pid == pid)
			jobs[i].pid = 0;
}
