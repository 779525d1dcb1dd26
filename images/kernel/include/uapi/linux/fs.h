/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where lseek(2) counts from. */
#ifndef _UAPI_LINUX_FS_H
#define _UAPI_LINUX_FS_H

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#endif
