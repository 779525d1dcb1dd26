// The images that the page ships: what fetchAssets gives, and the patch modules.

import { fetchAssets } from '../assets.js'
import type { ShippedImages } from './protocol.js'

const modules: Readonly<Record<string, URL>> = {
  'demo.ko': new URL('../../../images/built/patches/demo.ko', import.meta.url),
  'livepatch-sample.ko': new URL('../../../images/built/patches/livepatch-sample.ko', import.meta.url),
  'assembled-cmdline.ko': new URL('../../../images/built/patches/assembled-cmdline.ko', import.meta.url),
  'klp-callbacks.ko': new URL('../../../images/built/patches/klp-callbacks.ko', import.meta.url),
  'klp-replace.ko': new URL('../../../images/built/patches/klp-replace.ko', import.meta.url),
  'klp-shadow.ko': new URL('../../../images/built/patches/klp-shadow.ko', import.meta.url),
  'klp-stack.ko': new URL('../../../images/built/patches/klp-stack.ko', import.meta.url),
  'klp-syscall.ko': new URL('../../../images/built/patches/klp-syscall.ko', import.meta.url),
  'klp-target.ko': new URL('../../../images/built/patches/klp-target.ko', import.meta.url),
}

export async function fetchShipped(): Promise<ShippedImages> {
  const fetched = Object.entries(modules).map(async ([name, url]) => {
    const answer = await fetch(url)
    return [name, new Uint8Array(await answer.arrayBuffer())] as const
  })
  const [{ coreWasm, firmware, kernel, nextKernel, initrd }, ...files] = await Promise.all([fetchAssets(), ...fetched])
  return { coreWasm, firmware, kernel, nextKernel, initrd, modules: Object.fromEntries(files) }
}
