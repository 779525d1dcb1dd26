// The last steps of a kernel: linked until the symbol table in it is its own, and the checksum that a predecessor asks for.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { panic } from '../base/index.js'
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

const NOTE_OWNER = Buffer.from('Scion\0\0\0', 'latin1')
const NOTE_CRC_OFFSET = 0x48

/** Puts the checksum of all PT_LOAD bytes into the handover note (include/abi/handover.h), if the image has one. */
export function fillChecksum(path: string): void {
  const image = readFileSync(path)
  const isHandover = (owner: number) => image.readUInt32LE(owner - 12) === 6 && image.readUInt32LE(owner - 4) === 1
  let owner = image.indexOf(NOTE_OWNER)
  while (owner >= 12 && !isHandover(owner)) owner = image.indexOf(NOTE_OWNER, owner + 1)
  if (owner < 12) return
  const field = owner + NOTE_OWNER.length + NOTE_CRC_OFFSET
  image.writeUInt32LE(0, field)
  const segments: Uint8Array[] = []
  const table = Number(image.readBigUInt64LE(32))
  for (let i = 0; i < image.readUInt16LE(56); i++) {
    const header = table + i * image.readUInt16LE(54)
    if (image.readUInt32LE(header) !== 1) continue
    const offset = Number(image.readBigUInt64LE(header + 8))
    segments.push(image.subarray(offset, offset + Number(image.readBigUInt64LE(header + 32))))
  }
  image.writeUInt32LE(crc32(segments), field)
  writeFileSync(path, image)
}

function crc32(chunks: readonly Uint8Array[]): number {
  let crc = 0xffffffff
  for (const chunk of chunks) {
    for (const byte of chunk) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    }
  }
  return (crc ^ 0xffffffff) >>> 0
}
