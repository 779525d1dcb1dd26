// A fuzzed program: everything about it drawn from one seed. What it is about (its taste) differs from seed to seed.

import { Random } from '../../src/base/index.js'
import { constant, type Line } from './jit-code.js'
import { MAX_VCPUS, STACK, WINDOW } from './jit-places.js'
import { call, conventions, jump, routine, shape, type Taste } from './jit-shapes.js'
import { Writer } from './jit-writer.js'

export interface Program {
  readonly seed: number
  readonly lines: readonly Line[]
  readonly vcpus: number
  /** General registers to begin with, of each vCPU. */
  readonly registers: readonly (readonly bigint[])[]
  /** Seed of what stands in memory and in the vector registers; 0 leaves zeros. */
  readonly memorySeed: number
  /** 1: other vCPUs may see rewritten code late. */
  readonly coherence: number
  /** Exceptions and interrupts switch stacks. */
  readonly interruptStacks: boolean
  readonly events: number
}

function tasteOf(random: Random): Taste {
  return {
    vectors: [0, 0, 2, 6, 12][random.below(5)] as number,
    system: random.below(3) === 0 ? 0 : 1,
    patches: random.below(3) === 0 ? 1 : 0,
    calls: random.below(4) === 0 ? 0 : 1,
    vcpus: random.below(4) === 0 ? 2 + random.below(MAX_VCPUS - 1) : 1,
  }
}

function number64(random: Random): bigint {
  const raw = (BigInt(random.u32()) << 32n) | BigInt(random.u32())
  const edges = [0n, 1n, 0x7fn, 0x80n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 63n, (1n << 64n) - 1n]
  return random.below(3) === 0 ? (edges[random.below(edges.length)] as bigint) : raw >> BigInt(random.below(64))
}

export function makeProgram(seed: number): Program {
  const random = new Random(seed).fork('program')
  const taste = tasteOf(random)
  const w = new Writer(random)
  for (let cpu = 0; cpu < taste.vcpus; cpu++) {
    const again = w.fresh()
    w.place(`main${cpu}`)
    w.emit(constant(4, BigInt(STACK + 0x4000 * cpu + 0x3000)))
    conventions(w, WINDOW + 0x1_0000 * cpu + 0x8000)
    w.place(again)
    const shapes = 1 + random.below(random.below(2) === 0 ? 4 : 16)
    for (let i = 0; i < shapes; i++) shape(w, taste, 0)
    for (const label of w.callable) if (w.chance(3)) w.emit(call(label))
    if (w.chance(2)) conventions(w, WINDOW + 0x1_0000 * cpu + 0x8000)
    w.emit(jump(again))
    // The routines lie between the mains, so that calls go both ways.
    if (taste.calls > 0) {
      for (let i = 1 + random.below(3); i > 0; i--) {
        const label = `routine${w.callable.length}`
        w.callable.push(label)
        routine(w, taste, label)
      }
    }
  }
  return {
    seed,
    lines: w.lines,
    vcpus: taste.vcpus,
    registers: Array.from({ length: taste.vcpus }, () => Array.from({ length: 16 }, () => number64(random))),
    memorySeed: 1 + random.below(0x7fff_ffff),
    coherence: random.below(2),
    interruptStacks: random.below(3) > 0,
    events: random.below(4) === 0 ? 2 | 4 | 8 | 16 | 32 : 0,
  }
}
