// The local APIC of one vCPU (SDM 3A chapter 11): xAPIC by its page, x2APIC by its MSRs (11.12).
//
// What it decides: which vector the vCPU sees next (IRR, ISR, TPR, PPR), when its timer fires, and what its interrupt
// commands send to others. Messages travel over the ApicBus (apic-bus.ts), which knows all of them. The vCPU is seen only
// as `CpuLines`: an interrupt line, NMI, INIT, start-up.
//
// The rule for the interrupt line: high while a vector in IRR has a priority class above PPR's and the APIC is software
// enabled, or while the 8259's output is passed through by LINT0 (ExtINT), or by a globally disabled APIC. `update` is
// called after every change of anything the rule depends on, and `acknowledge` applies the same rule, so a vCPU that saw
// the line high always gets a vector.
//
// In x2APIC mode the page is gone, the ID is the vCPU's number, the logical ID follows from it, and a reserved bit is #GP.

import type { Clock, Savable, StateReader, StateWriter } from '../../base/index.js'
import type { ApicBus } from './apic-bus.js'
import { ApicTimer } from './apic-timer.js'
import { VectorSet } from './vector-set.js'

/** The lines of one vCPU. */
export interface CpuLines {
  setInterrupt(level: boolean): void
  raiseNmi(): void
  raiseInit(): void
  startup(vector: number): void
}

/** The 8259 pair's output, for ExtINT. */
export interface ExternalInterrupts {
  readonly pending: boolean
  acknowledge(): number
}

export const APIC_BASE_MSR = 0x1b
export const TSC_DEADLINE_MSR = 0x6e0
export const APIC_DEFAULT_BASE = 0xfee0_0000
const APIC_BASE_BSP = 1 << 8
const APIC_BASE_EXTENDED = 1 << 10
const APIC_BASE_ENABLE = 1 << 11
const APIC_BASE_RESERVED = 0x2ff
/** Asked for instead of a register's number: the upper half of one of 64 bits (ICR, deadline). */
const MSR_HIGH = 0x8000_0000
const X2APIC_FIRST = 0x800
const X2APIC_ICR = 0x830
const X2APIC_SELF_IPI = 0x83f

export const DELIVERY_FIXED = 0
export const DELIVERY_LOWEST = 1
export const DELIVERY_SMI = 2
export const DELIVERY_NMI = 4
export const DELIVERY_INIT = 5
export const DELIVERY_STARTUP = 6
export const DELIVERY_EXTINT = 7

const SVR_ENABLE = 1 << 8
const LVT_LEVEL = 1 << 15
const LVT_MASKED = 1 << 16
const LVT_TIMER = 0
const LVT_LINT0 = 3
const LVT_ERROR = 5

/** Of the low half of the interrupt command register. */
const COMMAND_WRITABLE = 0xc_cfff

const ERROR_SEND_VECTOR = 1 << 5
const ERROR_RECEIVE_VECTOR = 1 << 6
const ERROR_REGISTER = 1 << 7

/** Which bits of each LVT register can be written: timer, thermal, performance, LINT0, LINT1, error. */
const LVT_WRITABLE = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff] as const
/** Delivery status and Remote IRR. */
const LVT_READ_ONLY = 0x5000

/** Bits that x2APIC mode allows to be written, by register; a missing one is read-only or not there (table 11-6). */
const X2APIC_WRITABLE = new Map<number, number>([
  [0x80, 0xff],
  [0xb0, 0],
  [0xf0, 0x1ff],
  [0x280, 0],
  ...LVT_WRITABLE.map((bits, i): [number, number] => [0x320 + 16 * i, bits | LVT_READ_ONLY]),
  [0x380, 0xffff_ffff],
  [0x3e0, 0xb],
])

export class LocalApic implements Savable {
  readonly tag = 'local-apic'
  readonly version = 3
  readonly index: number

  private base: number
  private id: number
  private taskPriority = 0
  private logicalDestination = 0
  private destinationFormat = 0xffff_ffff
  private spurious = 0xff
  private readonly inService = new VectorSet()
  private readonly triggerMode = new VectorSet()
  private readonly requested = new VectorSet()
  private errorStatus = 0
  private errorsSince = 0
  private commandLow = 0
  private commandHigh = 0
  private readonly lvt = new Uint32Array(6)
  private lineHigh = false
  /** The level of LINT0 when it was last looked at. */
  private lint0 = false

  private readonly timer: ApicTimer
  private readonly bus: ApicBus
  private readonly cpu: CpuLines
  private readonly external: ExternalInterrupts | undefined

  /** `external` is the 8259's output where it is wired to this vCPU's LINT0: the boot processor's only. */
  constructor(index: number, clock: Clock, bus: ApicBus, cpu: CpuLines, external?: ExternalInterrupts) {
    this.index = index
    this.bus = bus
    this.cpu = cpu
    this.external = external
    this.id = index
    this.base = this.resetBase()
    this.timer = new ApicTimer(clock, `local-apic ${index} timer`, () => this.fireLocal(LVT_TIMER))
    bus.attach(this)
    this.powerUp()
  }

  private resetBase(): number {
    return APIC_DEFAULT_BASE + APIC_BASE_ENABLE + (this.index === 0 ? APIC_BASE_BSP : 0)
  }

  /** Power-up: everything, the base address included. */
  powerUp(): void {
    this.base = this.resetBase()
    this.id = this.index
    this.reset()
    // Virtual wire mode on the boot processor, which firmware sets up on a PC: the 8259 works before any driver runs.
    if (this.external !== undefined) this.lvt[LVT_LINT0] = DELIVERY_EXTINT << 8
    this.update()
  }

  /** INIT reset: everything but the ID and the base address (SDM 3A 11.4.7.3). Global disabling loses the ID too. */
  reset(): void {
    this.taskPriority = 0
    this.logicalDestination = 0
    this.destinationFormat = 0xffff_ffff
    this.spurious = 0xff
    this.inService.clear()
    this.triggerMode.clear()
    this.requested.clear()
    this.errorStatus = 0
    this.errorsSince = 0
    this.commandLow = 0
    this.commandHigh = 0
    this.lvt.fill(LVT_MASKED)
    this.timer.reset()
    this.update()
  }

  get apicId(): number {
    return this.extended ? this.index : this.id
  }

  /** The destination by which this APIC's messages mean everybody. */
  get broadcast(): number {
    return this.extended ? 0xffff_ffff : 0xff
  }

  /** The physical address of the register page; undefined while the APIC is globally disabled or in x2APIC mode. */
  get page(): number | undefined {
    return this.globallyEnabled && !this.extended ? (this.base & 0xffff_f000) >>> 0 : undefined
  }

  /** Whether any message reaches it. */
  get globallyEnabled(): boolean {
    return (this.base & APIC_BASE_ENABLE) !== 0
  }

  private get extended(): boolean {
    return (this.base & APIC_BASE_EXTENDED) !== 0
  }

  private get softwareEnabled(): boolean {
    return (this.spurious & SVR_ENABLE) !== 0
  }

  /** Whether fixed and lowest-priority messages reach it. */
  get acceptsInterrupts(): boolean {
    return this.globallyEnabled && this.softwareEnabled
  }

  get processorPriority(): number {
    const serviced = this.inService.highest
    const servicedClass = serviced < 0 ? 0 : serviced & 0xf0
    return (this.taskPriority & 0xf0) >= servicedClass ? this.taskPriority : servicedClass
  }

  private get logicalId(): number {
    return this.extended ? (((this.index >>> 4) << 16) | (1 << (this.index & 15))) >>> 0 : this.logicalDestination
  }

  matchesLogical(destination: number): boolean {
    if (this.extended) {
      const mine = this.logicalId
      return destination >>> 16 === mine >>> 16 && (destination & mine & 0xffff) !== 0
    }
    const mine = this.logicalDestination >>> 24
    if (this.destinationFormat >>> 28 === 0xf) return (mine & destination) !== 0
    // Cluster model: high nibble names the cluster (15: all), low nibble the members.
    const cluster = destination >>> 4
    return (cluster === 0xf || cluster === mine >>> 4) && (mine & destination & 0xf) !== 0
  }

  // Delivery ////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** A message from the bus, an LVT entry or an own command arrives. */
  accept(mode: number, vector: number, level: boolean): void {
    // Globally disabled it hears nothing; software disabled only NMI, INIT and start-up (SDM 3A 11.4.3, 11.4.7.2).
    if (!this.globallyEnabled) return
    switch (mode) {
      case DELIVERY_FIXED:
      case DELIVERY_LOWEST:
        if (!this.acceptsInterrupts) return
        if (vector < 16) {
          this.error(ERROR_RECEIVE_VECTOR)
          return
        }
        this.requested.set(vector, true)
        this.triggerMode.set(vector, level) // and at no other event: EOI leaves TMR alone (SDM 3A 11.8.4)
        this.update()
        return
      case DELIVERY_NMI:
        this.cpu.raiseNmi()
        return
      case DELIVERY_INIT:
        this.reset()
        this.cpu.raiseInit()
        return
      case DELIVERY_STARTUP:
        this.cpu.startup(vector)
        return
      default:
        // SMI: there is no system management mode. ExtINT by message: the 8259 is wired to LINT0 only.
        return
    }
  }

  /** The highest request that may interrupt now; -1 if none. */
  private deliverable(): number {
    const vector = this.requested.highest
    return this.wouldDeliver(vector) ? vector : -1
  }

  /** Whether the vCPU would get this vector as things stand. */
  wouldDeliver(vector: number): boolean {
    return this.acceptsInterrupts && vector >= 16 && (vector & 0xf0) > (this.processorPriority & 0xf0)
  }

  /** Whether its timer is due and its vCPU would get the vector. */
  get timerMayInterrupt(): boolean {
    const entry = this.lvt[LVT_TIMER] as number
    return this.timer.isDue && (entry & LVT_MASKED) === 0 && this.wouldDeliver(entry & 0xff)
  }

  /** What a rise of the 8259's output does here (delivery mode and vector); undefined where it does not arrive. */
  get externalMessage(): { readonly mode: number; readonly vector: number } | undefined {
    if (this.external === undefined) return undefined
    if (!this.globallyEnabled) return { mode: DELIVERY_EXTINT, vector: 0 }
    const entry = this.lvt[LVT_LINT0] as number
    return (entry & LVT_MASKED) === 0 ? { mode: (entry >>> 8) & 7, vector: entry & 0xff } : undefined
  }

  private externalPending(): boolean {
    return this.external?.pending === true && this.externalMessage?.mode === DELIVERY_EXTINT
  }

  /** Recomputes the interrupt line. A rise of the 8259's output is an edge for LINT0 (fixed, NMI, INIT). */
  update(): void {
    const before = this.lint0
    this.lint0 = this.external?.pending === true
    if (this.lint0 && !before) this.fireLocal(LVT_LINT0)
    const high = this.deliverable() >= 0 || this.externalPending()
    if (high !== this.lineHigh) {
      this.lineHigh = high
      this.cpu.setInterrupt(high)
    }
  }

  /** The vCPU takes an interrupt: its vector, moved from IRR to ISR; -1 if there is none any more. */
  acknowledge(): number {
    const vector = this.deliverable()
    if (vector >= 0) {
      this.requested.set(vector, false)
      this.inService.set(vector, true)
      this.update()
      return vector
    }
    if (this.externalPending() && this.external !== undefined) {
      const external = this.external.acknowledge()
      this.update()
      return external
    }
    return -1
  }

  private endOfInterrupt(): void {
    const vector = this.inService.highest
    if (vector < 0) return
    this.inService.set(vector, false)
    if (this.triggerMode.has(vector)) this.bus.broadcastEndOfInterrupt(vector)
    this.update()
  }

  private error(bits: number): void {
    const before = this.errorsSince
    this.errorsSince |= bits
    if ((before & bits) !== bits) this.fireLocal(LVT_ERROR)
  }

  private fireLocal(index: number): void {
    const entry = this.lvt[index] as number
    if ((entry & LVT_MASKED) !== 0 || !this.softwareEnabled) return
    const mode = index === LVT_TIMER || index === LVT_ERROR ? DELIVERY_FIXED : (entry >>> 8) & 7
    // What else could stand there is reserved, or ExtINT, which `externalPending` passes on.
    if (mode !== DELIVERY_FIXED && mode !== DELIVERY_NMI && mode !== DELIVERY_INIT) return
    this.accept(mode, entry & 0xff, index === LVT_LINT0 && (entry & LVT_LEVEL) !== 0)
  }

  private sendCommand(): void {
    const low = this.commandLow
    const vector = low & 0xff
    const mode = (low >>> 8) & 7
    const assert = (low & (1 << 14)) !== 0
    const levelTriggered = (low & (1 << 15)) !== 0
    // INIT level de-assert only synchronized arbitration IDs on the Pentium; it resets nothing (SDM 3A 11.6.1).
    if (mode === DELIVERY_INIT && levelTriggered && !assert) return
    if ((mode === DELIVERY_FIXED || mode === DELIVERY_LOWEST) && vector < 16) {
      this.error(ERROR_SEND_VECTOR)
      return
    }
    this.bus.send({
      source: this,
      shorthand: (low >>> 18) & 3,
      destination: this.extended ? this.commandHigh : this.commandHigh >>> 24,
      logical: (low & (1 << 11)) !== 0,
      mode,
      vector,
      level: false, // interrupt commands are edge triggered on every processor since the Pentium 4
    })
  }

  private get timerMode(): number {
    return ((this.lvt[LVT_TIMER] as number) >>> 17) & 3
  }

  private configureTimer(): void {
    this.timer.configure(this.timerMode, ((this.lvt[LVT_TIMER] as number) & LVT_MASKED) !== 0)
  }

  // Registers ///////////////////////////////////////////////////////////////////////////////////////////////////////

  /** `offset` in the page. Registers are 32 bits at multiples of 16; narrower reads give the part asked for. */
  read(offset: number, size: number): number {
    const value = this.readRegister(offset & 0xff0)
    const shift = 8 * (offset & 0xf)
    if (shift >= 32) return 0
    return size === 4 ? value >>> shift : (value >>> shift) & (size === 2 ? 0xffff : 0xff)
  }

  write(offset: number, size: number, value: number): void {
    // Only aligned 32-bit stores are architectural (SDM 3A 11.4.1); narrower ones are dropped as real parts do.
    if (size !== 4 || (offset & 0xf) !== 0) return
    this.writeRegister(offset, value >>> 0)
  }

  private readRegister(offset: number): number {
    if (offset >= 0x100 && offset < 0x180) return this.inService.word((offset - 0x100) >>> 4)
    if (offset >= 0x180 && offset < 0x200) return this.triggerMode.word((offset - 0x180) >>> 4)
    if (offset >= 0x200 && offset < 0x280) return this.requested.word((offset - 0x200) >>> 4)
    if (offset >= 0x320 && offset <= 0x370) return this.lvt[(offset - 0x320) >>> 4] as number
    switch (offset) {
      case 0x20:
        return this.extended ? this.index : (this.id << 24) >>> 0
      case 0x30:
        return 0x0005_0014 // six LVT entries, integrated APIC
      case 0x80:
        return this.taskPriority
      case 0x90:
      case 0xa0:
        return this.processorPriority
      case 0xb0:
      case 0xc0:
        return 0
      case 0xd0:
        return this.logicalId
      case 0xe0:
        return this.destinationFormat
      case 0xf0:
        return this.spurious
      case 0x280:
        return this.errorStatus
      case 0x300:
        return this.commandLow
      case 0x310:
        return this.commandHigh
      case 0x380:
        return this.timer.initialCount
      case 0x390:
        return this.timer.currentCount
      case 0x3e0:
        return this.timer.divideConfiguration
      default:
        this.error(ERROR_REGISTER)
        return 0
    }
  }

  private writeRegister(offset: number, value: number): void {
    if (offset >= 0x320 && offset <= 0x370) {
      const index = (offset - 0x320) >>> 4
      let entry = value & (LVT_WRITABLE[index] as number)
      if (!this.softwareEnabled) entry |= LVT_MASKED
      this.lvt[index] = entry
      if (index === LVT_TIMER) this.configureTimer()
      this.update()
      return
    }
    switch (offset) {
      case 0x20:
        this.id = value >>> 24
        return
      case 0x80:
        this.taskPriority = value & 0xff
        this.update()
        return
      case 0xb0:
        this.endOfInterrupt()
        return
      case 0xd0:
        this.logicalDestination = (value & 0xff00_0000) >>> 0
        return
      case 0xe0:
        this.destinationFormat = (value | 0x0fff_ffff) >>> 0
        return
      case 0xf0:
        this.spurious = value & 0x3ff
        // Software disable masks every LVT entry, and they stay masked (SDM 3A 11.4.7.2).
        if (!this.softwareEnabled) for (let i = 0; i < 6; i++) this.lvt[i] = (this.lvt[i] as number) | LVT_MASKED
        this.configureTimer()
        this.update()
        return
      case 0x280:
        // A write makes the errors since the last write readable (SDM 3A 11.5.3).
        this.errorStatus = this.errorsSince
        this.errorsSince = 0
        return
      case 0x300:
        this.commandLow = value & COMMAND_WRITABLE
        this.sendCommand()
        return
      case 0x310:
        this.commandHigh = (value & 0xff00_0000) >>> 0
        return
      case 0x380:
        this.timer.initialCount = value
        return
      case 0x3e0:
        this.timer.divideConfiguration = value
        return
      case 0x30:
      case 0x90:
      case 0xa0:
      case 0xc0:
      case 0x390:
        return // read-only
      default:
        this.error(ERROR_REGISTER)
    }
  }

  /** CR8: the priority class of TPR. */
  get taskPriorityClass(): number {
    return this.taskPriority >>> 4
  }

  set taskPriorityClass(value: number) {
    this.taskPriority = (value & 0xf) << 4
    this.update()
  }

  /** The low half; with MSR_HIGH the upper one. The core asks only for registers that can be read. */
  readMsr(number: number): number {
    const msr = number >>> 0
    if (msr === APIC_BASE_MSR) return this.base
    if (msr === TSC_DEADLINE_MSR) return this.timer.deadline >>> 0
    if (msr === MSR_HIGH + TSC_DEADLINE_MSR) return Math.floor(this.timer.deadline / 0x1_0000_0000) >>> 0
    if (msr === MSR_HIGH + X2APIC_ICR) return this.commandHigh
    return msr >= X2APIC_FIRST && msr < MSR_HIGH ? this.readRegister((msr - X2APIC_FIRST) << 4) : 0
  }

  /** False for #GP. */
  writeMsr(msr: number, low: number, high: number): boolean {
    if (msr === APIC_BASE_MSR) return this.writeBase(low >>> 0, high)
    if (msr === TSC_DEADLINE_MSR) {
      this.timer.deadline = (high >>> 0) * 0x1_0000_0000 + (low >>> 0)
      return true
    }
    return this.extended && this.writeExtended(msr, low >>> 0, high >>> 0)
  }

  /** IA32_APIC_BASE: x2APIC mode is entered from xAPIC mode only, and left only by disabling (SDM 3A 11.12.5). */
  private writeBase(low: number, high: number): boolean {
    const on = (low & APIC_BASE_ENABLE) !== 0
    const extended = (low & APIC_BASE_EXTENDED) !== 0
    // Registers above 4 GiB are out of the machine's reach, so the address is refused as if it were too wide.
    if (high !== 0 || (low & APIC_BASE_RESERVED) !== 0 || (extended && !on)) return false
    if (extended ? !this.globallyEnabled : on && this.extended) return false
    const wasEnabled = this.globallyEnabled
    // Entering x2APIC mode keeps every register but the ID, the logical destination and the high half of ICR (11.12.5.1).
    if (extended && !this.extended) this.commandHigh = 0
    this.base = ((low & ~APIC_BASE_BSP) | (this.index === 0 ? APIC_BASE_BSP : 0)) >>> 0
    if (wasEnabled && !on) {
      // Back to the state after power-up, the initial ID included (SDM 3A 11.4.3, 11.4.7.1).
      this.id = this.index
      this.reset()
    }
    this.update()
    return true
  }

  private writeExtended(msr: number, low: number, high: number): boolean {
    if (msr === X2APIC_ICR) {
      if ((low & ~COMMAND_WRITABLE) !== 0) return false
      this.commandHigh = high
      this.writeRegister(0x300, low)
      return true
    }
    if (high !== 0) return false
    if (msr === X2APIC_SELF_IPI) {
      if (low > 0xff) return false
      if (low < 16) this.error(ERROR_SEND_VECTOR)
      else this.accept(DELIVERY_FIXED, low, false)
      return true
    }
    const offset = (msr - X2APIC_FIRST) << 4
    const writable = X2APIC_WRITABLE.get(offset)
    if (writable === undefined || (low & ~writable) !== 0) return false
    this.writeRegister(offset, low)
    return true
  }

  save(writer: StateWriter): void {
    writer.f64(this.base)
    writer.u32(this.id)
    writer.u32(this.taskPriority)
    writer.u32(this.logicalDestination)
    writer.u32(this.destinationFormat)
    writer.u32(this.spurious)
    for (const bits of [this.inService, this.triggerMode, this.requested]) bits.save(writer)
    writer.u32(this.errorStatus)
    writer.u32(this.errorsSince)
    writer.u32(this.commandLow)
    writer.u32(this.commandHigh)
    for (const entry of this.lvt) writer.u32(entry)
    this.timer.save(writer)
    writer.bool(this.lineHigh)
    writer.bool(this.lint0)
  }

  load(reader: StateReader): void {
    this.base = reader.f64()
    this.id = reader.u32()
    this.taskPriority = reader.u32()
    this.logicalDestination = reader.u32()
    this.destinationFormat = reader.u32()
    this.spurious = reader.u32()
    for (const bits of [this.inService, this.triggerMode, this.requested]) bits.load(reader)
    this.errorStatus = reader.u32()
    this.errorsSince = reader.u32()
    this.commandLow = reader.u32()
    this.commandHigh = reader.u32()
    for (let i = 0; i < 6; i++) this.lvt[i] = reader.u32()
    this.timer.load(reader)
    this.lineHigh = reader.bool()
    this.lint0 = reader.bool()
  }
}
