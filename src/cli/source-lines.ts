// Source lines of a kernel, from the DWARF in its image or in a file beside it: `kernel.elf` has `kernel-debug.elf`, as
// `buildKernel({ debugInfo: true })` makes it.

import { existsSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { EXIT_CODES, equalBytes } from '../base/index.js'
import {
  type ElfFile,
  findSection,
  parseElf,
  parseSourceLines,
  type SourceLines,
  sectionBytes,
} from '../format/index.js'
import { readNamedFile, reasonOf } from './files.js'
import { CommandFailure, refused, say } from './output.js'

/** ELF: the section's bytes follow a header that says how they are compressed (gABI 4, SHF_COMPRESSED). */
const SHF_COMPRESSED = 0x800
const ELFCOMPRESS_ZLIB = 1
const CHDR_BYTES = 24
/** Bytes that a section may inflate to. */
const LARGEST_SECTION = 512 * 1024 * 1024

/** Where `buildKernel` puts the kernel with DWARF that belongs to an image. */
export const debugFileOf = (image: string): string => `${image.replace(/\.elf$/, '')}-debug.elf`

/**
 * The lines of a kernel's text: from `named`, where a person named a file; else from the image itself, or the file beside it. undefined
 * where there are none. Throws a usage failure for a named file that is of another kernel, or cannot be read.
 */
export function readSourceLines(image: string, elf: ElfFile, named: string | undefined): SourceLines | undefined {
  if (named === undefined && findSection(elf, '.debug_line') !== undefined) return linesOf(image, elf)
  const path = named ?? debugFileOf(image)
  if (named === undefined && !existsSync(path)) return undefined
  const parsed = parseElf(readNamedFile(path))
  if (!parsed.ok) throw refused(parsed)
  if (sameText(elf, parsed.value)) return linesOf(path, parsed.value)
  const sentence = `'${path}' has the lines of another kernel than '${image}'.`
  if (named !== undefined)
    throw new CommandFailure(EXIT_CODES.usage, 'other-kernel', sentence, 'Build both from one source.')
  say(`${sentence} They are left out.`)
  return undefined
}

/** DWARF changes the build-id; the text is the same to the byte. */
function sameText(one: ElfFile, other: ElfFile): boolean {
  const [text, otherText] = [findSection(one, '.text'), findSection(other, '.text')]
  if (text === undefined || otherText === undefined || text.address !== otherText.address) return false
  return equalBytes(sectionBytes(one, text), sectionBytes(other, otherText))
}

function linesOf(path: string, elf: ElfFile): SourceLines {
  const line = contents(path, elf, '.debug_line')
  if (line === undefined) {
    throw new CommandFailure(EXIT_CODES.usage, 'no-lines', `'${path}' has no line table.`, 'Build it with -g.')
  }
  const lineStrings = contents(path, elf, '.debug_line_str')
  const strings = contents(path, elf, '.debug_str')
  const read = parseSourceLines({ line, ...(lineStrings && { lineStrings }), ...(strings && { strings }) })
  if (!read.ok) throw refused(read)
  return read.value
}

/** A section's bytes, inflated. */
function contents(path: string, elf: ElfFile, name: string): Uint8Array | undefined {
  const section = findSection(elf, name)
  if (section === undefined) return undefined
  const bytes = sectionBytes(elf, section)
  if ((section.flags & SHF_COMPRESSED) === 0) return bytes
  if (bytes[0] !== ELFCOMPRESS_ZLIB) throw unreadable(path, name, 'it is not compressed by zlib')
  try {
    return new Uint8Array(inflateSync(bytes.subarray(CHDR_BYTES), { maxOutputLength: LARGEST_SECTION }))
  } catch (error) {
    throw unreadable(path, name, reasonOf(error))
  }
}

function unreadable(path: string, section: string, why: string): CommandFailure {
  const sentence = `section ${section} of '${path}' cannot be read: ${why}.`
  return new CommandFailure(EXIT_CODES.usage, 'bad-dwarf', sentence, 'Build it again with -g or -gz.')
}
