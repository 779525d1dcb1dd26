// What an author would have to write where a diff alone is not enough, begun: C that compiles as it is (`transplant patch build --with`).

import { bytesOf, type Element } from './unit.js'

const HEAD = `#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/string.h>
`

/** Gives a variable of the kernel the value that the patched source has for it, and the old one back. */
export function valueSketch(variable: Element, original: Element): string {
  const [name, field] = [variable.name, variable.name.replace(/\W/g, '_')]
  const list = (element: Element): string => [...(bytesOf(element) ?? new Uint8Array(element.size))].join(', ')
  return `${HEAD}
/* ${name}, ${variable.size} bytes: the value that the new source begins with, and the one before. */
extern unsigned char kernel_${field}[${variable.size}] __asm__("${name}");
static const unsigned char new_${field}[] = { ${list(variable)} };
static const unsigned char old_${field}[] = { ${list(original)} };

/* Other CPUs may read it now: write it whole where that matters. */
static void post_patch(struct klp_object *obj)
{
	memcpy(kernel_${field}, new_${field}, sizeof(new_${field}));
}

static void pre_unpatch(struct klp_object *obj)
{
	memcpy(kernel_${field}, old_${field}, sizeof(old_${field}));
}
`
}

/** Keeps new members of a structure beside the objects. */
export function shadowSketch(structure: string, members: readonly string[]): string {
  const stem = structure.replace(/^\w+ /, '').replace(/\W/g, '_')
  return `${HEAD}#include <linux/gfp.h>

/* What ${structure} would have had: ${members.join(', ')}. One for each object, made when it is first asked for. */
struct ${stem}_shadow {
	long ${members.map((member) => member.replace(/\W/g, '_')).join(', ')};
};

#define SHADOW_ID 1UL

static __unused struct ${stem}_shadow *${stem}_shadow(void *object)
{
	return klp_shadow_get_or_alloc(object, SHADOW_ID, sizeof(struct ${stem}_shadow), GFP_KERNEL, NULL,
				       NULL);
}

/* Where an object is freed: klp_shadow_free(object, SHADOW_ID, NULL). */
static void post_unpatch(struct klp_object *obj)
{
	klp_shadow_free_all(SHADOW_ID, NULL);
}
`
}

/** Marks the objects that the new code has counted, so that it takes back no more than it gave. */
export function pairSketch(subject: string, up: string, down: string): string {
  const stem = subject.replace(/\W/g, '_')
  return `${HEAD}#include <linux/gfp.h>

/* ${up}() counts ${subject} up, ${down}() counts it down: only for objects that were counted. */
#define COUNTED_ID 2UL

static __unused void ${stem}_mark(void *object)
{
	klp_shadow_get_or_alloc(object, COUNTED_ID, sizeof(bool), GFP_KERNEL, NULL, NULL);
}

static __unused bool ${stem}_marked(void *object)
{
	return klp_shadow_get(object, COUNTED_ID) != NULL;
}

/* What is still counted when the patch goes, nobody counts down any more. */
static void post_unpatch(struct klp_object *obj)
{
	klp_shadow_free_all(COUNTED_ID, NULL);
}
`
}

/** Takes the address of a new function back from all who may keep it. */
export function keptSketch(name: string): string {
  return `${HEAD}
/* Whoever was given the address of ${name}() must not have it any more when this returns, nor be inside of it. */
static void pre_unpatch(struct klp_object *obj)
{
}
`
}

/** Does once, when the patch is loaded, what changed code would have done at the start of the kernel. */
export function startSketch(name: string): string {
  return `${HEAD}
/* ${name}() has run. Do here what the new one would have done, on the kernel as it is now; nonzero refuses the patch. */
static int pre_patch(struct klp_object *obj)
{
	return 0;
}

static void post_unpatch(struct klp_object *obj)
{
}
`
}
