// QEMU's `pc-testdev`, which public test suites of machines expect: memory that is a device's, ports that keep what is written,
// and the interrupt lines in the program's own hands. Off unless the configuration asks for it.
//
//   FF000000H  64 KiB of memory, reached as a device (so every access of an instruction is seen to be made)
//   E0H-E3H    four bytes that read back, in accesses of 1, 2 and 4 bytes; E8H-EBH the same bytes, byte by byte
//   E4H        a physical address: the page's mapping is dropped on a host with tables of its own; nothing to do here
//   2000H + n  the level of interrupt line n, 0 to 23
//
// Source: QEMU hw/misc/pc-testdev.c, and `info mtree`.

import type { Savable, StateReader, StateWriter } from '../../base/index.js'
import type { Bus, MemoryHandler, PortHandler } from '../bus.js'
import { loadMemory, saveMemory } from './device-memory.js'
import type { InterruptLine } from './interrupt-lines.js'

const MEMORY_BASE = 0xff00_0000
const MEMORY_BYTES = 0x1_0000
const DATA_PORT = 0xe0
const BYTE_PORT = 0xe8
const LINE_PORT = 0x2000

export class PcTestdev implements Savable, MemoryHandler {
  readonly tag = 'pc-testdev'
  readonly version = 1
  private readonly ram = new Uint8Array(MEMORY_BYTES)
  private readonly data = new Uint8Array(4)
  private readonly lines: readonly InterruptLine[]

  /** One line for each interrupt number. */
  constructor(bus: Bus, lines: readonly InterruptLine[]) {
    bus.mapMemory(MEMORY_BASE, MEMORY_BYTES, this)
    bus.mapPorts(DATA_PORT, 4, this.bytesAt(DATA_PORT, 4))
    bus.mapPorts(BYTE_PORT, 4, this.bytesAt(BYTE_PORT, 1))
    bus.mapPorts(LINE_PORT, lines.length, {
      width: 1,
      read: () => 0,
      write: (port, _size, value) => lines[port - LINE_PORT]?.set(value !== 0),
    })
    this.lines = lines
  }

  reset(): void {
    this.ram.fill(0)
    this.data.fill(0)
    for (const line of this.lines) line.set(false)
  }

  private bytesAt(first: number, width: 1 | 4): PortHandler {
    return {
      width,
      read: (port, size) => little(this.data, port - first, size),
      write: (port, size, value) => store(this.data, port - first, size, value),
    }
  }

  read(offset: number, size: number): number {
    return little(this.ram, offset, size)
  }

  write(offset: number, size: number, value: number): void {
    store(this.ram, offset, size, value)
  }

  save(writer: StateWriter): void {
    saveMemory(writer, this.ram)
    writer.raw(this.data)
  }

  load(reader: StateReader): void {
    loadMemory(reader, this.ram)
    this.data.set(reader.raw(4))
  }
}

/** Bytes beyond the end read as 0. */
function little(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0)
  return value
}

/** Bytes beyond the end are dropped. */
function store(bytes: Uint8Array, offset: number, size: number, value: number): void {
  for (let i = 0; i < size; i++) bytes[offset + i] = (value >>> (8 * i)) & 0xff
}
