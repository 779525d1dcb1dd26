// The host CPU as oracle for the whole machine: the oracle ELF runs as a program of the guest kernel, under the scheduler,
// demand paging and the kernel's signals, and its console output is compared with what it prints on the host.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { concatenateCpio, writeCpio } from '../../src/format/index.js'
import { Machine } from '../../src/machine/index.js'
import { has } from '../needs.js'
import { emulated, native, oraclePath } from './native.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => new Uint8Array(readFileSync(`${root}/${path}`))

/** What the oracle prints in the guest, or what the console said instead. */
function guest(vcpus: number): string[] {
  const made = Machine.create({
    coreWasm: read('src/cpu/core.wasm'),
    firmware: read('images/built/firmware.bin'),
    kernel: read('images/built/scion-1.0.elf'),
    append: 'console=ttyS0 init=/oracle',
    initrd: concatenateCpio([
      read('images/built/initramfs.cpio'),
      writeCpio([{ name: 'oracle', mode: 0o100755, data: new Uint8Array(readFileSync(oraclePath)) }]),
    ]),
    vcpus,
    onReset: 'stop',
  })
  if (!made.ok) throw new Error(made.message)
  let text = ''
  made.value.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += new TextDecoder('latin1').decode(bytes)
  })
  for (let slice = 0; slice < 100 && !/ forms \d+ cases \d+/.test(text); slice++) {
    const { reason } = made.value.run({ instructions: 100_000_000 })
    if (reason !== 'limit') break
  }
  const lines = text.replaceAll('\r', '').split('\n')
  const printed = lines.filter((line) => /^[0-9a-f]{16} (\d+ |forms )/.test(line))
  return printed.length > 0 ? printed : lines
}

describe('the oracle as a program of the guest kernel', () => {
  it.skipIf(!existsSync(`${root}/images/built/scion-1.0.elf`))('prints the same text as on the host CPU', () => {
    const expected = (has('x86-64-host') ? native() : emulated()).trimEnd().split('\n')
    expect(guest(2)).toEqual(expected)
  })
})
