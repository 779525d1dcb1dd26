// The last steps of a kernel: linked until the symbol table in it is its own, and the checksum that a predecessor asks for.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, panic, writeU32 } from '../base/index.js'
import { findSection, handoverNote, parseBtf, parseElf, sectionBytes } from '../format/index.js'
import { kallsymsAssembly } from './kallsyms.js'
import type { Toolchain } from './toolchain.js'

/** A kernel before its last steps: where its sources are, where its objects go, and its objects in order. */
export interface Linkable {
  readonly tree: string
  readonly folder: string
  readonly objects: readonly string[]
}

/** Links to `output` until the symbol table in the image is the image's own: the third link at the latest. */
export function linkWithSymbols(toolchain: Toolchain, kernel: Linkable, output: string): void {
  let table = ''
  for (let pass = 0; pass < 5; pass++) {
    link(toolchain, kernel, output, table)
    const next = kallsymsAssembly(new Uint8Array(readFileSync(output)))
    if (next === table) return
    table = next
  }
  panic('the kernel symbol table does not settle')
}

/** The linker keeps the relocations, by which the image can be moved to the other arena. */
function link(toolchain: Toolchain, { tree, folder, objects }: Linkable, output: string, symbols: string): void {
  const table = symbols === '' ? [] : [compileTable(toolchain, folder, symbols)]
  const usual = ['-m', 'elf_x86_64', '-nostdlib', '-static', '-z', 'max-page-size=4096', '--no-warn-rwx-segments']
  const script = ['--build-id=sha1', '--emit-relocs', '-T', join(tree, 'images/kernel/kernel.lds')]
  toolchain.run('ld', [...usual, ...script, '-o', output, ...objects, ...table])
}

function compileTable(toolchain: Toolchain, folder: string, source: string): string {
  writeFileSync(join(folder, 'kallsyms-table.S'), source)
  toolchain.run('gcc', ['-c', 'kallsyms-table.S', '-o', 'kallsyms-table.o'], folder)
  return join(folder, 'kallsyms-table.o')
}

/** Puts the checksum of the whole file into the handover note (include/abi/handover.h), if the image has one. */
export function fillChecksum(path: string): void {
  const image = new Uint8Array(readFileSync(path))
  const parsed = parseElf(image)
  if (!parsed.ok) panic(`${path}: ${parsed.message}`)
  const note = handoverNote(parsed.value)
  if (note === undefined) return
  const types = findSection(parsed.value, '.BTF')
  const btf = types && parseBtf(sectionBytes(parsed.value, types))
  const field = btf?.ok ? btf.value.field('handover_note', 'crc32') : undefined
  if (field === undefined) panic(`${path}: its types do not say where the note has its checksum`)
  writeU32(note.description, field.offset, 0)
  writeU32(note.description, field.offset, crc32(image))
  writeFileSync(path, image)
}
