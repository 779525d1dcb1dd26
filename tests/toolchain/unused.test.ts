import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { unusedFunctions } from '../../src/toolchain/index.js'
import { needs } from '../needs.js'

/** What the build would say of these files, by name; the root is start(). */
function unusedIn(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'unused-'))
  try {
    const objects = Object.entries(files).map(([name, source]) => {
      const path = join(folder, name)
      writeFileSync(path, source)
      execFileSync('gcc', ['-O2', '-ffreestanding', '-fno-pic', '-fno-inline', '-c', path, '-o', `${path}.o`])
      return `${path}.o`
    })
    return unusedFunctions(objects, ['start']).map((one) => one.name)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

needs('gcc')('the build of the kernel', () => {
  it('names functions that only one another call, and no other', () => {
    const files = {
      'a.c': 'void b(void); void table_call(void); void start(void) { b(); table_call(); }',
      'b.c': 'void lonely(void); void b(void) {} void pair(void) { lonely(); }',
      'c.c': 'void pair(void); void lonely(void) { pair(); }',
      'd.c': 'void of_table(void) {} void (*const table[])(void) = { of_table };',
      'e.c': 'extern void (*const table[])(void); void table_call(void) { table[0](); }',
    }
    expect(unusedIn(files)).toEqual(['pair', 'lonely'])
  })

  it('takes what a section of records names for used', () => {
    const files = {
      'a.c': 'void start(void) {}',
      'b.c': 'void call(void) {} __attribute__((section(".syscalls"), used)) void (*const record)(void) = call;',
      'c.c': 'void traced(void) {} __attribute__((section("__mcount_loc"), used)) void (*const site)(void) = traced;',
    }
    expect(unusedIn(files)).toEqual(['traced'])
  })
})
