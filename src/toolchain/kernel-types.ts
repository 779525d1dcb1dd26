// The types that a kernel image carries: one unit that includes every header, so that its BTF describes every structure that the
// kernel's parts share.

import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { panic } from '../base/index.js'
import {
  BTF_KIND_ARRAY,
  BTF_KIND_DATASEC,
  BTF_KIND_DECL_TAG,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_FUNC,
  BTF_KIND_FUNC_PROTO,
  BTF_KIND_INT,
  BTF_KIND_STRUCT,
  BTF_KIND_UNION,
  BTF_KIND_VAR,
} from '../format/index.js'
import { filesBelow, KERNEL_CFLAGS } from './kernel-sources.js'
import type { Toolchain } from './toolchain.js'

/** Makes the object with the section .BTF, in `folder`; gives its path. */
export function buildTypes(toolchain: Toolchain, tree: string, folder: string, macros: readonly string[]): string {
  const headers = filesBelow(tree, 'images/kernel/include', ['.h']).map((path) =>
    relative('images/kernel/include', path),
  )
  writeFileSync(join(folder, 'types.c'), `${headers.map((path) => `#include <${path}>`).join('\n')}\n`)
  const includes = [`-I${join(tree, 'images/kernel/include')}`, `-I${join(tree, 'firmware')}`]
  const words = [...KERNEL_CFLAGS, '-gbtf', '-fno-eliminate-unused-debug-types', ...includes, ...macros]
  // Inside the folder and without its name: a path would get into the bytes. gcc puts the unit's absolute path into the types; this
  // one is the same everywhere.
  toolchain.run('gcc', [...words, '-c', '/proc/self/cwd/types.c', '-o', 'types.o'], folder)
  const copy = ['-O', 'binary', '-j', '.BTF', '--set-section-flags', '.BTF=alloc', 'types.o', 'types.btf']
  toolchain.run('objcopy', copy, folder)
  const types = join(folder, 'types.btf')
  writeFileSync(types, canonicalTypes(readFileSync(types)))
  const section = '.section .BTF, "a", @progbits\n.incbin "types.btf"\n.section .note.GNU-stack, "", @progbits\n'
  writeFileSync(join(folder, 'types-section.S'), section)
  toolchain.run('gcc', ['-c', 'types-section.S', '-o', 'types-section.o'], folder)
  return join(folder, 'types-section.o')
}

/** Bytes that follow a record's 12, by BTF kind: a fixed number, and a number per element (a name, if any, comes first in each). */
const TAILS: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  [BTF_KIND_INT]: [4, 0],
  [BTF_KIND_ARRAY]: [12, 0],
  [BTF_KIND_STRUCT]: [0, 12],
  [BTF_KIND_UNION]: [0, 12],
  [BTF_KIND_ENUM]: [0, 8],
  [BTF_KIND_FUNC_PROTO]: [0, 8],
  [BTF_KIND_VAR]: [4, 0],
  [BTF_KIND_DATASEC]: [0, 12],
  [BTF_KIND_DECL_TAG]: [4, 0],
  [BTF_KIND_ENUM64]: [0, 12],
}

/** The names of types, in order of first use. */
class NameTable {
  private readonly offsets = new Map([['', 0]])
  private readonly names = ['']
  private size = 1

  place(name: string): number {
    const known = this.offsets.get(name)
    if (known !== undefined) return known
    const at = this.size
    this.offsets.set(name, at)
    this.names.push(name)
    this.size += name.length + 1
    return at
  }

  get bytes(): Buffer {
    return Buffer.from(`${this.names.join('\0')}\0`, 'latin1')
  }
}

/**
 * The types alone, in gcc's order, with their names in order of use. gcc lists functions and variables behind them in the
 * order of a hash of addresses, which differs from run to run.
 */
function canonicalTypes(btf: Buffer): Buffer {
  const header = btf.readUInt32LE(4)
  const first = header + btf.readUInt32LE(8)
  const limit = first + btf.readUInt32LE(12)
  const strings = btf.subarray(header + btf.readUInt32LE(16))
  const names = new NameTable()
  const rename = (at: number): void => {
    const name = btf.readUInt32LE(at)
    btf.writeUInt32LE(names.place(strings.toString('latin1', name, strings.indexOf(0, name))), at)
  }
  let end = first
  for (let at = first; at < limit; ) {
    const info = btf.readUInt32LE(at + 4)
    const [kind, count] = [(info >>> 24) & 31, info & 0xffff]
    const [fixed, each] = TAILS[kind] ?? [0, 0]
    const next = at + 12 + fixed + (each ? count * each : 0)
    if (kind !== BTF_KIND_FUNC && kind !== BTF_KIND_VAR && kind !== BTF_KIND_DATASEC) {
      if (end !== at) panic('BTF: a type behind the functions')
      rename(at)
      for (let i = 0; i < (each ? count : 0); i++) rename(at + 12 + i * each)
      end = next
    }
    at = next
  }
  const types = btf.subarray(first, end)
  const head = Buffer.from(btf.subarray(0, header))
  head.writeUInt32LE(0, 8)
  head.writeUInt32LE(types.length, 12)
  head.writeUInt32LE(types.length, 16)
  head.writeUInt32LE(names.bytes.length, 20)
  return Buffer.concat([head, types, names.bytes])
}
