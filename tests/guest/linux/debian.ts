// Debian's unmodified cloud kernel with Debian's busybox: the files of the packages, and nothing of our own but an init script.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { encodeText, readU32 } from '../../../src/base/index.js'
import { writeCpio } from '../../../src/format/index.js'
import { findLinux, type LinuxView } from '../../../src/guest/index.js'
import { type GuestPort, Machine, MachinePort } from '../../../src/machine/index.js'
import { shippedAssets } from '../../lab/images.js'
import { debianHeadersPath, debianKernelPath } from '../../needs.js'

/** Beginnings of compressed payloads, and what expands them (Documentation/x86/boot.rst, payload_offset). */
const FORMATS: readonly (readonly [magic: number, command: readonly string[]])[] = [
  [0x184c2102, ['lz4', '-dc']],
  [0xfd2fb528, ['zstd', '-dc']],
  [0x587a37fd, ['xz', '-dc', '--single-stream']],
]
const SECTOR = 512

export function bzImage(): Uint8Array {
  return new Uint8Array(readFileSync(debianKernelPath() ?? ''))
}

/** The ELF file inside a bzImage. */
export function vmlinux(image: Uint8Array): Uint8Array {
  const setupSectors = image[0x1f1] || 4
  const start = (setupSectors + 1) * SECTOR + readU32(image, 0x248)
  // Behind the payload the build puts the size of what is in it.
  const payload = image.subarray(start, start + readU32(image, 0x24c) - 4)
  const found = FORMATS.find(([magic]) => magic === readU32(payload, 0))
  if (found === undefined) throw new Error('the kernel is packed in a way that this test does not know')
  const [command = '', ...words] = found[1]
  return new Uint8Array(execFileSync(command, words, { input: payload, maxBuffer: 512 << 20 }))
}

/** busybox as every command, `script` as init, and more programs in /bin. */
export function busyboxInitrd(script: string, programs: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const directory = (name: string) => ({ name, mode: 0o040755, data: new Uint8Array(0) })
  const file = (name: string, data: Uint8Array) => ({ name, mode: 0o100755, data })
  return writeCpio([
    ...['bin', 'dev', 'proc', 'sys'].map(directory),
    file('bin/busybox', new Uint8Array(readFileSync('/bin/busybox'))),
    ...Object.entries(programs).map(([name, bytes]) => file(`bin/${name}`, bytes)),
    file('init', new TextEncoder().encode(`#!/bin/busybox sh\n/bin/busybox --install -s /bin\n${script}`)),
  ])
}

/** The module of this name from the folder module, built as anybody builds one: with the distribution's headers. */
export function buildModule(name: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-module-'))
  try {
    copyFileSync(fileURLToPath(new URL(`module/${name}.c`, import.meta.url)), join(folder, `${name}.c`))
    writeFileSync(join(folder, 'Makefile'), `obj-m := ${name}.o\n`)
    execFileSync('make', ['-s', '-C', debianHeadersPath() ?? '', `M=${folder}`, 'modules'], { stdio: 'pipe' })
    return new Uint8Array(readFileSync(join(folder, `${name}.ko`)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Debian's kernel on our machine, before its first instruction. */
export function debianMachine(image: Uint8Array, initrd: Uint8Array): MachinePort {
  const { coreWasm, firmware } = shippedAssets()
  const append = 'console=ttyS0 quiet'
  const made = Machine.create({ coreWasm, firmware, kernel: image, initrd, append, memoryBytes: 256 << 20 })
  if (!made.ok) throw new Error(made.message)
  return new MachinePort(made.value)
}

/** Runs until the console says it; what it said. */
export async function until(port: GuestPort, said: string, typed?: string): Promise<string> {
  if (typed !== undefined) await port.sendConsole(0, encodeText(typed))
  let text = ''
  const stop = await port.run({
    instructions: 20e9,
    until: ({ bytes }) => {
      text += String.fromCharCode(...bytes)
      return text.includes(said)
    },
  })
  expect(stop, text).toEqual({ reason: 'output' })
  return text
}

export async function linux(port: GuestPort): Promise<LinuxView> {
  const found = await findLinux(port)
  if (found === undefined) throw new Error('no Linux')
  return found
}
