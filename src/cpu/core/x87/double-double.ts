// Arithmetic on unevaluated sums of two doubles (about 106 bits), for the transcendental functions of the x87.
//
// A value is (h, l) with |l| at most half an ulp of h. Results are in `high` and `low`; a function's operands are passed as
// pairs. Needs round-to-nearest and no overflow, which its callers see to. WebAssembly arithmetic is exact IEEE, so results
// are the same on every host.

export let high: f64 = 0
export let low: f64 = 0

// @ts-ignore: decorator
@inline
export function set(h: f64, l: f64): void {
  high = h
  low = l
}

/** (high, low) = a + b, |a| >= |b|. */
// @ts-ignore: decorator
@inline
function quickSum(a: f64, b: f64): void {
  const s = a + b
  low = b - (s - a)
  high = s
}

export function add(ah: f64, al: f64, bh: f64, bl: f64): void {
  const s = ah + bh
  const v = s - ah
  const e = ah - (s - v) + (bh - v)
  const t = al + bl
  const w = t - al
  const f = al - (t - w) + (bl - w)
  quickSum(s, e + t)
  quickSum(high, low + f)
}

/** Error-free product by Dekker's splitting. */
export function multiply(ah: f64, al: f64, bh: f64, bl: f64): void {
  const p = ah * bh
  const ca = 134217729.0 * ah
  const a1 = ca - (ca - ah)
  const a2 = ah - a1
  const cb = 134217729.0 * bh
  const b1 = cb - (cb - bh)
  const b2 = bh - b1
  const e = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2
  quickSum(p, e + (ah * bl + al * bh))
}

export function divide(ah: f64, al: f64, bh: f64, bl: f64): void {
  const q1 = ah / bh
  multiply(bh, bl, q1, 0)
  add(ah, al, -high, -low)
  const rh = high
  const rl = low
  const q2 = rh / bh
  multiply(bh, bl, q2, 0)
  add(rh, rl, -high, -low)
  const q3 = high / bh
  quickSum(q1, q2)
  add(high, low, q3, 0)
}

function root(ah: f64, al: f64): void {
  const s = Math.sqrt(ah)
  multiply(s, 0, s, 0)
  add(ah, al, -high, -low)
  const correction = high / (2 * s)
  quickSum(s, correction)
}

/** e^t - 1 for |t| <= 0.7, with full relative precision near 0. */
export function exponentialMinusOne(th: f64, tl: f64): void {
  // t (1 + t/2 (1 + t/3 (1 + ...)))
  set(1, 0)
  for (let n = 28; n >= 2; n--) {
    multiply(high, low, th, tl)
    divide(high, low, <f64>n, 0)
    add(1, 0, high, low)
  }
  multiply(high, low, th, tl)
}

/** 2 atanh(s) for |s| <= 0.18: the logarithm of (1 + s) / (1 - s). */
export function logarithmOfRatio(sh: f64, sl: f64): void {
  multiply(sh, sl, sh, sl)
  const qh = high
  const ql = low
  set(0, 0)
  for (let n = 45; n >= 1; n -= 2) {
    multiply(high, low, qh, ql)
    const h = high
    const l = low
    divide(2, 0, <f64>n, 0)
    add(high, low, h, l)
  }
  multiply(high, low, sh, sl)
}

/** Arc tangent of 0 <= z <= 1. */
export function arcTangent(zh: f64, zl: f64): void {
  // Twice: atan z = 2 atan(z / (1 + sqrt(1 + z^2)))
  let h = zh
  let l = zl
  for (let i = 0; i < 2; i++) {
    multiply(h, l, h, l)
    add(1, 0, high, low)
    root(high, low)
    add(1, 0, high, low)
    divide(h, l, high, low)
    h = high
    l = low
  }
  multiply(h, l, h, l)
  const qh = -high
  const ql = -low
  set(0, 0)
  for (let n = 47; n >= 1; n -= 2) {
    multiply(high, low, qh, ql)
    const th = high
    const tl = low
    divide(1, 0, <f64>n, 0)
    add(high, low, th, tl)
  }
  multiply(high, low, h, l)
  multiply(high, low, 4, 0)
}

/** Sine (or cosine) of |r| <= 0.8. */
export function sineOrCosine(rh: f64, rl: f64, cosine: bool): void {
  multiply(rh, rl, rh, rl)
  const qh = -high
  const ql = -low
  set(1, 0)
  for (let n = cosine ? 28 : 29; n > 1; n -= 2) {
    multiply(high, low, qh, ql)
    divide(high, low, <f64>(n * (n - 1)), 0)
    add(1, 0, high, low)
  }
  if (!cosine) multiply(high, low, rh, rl)
}
