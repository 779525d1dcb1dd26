// What a guest of the page is made of: the shipped images, with the files for hands in its initial RAM disk.

import { MIB } from '../../../base/index.js'
import { concatenateCpio, writeCpio } from '../../../format/index.js'
import { readKernelImage } from '../../../guest/index.js'
import type { MachineOptions } from '../../../machine/index.js'
import type { BootOptions, ShippedImages } from '../protocol.js'
import { withoutCalls } from './kernel-edits.js'

export const NEXT_KERNEL_PATH = '/boot/scion-1.1'
const MODULE_FOLDER = '/lib/modules'

const directory = (name: string) => ({ name, mode: 0o040755, data: new Uint8Array(0) })
const file = (name: string, data: Uint8Array) => ({ name, mode: 0o100644, data })

/** The shipped RAM disk and, behind it, the files that `transplant run` puts there too. */
export function handsOnInitrd({ initrd, nextKernel, modules }: ShippedImages): Uint8Array {
  const own = writeCpio([
    directory('boot'),
    file(NEXT_KERNEL_PATH.slice(1), nextKernel),
    directory(MODULE_FOLDER.slice(1)),
    ...Object.entries(modules).map(([name, bytes]) => file(`${MODULE_FOLDER.slice(1)}/${name}`, bytes)),
  ])
  return concatenateCpio([initrd, own])
}

/** The machine for a guest: as `transplant run` makes it. */
export function machineOptions(images: ShippedImages, coreWasm: WebAssembly.Module, boot: BootOptions): MachineOptions {
  // Another Scion has the same programs; any other kernel has those that it is given.
  const isScion = boot.kernel === undefined || readKernelImage(boot.kernel).ok
  const initrd = boot.initrd ?? (isScion ? handsOnInitrd(images) : undefined)
  return {
    coreWasm,
    firmware: images.firmware,
    kernel: withoutCalls(boot.kernel ?? images.kernel, boot.leaveOut ?? []),
    append: boot.append ?? 'console=ttyS0',
    vcpus: boot.vcpus ?? 2,
    memoryBytes: (boot.memoryMiB ?? 128) * MIB,
    seed: boot.seed ?? 1,
    onReset: 'stop',
    ...(initrd === undefined ? {} : { initrd }),
    ...(boot.meanSlice === undefined ? {} : { meanSlice: boot.meanSlice }),
  }
}
