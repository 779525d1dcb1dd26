// A fast 64-bit hash of state: for equality of runs, not against an adversary.
//
// Four 32-bit lanes over 16-byte stripes (the round of xxHash32), folded to two 32-bit words at the end. Pure 32-bit
// integer arithmetic: the same bytes give the same hash on every host. RAM is hashed page by page and the page hashes
// are hashed again, so that only pages written since the last time need reading.

const P1 = 0x9e37_79b1 | 0
const P2 = 0x85eb_ca77 | 0
const P3 = 0xc2b2_ae3d | 0
const P4 = 0x27d4_eb2f | 0

function rotate(x: number, n: number): number {
  return (x << n) | (x >>> (32 - n))
}

function avalanche(x: number): number {
  let h = x
  h = Math.imul(h ^ (h >>> 15), P2)
  h = Math.imul(h ^ (h >>> 13), P3)
  return h ^ (h >>> 16)
}

/** Hashes `words` (whole 32-bit words) into `out[at]` and `out[at + 1]`. The hot path: no allocation. */
export function hashWords(
  words: Uint32Array | Int32Array,
  start: number,
  count: number,
  out: Uint32Array,
  at: number,
): void {
  let a = P1 + P2
  let b = P2
  let c = 0
  let d = -P1
  const end = start + count
  let i = start
  for (; i + 4 <= end; i += 4) {
    a = Math.imul(rotate((a + Math.imul(words[i] as number, P2)) | 0, 13), P1)
    b = Math.imul(rotate((b + Math.imul(words[i + 1] as number, P2)) | 0, 13), P1)
    c = Math.imul(rotate((c + Math.imul(words[i + 2] as number, P2)) | 0, 13), P1)
    d = Math.imul(rotate((d + Math.imul(words[i + 3] as number, P2)) | 0, 13), P1)
  }
  for (; i < end; i++) {
    a = Math.imul(rotate((a + Math.imul(words[i] as number, P3)) | 0, 17), P4)
    c = Math.imul(rotate((c ^ Math.imul(words[i] as number, P4)) | 0, 11), P2)
  }
  out[at] = avalanche((rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18) + count * 4) | 0)
  out[at + 1] = avalanche((rotate(a, 19) ^ Math.imul(rotate(b, 3), P1) ^ rotate(c, 26) ^ Math.imul(d, P3)) | 0)
}

/** Any byte array as sixteen hexadecimal digits. */
export function hashBytes(bytes: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4 + 4)
  padded.set(bytes)
  const words = new Uint32Array(padded.buffer)
  words[words.length - 1] = bytes.length
  const out = new Uint32Array(2)
  hashWords(words, 0, words.length, out, 0)
  return formatHash(out[0] as number, out[1] as number)
}

/** Two 32-bit words as sixteen hexadecimal digits. */
export function formatHash(high: number, low: number): string {
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0')
}
