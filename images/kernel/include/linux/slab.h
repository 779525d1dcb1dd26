/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel heap: objects up to half a page from slabs of one page per size class,
 * larger ones as whole pages. Memory is poisoned when freed, so that a dangling
 * reference shows. Callable from interrupts.
 */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/types.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *);
static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}
static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp | __GFP_ZERO);
}
#define kvmalloc(s, g) kmalloc(s, g)
#define kvfree(p)      kfree(p)

struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned long flags, void (*ctor)(void *));
void *kmem_cache_alloc(struct kmem_cache *, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *, void *);
static inline void *kmem_cache_zalloc(struct kmem_cache *c, gfp_t gfp)
{
	return kmem_cache_alloc(c, gfp | __GFP_ZERO);
}
void slab_init(void);
/* objects and bytes in use, for /proc/slabinfo: calls fn for each cache */
void slab_for_each(void (*fn)(const char *name, unsigned int size, unsigned long objects,
			      unsigned long pages, void *data),
		   void *data);

#endif
