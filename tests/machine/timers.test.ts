// The 8254 and the RTC, against their data sheets.

import { describe, expect, it } from 'vitest'
import { PIT_HZ, Pit } from '../../src/machine/devices/pit.js'
import { DEFAULT_EPOCH, Rtc } from '../../src/machine/devices/rtc.js'
import { bench } from './fixtures.js'

const SECOND = 1_000_000_000

function makePit() {
  const { bus, clock, line } = bench()
  new Pit(bus, clock, line)
  return {
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
})
