// Makes a differing program small: fewer instructions to run, fewer cuts, fewer vCPUs, fewer lines, fewer rounds, less to begin with.
//
// Promises: what it returns still differs (not necessarily in the same place), and the same case gives the same result. It tries at most
// `attempts` programs; each is run from a fresh core.

import type { Line } from './jit-code.js'
import { type Case, cutTo, type Difference, type Outcome, type Plan, type Slice } from './jit-runs.js'

export type Run = (one: Case) => Outcome

export interface Shrunk {
  readonly case: Case
  readonly difference: Difference
  readonly attempts: number
}

class Shrinker {
  best: Case
  difference: Difference
  attempts = 0
  private readonly run: Run
  private readonly limit: number

  constructor(one: Case, difference: Difference, run: Run, limit: number) {
    this.best = one
    this.difference = difference
    this.run = run
    this.limit = limit
  }

  /** Takes the candidate if it differs too. */
  try(candidate: Case): boolean {
    if (this.attempts >= this.limit) return false
    this.attempts++
    const { difference } = this.run(candidate)
    if (difference === undefined) return false
    this.best = candidate
    this.difference = difference
    return true
  }

  plan(change: Partial<Plan>): boolean {
    return this.try({ ...this.best, plan: { ...this.best.plan, ...change } })
  }

  program(change: Partial<Case['program']>): boolean {
    return this.try({ ...this.best, program: { ...this.best.program, ...change } })
  }

  /** Runs as few instructions as still show it. */
  shorten(): void {
    let low = 0
    let high = this.difference.instructions
    if (!this.plan({ slices: cutTo(this.best.plan.slices, high) })) high = total(this.best.plan.slices)
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.plan({ slices: cutTo(this.best.plan.slices, middle) })) high = middle
      else low = middle
    }
  }

  plainer(): void {
    this.plan({ cutSeed: 0 })
    this.plan({ saves: 0 })
    this.plan({ switches: 0 })
    this.plan({ jit: { threshold: 1 } })
    const { slices } = this.best.plan
    this.plan({ slices: slices.map((slice) => ({ ...slice, interrupt: false })) })
    this.plan({ slices: this.best.plan.slices.map((slice) => ({ ...slice, clean: false })) })
    this.plan({ slices: merged(this.best.plan.slices) })
    for (let vcpus = 1; vcpus < this.best.program.vcpus; vcpus++) {
      const kept = this.best.plan.slices.filter((slice) => slice.cpu < vcpus)
      if (this.try({ program: { ...this.best.program, vcpus }, plan: { ...this.best.plan, slices: kept } })) break
    }
    this.plan({ slices: merged(this.best.plan.slices) })
    this.program({ events: 0 })
    this.program({ coherence: 0 })
    this.program({ memorySeed: 0 })
    this.program({ registers: this.best.program.registers.map((one) => one.map(() => 0n)) })
  }

  /** Takes away slices, then lines, by halves, quarters and so on down to single ones. */
  fewer(): void {
    reduce(this.best.plan.slices, (slices) => this.plan({ slices }))
    reduce(
      this.best.program.lines,
      (lines) => this.program({ lines }),
      (line) => line.label !== undefined,
    )
  }

  rounds(): void {
    this.best.program.lines.forEach((line, i) => {
      const at = line.rounds
      if (at === undefined) return
      for (const rounds of [0, 1, 2, 3, 5, 8, 20]) {
        if (rounds >= ((line.bytes[at] as number) | ((line.bytes[at + 1] as number) << 8))) break
        const bytes = [...line.bytes]
        bytes.splice(at, 4, rounds, 0, 0, 0)
        if (this.program({ lines: this.best.program.lines.with(i, { ...line, bytes }) })) break
      }
    })
  }

  registers(): void {
    this.best.program.registers.forEach((values, cpu) => {
      values.forEach((value, i) => {
        if (value === 0n) return
        const mine = (this.best.program.registers[cpu] ?? []).with(i, 0n)
        this.program({ registers: this.best.program.registers.with(cpu, mine) })
      })
    })
  }
}

function total(slices: readonly Slice[]): number {
  return slices.reduce((sum, slice) => sum + slice.budget, 0)
}

/** Neighbours of one vCPU become one. */
function merged(slices: readonly Slice[]): Slice[] {
  const result: Slice[] = []
  for (const slice of slices) {
    const last = result.at(-1)
    if (last !== undefined && last.cpu === slice.cpu && !slice.interrupt && !slice.clean) {
      result[result.length - 1] = { ...last, budget: last.budget + slice.budget }
    } else result.push(slice)
  }
  return result
}

function reduce<T>(
  start: readonly T[],
  attempt: (kept: readonly T[]) => boolean,
  pinned: (one: T) => boolean = () => false,
): void {
  let list = start
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = list.length; at > 0; ) {
      const from = Math.max(0, at - size)
      const kept = list.filter((one, i) => i < from || i >= at || pinned(one))
      if (kept.length < list.length && attempt(kept)) list = kept
      at = from
    }
  }
}

/** Labels that nothing names any more. */
function withoutUnusedLabels(lines: readonly Line[]): Line[] {
  const used = new Set(lines.flatMap((line) => [line.branch?.label, line.target?.label]))
  return lines.filter((line) => line.label === undefined || used.has(line.label) || line.label.startsWith('main'))
}

export function shrink(one: Case, difference: Difference, run: Run, attempts = 3000): Shrunk {
  const shrinker = new Shrinker(one, difference, run, attempts)
  shrinker.shorten()
  shrinker.plainer()
  for (let before = Number.POSITIVE_INFINITY; shrinker.best.program.lines.length < before; ) {
    before = shrinker.best.program.lines.length
    shrinker.fewer()
    shrinker.rounds()
    shrinker.plainer()
    shrinker.program({ lines: withoutUnusedLabels(shrinker.best.program.lines) })
  }
  shrinker.registers()
  shrinker.shorten()
  return { case: shrinker.best, difference: shrinker.difference, attempts: shrinker.attempts }
}
