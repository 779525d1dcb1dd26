// Bytes: reading and writing integers in byte arrays, and the few whole-array operations every room needs.
//
// Little-endian throughout, as the guest is. Addresses and lengths are plain numbers; 64-bit fields are bigint where all
// 64 bits matter. Out-of-range access throws RangeError (DataView's own check): callers validate lengths first. Knows no
// file formats and no guest.

/** Bytes of a mebibyte. */
export const MIB = 1024 * 1024
/** The character that ends a line. */
export const LINE_FEED = 10

/** A DataView of exactly these bytes, which it shares. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** An unsigned 16-bit value, little-endian, at a byte offset. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return viewOf(bytes).getUint16(offset, true)
}

/** An unsigned 32-bit value, little-endian, at a byte offset. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return viewOf(bytes).getUint32(offset, true)
}

/** A signed 32-bit value, little-endian, at a byte offset. */
export function readI32(bytes: Uint8Array, offset: number): number {
  return viewOf(bytes).getInt32(offset, true)
}

/** An unsigned 64-bit value, little-endian, at a byte offset. */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  return viewOf(bytes).getBigUint64(offset, true)
}

/** Stores 16 bits, little-endian, at a byte offset. */
export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  viewOf(bytes).setUint16(offset, value, true)
}

/** Stores 32 bits, little-endian, at a byte offset. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  viewOf(bytes).setUint32(offset, value >>> 0, true)
}

/** Stores 64 bits, little-endian, at a byte offset. */
export function writeU64(bytes: Uint8Array, offset: number, value: bigint): void {
  viewOf(bytes).setBigUint64(offset, BigInt.asUintN(64, value), true)
}

/** All parts in one array of its own. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

/** Whether both have the same length and the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether every byte is zero. Word-wise where the array is aligned, since whole RAM images pass through here. */
export function isZero(bytes: Uint8Array): boolean {
  let i = 0
  if ((bytes.byteOffset & 3) === 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2)
    for (let w = 0; w < words.length; w++) if (words[w] !== 0) return false
    i = words.length * 4
  }
  for (; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')

/** Text as UTF-8 bytes. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}

/** UTF-8 bytes as text; what is no UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  // A browser's decoder refuses shared memory, where workers keep their images; a slice is a copy of its own.
  const shared = typeof SharedArrayBuffer !== 'undefined' && bytes.buffer instanceof SharedArrayBuffer
  return decoder.decode(shared ? bytes.slice() : bytes)
}

/** Bytes as hexadecimal digits, two for each. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** The bytes of a hexadecimal text; undefined if it is not one (odd length, foreign character). */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** `alignment` is a power of two or any positive integer; works above 2^32. */
export function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment
}

/** `value` rounded up to a multiple of `alignment`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment
}
