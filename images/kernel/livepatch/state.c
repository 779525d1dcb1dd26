// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System states: what a patch's callbacks changed beyond code.
 *
 * A state has an id and a version; a patch lists those it can deal with. The
 * rule that keeps downgrades out: a patch that knows a state must know it at
 * the same or a higher version than any installed patch; a patch that replaces
 * all others must know every state they have.
 */
#include <linux/kernel.h>
#include "internal.h"

/* In a list that may be missing; NULL: not there. */
static struct klp_state *find_state(struct klp_state *list, unsigned long id)
{
	if (!list)
		return NULL;
	while (!klp_is_last_state(list) && list->id != id)
		list++;
	return klp_is_last_state(list) ? NULL : list;
}

/* The patch's own entry for @id, or NULL. */
struct klp_state *klp_get_state(struct klp_patch *patch, unsigned long id)
{
	return find_state(patch->states, id);
}
EXPORT_SYMBOL_GPL(klp_get_state);

/*
 * The newest entry for @id among the patches installed before the one that is
 * being enabled or disabled now. For callbacks: they run under klp_mutex.
 */
struct klp_state *klp_get_prev_state(unsigned long id)
{
	const struct klp_patch *changing = klp_transition_patch;
	struct klp_state *newest = NULL;
	struct klp_patch *older;

	lockdep_assert_held(&klp_mutex);
	if (!changing)
		return NULL;
	list_for_each_entry(older, &klp_patches, list) {
		if (older == changing)
			break;
		newest = find_state(older->states, id) ?: newest;
	}
	return newest;
}
EXPORT_SYMBOL_GPL(klp_get_prev_state);

/* May @patch be loaded on top of one that has left @old behind? */
static bool copes_with(const struct klp_patch *patch, const struct klp_state *old)
{
	const struct klp_state *own = find_state(patch->states, old->id);

	return own ? own->version >= old->version : !patch->replace;
}

static bool copes_with_all(const struct klp_patch *patch, const struct klp_state *old)
{
	while (old && !klp_is_last_state(old)) {
		if (!copes_with(patch, old))
			return false;
		old++;
	}
	return true;
}

bool klp_is_patch_compatible(struct klp_patch *patch)
{
	struct klp_patch *installed;
	bool all = true;

	lockdep_assert_held(&klp_mutex);
	list_for_each_entry(installed, &klp_patches, list)
		all = all && copes_with_all(patch, installed->states);
	return all;
}
