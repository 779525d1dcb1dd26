// The host CPU as oracle for the whole stack: the same static ELF runs natively and as a program of Scion, under its
// system calls, its signal frames and its scheduler on two vCPUs; what it prints must be the same bytes.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { concatenateCpio, writeCpio } from '../../src/format/index.js'
import { Machine } from '../../src/machine/index.js'
import { needs } from '../needs.js'
import { native, oraclePath } from './native.js'

const read = (name: string) => new Uint8Array(readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url))))

/** What the program prints on the console of a guest with two vCPUs. */
function inGuest(): string {
  const program = { name: 'bin/oracle', mode: 0o100755, data: new Uint8Array(readFileSync(oraclePath)) }
  const created = Machine.create({
    coreWasm: read('src/cpu/core.wasm'),
    firmware: read('images/built/firmware.bin'),
    kernel: read('images/built/scion-1.0.elf'),
    initrd: concatenateCpio([read('images/built/initramfs.cpio'), writeCpio([program])]),
    append: 'console=ttyS0 quiet',
    vcpus: 2,
    onReset: 'stop',
  })
  if (!created.ok) throw new Error(created.message)
  const machine = created.value
  let text = ''
  machine.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += Buffer.from(bytes).toString('latin1')
  })
  const until = (pattern: RegExp) => {
    while (!pattern.test(text.slice(-200))) {
      const stop = machine.run({ instructions: 2_000_000 })
      if (stop.reason !== 'limit') throw new Error(`the guest stopped (${stop.reason}):\n${text.slice(-2000)}`)
    }
  }
  until(/\/ # $/)
  text = ''
  machine.sendConsole(0, new TextEncoder().encode('oracle\r'))
  until(/\n\/ # $/)
  return text
    .replaceAll('\r', '')
    .replace(/^oracle\n/, '')
    .replace(/\/ # $/, '')
}

needs('x86-64-host')('the host CPU as oracle for a program in the guest', () => {
  it('prints the same bytes natively and in Scion', () => {
    const expected = native()
    const actual = inGuest()
    const differing = expected.split('\n').filter((line, i) => actual.split('\n')[i] !== line)
    expect(differing.slice(0, 5)).toEqual([])
    expect(actual).toBe(expected)
  })
})
