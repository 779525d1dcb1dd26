/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules. */
#ifndef USER_SYS_MODULE_H
#define USER_SYS_MODULE_H

int init_module(const void *image, unsigned long size, const char *parameters);
int finit_module(int fd, const char *parameters, int flags);
int delete_module(const char *name, unsigned int flags);

#endif
