// What the tests of this folder share: modules written in a test, built by the code behind `transplant patch build`, in a guest.

import { type MachineSession, readKernelImage } from '../../src/guest/index.js'
import { buildPatchFromC, type CompileRequest, readKernelFacts, TransitionWatch } from '../../src/patch/index.js'
import { compilePatchUnit } from '../../src/toolchain/index.js'
import { bootGuest, read } from '../lab/images.js'

const MODULE_HEAD = `
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/delay.h>
#include <linux/livepatch.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
`

export interface ModuleOptions {
  /** The kernel that it is for; default: the shipped one. */
  readonly kernel?: Uint8Array
  /** Apply the host's rules too; default: no. */
  readonly check?: boolean
}

export async function buildModule(name: string, source: string, options: ModuleOptions = {}): Promise<Uint8Array> {
  const facts = readKernelFacts(options.kernel ?? read('images/built/scion-1.0.elf'))
  if (!facts.ok) throw new Error(facts.message)
  const built = await buildPatchFromC({
    ...{ sourceName: `${name}.c`, source: `${MODULE_HEAD}${source}`, kernel: facts.value },
    ...{
      compile: (request: CompileRequest) => compilePatchUnit(request),
      check: options.check ?? false,
    },
  })
  if (!built.ok) throw new Error(`${built.message}\n${built.detail ?? ''}`)
  return built.value.module
}

/** One function replaced: the structures, and an init that enables the patch. */
export function patchOf(functions: Readonly<Record<string, string>>, extra = ''): string {
  const entries = Object.entries(functions).map(([name, with_]) => `{ .old_name = "${name}", .new_func = ${with_} },`)
  return `
static struct klp_func funcs[] = { ${entries.join('\n')} { } };
static struct klp_object objs[] = { { .funcs = funcs, ${extra} }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };
static int start(void) { return klp_enable_patch(&patch); }
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`
}

/** Runs a command, and the guest on to the end of the patch's transition, by the kernel's own word: no clock is waited on. */
export async function settled(session: MachineSession, patch: string, command: string): Promise<void> {
  const image = readKernelImage(read('images/built/scion-1.0.elf'))
  if (!image.ok) throw new Error(image.message)
  const transitions = await TransitionWatch.start(session.agent, await session.kernel([image.value]))
  try {
    await session.agent.read(command)
    await transitions.untilOver(patch)
  } finally {
    transitions.dispose()
  }
}

/** Gives a patch back and takes its module out. What frees the patch comes after the transition, from a work queue: asked for in the guest. */
export async function gone(session: MachineSession, patch: string): Promise<void> {
  const folder = `/sys/kernel/livepatch/${patch}`
  await settled(session, patch, `echo 0 > ${folder}/enabled`)
  await session.agent.read(`while [ -d ${folder} ]; do sleep 0.01; done; rmmod ${patch}`)
}

/** A booted guest with these modules in /tmp. */
export async function guestWith(
  modules: Readonly<Record<string, Uint8Array>>,
  options: Parameters<typeof bootGuest>[0] = {},
): Promise<MachineSession> {
  const session = await bootGuest(options)
  for (const [name, bytes] of Object.entries(modules)) await session.agent.put(`/tmp/${name}.ko`, bytes)
  return session
}
