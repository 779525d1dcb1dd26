// The images that the package ships, and the machine's core, for tests that run whole guests.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MachineSession, type MachineSessionOptions } from '../../src/guest/index.js'
import type { DemoAssets } from '../../src/lab/index.js'
import type { MachineOptions } from '../../src/machine/index.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where the images lie: the committed ones, or others to be tested with the same tests. */
const images = process.env['TRANSPLANT_IMAGES'] ?? `${root}images/built`
/** The core: the one that is shipped, or another to be tested with the same tests. */
let core = process.env['TRANSPLANT_CORE'] ?? `${root}src/cpu/core.wasm`

/** From now on, for all that have not read it yet. */
export function useCore(path: string): void {
  core = path
}

/** The path of an image. */
export const imagePath = (name: string): string => `${images}/${name}`

/** A file by its path in the repository, or by its absolute one. */
export function read(path: string): Uint8Array {
  const place = path.startsWith('/') ? path : `${root}${path}`
  return new Uint8Array(
    readFileSync(place.replace(`${root}images/built`, images).replace(`${root}src/cpu/core.wasm`, core)),
  )
}

export function shippedAssets(): DemoAssets {
  return {
    coreWasm: read('src/cpu/core.wasm'),
    firmware: read('images/built/firmware.bin'),
    kernel: read('images/built/scion-1.0.elf'),
    nextKernel: read('images/built/scion-1.1.elf'),
    initrd: read('images/built/initramfs.cpio'),
    patchModule: read('images/built/patches/demo.ko'),
  }
}

/** A booted guest with two vCPUs and the shipped initramfs. */
export async function bootGuest(
  options: Partial<MachineOptions> = {},
  session: MachineSessionOptions = {},
): Promise<MachineSession> {
  const booted = await MachineSession.boot(
    {
      coreWasm: read('src/cpu/core.wasm'),
      firmware: read('images/built/firmware.bin'),
      kernel: read('images/built/scion-1.0.elf'),
      initrd: read('images/built/initramfs.cpio'),
      append: 'console=ttyS0',
      vcpus: 2,
      onReset: 'stop',
      ...options,
    },
    { limit: 20e9, ...session },
  )
  if (!booted.ok) throw new Error(booted.message)
  return booted.value
}
