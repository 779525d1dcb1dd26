// The local APIC of one vCPU (xAPIC; SDM 3A chapter 11).
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
// The timer counts virtual time divided by the divide register: 1 GHz nominal, the crystal of CPUID leaf 15H.

import type { Clock, Savable, StateReader, StateWriter, Timer } from '../../base/index.js'
import type { ApicBus } from './apic-bus.js'

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
const APIC_BASE_ENABLE = 1 << 11

export const DELIVERY_FIXED = 0
export const DELIVERY_LOWEST = 1
export const DELIVERY_SMI = 2
export const DELIVERY_NMI = 4
export const DELIVERY_INIT = 5
export const DELIVERY_STARTUP = 6
export const DELIVERY_EXTINT = 7

const SVR_ENABLE = 1 << 8
const LVT_MASKED = 1 << 16
const LVT_TIMER = 0
const LVT_LINT0 = 3
const LVT_ERROR = 5
const TIMER_PERIODIC = 1
const TIMER_TSC_DEADLINE = 2

const ERROR_SEND_VECTOR = 1 << 5
const ERROR_RECEIVE_VECTOR = 1 << 6
const ERROR_REGISTER = 1 << 7

/** Which bits of each LVT register can be written: timer, thermal, performance, LINT0, LINT1, error. */
const LVT_WRITABLE = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff] as const

/** The highest vector set in a 256-bit register; -1 if none. */
function highest(bits: Uint32Array): number {
  for (let word = 7; word >= 0; word--) {
    const value = bits[word] as number
    if (value !== 0) return word * 32 + 31 - Math.clz32(value)
  }
  return -1
}

export class LocalApic implements Savable {
  readonly tag = 'local-apic'
  readonly version = 1
  readonly index: number

  private base: number
  private id: number
  private taskPriority = 0
  private logicalDestination = 0
  private destinationFormat = 0xffff_ffff
  private spurious = 0xff
  private readonly inService = new Uint32Array(8)
  private readonly triggerMode = new Uint32Array(8)
  private readonly requested = new Uint32Array(8)
  private errorStatus = 0
  private errorsSince = 0
  private commandLow = 0
  private commandHigh = 0
  private readonly lvt = new Uint32Array(6)
  private initialCount = 0
  private countStart = 0
  private divideConfiguration = 0
  private tscDeadline = 0
  private lineHigh = false

  private readonly timer: Timer
  private readonly clock: Clock
  private readonly bus: ApicBus
  private readonly cpu: CpuLines
  private readonly external: ExternalInterrupts | undefined

  /** `external` is the 8259's output where it is wired to this vCPU's LINT0: the boot processor's only. */
  constructor(index: number, clock: Clock, bus: ApicBus, cpu: CpuLines, external?: ExternalInterrupts) {
    this.index = index
    this.clock = clock
    this.bus = bus
    this.cpu = cpu
    this.external = external
    this.id = index
    this.base = this.resetBase()
    this.timer = clock.createTimer(`local-apic ${index} timer`, () => this.timerExpired())
    bus.attach(this)
    this.reset()
  }

  private resetBase(): number {
    return APIC_DEFAULT_BASE + APIC_BASE_ENABLE + (this.index === 0 ? APIC_BASE_BSP : 0)
  }

  /** Power-up: everything, the base address included. */
  powerUp(): void {
    this.base = this.resetBase()
    this.id = this.index
    this.reset()
  }

  /** INIT reset: everything but the ID and the base address (SDM 3A 11.4.7.3). */
  reset(): void {
    this.taskPriority = 0
    this.logicalDestination = 0
    this.destinationFormat = 0xffff_ffff
    this.spurious = 0xff
    this.inService.fill(0)
    this.triggerMode.fill(0)
    this.requested.fill(0)
    this.errorStatus = 0
    this.errorsSince = 0
    this.commandLow = 0
    this.commandHigh = 0
    this.lvt.fill(LVT_MASKED)
    // Virtual wire mode on the boot processor, which firmware sets up on a PC: the 8259 works before any driver runs.
    if (this.external !== undefined) this.lvt[LVT_LINT0] = DELIVERY_EXTINT << 8
    this.initialCount = 0
    this.countStart = 0
    this.divideConfiguration = 0
    this.tscDeadline = 0
    this.timer.disarm()
    this.update()
  }

  get apicId(): number {
    return this.id
  }

  /** The physical address of the register page; undefined while the APIC is globally disabled. */
  get page(): number | undefined {
    return (this.base & APIC_BASE_ENABLE) !== 0 ? (this.base & 0xffff_f000) >>> 0 : undefined
  }

  private get globallyEnabled(): boolean {
    return (this.base & APIC_BASE_ENABLE) !== 0
  }

  private get softwareEnabled(): boolean {
    return (this.spurious & SVR_ENABLE) !== 0
  }

  get processorPriority(): number {
    const serviced = highest(this.inService)
    const servicedClass = serviced < 0 ? 0 : serviced & 0xf0
    return (this.taskPriority & 0xf0) >= servicedClass ? this.taskPriority : servicedClass
  }

  matchesLogical(destination: number): boolean {
    const mine = this.logicalDestination >>> 24
    if (this.destinationFormat >>> 28 === 0xf) return (mine & destination) !== 0
    // Cluster model: high nibble names the cluster (15: all), low nibble the members.
    const cluster = destination >>> 4
    return (cluster === 0xf || cluster === mine >>> 4) && (mine & destination & 0xf) !== 0
  }

  // Delivery ////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** A message from the bus, an LVT entry or an own command arrives. */
  accept(mode: number, vector: number, level: boolean): void {
    switch (mode) {
      case DELIVERY_FIXED:
      case DELIVERY_LOWEST:
        if (!this.globallyEnabled || !this.softwareEnabled) return
        if (vector < 16) {
          this.error(ERROR_RECEIVE_VECTOR)
          return
        }
        this.setBit(this.requested, vector, true)
        this.setBit(this.triggerMode, vector, level)
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
    if (!this.globallyEnabled || !this.softwareEnabled) return -1
    const vector = highest(this.requested)
    return vector >= 0 && (vector & 0xf0) > (this.processorPriority & 0xf0) ? vector : -1
  }

  private externalPending(): boolean {
    if (this.external === undefined || !this.external.pending) return false
    if (!this.globallyEnabled) return true
    const entry = this.lvt[LVT_LINT0] as number
    return (entry & LVT_MASKED) === 0 && ((entry >>> 8) & 7) === DELIVERY_EXTINT
  }

  /** Recomputes the interrupt line. */
  update(): void {
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
      this.setBit(this.requested, vector, false)
      this.setBit(this.inService, vector, true)
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
    const vector = highest(this.inService)
    if (vector < 0) return
    this.setBit(this.inService, vector, false)
    const level = this.testBit(this.triggerMode, vector)
    if (level) {
      this.setBit(this.triggerMode, vector, false)
      this.bus.broadcastEndOfInterrupt(vector)
    }
    this.update()
  }

  private testBit(bits: Uint32Array, vector: number): boolean {
    return (((bits[vector >>> 5] as number) >>> (vector & 31)) & 1) !== 0
  }

  private setBit(bits: Uint32Array, vector: number, on: boolean): void {
    const word = vector >>> 5
    const mask = 1 << (vector & 31)
    bits[word] = on ? (bits[word] as number) | mask : (bits[word] as number) & ~mask
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
    this.accept(mode, entry & 0xff, false)
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
      destination: this.commandHigh >>> 24,
      logical: (low & (1 << 11)) !== 0,
      mode,
      vector,
      level: false, // interrupt commands are edge triggered on every processor since the Pentium 4
    })
  }

  // Timer ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  private get divider(): number {
    const code = (this.divideConfiguration & 3) | ((this.divideConfiguration >>> 1) & 4)
    return code === 7 ? 1 : 2 << code
  }

  private get timerMode(): number {
    return ((this.lvt[LVT_TIMER] as number) >>> 17) & 3
  }

  private currentCount(): number {
    if (this.initialCount === 0 || this.timerMode === TIMER_TSC_DEADLINE) return 0
    const elapsed = Math.floor((this.clock.now - this.countStart) / this.divider)
    if (this.timerMode === TIMER_PERIODIC) return this.initialCount - (elapsed % this.initialCount)
    return Math.max(0, this.initialCount - elapsed)
  }

  private startCount(count: number): void {
    if (this.timerMode === TIMER_TSC_DEADLINE) return // writes to the initial count are ignored in this mode
    this.initialCount = count
    this.countStart = this.clock.now
    this.schedule()
  }

  /**
   * Arms the timer for the next expiry that can have an effect. A masked count goes on without one: its value follows
   * from `countStart`, and unmasking schedules again.
   */
  private schedule(): void {
    const masked = ((this.lvt[LVT_TIMER] as number) & LVT_MASKED) !== 0
    let expiry = Number.POSITIVE_INFINITY
    if (this.timerMode === TIMER_TSC_DEADLINE) {
      if (this.tscDeadline !== 0) expiry = this.tscDeadline
    } else if (this.initialCount !== 0 && !masked) {
      const period = this.initialCount * this.divider
      const elapsed = this.clock.now - this.countStart
      if (this.timerMode === TIMER_PERIODIC) expiry = this.countStart + (Math.floor(elapsed / period) + 1) * period
      else if (elapsed < period) expiry = this.countStart + period
    }
    if (expiry === Number.POSITIVE_INFINITY) this.timer.disarm()
    else this.timer.arm(expiry)
  }

  private timerExpired(): void {
    this.tscDeadline = 0
    this.schedule()
    this.fireLocal(LVT_TIMER)
  }

  private writeTimerEntry(value: number): void {
    const modeBefore = this.timerMode
    this.lvt[LVT_TIMER] = value
    const toOrFromDeadline = (modeBefore === TIMER_TSC_DEADLINE) !== (this.timerMode === TIMER_TSC_DEADLINE)
    if (toOrFromDeadline) {
      // Changing to or from TSC-deadline mode disarms the timer (SDM 3A 11.5.4.1).
      this.initialCount = 0
      this.tscDeadline = 0
    }
    this.schedule()
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
    if (offset >= 0x100 && offset < 0x180) return this.inService[(offset - 0x100) >>> 4] as number
    if (offset >= 0x180 && offset < 0x200) return this.triggerMode[(offset - 0x180) >>> 4] as number
    if (offset >= 0x200 && offset < 0x280) return this.requested[(offset - 0x200) >>> 4] as number
    if (offset >= 0x320 && offset <= 0x370) return this.lvt[(offset - 0x320) >>> 4] as number
    switch (offset) {
      case 0x20:
        return (this.id << 24) >>> 0
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
        return this.logicalDestination
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
        return this.initialCount
      case 0x390:
        return this.currentCount()
      case 0x3e0:
        return this.divideConfiguration
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
      if (index === LVT_TIMER) this.writeTimerEntry(entry)
      else this.lvt[index] = entry
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
        this.schedule()
        this.update()
        return
      case 0x280:
        // A write makes the errors since the last write readable (SDM 3A 11.5.3).
        this.errorStatus = this.errorsSince
        this.errorsSince = 0
        return
      case 0x300:
        this.commandLow = value & 0x000c_cfff
        this.sendCommand()
        return
      case 0x310:
        this.commandHigh = (value & 0xff00_0000) >>> 0
        return
      case 0x380:
        this.startCount(value)
        return
      case 0x3e0: {
        const remaining = this.currentCount()
        this.divideConfiguration = value & 0xb
        if (remaining > 0) {
          // The count goes on from where it is at the new rate.
          this.countStart = this.clock.now - (this.initialCount - remaining) * this.divider
        }
        this.schedule()
        return
      }
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

  readMsr(msr: number): number {
    if (msr === APIC_BASE_MSR) return this.base
    if (msr === TSC_DEADLINE_MSR) return this.tscDeadline >>> 0
    return 0
  }

  /** False for #GP. x2APIC mode is not there (CPUID says so): enabling it, and its MSRs, fault. */
  writeMsr(msr: number, low: number, high: number): boolean {
    if (msr === APIC_BASE_MSR) {
      // The physical address width is 36 bits at most here; bits 7:0, 9 and 10 (x2APIC) are reserved.
      if (high !== 0 || (low & 0x6ff) !== 0) return false
      const wasEnabled = this.globallyEnabled
      this.base = ((low & ~APIC_BASE_BSP) | (this.index === 0 ? APIC_BASE_BSP : 0)) >>> 0
      if (wasEnabled && !this.globallyEnabled) this.reset()
      this.update()
      return true
    }
    if (msr === TSC_DEADLINE_MSR) {
      if (this.timerMode !== TIMER_TSC_DEADLINE) return true
      const deadline = (high >>> 0) * 0x1_0000_0000 + (low >>> 0)
      this.tscDeadline = deadline
      this.schedule()
      return true
    }
    return false
  }

  save(writer: StateWriter): void {
    writer.f64(this.base)
    writer.u32(this.id)
    writer.u32(this.taskPriority)
    writer.u32(this.logicalDestination)
    writer.u32(this.destinationFormat)
    writer.u32(this.spurious)
    for (const bits of [this.inService, this.triggerMode, this.requested]) for (const word of bits) writer.u32(word)
    writer.u32(this.errorStatus)
    writer.u32(this.errorsSince)
    writer.u32(this.commandLow)
    writer.u32(this.commandHigh)
    for (const entry of this.lvt) writer.u32(entry)
    writer.u32(this.initialCount)
    writer.f64(this.countStart)
    writer.u32(this.divideConfiguration)
    writer.f64(this.tscDeadline)
    writer.bool(this.lineHigh)
  }

  load(reader: StateReader): void {
    this.base = reader.f64()
    this.id = reader.u32()
    this.taskPriority = reader.u32()
    this.logicalDestination = reader.u32()
    this.destinationFormat = reader.u32()
    this.spurious = reader.u32()
    for (const bits of [this.inService, this.triggerMode, this.requested]) {
      for (let i = 0; i < 8; i++) bits[i] = reader.u32()
    }
    this.errorStatus = reader.u32()
    this.errorsSince = reader.u32()
    this.commandLow = reader.u32()
    this.commandHigh = reader.u32()
    for (let i = 0; i < 6; i++) this.lvt[i] = reader.u32()
    this.initialCount = reader.u32()
    this.countStart = reader.f64()
    this.divideConfiguration = reader.u32()
    this.tscDeadline = reader.f64()
    this.lineHigh = reader.bool()
  }
}
