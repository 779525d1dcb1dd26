// The virtio block device (virtio 1.2 section 5.2) over a disk image in memory.
//
// Written sectors go to a copy-on-write overlay, so that the image the host gave stays as it was and a snapshot holds only
// what changed: the overlay is a persistent tree of blocks (page-image.ts) that goes into snapshots by itself, not as bytes. A request completes LATENCY after it was made plus time for its bytes; requests complete in the order they
// were made. The data moves at completion, as a DMA engine's does, so a guest that reads too early sees old bytes here too.

import type { Clock, StateReader, StateWriter, Timer } from '../../base/index.js'
import { concatBytes, encodeText, hashBytes, panic } from '../../base/index.js'
import type { GuestMemory } from '../guest-memory.js'
import { PageImage } from '../page-image.js'
import type { Buffer, Chain, VirtioBackend, VirtioCompletion } from './virtio-mmio.js'

export const SECTOR = 512
/** Virtual time of a request, and of each sector of it: a fast solid-state disk. */
const LATENCY = 20_000
const LATENCY_PER_SECTOR = 100
/** Sectors are copied on write in blocks of this many bytes. */
const BLOCK = 4096

const FEATURE_SEG_MAX = 1 << 2
const FEATURE_BLK_SIZE = 1 << 6
const FEATURE_FLUSH = 1 << 9
const FEATURE_READ_ONLY = 1 << 5
const SEG_MAX = 254

/** Type, reserved word, sector. */
const HEADER = 16
const REQUEST_IN = 0
const REQUEST_OUT = 1
const REQUEST_FLUSH = 4
const REQUEST_GET_ID = 8
const STATUS_OK = 0
const STATUS_IOERR = 1
const STATUS_UNSUPPORTED = 2

/** A disk image with an overlay of written blocks. */
export class DiskImage {
  readonly sectors: number
  private readonly base: Uint8Array
  /** The blocks that have been written. Immutable as every image; a snapshot keeps it, a restore puts it back. */
  written: PageImage

  constructor(base: Uint8Array) {
    this.base = base
    this.written = PageImage.zeros(Math.ceil(base.length / BLOCK))
    this.sectors = Math.ceil(base.length / SECTOR)
  }

  private block(index: number): Uint8Array {
    const written = this.written.get(index)
    if (written !== 'zero') return written
    const bytes = new Uint8Array(BLOCK)
    bytes.set(this.base.subarray(index * BLOCK, Math.min(this.base.length, (index + 1) * BLOCK)))
    return bytes
  }

  read(offset: number, length: number): Uint8Array {
    const result = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const at = offset + done
      const within = at % BLOCK
      const part = this.block(Math.floor(at / BLOCK)).subarray(within, Math.min(BLOCK, within + length - done))
      result.set(part, done)
      done += part.length
    }
    return result
  }

  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = offset + done
      const index = Math.floor(at / BLOCK)
      const within = at % BLOCK
      const count = Math.min(BLOCK - within, bytes.length - done)
      // A fresh copy each time: snapshots share blocks with the overlay they were taken from.
      const block = this.block(index).slice()
      block.set(bytes.subarray(done, done + count), within)
      this.written = this.written.with([index], () => block)
      done += count
    }
  }

  /** The image as the guest has written it. */
  contents(): Uint8Array {
    return this.read(0, this.sectors * SECTOR)
  }

  /** Over the written blocks, each of which is hashed once. */
  hash(): string {
    let text = ''
    for (const [index, block] of this.written.present()) {
      let hash = blockHashes.get(block)
      if (hash === undefined) {
        hash = hashBytes(block)
        blockHashes.set(block, hash)
      }
      text += `${index} ${hash} `
    }
    return hashBytes(encodeText(text))
  }
}

const blockHashes = new WeakMap<Uint8Array, string>()

interface Pending {
  readonly chain: Chain
  readonly due: number
}

export class VirtioBlock implements VirtioBackend {
  readonly tag = 'virtio-block'
  readonly version = 2
  readonly deviceId = 2
  readonly features: number
  private readonly image: DiskImage
  private readonly memory: GuestMemory
  private readonly clock: Clock
  private readonly timer: Timer
  private readonly readOnly: boolean
  private pending: Pending[] = []
  private completion: VirtioCompletion | undefined

  get isDue(): boolean {
    return this.timer.deadline !== Number.POSITIVE_INFINITY
  }

  readonly awaitsInput = false

  constructor(image: DiskImage, memory: GuestMemory, clock: Clock, readOnly = false) {
    this.image = image
    this.memory = memory
    this.clock = clock
    this.readOnly = readOnly
    this.features = FEATURE_SEG_MAX | FEATURE_BLK_SIZE | FEATURE_FLUSH | (readOnly ? FEATURE_READ_ONLY : 0)
    this.timer = clock.createTimer('virtio-block', () => this.finishDue())
  }

  /** Where completions go: the transport. Set once, when the machine is built. */
  attach(completion: VirtioCompletion): void {
    this.completion = completion
  }

  reset(): void {
    this.pending = []
    this.timer.disarm()
  }

  readConfig(offset: number, size: number): number {
    const config = new DataView(new ArrayBuffer(64))
    config.setUint32(0, this.image.sectors, true) // capacity, in sectors; its high half stays 0
    config.setUint32(12, SEG_MAX, true)
    config.setUint32(20, SECTOR, true)
    if (offset + size > 64) return 0
    return size === 1
      ? config.getUint8(offset)
      : size === 2
        ? config.getUint16(offset, true)
        : config.getUint32(offset, true)
  }

  process(chain: Chain): void {
    const bytes = chain.buffers.reduce((total, buffer) => total + buffer.length, 0)
    const start = Math.max(this.clock.now, this.pending.at(-1)?.due ?? 0)
    this.pending.push({ chain, due: start + LATENCY + LATENCY_PER_SECTOR * Math.ceil(bytes / SECTOR) })
    if (this.pending.length === 1) this.timer.arm((this.pending[0] as Pending).due)
  }

  private finishDue(): void {
    const request = this.pending.shift()
    if (request === undefined || this.completion === undefined) panic('a block request without a transport')
    const written = this.perform(request.chain)
    const next = this.pending[0]
    if (next !== undefined) this.timer.arm(next.due)
    this.completion.complete(request.chain.head, written)
  }

  /** Performs a request; returns the bytes written into guest memory, the status byte included. */
  private perform(chain: Chain): number {
    const readable = chain.buffers.filter((buffer) => !buffer.write)
    const writable = chain.buffers.filter((buffer) => buffer.write)
    const header = this.gather(readable, HEADER)
    const room = writable.reduce((total, buffer) => total + buffer.length, 0)
    if (header.length < HEADER || room < 1) return 0
    const view = new DataView(header.buffer)
    const type = view.getUint32(0, true)
    const offset = (view.getUint32(8, true) + view.getUint32(12, true) * 0x1_0000_0000) * SECTOR
    const inside = (length: number): boolean => length % SECTOR === 0 && offset + length <= this.image.sectors * SECTOR
    let status = STATUS_OK
    let answer = new Uint8Array(0)
    if (type === REQUEST_IN) {
      if (inside(room - 1)) answer = new Uint8Array(this.image.read(offset, room - 1))
      else status = STATUS_IOERR
    } else if (type === REQUEST_OUT) {
      // The length is checked before anything is gathered: descriptors may name far more than the disk holds.
      const length = readable.reduce((total, buffer) => total + buffer.length, 0) - HEADER
      if (inside(length) && !this.readOnly)
        this.image.write(offset, this.gather(readable, HEADER + length).subarray(HEADER))
      else status = STATUS_IOERR
    } else if (type === REQUEST_GET_ID) {
      answer = new Uint8Array(Math.min(20, room - 1))
      answer.set(encodeText('transplant-disk').subarray(0, answer.length))
    } else if (type !== REQUEST_FLUSH) status = STATUS_UNSUPPORTED
    this.scatter(writable, answer, 0)
    this.scatter(writable, new Uint8Array([status]), room - 1) // the status byte is the last one
    return answer.length + 1
  }

  /** The first `limit` bytes of the buffers. */
  private gather(buffers: readonly Buffer[], limit: number): Uint8Array {
    const parts: Uint8Array[] = []
    let left = limit
    for (const buffer of buffers) {
      const count = Math.min(left, buffer.length)
      parts.push(this.memory.read(buffer.address, count))
      left -= count
    }
    return concatBytes(...parts)
  }

  private scatter(buffers: readonly Buffer[], bytes: Uint8Array, skip: number): void {
    let position = 0
    let done = 0
    for (const buffer of buffers) {
      const start = Math.max(0, skip + done - position)
      if (start < buffer.length && done < bytes.length) {
        const part = bytes.subarray(done, done + buffer.length - start)
        this.memory.write(buffer.address + start, part)
        done += part.length
      }
      position += buffer.length
    }
  }

  save(writer: StateWriter): void {
    writer.u32(this.pending.length)
    for (const { chain, due } of this.pending) {
      writer.f64(due)
      writer.u16(chain.head)
      writer.u32(chain.buffers.length)
      for (const buffer of chain.buffers) {
        writer.f64(buffer.address)
        writer.u32(buffer.length)
        writer.bool(buffer.write)
      }
    }
  }

  load(reader: StateReader): void {
    this.pending = []
    const count = reader.u32()
    for (let i = 0; i < count; i++) {
      const due = reader.f64()
      const head = reader.u16()
      const buffers: Buffer[] = []
      const parts = reader.u32()
      for (let part = 0; part < parts; part++) {
        buffers.push({ address: reader.f64(), length: reader.u32(), write: reader.bool() })
      }
      this.pending.push({ due, chain: { head, buffers } })
    }
  }
}
