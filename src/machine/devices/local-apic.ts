// The local APIC of one vCPU (SDM 3A chapter 11): xAPIC by its page, x2APIC by its MSRs (11.12).
//
// What it decides: which vector the vCPU sees next (apic-priority.ts), when its timer fires, and what its interrupt
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
import { APIC_MSR_HIGH, IA32_APIC_BASE, IA32_TSC_DEADLINE, X2APIC_FIRST, X2APIC_ICR } from '../../cpu/index.js'
import { ApicBase } from './apic-base.js'
import type { ApicBus } from './apic-bus.js'
import {
  type CpuLines,
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST,
  DELIVERY_NMI,
  DELIVERY_STARTUP,
  type ExternalInterrupts,
  matchesCluster,
  matchesExtended,
  parseCommand,
} from './apic-messages.js'
import { ApicPriority } from './apic-priority.js'
import {
  COMMAND_WRITABLE,
  ERROR_RECEIVE_VECTOR,
  ERROR_REGISTER,
  ERROR_SEND_VECTOR,
  LVT_ERROR,
  LVT_LINT0,
  LVT_TIMER,
  SVR_ENABLE,
  X2APIC_SELF_IPI,
  X2APIC_WRITABLE,
} from './apic-registers.js'
import { ApicTimer } from './apic-timer.js'
import { LocalVectors } from './local-vectors.js'

export class LocalApic implements Savable {
  readonly tag = 'local-apic'
  readonly version = 3
  readonly index: number

  private readonly base: ApicBase
  private readonly priority = new ApicPriority()
  private id: number
  private logicalDestination = 0
  private destinationFormat = 0xffff_ffff
  private spurious = 0xff
  private errorStatus = 0
  private errorsSince = 0
  private commandLow = 0
  private commandHigh = 0
  private readonly lvt = new LocalVectors()
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
    this.base = new ApicBase(index)
    this.timer = new ApicTimer(clock, `local-apic ${index} timer`, () => this.fireLocal(LVT_TIMER))
    bus.attach(this)
    this.powerUp()
  }

  /** Power-up: everything, the base address included. */
  powerUp(): void {
    this.base.powerUp()
    this.id = this.index
    this.reset()
    // Virtual wire mode on the boot processor, which firmware sets up on a PC: the 8259 works before any driver runs.
    if (this.external !== undefined) this.lvt.write(LVT_LINT0, DELIVERY_EXTINT << 8, false)
    this.update()
  }

  /** INIT reset: everything but the ID and the base address (SDM 3A 11.4.7.3). Global disabling loses the ID too. */
  reset(): void {
    this.priority.reset()
    this.logicalDestination = 0
    this.destinationFormat = 0xffff_ffff
    this.spurious = 0xff
    this.errorStatus = 0
    this.errorsSince = 0
    this.commandLow = 0
    this.commandHigh = 0
    this.lvt.reset()
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
    return this.base.page
  }

  /** Whether any message reaches it. */
  get globallyEnabled(): boolean {
    return this.base.enabled
  }

  private get extended(): boolean {
    return this.base.extended
  }

  private get softwareEnabled(): boolean {
    return (this.spurious & SVR_ENABLE) !== 0
  }

  /** Whether fixed and lowest-priority messages reach it. */
  get acceptsInterrupts(): boolean {
    return this.globallyEnabled && this.softwareEnabled
  }

  get processorPriority(): number {
    return this.priority.processor
  }

  private get logicalId(): number {
    return this.extended ? (((this.index >>> 4) << 16) | (1 << (this.index & 15))) >>> 0 : this.logicalDestination
  }

  matchesLogical(destination: number): boolean {
    if (this.extended) return matchesExtended(destination, this.logicalId)
    const mine = this.logicalDestination >>> 24
    return this.destinationFormat >>> 28 === 0xf ? (mine & destination) !== 0 : matchesCluster(destination, mine)
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
        this.priority.request(vector, level)
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
    const vector = this.priority.requested.highest
    return this.wouldDeliver(vector) ? vector : -1
  }

  /** Whether the vCPU would get this vector as things stand. */
  wouldDeliver(vector: number): boolean {
    return this.acceptsInterrupts && this.priority.admits(vector)
  }

  /** Whether its timer is due and its vCPU would get the vector. */
  get timerMayInterrupt(): boolean {
    return this.timer.isDue && !this.lvt.isMasked(LVT_TIMER) && this.wouldDeliver(this.lvt.vector(LVT_TIMER))
  }

  /** What a rise of the 8259's output does here (delivery mode and vector); undefined where it does not arrive. */
  get externalMessage(): { readonly mode: number; readonly vector: number } | undefined {
    if (this.external === undefined) return undefined
    if (!this.globallyEnabled) return { mode: DELIVERY_EXTINT, vector: 0 }
    if (this.lvt.isMasked(LVT_LINT0)) return undefined
    return { mode: this.lvt.mode(LVT_LINT0), vector: this.lvt.vector(LVT_LINT0) }
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
      this.priority.serve(vector)
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
    const ended = this.priority.end()
    if (ended === undefined) return
    if (ended.level) this.bus.broadcastEndOfInterrupt(ended.vector)
    this.update()
  }

  private error(bits: number): void {
    const before = this.errorsSince
    this.errorsSince |= bits
    if ((before & bits) !== bits) this.fireLocal(LVT_ERROR)
  }

  private fireLocal(index: number): void {
    const message = this.softwareEnabled ? this.lvt.message(index) : undefined
    if (message !== undefined) this.accept(message.mode, message.vector, message.level)
  }

  private sendCommand(): void {
    const command = parseCommand(this.commandLow, this.commandHigh, this.extended)
    if (command === undefined) return
    const { mode, vector } = command
    if ((mode === DELIVERY_FIXED || mode === DELIVERY_LOWEST) && vector < 16) this.error(ERROR_SEND_VECTOR)
    else this.bus.send({ source: this, ...command })
  }

  private configureTimer(): void {
    this.timer.configure(this.lvt.timerMode, this.lvt.isMasked(LVT_TIMER))
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
    const { inService, triggerMode, requested } = this.priority
    if (offset >= 0x100 && offset < 0x180) return inService.word((offset - 0x100) >>> 4)
    if (offset >= 0x180 && offset < 0x200) return triggerMode.word((offset - 0x180) >>> 4)
    if (offset >= 0x200 && offset < 0x280) return requested.word((offset - 0x200) >>> 4)
    if (offset >= 0x320 && offset <= 0x370) return this.lvt.read((offset - 0x320) >>> 4)
    switch (offset) {
      case 0x20:
        return this.extended ? this.index : (this.id << 24) >>> 0
      case 0x30:
        return 0x0005_0014 // six LVT entries, integrated APIC
      case 0x80:
        return this.priority.task
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
      this.lvt.write(index, value, !this.softwareEnabled)
      if (index === LVT_TIMER) this.configureTimer()
      this.update()
      return
    }
    switch (offset) {
      case 0x20:
        this.id = value >>> 24
        return
      case 0x80:
        this.priority.task = value & 0xff
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
        if (!this.softwareEnabled) this.lvt.maskAll()
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
    return this.priority.task >>> 4
  }

  set taskPriorityClass(value: number) {
    this.priority.task = (value & 0xf) << 4
    this.update()
  }

  /** The low half; with APIC_MSR_HIGH the upper one. The core asks only for registers that can be read. */
  readMsr(number: number): number {
    const msr = number >>> 0
    if (msr === IA32_APIC_BASE) return this.base.value
    if (msr === IA32_TSC_DEADLINE) return this.timer.deadline >>> 0
    if (msr === APIC_MSR_HIGH + IA32_TSC_DEADLINE) return Math.floor(this.timer.deadline / 0x1_0000_0000) >>> 0
    if (msr === APIC_MSR_HIGH + X2APIC_ICR) return this.commandHigh
    return msr >= X2APIC_FIRST && msr < APIC_MSR_HIGH ? this.readRegister((msr - X2APIC_FIRST) << 4) : 0
  }

  /** False for #GP. */
  writeMsr(msr: number, low: number, high: number): boolean {
    if (msr === IA32_APIC_BASE) return this.writeBase(low >>> 0, high)
    if (msr === IA32_TSC_DEADLINE) {
      this.timer.deadline = (high >>> 0) * 0x1_0000_0000 + (low >>> 0)
      return true
    }
    return this.extended && this.writeExtended(msr, low >>> 0, high >>> 0)
  }

  private writeBase(low: number, high: number): boolean {
    const change = this.base.write(low, high)
    if (change === undefined) return false
    // Entering x2APIC mode keeps every register but the ID, the logical destination and the high half of ICR (11.12.5.1).
    if (change === 'extends') this.commandHigh = 0
    if (change === 'disables') {
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
    writer.f64(this.base.value)
    writer.u32(this.id)
    writer.u32(this.priority.task)
    writer.u32(this.logicalDestination)
    writer.u32(this.destinationFormat)
    writer.u32(this.spurious)
    this.priority.saveVectors(writer)
    writer.u32(this.errorStatus)
    writer.u32(this.errorsSince)
    writer.u32(this.commandLow)
    writer.u32(this.commandHigh)
    this.lvt.save(writer)
    this.timer.save(writer)
    writer.bool(this.lineHigh)
    writer.bool(this.lint0)
  }

  load(reader: StateReader): void {
    this.base.value = reader.f64()
    this.id = reader.u32()
    this.priority.task = reader.u32()
    this.logicalDestination = reader.u32()
    this.destinationFormat = reader.u32()
    this.spurious = reader.u32()
    this.priority.loadVectors(reader)
    this.errorStatus = reader.u32()
    this.errorsSince = reader.u32()
    this.commandLow = reader.u32()
    this.commandHigh = reader.u32()
    this.lvt.load(reader)
    this.timer.load(reader)
    this.lineHigh = reader.bool()
    this.lint0 = reader.bool()
  }
}
