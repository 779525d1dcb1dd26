// What a machine is built of: the CPU core, the board, the clock, the scheduler of vCPUs, RAM by pages; wired to each other.

import { Emitter, type Savable, type StateReader, type StateWriter, VirtualClock } from '../base/index.js'
import { CpuCore, type JitOption } from '../cpu/index.js'
import { Board } from './board.js'
import { Breakpoints } from './breakpoints.js'
import type { Configuration } from './configuration.js'
import { CoreEvents } from './core-events.js'
import { coreImports } from './core-imports.js'
import { RamView } from './guest-memory.js'
import type { DeviceWrite, Registers } from './guest-port.js'
import { RamPages } from './ram-pages.js'
import { readRegisters } from './registers.js'
import { Scheduler } from './scheduler.js'
import { VcpuLines } from './vcpu-lines.js'
import { Watchpoints } from './watchpoints.js'

/** The parts of a machine. */
export class Hardware {
  readonly configuration: Configuration
  readonly core: CpuCore
  readonly board: Board
  readonly clock = new VirtualClock()
  readonly scheduler: Scheduler
  readonly lines: VcpuLines
  readonly pages: RamPages
  readonly breakpoints: Breakpoints
  readonly watchpoints: Watchpoints
  readonly deviceWrites = new Emitter<DeviceWrite>()
  readonly coreEvents = new CoreEvents((mask) => this.core.exports.setEventMask(mask))

  constructor(configuration: Configuration, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption) {
    this.configuration = configuration
    const { vcpus, memoryBytes, seed, firmware, meanSlice, disk, epoch, pcTestdev, boot } = configuration
    const { clock, deviceWrites, coreEvents: events } = this
    const imports = coreImports({ board: () => this.board, clock, deviceWrites, events })
    this.core = new CpuCore(coreWasm, imports, vcpus, memoryBytes, { jit, cpu: configuration.cpu })
    this.breakpoints = new Breakpoints(this.core)
    this.watchpoints = new Watchpoints(this.core)
    this.scheduler = new Scheduler(vcpus, seed, meanSlice)
    this.lines = new VcpuLines(this.core, this.scheduler, vcpus)
    this.pages = new RamPages(this.core)
    const memory = new RamView(
      memoryBytes,
      () => this.core.ram,
      (address, length) => this.ramWritten(address, length),
    )
    const lines = Array.from({ length: vcpus }, (_, cpu) => this.lines.linesOf(cpu))
    const items = boot?.items ?? new Map()
    this.board = new Board({ vcpus, memoryBytes, epoch, items, disk, pcTestdev }, clock, memory, lines)
    // The ROM ends at 4 GiB and shows again below 1 MiB, where real mode reaches it.
    this.core.mapRom(0x1_0000_0000 - firmware.length, firmware)
    this.core.mapRom(0x10_0000 - firmware.length, firmware)
    this.core.exports.setCoherence(
      configuration.coherence === 'hardware' ? 1 : 0,
      Number(seed & 0xffff_ffffn) | 0,
      Number(seed >> 32n) | 0,
    )
  }

  /** Everything as at power-up, but for the time, and for RAM that the kernel's segments do not overwrite. */
  powerUp(): void {
    const { vcpus, boot } = this.configuration
    for (let cpu = 0; cpu < vcpus; cpu++) this.core.exports.resetCpu(cpu, 1)
    this.lines.reset()
    this.scheduler.reset()
    this.board.reset()
    for (const segment of boot?.preload ?? []) {
      const ram = this.core.ram
      ram.set(segment.bytes, segment.address)
      ram.fill(0, segment.address + segment.bytes.length, segment.address + segment.memoryBytes)
      this.ramWritten(segment.address, segment.memoryBytes)
    }
  }

  /** To be told whenever RAM was changed from outside of the core. */
  ramWritten(address: number, length: number): void {
    this.core.exports.ramChanged(address, length)
    this.pages.mark(address, length)
  }

  registers(cpu: number): Registers {
    this.core.exports.synchronize(cpu)
    return readRegisters(this.core.state(cpu), this.board.apics[cpu]?.taskPriorityClass ?? 0)
  }

  /** A copy of RAM, ROM or the text screen's memory; undefined where part of the range is none of them. */
  readPhysical(address: number, length: number): Uint8Array | undefined {
    const { firmware, memoryBytes } = this.configuration
    const cells = this.board.vga.readMemory(address, length)
    if (cells !== undefined) return cells
    for (const end of [0x1_0000_0000, 0x10_0000]) {
      const start = end - firmware.length
      if (address >= start && address + length <= end) return firmware.slice(address - start, address - start + length)
    }
    return address >= 0 && address + length <= memoryBytes ? this.core.ram.slice(address, address + length) : undefined
  }

  save(writer: StateWriter): void {
    for (const part of this.timedParts) writer.section(part)
  }

  load(reader: StateReader): void {
    for (const part of this.timedParts) reader.section(part)
  }

  private get timedParts(): readonly Savable[] {
    return [this.clock, this.scheduler, this.board]
  }
}
