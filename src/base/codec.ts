// The codec of saved state: a stream of tagged, versioned sections.
//
//   section   tag (u8 length, ASCII) | version u32 | length u32 | body
//
// Each stateful part implements `Savable`: it writes one section under its own tag and version, and reads back exactly
// what it wrote. A reader meeting another tag or version throws a TransplantError that names both, so that an old file
// is refused politely instead of being misread. Integers are little-endian; instruction counts are f64.

import { TransplantError } from './errors.js'

const INITIAL_BYTES = 0x10000
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')

/** A part of a machine whose state can be saved and loaded, with a tag and a version of its own. */
export interface Savable {
  /** Unique within one stream; names the part in error messages. */
  readonly tag: string
  /** Raised by one whenever `save` writes something else than before. */
  readonly version: number
  save(writer: StateWriter): void
  load(reader: StateReader): void
}

/** Gathers the state of Savables as bytes. */
export class StateWriter {
  private bytes: Uint8Array<ArrayBuffer>
  private view: DataView
  private length = 0

  /** `expected`: about how much will be written; it grows beyond that as needed. */
  constructor(expected = INITIAL_BYTES) {
    this.bytes = new Uint8Array(Math.max(64, expected))
    this.view = new DataView(this.bytes.buffer)
  }

  private reserve(count: number): number {
    const at = this.length
    this.length += count
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2))
      grown.set(this.bytes.subarray(0, at))
      this.bytes = grown
      this.view = new DataView(grown.buffer)
    }
    return at
  }

  u8(value: number): void {
    const at = this.reserve(1)
    this.view.setUint8(at, value)
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  u16(value: number): void {
    const at = this.reserve(2)
    this.view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.reserve(4)
    this.view.setUint32(at, value >>> 0, true)
  }

  u64(value: bigint): void {
    const at = this.reserve(8)
    this.view.setBigUint64(at, BigInt.asUintN(64, value), true)
  }

  f64(value: number): void {
    const at = this.reserve(8)
    this.view.setFloat64(at, value, true)
  }

  string(text: string): void {
    this.blob(encoder.encode(text))
  }

  /** Length and bytes. */
  blob(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.raw(bytes)
  }

  /** Bytes without a length: the reader knows how many. */
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.bytes.set(bytes, at)
  }

  section(part: Savable): void {
    const tag = encoder.encode(part.tag)
    this.u8(tag.length)
    this.raw(tag)
    this.u32(part.version)
    const lengthAt = this.reserve(4)
    part.save(this)
    this.view.setUint32(lengthAt, this.length - lengthAt - 4, true)
  }

  /** A copy of everything written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

/** Reads what a StateWriter wrote; throws STATE_TRUNCATED, STATE_SECTION or STATE_VERSION where it does not fit. */
export class StateReader {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private position: number
  private limit: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = offset
    this.limit = bytes.length
  }

  get remaining(): number {
    return this.limit - this.position
  }

  private take(count: number): number {
    const at = this.position
    if (at + count > this.limit) {
      throw new TransplantError(
        'STATE_TRUNCATED',
        `Saved state ends early: ${count} bytes wanted at offset ${at}, ${this.limit - at} left.`,
        'The file is damaged or incomplete: save it again.',
      )
    }
    this.position = at + count
    return at
  }

  u8(): number {
    return this.view.getUint8(this.take(1))
  }

  bool(): boolean {
    return this.u8() !== 0
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true)
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true)
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true)
  }

  f64(): number {
    return this.view.getFloat64(this.take(8), true)
  }

  string(): string {
    return decoder.decode(this.blob())
  }

  blob(): Uint8Array {
    return this.raw(this.u32())
  }

  raw(count: number): Uint8Array {
    const at = this.take(count)
    return this.bytes.slice(at, at + count)
  }

  section(part: Savable): void {
    const tag = decoder.decode(this.raw(this.u8()))
    const version = this.u32()
    const length = this.u32()
    if (tag !== part.tag) {
      throw new TransplantError(
        'STATE_SECTION',
        `Saved state has section "${tag}" where "${part.tag}" belongs.`,
        'It was saved from a machine with other parts: restore it into one of the same configuration.',
      )
    }
    if (version !== part.version) {
      throw new TransplantError(
        'STATE_VERSION',
        `Section "${tag}" was saved in version ${version}; this build reads version ${part.version}.`,
        'Use the release that saved it, or boot afresh.',
      )
    }
    const end = this.take(length) + length
    const outer = this.limit
    this.position = end - length
    this.limit = end
    part.load(this)
    if (this.position !== end)
      throw new TransplantError(
        'STATE_SECTION',
        `Section "${tag}" has ${end - this.position} bytes too many.`,
        'The file is damaged: save it again.',
      )
    this.limit = outer
  }
}
