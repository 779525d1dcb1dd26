// The 8254 and the RTC, against their data sheets.

import { describe, expect, it } from 'vitest'
import { StateReader, StateWriter } from '../../src/base/index.js'
import { PIT_HZ, Pit } from '../../src/machine/devices/pit.js'
import { DEFAULT_EPOCH, Rtc } from '../../src/machine/devices/rtc.js'
import { bench } from './fixtures.js'

const SECOND = 1_000_000_000

function makePit() {
  const { bus, clock, line } = bench()
  const pit = new Pit(bus, clock, line)
  return {
    pit,
    clock,
    line,
    read: (port: number) => bus.portRead(port, 1),
    write: (port: number, value: number) => bus.portWrite(port, 1, value),
  }
}

describe('the 8254', () => {
  it('in mode 2 interrupts at the programmed rate', () => {
    const { clock, line, write } = makePit()
    write(0x43, 0x34)
    const count = Math.round(PIT_HZ / 100)
    write(0x40, count & 0xff)
    write(0x40, count >> 8)
    line.rises = 0
    clock.advanceTo(SECOND + 100_000) // 11932 ticks are a little more than 10 ms
    expect(line.rises).toBe(100)
  })

  it('in mode 0 goes low when programmed and high once, at the end of the count', () => {
    const { clock, line, write } = makePit()
    write(0x43, 0x30)
    expect(line.level).toBe(false)
    write(0x40, 0xa9)
    write(0x40, 0x04) // 1193 ticks: a millisecond
    clock.advanceTo(999_000)
    expect(line.level).toBe(false)
    clock.advanceTo(1_001_000)
    expect(line.level).toBe(true)
    clock.advanceTo(SECOND)
    expect(line.rises).toBe(1)
  })

  it('latches a count, which then stays while the counter runs', () => {
    const { clock, read, write } = makePit()
    write(0x43, 0x34)
    write(0x40, 0)
    write(0x40, 0)
    clock.advanceTo(10_000_000)
    write(0x43, 0x00)
    clock.advanceTo(20_000_000)
    const latched = read(0x40) | (read(0x40) << 8)
    expect(latched).toBe(0x10000 - Math.floor((10_000_000 * PIT_HZ) / SECOND))
    expect(read(0x40) | (read(0x40) << 8)).toBe(0x10000 - Math.floor((20_000_000 * PIT_HZ) / SECOND))
  })

  it('reads back status: mode, access and output', () => {
    const { read, write } = makePit()
    write(0x43, 0x36)
    write(0x40, 0x10)
    write(0x40, 0x27)
    write(0x43, 0xe2)
    expect(read(0x40)).toBe(0xb6)
  })

  it('reads back the mode as it was written, 6 and 7 too, which are 2 and 3', () => {
    const { clock, read, write } = makePit()
    for (const control of [0x3c, 0x3f, 0x1e, 0x25]) {
      write(0x43, control)
      write(0x43, 0xe2)
      expect(read(0x40) & 0x3f).toBe(control)
    }
    write(0x43, 0x1c)
    write(0x40, 100)
    clock.advanceTo(Math.ceil((150 * SECOND) / PIT_HZ))
    expect(read(0x40)).toBe(50)
  })

  it('gates channel 2 through port 61H and shows its output there, as calibration loops expect', () => {
    const { clock, read, write } = makePit()
    write(0x61, (read(0x61) & ~2) | 1)
    write(0x43, 0xb0)
    write(0x42, 0x9b)
    write(0x42, 0x2e) // 11931 ticks: 10 ms
    expect(read(0x61) & 0x20).toBe(0)
    clock.advanceTo(9_990_000)
    expect(read(0x61) & 0x20).toBe(0)
    clock.advanceTo(10_001_000)
    expect(read(0x61) & 0x20).toBe(0x20)
  })

  it('in mode 3 gives a square wave whose rising edges interrupt', () => {
    const { clock, line, write } = makePit()
    write(0x43, 0x36)
    write(0x40, 0)
    write(0x40, 0)
    line.rises = 0
    clock.advanceTo(SECOND)
    expect(line.rises).toBe(18) // 18.2 Hz
  })
})

/** The instant of an 8254 tick. */
const at = (tick: number): number => Math.ceil((tick * SECOND) / PIT_HZ)

function withPit() {
  const made = makePit()
  const { clock, line, read, write } = made
  const start = (channel: number, mode: number, count: number): void => {
    write(0x43, (channel << 6) | 0x30 | (mode << 1))
    load(channel, count)
  }
  const load = (channel: number, count: number): void => {
    write(0x40 + channel, count & 0xff)
    write(0x40 + channel, count >> 8)
  }
  const to = (tick: number): void => clock.advanceTo(at(tick))
  const latched = (channel: number): number => {
    write(0x43, channel << 6)
    return read(0x40 + channel) | (read(0x40 + channel) << 8)
  }
  const output = (): boolean => (read(0x61) & 0x20) !== 0
  /** The ticks up to `end` at which channel 0 rises, by the line alone. */
  const rises = (from: number, end: number): number[] => {
    const list: number[] = []
    for (let tick = from; tick <= end; tick += 100) {
      const before = line.rises
      to(tick)
      if (line.rises > before) list.push(tick)
    }
    return list
  }
  return { ...made, start, load, to, latched, output, rises }
}

describe('a new count of the 8254', () => {
  it('waits for the end of the period in mode 2', () => {
    const { start, load, to, rises, latched } = withPit()
    start(0, 2, 10_000)
    to(4_000)
    load(0, 5_000)
    expect(latched(0)).toBe(6_000)
    expect(rises(4_100, 20_000)).toEqual([10_000, 15_000, 20_000])
    load(0, 2_000)
    load(0, 1_000) // the newest counts
    expect(rises(20_100, 27_000)).toEqual([25_000, 26_000, 27_000])
  })

  it('waits for the end of the half wave in mode 3', () => {
    const { start, load, to, rises, latched } = withPit()
    start(0, 3, 10_000)
    to(2_000)
    load(0, 5_000)
    expect(latched(0)).toBe(6_000)
    to(6_000)
    expect(latched(0)).toBe(3_000)
    expect(rises(6_000, 18_000)).toEqual([7_500, 12_500, 17_500])
    to(21_000)
    load(0, 1_000) // in the low half
    expect(rises(21_000, 24_600)).toEqual([22_500, 23_500, 24_500])
  })

  it('waits for the next trigger in modes 1 and 5', () => {
    const { start, load, to, output, write, latched } = withPit()
    write(0x61, 0)
    start(2, 1, 1_000)
    expect(output()).toBe(true)
    write(0x61, 1)
    expect(output()).toBe(false)
    to(300)
    load(2, 5_000)
    expect(latched(2)).toBe(700)
    to(1_500)
    expect(output()).toBe(true)
    write(0x61, 0)
    write(0x61, 1)
    to(6_400)
    expect(output()).toBe(false)
    to(6_501)
    expect(output()).toBe(true)
    write(0x61, 0)
    start(2, 5, 1_000)
    write(0x61, 1)
    to(7_000)
    load(2, 100)
    expect(latched(2)).toBe(501)
  })

  it('is taken at once in modes 0 and 4, and a first byte stops mode 0', () => {
    const { start, load, to, output, write, latched } = withPit()
    write(0x61, 1)
    start(2, 0, 1_000)
    to(300)
    write(0x42, 0xd0)
    to(400)
    expect(latched(2)).toBe(700)
    write(0x42, 0x07) // 2000
    to(1_400)
    expect([latched(2), output()]).toEqual([1_000, false])
    start(2, 4, 1_000)
    load(2, 3_000)
    expect(latched(2)).toBe(3_000)
  })

  it('is taken at the gate where it had no time before, and starts nothing in mode 1 without a trigger', () => {
    const { start, load, to, output, write, latched } = withPit()
    write(0x61, 1)
    start(2, 2, 1_000)
    to(100)
    load(2, 500)
    write(0x61, 0)
    to(5_000)
    expect([latched(2), output()]).toEqual([900, true])
    write(0x61, 1)
    to(5_100)
    expect(latched(2)).toBe(400)
    write(0x61, 0)
    write(0x43, 0xb2)
    write(0x61, 1)
    load(2, 1_000)
    expect(output()).toBe(true)
    to(9_000)
    expect(output()).toBe(true)
  })

  it('is a null count in the status until the counting element has it', () => {
    const { start, load, to, read, write } = withPit()
    const isNull = (): boolean => {
      write(0x43, 0xe2)
      return (read(0x40) & 0x40) !== 0
    }
    write(0x43, 0x34)
    expect(isNull()).toBe(true)
    start(0, 2, 1_000)
    expect(isNull()).toBe(false)
    to(500)
    load(0, 2_000)
    expect(isNull()).toBe(true)
    to(1_001)
    expect(isNull()).toBe(false)
  })

  it('survives save and load while it waits', () => {
    const first = withPit()
    first.start(0, 3, 10_000)
    first.to(7_000)
    first.load(0, 5_000)
    const writer = new StateWriter()
    writer.section(first.pit)
    const second = withPit()
    second.to(7_000)
    new StateReader(writer.finish()).section(second.pit)
    for (const one of [first, second]) {
      one.to(11_000)
      expect(one.latched(0)).toBe(3_000)
    }
  })
})

function makeRtc(epoch = DEFAULT_EPOCH) {
  const { bus, clock, line } = bench()
  new Rtc(bus, clock, line, epoch, 128 * 1024 * 1024)
  const read = (index: number): number => {
    bus.portWrite(0x70, 1, index)
    return bus.portRead(0x71, 1)
  }
  const write = (index: number, value: number): void => {
    bus.portWrite(0x70, 1, index)
    bus.portWrite(0x71, 1, value)
  }
  return { clock, line, read, write }
}

describe('the RTC', () => {
  it('shows the epoch plus virtual time, in BCD', () => {
    const { clock, read } = makeRtc(1_772_323_199) // 2026-02-28 23:59:59, a Saturday
    expect([9, 8, 7, 6, 4, 2, 0, 0x32].map(read)).toEqual([0x26, 0x02, 0x28, 7, 0x23, 0x59, 0x59, 0x20])
    clock.advanceTo(SECOND)
    expect([9, 8, 7, 6, 4, 2, 0].map(read)).toEqual([0x26, 0x03, 0x01, 1, 0, 0, 0])
  })

  it('shows binary and 12 hours when asked', () => {
    const { read, write } = makeRtc(DEFAULT_EPOCH + 13 * 3600 + 45 * 60)
    write(11, 4)
    expect([read(4), read(2)]).toEqual([0x81, 45])
  })

  it('takes a time set under SET and goes on from it', () => {
    const { clock, read, write } = makeRtc()
    write(11, 0x86)
    for (const [index, value] of [
      [0, 30],
      [2, 15],
      [4, 6],
      [7, 24],
      [8, 12],
      [9, 31],
      [0x32, 20],
    ] as const)
      write(index, value)
    write(11, 0x06)
    clock.advanceTo(clock.now + 31 * SECOND)
    expect([9, 8, 7, 4, 2, 0].map(read)).toEqual([31, 12, 24, 6, 16, 1])
  })

  it('counts from times before 1970 as from others', () => {
    const { clock, read, write } = makeRtc()
    write(11, 0x82)
    for (const [index, value] of [
      [0, 0x59],
      [2, 0x59],
      [4, 0x23],
      [7, 0x31],
      [8, 0x12],
      [9, 0x59],
      [0x32, 0x19],
    ] as const)
      write(index, value)
    write(11, 0x02)
    expect([0x32, 9, 8, 7, 6, 4, 2, 0].map(read)).toEqual([0x19, 0x59, 0x12, 0x31, 5, 0x23, 0x59, 0x59])
    clock.advanceTo(SECOND)
    expect([0x32, 9, 8, 7, 6, 4, 2, 0].map(read)).toEqual([0x19, 0x60, 1, 1, 6, 0, 0, 0])
  })

  it('interrupts periodically until register C is read', () => {
    const { clock, line, read, write } = makeRtc()
    write(10, 0x26) // 1024 Hz
    write(11, 0x42)
    clock.advanceTo(1_000_000)
    expect(line.level).toBe(true)
    expect(read(12)).toBe(0xc0)
    expect(line.level).toBe(false)
    line.rises = 0
    for (let i = 0; i < 1000; i++) {
      clock.advanceTo(clock.now + 1_000_000)
      read(12)
    }
    expect(line.rises).toBeGreaterThan(990)
  })

  it('sets PF, AF and UF whether or not they interrupt, and clears them where register C is read', () => {
    const { clock, line, read, write } = makeRtc()
    write(11, 0x02)
    read(12)
    clock.advanceTo(2.5 * SECOND)
    expect(read(12)).toBe(0x50)
    expect(read(12)).toBe(0)
    for (const [register, value] of [
      [1, 0x10],
      [3, 0],
      [5, 0xc0],
    ] as const)
      write(register, value)
    write(10, 0x20) // no periodic flag
    read(12)
    clock.advanceTo(9.9 * SECOND)
    expect(read(12)).toBe(0x10)
    clock.advanceTo(10 * SECOND)
    expect([read(12), line.rises]).toEqual([0x30, 0])
  })

  it('interrupts at once where a flag is set when its enable comes, and no longer where the enable goes', () => {
    const { clock, line, write } = makeRtc()
    clock.advanceTo(1.5 * SECOND)
    write(11, 0x12)
    expect(line.level).toBe(true)
    write(11, 0x02)
    expect(line.level).toBe(false)
  })

  it('interrupts at the alarm, at each update, and at every rate, in step with the second', () => {
    const { clock, line, read, write } = makeRtc()
    write(10, 0x2f) // 2 Hz
    clock.advanceTo(0.3 * SECOND)
    write(11, 0x42)
    const rises = (until: number, step: number): number => {
      const before = line.rises
      while (clock.now < until) {
        clock.advanceTo(clock.now + step)
        read(12)
      }
      return line.rises - before
    }
    clock.advanceTo(0.499 * SECOND)
    expect(line.level).toBe(false)
    clock.advanceTo(0.5 * SECOND)
    expect(line.level).toBe(true)
    read(12)
    expect(rises(4 * SECOND, SECOND / 100)).toBe(7)
    write(11, 0x12)
    expect(rises(8 * SECOND, SECOND / 100)).toBe(4)
    write(1, 0xff)
    write(3, 0xff)
    write(5, 0xff)
    write(11, 0x22)
    expect(rises(12 * SECOND, SECOND / 100)).toBe(4)
    write(1, 0x15)
    expect(rises(20 * SECOND, SECOND / 100)).toBe(1)
  })

  it('waits for exactly the alarm, tomorrow too, in 12 hours and binary too, and not for one that never comes', () => {
    const at = (control: number, ...alarm: number[]): number => {
      const { clock, line, read, write } = makeRtc(DEFAULT_EPOCH + 12 * 3600 + 30 * 60)
      write(11, control)
      alarm.forEach((value, i) => {
        write(2 * i + 1, value)
      })
      read(12)
      write(11, control | 0x20)
      const { nextDeadline } = clock
      if (nextDeadline === Number.POSITIVE_INFINITY) return nextDeadline
      clock.advanceTo(nextDeadline - 1)
      expect(line.level).toBe(false)
      clock.advanceTo(nextDeadline)
      expect([line.level, read(12)]).toEqual([true, 0xf0])
      return nextDeadline / SECOND
    }
    expect(at(2, 0x10, 0x31, 0x12)).toBe(70)
    expect(at(2, 0, 0x30, 0x12)).toBe(86_400)
    expect(at(2, 0xff, 0x29, 0xc0)).toBe(59 * 60)
    expect(at(2, 0, 0, 0x11)).toBe(22.5 * 3600)
    expect(at(0, 0, 0, 0x81)).toBe(1800)
    expect(at(0, 0, 0, 0x92)).toBe(23.5 * 3600)
    expect(at(4, 59, 30, 0x8c)).toBe(59)
    for (const never of [[0x60], [0x0a], [0, 0, 0x24]]) expect(at(2, ...never)).toBe(Number.POSITIVE_INFINITY)
  })

  it('announces an update by UIP, but not under SET, which also clears UIE', () => {
    const { clock, read, write } = makeRtc()
    clock.advanceTo(SECOND - 250_000)
    expect(read(10)).toBe(0x26)
    clock.advanceTo(SECOND - 200_000)
    expect([read(10), read(0)]).toEqual([0xa6, 0])
    clock.advanceTo(SECOND)
    expect([read(10), read(0)]).toEqual([0x26, 1])
    write(11, 0x92)
    expect(read(11)).toBe(0x82)
    read(12)
    clock.advanceTo(4 * SECOND - 100_000)
    expect([read(10), read(0), read(12) & 0x10]).toEqual([0x26, 1, 0])
    write(11, 0x02)
    clock.advanceTo(4 * SECOND)
    expect(read(0)).toBe(2)
  })

  it('stands still while the divider chain is held, and updates half a second after it is let go', () => {
    const { clock, read, write } = makeRtc()
    clock.advanceTo(3.7 * SECOND)
    write(10, 0x66)
    read(12)
    clock.advanceTo(10.2 * SECOND)
    expect([read(0), read(12)]).toEqual([3, 0])
    write(10, 0x26)
    clock.advanceTo(10.69 * SECOND)
    expect(read(0)).toBe(3)
    clock.advanceTo(10.71 * SECOND)
    expect(read(0)).toBe(4)
  })
})
