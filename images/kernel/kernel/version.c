// SPDX-License-Identifier: GPL-2.0-or-later
/* The names of this kernel, in one place. No date and no host: the same sources give the same bytes. */
#include <linux/utsname.h>
#include <linux/utsrelease.h>

struct new_utsname init_uts_ns_name = {
	.sysname = UTS_SYSNAME,
	.nodename = "scion",
	.release = UTS_RELEASE,
	.version = UTS_VERSION,
	.machine = "x86_64",
	.domainname = "(none)",
};

const char linux_banner[] =
	UTS_SYSNAME " version " UTS_RELEASE " (gcc " __VERSION__ ") " UTS_VERSION;
