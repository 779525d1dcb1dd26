// The ways out: isa-debug-exit (501H as QEMU's option in our manuals, and F4H, its customary place), ACPI PM1 control
// (604H, as QEMU's pc), reset by RST_CNT (CF9H), port 92H bit 0, and the keyboard controller: a pulse on bit 0 of its output
// port (64H <- FEH), or bit 0 written as 0 (64H <- D1H, 60H <- value). Also the ports a PC must have and nothing happens at:
// POST codes (80H), A20 (92H bit 1, bit 1 of the output port), and the ACPI PM timer (608H). There is no keyboard.
//
// RST_CNT lies inside the PCI configuration address register (CF8H, 32 bits): only byte accesses reach it, and the wider
// ones, with which a kernel looks for PCI, are open bus. Each request is an event; the machine acts on it at the next
// instruction boundary.

import type { Clock, Event, Savable, StateReader, StateWriter } from '../../base/index.js'
import { Emitter } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { ResetCause } from '../guest-port.js'

export type PowerRequest =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'power-off' }
  | { readonly kind: 'reset'; readonly cause: ResetCause }

const SLEEP_ENABLE = 1 << 13
const SLEEP_TYPE = 7 << 10
/** SLP_TYP of S5: 0 in QEMU's DSDT and in ours. */
const SLEEP_TYPE_S5 = 0
const READ_OUTPUT_PORT = 0xd0
const WRITE_OUTPUT_PORT = 0xd1
/** Commands from here on pulse those of bits 0 to 3 of the output port that are 0 in the command. */
const PULSE_OUTPUT_PORT = 0xf0
const OUTPUT_NO_RESET = 1
/** System flag, not inhibited, input buffer empty: nobody need wait. */
const KEYBOARD_STATUS = 0x14
const KEYBOARD_OUTPUT_FULL = 1
const OPEN_BUS = 0xffff_ffff
const PM_TIMER_HZ = 3_579_545

export class Power implements Savable, PortHandler {
  readonly tag = 'power'
  readonly version = 2
  readonly width = 4
  private readonly clock: Clock
  private pmStatus = 0
  private pmEnable = 0
  private pmControl = 1 // SCI_EN: ACPI mode from the start
  private resetControl = 0
  private port92 = 2 // A20 open
  private keyboardCommand = 0
  private outputPort = 3 // no reset, A20 open
  private outputFull = 0

  private readonly requestEmitter = new Emitter<PowerRequest>()
  readonly onRequest: Event<PowerRequest> = this.requestEmitter.event

  constructor(bus: Bus, clock: Clock) {
    this.clock = clock
    bus.mapPorts(0x501, 2, this)
    bus.mapPorts(0xf4, 4, this)
    bus.mapPorts(0x600, 12, this)
    bus.mapPorts(0xcf8, 4, this)
    bus.mapPorts(0x60, 1, this)
    bus.mapPorts(0x64, 1, this)
    bus.mapPorts(0x80, 1, this)
    bus.mapPorts(0x92, 1, this)
  }

  reset(): void {
    this.pmStatus = 0
    this.pmEnable = 0
    this.pmControl = 1
    this.resetControl = 0
    this.port92 = 2
    this.keyboardCommand = 0
    this.outputPort = 3
    this.outputFull = 0
  }

  read(port: number, size: number): number {
    switch (port) {
      case 0x600:
        return size === 4 ? this.pmStatus | (this.pmEnable << 16) : this.pmStatus
      case 0x602:
        return this.pmEnable
      case 0x604:
        return this.pmControl
      case 0x608:
        return Math.floor((this.clock.now * PM_TIMER_HZ) / 1e9) % 0x100_0000
      case 0xcf9:
        return size === 1 ? this.resetControl : OPEN_BUS
      case 0x92:
        return this.port92
      case 0x64:
        return KEYBOARD_STATUS | this.outputFull
      case 0x60:
        if (this.outputFull === 0) return 0
        this.outputFull = 0
        return this.outputPort
      default:
        return port >= 0x600 && port < 0x60c ? 0 : OPEN_BUS
    }
  }

  write(port: number, size: number, value: number): void {
    switch (port) {
      case 0x501:
      case 0xf4:
        this.requestEmitter.fire({ kind: 'exit', status: ((value << 1) | 1) & 0xff })
        return
      case 0x600:
        this.pmStatus &= ~value
        return
      case 0x602:
        this.pmEnable = value & 0xffff
        return
      case 0x604:
        this.pmControl = (value & 0x1c07) | 1
        if ((value & SLEEP_ENABLE) !== 0 && (value & SLEEP_TYPE) >>> 10 === SLEEP_TYPE_S5) {
          this.requestEmitter.fire({ kind: 'power-off' })
        }
        return
      case 0xcf9:
        if (size !== 1) return
        this.resetControl = value & 0xe
        if ((value & 4) !== 0) this.requestEmitter.fire({ kind: 'reset', cause: 'reset-control' })
        return
      case 0x64:
        this.keyboardCommand = value
        if (value === READ_OUTPUT_PORT) this.outputFull = KEYBOARD_OUTPUT_FULL
        else if (value >= PULSE_OUTPUT_PORT && (value & OUTPUT_NO_RESET) === 0) this.keyboardResets()
        return
      case 0x60:
        if (this.keyboardCommand !== WRITE_OUTPUT_PORT) return
        this.keyboardCommand = 0
        this.outputPort = value
        if ((value & OUTPUT_NO_RESET) === 0) this.keyboardResets()
        return
      case 0x92: {
        const before = this.port92
        this.port92 = value & 0xfe
        if ((value & 1) !== 0 && (before & 1) === 0) this.requestEmitter.fire({ kind: 'reset', cause: 'port-92' })
        return
      }
      default:
    }
  }

  private keyboardResets(): void {
    this.requestEmitter.fire({ kind: 'reset', cause: 'keyboard-controller' })
  }

  save(writer: StateWriter): void {
    for (const value of [
      this.pmStatus,
      this.pmEnable,
      this.pmControl,
      this.resetControl,
      this.port92,
      this.keyboardCommand,
      this.outputPort,
      this.outputFull,
    ])
      writer.u16(value)
  }

  load(reader: StateReader): void {
    this.pmStatus = reader.u16()
    this.pmEnable = reader.u16()
    this.pmControl = reader.u16()
    this.resetControl = reader.u16()
    this.port92 = reader.u16()
    this.keyboardCommand = reader.u16()
    this.outputPort = reader.u16()
    this.outputFull = reader.u16()
  }
}
