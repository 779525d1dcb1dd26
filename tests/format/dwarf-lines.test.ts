// The line table, as gcc writes it and as objdump reads it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { findSection, parseElf, parseSourceLines, sectionBytes } from '../../src/format/index.js'
import { needs } from '../needs.js'

const folder = mkdtempSync(join(tmpdir(), 'transplant-lines-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Two functions, one with a part from a header in another folder, linked with DWARF of that version. */
function program(version: number): string {
  execFileSync('mkdir', ['-p', join(folder, 'include')])
  writeFileSync(
    join(folder, 'include/twice.h'),
    'static inline int twice(int a)\n{\n\t__asm__ volatile("nop");\n\treturn a * 2;\n}\n',
  )
  const text =
    '#include "twice.h"\nint add(int a, int b)\n{\n\tfor (int i = 0; i < b; i++)\n\t\ta += twice(i);\n\treturn a;\n}\n'
  writeFileSync(join(folder, 'main.c'), `${text}\n\n\nvoid _start(void)\n{\n\tadd(1, 2);\n}\n`)
  const words = [
    `-gdwarf-${version}`,
    '-O1',
    '-nostdlib',
    '-static',
    '-fno-pie',
    '-no-pie',
    '-Iinclude',
    'main.c',
    '-o',
    `v${version}`,
  ]
  execFileSync('gcc', words, { cwd: folder })
  return join(folder, `v${version}`)
}

function sections(path: string) {
  const elf = parseElf(new Uint8Array(readFileSync(path)))
  if (!elf.ok) throw new Error(elf.message)
  const bytes = (name: string): Uint8Array => {
    const section = findSection(elf.value, name)
    return section === undefined ? new Uint8Array(0) : sectionBytes(elf.value, section)
  }
  return { line: bytes('.debug_line'), lineStrings: bytes('.debug_line_str'), strings: bytes('.debug_str') }
}

needs('gcc', 'objdump')("DWARF's line table", () => {
  it.each([2, 3, 4, 5])('of version %i gives for each address what objdump gives', (version) => {
    const path = program(version)
    const read = parseSourceLines(sections(path))
    if (!read.ok) throw new Error(read.message)
    const told = execFileSync('objdump', ['--dwarf=decodedline', path], { encoding: 'utf8' })
    // Of several rows at one address the last counts; an end has no line.
    const expected = new Map<bigint, string>()
    for (const [, file, line, address] of told.matchAll(/^(\S+)\s+(\d+|-)\s+(0x[0-9a-f]+)/gm)) {
      expected.set(BigInt(address!), line === '-' ? 'end' : `${file}:${line}`)
    }
    expect(expected.size).toBeGreaterThan(6)
    for (const [address, place] of expected) {
      const at = read.value.at(address)
      expect([address, at === undefined ? 'end' : `${at.file.replace(/^.*\//, '')}:${at.line}`]).toEqual([
        address,
        place,
      ])
    }
    const files = [...expected.keys()].map((address) => read.value.at(address)?.file)
    expect(files).toContain('include/twice.h')
  })

  it('that is damaged is refused or read, never a crash', () => {
    const whole = sections(program(5))
    const random = new Random(7)
    let refused = 0
    for (let i = 0; i < 2000; i++) {
      const line = whole.line.slice(0, i % 3 === 0 ? random.below(whole.line.length) : whole.line.length)
      if (line.length > 0) line[random.below(line.length)] = random.below(256)
      const read = parseSourceLines({ ...whole, line })
      if (read.ok) continue
      expect(read).toMatchObject({
        code: 'bad-dwarf',
        message: expect.stringContaining('the line table cannot be read'),
      })
      refused++
    }
    expect(refused).toBeGreaterThan(200)
  })
})

describe('a line table', () => {
  it('of another version is refused by its number', () => {
    expect(parseSourceLines({ line: Uint8Array.of(2, 0, 0, 0, 9, 0) })).toMatchObject({
      ...{ ok: false, message: 'the line table cannot be read: it has version 9' },
    })
  })
})
