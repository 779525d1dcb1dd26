// Ways from one compiled region straight to the next (jit/emit-chain.ts): what must hold at each is asked at each. Every program runs in the
// interpreter too, and ends the same.
import { describe, expect, it } from 'vitest'
import { CR4_SMEP, TF } from '../../src/cpu/numbers/registers.js'
import { JUMP_CACHE_ENTRIES } from '../../src/cpu/numbers/sizes.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, STACK, STUBS } from './harness.js'

const IA32_STAR = 0xc0000081
const IA32_LSTAR = 0xc0000082
const IA32_FMASK = 0xc0000084

const hex = (value: number | bigint): string => `0x${value.toString(16)}`
/** The page-table entry of a page, which a machine with small pages has. */
const entryOf = (page: number): number => 0x13000 + 8 * (page >> 12)
const FAR = CODE + 0x1000
const OTHER = DATA + 0x1000

function run(parts: readonly [at: number, source: string][], compiled: boolean) {
  const machine = new FlatMachine({ smallPages: true, jit: compiled ? { threshold: 16 } : 'off' })
  machine.load(assemble((parts[0] as [number, string])[1], CODE))
  for (const [at, source] of parts.slice(1)) machine.core.writeRam(at, assemble(source, at))
  // Rounds of one length: each comes back where compiled code was left.
  let outcome = machine.run(997)
  for (let round = 0; outcome.exit === 0 && round < 1000; round++) outcome = machine.run(997)
  return { machine, outcome }
}

/** Runs the program both ways; gives how the compiled one ended. */
function compare(...parts: [at: number, source: string][]) {
  const [compiled, interpreted] = [run(parts, true), run(parts, false)]
  expect(compiled.outcome).toEqual({ ...interpreted.outcome, retired: expect.any(Number) })
  expect(Buffer.compare(compiled.machine.core.save(), interpreted.machine.core.save())).toBe(0)
  expect(compiled.machine.core.compilerStatistics.regions).toBeGreaterThan(1)
  return compiled
}

/** Level 0 and level 3 in turn, by SYSRET and SYSCALL, until `act` of level 0 (counter r15d, back r8, level 3 r9, its flags r12d, with TF r13d) ends it. */
function levels(act: string): [at: number, source: string][] {
  const supervisor = [CODE, STUBS].map((page) => `mov rdi, ${hex(entryOf(page))}; and qword ptr [rdi], -5`).join('; ')
  const wrmsr = (msr: number): string => `mov ecx, ${hex(msr)}; wrmsr`
  return [
    [
      CODE,
      `
      xor eax, eax
      mov edx, 0x80008
      ${wrmsr(IA32_STAR)}
      lea rax, [rip + entry]
      xor edx, edx
      ${wrmsr(IA32_LSTAR)}
      xor eax, eax
      ${wrmsr(IA32_FMASK)}
      ${supervisor}
      mov rax, cr4
      or rax, ${hex(CR4_SMEP)}
      mov cr4, rax
      mov r9, ${hex(FAR)}
      lea r8, [rip + back]
      mov r15d, 0xc8
      mov r12d, 2
      mov r13d, ${hex(2 | TF)}
    back:
      mov rcx, r9
      mov r11d, r12d
      .byte 0x48, 0x0f, 0x07 # SYSRET
    entry:
      ${act}`,
    ],
    [FAR, 'inc rbx; inc rbp; syscall'],
  ]
}

describe('a way from region to region', () => {
  it('is not taken to what a page held before it was mapped anew', () => {
    const { machine } = compare(
      [
        CODE,
        `
      mov rsp, ${hex(STACK)}
      mov ecx, 0xc8
      mov rax, ${hex(FAR)}
      mov r8, ${hex(entryOf(FAR))}
      mov r10, ${hex(OTHER + 7)}
    again:
      call rax
      mov edx, ecx
      and edx, 0x1f
      jnz same
      mov r11, [r8]
      mov [r8], r10
      mov r10, r11
      invlpg [rax]
    same:
      dec ecx
      jnz again
      hlt`,
      ],
      [FAR, 'add rbx, 1; ret'],
      [OTHER, 'add rbx, 0x100; ret'],
    )
    // The first 9 calls, then 32 of each in turn, and the last 31.
    expect(machine.get('rbx')).toBe(9n + 32n * 2n + 31n + 0x100n * 32n * 3n)
  })

  it('is not taken from level 0 to what level 3 has executed there', () => {
    const { outcome } = compare(...levels('mov r10, r8; dec r15d; cmovz r10, r9; jmp r10'))
    // Supervisor-mode execution prevention: a fetch from a user page at level 0.
    expect(outcome).toMatchObject({ vector: 14, errorCode: 0x11, rip: BigInt(FAR) })
  })

  it('is not taken where the dispatcher must look before the next instruction: single stepping begins', () => {
    const { outcome } = compare(...levels('dec r15d; cmovz r12d, r13d; jmp r8'))
    expect(outcome).toMatchObject({ vector: 1, rip: BigInt(FAR) })
  })

  it('is taken to the address itself, not to another that shares its place in the jump cache', () => {
    const place = (rip: number): number => (rip ^ (rip >>> 11)) & (JUMP_CACHE_ENTRIES - 1)
    let twin = FAR + 64
    while (place(twin) !== place(FAR)) twin++
    const { machine } = compare(
      [
        CODE,
        `
      mov rsp, ${hex(STACK)}
      mov ecx, 0xc8
      mov rax, ${hex(FAR)}
      mov rdx, ${hex(twin)}
    again:
      call rax
      xchg rax, rdx
      dec ecx
      jnz again
      hlt`,
      ],
      [FAR, 'add rbx, 1; ret'],
      [twin, 'add rbx, 0x100; ret'],
    )
    expect(machine.get('rbx')).toBe(100n + 100n * 0x100n)
  })

  it('knows which region was left in the end, and ends with it when its code is stored into', () => {
    const { machine } = compare(
      [
        CODE,
        `
      mov rsp, ${hex(STACK)}
      mov ecx, 0xc8
      mov rax, ${hex(FAR)}
    again:
      call rax
      dec ecx
      jnz again
      hlt`,
      ],
      // It counts its own immediate up, in the block that is being executed.
      [FAR, 'inc byte ptr [rip + changed + 3]; changed: add rbx, 1; nop; ret'],
    )
    expect(machine.get('rbx')).toBeGreaterThan(0n)
  })
})
