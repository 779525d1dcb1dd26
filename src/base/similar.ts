// What a mistyped name may have meant.

/** Names with at most this many letters more or less are looked at. */
const WIDEST = 3

/**
 * The candidate that the fewest edits make of `word`: insert, delete, replace or swap a letter; the first of several. undefined where none
 * is near: more than three edits, or more than a third of the word.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.min(WIDEST, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) >= least) continue
    const edits = editsBetween(word, candidate)
    if (edits >= least) continue
    best = candidate
    least = edits
  }
  return best
}

/** The sentence for a person: `Did you mean 'x'?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates)
  return found === undefined ? '' : `Did you mean '${found}'?`
}

/** Distance with swaps of neighbours (optimal string alignment), row by row. */
function editsBetween(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1
      let edits = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + same)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) edits = Math.min(edits, before[column - 2]! + 1)
      current.push(edits)
    }
    before = above
    above = current
  }
  return above[b.length]!
}
