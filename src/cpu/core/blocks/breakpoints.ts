// Host breakpoints: a small set of linear addresses at which execution stops before the instruction, on any vCPU.
//
// The decoder ends blocks in front of them, so an unset breakpoint costs nothing and a set one only where it stands.
const CAPACITY: u32 = 256
const addresses = memory.data(2048)
export let breakpointCount: u32 = 0

export function isBreakpoint(linear: u64): bool {
  for (let i: u32 = 0; i < breakpointCount; i++) {
    if (load<u64>(addresses + (i << 3)) == linear) return true
  }
  return false
}

/** Returns false if the set is full. */
export function changeBreakpoint(linear: u64, on: bool): bool {
  for (let i: u32 = 0; i < breakpointCount; i++) {
    if (load<u64>(addresses + (i << 3)) == linear) {
      if (!on) {
        breakpointCount--
        store<u64>(addresses + (i << 3), load<u64>(addresses + (breakpointCount << 3)))
      }
      return true
    }
  }
  if (!on) return true
  if (breakpointCount == CAPACITY) return false
  store<u64>(addresses + (breakpointCount << 3), linear)
  breakpointCount++
  return true
}
