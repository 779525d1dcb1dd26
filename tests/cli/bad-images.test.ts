// Images that cannot be booted: what is said, and the exit code.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeText, readU32, viewOf, writeU32, writeU64 } from '../../src/base/index.js'
import { PT_LOAD, parseElf } from '../../src/format/index.js'
import { read } from '../lab/images.js'
import { folder, transplant } from './command.js'

const PROGRAM_HEADER_BYTES = 56
/** The type of the PVH note, which stands before its owner. */
const XEN_ELFNOTE_PHYS32_ENTRY = 18
/** "Xen\0" as a little-endian word. */
const XEN = 0x006e_6558

function variants(): Record<string, Uint8Array> {
  const good = read('images/built/scion-1.0.elf')
  const parsed = parseElf(good)
  if (!parsed.ok) throw new Error(parsed.message)
  const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = good.slice()
    change(bytes)
    return bytes
  }
  const headers = Number(viewOf(good).getBigUint64(32, true))
  const load = parsed.value.segments.findLastIndex((segment) => segment.type === PT_LOAD)
  return {
    'text.elf': encodeText('#!/bin/sh\necho no kernel\n'),
    'empty.elf': new Uint8Array(0),
    'cut.elf': good.slice(0, 10_000),
    'header.elf': good.slice(0, 30),
    'thirty-two.elf': changed((bytes) => {
      bytes[4] = 1
      bytes[18] = 3
    }),
    'arm.elf': changed((bytes) => {
      bytes[18] = 183
      bytes[19] = 0
    }),
    'no-note.elf': changed((bytes) => {
      // The note's owner is no longer Xen.
      for (let at = 4; at + 4 < bytes.length; at++) {
        if (readU32(bytes, at) === XEN && readU32(bytes, at - 4) === XEN_ELFNOTE_PHYS32_ENTRY) bytes[at] = 0x59
      }
    }),
    'large.elf': changed((bytes) => {
      writeU64(bytes, headers + load * PROGRAM_HEADER_BYTES + 40, 0x4000_0000n)
    }),
    'overlong.elf': changed((bytes) => {
      writeU32(bytes, headers + load * PROGRAM_HEADER_BYTES + 8, 0x7fff_0000)
    }),
  }
}

describe('an image that cannot be booted', () => {
  beforeAll(() => {
    for (const [name, bytes] of Object.entries(variants())) writeFileSync(join(folder, name), bytes)
  })

  it.each([
    ['text.elf', /not an ELF file/],
    ['empty.elf', /not an ELF file/],
    ['cut.elf', /truncated/],
    ['header.elf', /truncated/],
    ['overlong.elf', /truncated/],
    ['thirty-two.elf', /32|truncated|multiboot/i],
    ['arm.elf', /machine|x86/i],
    ['no-note.elf', /PVH/],
    ['large.elf', /RAM|memory/],
  ])('%s is refused with a message that names what is wrong and what to do', (name, what) => {
    const { status, stdout, stderr } = transplant(['run', name, '--exec', 'true'])
    expect(status).toBe(2)
    expect(stdout).toBe('')
    const [message = '', hint = ''] = stderr.split('\n')
    expect(message).toMatch(/^transplant: /)
    expect(message).toMatch(what)
    expect(hint.trim().length).toBeGreaterThan(10)
    expect(stderr).not.toContain('    at ')
  })

  it('a file that cannot be read is told with the reason of the system', () => {
    const { status, stderr } = transplant(['run', 'nowhere.elf'])
    expect(status).toBe(2)
    expect(stderr).toMatch(/cannot read 'nowhere.elf': ENOENT/)
  })

  it('a snapshot that is none is told as such', () => {
    const { status, stderr } = transplant(['patch', 'status', '--from', 'text.elf'])
    expect(status).toBe(2)
    expect(stderr).toContain('not a Transplant snapshot')
  })
})
