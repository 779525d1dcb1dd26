// The bus: which device answers a port or a physical address.
//
// Devices are mapped once, when the machine is built. An access no device claims is open bus: reads are all ones, writes
// are dropped (as on a PC with nothing there). A port access wider than the device is split into byte accesses at
// successive ports, low byte first, as the ISA bus does. The bus knows no device and no vCPU; the local APIC, whose page
// shows each vCPU its own, is dispatched before the bus is asked (machine.ts).

import { panic } from '../base/index.js'

export interface PortHandler {
  /** Widest access the device takes whole: 1, 2 or 4 bytes. */
  readonly width: 1 | 2 | 4
  read(port: number, size: number): number
  write(port: number, size: number, value: number): void
}

export interface MemoryHandler {
  /** `offset` from the start of the mapping; size 1, 2 or 4. The result is unsigned. */
  read(offset: number, size: number): number
  write(offset: number, size: number, value: number): void
}

/** What a device is given to attach itself to. */
export interface Bus {
  mapPorts(start: number, count: number, handler: PortHandler): void
  mapMemory(start: number, bytes: number, handler: MemoryHandler): void
}

interface Mapping {
  readonly start: number
  readonly end: number
  readonly handler: MemoryHandler
}

export class SystemBus implements Bus {
  private readonly ports: (PortHandler | undefined)[] = new Array(0x10000)
  private readonly mappings: Mapping[] = []

  mapPorts(start: number, count: number, handler: PortHandler): void {
    for (let port = start; port < start + count; port++) {
      if (this.ports[port] !== undefined) panic(`two devices at port 0x${port.toString(16)}`)
      this.ports[port] = handler
    }
  }

  mapMemory(start: number, bytes: number, handler: MemoryHandler): void {
    const end = start + bytes
    if (this.mappings.some((other) => start < other.end && other.start < end)) {
      panic(`two devices at address 0x${start.toString(16)}`)
    }
    this.mappings.push({ start, end, handler })
  }

  portRead(port: number, size: number): number {
    const handler = this.ports[port]
    if (size === 1) return handler === undefined ? 0xff : handler.read(port, 1) & 0xff
    if (handler !== undefined && size <= handler.width) {
      return (size === 2 ? handler.read(port, 2) & 0xffff : handler.read(port, size)) >>> 0
    }
    let value = 0
    for (let i = 0; i < size; i++) value |= this.portRead((port + i) & 0xffff, 1) << (8 * i)
    return value >>> 0
  }

  portWrite(port: number, size: number, value: number): void {
    const handler = this.ports[port]
    if (size === 1) {
      handler?.write(port, 1, value & 0xff)
    } else if (handler !== undefined && size <= handler.width) {
      handler.write(port, size, value)
    } else {
      for (let i = 0; i < size; i++) this.portWrite((port + i) & 0xffff, 1, (value >>> (8 * i)) & 0xff)
    }
  }

  memoryRead(address: number, size: number): number {
    for (const mapping of this.mappings) {
      if (address >= mapping.start && address + size <= mapping.end) {
        const value = mapping.handler.read(address - mapping.start, size)
        return (size === 1 ? value & 0xff : size === 2 ? value & 0xffff : value) >>> 0
      }
    }
    return size === 1 ? 0xff : size === 2 ? 0xffff : 0xffff_ffff
  }

  memoryWrite(address: number, size: number, value: number): void {
    for (const mapping of this.mappings) {
      if (address >= mapping.start && address + size <= mapping.end) {
        mapping.handler.write(address - mapping.start, size, value)
        return
      }
    }
  }
}
