// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shadow variables: data that a patch attaches to an existing object because
 * the object's own layout cannot change under the running code.
 *
 * Keyed by <object address, id>. Promises: at most one variable per key; the
 * data is zeroed, then given to the constructor while the lock is held, so that
 * nobody sees it half made; a constructor that fails leaves nothing behind.
 * The owner frees what it attached; the object's own death does not.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/printk.h>
#include <linux/livepatch.h>

#define SHADOW_BUCKETS 64

struct klp_shadow {
	struct klp_shadow *next;
	void *obj;
	unsigned long id;
	char data[] __attribute__((aligned(16)));
};

static struct klp_shadow *shadow_hash[SHADOW_BUCKETS];
static DEFINE_SPINLOCK(shadow_lock);	/* the hash and everything in it */

static struct klp_shadow **shadow_bucket(void *obj)
{
	unsigned long hash = (unsigned long)obj * 0x9e3779b97f4a7c15UL;

	return &shadow_hash[hash >> 58];
}

static struct klp_shadow *shadow_find(void *obj, unsigned long id)
{
	struct klp_shadow *shadow;

	for (shadow = *shadow_bucket(obj); shadow; shadow = shadow->next)
		if (shadow->obj == obj && shadow->id == id)
			return shadow;
	return NULL;
}

/* The data, or NULL. Stays valid until klp_shadow_free() of the same key. */
void *klp_shadow_get(void *obj, unsigned long id)
{
	struct klp_shadow *shadow;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	shadow = shadow_find(obj, id);
	spin_unlock_irqrestore(&shadow_lock, flags);
	return shadow ? shadow->data : NULL;
}
EXPORT_SYMBOL_GPL(klp_shadow_get);

static void *shadow_get_or_alloc(void *obj, unsigned long id, size_t size,
				 unsigned int gfp_flags, klp_shadow_ctor_t ctor,
				 void *ctor_data, bool warn_on_exist)
{
	struct klp_shadow *shadow, *new;
	unsigned long flags;
	int err = 0;

	/* Allocated before the lock is taken; given back if it was there already. */
	new = kzalloc(sizeof(*new) + size, gfp_flags);
	if (!new)
		return NULL;
	new->obj = obj;
	new->id = id;

	spin_lock_irqsave(&shadow_lock, flags);
	shadow = shadow_find(obj, id);
	if (!shadow) {
		if (ctor)
			err = ctor(obj, new->data, ctor_data);
		if (!err) {
			struct klp_shadow **bucket = shadow_bucket(obj);

			new->next = *bucket;
			*bucket = new;
		}
	}
	spin_unlock_irqrestore(&shadow_lock, flags);

	if (!shadow && !err)
		return new->data;
	kfree(new);
	if (err) {
		pr_err("Failed to construct shadow variable <%px, %lx> (%d)\n", obj, id, err);
		return NULL;
	}
	if (warn_on_exist) {
		pr_warn("Duplicate shadow variable <%px, %lx>\n", obj, id);
		return NULL;
	}
	return shadow->data;
}

void *klp_shadow_alloc(void *obj, unsigned long id, size_t size, unsigned int gfp_flags,
		       klp_shadow_ctor_t ctor, void *ctor_data)
{
	return shadow_get_or_alloc(obj, id, size, gfp_flags, ctor, ctor_data, true);
}
EXPORT_SYMBOL_GPL(klp_shadow_alloc);

void *klp_shadow_get_or_alloc(void *obj, unsigned long id, size_t size,
			      unsigned int gfp_flags, klp_shadow_ctor_t ctor, void *ctor_data)
{
	return shadow_get_or_alloc(obj, id, size, gfp_flags, ctor, ctor_data, false);
}
EXPORT_SYMBOL_GPL(klp_shadow_get_or_alloc);

void klp_shadow_free(void *obj, unsigned long id, klp_shadow_dtor_t dtor)
{
	struct klp_shadow **link, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	for (link = shadow_bucket(obj); *link; link = &(*link)->next)
		if ((*link)->obj == obj && (*link)->id == id) {
			found = *link;
			*link = found->next;
			if (dtor)
				dtor(obj, found->data);
			break;
		}
	spin_unlock_irqrestore(&shadow_lock, flags);
	kfree(found);
}
EXPORT_SYMBOL_GPL(klp_shadow_free);

/* Every variable with @id, whatever the object. */
void klp_shadow_free_all(unsigned long id, klp_shadow_dtor_t dtor)
{
	struct klp_shadow **link, *found, *doomed = NULL;
	unsigned long flags;
	int i;

	spin_lock_irqsave(&shadow_lock, flags);
	for (i = 0; i < SHADOW_BUCKETS; i++) {
		link = &shadow_hash[i];
		while (*link) {
			found = *link;
			if (found->id != id) {
				link = &found->next;
				continue;
			}
			*link = found->next;
			if (dtor)
				dtor(found->obj, found->data);
			found->next = doomed;
			doomed = found;
		}
	}
	spin_unlock_irqrestore(&shadow_lock, flags);
	while (doomed) {
		found = doomed;
		doomed = found->next;
		kfree(found);
	}
}
EXPORT_SYMBOL_GPL(klp_shadow_free_all);
