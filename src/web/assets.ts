// What the package ships, as a page fetches it: addresses that a bundler finds and makes its own.

import { bundledAddress, TransplantError } from '../base/index.js'

const bundled = {
  coreWasm: new URL('../cpu/core.wasm', import.meta.url),
  firmware: new URL('../../images/built/firmware.bin', import.meta.url),
  kernel: new URL('../../images/built/scion-1.0.elf', import.meta.url),
  nextKernel: new URL('../../images/built/scion-1.1.elf', import.meta.url),
  initrd: new URL('../../images/built/initramfs.cpio', import.meta.url),
  patchModule: new URL('../../images/built/patches/demo.ko', import.meta.url),
} as const

const packaged: Readonly<Record<keyof typeof bundled, string>> = {
  coreWasm: 'dist/cpu/core.wasm',
  firmware: 'images/built/firmware.bin',
  kernel: 'images/built/scion-1.0.elf',
  nextKernel: 'images/built/scion-1.1.elf',
  initrd: 'images/built/initramfs.cpio',
  patchModule: 'images/built/patches/demo.ko',
}
const names = Object.keys(bundled) as (keyof typeof bundled)[]

/** Addresses of the CPU core and of the built images. */
export const assetUrls = Object.fromEntries(
  names.map((name) => [name, bundledAddress(bundled[name].href, import.meta.url, `transplant/${packaged[name]}`)]),
) as Readonly<Record<keyof typeof bundled, string>>

/** The contents of `assetUrls`, as `readAssets` of `transplant/node` gives them. */
export type Assets = Readonly<Record<keyof typeof assetUrls, Uint8Array>>

/** Fetches everything that a machine and the demonstration need. Throws ASSET_MISSING with the address and the status. */
export async function fetchAssets(): Promise<Assets> {
  const contents = await Promise.all(names.map((name) => fetchAsset(assetUrls[name])))
  return Object.fromEntries(names.map((name, i) => [name, contents[i]])) as Assets
}

async function fetchAsset(url: string): Promise<Uint8Array> {
  const answer = await fetch(url)
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer())
  throw new TransplantError(
    'ASSET_MISSING',
    `${url} cannot be fetched: HTTP ${answer.status}.`,
    "Serve the package's dist/ and images/built/ beside each other, or bundle them.",
  )
}
