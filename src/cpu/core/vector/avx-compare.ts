// VCMPPS and its kin: comparisons by one of 32 predicates (SDM 2A CMPPD, table 3-1).
import { orderDouble, orderSingle } from './sse-float'

/** For which orders each of 16 predicates holds: 1 less, 2 equal, 4 greater, 8 unordered. The other 16 are the same. */
const holding = memory.data<u8>([2, 1, 3, 8, 13, 14, 12, 7, 10, 9, 11, 0, 5, 6, 4, 15])

// @ts-ignore: decorator
@inline
function holds(predicate: i32, order: i32): bool {
  return ((load<u8>(holding + (predicate & 15)) >> <u8>(order + 1)) & 1) != 0
}

/** Do quiet NaNs signal? For less, less or equal and their negations, and from 16 on for the others. */
// @ts-ignore: decorator
@inline
function signalsQuiet(predicate: i32): bool {
  const low = predicate & 3
  return (low == 1 || low == 2) != predicate >= 16
}

function double(predicate: i32, a: u64, b: u64): i64 {
  return holds(predicate, orderDouble(a, b, signalsQuiet(predicate))) ? -1 : 0
}

function single(predicate: i32, a: u32, b: u32): i32 {
  return holds(predicate, orderSingle(a, b, signalsQuiet(predicate))) ? -1 : 0
}

/** `prefix` 0 four singles, 1 two doubles, 2 a single, 3 a double; flags as in sse-float.ts. */
export function comparePacked(prefix: u32, predicate: i32, a: v128, b: v128): v128 {
  if (prefix & 1) {
    const first = double(predicate, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0))
    if (prefix == 3) return i64x2.replace_lane(a, 0, first)
    return i64x2(first, double(predicate, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)))
  }
  const first = single(predicate, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0))
  if (prefix == 2) return i32x4.replace_lane(a, 0, first)
  return i32x4(
    first,
    single(predicate, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    single(predicate, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    single(predicate, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  )
}
