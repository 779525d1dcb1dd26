import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  buildId,
  EM_X86_64,
  ET_EXEC,
  findSection,
  notes,
  PT_LOAD,
  parseBtf,
  parseElf,
  pvhEntry,
  relocations,
  SHT_RELA,
  sectionBytes,
} from '../../src/format/index.js'

const image = new Uint8Array(readFileSync(fileURLToPath(new URL('../../images/built/scion-1.0.elf', import.meta.url))))

function parsed() {
  const result = parseElf(image)
  if (!result.ok) throw new Error(result.message)
  return result.value
}

describe('an ELF image', () => {
  it('has the segments, notes and symbols of a kernel', () => {
    const elf = parsed()
    expect([elf.bits, elf.type, elf.machine]).toEqual([64, ET_EXEC, EM_X86_64])
    expect(elf.segments.filter((segment) => segment.type === PT_LOAD).length).toBeGreaterThanOrEqual(3)
    expect(buildId(elf)).toMatch(/^[0-9a-f]{40}$/)
    expect(notes(elf).map((note) => note.name)).toEqual(expect.arrayContaining(['Xen', 'GNU', 'Scion']))
    expect(pvhEntry(elf)).toBeGreaterThanOrEqual(0x200000)
    expect(elf.symbols.find((symbol) => symbol.name === 'start_kernel')?.value).toBeGreaterThan(0xffff_ffff_8000_0000n)
  })

  it('is read without its symbols by who only loads it', () => {
    const all = parsed()
    const result = parseElf(image, 'headers')
    const { bytes, symbols, ...rest } = all
    expect(symbols.length).toBeGreaterThan(1000)
    expect(result.ok && result.value).toMatchObject({ ...rest, symbols: [] })
    expect(result.ok && result.value.bytes).toBe(bytes)
  })

  it('keeps the relocations by which it can be moved', () => {
    const elf = parsed()
    const rela = elf.sections.filter((section) => section.type === SHT_RELA)
    expect(rela.flatMap((section) => relocations(elf, section)).length).toBeGreaterThan(1000)
  })

  it('carries types that name the fields of a task', () => {
    const elf = parsed()
    const section = findSection(elf, '.BTF')
    const btf = section && parseBtf(sectionBytes(elf, section))
    expect(btf?.ok && btf.value.field('task_struct', 'pid')).toMatchObject({ size: 4 })
    expect(btf?.ok && btf.value.field('task_struct', 'thread.sp')).toMatchObject({ size: 8 })
  })

  it('is refused by name when it is another thing or cut short', () => {
    expect(parseElf(new Uint8Array(0))).toMatchObject({ ok: false, code: 'not-an-elf' })
    expect(parseElf(new TextEncoder().encode('#!/bin/sh\n'))).toMatchObject({ ok: false, code: 'not-an-elf' })
    expect(parseElf(image.subarray(0, 40))).toMatchObject({ ok: false, code: 'truncated' })
    const half = parseElf(image.subarray(0, image.length >> 1))
    expect(half).toMatchObject({ ok: false, code: 'truncated' })
    expect(!half.ok && half.message).toMatch(/ends at byte \d+, the file has \d+/)
    const big = image.slice(0, 64)
    big[5] = 2
    expect(parseElf(big)).toMatchObject({ ok: false, code: 'unsupported-elf' })
  })

  it('never throws, whatever its bytes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4096 }),
        fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { maxLength: 16 }),
        (length, changes) => {
          const bytes = image.slice(0, length)
          for (const [at, value] of changes) if (at < length) bytes[at] = value
          expect(typeof parseElf(bytes).ok).toBe('boolean')
        },
      ),
      { numRuns: 2000, seed: 1 },
    )
  })
})
