// CRC-32, by which bytes are known to have come whole: frames on a serial line, the image of a kernel.

const table = new Uint32Array(256).map((_, index) => {
  let crc = index
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1
  return crc >>> 0
})

/** CRC-32 as in zlib (reflected polynomial 0xEDB88320); of bytes in parts, with that of the parts before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}
