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

struct shadow {
	struct shadow *next; /* in its bucket */
	void *obj;
	unsigned long id;
	char data[] __attribute__((aligned(16)));
};

#define BUCKET_BITS 6
static struct shadow *buckets[1 << BUCKET_BITS];
static DEFINE_SPINLOCK(lock); /* the buckets and everything in them */

/* Where the link to the variable is, or where a new one's would be: it holds NULL then. */
static struct shadow **link_to(void *obj, unsigned long id)
{
	unsigned long hash = (unsigned long)obj * 0x9e3779b97f4a7c15UL;
	struct shadow **link = &buckets[hash >> (64 - BUCKET_BITS)];

	while (*link && ((*link)->obj != obj || (*link)->id != id))
		link = &(*link)->next;
	return link;
}

/* The data, or NULL. Stays valid until klp_shadow_free() of the same key. */
void *klp_shadow_get(void *obj, unsigned long id)
{
	struct shadow *found;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	found = *link_to(obj, id);
	spin_unlock_irqrestore(&lock, flags);
	return found ? found->data : NULL;
}
EXPORT_SYMBOL_GPL(klp_shadow_get);

/* Lock held: puts @new in, unless the key is taken or the constructor says no. */
static int install(struct shadow **link, struct shadow *new, klp_shadow_ctor_t ctor,
		   void *ctor_data)
{
	int ret;

	lockdep_assert_held(&lock);
	if (*link)
		return -EEXIST;
	ret = ctor ? ctor(new->obj, new->data, ctor_data) : 0;
	if (!ret)
		*link = new;
	else
		pr_err("Failed to construct shadow variable <%px, %lx> (%d)\n", new->obj, new->id,
		       ret);
	return ret ? -EINVAL : 0;
}

/* The data of the variable, new or old; @created says which. NULL: no memory, or the constructor failed. */
static void *get_or_create(void *obj, unsigned long id, size_t size, unsigned int gfp_flags,
			   klp_shadow_ctor_t ctor, void *ctor_data, bool *created)
{
	/* before the lock is taken; given back if it is not needed */
	struct shadow *new = kzalloc(sizeof(*new) + size, gfp_flags), **link;
	unsigned long flags;
	void *data = NULL;
	int ret;

	if (!new)
		return NULL;
	new->obj = obj;
	new->id = id;
	spin_lock_irqsave(&lock, flags);
	link = link_to(obj, id);
	ret = install(link, new, ctor, ctor_data);
	if (ret != -EINVAL)
		data = (*link)->data;
	spin_unlock_irqrestore(&lock, flags);
	*created = ret == 0;
	if (ret)
		kfree(new);
	return data;
}

void *klp_shadow_alloc(void *obj, unsigned long id, size_t size, unsigned int gfp_flags,
		       klp_shadow_ctor_t ctor, void *ctor_data)
{
	bool created = false;
	void *data = get_or_create(obj, id, size, gfp_flags, ctor, ctor_data, &created);

	if (data && !created)
		pr_warn("Duplicate shadow variable <%px, %lx>\n", obj, id);
	return created ? data : NULL;
}
EXPORT_SYMBOL_GPL(klp_shadow_alloc);

void *klp_shadow_get_or_alloc(void *obj, unsigned long id, size_t size, unsigned int gfp_flags,
			      klp_shadow_ctor_t ctor, void *ctor_data)
{
	bool created;
	void *there = klp_shadow_get(obj, id);

	if (there)
		return there;
	return get_or_create(obj, id, size, gfp_flags, ctor, ctor_data, &created);
}
EXPORT_SYMBOL_GPL(klp_shadow_get_or_alloc);

/* Lock held: takes the variable at @link out and puts it before @doomed. */
static struct shadow *take_out(struct shadow **link, klp_shadow_dtor_t dtor, struct shadow *doomed)
{
	struct shadow *found = *link;

	lockdep_assert_held(&lock);
	*link = found->next;
	if (dtor)
		dtor(found->obj, found->data);
	found->next = doomed;
	return found;
}

static void free_all(struct shadow *doomed)
{
	while (doomed) {
		struct shadow *next = doomed->next;

		kfree(doomed);
		doomed = next;
	}
}

void klp_shadow_free(void *obj, unsigned long id, klp_shadow_dtor_t dtor)
{
	struct shadow **link, *doomed = NULL;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	link = link_to(obj, id);
	if (*link)
		doomed = take_out(link, dtor, NULL);
	spin_unlock_irqrestore(&lock, flags);
	free_all(doomed);
}
EXPORT_SYMBOL_GPL(klp_shadow_free);

/* Every variable with @id, whatever the object. */
void klp_shadow_free_all(unsigned long id, klp_shadow_dtor_t dtor)
{
	struct shadow **link, *doomed = NULL;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	for (unsigned int i = 0; i < ARRAY_SIZE(buckets); i++) {
		link = &buckets[i];
		while (*link)
			if ((*link)->id == id)
				doomed = take_out(link, dtor, doomed);
			else
				link = &(*link)->next;
	}
	spin_unlock_irqrestore(&lock, flags);
	free_all(doomed);
}
EXPORT_SYMBOL_GPL(klp_shadow_free_all);
