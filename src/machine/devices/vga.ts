// A VGA adapter in text mode: 32 KiB of RAM at B8000H, and the registers that programs of text mode touch. No graphics: memory at
// A0000H stays open bus, and what is written to the other registers is only read back.
//
// Cells are two bytes, character and attribute; the screen begins at the CRTC's start address. `text` is what a person would
// see, for the library and the command line. Source: IBM VGA technical reference; port numbers as on every PC.

import type { Clock, Savable, StateReader, StateWriter } from '../../base/index.js'
import type { Bus, MemoryHandler, PortHandler } from '../bus.js'
import { loadMemory, saveMemory } from './device-memory.js'

export const VGA_TEXT_BASE = 0xb_8000
export const VGA_COLUMNS = 80
export const VGA_ROWS = 25
const RAM_BYTES = 0x8000
/** Register files behind an index port: sequencer, graphics controller, CRTC; the data port is the next one. */
const INDEXED_PORTS: readonly number[] = [0x3c4, 0x3ce, 0x3d4]
const CRTC = 2
const START_HIGH = 0xc
const START_LOW = 0xd
const REGISTERS = 32
/** 60 frames of 449 lines a second; of a frame the last 49 lines are vertical retrace, of a line the last fifth is blank. */
const LINE = 37_120
const FRAME_LINES = 449
const SHOWN_LINES = 400

/** Characters of code page 437 that are not those of Unicode: 00H to 1FH, and from 7FH on. */
const LOW = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼'
const HIGH =
  '⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

function character(code: number): string {
  if (code < 0x20) return LOW[code] as string
  return code < 0x7f ? String.fromCharCode(code) : (HIGH[code - 0x7f] as string)
}

export class Vga implements Savable, PortHandler {
  readonly tag = 'vga'
  readonly version = 1
  readonly width = 1
  private readonly clock: Clock
  private readonly ram = new Uint8Array(RAM_BYTES)
  private readonly registers = new Uint8Array(INDEXED_PORTS.length * REGISTERS)
  private readonly indices = new Uint8Array(INDEXED_PORTS.length)
  private readonly attributes = new Uint8Array(REGISTERS)
  private attributeIndex = 0
  private attributeWritesData = false
  private miscellaneous = 0x67 // colour: CRTC at 3D4H
  private readonly palette = new Uint8Array(768)
  private paletteRead = 0
  private paletteWrite = 0

  constructor(bus: Bus, clock: Clock) {
    this.clock = clock
    bus.mapMemory(VGA_TEXT_BASE, RAM_BYTES, this.memory)
    bus.mapPorts(0x3c0, 16, this)
    bus.mapPorts(0x3d4, 2, this)
    bus.mapPorts(0x3da, 1, this)
  }

  reset(): void {
    this.ram.fill(0)
    this.registers.fill(0)
    this.registers.set([0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 0xd, 0xe], CRTC * REGISTERS)
    this.indices.fill(0)
    this.attributes.fill(0)
    this.attributeIndex = 0
    this.attributeWritesData = false
    this.miscellaneous = 0x67
  }

  /** The screen's rows, without spaces at their ends. */
  get rows(): readonly string[] {
    const crtc = CRTC * REGISTERS
    const start = ((this.registers[crtc + START_HIGH] as number) << 8) | (this.registers[crtc + START_LOW] as number)
    return Array.from({ length: VGA_ROWS }, (_, row) => {
      const cell = (column: number): number => 2 * (start + row * VGA_COLUMNS + column)
      const codes = Array.from({ length: VGA_COLUMNS }, (_, column) => this.ram[cell(column) % RAM_BYTES] as number)
      return codes.map(character).join('').trimEnd()
    })
  }

  /** A copy of a range of the adapter's memory by physical address; undefined where it does not lie in it. */
  readMemory(address: number, length: number): Uint8Array | undefined {
    const offset = address - VGA_TEXT_BASE
    return offset >= 0 && offset + length <= RAM_BYTES ? this.ram.slice(offset, offset + length) : undefined
  }

  private readonly memory: MemoryHandler = {
    read: (offset, size) => {
      let value = 0
      for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.ram[offset + i] as number)
      return value
    },
    write: (offset, size, value) => {
      for (let i = 0; i < size; i++) this.ram[offset + i] = (value >>> (8 * i)) & 0xff
    },
  }

  private get inRetrace(): { readonly blank: boolean; readonly vertical: boolean } {
    const line = Math.floor(this.clock.now / LINE) % FRAME_LINES
    const vertical = line >= SHOWN_LINES
    return { vertical, blank: vertical || this.clock.now % LINE >= 0.8 * LINE }
  }

  read(port: number): number {
    const file = INDEXED_PORTS.findIndex((first) => port === first || port === first + 1)
    if (file >= 0) {
      const index = this.indices[file] as number
      return port === INDEXED_PORTS[file] ? index : (this.registers[file * REGISTERS + (index % REGISTERS)] as number)
    }
    switch (port) {
      case 0x3c0:
        return this.attributeIndex
      case 0x3c1:
        return this.attributes[this.attributeIndex % REGISTERS] as number
      case 0x3c7:
        return 3
      case 0x3c8:
        return Math.floor(this.paletteWrite / 3)
      case 0x3c9: {
        const value = this.palette[this.paletteRead] as number
        this.paletteRead = (this.paletteRead + 1) % this.palette.length
        return value
      }
      case 0x3cc:
        return this.miscellaneous
      case 0x3da: {
        this.attributeWritesData = false
        const { blank, vertical } = this.inRetrace
        return (blank ? 1 : 0) | (vertical ? 8 : 0)
      }
      default:
        return port < 0x3d0 ? 0 : 0xff
    }
  }

  write(port: number, _size: number, value: number): void {
    const file = INDEXED_PORTS.findIndex((first) => port === first || port === first + 1)
    if (file >= 0) {
      if (port === INDEXED_PORTS[file]) this.indices[file] = value
      else this.registers[file * REGISTERS + ((this.indices[file] as number) % REGISTERS)] = value
      return
    }
    switch (port) {
      case 0x3c0: // index and data in turns; a read of 3DAH makes the index next
        if (this.attributeWritesData) this.attributes[this.attributeIndex % REGISTERS] = value
        else this.attributeIndex = value & 0x3f
        this.attributeWritesData = !this.attributeWritesData
        return
      case 0x3c2:
        this.miscellaneous = value
        return
      case 0x3c7:
        this.paletteRead = 3 * value
        return
      case 0x3c8:
        this.paletteWrite = 3 * value
        return
      case 0x3c9:
        this.palette[this.paletteWrite] = value & 0x3f
        this.paletteWrite = (this.paletteWrite + 1) % this.palette.length
        return
      default:
    }
  }

  save(writer: StateWriter): void {
    for (const bytes of this.arrays) saveMemory(writer, bytes)
    writer.bool(this.attributeWritesData)
    for (const value of [this.attributeIndex, this.miscellaneous]) writer.u8(value)
    for (const value of [this.paletteRead, this.paletteWrite]) writer.u16(value)
  }

  load(reader: StateReader): void {
    for (const bytes of this.arrays) loadMemory(reader, bytes)
    this.attributeWritesData = reader.bool()
    this.attributeIndex = reader.u8()
    this.miscellaneous = reader.u8()
    this.paletteRead = reader.u16()
    this.paletteWrite = reader.u16()
  }

  private get arrays(): readonly Uint8Array[] {
    return [this.ram, this.registers, this.indices, this.attributes, this.palette]
  }
}
