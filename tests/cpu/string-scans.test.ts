// Repeated CMPS and SCAS, which the core does many iterations at a time, beside the same instruction without REP in a loop.
import { describe, expect, it } from 'vitest'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine } from './harness.js'

const HALTED = 628
const OTHER = DATA + 0x8000

/** `rep` leaves its registers in R8 to R11; then the loop starts from the same ones, and leaves its own in RCX, RSI, RDI and R12. */
function program(repeat: 'repe' | 'repne', name: string): Uint8Array {
  return assemble(
    `mov r13, rcx; mov r14, rsi; mov r15, rdi
     cmp rbx, rdx; ${repeat} ${name}; pushfq; pop r11
     mov r8, rcx; mov r9, rsi; mov r10, rdi; mov rcx, r13; mov rsi, r14; mov rdi, r15
     cmp rbx, rdx; jrcxz done
     again: ${name}; lea rcx, [rcx - 1]; ${repeat === 'repe' ? 'jne' : 'je'} done; jrcxz done; jmp again
     done: pushfq; pop r12`,
    CODE,
  )
}

/** A generator of integers below a bound. */
function chances(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

describe('repeated comparisons and searches of strings', () => {
  it.each(
    ['repe', 'repne'].flatMap((repeat) =>
      ['cmpsb', 'cmpsw', 'cmpsd', 'cmpsq', 'scasb', 'scasw', 'scasd', 'scasq'].map((name) => [repeat, name] as const),
    ),
  )('%s %s stops where single iterations stop, with their flags', (repeat, name) => {
    const machine = new FlatMachine({ smallPages: true })
    const below = chances(7)
    machine.load(program(repeat as 'repe' | 'repne', name))
    for (let n = 0; n < 120; n++) {
      // Two strings, equal or different up to a place, near the ends of their pages or not.
      const length = below(700)
      const from = DATA + (below(2) === 0 ? below(64) : 0x1000 - below(300))
      const to = OTHER + (below(2) === 0 ? below(64) : 0x1000 - below(300))
      const same = repeat === 'repe'
      const fill = Uint8Array.from({ length: 0x2000 }, () => 0x41)
      machine.core.writeRam(DATA, fill)
      machine.core.writeRam(OTHER, same ? fill : fill.map(() => 0x42))
      for (let i = below(3); i > 0; i--) machine.core.writeRam(to + below(700), Uint8Array.of(0x41 + below(3)))
      if (!same && below(2) === 0) machine.core.writeRam(to + below(600), fill.subarray(0, 15))
      const accumulator = 0x4141_4141_4141_4141n
      machine.set({ rip: BigInt(CODE), rax: accumulator, rbx: BigInt(below(3)), rcx: BigInt(length), rdx: 1n })
      machine.set({ rsi: BigInt(from), rdi: BigInt(to) })
      machine.core.state(0).setUint32(HALTED, 0, true)
      expect(machine.run().vector).toBeUndefined()
      const repeated = [machine.get('r8'), machine.get('r9'), machine.get('r10'), machine.get('r11')]
      const single = [machine.get('rcx'), machine.get('rsi'), machine.get('rdi'), machine.get('r12')]
      expect(repeated, `case ${n}`).toEqual(single)
    }
  })
})
