// The whole machine with the real core: schedule, time, input, stops, snapshots, recordings. The guest is guests/smp.S.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { physAddr, readU32, virtAddr } from '../../src/base/index.js'
import { decodeSnapshot, encodeSnapshot, Machine, MachinePort, Recorder, replay } from '../../src/machine/index.js'
import { smpRom } from './guests/smp.js'

const wasmPath = fileURLToPath(new URL('../../src/cpu/core.wasm', import.meta.url))
if (!existsSync(wasmPath)) throw new Error('src/cpu/core.wasm is missing: run `node tools/build.mjs` first')
const coreWasm = new WebAssembly.Module(readFileSync(wasmPath))
const MIB = 1024 * 1024

interface Shape {
  readonly seed?: number
  readonly vcpus?: number
  readonly meanSlice?: number
  readonly onReset?: 'reboot' | 'stop'
}

function make(shape: Shape = {}): Machine {
  const made = Machine.create({ coreWasm, firmware: smpRom(), memoryBytes: 4 * MIB, vcpus: 2, seed: 1, ...shape })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function console0(machine: Machine): () => string {
  let output = ''
  machine.onConsole(({ channel, bytes }) => {
    if (channel === 0) output += new TextDecoder().decode(bytes)
  })
  return () => output
}

const word = (machine: Machine, address: number): number => readU32(machine.readPhysical(address, 4) as Uint8Array, 0)

describe('the machine', () => {
  it('starts every vCPU by INIT and SIPI, and each runs and takes its timer', () => {
    const machine = make({ vcpus: 4 })
    expect(machine.run({ instructions: 1_000_000 })).toEqual({ reason: 'limit' })
    expect(word(machine, 0x3300)).toBe(4)
    for (let cpu = 0; cpu < 4; cpu++) expect(word(machine, 0x3000 + 4 * cpu)).toBeGreaterThan(20)
    expect(machine.statistics.retired.every((count) => count > 10_000)).toBe(true)
  })

  it('counts exactly: time is retired instructions plus what was skipped', () => {
    const machine = make()
    machine.run({ instructions: 123_457 })
    expect(machine.now).toBe(123_457)
    const { instructions, idle, retired } = machine.statistics
    expect(instructions + idle).toBe(123_457)
    expect(retired.reduce((a, b) => a + b)).toBe(instructions)
  })

  it('same seed and input: same state after N instructions, however the run is cut', () => {
    const whole = make({ seed: 42 })
    whole.run({ instructions: 700_000 })
    const pieces = make({ seed: 42 })
    for (const part of [1, 2, 3, 5_000, 94_994, 200_000, 399_999]) pieces.run({ instructions: part })
    pieces.run({ instructions: 1 })
    expect(pieces.now).toBe(700_000)
    expect(pieces.hash()).toBe(whole.hash())
  })

  it('stops when its signal turns, tells its progress on the way, and goes on to the same state', () => {
    const whole = make({ seed: 42 })
    whole.run({ instructions: 30_000_000 })
    const stopped = make({ seed: 42 })
    const controller = new AbortController()
    const told: number[] = []
    const stop = stopped.run({
      instructions: 30_000_000,
      signal: controller.signal,
      onProgress: ({ instructions, time }) => {
        expect(time).toBe(instructions)
        told.push(instructions)
        if (told.length === 3) controller.abort()
      },
    })
    expect(stop).toEqual({ reason: 'stop-request' })
    expect(told).toEqual([...told].sort((a, b) => a - b))
    // At once: nothing has run since the report in which the signal turned.
    expect(stopped.now).toBe(told[2])
    expect(stopped.run({ instructions: 1, signal: controller.signal })).toEqual({ reason: 'stop-request' })
    expect(stopped.now).toBe(told[2])
    stopped.run({ instructions: 30_000_000 - stopped.now })
    expect(stopped.hash()).toBe(whole.hash())
  })

  it('stops behind a port too when its signal turns', async () => {
    const machine = make({ seed: 42 })
    const controller = new AbortController()
    const told: number[] = []
    const stop = await new MachinePort(machine, { chunk: 100_000 }).run({
      signal: controller.signal,
      onProgress: ({ time }) => {
        told.push(time)
        if (told.length === 4) controller.abort()
      },
    })
    expect(stop).toEqual({ reason: 'stop-request' })
    expect(told).toEqual([100_000, 200_000, 300_000, 400_000])
    expect(machine.now).toBe(400_000)
  })

  it('another seed: another interleaving', () => {
    const [a, b] = [make({ seed: 1 }), make({ seed: 2 })]
    a.run({ instructions: 300_000 })
    b.run({ instructions: 300_000 })
    expect(a.hash()).not.toBe(b.hash())
  })

  it('switches at every instruction when asked, and stays deterministic', () => {
    const run = (): string => {
      const machine = make({ meanSlice: 1, seed: 3 })
      machine.run({ instructions: 100_000 })
      expect(machine.statistics.slices).toBeGreaterThan(40_000)
      return machine.hash()
    }
    expect(run()).toBe(run())
  })

  it('takes input and gives output', () => {
    const machine = make()
    const output = console0(machine)
    machine.run({ instructions: 200_000 })
    machine.sendConsole(0, text('abcde'))
    machine.run({ instructions: 200_000 })
    expect(output()).toBe('abcde')
  })

  it('stops for exit, power-off, reset and triple fault, each with its reason', () => {
    const stopOf = (key: string): unknown => {
      const machine = make({ onReset: 'stop' })
      machine.run({ instructions: 200_000 })
      machine.sendConsole(0, text(key))
      return machine.run({ instructions: 200_000 })
    }
    expect(stopOf('q')).toEqual({ reason: 'exit', status: 7 })
    expect(stopOf('o')).toEqual({ reason: 'power-off' })
    expect(stopOf('r')).toEqual({ reason: 'reset', cause: 'reset-control' })
    expect(stopOf('t')).toMatchObject({ reason: 'reset', cause: 'triple-fault', tripleFault: { cpu: 0, origin: 6 } })
  })

  it('boots again after a reset, time going on', () => {
    const machine = make()
    const causes: string[] = []
    machine.onReset((cause) => causes.push(cause))
    machine.run({ instructions: 200_000 })
    machine.sendConsole(0, text('r'))
    machine.run({ instructions: 300_000 })
    expect(causes).toEqual(['reset-control'])
    expect(word(machine, 0x3300)).toBe(4) // two vCPUs counted themselves twice
    expect(machine.now).toBe(500_000)
  })

  it('skips time while nothing can run, and is idle when nothing is due', () => {
    const alone = make({ vcpus: 1 })
    alone.run({ instructions: 200_000 })
    expect(alone.statistics.idle).toBeGreaterThan(0)
    alone.sendConsole(0, text('h'))
    alone.run({ instructions: 200_000 })
    // Interrupts are off, but the periodic timer still has deadlines: time passes without an instruction.
    const before = alone.statistics.instructions
    alone.run({ instructions: 1_000_000 })
    expect(alone.statistics.instructions).toBe(before)
  })

  it('steps one vCPU while the others stand still', () => {
    const machine = make()
    machine.run({ instructions: 300_000 })
    const before = machine.statistics.retired
    const active = [0, 1].find((cpu) => machine.activity(cpu) === 'running') ?? 0
    expect(machine.step(active, 10)).toEqual({ reason: 'step', cpu: active })
    const after = machine.statistics.retired
    expect((after[active] as number) - (before[active] as number)).toBe(10)
    expect(after[1 - active]).toBe(before[1 - active])
  })
})

describe('snapshots', () => {
  it('restore the exact state, again and again', () => {
    const machine = make({ seed: 9 })
    machine.run({ instructions: 250_000 })
    const snapshot = machine.snapshot()
    const at = machine.hash()
    machine.run({ instructions: 333_333 })
    const later = machine.hash()
    for (let i = 0; i < 3; i++) {
      machine.restore(snapshot)
      expect(machine.hash()).toBe(at)
      machine.run({ instructions: 333_333 })
      expect(machine.hash()).toBe(later)
    }
  })

  it('taking one changes nothing', () => {
    const [with_, without] = [make(), make()]
    for (let i = 0; i < 5; i++) {
      with_.run({ instructions: 50_000 })
      with_.snapshot()
      with_.hash()
    }
    without.run({ instructions: 250_000 })
    expect(with_.hash()).toBe(without.hash())
  })

  it('share pages that did not change', () => {
    const machine = make()
    machine.run({ instructions: 250_000 })
    const first = machine.snapshot()
    machine.run({ instructions: 10_000 })
    const second = machine.snapshot()
    let differing = 0
    first.pages.differences(second.pages, () => differing++)
    expect(differing).toBeGreaterThan(0)
    expect(differing).toBeLessThan(10)
  })

  it('travel as a file to another machine', () => {
    const machine = make({ seed: 5 })
    machine.run({ instructions: 250_000 })
    machine.sendConsole(0, text('baffle'))
    machine.run({ instructions: 500 })
    const file = encodeSnapshot(machine.snapshot())
    expect(file.length).toBeLessThan(600_000)
    const decoded = decodeSnapshot(file)
    if (!decoded.ok) throw new Error(decoded.message)
    const other = new Machine(decoded.value.configuration, coreWasm)
    other.restore(decoded.value)
    expect(other.hash()).toBe(machine.hash())
    const output = console0(other)
    machine.run({ instructions: 100_000 })
    other.run({ instructions: 100_000 })
    expect(other.hash()).toBe(machine.hash())
    expect(output()).toBe('baffle')
  })

  it('are refused when foreign, of another version, or damaged', () => {
    const file = encodeSnapshot(make().snapshot())
    const code = (bytes: Uint8Array): string => {
      const decoded = decodeSnapshot(bytes)
      return decoded.ok ? 'ok' : decoded.code
    }
    expect(code(new Uint8Array(100))).toBe('not-a-snapshot')
    const version = file.slice()
    version[8] = 99
    expect(code(version)).toBe('snapshot-version')
    expect(code(file.subarray(0, file.length - 1))).toBe('snapshot-damaged')
    const flipped = file.slice()
    flipped[file.length - 100] = (flipped[file.length - 100] as number) ^ 1
    expect(code(flipped)).toBe('snapshot-damaged')
    expect(code(file)).toBe('ok')
  })
})

describe('recordings', () => {
  it('repeat a run with its inputs to the same state', () => {
    const machine = make({ seed: 11 })
    machine.run({ instructions: 150_000 })
    const recorder = new Recorder(machine)
    machine.run({ instructions: 12_345 })
    machine.sendConsole(0, text('abc'))
    machine.run({ instructions: 54_321 })
    recorder.checkpoint()
    machine.step(0, 3)
    machine.sendConsole(0, text('r'))
    machine.run({ instructions: 100_000 })
    const recording = recorder.finish()
    const verdict = replay(new Machine(recording.start.configuration, coreWasm), recording)
    expect(verdict).toMatchObject({ ok: true, value: { hash: machine.hash() } })
  })

  it('keep the order of a checkpoint and inputs at the same position', () => {
    const machine = make({ seed: 12 })
    machine.run({ instructions: 100_000 })
    const recorder = new Recorder(machine)
    machine.run({ instructions: 10_000 })
    recorder.checkpoint()
    machine.sendConsole(0, text('a'))
    recorder.checkpoint()
    machine.sendConsole(0, text('b'))
    recorder.checkpoint()
    machine.run({ instructions: 50_000 })
    const recording = recorder.finish()
    const verdict = replay(new Machine(recording.start.configuration, coreWasm), recording)
    expect(verdict).toMatchObject({ ok: true, value: { hash: machine.hash() } })
  })

  it('say when a replay diverges', () => {
    const machine = make()
    machine.run({ instructions: 100_000 })
    const recorder = new Recorder(machine)
    machine.run({ instructions: 1_000 })
    machine.sendConsole(0, text('x'))
    machine.run({ instructions: 50_000 })
    const recording = recorder.finish()
    const forged = { ...recording, inputs: [] }
    expect(replay(new Machine(recording.start.configuration, coreWasm), forged)).toMatchObject({
      ok: false,
      code: 'replay-diverged',
    })
  })
})

describe('the guest port', () => {
  it('reads registers and memory, and refuses to while the guest runs', async () => {
    const machine = make()
    const port = new MachinePort(machine, { chunk: 10_000 })
    expect(await port.run({ instructions: 200_000 })).toEqual({ reason: 'limit' })
    const registers = await port.registers(0)
    expect(registers.rip >> 16n).toBe(0xffffn)
    expect(registers.cs).toBe(8)
    expect(readU32(await port.readPhysical(physAddr(0x3300), 4), 0)).toBe(2)
    expect(readU32(await port.readVirtual(virtAddr(0x3300), 4, { cpu: 0 }), 0)).toBe(2)
    await expect(port.readPhysical(physAddr(0xd000_0000), 4)).rejects.toMatchObject({ code: 'GUEST_NO_MEMORY' })
    const running = port.run({ instructions: 100_000 })
    await expect(port.registers(0)).rejects.toMatchObject({ code: 'GUEST_RUNNING' })
    await running
  })

  it('calls breakpoint handlers before the instruction, and stops when one says so', async () => {
    const machine = make({ vcpus: 1 })
    const port = new MachinePort(machine)
    await port.run({ instructions: 200_000 })
    // Wherever the loop is now, it comes by again.
    const { rip } = await port.registers(0)
    let hits = 0
    const breakpoint = await port.setBreakpoint(rip, async (hit) => {
      expect((await port.registers(hit.cpu)).rip).toBe(rip)
      hits++
      return hits < 3 ? 'continue' : 'stop'
    })
    expect(await port.run({ instructions: 1_000_000 })).toEqual({ reason: 'breakpoint', cpu: 0, address: rip })
    expect(hits).toBe(3)
    breakpoint.dispose()
    expect(await port.run({ instructions: 10_000 })).toEqual({ reason: 'limit' })
  })

  it('breakpoints do not disturb the run', async () => {
    const [watched, free] = [make({ seed: 4 }), make({ seed: 4 })]
    watched.run({ instructions: 200_000 })
    const port = new MachinePort(watched)
    const { rip } = await port.registers(0)
    const breakpoint = await port.setBreakpoint(rip, () => 'continue')
    await port.run({ instructions: 100_000 })
    breakpoint.dispose()
    free.run({ instructions: 300_000 })
    expect(watched.hash()).toBe(free.hash())
  })

  it('stops on request, breathing between chunks', async () => {
    const machine = make()
    let breaths = 0
    const port: MachinePort = new MachinePort(machine, {
      chunk: 10_000,
      breathe: () => {
        breaths++
        if (breaths === 3) void port.stop()
      },
    })
    expect(await port.run()).toEqual({ reason: 'stop-request' })
    expect(breaths).toBe(3)
    expect(machine.now).toBe(30_000)
  })

  it('stops when the output matches', async () => {
    const machine = make()
    const port = new MachinePort(machine)
    await port.run({ instructions: 200_000 })
    await port.sendConsole(0, text('xyz'))
    let seen = ''
    const stop = await port.run({
      instructions: 1_000_000,
      until: ({ bytes }) => {
        seen += new TextDecoder().decode(bytes)
        return seen.includes('y')
      },
    })
    expect(stop).toEqual({ reason: 'output' })
    expect(machine.now).toBeLessThan(300_000)
  })
})
