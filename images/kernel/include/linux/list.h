/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked circular lists and hash chains threaded through the objects themselves. */
#ifndef _LINUX_LIST_H
#define _LINUX_LIST_H

#include <linux/types.h>

#ifndef container_of
#define container_of(ptr, type, member)                    \
	({                                                 \
		void *__mptr = (void *)(ptr);              \
		(type *)(__mptr - offsetof(type, member)); \
	})
#endif

#define LIST_HEAD_INIT(name)     \
	{                        \
		&(name), &(name) \
	}
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)
#define LIST_POISON1	((void *)0xdead000000000100UL)
#define LIST_POISON2	((void *)0xdead000000000122UL)

/* @before and @after become neighbours. A reader without the lock who comes this way finds all that was written before. */
static inline void list_join(struct list_head *before, struct list_head *after)
{
	after->prev = before;
	WRITE_ONCE(before->next, after);
}

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list_join(list, list);
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	list_join(entry, head->next);
	list_join(head, entry);
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_add(entry, head->prev);
}

/* Out of its list; a reader who stands on it still finds the way on. */
static inline void list_del_rcu(struct list_head *entry)
{
	list_join(entry->prev, entry->next);
}

static inline void list_del(struct list_head *entry)
{
	list_del_rcu(entry);
	*entry = (struct list_head){ LIST_POISON1, LIST_POISON2 };
}

static inline void list_del_init(struct list_head *entry)
{
	list_del_rcu(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_replace(struct list_head *old, struct list_head *entry)
{
	list_add(entry, old);
	list_del_rcu(old);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_del_rcu(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del_rcu(entry);
	list_add_tail(entry, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

static inline bool list_is_last(const struct list_head *entry, const struct list_head *head)
{
	return entry->next == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	if (list_empty(list))
		return;
	list_join(list->prev, head->next);
	list_join(head, list->next);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_init(list, head->prev);
}

#define list_entry(ptr, type, member)	     container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_first_or_null_rcu(head, type, member) list_first_entry_or_null(head, type, member)

/* The object beside @pos; beside the last one lies the head, as if it were in an object too. */
#define list_neighbour(pos, side, member)     list_entry((pos)->member.side, __typeof__(*(pos)), member)
#define list_next_entry(pos, member)	      list_neighbour(pos, next, member)
#define list_prev_entry(pos, member)	      list_neighbour(pos, prev, member)
#define list_entry_is_head(pos, head, member) (&(pos)->member == (head))

/* From @first on, to one @side, until the head. */
#define LIST_WALK(pos, first, side, head, member)                 \
	for (pos = first; !list_entry_is_head(pos, head, member); \
	     pos = list_neighbour(pos, side, member))

#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_entry(pos, head, member) \
	LIST_WALK(pos, list_first_entry(head, __typeof__(*pos), member), next, head, member)
#define list_for_each_entry_continue(pos, head, member) \
	LIST_WALK(pos, list_next_entry(pos, member), next, head, member)
#define list_for_each_entry_reverse(pos, head, member) \
	LIST_WALK(pos, list_last_entry(head, __typeof__(*pos), member), prev, head, member)

/* The safe forms know the next one, @n, before the body runs, which may take @pos out. */
#define list_for_each_safe(pos, n, head) \
	for (pos = (head)->next; n = pos->next, pos != (head); pos = n)
#define list_for_each_entry_safe(pos, n, head, member)               \
	for (pos = list_first_entry(head, __typeof__(*pos), member); \
	     n = list_next_entry(pos, member), !list_entry_is_head(pos, head, member); pos = n)

#define list_for_each_entry_rcu list_for_each_entry
#define list_add_rcu		list_add
#define list_add_tail_rcu	list_add_tail

/* ---- chains: the head is one pointer, and each node knows the pointer that leads to it ---- */

#define HLIST_HEAD_INIT \
	{               \
		NULL    \
	}
#define HLIST_HEAD(name) struct hlist_head name = HLIST_HEAD_INIT

static inline void INIT_HLIST_HEAD(struct hlist_head *head)
{
	head->first = NULL;
}

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	*node = (struct hlist_node){};
}

/* In no chain? */
static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return node->pprev == NULL;
}

static inline bool hlist_empty(const struct hlist_head *head)
{
	return READ_ONCE(head->first) == NULL;
}

/* @place, the head's pointer or a node's, leads to @node from now on. */
static inline void hlist_lead(struct hlist_node **place, struct hlist_node *node)
{
	if (node)
		node->pprev = place;
	WRITE_ONCE(*place, node);
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	hlist_lead(&node->next, head->first);
	hlist_lead(&head->first, node);
}

static inline void hlist_del(struct hlist_node *node)
{
	hlist_lead(node->pprev, node->next);
	node->pprev = NULL;
}

#define hlist_del_init(n)	       hlist_del(n)
#define hlist_add_head_rcu	       hlist_add_head
#define hlist_del_rcu		       hlist_del
#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
/* NULL for no node */
#define hlist_entry_safe(node, type, member)                       \
	({                                                         \
		struct hlist_node *__node = (node);                \
		__node ? hlist_entry(__node, type, member) : NULL; \
	})
#define hlist_for_each_entry(pos, head, member)                                    \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); pos; \
	     pos = hlist_entry_safe((pos)->member.next, __typeof__(*pos), member))
#define hlist_for_each_entry_rcu hlist_for_each_entry
#define hlist_for_each_entry_safe(pos, n, head, member)                       \
	for (pos = hlist_entry_safe((head)->first, __typeof__(*pos), member); \
	     pos && (n = (pos)->member.next, true);                           \
	     pos = hlist_entry_safe(n, __typeof__(*pos), member))

#endif
