// The part of the library that needs Node: reading the files that the package ships, threads, and the toolchain.
//
//   import { runDemo } from 'transplant'
//   import { readAssets } from 'transplant/node'
//
//   const report = await runDemo({ assets: readAssets() })

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DemoAssets } from './lab/index.js'

export * from './node/index.js'
export * from './toolchain/index.js'

const built = new URL('../images/built/', import.meta.url)

function read(url: URL): Uint8Array {
  return new Uint8Array(readFileSync(fileURLToPath(url)))
}

/** Everything that a machine and the demonstration need: the CPU core and the built images. */
export function readAssets(): DemoAssets {
  return {
    coreWasm: read(new URL('./cpu/core.wasm', import.meta.url)),
    firmware: read(new URL('firmware.bin', built)),
    kernel: read(new URL('scion-1.0.elf', built)),
    nextKernel: read(new URL('scion-1.1.elf', built)),
    initrd: read(new URL('initramfs.cpio', built)),
    patchModule: read(new URL('patches/demo.ko', built)),
  }
}
