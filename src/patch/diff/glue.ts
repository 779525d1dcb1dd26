// The C around what was extracted: struct klp_patch with its objects and functions, the author's callbacks, and an init that enables it.

import type { KernelName } from './running.js'

/** The callbacks of an object, by their members of struct klp_callbacks. */
const CALLBACKS = ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch'] as const

/** What the unit around a patch is made from. */
export interface GlueOptions {
  /** The functions to be replaced. */
  readonly functions: readonly KernelName[]
  /** All older patches go when this one comes. */
  readonly replace: boolean
  /** C with the callbacks: static functions of those names. */
  readonly help?: string
}

/** The name under which the unit refers to the new version of the n-th function. */
export const newFunctionName = (index: number): string => `__klp_new_${index}`

/** C source of the unit. */
export function glueSource({ functions, replace, help = '' }: GlueOptions): string {
  const entries = functions.map(({ name, position: number }, i) => {
    const position = number === 0 ? '' : ` .old_sympos = ${number},`
    return `\t{ .old_name = "${name}",${position} .new_func = ${newFunctionName(i)} },`
  })
  const callbacks = CALLBACKS.filter((name) => new RegExp(`\\b${name}\\s*\\(\\s*struct klp_object`).test(help))
  const given = callbacks.map((name) => ` .${name} = ${name},`).join('')
  return `#include <linux/module.h>
#include <linux/livepatch.h>
${help}
${functions.map((_, i) => `extern char ${newFunctionName(i)}[];`).join('\n')}

static struct klp_func funcs[] = {
${entries.join('\n')}
	{},
};

static struct klp_object objs[] = {
	{ .funcs = funcs,${given === '' ? '' : ` .callbacks = {${given} },`} },
	{},
};

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs,${replace ? ' .replace = true,' : ''} };

static int livepatch_init(void)
{
	return klp_enable_patch(&patch);
}

static void livepatch_exit(void)
{
}

module_init(livepatch_init);
module_exit(livepatch_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`
}
