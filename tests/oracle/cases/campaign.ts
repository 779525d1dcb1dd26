// Many cases from one seed, on the host and on the core; the first that differs is shrunk and reported.
import { Random } from '../../../src/base/index.js'
import type { CpuModel } from '../../../src/cpu/index.js'
import { describeCase, differences } from './compare.js'
import { CoreRunner } from './core-runner.js'
import { generate } from './generate.js'
import { runNatively } from './native-runner.js'
import { type Outcome, PAGE, type TestCase, WINDOW_BYTES, ZEROS } from './record.js'
import { shrink } from './shrink.js'

const BATCH = 4000
/** Entries after which a block is compiled, and how often a case is run so that its last run is compiled. */
const THRESHOLD = 1
const RUNS = 4

export interface CampaignOptions {
  readonly seed: number
  /** What the core offers, and the forms that the cases are made of. */
  readonly cpu: CpuModel
  readonly cases: number
  /** Milliseconds since `begun` after which no other batch begins. */
  readonly mayGoOn?: () => boolean
  /** Every which case is also run compiled. */
  readonly compiledEvery: number
  readonly raw?: boolean
}

export interface Difference {
  readonly test: TestCase
  readonly lines: readonly string[]
  readonly report: string
}

export interface CampaignResult {
  readonly cases: number
  readonly compiled: number
  /** How many cases ended by each vector. */
  readonly traps: ReadonlyMap<number, number>
  readonly differences: readonly Difference[]
}

export function templateOf(seed: number, cpu: CpuModel): Uint8Array {
  const random = new Random(seed)
  const template = new Uint8Array(WINDOW_BYTES)
  for (let i = 0; i < WINDOW_BYTES; i += 4) {
    const value = i % PAGE < PAGE / 4 ? random.below(1 << 16) : random.below(0x1_0000_0000)
    new DataView(template.buffer).setUint32(i, value, true)
  }
  if (cpu === 'x86-64-v3') {
    for (let page = 0; page < WINDOW_BYTES; page += PAGE) template.fill(0, page + ZEROS, page + ZEROS + 64)
  }
  return template
}

/** Runs until `cases` are done, or `limit` forms differ. Everything follows from the seed. */
export function campaign(wasm: WebAssembly.Module, options: CampaignOptions, limit = 5): CampaignResult {
  const template = templateOf(options.seed, options.cpu)
  const random = new Random(options.seed)
  const interpreted = new CoreRunner(wasm, template, options.cpu, 'off')
  const compiled = new CoreRunner(wasm, template, options.cpu, { threshold: THRESHOLD })
  const found = new Map<string, Difference>()
  const traps = new Map<number, number>()
  let done = 0
  let twice = 0
  while (done < options.cases && found.size < limit && (options.mayGoOn?.() ?? true)) {
    const cases = Array.from({ length: Math.min(BATCH, options.cases - done) }, () => generate(random, options.cpu))
    const host = runNatively(template, cases)
    cases.forEach((test, i) => {
      const expected = host[i] as Outcome
      traps.set(expected.trap, (traps.get(expected.trap) ?? 0) + 1)
      const key = `${test.form}/${test.form.startsWith('d') ? test.parts.rest[0] : ''}`
      const both = (done + i) % options.compiledEvery === 0
      if (both) twice++
      for (const [runner, runs] of both
        ? ([
            [interpreted, 1],
            [compiled, RUNS],
          ] as const)
        : ([[interpreted, 1]] as const)) {
        const lines = differences(test, expected, runner.run(test, runs))
        if (lines.length === 0 || found.has(key) || found.size === limit) continue
        if (options.raw) {
          found.set(key, {
            test,
            lines,
            report: `${describeCase(test).split('\n').slice(0, 2).join('\n')}\n  ${lines.slice(0, 6).join('; ')}`,
          })
          continue
        }
        const run = (candidate: TestCase) =>
          differences(candidate, runNatively(template, [candidate])[0] as Outcome, runner.run(candidate, runs))
        found.set(key, report(test, run, runs > 1))
      }
    })
    done += cases.length
  }
  return { cases: done, compiled: twice, traps, differences: [...found.values()] }
}

function report(test: TestCase, run: (test: TestCase) => string[], compiled: boolean): Difference {
  const smallest = shrink(test, run)
  const lines = run(smallest)
  return {
    test: smallest,
    lines,
    report: `${describeCase(smallest)}\n${compiled ? 'compiled' : 'interpreted'}:\n  ${lines.slice(0, 24).join('\n  ')}`,
  }
}
