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

static bool state_present(struct klp_state *state)
{
	return state->id || state->version || state->data;
}

/* The patch's own entry for @id, or NULL. */
struct klp_state *klp_get_state(struct klp_patch *patch, unsigned long id)
{
	struct klp_state *state;

	if (!patch->states)
		return NULL;
	for (state = patch->states; state_present(state); state++)
		if (state->id == id)
			return state;
	return NULL;
}
EXPORT_SYMBOL_GPL(klp_get_state);

/*
 * The newest entry for @id among the patches installed before the one that is
 * being enabled or disabled now. For callbacks: they run under klp_mutex.
 */
struct klp_state *klp_get_prev_state(unsigned long id)
{
	struct klp_state *state, *last = NULL;
	struct klp_patch *patch;

	if (!klp_transition_patch)
		return NULL;
	list_for_each_entry(patch, &klp_patches, list) {
		if (patch == klp_transition_patch)
			break;
		state = klp_get_state(patch, id);
		if (state)
			last = state;
	}
	return last;
}
EXPORT_SYMBOL_GPL(klp_get_prev_state);

bool klp_is_patch_compatible(struct klp_patch *patch)
{
	struct klp_state *old, *state;
	struct klp_patch *installed;

	list_for_each_entry(installed, &klp_patches, list) {
		if (!installed->states)
			continue;
		for (old = installed->states; state_present(old); old++) {
			state = klp_get_state(patch, old->id);
			if (!state ? patch->replace : state->version < old->version)
				return false;
		}
	}
	return true;
}
