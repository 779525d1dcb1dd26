// One fuzzed program after the other, until a number of instructions has run in both executors or one differs. The difference is shrunk
// and told in words.

import { readFileSync } from 'node:fs'
import { coreModule } from '../cpu/harness.js'
import { makeProgram } from './jit-program.js'
import { describeDifference } from './jit-report.js'
import { type Case, type Executors, makePlan, runBoth } from './jit-runs.js'
import { type Shrunk, shrink } from './jit-shrink.js'

/** What one program runs, at most. */
export const INSTRUCTIONS_EACH = 60_000

export interface FuzzOptions {
  readonly seed: number
  /** Stop after so many instructions of the first run ... */
  readonly instructions?: number
  /** ... or so many programs. */
  readonly programs?: number
  readonly executors?: Partial<Executors>
  readonly onProgress?: (done: {
    readonly programs: number
    readonly instructions: number
    readonly seed: number
  }) => void
}

export interface FuzzResult {
  readonly programs: number
  readonly instructions: number
  /** How often each EXIT_* ended a slice. */
  readonly exits: readonly number[]
  readonly calls: number
  readonly vectors: ReadonlySet<number>
  readonly regions: number
  readonly found: { readonly seed: number; readonly shrunk: Shrunk; readonly text: string } | undefined
}

export function caseOf(seed: number): Case {
  const program = makeProgram(seed)
  return { program, plan: makePlan(seed, program.vcpus, INSTRUCTIONS_EACH) }
}

/** The core under test; TRANSPLANT_FUZZ_CORE names another one, to see whether its differences are found. */
export function defaultExecutors(): Executors {
  const path = process.env['TRANSPLANT_FUZZ_CORE']
  const other = path === undefined ? coreModule() : new WebAssembly.Module(readFileSync(path))
  return { reference: coreModule(), other }
}

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const executors = { ...defaultExecutors(), ...options.executors }
  const run = (one: Case) => runBoth(one, executors)
  const exits = new Array<number>(6).fill(0)
  let programs = 0
  let instructions = 0
  let calls = 0
  let regions = 0
  const vectors = new Set<number>()
  const limit = options.instructions ?? Number.POSITIVE_INFINITY
  const most = options.programs ?? Number.POSITIVE_INFINITY
  for (let seed = options.seed; instructions < limit && programs < most; seed++) {
    const one = caseOf(seed)
    const outcome = run(one)
    programs++
    instructions += outcome.instructions
    calls += outcome.calls
    regions += outcome.regions
    for (const vector of outcome.vectors) vectors.add(vector)
    for (const exit of outcome.exits) exits[exit] = (exits[exit] ?? 0) + 1
    if (outcome.difference !== undefined) {
      const shrunk = shrink(one, outcome.difference, run)
      const text = await describeDifference(seed, shrunk, executors.reference)
      return { programs, instructions, exits, calls, vectors, regions, found: { seed, shrunk, text } }
    }
    options.onProgress?.({ programs, instructions, seed })
  }
  return { programs, instructions, exits, calls, vectors, regions, found: undefined }
}
