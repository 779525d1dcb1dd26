// Interpreter and JIT are one processor: fuzzed programs of at least ten million instructions, compared at checkpoints, with runs cut at
// random points. TRANSPLANT_FUZZ (JSON, from `npm run fuzz`) says where to begin and for how long instead.

import { describe, expect, it } from 'vitest'
import { EXIT_HALT, EXIT_YIELD } from '../../src/cpu/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { coreModule } from '../cpu/harness.js'
import { caseOf, fuzz } from './jit-fuzz.js'
import { type Mutant, trace } from './jit-runs.js'

const wanted = JSON.parse(process.env['TRANSPLANT_FUZZ'] ?? '{}') as {
  seed?: number
  instructions?: number
  programs?: number
}
const long = process.env['TRANSPLANT_FUZZ'] !== undefined
const STEP = 10_000_000

/** CMOVcc spoils R11 from the twentieth time on that the same one executes: wrong only where code is hot, as a compiler is. */
function spoilsR11(): Mutant {
  const counts = new WeakMap<object, Map<bigint, number>>()
  return (board, cpu, rip, bytes) => {
    if (bytes[0] !== 0x0f || ((bytes[1] ?? 0) & 0xf0) !== 0x40) return
    const mine = counts.get(board) ?? new Map<bigint, number>()
    counts.set(board, mine)
    mine.set(rip, (mine.get(rip) ?? 0) + 1)
    if ((mine.get(rip) ?? 0) < 20) return
    const state = board.core.state(cpu)
    state.setBigUint64(88, state.getBigUint64(88, true) ^ 0x8000n, true)
  }
}

describe('interpreter and JIT', () => {
  it(
    'go through the same states in ten million instructions of fuzzed code, however the runs are cut',
    async () => {
      let shown = 0
      const result = await fuzz({
        seed: wanted.seed ?? 1,
        ...(wanted.programs === undefined
          ? { instructions: wanted.instructions ?? 10_000_000 }
          : { programs: wanted.programs }),
        onProgress: ({ programs, instructions, seed }) => {
          if (!long || instructions < shown + STEP) return
          shown = instructions
          process.stderr.write(
            `seed ${seed}: ${programs} programs, ${Math.round(instructions / 1e6)} million instructions, no difference\n`,
          )
        },
      })
      expect(result.found?.text).toBeUndefined()
      expect(result.regions).toBeGreaterThan(result.programs)
      if (long) return
      expect(result.exits[EXIT_HALT]).toBeGreaterThan(0)
      expect(result.exits[EXIT_YIELD]).toBeGreaterThan(0)
      expect(result.calls).toBeGreaterThan(10_000)
      expect([0, 1, 3, 6, 13, 14, 16, 19].filter((vector) => !result.vectors.has(vector))).toEqual([])
    },
    long ? 1_000_000_000 : 300_000,
  )

  it('leave nothing to the cuts alone: the interpreter agrees with itself', async () => {
    const result = await fuzz({ seed: 100_001, instructions: 1_000_000, executors: { interpretOnly: true } })
    expect(result.found?.text).toBeUndefined()
  })
})

describe('the fuzzer', () => {
  it('finds an executor that is wrong only where code is hot, shrinks its program and tells where it shows', async () => {
    const { found } = await fuzz({
      seed: 1,
      instructions: 1_000_000,
      executors: { interpretOnly: true, mutant: spoilsR11() },
    })
    expect(found?.shrunk.difference.items.map((item) => item.name.replace(/ of vCPU \d+$/, ''))).toEqual(['r11'])
    const lines = found?.shrunk.case.program.lines.filter((line) => line.label === undefined) ?? []
    expect(lines.length).toBeLessThan(12)
    expect(found?.text).toMatch(/cmov.*<- shows after this one/)
    expect(found?.text).toContain(`npm run fuzz -- --seed ${found?.seed} --programs 1`)
  }, 300_000)

  it('executes most of the instruction set', async () => {
    const disassembler = await createDisassembler()
    const known = new Map<string, string>()
    for (let seed = 1; seed <= 60; seed++) {
      for (const { bytes } of trace(caseOf(seed), coreModule(), 3000, 3000)) {
        const key = bytes.join()
        if (!known.has(key)) known.set(key, disassembler.disassemble(bytes, 0n)[0]?.mnemonic ?? '')
      }
    }
    expect(new Set(known.values()).size).toBeGreaterThan(300)
  })
})
