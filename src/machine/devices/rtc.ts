// The MC146818 real-time clock and its CMOS RAM (ports 70H, 71H; interrupt 8).
//
// The time of day is a fixed epoch given by the configuration plus virtual time: the same in every run. Updates take no
// time, so UIP reads 0 and no guest waits for it. Periodic, alarm and update-ended interrupts; BCD and binary, 12 and 24
// hours; setting the time moves the offset. CMOS tells the memory size as QEMU's does.

import type { Clock, Savable, StateReader, StateWriter, Timer } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { InterruptLine } from './interrupt-lines.js'

const SECOND = 1_000_000_000
const REGISTER_A = 10
const REGISTER_B = 11
const REGISTER_C = 12
const REGISTER_D = 13
const CENTURY = 0x32
const B_SET = 0x80
const B_PERIODIC = 0x40
const B_ALARM = 0x20
const B_UPDATE = 0x10
const B_BINARY = 4
const B_24_HOURS = 2

/** 2026-01-01 00:00:00 UTC, in seconds since 1970: the time at power-up unless the configuration says otherwise. */
export const DEFAULT_EPOCH = 1_767_225_600

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

export class Rtc implements Savable, PortHandler {
  readonly tag = 'rtc'
  readonly version = 1
  readonly width = 1
  private index = 0
  private readonly ram = new Uint8Array(128)
  /** Seconds since 1970 at virtual time 0, moved when the guest sets the time. */
  private epoch: number
  private flags = 0
  private readonly clock: Clock
  private readonly line: InterruptLine
  private readonly timer: Timer
  private readonly secondTimer: Timer

  constructor(bus: Bus, clock: Clock, line: InterruptLine, epoch: number, memoryBytes: number) {
    this.clock = clock
    this.line = line
    this.epoch = epoch
    this.timer = clock.createTimer('rtc periodic', () => this.periodic())
    this.secondTimer = clock.createTimer('rtc second', () => this.secondEnds())
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
    this.ram[REGISTER_B] = (this.ram[REGISTER_B] as number) & ~(B_PERIODIC | B_ALARM | B_UPDATE)
    this.flags = 0
    this.timer.disarm()
    this.secondTimer.disarm()
    this.line.set(false)
  }

  private get control(): number {
    return this.ram[REGISTER_B] as number
  }

  private get seconds(): number {
    return this.epoch + Math.floor(this.clock.now / SECOND)
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
    const seconds = this.seconds
    const days = Math.floor(seconds / 86_400)
    const ofDay = seconds - days * 86_400
    const { year, month, day } = dateOfDays(days)
    this.ram[0] = this.encode(ofDay % 60)
    this.ram[2] = this.encode(Math.floor(ofDay / 60) % 60)
    this.ram[4] = this.encodeHour(Math.floor(ofDay / 3600))
    this.ram[6] = this.encode(((days + 4) % 7) + 1) // 1970-01-01 was a Thursday; Sunday is 1
    this.ram[7] = this.encode(day)
    this.ram[8] = this.encode(month)
    this.ram[9] = this.encode(year % 100)
    this.ram[CENTURY] = this.encode(Math.floor(year / 100))
  }

  private takeTime(): void {
    const at = (register: number): number => this.decode(this.ram[register] as number)
    const days = daysOfDate(at(CENTURY) * 100 + at(9), at(8), at(7))
    const seconds = days * 86_400 + this.decodeHour(this.ram[4] as number) * 3600 + at(2) * 60 + at(0)
    this.epoch += seconds - this.seconds
  }

  private get period(): number {
    const rate = (this.ram[REGISTER_A] as number) & 15
    if (rate === 0) return 0
    // Rates 1 and 2 repeat 8 and 9 (MC146818 table 5); otherwise 32.768 kHz >> (rate - 1).
    const shift = rate < 3 ? rate + 6 : rate - 1
    return Math.floor((SECOND * 2 ** shift) / 32_768)
  }

  private schedule(): void {
    const periodic = (this.control & B_PERIODIC) !== 0 ? this.period : 0
    if (periodic === 0) this.timer.disarm()
    else if (this.timer.deadline === Number.POSITIVE_INFINITY) this.timer.arm(this.clock.now + periodic)
    if ((this.control & (B_UPDATE | B_ALARM)) === 0) this.secondTimer.disarm()
    else this.secondTimer.arm((Math.floor(this.clock.now / SECOND) + 1) * SECOND)
  }

  private periodic(): void {
    this.timer.arm(this.clock.now + this.period)
    this.raise(B_PERIODIC)
  }

  private secondEnds(): void {
    this.secondTimer.arm(this.clock.now + SECOND)
    this.showTime()
    const matches = (alarm: number, register: number): boolean => {
      const wanted = this.ram[alarm] as number
      return (wanted & 0xc0) === 0xc0 || wanted === this.ram[register]
    }
    if (matches(1, 0) && matches(3, 2) && matches(5, 4)) this.raise(B_ALARM)
    if ((this.control & B_SET) === 0) this.raise(B_UPDATE)
  }

  private raise(flag: number): void {
    this.flags |= flag
    if ((this.flags & this.control & 0x70) !== 0) this.flags |= 0x80
    this.line.set((this.flags & 0x80) !== 0)
  }

  read(port: number): number {
    if (port === 0x70) return 0xff
    if (this.index === REGISTER_C) {
      const flags = this.flags
      this.flags = 0
      this.line.set(false)
      return flags
    }
    if (this.index < REGISTER_A || this.index === CENTURY) this.showTime()
    return this.ram[this.index] as number
  }

  write(port: number, _size: number, value: number): void {
    if (port === 0x70) {
      this.index = value & 0x7f // bit 7 masks NMI; nothing on this board raises one
      return
    }
    const index = this.index
    if (index === REGISTER_C || index === REGISTER_D) return
    if (index === REGISTER_B) {
      const was = this.control
      this.showTime()
      this.ram[REGISTER_B] = value
      if ((was & B_SET) !== 0 && (value & B_SET) === 0) this.takeTime()
      this.schedule()
      this.raise(0)
      return
    }
    if (index < REGISTER_A || index === CENTURY) this.showTime()
    this.ram[index] = index === REGISTER_A ? value & 0x7f : value
    const isTime = index === CENTURY || (index < REGISTER_A && index !== 1 && index !== 3 && index !== 5)
    if (isTime && (this.control & B_SET) === 0) this.takeTime()
    if (index === REGISTER_A) {
      this.timer.disarm()
      this.schedule()
    }
  }

  save(writer: StateWriter): void {
    writer.u8(this.index)
    writer.raw(this.ram)
    writer.f64(this.epoch)
    writer.u8(this.flags)
  }

  load(reader: StateReader): void {
    this.index = reader.u8()
    this.ram.set(reader.raw(128))
    this.epoch = reader.f64()
    this.flags = reader.u8()
  }
}
