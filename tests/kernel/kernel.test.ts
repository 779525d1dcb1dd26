// The kernel's C that is pure, as programs of the host (host.h): each test is a program of a kernel's sources and one of this folder's,
// which judges them by libc, ld or plain models. Sanitizers watch. And a check that cannot fail is none: with one token changed, the
// program has to complain. About 12 s.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { WARNINGS } from '../../src/toolchain/index.js'
import { needs } from '../needs.js'

const KERNEL = 'images/kernel'
const SEED = '7'
const FLAGS = [
  ...[
    '-std=gnu11',
    '-ffreestanding',
    '-nostdinc',
    '-fno-pic',
    '-no-pie',
    '-fno-strict-aliasing',
    '-fwrapv',
    ...WARNINGS,
  ],
  ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
  ...['-Wl,--defsym=kernel_text=0x10000000,--defsym=kernel_end=0x10010000'],
  ...[`-I${KERNEL}/include`, '-Ifirmware', '-include', 'tests/kernel/rename.h', 'tests/kernel/main.c'],
]
const SANITIZED = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']

/** The sources of the kernel in each program. */
const PROGRAMS: Record<string, readonly string[]> = {
  text: ['lib/string.c'],
  numbers: ['lib/kstrtox.c', 'lib/arithmetic.c', 'lib/string.c'],
  format: ['lib/vsprintf.c', 'lib/pointer-formats.c', 'lib/calendar.c', 'lib/string.c'],
  lists: [],
  bits: ['lib/find-bit.c', 'lib/sort.c'],
  words: [
    'kernel/cmdline.c',
    'module/params.c',
    'lib/string.c',
    'lib/kstrtox.c',
    'lib/vsprintf.c',
    'lib/pointer-formats.c',
    'lib/calendar.c',
  ],
  symbols: ['module/kallsyms.c', 'lib/vsprintf.c', 'lib/pointer-formats.c', 'lib/calendar.c', 'lib/string.c'],
  relocate: ['module/relocate.c', 'lib/string.c'],
  checksum: ['liveupdate/stream.c'],
}

needs(
  'gcc',
  'ld',
  'x86-64-host',
)('the pure C of the kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-kernel-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Builds a program; `changed` stands for one of its sources, or of the headers in include/. */
  function build(name: string, flags: readonly string[], changed?: { file: string; text: string }): string {
    const program = join(folder, name)
    const sources = PROGRAMS[name]!.map((file) => join(KERNEL, file))
    const include: string[] = []
    if (changed?.file.startsWith('include/')) {
      const header = join(`${program}-changed`, changed.file)
      mkdirSync(dirname(header), { recursive: true })
      writeFileSync(header, changed.text)
      include.push(`-I${program}-changed/include`)
    } else if (changed) {
      const at = sources.indexOf(join(KERNEL, changed.file))
      sources[at] = join(folder, 'changed.c')
      writeFileSync(sources[at], changed.text)
      include.push(`-I${dirname(join(KERNEL, changed.file))}`)
    }
    execFileSync('gcc', [...include, ...FLAGS, ...flags, '-o', program, `tests/kernel/${name}.c`, ...sources])
    return program
  }

  it.each(Object.keys(PROGRAMS).filter((name) => name !== 'relocate'))('%s', (name) => {
    const result = spawnSync(build(name, SANITIZED), [SEED], { encoding: 'utf8' })
    expect(result.stdout + result.stderr).toMatch(/^checks \d{4,}\n$/)
    expect(result.status).toBe(0)
  })

  describe('relocations, judged by ld', () => {
    const names = ['near', 'low', 'high']
    let program: string
    beforeAll(() => {
      program = build('relocate', SANITIZED)
    })

    /** Both results for one section of these lines at an address, where the symbols have these values: its bytes, or that it was refused. */
    function relocate(lines: readonly string[], address: string, values: readonly string[]) {
      const object = join(folder, 'relocate.o')
      const source = ['.section .data', ...lines, '.byte 0x55', '.section .note.GNU-stack,"",@progbits', ''].join('\n')
      execFileSync('as', ['-o', object], { input: source })
      const definitions = names.map((name, i) => `${name}=${values[i]}`)
      const [output] = execFileSync(program, [SEED, object, address, ...definitions], { encoding: 'utf8' }).split('\n')
      const linked = join(folder, 'linked')
      const words = definitions.flatMap((definition) => ['--defsym', definition])
      const ld = spawnSync('ld', ['-e', '0', `-Tdata=${address}`, ...words, '-o', linked, object], { encoding: 'utf8' })
      if (ld.status !== 0) {
        expect(ld.stderr).toMatch(/relocation truncated to fit/)
        return { kernel: output, ld: 'refused' }
      }
      execFileSync('objcopy', ['-O', 'binary', '-j', '.data', linked, `${linked}.bin`])
      return { kernel: output, ld: readFileSync(`${linked}.bin`).toString('hex') }
    }

    it('a hundred relocations of every type that modules have give the same bytes', () => {
      const random = new Random(7)
      const forms = [
        (symbol: string) => `.quad ${symbol}`, // R_X86_64_64
        (symbol: string) => `.quad ${symbol} - .`, // R_X86_64_PC64
        (symbol: string) => (symbol.startsWith('low') ? `.long ${symbol}` : `movq $${symbol}, %rax`), // R_X86_64_32 and 32S
        (symbol: string) => (symbol.startsWith('low') ? `movl $${symbol}, %eax` : `lea ${symbol}(%rip), %rdi`), // R_X86_64_PC32
        (symbol: string) => (symbol.startsWith('low') ? `.quad ${symbol}` : `call ${symbol}`), // R_X86_64_PLT32
        () => '.reloc ., R_X86_64_NONE, near',
      ]
      const lines = Array.from({ length: 100 }, () => {
        const addend = random.below(0x2000) - 0x1000
        const symbol = `${names[random.below(3)]}${addend < 0 ? '' : '+'}${addend}`
        return forms[random.below(forms.length)]!(symbol)
      })
      const { kernel, ld } = relocate(lines, '0xffffffffc0001000', [
        '0xffffffffc0003000',
        '0x12345678',
        '0xffffffff81000000',
      ])
      expect(kernel).toBe(ld)
      expect(kernel).toMatch(/^[0-9a-f]{600,}$/)
    })

    it.each([
      ['.long low', '0xffffffff', 'fits'],
      ['.long low', '0x100000000', 'refused'],
      ['.long low - 1', '0', 'refused'],
      ['movq $low, %rax', '0x7fffffff', 'fits'],
      ['movq $low, %rax', '0x80000000', 'refused'],
      ['movq $low, %rax', '0xffffffff80000000', 'fits'],
      ['movq $low, %rax', '0xffffffff7fffffff', 'refused'],
      ['.long low - .', '0x4080000fff', 'refused'],
      ['.long low - .', '0x407fffffff', 'fits'],
      ['.long low - .', '0x3f80000000', 'fits'],
      ['.long low - .', '0x3f7fffffff', 'refused'],
      ['.quad low - .', '0xffffffffffffffff', 'fits'],
    ])('%s where low is %s %s', (line, value, verdict) => {
      const { kernel, ld } = relocate([line], '0x4000000000', ['0', value, '0'])
      expect(kernel).toBe(ld)
      expect(kernel === 'refused' ? kernel : 'fits').toBe(verdict)
    })
  })

  it.each([
    ['text', 'lib/string.c', 'd >= s + n', 'd >= s + n - 1'],
    ['bits', 'lib/find-bit.c', 'from < size ? from : size', 'from'],
    ['bits', 'lib/find-bit.c', '(from | 63) + 1', '(from | 127) + 1'],
    ['bits', 'lib/sort.c', 'j >= gap', 'j > gap'],
    [
      'bits',
      'include/linux/bitops.h',
      '__atomic_fetch_and(&addr[nr / 64], ~mask',
      '__atomic_fetch_and(&addr[nr / 64], mask',
    ],
    ['lists', 'include/linux/list.h', 'list_join(head, list->next)', 'list_join(head, list)'],
    ['lists', 'include/linux/list.h', 'node->pprev = place', 'node->pprev = 0'],
    ['numbers', 'lib/kstrtox.c', '*overflow |= __builtin_add', '__builtin_add'],
    ['numbers', 'lib/kstrtox.c', 'negative ? least : greatest', 'greatest'],
    ['numbers', 'lib/arithmetic.c', 'rest >= b', 'rest > b'],
    ['format', 'lib/vsprintf.c', "text[n - 1] != '0'", 'true'],
    ['format', 'lib/vsprintf.c', 'out->at < out->end', 'out->at <= out->end'],
    ['format', 'lib/vsprintf.c', 'spec->zero && !spec->left', 'spec->zero'],
    ['format', 'lib/pointer-formats.c', 'run > *length', 'run >= *length'],
    ['format', 'lib/pointer-formats.c', 'addr - back', 'addr'],
    ['format', 'lib/pointer-formats.c', 'first == last', 'false'],
    ['format', 'lib/pointer-formats.c', '3, 2, 1, 0, 5, 4', '3, 2, 1, 0, 4, 5'],
    ['format', 'lib/calendar.c', 'month + 1, 1) <= day', 'month + 1, 1) < day'],
    ['words', 'kernel/cmdline.c', "word[name] != '='", 'false'],
    ['words', 'module/params.c', 'quoted = !quoted', 'quoted = true'],
    ['symbols', 'module/kallsyms.c', 'symbol_address(mid) <= addr', 'symbol_address(mid) < addr'],
    ['symbols', 'module/kallsyms.c', 'symbol_address(low - 1) == symbol_address(low)', 'false'],
    ['checksum', 'liveupdate/stream.c', 'word ^= crc', 'word += crc'],
  ])('%s complains where %s has "%s" changed', (name, file, from, to) => {
    const source = readFileSync(join(KERNEL, file), 'utf8')
    expect(source).toContain(from)
    const program = build(name, ['-O0', '-w'], { file, text: source.replace(from, to) })
    const result = spawnSync(program, [SEED], { encoding: 'utf8', timeout: 10_000 })
    expect(result.status).not.toBe(0)
  })
})
