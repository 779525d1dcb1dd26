// What a guest that is to be changed brings along: the images, and the files of the change in its initramfs.

import { concatenateCpio, writeCpio } from '../format/index.js'
import type { MachineOptions } from '../machine/index.js'

/** The files that the demonstration needs. */
export interface DemoAssets {
  readonly coreWasm: MachineOptions['coreWasm']
  /** The boot ROM. */
  readonly firmware: Uint8Array
  /** Scion 1.0. */
  readonly kernel: Uint8Array
  /** The kernel to change to. */
  readonly nextKernel: Uint8Array
  /** An initramfs with programs and the agent, as a cpio archive. */
  readonly initrd: Uint8Array
  /** A patch module for `kernel` that changes what /proc/version says. */
  readonly patchModule: Uint8Array
}

/** Where the demonstration's patch module lies in its guest. */
export const MODULE_PATH = '/lib/modules/demo.ko'
/** Where the next kernel lies in the demonstration's guest. */
export const NEXT_KERNEL_PATH = '/boot/scion-next'

/** A folder as an entry of an initial RAM disk. */
export const directory = (name: string) => ({ name, mode: 0o040755, data: new Uint8Array(0) })
/** A file as an entry of an initial RAM disk. */
export const file = (name: string, data: Uint8Array) => ({ name, mode: 0o100644, data })

/** The initramfs with the demonstration's own files behind it, as a second archive. */
export function withDemoFiles(initrd: Uint8Array, patchModule: Uint8Array, nextKernel: Uint8Array): Uint8Array {
  const own = writeCpio([
    directory('lib/modules'),
    file(MODULE_PATH.slice(1), patchModule),
    directory('boot'),
    file(NEXT_KERNEL_PATH.slice(1), nextKernel),
  ])
  return concatenateCpio([initrd, own])
}
