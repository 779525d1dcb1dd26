/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One piece of a scattered buffer. */
#ifndef _LINUX_UIO_H
#define _LINUX_UIO_H

#include <linux/types.h>

struct iovec {
	void __user *iov_base;
	size_t iov_len;
};
#define UIO_MAXIOV 1024

#endif
