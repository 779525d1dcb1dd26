// GNU as and objdump as judges of our assembler and disassembler.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The bytes of each line in Intel syntax; undefined where GNU as refuses it. */
export function assembleWithGnu(lines: readonly string[]): (string | undefined)[] {
  return inFolder((folder) => {
    const refused = new Set<number>()
    for (let round = 0; round < 4; round++) {
      const text = lines.map((line, i) => (refused.has(i) ? '' : line))
      const { status, stderr } = assemble(folder, text)
      if (status === 0) return split(folder).map((hex, i) => (refused.has(i) ? undefined : hex))
      for (const [, line] of stderr.matchAll(/unit\.s:(\d+): Error/g)) refused.add((Number(line) - 2) / 7)
    }
    throw new Error('GNU as goes on refusing')
  })
}

/** Each line takes seven: its bytes go to .text, their number to .rodata. */
function assemble(folder: string, lines: readonly string[]): { status: number | null; stderr: string } {
  const unit = lines.map((line) => `${line}\n8:\n.section .rodata\n.byte 8b-7b\n.text\n7:\n\n`).join('')
  writeFileSync(join(folder, 'unit.s'), `.intel_syntax noprefix; .text; 7:\n${unit}`)
  return spawnSync('as', ['-msyntax=intel', '-mnaked-reg', 'unit.s', '-o', 'unit.o'], {
    ...{ cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 },
  })
}

function split(folder: string): string[] {
  const section = (name: string): Uint8Array => {
    const { status, stderr } = spawnSync('objcopy', ['-O', 'binary', '-j', name, 'unit.o', 'part.bin'], { cwd: folder })
    if (status !== 0) throw new Error(String(stderr))
    return new Uint8Array(readFileSync(join(folder, 'part.bin')))
  }
  const text = section('.text')
  let at = 0
  return [...section('.rodata')].map((length) => {
    at += length
    return Buffer.from(text.subarray(at - length, at)).toString('hex')
  })
}

/** What objdump reads in each piece of code: the lengths and texts of its instructions. */
export function disassembleWithGnu(pieces: readonly Uint8Array[]): { length: number; text: string }[][] {
  return inFolder((folder) => {
    const room = 32
    const all = new Uint8Array(pieces.length * room).fill(0x90)
    pieces.forEach((piece, i) => {
      all.set(piece, i * room)
    })
    writeFileSync(join(folder, 'code.bin'), all)
    const words = ['-D', '-b', 'binary', '-m', 'i386:x86-64', '-M', 'intel', '--insn-width=16', '-z', 'code.bin']
    const { stdout } = spawnSync('objdump', words, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 })
    const result = pieces.map((): { length: number; text: string }[] => [])
    for (const [, address = '', bytes = '', text = ''] of stdout.matchAll(
      /^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)$/gm,
    )) {
      const at = Number.parseInt(address, 16)
      const piece = pieces[Math.floor(at / room)] as Uint8Array
      if (at % room < piece.length) {
        result[Math.floor(at / room)]?.push({ length: bytes.trim().split(' ').length, text: text.trim() })
      }
    }
    return result
  })
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-as-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
