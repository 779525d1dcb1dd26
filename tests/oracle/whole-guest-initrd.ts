// The committed initramfs with two things appended, as a second cpio archive: the patch corpus in /lib/modules, and the next kernel
// in /boot. Both consoles that are compared get the very same file.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeCpio } from '../../src/format/index.js'
import { buildPatches } from '../../src/toolchain/index.js'
import { root } from './whole-guest.js'

export const scion10 = join(root, 'images/built/scion-1.0.elf')
export const scion11 = join(root, 'images/built/scion-1.1.elf')

/** Where the next kernel is inside the guest. */
export const NEXT_KERNEL = '/boot/scion-1.1'

/** Writes `initrd` into `folder` and gives its path. */
export async function createWholeInitrd(folder: string, kernel = scion10): Promise<string> {
  const directory = (name: string) => ({ name, mode: 0o040755, data: new Uint8Array() })
  const file = (name: string, path: string) => ({ name, mode: 0o100644, data: new Uint8Array(readFileSync(path)) })
  const built = await buildPatches({ kernelPath: kernel, out: join(folder, 'ko') })
  const entries = [
    directory('lib/modules'),
    ...built.map(({ path }) => file(`lib/modules/${path.replace(/^.*\//, '')}`, path)),
    directory('boot'),
    file(NEXT_KERNEL.slice(1), scion11),
  ]
  const initrd = join(folder, 'initrd')
  writeFileSync(initrd, Buffer.concat([readFileSync(join(root, 'images/built/initramfs.cpio')), writeCpio(entries)]))
  return initrd
}
