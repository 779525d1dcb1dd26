// The flat images of the kernels (images/user/spin/flat/start.S): their bytes, their kernels' names, and where a request lies.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = new URL('../../../', import.meta.url)
export const path = (name) => fileURLToPath(new URL(name, root))
export const read = (name) => new Uint8Array(readFileSync(path(name)))

/**
 * The core, compiled once: V8's faster code for it then serves every instance. TRANSPLANT_BENCH_CORE names another build of it,
 * for a profile with names or for a comparison of two.
 */
export const coreModule = new WebAssembly.Module(
  readFileSync(process.env['TRANSPLANT_BENCH_CORE'] ?? path('dist/cpu/core.wasm')),
)

export const IMAGE_ADDRESS = 0x10_0000
export const ENTRY_ADDRESS = 0x10_0040
export const HALT_ADDRESS = 0x10_004a
export const REQUEST_ADDRESS = 0x9000
export const MEMORY_BYTES = 32 << 20

/** Kernels that are about operands in memory: those to which the goal against libunicorn applies. */
export const memoryKernels = ['memory', 'crc', 'matrix', 'stream', 'chase', 'sort', 'dispatch']

/**
 * Rounds with which every competitor is checked against the others, a few thousand instructions to some ten thousand: the
 * slowest of them runs five million instructions a second.
 */
export const checkRounds = {
  ...{ compute: 2000, memory: 2000, crc: 20, matrix: 2, stream: 10, chase: 3000, strings: 40, branchy: 3000, sort: 6 },
  ...{ calls: 20, indirect: 2000, dispatch: 60, sse: 1000, simd: 1000, scalar: 120, x87: 1000 },
}

export function kernelImage(bits) {
  const bytes = read(`images/built/kernels-${bits}.bin`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = Buffer.from(bytes).toString('latin1')
  if (text.slice(0x20, 0x24) !== 'TKRN') throw new Error(`images/built/kernels-${bits}.bin is no image of the kernels`)
  const names = text
    .slice(view.getUint32(0x28, true) - IMAGE_ADDRESS)
    .split('\0')
    .slice(0, view.getUint32(0x24, true))
  return { bytes, names }
}

/** A request as the bytes that a host puts at REQUEST_ADDRESS. */
export function request(kernel, rounds) {
  const view = new DataView(new ArrayBuffer(12))
  view.setUint32(0, kernel, true)
  view.setUint32(4, rounds, true)
  return new Uint8Array(view.buffer)
}
