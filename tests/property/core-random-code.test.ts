// Random bytes as code, in 64-, 32- and 16-bit mode at CPL 0, with random registers: the core never breaks, and its whole saved state after N
// instructions does not depend on how the run was cut.

import { describe, expect, it } from 'vitest'
import { STATE_ATTRIBUTES, STATE_LIMITS, STATE_SELECTORS, type StateRegister } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { CODE, FlatMachine } from '../cpu/harness.js'

const INSTRUCTIONS = 400
const GENERAL: readonly StateRegister[] = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10']
/** Bytes that lead to long opcodes, prefixes, returns, segment loads. */
const FAVOURITES = [0x0f, 0x66, 0x48, 0xf3, 0xc3, 0xff, 0xcf, 0x8e, 0xf0, 0x67]

function generator(seed: number): () => number {
  let s = BigInt(seed)
  return () => {
    s = BigInt.asUintN(64, s * 6364136223846793005n + 1442695040888963407n)
    return Number(s >> 33n)
  }
}

/** A machine in one of three modes with everything chosen by the seed. */
function machine(seed: number): FlatMachine {
  const random = generator(seed)
  const made = new FlatMachine({ smallPages: random() % 2 === 0, ram: 4 << 20 })
  const bytes = Uint8Array.from({ length: 8192 }, () =>
    random() % 5 === 0 ? (FAVOURITES[random() % FAVOURITES.length] as number) : random() & 255,
  )
  made.core.writeRam(CODE, bytes)
  const state = made.core.state(0)
  const mode = seed % 3
  if (mode === 2) {
    state.setBigUint64(CPU_STATE.cr0, 0x10n, true)
    state.setBigUint64(CPU_STATE.cr4, 0n, true)
    state.setBigUint64(CPU_STATE.efer, 0n, true)
    state.setBigUint64(CPU_STATE.csBase, BigInt(CODE), true)
  }
  for (let i = 0; i < 6; i++) {
    state.setUint32(STATE_SELECTORS + 4 * i, i === 1 ? 8 : 16, true)
    state.setUint32(STATE_LIMITS + 4 * i, 0xffffffff, true)
    state.setUint32(STATE_ATTRIBUTES + 4 * i, i === 1 ? ([0xa09b, 0xc09b, 0x9b][mode] as number) : 0xc093, true)
  }
  const registers: Partial<Record<StateRegister, bigint>> = {
    rip: BigInt((mode === 2 ? 0 : CODE) + (random() % 4096)),
    rflags: BigInt(random() & 0xed7) | 2n,
  }
  for (const name of GENERAL) {
    registers[name] = random() % 3 === 0 ? BigInt(random()) * 0x123456789abn : BigInt(random() % 0x400000)
  }
  made.set(registers)
  return made
}

/** Runs until N instructions have retired or nothing more can happen. */
function runFor(of: FlatMachine, slice: (done: number) => number): { done: number; exit: number } {
  let done = 0
  let exit = 0
  while (done < INSTRUCTIONS) {
    of.core.exports.setTime(done)
    exit = of.core.run(0, Math.min(slice(done), INSTRUCTIONS - done))
    done += of.core.exports.retired()
    if (exit !== 0) break
  }
  return { done, exit }
}

describe('random code', () => {
  it('never breaks the core, and cuts change nothing of its state', () => {
    const exits = new Set<number>()
    for (let seed = 1; seed <= 150; seed++) {
      const whole = machine(seed)
      const expected = runFor(whole, () => INSTRUCTIONS)
      exits.add(expected.exit)
      const cuts = generator(seed + 1000)
      const sliced = machine(seed)
      const actual = runFor(sliced, () => 1 + (cuts() % 9))
      expect([seed, actual]).toEqual([seed, expected])
      const a = whole.core.save()
      const b = sliced.core.save()
      expect([seed, a.findIndex((byte, i) => byte !== b[i])]).toEqual([seed, -1])
      expect([seed, Buffer.compare(whole.core.ram, sliced.core.ram)]).toEqual([seed, 0])
    }
    expect(exits.size).toBeGreaterThan(1)
  })
})
