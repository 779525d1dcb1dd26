// A virtio-mmio transport, version 2 (virtio 1.2 section 4.2), and the split virtqueue behind it (2.7).
//
// The transport knows negotiation, queues, status and interrupts; what a request means is the backend's
// (`VirtioBackend`, virtio-block.ts). A slot without a backend shows DeviceID 0, which drivers skip. A driver that breaks
// the protocol (bad queue address, descriptor loop) gets DEVICE_NEEDS_RESET, as 2.1.1 asks.

import type { Savable, StateReader, StateWriter } from '../../base/index.js'
import type { Bus, MemoryHandler } from '../bus.js'
import type { GuestMemory } from '../guest-memory.js'
import type { InterruptLine } from './interrupt-lines.js'

export const VIRTIO_MMIO_BASE = 0xfeb0_0000
export const VIRTIO_MMIO_BYTES = 0x200
export const VIRTIO_MMIO_SLOTS = 8
export const VIRTIO_MMIO_FIRST_IRQ = 5
const QUEUE_NOTIFY = 0x050
const INTERRUPT_ACK = 0x064
/** The registers that a driver writes to use a running device; all others set it up. */
export const VIRTIO_MMIO_USE_REGISTERS: ReadonlySet<number> = new Set([QUEUE_NOTIFY, INTERRUPT_ACK])

const QUEUE_MAX = 256
const FEATURE_VERSION_1 = 32
const FEATURES_HIGH = 1 << (FEATURE_VERSION_1 - 32)

const STATUS_DRIVER_OK = 4
const STATUS_FEATURES_OK = 8
const STATUS_NEEDS_RESET = 0x40
const INTERRUPT_USED = 1
const INTERRUPT_CONFIG = 2
const DESCRIPTOR_NEXT = 1
const DESCRIPTOR_WRITE = 2
const AVAILABLE_NO_INTERRUPT = 1

/** One piece of a request: guest memory the device reads (`write` false) or writes. */
export interface Buffer {
  readonly address: number
  readonly length: number
  readonly write: boolean
}

/** A chain of descriptors the driver made available. */
export interface Chain {
  readonly head: number
  readonly buffers: readonly Buffer[]
}

export interface VirtioBackend extends Savable {
  readonly deviceId: number
  /** Feature bits 0 to 31 offered. */
  readonly features: number
  readConfig(offset: number, size: number): number
  /** A request arrived; the backend answers with `complete`, now or at a later virtual time. */
  process(chain: Chain, complete: VirtioCompletion): void
  reset(): void
}

/** How a backend gives a chain back. */
export interface VirtioCompletion {
  complete(head: number, written: number): void
}

export class VirtioMmio implements Savable, MemoryHandler, VirtioCompletion {
  readonly tag = 'virtio-mmio'
  readonly version = 1
  private readonly memory: GuestMemory
  private readonly line: InterruptLine
  readonly backend: VirtioBackend | undefined

  private status = 0
  private interruptStatus = 0
  private deviceFeaturesSelect = 0
  private driverFeaturesSelect = 0
  private readonly driverFeatures = new Uint32Array(2)
  private queueReady = false
  private queueSize = QUEUE_MAX
  private descriptors = 0
  private available = 0
  private used = 0
  private lastAvailable = 0
  private queueSelect = 0
  private readonly low = new Uint32Array(3)
  private readonly high = new Uint32Array(3)

  constructor(bus: Bus, memory: GuestMemory, slot: number, line: InterruptLine, backend?: VirtioBackend) {
    this.memory = memory
    this.line = line
    this.backend = backend
    bus.mapMemory(VIRTIO_MMIO_BASE + slot * VIRTIO_MMIO_BYTES, VIRTIO_MMIO_BYTES, this)
  }

  reset(): void {
    this.status = 0
    this.interruptStatus = 0
    this.deviceFeaturesSelect = 0
    this.driverFeaturesSelect = 0
    this.driverFeatures.fill(0)
    this.queueReady = false
    this.queueSize = QUEUE_MAX
    this.lastAvailable = 0
    this.queueSelect = 0
    this.low.fill(0)
    this.high.fill(0)
    this.backend?.reset()
    this.line.set(false)
  }

  private get queueExists(): boolean {
    return this.queueSelect === 0 && this.backend !== undefined
  }

  read(offset: number, size: number): number {
    if (offset >= 0x100) return this.backend?.readConfig(offset - 0x100, size) ?? 0
    if (size !== 4) return 0
    switch (offset) {
      case 0x000:
        return 0x7472_6976 // "virt"
      case 0x004:
        return 2
      case 0x008:
        return this.backend?.deviceId ?? 0
      case 0x00c:
        return 0x5450_5454 // vendor: "TTPT"
      case 0x010:
        if (this.backend === undefined) return 0
        return this.deviceFeaturesSelect === 0
          ? this.backend.features
          : this.deviceFeaturesSelect === 1
            ? FEATURES_HIGH
            : 0
      case 0x034:
        return this.queueExists ? QUEUE_MAX : 0
      case 0x044:
        return this.queueExists && this.queueReady ? 1 : 0
      case 0x060:
        return this.interruptStatus
      case 0x070:
        return this.status
      default: // 0xfc: the configuration never changes, so its generation stays 0
        return 0
    }
  }

  write(offset: number, size: number, value: number): void {
    if (size !== 4 || this.backend === undefined) return
    switch (offset) {
      case 0x014:
        this.deviceFeaturesSelect = value
        return
      case 0x020:
        if (this.driverFeaturesSelect < 2 && (this.status & STATUS_FEATURES_OK) === 0) {
          this.driverFeatures[this.driverFeaturesSelect] = value
        }
        return
      case 0x024:
        this.driverFeaturesSelect = value
        return
      case 0x030:
        this.queueSelect = value
        return
      case 0x038:
        if (this.queueExists && !this.queueReady) this.queueSize = value
        return
      case 0x044:
        if (this.queueExists) this.setReady((value & 1) !== 0)
        return
      case QUEUE_NOTIFY:
        if (value === 0) this.notified()
        return
      case INTERRUPT_ACK:
        this.interruptStatus &= ~value
        this.line.set(this.interruptStatus !== 0)
        return
      case 0x070:
        this.writeStatus(value)
        return
      case 0x080:
      case 0x090:
      case 0x0a0:
        if (this.queueExists && !this.queueReady) this.low[(offset - 0x80) >>> 4] = value
        return
      case 0x084:
      case 0x094:
      case 0x0a4:
        if (this.queueExists && !this.queueReady) this.high[(offset - 0x84) >>> 4] = value
        return
      default:
    }
  }

  private writeStatus(value: number): void {
    if (value === 0) {
      this.reset()
      return
    }
    let next = value & 0xff
    // FEATURES_OK sticks only if VERSION_1 was accepted and nothing beyond the offer (3.1.1 step 5).
    if ((next & STATUS_FEATURES_OK) !== 0 && (this.status & STATUS_FEATURES_OK) === 0) {
      const [low, high] = [this.driverFeatures[0] as number, this.driverFeatures[1] as number]
      const offered = this.backend?.features ?? 0
      if ((low & ~offered) !== 0 || high !== FEATURES_HIGH) next &= ~STATUS_FEATURES_OK
    }
    this.status = next | (this.status & STATUS_NEEDS_RESET)
  }

  private setReady(ready: boolean): void {
    this.queueReady = ready
    if (!ready) {
      this.lastAvailable = 0
      return
    }
    const address = (i: number): number => (this.high[i] as number) * 0x1_0000_0000 + (this.low[i] as number)
    this.descriptors = address(0)
    this.available = address(1)
    this.used = address(2)
    const size = this.queueSize
    const valid =
      size >= 1 &&
      size <= QUEUE_MAX &&
      (size & (size - 1)) === 0 &&
      this.memory.contains(this.descriptors, 16 * size) &&
      this.memory.contains(this.available, 6 + 2 * size) &&
      this.memory.contains(this.used, 6 + 8 * size)
    if (!valid) this.fail()
  }

  private fail(): void {
    this.queueReady = false
    this.status |= STATUS_NEEDS_RESET
    if ((this.status & STATUS_DRIVER_OK) !== 0) this.interrupt(INTERRUPT_CONFIG)
  }

  private interrupt(cause: number): void {
    this.interruptStatus |= cause
    this.line.set(true)
  }

  private notified(): void {
    const usable = STATUS_DRIVER_OK | STATUS_FEATURES_OK
    while (this.queueReady && (this.status & usable) === usable && (this.status & STATUS_NEEDS_RESET) === 0) {
      const index = this.memory.readU16(this.available + 2)
      if (index === this.lastAvailable) return
      if (((index - this.lastAvailable) & 0xffff) > this.queueSize) {
        this.fail()
        return
      }
      const head = this.memory.readU16(this.available + 4 + 2 * (this.lastAvailable % this.queueSize))
      this.lastAvailable = (this.lastAvailable + 1) & 0xffff
      const chain = this.chainAt(head)
      if (chain === undefined) this.fail()
      else this.backend?.process(chain, this)
    }
  }

  private chainAt(head: number): Chain | undefined {
    const buffers: Buffer[] = []
    let index = head
    for (let i = 0; i < this.queueSize; i++) {
      if (index >= this.queueSize) return undefined
      const at = this.descriptors + 16 * index
      const flags = this.memory.readU16(at + 12)
      if ((flags & ~(DESCRIPTOR_NEXT | DESCRIPTOR_WRITE)) !== 0) return undefined
      const buffer = {
        address: this.memory.readU64(at),
        length: this.memory.readU32(at + 8),
        write: (flags & DESCRIPTOR_WRITE) !== 0,
      }
      // All device-readable parts come before the device-writable ones (2.7.4.2).
      if (!buffer.write && buffers.at(-1)?.write === true) return undefined
      if (!this.memory.contains(buffer.address, buffer.length)) return undefined
      buffers.push(buffer)
      if ((flags & DESCRIPTOR_NEXT) === 0) return { head, buffers }
      index = this.memory.readU16(at + 14)
    }
    return undefined // longer than the queue: a loop
  }

  complete(head: number, written: number): void {
    if (!this.queueReady) return
    const index = this.memory.readU16(this.used + 2)
    const entry = this.used + 4 + 8 * (index % this.queueSize)
    this.memory.writeU32(entry, head)
    this.memory.writeU32(entry + 4, written)
    this.memory.writeU16(this.used + 2, (index + 1) & 0xffff)
    if ((this.memory.readU16(this.available) & AVAILABLE_NO_INTERRUPT) === 0) this.interrupt(INTERRUPT_USED)
  }

  save(writer: StateWriter): void {
    for (const value of [
      this.status,
      this.interruptStatus,
      this.deviceFeaturesSelect,
      this.driverFeaturesSelect,
      this.queueSize,
      this.lastAvailable,
      this.queueSelect,
    ])
      writer.u32(value)
    writer.bool(this.queueReady)
    for (const value of [this.descriptors, this.available, this.used]) writer.f64(value)
    for (const words of [this.driverFeatures, this.low, this.high]) for (const word of words) writer.u32(word)
    writer.bool(this.backend !== undefined)
    if (this.backend !== undefined) writer.section(this.backend)
  }

  load(reader: StateReader): void {
    this.status = reader.u32()
    this.interruptStatus = reader.u32()
    this.deviceFeaturesSelect = reader.u32()
    this.driverFeaturesSelect = reader.u32()
    this.queueSize = reader.u32()
    this.lastAvailable = reader.u32()
    this.queueSelect = reader.u32()
    this.queueReady = reader.bool()
    this.descriptors = reader.f64()
    this.available = reader.f64()
    this.used = reader.f64()
    for (const words of [this.driverFeatures, this.low, this.high]) {
      for (let i = 0; i < words.length; i++) words[i] = reader.u32()
    }
    if (reader.bool() && this.backend !== undefined) reader.section(this.backend)
  }
}
