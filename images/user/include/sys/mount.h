/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounting file systems. */
#ifndef USER_SYS_MOUNT_H
#define USER_SYS_MOUNT_H

#define MS_RDONLY  1
#define MNT_FORCE  1
#define MNT_DETACH 2

int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);

#endif
