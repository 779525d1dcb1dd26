// The MC146818 real-time clock and its CMOS RAM (ports 70H, 71H; interrupt 8).
//
// The time of day is a fixed epoch given by the configuration plus virtual time: the same in every run. Nothing is ticked:
// time and the flags of register C follow from the virtual time since the divider chain started, and timers are armed only
// for interrupts that are enabled. PF, AF and UF are set whether or not they are. BCD and binary, 12 and 24 hours; setting
// the time moves the offset; UIP is high for 244 us before each update. CMOS tells the memory size as QEMU's does.
// Source: Motorola MC146818 data sheet.

import type { Clock, Savable, StateReader, StateWriter, Timer } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { InterruptSource } from '../wake.js'
import type { InterruptLine } from './interrupt-lines.js'
import { ticksAt, timeOfTick } from './ticks.js'

const REGISTER_A = 10
const REGISTER_B = 11
const REGISTER_C = 12
const REGISTER_D = 13
const CENTURY = 0x32
const B_SET = 0x80
const B_PERIODIC = 0x40
const B_ALARM = 0x20
const B_UPDATE = 0x10
const B_SQUARE_WAVE = 8
const B_BINARY = 4
const B_24_HOURS = 2
const C_FLAGS = B_PERIODIC | B_ALARM | B_UPDATE
const C_REQUEST = 0x80
const A_IN_PROGRESS = 0x80
/** Divider selections above this hold the chain in reset (DV2 and DV1), or test it. */
const LAST_RUNNING_DIVIDER = 2
const CHAIN_HZ = 32_768
/** From UIP to the update: 8 ticks of the chain. */
const UPDATE_WARNING = 8
/** The first update comes half a second after the chain is let go. */
const TICKS_AFTER_RESET = CHAIN_HZ / 2
const SECONDS_OF_DAY = 86_400

/** 2026-01-01 00:00:00 UTC, in seconds since 1970: the time at power-up unless the configuration says otherwise. */
export const DEFAULT_EPOCH = 1_767_225_600

/** The remainder that is never negative: times before 1970 are. */
function modulo(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor
}

/** Days since 1970-01-01 of a Gregorian date (months 1 to 12). */
function daysOfDate(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

function dateOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthIndex + (monthIndex < 10 ? 3 : -9)
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1,
  }
}

export class Rtc implements Savable, PortHandler, InterruptSource {
  readonly tag = 'rtc'
  readonly version = 2
  readonly width = 1
  private index = 0
  private readonly ram = new Uint8Array(128)
  /** Seconds since 1970 when the divider chain stood at 0, moved when the guest sets the time. */
  private epoch: number
  /** Ticks of 1/32768 s: where the chain stood at virtual time 0; while it is held, where it stands. */
  private phase = 0
  /** Up to where the flags have been worked out. */
  private seen = 0
  private flags = 0
  private readonly clock: Clock
  private readonly line: InterruptLine
  private readonly timer: Timer
  private readonly secondTimer: Timer

  constructor(bus: Bus, clock: Clock, line: InterruptLine, epoch: number, memoryBytes: number) {
    this.clock = clock
    this.line = line
    this.epoch = epoch
    this.timer = clock.createTimer('rtc periodic', () => this.update())
    this.secondTimer = clock.createTimer('rtc second', () => this.update())
    this.ram[REGISTER_A] = 0x26
    this.ram[REGISTER_B] = B_24_HOURS
    this.ram[REGISTER_D] = 0x80
    const put16 = (at: number, value: number): void => {
      this.ram[at] = value & 0xff
      this.ram[at + 1] = (value >>> 8) & 0xff
    }
    put16(0x15, 640)
    const extended = Math.min(0xffff, Math.floor(memoryBytes / 1024) - 1024)
    put16(0x17, extended)
    put16(0x30, extended)
    put16(0x34, Math.min(0xffff, Math.max(0, Math.floor((memoryBytes - 0x100_0000) / 0x10000))))
    bus.mapPorts(0x70, 2, this)
  }

  reset(): void {
    // The reset pin clears the interrupt enables and flags; time and RAM live on by battery.
    this.index = 0
    this.ram[REGISTER_B] = this.control & ~(C_FLAGS | B_SQUARE_WAVE)
    this.catchUp()
    this.flags = 0
    this.update()
  }

  get isDue(): boolean {
    return Math.min(this.timer.deadline, this.secondTimer.deadline) !== Number.POSITIVE_INFINITY
  }

  readonly awaitsInput = false

  private get control(): number {
    return this.ram[REGISTER_B] as number
  }

  private get chainRuns(): boolean {
    return (((this.ram[REGISTER_A] as number) >>> 4) & 7) <= LAST_RUNNING_DIVIDER
  }

  /** The divider chain, in ticks of 1/32768 s. */
  private get chain(): number {
    return this.chainRuns ? ticksAt(this.clock.now, CHAIN_HZ) + this.phase : this.phase
  }

  private get seconds(): number {
    return this.epoch + Math.floor(this.chain / CHAIN_HZ)
  }

  private encode(value: number): number {
    return (this.control & B_BINARY) !== 0 ? value : (Math.floor(value / 10) << 4) | (value % 10)
  }

  private decode(value: number): number {
    return (this.control & B_BINARY) !== 0 ? value : (value >>> 4) * 10 + (value & 15)
  }

  private encodeHour(hour: number): number {
    if ((this.control & B_24_HOURS) !== 0) return this.encode(hour)
    return this.encode(hour % 12 === 0 ? 12 : hour % 12) | (hour >= 12 ? 0x80 : 0)
  }

  private decodeHour(value: number): number {
    if ((this.control & B_24_HOURS) !== 0) return this.decode(value)
    return (this.decode(value & 0x7f) % 12) + ((value & 0x80) !== 0 ? 12 : 0)
  }

  /** Copies the current time into the time registers; while SET holds them, they are what the guest wrote. */
  private showTime(): void {
    if ((this.control & B_SET) !== 0) return
    const days = Math.floor(this.seconds / SECONDS_OF_DAY)
    const { year, month, day } = dateOfDays(days)
    const [second, minute, hour] = this.timeOfDay(this.seconds)
    this.ram[0] = second
    this.ram[2] = minute
    this.ram[4] = hour
    this.ram[6] = this.encode(modulo(days + 4, 7) + 1) // 1970-01-01 was a Thursday; Sunday is 1
    this.ram[7] = this.encode(day)
    this.ram[8] = this.encode(month)
    this.ram[9] = this.encode(year % 100)
    this.ram[CENTURY] = this.encode(Math.floor(year / 100))
  }

  /** Second, minute and hour as the registers show them. */
  private timeOfDay(seconds: number): readonly [number, number, number] {
    const ofDay = modulo(seconds, SECONDS_OF_DAY)
    return [
      this.encode(ofDay % 60),
      this.encode(Math.floor(ofDay / 60) % 60),
      this.encodeHour(Math.floor(ofDay / 3600)),
    ]
  }

  private takeTime(): void {
    const at = (register: number): number => this.decode(this.ram[register] as number)
    const days = daysOfDate(at(CENTURY) * 100 + at(9), at(8), at(7))
    const seconds = days * 86_400 + this.decodeHour(this.ram[4] as number) * 3600 + at(2) * 60 + at(0)
    this.epoch += seconds - this.seconds
  }

  /** Ticks of the chain from one periodic flag to the next; 0 for none. Rates 1 and 2 repeat 8 and 9 (table 5). */
  private get period(): number {
    const rate = (this.ram[REGISTER_A] as number) & 15
    return rate === 0 ? 0 : 2 ** (rate < 3 ? rate + 6 : rate - 1)
  }

  /** Sets the flags whose moment has passed since this was last done. Before anything that they depend on changes. */
  private catchUp(): void {
    const from = this.seen
    const to = this.chain
    this.seen = to
    const { period } = this
    if (period !== 0 && Math.floor(to / period) > Math.floor(from / period)) this.flags |= B_PERIODIC
    const first = Math.floor(from / CHAIN_HZ) + 1
    const last = Math.floor(to / CHAIN_HZ)
    if ((this.control & B_SET) !== 0 || last < first) return
    this.flags |= B_UPDATE
    if (this.nextAlarm(this.epoch + first) <= this.epoch + last) this.flags |= B_ALARM
  }

  /** The first second from `from` on at which the alarm registers match; Infinity where they never do. */
  private nextAlarm(from: number): number {
    const matching = (register: number, count: number, show: (value: number) => number): number[] => {
      const wanted = this.ram[register] as number
      const all = Array.from({ length: count }, (_, value) => value)
      return (wanted & 0xc0) === 0xc0 ? all : all.filter((value) => show(value) === wanted)
    }
    const encode = (value: number): number => this.encode(value)
    const seconds = matching(1, 60, encode)
    const minutes = matching(3, 60, encode)
    const hours = matching(5, 24, (hour) => this.encodeHour(hour))
    const ofDay = modulo(from, SECONDS_OF_DAY)
    const midnight = from - ofDay
    // Today's, or else tomorrow's first.
    for (const start of [ofDay, 0]) {
      for (const hour of hours) {
        if ((hour + 1) * 3600 <= start) continue
        for (const minute of minutes) {
          const ofMinute = hour * 3600 + minute * 60
          const second = seconds.find((value) => ofMinute + value >= start)
          if (second !== undefined) return midnight + ofMinute + second + (start === ofDay ? 0 : SECONDS_OF_DAY)
        }
      }
    }
    return Number.POSITIVE_INFINITY
  }

  /** The interrupt follows flags and enables; a timer waits for each enabled flag that is not set yet. */
  private update(): void {
    this.catchUp()
    this.line.set(this.requests)
    const awaited = this.chainRuns ? this.control & ~this.flags : 0
    const { chain, period } = this
    const never = Number.POSITIVE_INFINITY
    const periodic = (awaited & B_PERIODIC) !== 0 && period !== 0
    this.await(this.timer, periodic ? (Math.floor(chain / period) + 1) * period : never)
    this.await(this.secondTimer, (this.control & B_SET) === 0 ? this.awaitedSecond(awaited) * CHAIN_HZ : never)
  }

  /** The second of the chain at which the next awaited UF or AF is set; Infinity if none is. */
  private awaitedSecond(awaited: number): number {
    const next = Math.floor(this.chain / CHAIN_HZ) + 1
    if ((awaited & B_UPDATE) !== 0) return next
    return (awaited & B_ALARM) !== 0 ? this.nextAlarm(this.epoch + next) - this.epoch : Number.POSITIVE_INFINITY
  }

  private get requests(): boolean {
    return (this.flags & this.control & C_FLAGS) !== 0
  }

  /** Arms for a tick of the chain; Infinity disarms. */
  private await(timer: Timer, tick: number): void {
    if (tick === Number.POSITIVE_INFINITY) timer.disarm()
    else timer.arm(timeOfTick(tick - this.phase, CHAIN_HZ))
  }

  private get updateInProgress(): boolean {
    return this.chainRuns && (this.control & B_SET) === 0 && CHAIN_HZ - (this.chain % CHAIN_HZ) <= UPDATE_WARNING
  }

  read(port: number): number {
    if (port === 0x70) return 0xff
    if (this.index === REGISTER_C) {
      this.catchUp()
      const flags = this.flags | (this.requests ? C_REQUEST : 0)
      this.flags = 0
      this.update()
      return flags
    }
    if (this.index === REGISTER_A) return (this.ram[REGISTER_A] as number) | (this.updateInProgress ? A_IN_PROGRESS : 0)
    if (this.index < REGISTER_A || this.index === CENTURY) this.showTime()
    return this.ram[this.index] as number
  }

  write(port: number, _size: number, value: number): void {
    if (port === 0x70)
      this.index = value & 0x7f // bit 7 masks NMI; nothing on this board raises one
    else this.writeRegister(this.index, value)
  }

  private writeRegister(index: number, value: number): void {
    if (index === REGISTER_C || index === REGISTER_D) return
    this.catchUp()
    if (index === REGISTER_A) this.writeDivider(value & 0x7f)
    else if (index === REGISTER_B) {
      const was = this.control
      this.showTime()
      this.ram[REGISTER_B] = (value & B_SET) !== 0 ? value & ~B_UPDATE : value // SET clears UIE
      if ((was & B_SET) !== 0 && (value & B_SET) === 0) this.takeTime()
    } else {
      if (index < REGISTER_A || index === CENTURY) this.showTime()
      this.ram[index] = value
      const isTime = index === CENTURY || (index < REGISTER_A && index !== 1 && index !== 3 && index !== 5)
      if (isTime && (this.control & B_SET) === 0) this.takeTime()
    }
    this.update()
  }

  private writeDivider(value: number): void {
    const { chain, chainRuns } = this
    this.ram[REGISTER_A] = value
    if (this.chainRuns === chainRuns) return
    // Held, the chain stands in the middle of the second that it had reached: the time of day stays.
    this.phase = this.chainRuns
      ? chain - ticksAt(this.clock.now, CHAIN_HZ)
      : Math.floor(chain / CHAIN_HZ) * CHAIN_HZ + TICKS_AFTER_RESET
    this.seen = this.chain
  }

  save(writer: StateWriter): void {
    writer.u8(this.index)
    writer.raw(this.ram)
    writer.f64(this.epoch)
    writer.f64(this.phase)
    writer.f64(this.seen)
    writer.u8(this.flags)
  }

  load(reader: StateReader): void {
    this.index = reader.u8()
    this.ram.set(reader.raw(128))
    this.epoch = reader.f64()
    this.phase = reader.f64()
    this.seen = reader.f64()
    this.flags = reader.u8()
  }
}
