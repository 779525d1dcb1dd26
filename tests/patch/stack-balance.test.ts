// What an assembly source is warned of: calls without a frame, and stacks that are not as they were.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAssembly } from '../../src/patch/assembly-source.js'
import { stackWarnings } from '../../src/patch/stack-balance.js'
import { root } from '../lab/images.js'

const warnings = (source: string) => {
  const parsed = parseAssembly(source)
  if (!parsed.ok) throw new Error(parsed.message)
  return stackWarnings(parsed.value).map(({ line, message }) => `${line}: ${message}`)
}
const patch = (...lines: string[]) => warnings(['.patch f', ...lines].join('\n'))

it('the patch that is shipped gives no warning', () => {
  expect(warnings(readFileSync(`${root}images/patches/assembled-cmdline.s`, 'utf8'))).toEqual([])
})

it.each([
  ['a leaf', ['xor eax, eax', 'ret']],
  ['a frame', ['push rbp', 'mov rbp, rsp', 'sub rsp, 16', 'call g', 'leave', 'ret']],
  [
    'a frame, given back by rsp',
    ['push rbp', 'mov rbp, rsp', 'push rbx', 'push r12', 'call g', 'mov rsp, rbp', 'pop rbp', 'ret'],
  ],
  ['two ways out', ['push rbp', 'mov rbp, rsp', 'test edi, edi', 'jz out', 'call g', 'out:', 'pop rbp', 'ret']],
  ['a loop', ['again:', 'push rdi', 'pop rdi', 'dec edi', 'jnz again', 'ret']],
  ['a jump to another function', ['test edi, edi', 'jz g', 'jmp g']],
  ['a stack that the text does not tell', ['and rsp, -16', 'ret']],
  ['data behind it', ['ret', '.rodata', '.asciz "push"']],
])('%s is as it should be', (_what, lines) => {
  expect(patch(...lines)).toEqual([])
})

it.each([
  [
    'a call without a frame',
    ['call g', 'ret'],
    ['2: f calls g without a frame (push rbp; mov rbp, rsp): who sleeps in it cannot be unwound'],
  ],
  [
    'a frame that is gone again',
    ['push rbp', 'mov rbp, rsp', 'pop rbp', 'call g', 'ret'],
    [/^5: f calls g without a frame/],
  ],
  ['rbp that was not pushed', ['mov rbp, rsp', 'call g', 'ret'], [/^3: f calls g/]],
  ['what is not taken back', ['push rbx', 'ret'], ['3: f returns with 8 bytes on the stack']],
  ['room that is not given back', ['sub rsp, 0x20', 'add rsp, 16', 'ret'], ['4: f returns with 16 bytes on the stack']],
  ['more than was put there', ['pop rax', 'ret'], [/^2: f takes more from the stack/, /^3: f returns with -8/]],
  [
    'ways that do not agree',
    ['jz out', 'push rbx', 'out:', 'ret'],
    [/^4: f out is reached with 0 and with 8/, /^5: f returns with 8/],
  ],
  ['a loop that grows', ['again:', 'push rdi', 'jnz again', 'pop rdi', 'ret'], [/^4: f goes to again with 8/]],
])('%s gets a warning with its line', (_what, lines, expected) => {
  const told = patch(...lines)
  expect(told).toHaveLength(expected.length)
  for (const [i, one] of expected.entries()) {
    if (typeof one === 'string') expect(told[i]).toBe(one)
    else expect(told[i]).toMatch(one)
  }
})

it('each function begins with a stack of its own, and is told of one call only', () => {
  expect(warnings('.patch f\npush rbx\nud2\n.function h\ncall g\ncall g\nret\n')).toEqual([
    '5: h calls g without a frame (push rbp; mov rbp, rsp): who sleeps in it cannot be unwound',
  ])
})
