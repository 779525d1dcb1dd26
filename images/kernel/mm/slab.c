// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel heap: caches of objects of one size, each slab one page.
 *
 * A free object's first word links to the next; page->freelist heads the list,
 * page->inuse counts, page->order holds the number of the cache (a slab is
 * always one frame). Freed objects are filled with POISON, so that a dangling
 * reference shows. Requests above half a page go to the page allocator.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#define POISON	      0x6b
#define MAX_CACHES    48
#define LARGEST_CLASS 2048

struct kmem_cache {
	const char *name;
	unsigned int size; /* bytes between objects */
	unsigned int per_slab;
	unsigned int index;
	void (*ctor)(void *);
	spinlock_t lock;	      /* protects what follows and the slabs */
	struct list_head partial;     /* slabs with free objects */
	unsigned long objects, pages; /* in use */
};

static struct kmem_cache caches[MAX_CACHES];
static unsigned int nr_caches;
static struct kmem_cache *classes[8]; /* 16 << n bytes */

static struct kmem_cache *new_cache(const char *name, unsigned int size)
{
	struct kmem_cache *cache;

	if (nr_caches == MAX_CACHES)
		panic("slab: more than %d caches", MAX_CACHES);
	cache = &caches[nr_caches];
	cache->name = name;
	cache->size = size;
	cache->per_slab = PAGE_SIZE / size;
	cache->index = nr_caches++;
	INIT_LIST_HEAD(&cache->partial);
	return cache;
}

void slab_init(void)
{
	static const char *const names[] = {
		"kmalloc-16",  "kmalloc-32",  "kmalloc-64", "kmalloc-128",
		"kmalloc-256", "kmalloc-512", "kmalloc-1k", "kmalloc-2k",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		classes[i] = new_cache(names[i], 16 << i);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned long flags, void (*ctor)(void *))
{
	struct kmem_cache *cache;

	if (align < 16)
		align = 16;
	cache = new_cache(name, ALIGN(size, align));
	if (cache->size > PAGE_SIZE)
		panic("slab: objects of %u bytes in cache %s", size, name);
	cache->ctor = ctor;
	return cache;
}

/* cache->lock held. */
static struct page *new_slab(struct kmem_cache *cache)
{
	struct page *page = alloc_pages(GFP_ATOMIC, 0);
	char *base;

	lockdep_assert_held(&cache->lock);
	if (!page)
		return NULL;
	page->type = PAGE_SLAB;
	page->order = cache->index;
	base = page_address(page);
	for (unsigned int i = cache->per_slab; i-- > 0;) {
		void **object = (void **)(base + i * cache->size);

		*object = page->freelist;
		page->freelist = object;
	}
	list_add(&page->lru, &cache->partial);
	cache->pages++;
	return page;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page;
	unsigned long flags;
	void **object = NULL;

	spin_lock_irqsave(&cache->lock, flags);
	page = list_empty(&cache->partial) ? new_slab(cache)
					   : list_first_entry(&cache->partial, struct page, lru);
	if (page) {
		object = page->freelist;
		page->freelist = *object;
		page->inuse++;
		cache->objects++;
		if (!page->freelist)
			list_del(&page->lru);
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	if (object && (gfp & __GFP_ZERO))
		memset(object, 0, cache->size);
	if (object && cache->ctor)
		cache->ctor(object);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	struct page *page = virt_to_page(object);
	unsigned long flags;

	BUG_ON(page->type != PAGE_SLAB || page->order != cache->index);
	BUG_ON(offset_in_page(object) % cache->size);
	memset(object, POISON, cache->size);
	spin_lock_irqsave(&cache->lock, flags);
	BUG_ON(page->inuse == 0);
	if (!page->freelist)
		list_add(&page->lru, &cache->partial);
	*(void **)object = page->freelist;
	page->freelist = object;
	cache->objects--;
	/* an empty slab goes back, but for the last one with room */
	if (--page->inuse == 0 && !list_is_singular(&cache->partial)) {
		list_del(&page->lru);
		cache->pages--;
		__free_pages(page, 0);
	}
	spin_unlock_irqrestore(&cache->lock, flags);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (size > LARGEST_CLASS)
		return (void *)__get_free_pages(gfp, get_order(size));
	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++)
		if (size <= classes[i]->size)
			return kmem_cache_alloc(classes[i], gfp);
	return NULL;
}

void kfree(const void *object)
{
	struct page *page;

	if (!object)
		return;
	page = virt_to_page(object);
	if (page->type == PAGE_SLAB)
		kmem_cache_free(&caches[page->order], (void *)object);
	else
		put_page(page);
}

void slab_for_each(void (*fn)(const char *name, unsigned int size, unsigned long objects,
			      unsigned long pages, void *data),
		   void *data)
{
	for (unsigned int i = 0; i < nr_caches; i++)
		fn(caches[i].name, caches[i].size, caches[i].objects, caches[i].pages, data);
}
