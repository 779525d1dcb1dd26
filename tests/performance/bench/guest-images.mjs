// What both whole machines boot: the committed kernel, and the committed initramfs with the patch of getpid and the next kernel
// appended as a second archive.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeCpio } from '../../../dist/format/index.js'
import { path, read } from './kernel-image.mjs'

export const kernelPath = path('images/built/scion-1.0.elf')
export const commandLine = 'console=ttyS0 quiet'
export const PATCH_COMMAND = 'insmod /lib/modules/klp-syscall.ko'
export const UPGRADE_COMMAND = 'kexec -l /boot/scion-1.1 && kexec -e'
export const UPGRADED_RELEASE = /\b1\.1/

export function initrd() {
  const directory = (name) => ({ name, mode: 0o040755, data: new Uint8Array() })
  const file = (name, from) => ({ name, mode: 0o100644, data: read(from) })
  const more = writeCpio([
    directory('lib/modules'),
    file('lib/modules/klp-syscall.ko', 'images/built/patches/klp-syscall.ko'),
    directory('boot'),
    file('boot/scion-1.1', 'images/built/scion-1.1.elf'),
  ])
  return new Uint8Array(Buffer.concat([read('images/built/initramfs.cpio'), more]))
}

/** A file of these bytes, for a program that wants a path; gone when this process ends. */
export function temporaryFile(bytes) {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const name = join(folder, 'initrd')
  writeFileSync(name, bytes)
  return name
}
