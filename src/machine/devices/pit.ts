// The 8254 interval timer (ports 40H-43H) and the system control port 61H that gates its channel 2.
//
// Counters are not ticked: each remembers when it was loaded, and its value and output follow from the virtual time by
// the 1.193182 MHz input clock. Channel 0's output drives interrupt 0; only its rising edges need a timer. All six modes,
// latch and read-back commands, byte and word access, BCD. A new count waits for the end of the period (mode 2), the half
// wave (mode 3) or the next trigger (modes 1 and 5). Source: Intel 8254 data sheet, "Mode definitions".

import type { Clock, Savable, StateReader, StateWriter, Timer } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { InterruptSource } from '../wake.js'
import type { InterruptLine } from './interrupt-lines.js'
import { ticksAt, timeOfTick } from './ticks.js'

export const PIT_HZ = 1_193_182

function toBcd(value: number): number {
  let result = 0
  for (let i = 0, rest = value; i < 4; i++, rest = Math.floor(rest / 10)) result |= (rest % 10) << (4 * i)
  return result
}

function fromBcd(value: number): number {
  return (value & 15) + ((value >>> 4) & 15) * 10 + ((value >>> 8) & 15) * 100 + ((value >>> 12) & 15) * 1000
}

class Channel {
  /** The control word's low six bits, which the status gives back as they were written. */
  control = 0x30
  mode = 0
  access = 3 // 1 low byte, 2 high byte, 3 low then high
  bcd = false
  /** What the counting element counts down from, and repeats in modes 2 and 3. */
  reload = 0x10000
  /** A count written meanwhile that the counting element has not taken yet; 0 if there is none. */
  next = 0
  /** Modes 2 and 3: when it will. */
  nextTick = 0
  /** A count was written and the channel counts (or waits for its gate's rising edge in modes 1 and 5). */
  loaded = false
  triggered = false
  gate = true
  startTick = 0
  /** Mode 3: whether the wave begins with its high half at `startTick`. */
  startsHigh = true
  /** Ticks counted when the gate went low, in the modes where that stops the count. */
  heldAt = -1
  /** What the counter shows while it does not run. */
  stoppedAt = 0
  writeHigh = false
  writeLatch = 0
  readHigh = false
  countLatch = -1
  statusLatch = -1

  get modulus(): number {
    return this.bcd ? 10000 : 0x10000
  }

  private get isOneShot(): boolean {
    return this.mode === 1 || this.mode === 5
  }

  private get isPeriodic(): boolean {
    return this.mode === 2 || this.mode === 3
  }

  /** Whether the count runs at all. */
  private get running(): boolean {
    return this.loaded && (!this.isOneShot || this.triggered)
  }

  /** A written count has not reached the counting element ("null count"). */
  get isNull(): boolean {
    return !this.running || this.next !== 0
  }

  private elapsed(tick: number): number {
    return this.heldAt >= 0 ? this.heldAt : tick - this.startTick
  }

  /** Takes a new count at the end of the period or half wave in which it was written. */
  private advance(tick: number): void {
    if (this.next === 0 || !this.isPeriodic || this.heldAt >= 0 || tick < this.nextTick) return
    if (this.mode === 3) this.startsHigh = !this.halfAt(this.nextTick - 1).high
    this.startTick = this.nextTick
    this.takeNext()
  }

  private takeNext(): void {
    if (this.next !== 0) this.reload = this.next
    this.next = 0
  }

  /** Mode 3: which half wave it is, how many ticks of it have passed, how many it has. The high one is longer for odd counts. */
  private halfAt(tick: number): { readonly high: boolean; readonly passed: number; readonly length: number } {
    const inPeriod = this.elapsed(tick) % this.reload
    const [high, low] = [Math.ceil(this.reload / 2), Math.floor(this.reload / 2)]
    const first = this.startsHigh ? high : low
    if (inPeriod < first) return { high: this.startsHigh, passed: inPeriod, length: first }
    return { high: !this.startsHigh, passed: inPeriod - first, length: this.reload - first }
  }

  count(tick: number): number {
    if (!this.running) return this.stoppedAt
    this.advance(tick)
    let value: number
    if (this.mode === 2) value = this.reload - (this.elapsed(tick) % this.reload)
    else if (this.mode === 3) value = (this.reload & ~1) - 2 * this.halfAt(tick).passed
    else value = this.reload - this.elapsed(tick)
    return ((value % this.modulus) + this.modulus) % this.modulus
  }

  output(tick: number): boolean {
    if (!this.running) return this.mode !== 0
    this.advance(tick)
    const elapsed = this.elapsed(tick)
    switch (this.mode) {
      case 0:
      case 1:
        return elapsed >= this.reload
      case 2:
        return !this.gate || elapsed % this.reload !== this.reload - 1
      case 3:
        return !this.gate || this.halfAt(tick).high
      default:
        return elapsed !== this.reload // strobes: low for one tick when the count ends
    }
  }

  /** The tick of the next rising edge of the output after `tick`; -1 if there is none. */
  nextRise(tick: number): number {
    if (!this.running || this.heldAt >= 0) return -1
    this.advance(tick)
    const elapsed = tick - this.startTick
    if (this.mode === 2) return this.startTick + (Math.floor(elapsed / this.reload) + 1) * this.reload
    if (this.mode === 3) {
      const { high, passed, length } = this.halfAt(tick)
      const low = Math.floor((this.next === 0 ? this.reload : this.next) / 2)
      return tick - passed + length + (high ? low : 0)
    }
    const end = this.mode >= 4 ? this.reload + 1 : this.reload
    return elapsed < end ? this.startTick + end : -1
  }

  setGate(gate: boolean, tick: number): void {
    if (gate === this.gate) return
    this.advance(tick)
    const counted = this.elapsed(tick)
    this.gate = gate
    if (this.isOneShot) {
      // Each rising edge starts a counted pulse again, with the newest count.
      if (gate && this.loaded) {
        this.triggered = true
        this.startTick = tick
        this.takeNext()
      }
    } else if (!gate) this.heldAt = counted
    else if (this.isPeriodic) this.start(tick)
    else {
      this.startTick = tick - Math.max(0, this.heldAt)
      this.heldAt = -1
    }
  }

  private start(tick: number): void {
    this.takeNext()
    this.startTick = tick
    this.startsHigh = true
    this.heldAt = this.gate ? -1 : 0
  }

  /** The control word: the counter stops until a count comes. */
  program(control: number, tick: number): void {
    this.stop(tick)
    this.control = control
    const mode = (control >>> 1) & 7
    this.mode = mode > 5 ? mode - 4 : mode // 6 and 7 are 2 and 3
    this.access = (control >>> 4) & 3
    this.bcd = (control & 1) !== 0
    this.next = 0
    this.triggered = false
    this.heldAt = -1
    this.writeHigh = false
    this.readHigh = false
    this.countLatch = -1
    this.statusLatch = -1
  }

  stop(tick: number): void {
    this.stoppedAt = this.count(tick)
    this.loaded = false
  }

  /** A new count leaves a period, half wave or one-shot under way as it is; modes 0 and 4 begin again with it. */
  load(value: number, tick: number): void {
    this.advance(tick)
    const count = this.bcd ? fromBcd(value) : value
    this.next = count === 0 ? this.modulus : count
    const wasRunning = this.running
    this.loaded = true
    if (this.isOneShot) {
      if (!wasRunning) this.takeNext() // the gate starts it
    } else if (!wasRunning || !this.isPeriodic) this.start(tick)
    else if (this.mode === 2)
      this.nextTick = this.startTick + (Math.floor(this.elapsed(tick) / this.reload) + 1) * this.reload
    else {
      const { passed, length } = this.halfAt(tick)
      this.nextTick = tick - passed + length
    }
  }
}

const FLAGS = ['bcd', 'loaded', 'triggered', 'gate', 'startsHigh', 'writeHigh', 'readHigh'] as const
const NUMBERS = [
  ...(['control', 'mode', 'access', 'reload', 'next', 'nextTick', 'startTick', 'heldAt', 'stoppedAt'] as const),
  ...(['writeLatch', 'countLatch', 'statusLatch'] as const),
]

export class Pit implements Savable, PortHandler, InterruptSource {
  readonly tag = 'pit'
  readonly version = 3
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

  get isDue(): boolean {
    return this.timer.deadline !== Number.POSITIVE_INFINITY
  }

  readonly awaitsInput = false

  private get tick(): number {
    return ticksAt(this.clock.now, PIT_HZ)
  }

  private updateLine(): void {
    const channel = this.channels[0]
    const tick = this.tick
    this.line.set(channel.output(tick))
    const rise = channel.nextRise(tick)
    if (rise < 0) this.timer.disarm()
    else this.timer.arm(timeOfTick(rise, PIT_HZ))
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
          const empty = channel.isNull ? 0x40 : 0
          channel.statusLatch = output | empty | channel.control
        }
      }
      return
    }
    const index = value >>> 6
    const channel = this.channels[index] as Channel
    if ((value & 0x30) === 0) {
      this.latch(channel)
      return
    }
    channel.program(value & 0x3f, this.tick)
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
      if (channel.mode === 0) channel.stop(this.tick) // the first byte stops a count in mode 0
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
    for (const channel of this.channels) {
      for (const flag of FLAGS) writer.bool(channel[flag])
      for (const number of NUMBERS) writer.f64(channel[number])
    }
  }

  load(reader: StateReader): void {
    this.speaker = reader.bool()
    for (const channel of this.channels) {
      for (const flag of FLAGS) channel[flag] = reader.bool()
      for (const number of NUMBERS) channel[number] = reader.f64()
    }
  }
}
