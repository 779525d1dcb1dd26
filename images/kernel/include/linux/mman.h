/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of mmap(2) and its relatives. */
#ifndef _LINUX_MMAN_H
#define _LINUX_MMAN_H

#define PROT_READ	    1
#define PROT_WRITE	    2
#define PROT_EXEC	    4
#define PROT_NONE	    0
#define MAP_SHARED	    0x01
#define MAP_PRIVATE	    0x02
#define MAP_FIXED	    0x10
#define MAP_ANONYMOUS	    0x20
#define MAP_GROWSDOWN	    0x100
#define MAP_POPULATE	    0x8000
#define MAP_STACK	    0x20000
#define MAP_FIXED_NOREPLACE 0x100000
#define MREMAP_MAYMOVE	    1
#define MADV_DONTNEED	    4
#define MS_ASYNC	    1
#define MS_INVALIDATE	    2
#define MS_SYNC		    4

#endif
