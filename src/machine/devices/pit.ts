// The 8254 interval timer (ports 40H-43H) and the system control port 61H that gates its channel 2.
//
// Counters are not ticked: each remembers when it was loaded, and its value and output follow from the virtual time by
// the 1.193182 MHz input clock. Channel 0's output drives interrupt 0; only its rising edges need a timer. All six modes,
// latch and read-back commands, byte and word access, BCD. Source: Intel 8254 data sheet.

import type { Clock, Savable, StateReader, StateWriter, Timer } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { InterruptLine } from './interrupt-lines.js'

export const PIT_HZ = 1_193_182
const NANOSECONDS = 1_000_000_000

function ticksAt(time: number): number {
  // 2^53 / 1.2e6 leaves 7.5e9 ns before the product would be inexact, so seconds and the rest are converted apart.
  const seconds = Math.floor(time / NANOSECONDS)
  return seconds * PIT_HZ + Math.floor(((time - seconds * NANOSECONDS) * PIT_HZ) / NANOSECONDS)
}

/** The first instant at which `ticksAt` is at least `tick`. */
function timeOfTick(tick: number): number {
  const seconds = Math.floor(tick / PIT_HZ)
  return seconds * NANOSECONDS + Math.ceil(((tick - seconds * PIT_HZ) * NANOSECONDS) / PIT_HZ)
}

function toBcd(value: number): number {
  let result = 0
  for (let i = 0, rest = value; i < 4; i++, rest = Math.floor(rest / 10)) result |= (rest % 10) << (4 * i)
  return result
}

function fromBcd(value: number): number {
  return (value & 15) + ((value >>> 4) & 15) * 10 + ((value >>> 8) & 15) * 100 + ((value >>> 12) & 15) * 1000
}

class Channel {
  mode = 0
  access = 3 // 1 low byte, 2 high byte, 3 low then high
  bcd = false
  reload = 0x10000
  /** A count was written and the channel counts (or waits for its gate's rising edge in modes 1 and 5). */
  loaded = false
  triggered = false
  gate = true
  startTick = 0
  /** Ticks counted when the gate went low, in the modes where that stops the count. */
  heldAt = -1
  writeHigh = false
  writeLatch = 0
  readHigh = false
  countLatch = -1
  statusLatch = -1

  get modulus(): number {
    return this.bcd ? 10000 : 0x10000
  }

  /** Whether the count runs at all. */
  get running(): boolean {
    return this.loaded && (this.mode === 1 || this.mode === 5 ? this.triggered : true)
  }

  elapsed(tick: number): number {
    return this.heldAt >= 0 ? this.heldAt : tick - this.startTick
  }

  count(tick: number): number {
    if (!this.running) return this.reload % this.modulus
    const elapsed = this.elapsed(tick)
    let value: number
    if (this.mode === 2) value = this.reload - (elapsed % this.reload)
    else if (this.mode === 3) {
      // The counter steps by two, through the reload value twice a period.
      const half = elapsed % this.reload
      const firstHalf = Math.ceil(this.reload / 2)
      value = half < firstHalf ? this.reload - 2 * half : this.reload - 2 * (half - firstHalf)
      value = Math.max(2, value - (value & 1))
    } else value = this.reload - elapsed
    return ((value % this.modulus) + this.modulus) % this.modulus
  }

  output(tick: number): boolean {
    if (!this.running) return this.mode !== 0
    const elapsed = this.elapsed(tick)
    switch (this.mode) {
      case 0:
      case 1:
        return elapsed >= this.reload
      case 2:
        return !this.gate || elapsed % this.reload !== this.reload - 1
      case 3:
        return !this.gate || elapsed % this.reload < Math.ceil(this.reload / 2)
      default:
        return elapsed !== this.reload // strobes: low for one tick when the count ends
    }
  }

  /** The tick of the next rising edge of the output after `tick`; -1 if there is none. */
  nextRise(tick: number): number {
    if (!this.running || this.heldAt >= 0) return -1
    const elapsed = tick - this.startTick
    if (this.mode === 2 || this.mode === 3) {
      if (!this.gate) return -1
      return this.startTick + (Math.floor(elapsed / this.reload) + 1) * this.reload
    }
    const end = this.mode >= 4 ? this.reload + 1 : this.reload
    return elapsed < end ? this.startTick + end : -1
  }

  setGate(gate: boolean, tick: number): void {
    if (gate === this.gate) return
    const counted = this.elapsed(tick)
    this.gate = gate
    if (this.mode === 1 || this.mode === 5) {
      if (gate) {
        this.triggered = true
        this.startTick = tick
      }
    } else if (gate) {
      // Modes 2 and 3 start over on a rising gate; 0 and 4 go on where they stopped.
      this.startTick = this.mode === 2 || this.mode === 3 ? tick : tick - Math.max(0, this.heldAt)
      this.heldAt = -1
    } else this.heldAt = counted
  }

  load(value: number, tick: number): void {
    const count = this.bcd ? fromBcd(value) : value
    this.reload = count === 0 ? this.modulus : count
    this.loaded = true
    if (this.mode === 1 || this.mode === 5) return // the gate starts it
    this.startTick = tick
    this.heldAt = this.gate ? -1 : 0
  }
}

export class Pit implements Savable, PortHandler {
  readonly tag = 'pit'
  readonly version = 1
  readonly width = 1
  private channels = [new Channel(), new Channel(), new Channel()] as const
  private speaker = false
  private readonly clock: Clock
  private readonly line: InterruptLine
  private readonly timer: Timer

  constructor(bus: Bus, clock: Clock, line: InterruptLine) {
    this.clock = clock
    this.line = line
    this.timer = clock.createTimer('pit channel 0', () => this.channelZeroRises())
    this.channels[2].gate = false
    bus.mapPorts(0x40, 4, this)
    bus.mapPorts(0x61, 1, this)
  }

  reset(): void {
    this.channels = [new Channel(), new Channel(), new Channel()]
    this.channels[2].gate = false
    this.speaker = false
    this.timer.disarm()
    this.line.set(false)
  }

  private get tick(): number {
    return ticksAt(this.clock.now)
  }

  private updateLine(): void {
    const channel = this.channels[0]
    const tick = this.tick
    this.line.set(channel.output(tick))
    const rise = channel.nextRise(tick)
    if (rise < 0) this.timer.disarm()
    else this.timer.arm(timeOfTick(rise))
  }

  private channelZeroRises(): void {
    // The low phase may lie wholly between two looks: show it, so that the controllers see the edge.
    this.line.set(false)
    this.updateLine()
  }

  read(port: number): number {
    if (port === 0x61) {
      const channel = this.channels[2]
      // Bit 4 is the refresh toggle, every 15.085 us; old delay loops watch it.
      const refresh = Math.floor(this.clock.now / 15_085) & 1
      return (channel.gate ? 1 : 0) | (this.speaker ? 2 : 0) | (refresh << 4) | (channel.output(this.tick) ? 0x20 : 0)
    }
    if (port === 0x43) return 0xff
    const channel = this.channels[port - 0x40] as Channel
    if (channel.statusLatch >= 0) {
      const status = channel.statusLatch
      channel.statusLatch = -1
      return status
    }
    const latched = channel.countLatch >= 0
    const counted = latched ? channel.countLatch : channel.count(this.tick)
    const value = channel.bcd && !latched ? toBcd(counted) : counted
    if (channel.access === 1 || channel.access === 2) {
      channel.countLatch = -1
      return (channel.access === 1 ? value : value >>> 8) & 0xff
    }
    channel.readHigh = !channel.readHigh
    if (channel.readHigh) return value & 0xff
    channel.countLatch = -1
    return (value >>> 8) & 0xff
  }

  write(port: number, _size: number, value: number): void {
    if (port === 0x61) {
      this.speaker = (value & 2) !== 0
      this.channels[2].setGate((value & 1) !== 0, this.tick)
    } else if (port === 0x43) this.command(value)
    else this.writeCount(port - 0x40, value)
  }

  private command(value: number): void {
    if (value >>> 6 === 3) {
      // Read-back: bit 5 clear latches counts, bit 4 clear latches status, bits 3:1 select channels.
      for (let i = 0; i < 3; i++) {
        if ((value & (2 << i)) === 0) continue
        const channel = this.channels[i] as Channel
        if ((value & 0x20) === 0) this.latch(channel)
        if ((value & 0x10) === 0 && channel.statusLatch < 0) {
          const output = channel.output(this.tick) ? 0x80 : 0
          const empty = channel.loaded ? 0 : 0x40
          channel.statusLatch = output | empty | (channel.access << 4) | (channel.mode << 1) | (channel.bcd ? 1 : 0)
        }
      }
      return
    }
    const index = value >>> 6
    const channel = this.channels[index] as Channel
    const access = (value >>> 4) & 3
    if (access === 0) {
      this.latch(channel)
      return
    }
    const mode = (value >>> 1) & 7
    channel.mode = mode > 5 ? mode - 4 : mode // 6 and 7 are 2 and 3
    channel.access = access
    channel.bcd = (value & 1) !== 0
    channel.loaded = false
    channel.triggered = false
    channel.heldAt = -1
    channel.writeHigh = false
    channel.readHigh = false
    channel.countLatch = -1
    channel.statusLatch = -1
    if (index === 0) this.updateLine()
  }

  private latch(channel: Channel): void {
    if (channel.countLatch >= 0) return
    const count = channel.count(this.tick)
    channel.countLatch = channel.bcd ? toBcd(count) : count
  }

  private writeCount(index: number, value: number): void {
    const channel = this.channels[index] as Channel
    let count: number
    if (channel.access === 1) count = value
    else if (channel.access === 2) count = value << 8
    else if (!channel.writeHigh) {
      channel.writeHigh = true
      channel.writeLatch = value
      if (channel.mode === 0) channel.loaded = false // the first byte stops a count in mode 0
      if (index === 0) this.updateLine()
      return
    } else {
      channel.writeHigh = false
      count = channel.writeLatch | (value << 8)
    }
    channel.load(count, this.tick)
    if (index === 0) this.updateLine()
  }

  save(writer: StateWriter): void {
    writer.bool(this.speaker)
    for (const c of this.channels) {
      for (const flag of [c.bcd, c.loaded, c.triggered, c.gate, c.writeHigh, c.readHigh]) writer.bool(flag)
      for (const number of [
        c.mode,
        c.access,
        c.reload,
        c.startTick,
        c.heldAt,
        c.writeLatch,
        c.countLatch,
        c.statusLatch,
      ])
        writer.f64(number)
    }
  }

  load(reader: StateReader): void {
    this.speaker = reader.bool()
    for (const c of this.channels) {
      c.bcd = reader.bool()
      c.loaded = reader.bool()
      c.triggered = reader.bool()
      c.gate = reader.bool()
      c.writeHigh = reader.bool()
      c.readHigh = reader.bool()
      c.mode = reader.f64()
      c.access = reader.f64()
      c.reload = reader.f64()
      c.startTick = reader.f64()
      c.heldAt = reader.f64()
      c.writeLatch = reader.f64()
      c.countLatch = reader.f64()
      c.statusLatch = reader.f64()
    }
  }
}
