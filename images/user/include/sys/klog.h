/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log. */
#ifndef USER_SYS_KLOG_H
#define USER_SYS_KLOG_H

#define KLOG_READ_ALL	   3
#define KLOG_READ_CLEAR	   4
#define KLOG_CLEAR	   5
#define KLOG_CONSOLE_LEVEL 8
#define KLOG_SIZE_BUFFER   10

int klogctl(int action, char *buffer, int size);

#endif
