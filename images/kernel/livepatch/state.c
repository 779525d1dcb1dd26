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

/* The list ends with an entry that is zero in all parts; there may be no list. */
static struct klp_state *after(struct klp_patch *patch, struct klp_state *state)
{
	state = state ? state + 1 : patch->states;
	return state && (state->id || state->version || state->data) ? state : NULL;
}

/* The patch's own entry for @id, or NULL. */
struct klp_state *klp_get_state(struct klp_patch *patch, unsigned long id)
{
	struct klp_state *state = after(patch, NULL);

	while (state && state->id != id)
		state = after(patch, state);
	return state;
}
EXPORT_SYMBOL_GPL(klp_get_state);

/*
 * The newest entry for @id among the patches installed before the one that is
 * being enabled or disabled now. For callbacks: they run under klp_mutex.
 */
struct klp_state *klp_get_prev_state(unsigned long id)
{
	struct klp_state *newest = NULL;
	struct klp_patch *patch;

	if (klp_transition_patch)
		list_for_each_entry(patch, &klp_patches, list) {
			if (patch == klp_transition_patch)
				break;
			newest = klp_get_state(patch, id) ?: newest;
		}
	return newest;
}
EXPORT_SYMBOL_GPL(klp_get_prev_state);

/* May @patch be loaded on top of one that knows @old? */
static bool copes_with(struct klp_patch *patch, const struct klp_state *old)
{
	const struct klp_state *own = klp_get_state(patch, old->id);

	return own ? own->version >= old->version : !patch->replace;
}

bool klp_is_patch_compatible(struct klp_patch *patch)
{
	struct klp_patch *installed;
	struct klp_state *old;

	list_for_each_entry(installed, &klp_patches, list)
		for (old = after(installed, NULL); old; old = after(installed, old))
			if (!copes_with(patch, old))
				return false;
	return true;
}
