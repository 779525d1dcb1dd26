// A core that is wrong in one place, for tests of what compares cores.

import { read } from './images.js'
import { leb128 } from './wrong-compiler.js'

/** The core with another constant in CPUID's answer to leaf 0: "ntel" becomes "ntem". */
export function wrongCore(): WebAssembly.Module {
  const core = Uint8Array.from(read('src/cpu/core.wasm'))
  const constant = leb128(0x6c65746e)
  const at = core.findIndex((_, i) => constant.every((byte, j) => core[i + j] === byte))
  if (at < 0) throw new Error('This core does not hold the constant.')
  core.set(leb128(0x6d65746e), at)
  return new WebAssembly.Module(core)
}
