// SPDX-License-Identifier: GPL-2.0-or-later
/* linux/list.h, judged by arrays: the same steps on both, then every way to walk a list has to meet the array's members. */
#include <linux/list.h>
#include "host.h"

enum { LISTS = 3, ITEMS = 8 };

struct item {
	int id;
	struct list_head node;
	struct hlist_node link;
};

struct model {
	int count, ids[ITEMS];
};

static struct item items[ITEMS];
static struct list_head heads[LISTS];
static struct hlist_head chains[LISTS];
static struct model models[LISTS];
static int where[ITEMS]; /* the list, or -1 */

static void model_insert(int list, int at, int id)
{
	struct model *model = &models[list];

	for (int i = model->count++; i > at; i--)
		model->ids[i] = model->ids[i - 1];
	model->ids[at] = id;
	where[id] = list;
}

static void model_remove(int id)
{
	struct model *model = &models[where[id]];
	int at = 0;

	while (model->ids[at] != id)
		at++;
	for (model->count--; at < model->count; at++)
		model->ids[at] = model->ids[at + 1];
	where[id] = -1;
}

/* All members of @from, in order, before @at of @to. */
static void model_splice(int from, int to, int at)
{
	while (models[from].count) {
		int id = models[from].ids[0];

		model_remove(id);
		model_insert(to, at++, id);
	}
}

static int pick(bool member)
{
	int start = random_below(ITEMS);

	for (int i = 0; i < ITEMS; i++)
		if ((where[(start + i) % ITEMS] >= 0) == member)
			return (start + i) % ITEMS;
	return -1;
}

static void list_step(void)
{
	int list = random_below(LISTS), other = (list + 1) % LISTS, in = pick(true),
	    out = pick(false), at = 0;
	int end = models[list].count;

	switch (random_below(9)) {
	case 0:
		if (out >= 0)
			list_add(&items[out].node, &heads[list]), model_insert(list, 0, out);
		break;
	case 1:
		if (out >= 0)
			list_add_tail(&items[out].node, &heads[list]), model_insert(list, end, out);
		break;
	case 2:
		if (in < 0)
			break;
		list_del(&items[in].node);
		model_remove(in);
		check(items[in].node.next == LIST_POISON1 && items[in].node.prev == LIST_POISON2,
		      "list_del poisons");
		break;
	case 3:
		if (in < 0)
			break;
		list_del_init(&items[in].node);
		model_remove(in);
		check(list_empty(&items[in].node), "list_del_init leaves a list of none");
		break;
	case 4:
		if (in < 0)
			break;
		list_move(&items[in].node, &heads[list]);
		model_remove(in);
		model_insert(list, 0, in);
		break;
	case 5:
		if (in < 0)
			break;
		list_move_tail(&items[in].node, &heads[list]);
		model_remove(in);
		model_insert(list, models[list].count, in);
		break;
	case 6:
		if (in < 0 || out < 0)
			break;
		list_replace(&items[in].node, &items[out].node);
		list = where[in];
		while (models[list].ids[at] != in)
			at++;
		model_remove(in);
		model_insert(list, at, out);
		break;
	case 7:
		list_splice_init(&heads[other], &heads[list]);
		model_splice(other, list, 0);
		break;
	case 8:
		list_splice_tail_init(&heads[other], &heads[list]);
		model_splice(other, list, end);
		break;
	}
}

#define WALK(name, loop, from, step)                                                       \
	do {                                                                               \
		int at = (from), met = 0;                                                  \
                                                                                           \
		loop                                                                       \
		{                                                                          \
			check(at >= 0 && at < model->count && entry->id == model->ids[at], \
			      name " meets %d", entry->id);                                \
			at += (step);                                                      \
			if (++met > ITEMS)                                                 \
				break;                                                     \
		}                                                                          \
		check(met == model->count, name " meets %d of %d", met, model->count);     \
	} while (0)

static void check_list(int list)
{
	const struct model *model = &models[list];
	struct list_head *head = &heads[list], *node, *next_node;
	struct item *entry, *next;
	int count = model->count;

	WALK("list_for_each_entry", list_for_each_entry(entry, head, node), 0, 1);
	WALK("list_for_each_entry_reverse", list_for_each_entry_reverse(entry, head, node),
	     count - 1, -1);
	WALK("list_for_each_entry_safe", list_for_each_entry_safe(entry, next, head, node), 0, 1);
	entry = list_entry(head, struct item, node);
	WALK("list_for_each_entry_continue", list_for_each_entry_continue(entry, head, node), 0, 1);
	WALK("list_for_each",
	     for (node = head->next; node != head && (entry = list_entry(node, struct item, node));
		  node = node->next),
	     0, 1);
	count = 0;
	list_for_each(node, head)
		count++;
	list_for_each_safe(node, next_node, head)
		count++;
	check(count == 2 * model->count, "list_for_each and its safe form meet %d", count);
	check(list_empty(head) == !model->count, "list_empty with %d", model->count);
	check(list_is_singular(head) == (model->count == 1), "list_is_singular with %d",
	      model->count);
	entry = list_first_entry_or_null(head, struct item, node);
	check(model->count ? entry && entry->id == model->ids[0] : !entry,
	      "list_first_entry_or_null");
	if (model->count)
		check(list_last_entry(head, struct item, node)->id == model->ids[model->count - 1],
		      "list_last_entry");
	list_for_each_entry(entry, head, node)
		check(list_is_last(&entry->node, head) ==
			      (entry->id == model->ids[model->count - 1]),
		      "list_is_last");
}

/* Removes while it walks, as the safe forms are for. */
static void empty_list(int list)
{
	struct item *entry, *next;

	list_for_each_entry_safe(entry, next, &heads[list], node) {
		list_del(&entry->node);
		model_remove(entry->id);
	}
	check(!models[list].count && list_empty(&heads[list]),
	      "a list that was emptied in one walk");
}

static void chain_step(void)
{
	int list = random_below(LISTS), in = pick(true), out = pick(false);

	if (random_below(2) && out >= 0) {
		hlist_add_head(&items[out].link, &chains[list]);
		model_insert(list, 0, out);
	} else if (in >= 0) {
		hlist_del(&items[in].link);
		model_remove(in);
	}
}

static void check_chain(int list)
{
	const struct model *model = &models[list];
	struct hlist_node *next;
	struct item *entry;

	WALK("hlist_for_each_entry", hlist_for_each_entry(entry, &chains[list], link), 0, 1);
	WALK("hlist_for_each_entry_safe",
	     hlist_for_each_entry_safe(entry, next, &chains[list], link), 0, 1);
	check(hlist_empty(&chains[list]) == !model->count, "hlist_empty with %d", model->count);
	for (int i = 0; i < ITEMS; i++)
		check(hlist_unhashed(&items[i].link) == (where[i] < 0), "hlist_unhashed of %d", i);
}

static void empty_chain(int list)
{
	struct hlist_node *next;
	struct item *entry;

	hlist_for_each_entry_safe(entry, next, &chains[list], link) {
		hlist_del_init(&entry->link);
		model_remove(entry->id);
	}
	check(!models[list].count && hlist_empty(&chains[list]),
	      "a chain that was emptied in one walk");
}

static void run(void (*step)(void), void (*look)(int), void (*drain)(int))
{
	for (int i = 0; i < 20000; i++) {
		step();
		for (int list = 0; list < LISTS; list++)
			look(list);
		if (!random_below(50))
			drain(random_below(LISTS));
	}
	for (int list = 0; list < LISTS; list++)
		drain(list);
}

void test(int count, char **words)
{
	for (int i = 0; i < LISTS; i++) {
		INIT_LIST_HEAD(&heads[i]);
		INIT_HLIST_HEAD(&chains[i]);
	}
	for (int i = 0; i < ITEMS; i++) {
		items[i].id = i;
		where[i] = -1;
		INIT_HLIST_NODE(&items[i].link);
	}
	run(list_step, check_list, empty_list);
	run(chain_step, check_chain, empty_chain);
}
