// The virtio-mmio transport and block device, driven as a driver does (virtio 1.2 sections 3.1, 4.2, 5.2).

import { describe, expect, it } from 'vitest'
import { readU16, readU32, StateReader, StateWriter, writeU16, writeU32, writeU64 } from '../../src/base/index.js'
import { DiskImage, VirtioBlock } from '../../src/machine/devices/virtio-block.js'
import { VIRTIO_MMIO_BASE, VirtioMmio } from '../../src/machine/devices/virtio-mmio.js'
import { arrayMemory, bench } from './fixtures.js'

const DESCRIPTORS = 0x1000
const AVAILABLE = 0x2000
const USED = 0x3000
const HEADER = 0x4000
const DATA = 0x5000
const STATUS = 0x6000

function make() {
  const { bus, clock, line } = bench()
  const { memory, ram } = arrayMemory(0x10000)
  const base = new Uint8Array(64 * 512).map((_, i) => (i >> 9) & 0xff)
  const image = new DiskImage(base)
  const block = new VirtioBlock(image, memory, clock)
  const transport = new VirtioMmio(bus, memory, 0, line, block)
  block.attach(transport)
  const read = (offset: number): number => bus.memoryRead(VIRTIO_MMIO_BASE + offset, 4)
  const write = (offset: number, value: number): void => bus.memoryWrite(VIRTIO_MMIO_BASE + offset, 4, value)
  const negotiate = (low = 1 << 9, high = 1): void => {
    write(0x70, 0)
    write(0x70, 1)
    write(0x70, 3)
    write(0x24, 0)
    write(0x20, low)
    write(0x24, 1)
    write(0x20, high)
    write(0x70, 11)
  }
  const setUp = (): void => {
    negotiate()
    write(0x30, 0)
    write(0x38, 128)
    write(0x80, DESCRIPTORS)
    write(0x90, AVAILABLE)
    write(0xa0, USED)
    write(0x44, 1)
    write(0x70, 15)
  }
  const descriptor = (index: number, address: number, length: number, flags: number, next = 0): void => {
    const at = DESCRIPTORS + 16 * index
    writeU64(ram, at, BigInt(address))
    writeU32(ram, at + 8, length)
    writeU16(ram, at + 12, flags)
    writeU16(ram, at + 14, next)
  }
  let available = 0
  const offer = (head: number): void => {
    writeU16(ram, AVAILABLE + 4 + 2 * (available % 128), head)
    available++
    writeU16(ram, AVAILABLE + 2, available)
    write(0x50, 0)
  }
  const request = (type: number, sector: number, length: number): void => {
    writeU32(ram, HEADER, type)
    writeU64(ram, HEADER + 8, BigInt(sector))
    descriptor(0, HEADER, 16, 1, 1)
    descriptor(1, DATA, length, type === 1 ? 1 : 3, 2)
    descriptor(2, STATUS, 1, 2)
    ram[STATUS] = 0xff
    offer(0)
  }
  return {
    bus,
    clock,
    line,
    ram,
    memory,
    base,
    image,
    transport,
    read,
    write,
    negotiate,
    setUp,
    descriptor,
    offer,
    request,
  }
}

describe('virtio-mmio', () => {
  it('introduces itself', () => {
    const { read } = make()
    expect([read(0), read(4), read(8), read(0x34)]).toEqual([0x74726976, 2, 2, 256])
    expect(read(0x100)).toBe(64)
  })

  it('clears FEATURES_OK unless VERSION_1 and only offered features were accepted', () => {
    const { read, negotiate } = make()
    negotiate(1 << 9, 0)
    expect(read(0x70)).toBe(3)
    negotiate(1 << 31, 1)
    expect(read(0x70)).toBe(3)
    negotiate()
    expect(read(0x70)).toBe(11)
  })

  it('asks for a reset when the queue is bad or a chain loops', () => {
    const bad = make()
    bad.negotiate()
    bad.write(0x80, 0xfffff000)
    bad.write(0x44, 1)
    expect(bad.read(0x70) & 0x40).toBe(0x40)
    const loop = make()
    loop.setUp()
    loop.descriptor(0, HEADER, 16, 1, 0)
    loop.offer(0)
    expect(loop.read(0x70) & 0x40).toBe(0x40)
    expect(loop.read(0x60)).toBe(2)
  })
})

describe('virtio-block', () => {
  it('reads sectors after its latency and interrupts', () => {
    const { clock, line, ram, read, write, setUp, request } = make()
    setUp()
    request(0, 5, 1024)
    expect(ram[STATUS]).toBe(0xff)
    expect(line.level).toBe(false)
    clock.advanceTo(1_000_000)
    expect(ram[STATUS]).toBe(0)
    expect([ram[DATA], ram[DATA + 512]]).toEqual([5, 6])
    expect(readU16(ram, USED + 2)).toBe(1)
    expect(readU32(ram, USED + 8)).toBe(1025)
    expect(read(0x60)).toBe(1)
    write(0x64, 1)
    expect(line.level).toBe(false)
  })

  it('writes to a copy, reads it back, and leaves the image it was given alone', () => {
    const { clock, ram, base, image, setUp, request } = make()
    setUp()
    ram.fill(0xab, DATA, DATA + 512)
    request(1, 7, 512)
    clock.advanceTo(1_000_000)
    expect(ram[STATUS]).toBe(0)
    expect(base[7 * 512]).toBe(7)
    expect(image.read(7 * 512, 1)[0]).toBe(0xab)
    ram.fill(0, DATA, DATA + 512)
    request(0, 7, 512)
    clock.advanceTo(2_000_000)
    expect(ram[DATA + 511]).toBe(0xab)
  })

  it('answers out-of-range, unknown, flush and get-id requests', () => {
    const { clock, ram, setUp, request } = make()
    setUp()
    const status = (type: number, sector: number, length: number): number | undefined => {
      request(type, sector, length)
      clock.advanceTo(clock.now + 1_000_000)
      return ram[STATUS]
    }
    expect(status(0, 64, 512)).toBe(1)
    expect(status(1, 63, 1024)).toBe(1)
    expect(status(99, 0, 16)).toBe(2)
    expect(status(4, 0, 16)).toBe(0)
    expect(status(8, 0, 20)).toBe(0)
    expect(new TextDecoder().decode(ram.subarray(DATA, DATA + 15))).toBe('transplant-disk')
  })

  it('finishes a request that was under way when it was saved', () => {
    const first = make()
    first.setUp()
    first.request(0, 9, 512)
    const writer = new StateWriter()
    writer.section(first.clock)
    writer.section(first.transport)
    const second = make()
    second.ram.set(first.ram)
    const reader = new StateReader(writer.finish())
    reader.section(second.clock)
    reader.section(second.transport)
    second.clock.advanceTo(1_000_000)
    expect([second.ram[STATUS], second.ram[DATA]]).toEqual([0, 9])
  })
})
