/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and load. */
#ifndef USER_SYS_SYSINFO_H
#define USER_SYS_SYSINFO_H

struct sysinfo {
	/*  0 */ long uptime;
	/*  8 */ unsigned long loads[3];
	/* 32 */ unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	/* 80 */ unsigned short procs, reserved0;
	/* 84 */ unsigned int reserved1;
	/* 88 */ unsigned long totalhigh, freehigh;
	/* 104 */ unsigned int mem_unit, reserved2;
};

_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo of x86-64 Linux");

int sysinfo(struct sysinfo *store);

#endif
