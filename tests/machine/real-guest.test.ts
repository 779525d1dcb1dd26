// What machine.test.ts shows of small programs, of the real guest: kernel, shell and workloads on several vCPUs. The same seed and
// input give the same state, however the run is cut, saved, moved to another machine or repeated from a recording.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  decodeSnapshot,
  encodeSnapshot,
  Machine,
  type MachineOptions,
  Recorder,
  replay,
} from '../../src/machine/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => new Uint8Array(readFileSync(join(root, path)))
const coreWasm = new WebAssembly.Module(read('src/cpu/core.wasm'))
const images = {
  firmware: read('images/built/firmware.bin'),
  kernel: read('images/built/scion-1.0.elf'),
  initrd: read('images/built/initramfs.cpio'),
}
const MILLION = 1_000_000
const BOOT = 1_000 * MILLION
const WORK = 60 * MILLION

const workloads = 'for w in counter pipeline signals timers cow files fpu; do $w 100000 > /tmp/$w & done\n'

function create(options: Partial<MachineOptions> = {}): Machine {
  const made = Machine.create({ coreWasm, ...images, vcpus: 2, seed: 7, memoryBytes: 64 << 20, ...options })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

const type = (machine: Machine, text: string) => machine.sendConsole(0, new TextEncoder().encode(text))

/** Boots to the prompt and sets all workloads to work. */
function atWork(options: Partial<MachineOptions> = {}): Machine {
  const machine = create(options)
  let text = ''
  machine.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += String.fromCharCode(...bytes)
  })
  const prompt = () => machine.run({ instructions: BOOT, until: () => text.endsWith('/ # ') })
  expect(prompt()).toEqual({ reason: 'output' })
  text = ''
  type(machine, workloads)
  expect(prompt()).toEqual({ reason: 'output' })
  return machine
}

function hashAfter(machine: Machine, instructions: number): string {
  expect(machine.run({ instructions })).toEqual({ reason: 'limit' })
  return machine.hash()
}

describe('the real guest', () => {
  it.each([300, 5000, 70_000])('with the same seed and input reaches the same state, in slices of %i', (meanSlice) => {
    const whole = atWork({ meanSlice })
    const hash = hashAfter(whole, WORK)
    expect(whole.statistics.retired.every((count) => count > MILLION)).toBe(true)

    const cut = atWork({ meanSlice })
    for (let piece = 1; cut.now < whole.now; piece = (piece * 7 + 3) % 1_999_993) {
      cut.run({ instructions: Math.min(piece, whole.now - cut.now) })
    }
    expect(cut.now).toBe(whole.now)
    expect(cut.hash()).toBe(hash)

    expect(hashAfter(atWork({ meanSlice, seed: 8 }), WORK)).not.toBe(hash)
  })

  it('saved in the midst of its work and restored, to memory and through a file, goes on as if undisturbed', () => {
    const undisturbed = hashAfter(atWork(), 2 * WORK)
    const machine = atWork()
    machine.run({ instructions: WORK })
    const snapshot = machine.snapshot()
    const file = encodeSnapshot(snapshot)
    expect(hashAfter(machine, WORK)).toBe(undisturbed)

    machine.restore(snapshot)
    expect(hashAfter(machine, WORK)).toBe(undisturbed)

    const decoded = decodeSnapshot(file)
    if (!decoded.ok) throw new Error(decoded.message)
    const elsewhere = new Machine(decoded.value.configuration, coreWasm)
    elsewhere.restore(decoded.value)
    expect(hashAfter(elsewhere, WORK)).toBe(undisturbed)
  })

  it('repeats a shell session from its recording', () => {
    const machine = create({ vcpus: 3 })
    const recorder = new Recorder(machine)
    // Typed at odd moments, also while the kernel still boots and while programs run.
    for (const line of ['uname -a', 'seq 300 | grep 7 | wc', 'usertests -q', 'counter 5 1000 & ls -l /bin', 'ps']) {
      machine.run({ instructions: 5_432_123 })
      recorder.checkpoint()
      type(machine, `${line}\n`)
    }
    machine.run({ instructions: WORK })
    const recording = recorder.finish()
    expect(recording.inputs).toHaveLength(5)
    const verdict = replay(new Machine(recording.start.configuration, coreWasm), recording)
    expect(verdict).toEqual({ ok: true, value: { time: recording.end.time, hash: recording.end.hash } })
  })

  it('run one instruction at a time, with a vCPU switch after each, gets to the same state as in one run', () => {
    const machine = atWork()
    machine.reseed(3, 1)
    const snapshot = machine.snapshot()
    const steps = 200_000
    const whole = hashAfter(machine, steps)
    machine.restore(snapshot)
    for (let i = 0; i < steps; i++) machine.run({ instructions: 1 })
    expect(machine.hash()).toBe(whole)
    // On with the finest interleaving until the guest has printed.
    type(machine, 'echo $((6 * 7))\n')
    let text = ''
    machine.onConsole(({ channel, bytes }) => {
      if (channel === 0) text += String.fromCharCode(...bytes)
    })
    machine.run({ instructions: 60 * MILLION, until: () => text.includes('\n42\r\n') })
    expect(text).toContain('\n42\r\n')
  })
})
