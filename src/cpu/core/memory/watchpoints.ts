// Host watchpoints: a small set of ranges of linear addresses; an access to one ends the run after its instruction, on any vCPU.
//
// They use the paths of the debug registers (../system/debug.ts), and like those make a vCPU go instruction by instruction, but change nothing
// that a guest can see: no bit of DR6, no RF, no translation.
import { WATCH_READ, WATCH_WRITE } from '../../numbers/seam'
import { ACCESS_WRITE } from '../state/state'

const CAPACITY: u32 = 16

@unmanaged
class WatchRange {
  linear: u64
  length: u64
  kinds: u64 // WATCH_READ, WATCH_WRITE or both
}

const RANGE_BYTES: usize = offsetof<WatchRange>()
const ranges = memory.data(384) // of CAPACITY
export let watchpointCount: u32 = 0
/** 0, or one more than the number of the range that the present instruction has hit first. */
export let watchpointHit: u32 = 0

// @ts-ignore: decorator
@inline
function rangeAt(index: u32): WatchRange {
  return changetype<WatchRange>(ranges + index * RANGE_BYTES)
}

/** The whole set anew: range `index`, or its end. Returns false if there is no room. */
export function setRange(index: u32, linear: u64, length: u64, kinds: u64): bool {
  if (index >= CAPACITY) return false
  const range = rangeAt(index)
  range.linear = linear
  range.length = length
  range.kinds = kinds
  return true
}

export function setRangeCount(count: u32): void {
  watchpointCount = count
}

export function forgetHit(): void {
  watchpointHit = 0
}

/** Is anything in the page of `linear` watched? */
export function isPageWatched(linear: u64): bool {
  const page = linear & ~0xfff
  for (let i: u32 = 0; i < watchpointCount; i++) {
    const range = rangeAt(i)
    if (range.linear < page + 0x1000 && range.linear + range.length > page) return true
  }
  return false
}

/** An access took place. True if it hit a range. */
export function noteAccess(linear: u64, size: u32, access: u32): bool {
  const kind = access & ACCESS_WRITE ? WATCH_WRITE : WATCH_READ
  for (let i: u32 = 0; i < watchpointCount; i++) {
    const range = rangeAt(i)
    const start = range.linear
    if ((range.kinds & kind) == 0) continue
    if (linear < start + range.length && linear + u64(size) > start) {
      if (watchpointHit == 0) watchpointHit = i + 1
      return true
    }
  }
  return false
}
