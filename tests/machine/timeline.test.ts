// To any earlier instant of a run of the real guest: the state there is the one of the first time, and the way there is bounded.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Random, virtAddr } from '../../src/base/index.js'
import { parseElf } from '../../src/format/index.js'
import { Checkpoints } from '../../src/machine/checkpoints.js'
import { type CheckpointLimits, footprint, Machine, type Position, Timeline } from '../../src/machine/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => new Uint8Array(readFileSync(join(root, path)))
const coreWasm = new WebAssembly.Module(read('src/cpu/core.wasm'))
const kernel = read('images/built/scion-1.0.elf')
const INTERVAL = 200_000
const RESOLUTION = 16

function boot(vcpus: number): Machine {
  const made = Machine.create({
    coreWasm,
    firmware: read('images/built/firmware.bin'),
    kernel,
    initrd: read('images/built/initramfs.cpio'),
    vcpus,
    seed: 11,
    memoryBytes: 64 << 20,
  })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

function symbol(name: string): ReturnType<typeof virtAddr> {
  const parsed = parseElf(kernel)
  if (!parsed.ok) throw new Error(parsed.message)
  const found = parsed.value.symbols.find((one) => one.name === name)
  if (found === undefined) throw new Error(`the kernel has no ${name}`)
  return virtAddr(found.value)
}

const type = (machine: Machine, text: string): void => machine.sendConsole(0, new TextEncoder().encode(text))

interface Seen {
  readonly position: Position
  readonly instructions: number
  readonly hash: string
}

/** A boot with lines typed at odd instants, and what the state was at many of them. */
class Journey {
  readonly machine: Machine
  readonly timeline: Timeline
  readonly seen: Seen[] = []

  constructor(vcpus: number, limits: CheckpointLimits) {
    this.machine = boot(vcpus)
    this.timeline = new Timeline(this.machine, limits)
    const random = new Random(5)
    for (const line of [
      '',
      'uname -a; ec',
      'ho $((6 * 7))\n',
      '',
      'seq 300 | grep 7 | wc\n',
      'counter 5 1000 &\n',
      'ps\n',
    ]) {
      type(this.machine, line)
      for (let leg = 0; leg < 12; leg++) {
        this.timeline.run({ instructions: 1 + random.below(400_000) })
        this.look()
      }
      this.timeline.step(this.runnable(), 1 + random.below(5))
      this.look()
    }
  }

  private runnable(): number {
    return this.machine.activity(0) === 'running' ? 0 : 1
  }

  private look(): void {
    const { machine, timeline } = this
    const { instructions } = machine.statistics
    this.seen.push({ position: timeline.position, instructions, hash: machine.hash() })
  }
}

let journey: Journey
beforeAll(() => {
  journey = new Journey(2, { interval: INTERVAL, resolution: RESOLUTION })
})
afterAll(() => journey.timeline.dispose())

/** Machine time executed by `work`. */
function executed(machine: Machine, work: () => void): number {
  const original = machine.restore.bind(machine)
  let done = 0
  let from = machine.now
  machine.restore = (snapshot) => {
    done += machine.now - from
    original(snapshot)
    from = machine.now
  }
  work()
  machine.restore = original
  return done + machine.now - from
}

describe('a timeline', () => {
  it('goes to any instant seen before, in any order, and the state is the same', () => {
    const { machine, timeline, seen } = journey
    const random = new Random(3)
    for (let i = 0; i < 60; i++) {
      const { position, hash } = seen[random.below(seen.length)] as Seen
      const cost = executed(machine, () => timeline.goTo(position))
      expect(timeline.position).toEqual(position)
      expect(machine.hash()).toBe(hash)
      expect(cost).toBeLessThanOrEqual(timeline.bound(position.time))
    }
  })

  it('goes to instants that nobody looked at, the same from wherever one comes', () => {
    const { machine, timeline } = journey
    const random = new Random(4)
    const times = Array.from({ length: 20 }, () => random.below(timeline.end.time))
    const hashes = times.map((time) => {
      timeline.goTo(time)
      expect(machine.now).toBe(time)
      return machine.hash()
    })
    for (let i = 19; i >= 0; i--) {
      timeline.goTo(times[i] as number)
      expect(machine.hash()).toBe(hashes[i])
    }
    // And as in a run of its own, without a timeline and without what was typed later.
    const first = journey.seen.find((one) => one.position.inputs > 1) as Seen
    const time = times.find((one) => one < first.position.time - 500_000) ?? 400_000
    const plain = boot(2)
    plain.run({ instructions: time })
    timeline.goTo(time)
    expect(machine.hash()).toBe(plain.hash())
  })

  it('repeats what happened when it runs on from an earlier instant, what was typed included', () => {
    const { timeline, machine, seen } = journey
    const random = new Random(6)
    for (let i = 0; i < 10; i++) {
      const from = random.below(seen.length - 30)
      timeline.goTo((seen[from] as Seen).position)
      for (let k = from + 1; k < from + 16; k++) {
        const { position, hash } = seen[k] as Seen
        timeline.run({ instructions: position.time - machine.now })
        timeline.goTo(position) // begins the slices and gives the input of that very instant
        expect(machine.hash()).toBe(hash)
      }
    }
  })

  it('steps back by instructions, however much time was skipped between', () => {
    const { timeline, machine, seen } = journey
    const random = new Random(7)
    for (let i = 0; i < 20; i++) {
      const { position, instructions } = seen[20 + random.below(seen.length - 20)] as Seen
      timeline.goTo(position)
      const back = 1 + random.below(i < 10 ? 10 : 300_000)
      timeline.stepBack(back)
      expect(machine.statistics.instructions).toBe(instructions - back)
      const hash = machine.hash()
      timeline.goTo(timeline.position)
      expect(machine.hash()).toBe(hash)
    }
  })

  it('steps one vCPU back, over whatever the others did since', () => {
    const { timeline, machine, seen } = journey
    timeline.goTo((seen[40] as Seen).position)
    for (let cpu = 0; cpu < machine.vcpus; cpu++) {
      const retired = machine.statistics.retired[cpu] as number
      expect(timeline.stepBackOn(cpu)).toBe(true)
      expect(machine.statistics.retired[cpu]).toBe(retired - 1)
    }
    timeline.goTo(0)
    expect(timeline.stepBackOn(0)).toBe(false)
  })

  it('steps back again and again without executing the whole way each time', () => {
    const { timeline, machine, seen } = journey
    timeline.goTo((seen[50] as Seen).position)
    const { instructions } = machine.statistics
    const states: { position: Position; hash: string }[] = []
    const cost = executed(machine, () => {
      for (let back = 1; back <= 1000; back++) {
        timeline.stepBack()
        expect(machine.statistics.instructions).toBe(instructions - back)
        if (back % 50 === 0) states.push({ position: timeline.position, hash: machine.hash() })
      }
    })
    expect(cost).toBeLessThan(2 * timeline.bound(timeline.position.time) + 1000 * 256)
    for (const { position, hash } of states) {
      timeline.goTo(0)
      timeline.goTo(position)
      expect(machine.hash()).toBe(hash)
    }
  })

  it('runs back to the last call of a function, as a run forward finds it', () => {
    const { timeline, machine } = journey
    const address = symbol('kernel_clone')
    // All calls, by running the whole journey again.
    timeline.goTo(0)
    const calls: number[] = []
    const breakpoint = machine.setBreakpoint(address)
    while (machine.now < timeline.end.time) {
      const stop = timeline.run({ instructions: timeline.end.time - machine.now })
      if (stop.reason === 'breakpoint') calls.push(machine.now)
    }
    breakpoint.dispose()
    expect(calls.length).toBeGreaterThan(3)
    for (const time of [...calls].reverse()) {
      const cpu = timeline.runBack(address)?.cpu ?? Number.NaN
      expect(machine.now).toBe(time)
      expect(machine.registers(cpu).rip).toBe(address)
    }
    const before = machine.hash()
    expect(timeline.runBack(address)).toBeUndefined()
    expect(machine.hash()).toBe(before)
  })

  it('runs back to the last instant at which something held', () => {
    const { timeline, machine, seen } = journey
    timeline.goTo((seen[40] as Seen).position)
    const target = machine.now - 3_000
    expect(timeline.runBack((m) => m.now % 1_000_000 === target % 1_000_000)).toEqual({ cpu: undefined })
    expect(machine.now).toBe(target)
  })

  it('begins another future where something else is typed, and forgets the old one', () => {
    const { timeline, machine, seen } = journey
    const at = seen.at(-30) as Seen
    const old = seen.at(-1) as Seen
    timeline.goTo(at.position)
    type(machine, 'echo other\n')
    timeline.run({ instructions: 3_000_000 })
    const hash = machine.hash()
    const { position } = timeline
    expect(timeline.end).toEqual(position)
    expect(hash).not.toBe(old.hash)
    timeline.goTo(1_000_000)
    timeline.goTo(position)
    expect(machine.hash()).toBe(hash)
    timeline.goTo(at.position)
    expect(machine.hash()).toBe(at.hash)
  })
})

describe('checkpoints', () => {
  it('are as many as the logarithm of the run asks for, and the bound holds at every instant', () => {
    const snapshot = boot(1).snapshot()
    const checkpoints = new Checkpoints({ interval: 1000, resolution: 8 })
    for (let time = 0; time <= 2_000_000; time += 1000) {
      checkpoints.add({ position: { time, slices: 0, inputs: 0 }, instructions: time, snapshot }, 0)
      if (time % 100_000 !== 0) continue
      const times = checkpoints.all.map((one) => one.position.time)
      expect(times[0]).toBe(0)
      for (let i = 1; i < times.length; i++) {
        const last = (times[i] as number) - 1
        expect(last - (times[i - 1] as number)).toBeLessThanOrEqual(checkpoints.bound(last))
      }
      expect(times.length).toBeLessThanOrEqual(2 * 8 * (1 + Math.log(Math.max(8000, time) / 8000)) + 4)
    }
  })

  it('stay within their budget, and the bound says what that costs', () => {
    const machine = boot(2)
    let text = ''
    const prompt = ({ bytes }: { bytes: Uint8Array }): boolean => {
      text += String.fromCharCode(...bytes)
      return text.endsWith('/ # ')
    }
    expect(machine.run({ instructions: 20_000_000, until: prompt })).toEqual({ reason: 'output' })
    type(machine, 'for w in counter pipeline cow files; do $w 100000 > /tmp/$w & done\n')
    machine.run({ instructions: 20_000_000 })
    const begin = machine.now
    const alone = footprint([machine.snapshot()]).bytes
    const budgetBytes = alone + (4 << 20)
    const timeline = new Timeline(machine, { interval: 5000, resolution: 1024, budgetBytes })
    const hashes: { position: Position; hash: string }[] = []
    for (let i = 0; i < 20; i++) {
      timeline.run({ instructions: 200_000 })
      hashes.push({ position: timeline.position, hash: machine.hash() })
    }
    expect(timeline.bytes).toBeLessThanOrEqual(budgetBytes)
    expect(timeline.end.time).toBe(begin + 4_000_000)
    expect(timeline.bound(begin)).toBeGreaterThan(5000)
    for (const { position, hash } of hashes.reverse()) {
      const cost = executed(machine, () => timeline.goTo(position))
      expect(machine.hash()).toBe(hash)
      expect(cost).toBeLessThanOrEqual(timeline.bound(position.time))
    }
  })
})
