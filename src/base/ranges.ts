// Half-open ranges [start, end) of numbers or bigints, and sets of them.
//
// A RangeSet keeps its ranges sorted, disjoint and merged (touching ranges become one). It serves memory maps, reserved
// areas and patched text. It knows nothing of what the numbers are.

/** A half-open range of numbers: `start` belongs to it, `end` does not. */
export interface Range<N extends number | bigint = number> {
  readonly start: N
  readonly end: N
}

/** Whether both have a number in common. */
export function rangesOverlap<N extends number | bigint>(a: Range<N>, b: Range<N>): boolean {
  return a.start < b.end && b.start < a.end
}

/** Whether a number lies in the range. */
export function rangeContains<N extends number | bigint>(range: Range<N>, value: N): boolean {
  return value >= range.start && value < range.end
}

/** Whether all of `inner` lies in `outer`. */
export function rangeEncloses<N extends number | bigint>(outer: Range<N>, inner: Range<N>): boolean {
  return inner.start >= outer.start && inner.end <= outer.end
}

/** The first two ranges that overlap, in the order of their starts; undefined if all are disjoint. */
export function findOverlap<N extends number | bigint, R extends Range<N>>(ranges: readonly R[]): [R, R] | undefined {
  const sorted = [...ranges]
    .filter((r) => r.start < r.end)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  for (let i = 1; i < sorted.length; i++) {
    const before = sorted[i - 1] as R
    const after = sorted[i] as R
    if (rangesOverlap(before, after)) return [before, after]
  }
  return undefined
}

/** A set of numbers as ranges that neither touch nor overlap. */
export class RangeSet<N extends number | bigint = number> {
  private items: Range<N>[] = []

  get ranges(): readonly Range<N>[] {
    return this.items
  }

  add(range: Range<N>): void {
    if (range.start >= range.end) return
    let { start, end } = range
    const kept: Range<N>[] = []
    for (const item of this.items) {
      if (item.end < start || item.start > end) kept.push(item)
      else {
        if (item.start < start) start = item.start
        if (item.end > end) end = item.end
      }
    }
    kept.push({ start, end })
    this.items = kept.sort((a, b) => (a.start < b.start ? -1 : 1))
  }

  remove(range: Range<N>): void {
    if (range.start >= range.end) return
    const kept: Range<N>[] = []
    for (const item of this.items) {
      if (!rangesOverlap(item, range)) kept.push(item)
      else {
        if (item.start < range.start) kept.push({ start: item.start, end: range.start })
        if (item.end > range.end) kept.push({ start: range.end, end: item.end })
      }
    }
    this.items = kept
  }

  contains(value: N): boolean {
    return this.items.some((item) => rangeContains(item, value))
  }

  overlaps(range: Range<N>): boolean {
    return this.items.some((item) => rangesOverlap(item, range))
  }

  encloses(range: Range<N>): boolean {
    return this.items.some((item) => rangeEncloses(item, range))
  }
}
