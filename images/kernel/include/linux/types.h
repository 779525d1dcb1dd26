/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer and system types, as Linux names them on x86-64. */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#include <linux/compiler.h>

typedef unsigned char u8, __u8, uint8_t;
typedef signed char s8, __s8, int8_t;
typedef unsigned short u16, __u16, uint16_t;
typedef short s16, __s16, int16_t;
typedef unsigned int u32, __u32, uint32_t;
typedef int s32, __s32, int32_t;
typedef unsigned long long u64, __u64;
typedef long long s64, __s64;
typedef unsigned long uint64_t, uintptr_t;
typedef long int64_t, intptr_t, ptrdiff_t;
typedef u16 __le16;
typedef u32 __le32;
typedef u64 __le64;

typedef unsigned long size_t;
typedef long ssize_t;
typedef long long loff_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned int uid_t, gid_t;
typedef unsigned short umode_t;
typedef unsigned int dev_t;
typedef long time64_t;
typedef long clock_t;
typedef int clockid_t;
typedef unsigned int gfp_t;
typedef unsigned int fmode_t;
typedef u64 phys_addr_t;
typedef u64 sector_t;
typedef s64 ktime_t;
typedef _Bool bool;

#define true 1
#define false 0
#define NULL ((void *)0)

#ifndef offsetof
#define offsetof(t, m) __builtin_offsetof(t, m)
#endif

typedef struct {
	int counter;
} atomic_t;
typedef struct {
	s64 counter;
} atomic64_t;
typedef atomic64_t atomic_long_t;

struct list_head {
	struct list_head *next, *prev;
};
struct hlist_node {
	struct hlist_node *next, **pprev;
};
struct hlist_head {
	struct hlist_node *first;
};

#endif
