// F16C: numbers of 16 bits and singles (SDM 1 14.4). Flags as in sse-float.ts, in softfloat's `raised`; `beginFloat` first.
import { INVALID, convertA, loadSingle, packHalf, raise, roundToHalf } from './softfloat'

/** Exact; a denormal is a number like any other and raises nothing. */
function widen(half: u32): i32 {
  const sign = (half & 0x8000) << 16
  const exponent = (half >> 10) & 31
  const fraction = half & 0x3ff
  if (exponent == 31) {
    if (fraction && !(fraction & 0x200)) raise(INVALID)
    return sign | 0x7f800000 | (fraction << 13) | (fraction ? 0x400000 : 0)
  }
  if (exponent) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction == 0) return sign
  const shift = clz(fraction) - 21
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)
}

/** Four singles. */
export function fromHalf(halves: u64): v128 {
  return i32x4(
    widen(<u32>halves & 0xffff),
    widen(<u32>(halves >> 16) & 0xffff),
    widen(<u32>(halves >> 32) & 0xffff),
    widen(<u32>(halves >> 48)),
  )
}

function narrow(bits: u32): u64 {
  loadSingle(bits)
  convertA()
  roundToHalf()
  return packHalf()
}

/** Four halves. */
export function toHalf(singles: v128): u64 {
  return (
    narrow(i32x4.extract_lane(singles, 0)) |
    (narrow(i32x4.extract_lane(singles, 1)) << 16) |
    (narrow(i32x4.extract_lane(singles, 2)) << 32) |
    (narrow(i32x4.extract_lane(singles, 3)) << 48)
  )
}
