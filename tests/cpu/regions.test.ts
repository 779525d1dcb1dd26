// What compiled code is made of: regions grow where they are left often, blocks that lead into the middle of a loop are cut, and the
// frequent system instructions do without a call. Each program runs in the interpreter too, and every register must be the same.
import { describe, expect, it } from 'vitest'
import { EXIT_HALT, type JitOption } from '../../src/cpu/index.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, STACK } from './harness.js'

const THRESHOLD = { threshold: 16 }

function machineFor(source: string, jit: JitOption): FlatMachine {
  const machine = new FlatMachine()
  machine.core.setJit(jit)
  machine.load(assemble(source, CODE))
  return machine
}

/** Runs in pieces of different lengths until the end; gives all that the core saves. */
function finish(machine: FlatMachine): Uint8Array {
  for (let piece = 1; machine.run(5000 + (piece % 7) * 13).exit === 0; piece++) expect(piece).toBeLessThan(10_000)
  return machine.core.save()
}

function compare(source: string): FlatMachine {
  const compiled = machineFor(source, THRESHOLD)
  const interpreted = machineFor(source, 'off')
  expect(Buffer.compare(finish(compiled), finish(interpreted))).toBe(0)
  expect(Buffer.compare(compiled.core.ram, interpreted.core.ram)).toBe(0)
  expect(compiled.core.compilerStatistics.regions).toBeGreaterThan(0)
  expect(interpreted.core.compilerStatistics.regions).toBe(0)
  return compiled
}

describe('regions', () => {
  it('grow by the targets of an indirect branch that they were left for', () => {
    const { compilerStatistics } = compare(`
      mov ecx, 0x9c40
      lea rsi, [rip + one]
      lea rdi, [rip + two]
      lea r8, [rip + three]
    again:
      mov rdx, rsi
      test ecx, 1
      cmovnz rdx, rdi
      test ecx, 6
      cmovz rdx, r8
      jmp rdx
    one:
      add rax, 1
      jmp back
    two:
      rol rax, 3
      jmp back
    three:
      xor rax, rcx
    back:
      dec ecx
      jnz again`).core
    expect(compilerStatistics.grown).toBeGreaterThan(0)
  })

  it('are made as soon as at any other time where one long run goes on beyond start-up', () => {
    const machine = machineFor(
      `
      mov ecx, 0x200000
    first: dec ecx
      jnz first
      mov ecx, 0x4e20
    second: add eax, ecx
      dec ecx
      jnz second
      hlt`,
      'on',
    )
    expect(machine.run(10_000_000).exit).toBe(EXIT_HALT)
    expect(machine.core.compilerStatistics.regions).toBe(2)
  })

  it('are not made of what is entered seldom, however many entries add up', () => {
    const machine = machineFor(
      `
      mov r8d, 0x1b58
    outer:
      mov ecx, 0xc350
    inner:
      dec ecx
      jnz inner
      dec r8d
      jnz outer
      hlt`,
      'on',
    )
    let outcome = machine.run(50_000_000)
    while (outcome.exit === 0) outcome = machine.run(50_000_000)
    expect(outcome.exit).toBe(EXIT_HALT)
    expect(machine.core.compilerStatistics.regions).toBe(1)
  })

  it('are nests of loops, though a block before a loop holds its first round', () => {
    const { compilerStatistics } = compare(`
      mov r8d, 0x12c
    outer:
      mov rdi, 0x${DATA.toString(16)}
      mov ecx, 0xc
      xor edx, edx
    row:
      mov ebx, 9
      add rdx, rcx
    inner:
      imul rdx, rdx, 0x1f
      add rdx, rbx
      mov [rdi + rbx*8], rdx
      dec ebx
      jnz inner
      add rax, rdx
      add rdi, 8
      dec ecx
      jnz row
      dec r8d
      jnz outer`).core
    expect(compilerStatistics.cuts).toBeGreaterThan(0)
  })

  it('do system instructions of level 0 as the interpreter does', () => {
    compare(`
      mov rsp, 0x${STACK.toString(16)}
      mov ecx, 0x4e20
    again:
      add rax, 0x7fffffff
      pushfq
      pop rdx
      xor rbx, rdx
      rol rbx, 5
      pushfq
      cli
      pushfq
      pop rdi
      add rbx, rdi
      sti
      popfq
      adc rbx, 0
      mov rdi, rbx
      and rdi, 0x8d5
      or rdi, 0x202
      push rdi
      popfq
      adc rax, rbx
      swapgs
      mov esi, cs
      add rax, rsi
      mov rsi, ss
      add rax, rsi
      std
      pushfq
      pop rsi
      xor rbx, rsi
      cld
      dec ecx
      jnz again`)
  })
})
