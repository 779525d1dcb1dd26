// The rest of the board: bus, fw_cfg, power ports, and the refusal of bad kernel images.

import { describe, expect, it } from 'vitest'
import { StateReader, StateWriter, writeU16, writeU32, writeU64 } from '../../src/base/index.js'
import { planBoot } from '../../src/machine/boot/kernel-image.js'
import * as key from '../../src/machine/devices/fw-cfg.js'
import { FwCfg } from '../../src/machine/devices/fw-cfg.js'
import { PcTestdev } from '../../src/machine/devices/pc-testdev.js'
import { Power, type PowerRequest } from '../../src/machine/devices/power.js'
import { Scheduler } from '../../src/machine/scheduler.js'
import { arrayMemory, bench, RecordedLine } from './fixtures.js'

describe('the bus', () => {
  it('reads all ones and drops writes where nothing is', () => {
    const { bus } = bench()
    bus.portWrite(0xcf8, 4, 0x8000_0000)
    expect(bus.portRead(0xcfc, 4)).toBe(0xffff_ffff)
    expect(bus.memoryRead(0xfd00_0000, 2)).toBe(0xffff)
  })

  it('splits an access wider than the device', () => {
    const { bus } = bench()
    const written: [number, number][] = []
    bus.mapPorts(0x3f8, 2, {
      width: 1,
      read: (port) => port & 0xff,
      write: (port, _size, value) => written.push([port, value]),
    })
    expect(bus.portRead(0x3f8, 2)).toBe(0xf9f8)
    bus.portWrite(0x3f8, 2, 0x1234)
    expect(written).toEqual([
      [0x3f8, 0x34],
      [0x3f9, 0x12],
    ])
  })
})

describe('fw_cfg', () => {
  const make = () => {
    const { bus } = bench()
    const { memory, ram } = arrayMemory(0x10000)
    new FwCfg(
      bus,
      memory,
      new Map([[key.FW_CFG_NB_CPUS, new Uint8Array([2, 0])]]),
      new Map([['etc/e820', new Uint8Array([1, 2, 3])]]),
    )
    const select = (item: number): void => bus.portWrite(0x510, 2, item)
    const next = (): number => bus.portRead(0x511, 1)
    return { bus, ram, select, next }
  }

  it('gives signature, items, and zeros past an end', () => {
    const { select, next } = make()
    select(0)
    expect(String.fromCharCode(next(), next(), next(), next())).toBe('QEMU')
    expect(next()).toBe(0)
    select(key.FW_CFG_NB_CPUS)
    expect([next(), next()]).toEqual([2, 0])
  })

  it('lists files and reads one by DMA', () => {
    const { bus, ram, select, next } = make()
    select(key.FW_CFG_FILE_DIR)
    expect([next(), next(), next(), next()]).toEqual([0, 0, 0, 1])
    expect([next(), next(), next(), next(), next(), next()]).toEqual([0, 0, 0, 3, 0, 0x20])
    const descriptor = new DataView(ram.buffer, 0x100, 16)
    descriptor.setUint32(0, (0x20 << 16) | 8 | 2, false)
    descriptor.setUint32(4, 3, false)
    descriptor.setUint32(12, 0x2000, false)
    bus.portWrite(0x518, 4, 0x0001_0000) // 0x100, big-endian
    expect([...ram.subarray(0x2000, 0x2004)]).toEqual([1, 2, 3, 0])
    expect(descriptor.getUint32(0, false)).toBe(0)
    descriptor.setUint32(0, 2, false)
    descriptor.setUint32(12, 0xffff_0000, false)
    bus.portWrite(0x518, 4, 0x0001_0000)
    expect(descriptor.getUint32(0, false)).toBe(1)
    expect(bus.portRead(0x514, 4)).toBe(0x554d_4551)
  })
})

describe('the power ports', () => {
  it('report exit, power-off and every kind of reset', () => {
    const { bus, clock } = bench()
    const power = new Power(bus, clock)
    const seen: PowerRequest[] = []
    power.onRequest((request) => seen.push(request))
    bus.portWrite(0x501, 1, 0x10)
    bus.portWrite(0xf4, 4, 3)
    bus.portWrite(0x604, 2, 0x2000)
    bus.portWrite(0xcf9, 1, 6)
    bus.portWrite(0x64, 1, 0xfe)
    bus.portWrite(0x92, 1, 3)
    expect(seen).toEqual([
      { kind: 'exit', status: 33 },
      { kind: 'exit', status: 7 },
      { kind: 'power-off' },
      { kind: 'reset', cause: 'reset-control' },
      { kind: 'reset', cause: 'keyboard-controller' },
      { kind: 'reset', cause: 'port-92' },
    ])
  })
})

describe('the keyboard controller', () => {
  const make = () => {
    const { bus, clock } = bench()
    const power = new Power(bus, clock)
    const seen: PowerRequest[] = []
    power.onRequest((request) => seen.push(request))
    return { bus, power, seen }
  }

  it('resets by bit 0 of its output port, written or pulsed, and by nothing else', () => {
    const { bus, seen } = make()
    for (const command of [0xff, 0xf1, 0xad, 0xd0]) bus.portWrite(0x64, 1, command)
    bus.portWrite(0x60, 1, 0)
    bus.portWrite(0x64, 1, 0xd1)
    bus.portWrite(0x60, 1, 0x03)
    bus.portWrite(0x60, 1, 0xfe) // no longer for the output port
    expect(seen).toEqual([])
    bus.portWrite(0x64, 1, 0xd1)
    bus.portWrite(0x60, 1, 0xfe)
    for (const pulse of [0xf0, 0xfc]) bus.portWrite(0x64, 1, pulse)
    expect(seen).toEqual(Array(3).fill({ kind: 'reset', cause: 'keyboard-controller' }))
  })

  it('gives its output port back, A20 included, also after save and load', () => {
    const { bus, power } = make()
    expect(bus.portRead(0x64, 1) & 1).toBe(0)
    bus.portWrite(0x64, 1, 0xd1)
    bus.portWrite(0x60, 1, 0xdf)
    bus.portWrite(0x64, 1, 0xd0)
    const writer = new StateWriter()
    writer.section(power)
    const second = make()
    new StateReader(writer.finish()).section(second.power)
    for (const one of [bus, second.bus]) {
      expect([0x64, 0x60, 0x64].map((port) => one.portRead(port, 1))).toEqual([0x15, 0xdf, 0x14])
    }
  })
})

describe('pc-testdev', () => {
  it('has memory, ports that read back, and the interrupt lines', () => {
    const { bus } = bench()
    const lines = Array.from({ length: 24 }, () => new RecordedLine())
    const device = new PcTestdev(bus, lines)
    bus.memoryWrite(0xff00_0102, 4, 0x1234_5678)
    expect([bus.memoryRead(0xff00_0103, 2), bus.memoryRead(0xff00_ffff, 1)]).toEqual([0x3456, 0])
    bus.portWrite(0xe0, 4, 0x1122_3344)
    bus.portWrite(0xe1, 1, 0x55)
    bus.portWrite(0xe4, 4, 0x10_0000)
    expect([bus.portRead(0xe0, 4), bus.portRead(0xe2, 2), bus.portRead(0xe8, 4)]).toEqual([
      ...[0x1122_5544, 0x1122, 0x1122_5544],
    ])
    bus.portWrite(0x2000 + 17, 1, 1)
    expect(lines.map((line) => line.level).indexOf(true)).toBe(17)
    const writer = new StateWriter()
    writer.section(device)
    device.reset()
    expect([lines[17]?.level, bus.portRead(0xe0, 4)]).toEqual([false, 0])
    new StateReader(writer.finish()).section(device)
    expect([bus.portRead(0xe0, 4), bus.memoryRead(0xff00_0102, 4)]).toEqual([0x1122_5544, 0x1234_5678])
  })
})

describe('PCI configuration ports', () => {
  it('are open bus, and looking for PCI does not reset the machine', () => {
    const { bus, clock } = bench()
    const power = new Power(bus, clock)
    let requests = 0
    power.onRequest(() => requests++)
    bus.portWrite(0xcf8, 4, 0x8000_0600) // bits 15:8 would be a reset in RST_CNT
    expect(bus.portRead(0xcf8, 4)).toBe(0xffff_ffff)
    expect(bus.portRead(0xcfc, 4)).toBe(0xffff_ffff)
    expect(requests).toBe(0)
  })
})

describe('the scheduler', () => {
  it('gives turns in order, passes over who cannot run, and repeats by seed', () => {
    const order = (seed: number): number[] => {
      const scheduler = new Scheduler(3, seed, 10)
      scheduler.wake(2)
      return Array.from({ length: 20 }, () => {
        const cpu = scheduler.pick()
        const left = scheduler.sliceLeft
        scheduler.retire(left)
        return cpu * 100 + left
      })
    }
    expect(order(5)).toEqual(order(5))
    expect(order(5)).not.toEqual(order(6))
    expect(
      order(5)
        .map((entry) => Math.floor(entry / 100))
        .slice(0, 4),
    ).toEqual([0, 2, 0, 2])
  })

  it('with a mean of one switches after every instruction', () => {
    const scheduler = new Scheduler(2, 1, 1)
    scheduler.wake(1)
    const order = Array.from({ length: 4 }, () => {
      const cpu = scheduler.pick()
      scheduler.retire(1)
      return cpu
    })
    expect(order).toEqual([0, 1, 0, 1])
  })
})

interface ImageShape {
  readonly bits?: 32 | 64
  readonly machine?: number
  readonly note?: boolean
  readonly address?: number
  readonly second?: number
  readonly memoryBytes?: number
  readonly entry?: number
}

/** A small ELF64 with one or two loadable segments and, unless told otherwise, a PVH note. */
function image(shape: ImageShape = {}): Uint8Array {
  const { bits = 64, machine = 62, note = true, address = 0x10_0000, second, memoryBytes = 0x1000 } = shape
  const bytes = new Uint8Array(0x400)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, 1, 1])
  writeU16(bytes, 16, 2)
  writeU16(bytes, 18, machine)
  if (bits === 32) {
    writeU32(bytes, 28, 52)
    writeU16(bytes, 42, 32)
    return bytes
  }
  writeU64(bytes, 32, 64n)
  writeU16(bytes, 54, 56)
  const headers: [number, number, number, number, number][] = [[1, 0x200, address, 0x100, memoryBytes]]
  if (second !== undefined) headers.push([1, 0x200, second, 0x100, 0x1000])
  if (note) headers.push([4, 0x300, 0, 20, 20])
  writeU16(bytes, 56, headers.length)
  headers.forEach(([type, offset, physical, fileBytes, size], i) => {
    const at = 64 + 56 * i
    writeU32(bytes, at, type)
    writeU64(bytes, at + 8, BigInt(offset))
    writeU64(bytes, at + 16, BigInt(physical))
    writeU64(bytes, at + 24, BigInt(physical))
    writeU64(bytes, at + 32, BigInt(fileBytes))
    writeU64(bytes, at + 40, BigInt(size))
  })
  writeU32(bytes, 0x300, 4)
  writeU32(bytes, 0x304, 4)
  writeU32(bytes, 0x308, 18)
  bytes.set([0x58, 0x65, 0x6e, 0], 0x30c)
  writeU32(bytes, 0x310, shape.entry ?? address)
  return bytes
}

describe('booting a kernel image', () => {
  const MEMORY = 32 * 1024 * 1024
  const plan = (bytes: Uint8Array, initrd?: Uint8Array) =>
    planBoot({ image: bytes, append: 'quiet', initrd, memoryBytes: MEMORY })
  const code = (bytes: Uint8Array, initrd?: Uint8Array): string => {
    const planned = plan(bytes, initrd)
    return planned.ok ? 'ok' : planned.code
  }

  it('offers a PVH image as QEMU does: segments in RAM, the file head in SETUP_DATA', () => {
    const planned = plan(image(), new Uint8Array(5000))
    if (!planned.ok) throw new Error(planned.message)
    const { items, preload, entry } = planned.value
    expect(entry).toBe(0x10_0000)
    expect(preload.map((segment) => [segment.address, segment.memoryBytes])).toEqual([[0x10_0000, 0x1000]])
    const item = (number: number): number => {
      const bytes = items.get(number) as Uint8Array
      return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    }
    expect(item(key.FW_CFG_KERNEL_SIZE)).toBe(0x1000)
    expect(item(key.FW_CFG_CMDLINE_SIZE)).toBe(6)
    expect(item(key.FW_CFG_INITRD_ADDR)).toBe((MEMORY - 128 * 1024 - 1 - 5000) & ~4095)
    expect(items.get(key.FW_CFG_SETUP_DATA)?.[1]).toBe(0x45)
    expect(items.has(key.FW_CFG_KERNEL_DATA)).toBe(false)
  })

  it('refuses each kind of bad image with its own code', () => {
    expect(code(new Uint8Array(100))).toBe('not-an-elf')
    expect(code(image().subarray(0, 100))).toBe('truncated')
    expect(code(image({ bits: 32, machine: 3 }))).toBe('elf32-without-multiboot')
    expect(code(image({ machine: 183 }))).toBe('wrong-machine')
    expect(code(image({ note: false }))).toBe('no-pvh-note')
    expect(code(image({ memoryBytes: 64 * 1024 * 1024 }))).toBe('larger-than-ram')
    expect(code(image({ second: 0x10_0800 }))).toBe('overlapping-segments')
    expect(code(image({ entry: 0x5000 }))).toBe('entry-outside-image')
    expect(code(image(), new Uint8Array(40 * 1024 * 1024))).toBe('initrd-larger-than-ram')
  })
})
