// Guests with test modules: sources of tests/e2e/modules (or a text) compiled for the kernel under test, put into /lib/test of the
// initramfs, booted once and resumed for each test, so that tests do not see each other. The kernel is the one of tests/lab/images.ts,
// a changed one in a mutation run; whatever is asked here is asked through files, the log and the page tables.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type ObjectFile, parseElf, readObject, writeCpio, writeObject } from '../../src/format/index.js'
import { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { buildPatchFromC, type CompileRequest, type KernelFacts, readKernelFacts } from '../../src/patch/index.js'
import { compilePatchUnit } from '../../src/toolchain/index.js'
import { bootGuest, read, root } from '../lab/images.js'

/** What the kernel says when something is wrong with itself. */
const FAULT = /Oops|BUG:|WARNING|Call Trace|expected .* found/

/** Instructions that one command may take: a guest that is busy for longer hangs. */
const LIMIT = 6e9

export const kernelImage = (): Uint8Array => read('images/built/scion-1.0.elf')

export function kernelFacts(image = kernelImage()): KernelFacts {
  const facts = readKernelFacts(image)
  if (!facts.ok) throw new Error(facts.message)
  return facts.value
}

/** Compiles one module for the kernel under test; its name is `name`. `exports` are symbols that the kernel image need not have. */
export async function buildModule(
  name: string,
  source: string,
  exports: readonly string[] = [],
  image = kernelImage(),
): Promise<Uint8Array> {
  const facts = kernelFacts(image)
  const kernel = { ...facts, exports: new Set([...facts.exports, ...exports]) }
  const includes = [join(root, 'images/kernel/include'), join(root, 'tests/e2e/modules')]
  const compile = (request: CompileRequest) => compilePatchUnit(request, includes)
  const built = await buildPatchFromC({ sourceName: `${name}.c`, source, kernel, compile, check: false })
  if (!built.ok) throw new Error(`${name}: ${built.message}\n${built.detail ?? ''}`)
  return built.value.module
}

/** A module of tests/e2e/modules. */
export const testModule = (name: string, exports: readonly string[] = [], image = kernelImage()): Promise<Uint8Array> =>
  buildModule(name, readFileSync(join(root, 'tests/e2e/modules', `${name}.c`), 'utf8'), exports, image)

/** The same module with something in its object changed. */
export function change(module: Uint8Array, edit: (object: ObjectFile) => void): Uint8Array {
  const parsed = parseElf(module)
  if (!parsed.ok) throw new Error(parsed.message)
  const object = readObject(parsed.value)
  if (!object.ok) throw new Error(object.message)
  edit(object.value)
  return writeObject(object.value)
}

export interface Replaced {
  /** vmlinux when absent. */
  readonly object?: string
  readonly name: string
  readonly position?: number
  /** A C function definition with the name NEW. */
  readonly code: string
}

/**
 * The source of a livepatch module that replaces these functions; `globals` comes before them, `setup` into its init before the patch is
 * enabled.
 */
export function patchSource(functions: readonly Replaced[], globals = '', setup = ''): string {
  const objects = [...new Set(functions.map((one) => one.object))]
  const funcs = (object: string | undefined) =>
    functions
      .map((one, i) => ({ one, i }))
      .filter(({ one }) => one.object === object)
      .map(({ one, i }) => `{ .old_name = "${one.name}", .new_func = new_${i}, .old_sympos = ${one.position ?? 0} },`)
      .join('\n')
  return [
    ...['module', 'kernel', 'livepatch', 'seq_file', 'sched', 'jiffies', 'delay', 'errno', 'string', 'printk'].map(
      (header) => `#include <linux/${header}.h>`,
    ),
    'static bool replace;',
    'module_param(replace, bool, 0);',
    globals,
    ...functions.map((one, i) => one.code.replaceAll('NEW', `new_${i}`)),
    ...objects.map((object, i) => `static struct klp_func funcs_${i}[] = {\n${funcs(object)}\n{ } };`),
    'static struct klp_object objs[] = {',
    ...objects.map((object, i) => `{ ${object === undefined ? '' : `.name = "${object}", `}.funcs = funcs_${i} },`),
    '{ } };',
    'static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };',
    `static int start(void) { patch.replace = replace; ${setup} return klp_enable_patch(&patch); }`,
    'static void stop(void) { }',
    'module_init(start);',
    'module_exit(stop);',
    'MODULE_INFO(livepatch, "Y");',
    '',
  ].join('\n')
}

/** A guest whose initramfs has these modules as /lib/test/NAME.ko, or in another folder, ready to be resumed. */
export async function bootWith(
  modules: Readonly<Record<string, Uint8Array>>,
  vcpus = 2,
  folder = 'lib/test',
): Promise<Snapshot> {
  const archive = writeCpio([
    { name: folder, mode: 0o040755, data: new Uint8Array() },
    ...Object.entries(modules).map(([name, data]) => ({ name: `${folder}/${name}.ko`, mode: 0o100644, data })),
  ])
  const shipped = read('images/built/initramfs.cpio')
  const initrd = new Uint8Array(Buffer.concat([shipped, archive]))
  const session = await bootGuest({ initrd, vcpus }, { limit: LIMIT })
  expect(messages(session).filter((text) => /initcall .* failed/.test(text) || FAULT.test(text))).toEqual([])
  const snapshot = session.machine.snapshot()
  session.dispose()
  return snapshot
}

export const resume = (snapshot: Snapshot): Promise<MachineSession> =>
  MachineSession.resume(read('src/cpu/core.wasm'), snapshot, { limit: LIMIT })

/** Runs a test in a guest of its own; the kernel must have said nothing of a fault at its end. */
export async function inGuest(snapshot: Snapshot, test: (guest: MachineSession) => Promise<void>): Promise<void> {
  const guest = await resume(snapshot)
  try {
    await test(guest)
    expect(messages(guest).filter((text) => FAULT.test(text))).toEqual([])
  } finally {
    guest.dispose()
  }
}

/** What the kernel has said on the console, without time stamps. */
export const messages = (guest: MachineSession): string[] => guest.console.messages().map((message) => message.text)

/** Exit status of a command, and all that it said. */
export async function attempt(guest: MachineSession, command: string): Promise<{ status: number; said: string }> {
  const { status, stdout, stderr } = await guest.agent.exec(command)
  return { status, said: stdout + stderr }
}

/** The leaf entry that maps `address`, and the product of the rights above it (SDM 3A 4.6). */
export async function rights(
  guest: MachineSession,
  address: bigint,
): Promise<{ present: boolean; writable: boolean; executable: boolean; frame: bigint }> {
  const { cr3 } = await guest.port.registers(0)
  let table = cr3 & 0x000f_ffff_ffff_f000n
  let [writable, executable] = [true, true]
  for (const shift of [39n, 30n, 21n, 12n]) {
    const place = table + ((address >> shift) & 511n) * 8n
    const bytes = await guest.port.readPhysical(Number(place) as never, 8)
    const entry = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
    if ((entry & 1n) === 0n) return { present: false, writable: false, executable: false, frame: 0n }
    writable &&= (entry & 2n) !== 0n
    executable &&= entry >> 63n === 0n
    table = entry & 0x000f_ffff_ffff_f000n
    if (shift > 12n && (entry & 0x80n) !== 0n) break
  }
  return { present: true, writable, executable, frame: table }
}

/** Bytes of the kernel's half. */
export async function readKernel(guest: MachineSession, address: bigint, length: number): Promise<Uint8Array> {
  return guest.port.readVirtual(address as never, length, { cpu: 0 })
}
