// The 16550, against the PC16550D data sheet.

import { describe, expect, it } from 'vitest'
import { StateReader, StateWriter } from '../../src/base/index.js'
import { RECEIVE_INTERVAL, Uart } from '../../src/machine/devices/uart.js'
import { bench } from './fixtures.js'

const BASE = 0x3f8

function make() {
  const { bus, clock, line } = bench()
  const uart = new Uart(bus, BASE, clock, line)
  const sent: number[] = []
  uart.onOutput((byte) => sent.push(byte))
  return {
    uart,
    clock,
    line,
    sent,
    read: (register: number) => bus.portRead(BASE + register, 1),
    write: (register: number, value: number) => bus.portWrite(BASE + register, 1, value),
    receive: (text: string) => {
      uart.send(new TextEncoder().encode(text))
      clock.advanceTo(clock.now + RECEIVE_INTERVAL * text.length)
    },
  }
}

describe('the 16550', () => {
  it('sends a byte at once and shows the holding register empty again', () => {
    const { sent, read, write } = make()
    write(0, 0x41)
    expect(sent).toEqual([0x41])
    expect(read(5)).toBe(0x60)
  })

  it('reaches the divisor through DLAB and not the data', () => {
    const { sent, read, write } = make()
    write(3, 0x83)
    write(0, 0x0c)
    write(1, 0x02)
    expect([read(0), read(1)]).toEqual([0x0c, 0x02])
    write(3, 0x03)
    expect(sent).toEqual([])
    expect(read(1)).toBe(0)
  })

  it('raises the transmit interrupt when it is enabled, and reading IIR clears it', () => {
    const { line, read, write } = make()
    write(1, 2)
    expect(line.level).toBe(true)
    expect(read(2)).toBe(2)
    expect(line.level).toBe(false)
    expect(read(2)).toBe(1)
    write(0, 0x41)
    expect(line.level).toBe(true)
  })

  it('interrupts for a received byte until it is read', () => {
    const { line, read, write, receive } = make()
    write(1, 1)
    receive('x')
    expect(line.level).toBe(true)
    expect(read(2)).toBe(4)
    expect(read(5) & 1).toBe(1)
    expect(read(0)).toBe(0x78)
    expect(line.level).toBe(false)
    expect(read(5) & 1).toBe(0)
  })

  it('waits for the trigger level in FIFO mode, and gives a timeout for fewer', () => {
    const { clock, line, read, write, receive } = make()
    write(2, 0x41) // FIFO on, trigger at 4
    write(1, 1)
    receive('abc')
    expect(line.level).toBe(false)
    clock.advanceTo(clock.now + 4 * RECEIVE_INTERVAL)
    expect(read(2)).toBe(0xcc)
    read(0)
    expect(line.level).toBe(false)
    receive('de')
    expect(read(2)).toBe(0xc4)
  })

  it('never loses input: what does not fit waits outside', () => {
    const { clock, read, write, receive, uart } = make()
    write(2, 0x01)
    const text = 'the quick brown fox jumps over the lazy dog'
    receive(text)
    expect(uart.waiting).toBe(text.length - 16)
    let got = ''
    while ((read(5) & 1) !== 0) {
      got += String.fromCharCode(read(0))
      clock.advanceTo(clock.now + RECEIVE_INTERVAL)
    }
    expect(got).toBe(text)
  })

  it('loops data and modem lines back, and sends nothing outside', () => {
    const { sent, read, write } = make()
    write(4, 0x1a) // loop, RTS, OUT2
    expect(read(6) & 0xf0).toBe(0x90)
    write(0, 0x55)
    expect(read(0)).toBe(0x55)
    expect(sent).toEqual([])
  })

  it('reports the highest-priority interrupt first: line status, then data, then transmit, then modem', () => {
    const { read, write } = make()
    write(4, 0x10)
    write(1, 0xf)
    read(6)
    write(4, 0x11) // DSR changes
    write(0, 1)
    write(0, 2) // overrun
    expect(read(2)).toBe(6)
    read(5)
    expect(read(2)).toBe(4)
    read(0)
    expect(read(2)).toBe(2)
    expect(read(2)).toBe(0)
    read(6)
    expect(read(2)).toBe(1)
  })

  it('goes on after save and load where it was', () => {
    const first = make()
    first.write(2, 0x81)
    first.write(1, 1)
    first.receive('hello')
    const writer = new StateWriter()
    writer.section(first.uart)
    const second = make()
    new StateReader(writer.finish()).section(second.uart)
    expect(String.fromCharCode(...[0, 0, 0, 0, 0].map(() => second.read(0)))).toBe('hello')
    expect(second.read(1)).toBe(1)
  })
})
