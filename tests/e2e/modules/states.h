/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For livepatch modules that have states, those of STATES: `found` and `own` say of
 * which version state 7 was when the patch came, before it and in it; 0: there was none.
 */
#include <linux/livepatch.h>
#include <linux/module.h>

static int found = -1, own = -1;
module_param(found, int, 0444);
module_param(own, int, 0444);
static struct klp_state states[] = { STATES{} };

static int version_of(const struct klp_state *state)
{
	return state ? (int)state->version : 0;
}

/* A pre_patch callback. */
static int look_for_states(struct klp_object *obj)
{
	found = version_of(klp_get_prev_state(7));
	return 0;
}

static void set_states(struct klp_patch *patch)
{
	patch->states = states;
	own = version_of(klp_get_state(patch, 7));
}
