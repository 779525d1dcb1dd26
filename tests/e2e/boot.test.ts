// A boot as such: how much of it there is, and what the command line makes the console show of it.

import { expect, it } from 'vitest'
import { Machine } from '../../src/machine/index.js'
import { read } from '../lab/images.js'

const PROMPT = /(^|\n)\/ # $/

/** To the prompt; what the console showed, and the instructions it took. */
function boot(append: string) {
  const made = Machine.create({
    coreWasm: read('src/cpu/core.wasm'),
    firmware: read('images/built/firmware.bin'),
    kernel: read('images/built/scion-1.0.elf'),
    initrd: read('images/built/initramfs.cpio'),
    append,
  })
  if (!made.ok) throw new Error(made.message)
  const machine = made.value
  let text = ''
  machine.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += new TextDecoder().decode(bytes).replaceAll('\r', '')
  })
  const run = (until: RegExp) => {
    const stop = machine.run({ instructions: 20_000_000, until: () => until.test(text) })
    expect(stop.reason, text).toBe('output')
  }
  run(PROMPT)
  const { instructions } = machine.statistics
  const kernel = text.split('\n').filter((line) => /^\[ *\d+\.\d+\]/.test(line))
  const command = (line: string) => {
    text = ''
    machine.sendConsole(0, new TextEncoder().encode(`${line}\r`))
    run(PROMPT)
    return text
  }
  return { kernel, instructions, command }
}

it('a boot to the prompt takes not much more than a million instructions', () => {
  const { instructions } = boot('console=ttyS0')
  expect(instructions).toBeLessThan(1_200_000)
})

it('the kernel is quiet where it is asked to be, and its log has everything', () => {
  expect(boot('console=ttyS0').kernel.length).toBeGreaterThan(5)
  const quiet = boot('console=ttyS0 quiet')
  expect(quiet.kernel).toEqual([])
  expect(quiet.command('dmesg')).toMatch(/Scion version 1\.0(.*\n)+.*initramfs: unpacked \d+ entries/)
  expect(quiet.command('echo "<3>from a test" >/dev/kmsg')).toMatch(/\] from a test\n/)
})

it('the console shows messages below the level of the command line', () => {
  const { kernel } = boot('loglevel=6')
  expect(kernel.filter((line) => line.includes('Scion version'))).toHaveLength(1)
  expect(kernel.filter((line) => line.includes('Memory: '))).toHaveLength(0)
})
