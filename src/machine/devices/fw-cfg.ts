// QEMU's firmware configuration device (ports 510H selector, 511H data, 514H DMA). Source: QEMU docs/specs/fw_cfg.rst.
//
// Items are set by the host before power-up; the guest reads them by key. Named files get keys from 20H on and appear in
// the directory, item 19H, sorted by name. Items are read-only to the guest: a DMA write reports an error, as QEMU's does
// for items without a write callback. An item that does not exist reads as zeros.

import type { Savable, StateReader, StateWriter } from '../../base/index.js'
import { encodeText, readU32 } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { GuestMemory } from '../guest-memory.js'

export const FW_CFG_SIGNATURE = 0x00
export const FW_CFG_ID = 0x01
export const FW_CFG_RAM_SIZE = 0x03
export const FW_CFG_NB_CPUS = 0x05
export const FW_CFG_KERNEL_ADDR = 0x07
export const FW_CFG_KERNEL_SIZE = 0x08
export const FW_CFG_INITRD_ADDR = 0x0a
export const FW_CFG_INITRD_SIZE = 0x0b
export const FW_CFG_MAX_CPUS = 0x0f
export const FW_CFG_KERNEL_ENTRY = 0x10
export const FW_CFG_KERNEL_DATA = 0x11
export const FW_CFG_INITRD_DATA = 0x12
export const FW_CFG_CMDLINE_SIZE = 0x14
export const FW_CFG_CMDLINE_DATA = 0x15
export const FW_CFG_SETUP_SIZE = 0x17
export const FW_CFG_SETUP_DATA = 0x18
export const FW_CFG_FILE_DIR = 0x19
const FIRST_FILE = 0x20

const DMA_ERROR = 1
const DMA_READ = 2
const DMA_SKIP = 4
const DMA_SELECT = 8
const DMA_WRITE = 16
const DMA_PIECE = 0x10_0000

const ID_TRADITIONAL_AND_DMA = 3
const DMA_SIGNATURE = encodeText('QEMU CFG')

export type FwCfgItems = ReadonlyMap<number, Uint8Array>
export type FwCfgFiles = ReadonlyMap<string, Uint8Array>

function bigEndian32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, false)
}

function directory(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const bytes = new Uint8Array(4 + 64 * files.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, files.length, false)
  files.forEach(([name, content], i) => {
    const at = 4 + 64 * i
    view.setUint32(at, content.length, false)
    view.setUint16(at + 4, FIRST_FILE + i, false)
    bytes.set(encodeText(name).subarray(0, 55), at + 8)
  })
  return bytes
}

export class FwCfg implements Savable, PortHandler {
  readonly tag = 'fw-cfg'
  readonly version = 1
  readonly width = 4
  private readonly items: Map<number, Uint8Array>
  private readonly memory: GuestMemory
  private selected = 0
  private offset = 0
  private dmaHigh = 0

  constructor(bus: Bus, memory: GuestMemory, items: FwCfgItems, files: FwCfgFiles) {
    this.memory = memory
    this.items = new Map(items)
    this.items.set(FW_CFG_SIGNATURE, encodeText('QEMU'))
    this.items.set(FW_CFG_ID, new Uint8Array([ID_TRADITIONAL_AND_DMA, 0, 0, 0]))
    const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
    this.items.set(FW_CFG_FILE_DIR, directory(sorted))
    sorted.forEach(([, content], i) => {
      this.items.set(FIRST_FILE + i, content)
    })
    bus.mapPorts(0x510, 2, this)
    bus.mapPorts(0x514, 8, this)
  }

  reset(): void {
    this.selected = 0
    this.offset = 0
    this.dmaHigh = 0
  }

  private get item(): Uint8Array {
    return this.items.get(this.selected) ?? new Uint8Array(0)
  }

  read(port: number, size: number): number {
    if (port >= 0x514) {
      let value = 0
      for (let i = 0; i < size; i++) value |= (DMA_SIGNATURE[port - 0x514 + i] ?? 0) << (8 * i)
      return value >>> 0
    }
    if (port !== 0x511 || size !== 1) return 0
    const byte = this.item[this.offset] ?? 0
    this.offset++
    return byte
  }

  write(port: number, size: number, value: number): void {
    if (port === 0x510 && size === 2) this.select(value)
    else if (size === 4 && (port === 0x514 || port === 0x518)) {
      const swapped = ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0
      if (port === 0x514) this.dmaHigh = swapped
      else {
        const address = this.dmaHigh * 0x1_0000_0000 + swapped
        this.dmaHigh = 0
        this.transfer(address)
      }
    }
  }

  private select(key: number): void {
    this.selected = key
    this.offset = 0
  }

  /** One DMA command: { control, length, address }, all big-endian; control is zeroed when done, or shows the error bit. */
  private transfer(descriptor: number): void {
    const block = this.memory.read(descriptor, 16)
    let control = bigEndian32(block, 0)
    const length = bigEndian32(block, 4)
    const address = bigEndian32(block, 8) * 0x1_0000_0000 + bigEndian32(block, 12)
    if ((control & DMA_SELECT) !== 0) this.select(control >>> 16)
    let failed = false
    if ((control & DMA_READ) !== 0) {
      if (this.memory.contains(address, length)) {
        this.copyOut(address, length)
      } else failed = true
      this.offset += length
    } else if ((control & DMA_WRITE) !== 0) failed = true
    else if ((control & DMA_SKIP) !== 0) this.offset += length
    control = failed ? DMA_ERROR : 0
    this.memory.write(descriptor, new Uint8Array([0, 0, 0, control]))
  }

  /** Copies `length` bytes of the item, zeros beyond its end, in pieces: a guest may ask for gigabytes. */
  private copyOut(address: number, length: number): void {
    const item = this.item
    for (let done = 0; done < length; done += DMA_PIECE) {
      const piece = new Uint8Array(Math.min(DMA_PIECE, length - done))
      piece.set(item.subarray(this.offset + done, this.offset + done + piece.length))
      this.memory.write(address + done, piece)
    }
  }

  /** The 32-bit value of an item, for reports and tests. */
  value(key: number): number | undefined {
    const item = this.items.get(key)
    return item === undefined || item.length < 4 ? undefined : readU32(item, 0)
  }

  save(writer: StateWriter): void {
    writer.u32(this.selected)
    writer.u32(this.offset)
    writer.u32(this.dmaHigh)
  }

  load(reader: StateReader): void {
    this.selected = reader.u32()
    this.offset = reader.u32()
    this.dmaHigh = reader.u32()
  }
}
