// How a figure is taken: every competitor gets a number of rounds that makes one measurement last long enough and keeps it; then all
// run in turn, several times, in an order that is reversed each time; a ratio is formed within each turn.
//
// A wrong result ends the benchmark: a competitor is `{ name, run(kind, rounds) -> { result, milliseconds, instructions? } }`, all
// must give the same result for the same few rounds, and each the same result every time for its own number.

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const spread = (numbers) => ({
  median: median(numbers),
  least: Math.min(...numbers),
  most: Math.max(...numbers),
})

export const geometricMean = (numbers) =>
  Math.exp(numbers.reduce((sum, number) => sum + Math.log(number), 0) / numbers.length)

/** Runs these few rounds on all, for the first time; notes the result on which they agree and how long each took. */
export async function agree(competitors, samples, rounds) {
  const { kind } = samples
  for (const competitor of competitors) {
    const { result, milliseconds } = await competitor.run(kind, rounds)
    samples.first.set(competitor.name, milliseconds)
    samples.checksum ??= result
    if (result !== samples.checksum) {
      throw new Error(
        `${kind} ${rounds}: ${competitor.name} computes ${result.toString(16)}, but ${competitors[0].name} ${samples.checksum.toString(16)}`,
      )
    }
  }
}

const STEADY = 1.25
const MOST_TRIES = 12

/**
 * The number of rounds with which one measurement lasts at least `least`, or longer where no rounds at all take long too (a process
 * starts, memory is touched), so that these are a small part of it. The search is the competitor's warm-up too: it goes on while
 * the next run is much faster than the one before.
 */
export async function calibrate(competitor, kind, first, least) {
  const fixed = (await competitor.run(kind, 0)).milliseconds
  const enough = Math.min(4 * least, Math.max(least, 8 * fixed))
  let rounds = first
  let before = 0
  for (let tries = 1; ; tries++) {
    const { milliseconds } = await competitor.run(kind, rounds)
    const speed = rounds / milliseconds
    const missing = enough / Math.max(milliseconds, 0.01)
    if (tries === MOST_TRIES || (missing <= 1 && speed < before * STEADY)) return rounds
    before = speed
    // Short runs are mostly warm-up: what they say of the speed is too little.
    if (missing > 1)
      rounds = Math.min(0x7fff_ffff, Math.ceil(rounds * (milliseconds < 10 ? Math.min(missing, 8) : missing * 1.25)))
  }
}

/** Samples of one kind: for each competitor name a list, one entry a turn. */
export class Samples {
  constructor(kind) {
    this.kind = kind
    this.byName = new Map()
    this.results = new Map()
    this.checksum = undefined
    /** Milliseconds of the first few rounds, by name. */
    this.first = new Map()
  }

  async take(competitor, rounds) {
    const { result, milliseconds, instructions } = await competitor.run(this.kind, rounds)
    const known = this.results.get(competitor.name)
    if (known !== undefined && known !== result)
      throw new Error(
        `${this.kind} ${rounds}: ${competitor.name} computes now ${known.toString(16)}, now ${result.toString(16)}`,
      )
    this.results.set(competitor.name, result)
    this.add(competitor.name, { rounds, milliseconds, instructions })
  }

  add(name, sample) {
    const list = this.byName.get(name) ?? []
    list.push(sample)
    this.byName.set(name, list)
  }

  /** Rounds a second; MIPS and instructions a round where they are known. */
  of(name) {
    const list = this.byName.get(name)
    if (list === undefined) return undefined
    const speed = list.map((sample) => (sample.rounds / sample.milliseconds) * 1000)
    const known = list.filter((sample) => sample.instructions !== undefined)
    return {
      rounds: list[0].rounds,
      ...(this.first.has(name) ? { firstMilliseconds: this.first.get(name) } : {}),
      milliseconds: spread(list.map((sample) => sample.milliseconds)),
      roundsPerSecond: spread(speed),
      ...(known.length === 0
        ? {}
        : {
            instructions: median(known.map((sample) => sample.instructions)),
            mips: spread(known.map((sample) => sample.instructions / sample.milliseconds / 1000)),
          }),
    }
  }

  /** The median of one field, or undefined where no sample has it. */
  medianOf(name, field) {
    const known = (this.byName.get(name) ?? []).map((sample) => sample[field]).filter((value) => value !== undefined)
    return known.length === 0 ? undefined : median(known)
  }

  /** How many times as fast as `other` is `name`: the speeds within each turn divided. */
  ratio(name, other) {
    const speed = (sample) => sample.rounds / sample.milliseconds
    const [mine, others] = [this.byName.get(name), this.byName.get(other)]
    if (mine === undefined || others === undefined) return undefined
    return spread(mine.map((sample, turn) => speed(sample) / speed(others[turn])))
  }
}

/** The competitors in this turn's order. */
export const inTurn = (competitors, turn) => (turn % 2 === 0 ? competitors : [...competitors].reverse())
