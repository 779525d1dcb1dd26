// A 16550A UART: console (3F8H) or agent channel (2F8H). Source: National PC16550D data sheet.
//
// Transmission takes no time: a byte written leaves at once and the holding register is empty again, as on QEMU.
// Reception: bytes the host queued arrive one per RECEIVE_INTERVAL while there is room (as with flow control, none is
// ever lost), so that a guest sees input spread over time but need not wait for a real baud rate. The character timeout
// comes four such intervals after the last arrival or read. The interrupt pin is wired straight to the line (OUT2 does not
// gate it), as on QEMU.

import type { Clock, Event, Savable, StateReader, StateWriter, Timer } from '../../base/index.js'
import { Emitter } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { InterruptSource } from '../wake.js'
import type { InterruptLine } from './interrupt-lines.js'

/** The first ports of COM1, the console, and COM2, the agent's channel. */
export const UART_PORTS = [0x3f8, 0x2f8] as const
/** Ports, and so registers, of one UART. */
export const UART_PORT_COUNT = 8
/** The registers whose writing sets a UART up: FIFO, line and modem control. Data and interrupt enable are use. */
export const UART_SETUP_REGISTERS: ReadonlySet<number> = new Set([2, 3, 4])
/** Virtual time between two received bytes. */
export const RECEIVE_INTERVAL = 1_000
const TIMEOUT_INTERVALS = 4
const FIFO_BYTES = 16

const IER_RECEIVE = 1
const IER_TRANSMIT = 2
const IER_LINE = 4
const IER_MODEM = 8
const LCR_DIVISOR = 0x80
const LCR_BREAK = 0x40
const MCR_LOOPBACK = 0x10
const LSR_DATA = 1
const LSR_OVERRUN = 2
const LSR_BREAK = 0x10
const LSR_ERRORS = 0x1e
const LSR_TRANSMIT_EMPTY = 0x60
const IIR_NONE = 1
const IIR_MODEM = 0
const IIR_TRANSMIT = 2
const IIR_RECEIVE = 4
const IIR_LINE = 6
const IIR_TIMEOUT = 0xc

export class Uart implements Savable, PortHandler, InterruptSource {
  readonly tag = 'uart'
  readonly version = 1
  readonly width = 1
  private readonly base: number
  private readonly clock: Clock
  private readonly line: InterruptLine
  private readonly receiveTimer: Timer
  private readonly timeoutTimer: Timer

  private interruptEnable = 0
  private fifoEnabled = false
  private trigger = 1
  private lineControl = 0
  private modemControl = 0
  private modemDelta = 0
  private modemStatus = 0xb0 // carrier, data set ready, clear to send: a terminal is connected
  private lineErrors = 0
  private scratch = 0
  private divisor = 1
  private transmitPending = false
  private timeoutPending = false
  private fifo: number[] = []
  private incoming: number[] = []

  private readonly outputEmitter = new Emitter<number>()
  /** Each byte transmitted, at the instant it is. */
  readonly onOutput: Event<number> = this.outputEmitter.event

  constructor(bus: Bus, base: number, clock: Clock, line: InterruptLine) {
    this.base = base
    this.clock = clock
    this.line = line
    const name = `uart ${base.toString(16)}`
    this.receiveTimer = clock.createTimer(`${name} receive`, () => this.receiveNext())
    this.timeoutTimer = clock.createTimer(`${name} timeout`, () => this.timeout())
    bus.mapPorts(base, 8, this)
  }

  /** The board's reset pin. Input that has not arrived yet stays on the wire. */
  reset(): void {
    this.interruptEnable = 0
    this.fifoEnabled = false
    this.trigger = 1
    this.lineControl = 0
    this.modemControl = 0
    this.modemDelta = 0
    this.modemStatus = 0xb0
    this.lineErrors = 0
    this.transmitPending = false
    this.timeoutPending = false
    this.fifo = []
    this.timeoutTimer.disarm()
    this.update()
  }

  /** Input waiting on the host's side, not yet in the receive FIFO. */
  get waiting(): number {
    return this.incoming.length
  }

  send(bytes: Uint8Array): void {
    for (const byte of bytes) this.incoming.push(byte)
    this.scheduleReceive()
  }

  get isDue(): boolean {
    return (
      this.awaitsInput && Math.min(this.receiveTimer.deadline, this.timeoutTimer.deadline) !== Number.POSITIVE_INFINITY
    )
  }

  get awaitsInput(): boolean {
    return (this.interruptEnable & (IER_RECEIVE | IER_LINE)) !== 0 && (this.modemControl & MCR_LOOPBACK) === 0
  }

  private get capacity(): number {
    return this.fifoEnabled ? FIFO_BYTES : 1
  }

  private scheduleReceive(): void {
    const armed = this.receiveTimer.deadline !== Number.POSITIVE_INFINITY
    const looped = (this.modemControl & MCR_LOOPBACK) !== 0
    if (!armed && !looped && this.incoming.length > 0 && this.fifo.length < this.capacity) {
      this.receiveTimer.arm(this.clock.now + RECEIVE_INTERVAL)
    }
  }

  private receiveNext(): void {
    if ((this.modemControl & MCR_LOOPBACK) === 0 && this.fifo.length < this.capacity) {
      const byte = this.incoming.shift()
      if (byte !== undefined) this.receive(byte)
    }
    this.scheduleReceive()
  }

  private receive(byte: number): void {
    if (this.fifo.length >= this.capacity) {
      // Only a looped-back byte can arrive without room. Without a FIFO it replaces the one before.
      this.lineErrors |= LSR_OVERRUN
      if (!this.fifoEnabled) this.fifo[0] = byte
    } else this.fifo.push(byte)
    this.restartTimeout()
    this.update()
  }

  private restartTimeout(): void {
    this.timeoutPending = false
    if (this.fifoEnabled && this.fifo.length > 0) {
      this.timeoutTimer.arm(this.clock.now + TIMEOUT_INTERVALS * RECEIVE_INTERVAL)
    } else this.timeoutTimer.disarm()
  }

  private timeout(): void {
    this.timeoutPending = this.fifo.length > 0
    this.update()
  }

  /** The identification of the highest pending interrupt: line status, receive, timeout, transmit, modem. */
  private identification(): number {
    const enable = this.interruptEnable
    if ((enable & IER_LINE) !== 0 && this.lineErrors !== 0) return IIR_LINE
    if ((enable & IER_RECEIVE) !== 0) {
      if (this.fifo.length >= (this.fifoEnabled ? this.trigger : 1)) return IIR_RECEIVE
      if (this.timeoutPending) return IIR_TIMEOUT
    }
    if ((enable & IER_TRANSMIT) !== 0 && this.transmitPending) return IIR_TRANSMIT
    if ((enable & IER_MODEM) !== 0 && this.modemDelta !== 0) return IIR_MODEM
    return IIR_NONE
  }

  private update(): void {
    this.line.set(this.identification() !== IIR_NONE)
  }

  read(port: number): number {
    switch (port - this.base) {
      case 0:
        return (this.lineControl & LCR_DIVISOR) !== 0 ? this.divisor & 0xff : this.readData()
      case 1:
        return (this.lineControl & LCR_DIVISOR) !== 0 ? this.divisor >>> 8 : this.interruptEnable
      case 2: {
        const identification = this.identification()
        // Reading IIR clears the transmit interrupt if that is what it shows.
        if (identification === IIR_TRANSMIT) {
          this.transmitPending = false
          this.update()
        }
        return identification | (this.fifoEnabled ? 0xc0 : 0)
      }
      case 3:
        return this.lineControl
      case 4:
        return this.modemControl
      case 5: {
        const status = LSR_TRANSMIT_EMPTY | this.lineErrors | (this.fifo.length > 0 ? LSR_DATA : 0)
        this.lineErrors = 0
        this.update()
        return status
      }
      case 6: {
        const status = this.modemLines() | this.modemDelta
        this.modemDelta = 0
        this.update()
        return status
      }
      default:
        return this.scratch
    }
  }

  private readData(): number {
    const byte = this.fifo.shift() ?? 0
    this.restartTimeout()
    this.scheduleReceive()
    this.update()
    return byte
  }

  /** In loopback the modem outputs come back: DTR, RTS, OUT1, OUT2 as DSR, CTS, RI, DCD. */
  private modemLines(): number {
    if ((this.modemControl & MCR_LOOPBACK) === 0) return this.modemStatus
    const control = this.modemControl
    return ((control & 2) << 3) | ((control & 1) << 5) | ((control & 4) << 4) | ((control & 8) << 4)
  }

  write(port: number, _size: number, value: number): void {
    switch (port - this.base) {
      case 0:
        if ((this.lineControl & LCR_DIVISOR) !== 0) this.divisor = (this.divisor & 0xff00) | value
        else this.transmit(value)
        break
      case 1:
        if ((this.lineControl & LCR_DIVISOR) !== 0) this.divisor = (this.divisor & 0xff) | (value << 8)
        else {
          // Enabling the transmit interrupt while the holding register is empty raises it.
          if ((value & IER_TRANSMIT) !== 0 && (this.interruptEnable & IER_TRANSMIT) === 0) this.transmitPending = true
          this.interruptEnable = value & 0xf
        }
        break
      case 2:
        this.writeFifoControl(value)
        break
      case 3:
        if ((this.modemControl & MCR_LOOPBACK) !== 0 && (value & LCR_BREAK) !== 0) this.lineErrors |= LSR_BREAK
        this.lineControl = value
        break
      case 4:
        this.writeModemControl(value)
        break
      case 7:
        this.scratch = value
        break
      default: // line and modem status are read-only
    }
    this.update()
  }

  private transmit(byte: number): void {
    this.transmitPending = true
    if ((this.modemControl & MCR_LOOPBACK) !== 0) this.receive(byte)
    else this.outputEmitter.fire(byte)
  }

  private writeFifoControl(value: number): void {
    const enabled = (value & 1) !== 0
    if (enabled !== this.fifoEnabled || (value & 2) !== 0) {
      this.fifo = []
      this.lineErrors &= ~LSR_ERRORS
      this.timeoutPending = false
      this.timeoutTimer.disarm()
    }
    this.fifoEnabled = enabled
    this.trigger = [1, 4, 8, 14][value >>> 6] as number
    this.scheduleReceive()
  }

  private writeModemControl(value: number): void {
    const before = this.modemLines()
    this.modemControl = value & 0x1f
    const after = this.modemLines()
    const changed = before ^ after
    // Deltas: CTS, DSR and DCD on any change, RI on its trailing edge.
    this.modemDelta |= (changed >>> 4) & 0xb
    if ((before & 0x40) !== 0 && (after & 0x40) === 0) this.modemDelta |= 4
    this.scheduleReceive()
  }

  save(writer: StateWriter): void {
    for (const flag of [this.fifoEnabled, this.transmitPending, this.timeoutPending]) writer.bool(flag)
    const bytes = [
      this.interruptEnable,
      this.trigger,
      this.lineControl,
      this.modemControl,
      this.modemDelta,
      this.modemStatus,
      this.lineErrors,
      this.scratch,
    ]
    for (const value of bytes) writer.u8(value)
    writer.u16(this.divisor)
    writer.blob(Uint8Array.from(this.fifo))
    writer.blob(Uint8Array.from(this.incoming))
  }

  load(reader: StateReader): void {
    this.fifoEnabled = reader.bool()
    this.transmitPending = reader.bool()
    this.timeoutPending = reader.bool()
    this.interruptEnable = reader.u8()
    this.trigger = reader.u8()
    this.lineControl = reader.u8()
    this.modemControl = reader.u8()
    this.modemDelta = reader.u8()
    this.modemStatus = reader.u8()
    this.lineErrors = reader.u8()
    this.scratch = reader.u8()
    this.divisor = reader.u16()
    this.fifo = [...reader.blob()]
    this.incoming = [...reader.blob()]
  }
}
