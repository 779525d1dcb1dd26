// The text screen: cells, the CRTC's registers, what a person sees.

import { describe, expect, it } from 'vitest'
import { StateReader, StateWriter } from '../../src/base/index.js'
import { Vga } from '../../src/machine/devices/vga.js'
import { bench } from './fixtures.js'

function make() {
  const { bus, clock } = bench()
  const vga = new Vga(bus, clock)
  vga.reset()
  const write = (row: number, column: number, text: string): void => {
    ;[...text].forEach((letter, i) => {
      bus.memoryWrite(0xb_8000 + 2 * (80 * row + column + i), 2, 0x700 | letter.charCodeAt(0))
    })
  }
  const crtc = (index: number, value: number): void => bus.portWrite(0x3d4, 2, index | (value << 8))
  return { bus, clock, vga, write, crtc }
}

describe('the VGA adapter', () => {
  it('shows the characters of its cells, from the start address of the CRTC', () => {
    const { vga, write, crtc, bus } = make()
    write(0, 0, 'first')
    write(24, 3, 'last')
    bus.memoryWrite(0xb_8000 + 160, 1, 0xdb)
    expect([vga.rows[0], vga.rows[1], vga.rows[24], vga.rows.length]).toEqual(['first', '█', '   last', 25])
    crtc(0xd, 80)
    expect([vga.rows[0], vga.rows[23]]).toEqual(['█', '   last'])
    expect(bus.memoryRead(0xb_8000, 4)).toBe(0x0769_0766)
  })

  it('reads back its registers, and shows retrace', () => {
    const { bus, clock, crtc } = make()
    crtc(0xf, 0x45)
    expect([bus.portRead(0x3d4, 1), bus.portRead(0x3d5, 1)]).toEqual([0xf, 0x45])
    bus.portRead(0x3da, 1)
    bus.portWrite(0x3c0, 1, 0x10)
    bus.portWrite(0x3c0, 1, 0x04)
    expect(bus.portRead(0x3c1, 1)).toBe(4)
    bus.portWrite(0x3c8, 1, 2)
    for (const part of [1, 2, 3]) bus.portWrite(0x3c9, 1, part)
    bus.portWrite(0x3c7, 1, 2)
    expect([1, 2, 3].map(() => bus.portRead(0x3c9, 1))).toEqual([1, 2, 3])
    const seen = new Set<number>()
    for (let i = 0; i < 2000; i++) {
      clock.advanceTo(clock.now + 9_000)
      seen.add(bus.portRead(0x3da, 1) & 9)
    }
    expect(seen).toEqual(new Set([0, 1, 9]))
  })

  it('keeps its screen over save and load', () => {
    const first = make()
    first.write(3, 0, 'kept')
    first.crtc(0xe, 0x12)
    const writer = new StateWriter()
    writer.section(first.vga)
    const second = make()
    new StateReader(writer.finish()).section(second.vga)
    expect(second.vga.rows[3]).toBe('kept')
    expect(second.bus.portRead(0x3d5, 1)).toBe(0x12)
  })
})
