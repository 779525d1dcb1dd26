// SPDX-License-Identifier: GPL-2.0-or-later
/* Shadow variables: one for each object and id, made once, gone when freed. */
#include <linux/livepatch.h>
#include <linux/slab.h>
#include "checks.h"

static int constructed, destroyed, refuse;
static void *last_object;

static int construct(void *obj, void *data, void *ctor_data)
{
	constructed++;
	last_object = obj;
	if (refuse)
		return -EINVAL;
	*(int *)data = *(int *)ctor_data;
	return 0;
}

static void destroy(void *obj, void *data)
{
	destroyed++;
	last_object = obj;
	*(int *)data = -1;
}

static char objects[100];

static void run_checks(void)
{
	int seven = 7, eight = 8, i;
	int *a, *b;

	constructed = destroyed = refuse = 0;
	EXPECT(!klp_shadow_get(&objects[0], 1));
	a = klp_shadow_alloc(&objects[0], 1, 64, GFP_KERNEL, construct, &seven);
	EXPECT(a && *a == 7 && a[1] == 0 && a[15] == 0 && constructed == 1 &&
	       last_object == &objects[0]);
	EXPECT(klp_shadow_get(&objects[0], 1) == a);
	EXPECT(!klp_shadow_get(&objects[0], 2) && !klp_shadow_get(&objects[1], 1));
	EXPECT(!klp_shadow_alloc(&objects[0], 1, 4, GFP_KERNEL, construct, &eight));
	EXPECT(*a == 7 && constructed == 1);
	EXPECT(klp_shadow_get_or_alloc(&objects[0], 1, 4, GFP_KERNEL, construct, &eight) == a);
	b = klp_shadow_get_or_alloc(&objects[0], 2, 4, GFP_KERNEL, construct, &eight);
	EXPECT(b && b != a && *b == 8 && *a == 7 && constructed == 2);
	EXPECT(klp_shadow_get(&objects[0], 2) == b && klp_shadow_get(&objects[0], 1) == a);

	refuse = 1;
	EXPECT(!klp_shadow_alloc(&objects[2], 1, 4, GFP_KERNEL, construct, &seven));
	EXPECT(!klp_shadow_get(&objects[2], 1) && constructed == 3);
	EXPECT(!klp_shadow_get_or_alloc(&objects[2], 1, 4, GFP_KERNEL, construct, &seven));
	refuse = 0;
	a = klp_shadow_alloc(&objects[2], 1, 8, GFP_KERNEL, NULL, NULL);
	EXPECT(a && !a[0] && !a[1] && klp_shadow_get(&objects[2], 1) == a);

	klp_shadow_free(&objects[0], 3, destroy);
	klp_shadow_free(&objects[1], 1, destroy);
	EXPECT(!destroyed);
	klp_shadow_free(&objects[0], 1, destroy);
	EXPECT(destroyed == 1 && last_object == &objects[0] && *b == 8);
	EXPECT(!klp_shadow_get(&objects[0], 1) && klp_shadow_get(&objects[0], 2) == b);
	klp_shadow_free(&objects[0], 2, NULL);
	klp_shadow_free(&objects[2], 1, NULL);
	EXPECT(destroyed == 1 && !klp_shadow_get(&objects[0], 2) &&
	       !klp_shadow_get(&objects[2], 1));

	/* Many at once, of two ids; one id goes, the other stays. */
	for (i = 0; i < 100; i++) {
		EXPECT(klp_shadow_alloc(&objects[i], 5, 4, GFP_KERNEL, construct, &i));
		EXPECT(klp_shadow_alloc(&objects[i], 6, 4, GFP_KERNEL, construct, &i));
	}
	for (i = 0; i < 100; i++)
		EXPECT(*(int *)klp_shadow_get(&objects[i], 5) == i);
	klp_shadow_free_all(5, destroy);
	EXPECT(destroyed == 101);
	for (i = 0; i < 100; i++)
		EXPECT(!klp_shadow_get(&objects[i], 5) &&
		       *(int *)klp_shadow_get(&objects[i], 6) == i);
	klp_shadow_free_all(6, NULL);
	for (i = 0; i < 100; i++)
		EXPECT(!klp_shadow_get(&objects[i], 6));
	EXPECT(destroyed == 101);
}

module_init(checks_init);
module_exit(checks_exit);
