// Multiboot kernels of the style of teaching courses: what they see and show here is what they see and show under QEMU with its own
// firmware. And where the boot information goes when a kernel lies where it would be.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { readU32, writeU32 } from '../../src/base/index.js'
import * as key from '../../src/machine/devices/fw-cfg.js'
import { Machine, planBoot, type StopReason } from '../../src/machine/index.js'
import { assemble } from '../cpu/assemble.js'
import { needs } from '../needs.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const coreWasm = new WebAssembly.Module(readFileSync(join(root, 'src/cpu/core.wasm')))
const firmware = new Uint8Array(readFileSync(join(root, 'images/built/firmware.bin')))
const MIB = 1024 * 1024
const initrd = new Uint8Array(5000).fill(1)

needs('gcc')('a kernel of a teaching course', () => {
  const folder = mkdtempSync(join(tmpdir(), 'teaching-'))
  const file = (name: string): string => join(folder, name)
  const build = (name: string, base: number, ...more: string[]): void => {
    const flags = [
      ...[
        '-m32',
        '-march=i686',
        '-mgeneral-regs-only',
        '-O1',
        '-ffreestanding',
        '-nostdlib',
        '-fno-pic',
        '-no-pie',
        '-w',
      ],
      ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fcf-protection=none', '-Wl,--build-id=none'],
      ...['-Wl,--no-warn-rwx-segments', `-Wl,--defsym,BASE=${base}`, '-Wl,-T,tests/machine/guests/teaching.ld'],
    ]
    execFileSync('gcc', [...flags, ...more, 'tests/machine/guests/teaching.c', '-o', file(name)], { cwd: root })
  }

  beforeAll(() => {
    build('spins', MIB)
    build('halts', MIB, '-DHALTS')
    build('flat.elf', MIB, '-DFLAT', '-DHALTS')
    execFileSync('objcopy', ['-O', 'binary', '-j', '.text', file('flat.elf'), file('flat')])
    build('low', 0x9000, '-DHALTS')
    build('early', 0x7c00, '-DFLAT', '-DHALTS')
    writeFileSync(file('initrd'), initrd)
  })

  const onOurs = (name: string, module?: Uint8Array): { rows: readonly string[]; stop: StopReason } => {
    const kernel = new Uint8Array(readFileSync(file(name)))
    const made = Machine.create({
      ...{ coreWasm, firmware, memoryBytes: 64 * MIB, onReset: 'stop', kernel },
      ...(module && { initrd: module }),
    })
    if (!made.ok) throw new Error(made.message)
    const stop = made.value.run({ instructions: 20_000_000 })
    return { rows: made.value.screenRows(), stop }
  }
  const ends = [
    'magic good 1',
    'bss 0',
    'modules 1',
    `first word of the module ${0x01010101}`,
    'bytes of the module 5000',
  ]

  it('shows its text, be it ELF or flat, spinning or halted, and a halted one is stuck', () => {
    for (const name of ['spins', 'halts', 'flat', 'low', 'early']) {
      const { rows, stop } = onOurs(name, initrd)
      expect(rows.slice(18)).toEqual([...ends, 'Hello from a course', ''])
      expect(rows[0]).toBe('line 12')
      if (name === 'spins') expect(stop).toEqual({ reason: 'limit' })
      else expect(stop).toMatchObject({ reason: 'stuck', vcpus: [{ cpu: 0, waitsFor: 'nmi' }] })
    }
  })

  it('gets a module that is larger than low memory, though it lies there itself', () => {
    const { rows } = onOurs('low', new Uint8Array(3 * MIB).fill(1))
    expect(rows[22]).toBe(`bytes of the module ${3 * MIB}`)
    expect(rows[21]).toBe(ends[3])
  })

  needs('qemu-system-x86_64')('beside QEMU', () => {
    it('shows the same screen there', async () => {
      for (const name of ['spins', 'halts', 'flat']) {
        const cells = await screenUnderQemu(file(name), file('initrd'), file(`${name}.screen`))
        const codes = Array.from({ length: 25 }, (_, row) =>
          String.fromCharCode(...Array.from({ length: 80 }, (_, i) => cells[160 * row + 2 * i] as number)).trimEnd(),
        )
        expect(onOurs(name, initrd).rows).toEqual(codes)
      }
    }, 60_000)
  })
})

/** The bytes at B8000H once the kernel has written its last line. */
async function screenUnderQemu(kernel: string, module: string, dump: string): Promise<Uint8Array> {
  const qemu = spawn('qemu-system-x86_64', [
    ...['-M', 'pc', '-accel', 'tcg', '-m', '64', '-display', 'none', '-monitor', 'stdio', '-serial', 'none'],
    ...['-kernel', kernel, '-initrd', module],
  ])
  const ended = once(qemu, 'exit')
  let cells = new Uint8Array(0)
  for (let i = 0; i < 150; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    qemu.stdin.write(`pmemsave 0xb8000 4000 "${dump}"\n`)
    try {
      cells = new Uint8Array(readFileSync(dump))
    } catch {
      continue
    }
    const text = String.fromCharCode(...cells.filter((_, at) => at % 2 === 0))
    if (cells.length === 4000 && text.includes('Hello from a course ')) break
  }
  qemu.stdin.write('quit\n')
  await ended
  return cells
}

/** A flat file of `bytes` whose header, at its start, gives the addresses. */
function flat(
  bytes: number,
  fields: Partial<Record<'header' | 'load' | 'loadEnd' | 'bssEnd' | 'entry', number>> = {},
  flags = 0x1_0000,
): Uint8Array {
  const image = new Uint8Array(bytes)
  const load = fields.load ?? MIB
  const words = [
    ...[0x1bad_b002, flags, -(0x1bad_b002 + flags)],
    ...[fields.header ?? load, load, fields.loadEnd ?? 0, fields.bssEnd ?? 0, fields.entry ?? load + 32],
  ]
  words.forEach((word, i) => {
    writeU32(image, 4 * i, word >>> 0)
  })
  return image
}

/** An ELF32 file with a Multiboot header and these segments, entered at the first. */
function elf32(segments: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const image = new Uint8Array(0x1000 * (segments.length + 1))
  const words = (at: number, ...values: number[]): void => {
    values.forEach((value, i) => {
      writeU32(image, at + 4 * i, value >>> 0)
    })
  }
  words(0, 0x464c_457f, 0x0001_0101, 0, 0, 0x0003_0002, 1, segments[0]?.[0] ?? 0, 52, 0, 0, 0x0020_0034)
  words(44, segments.length, 0x28)
  words(0x800, 0x1bad_b002, 0, -0x1bad_b002)
  segments.forEach(([address, bytes], i) => {
    const at = 0x1000 * (i + 1)
    image.set(bytes, at)
    words(52 + 32 * i, 1, at, address, address, bytes.length, bytes.length, 7, 0x1000)
  })
  return image
}

describe('the plan of a Multiboot boot', () => {
  const plan = (image: Uint8Array, more: { initrd?: Uint8Array; memoryBytes?: number } = {}) =>
    planBoot({ image, append: '', initrd: undefined, memoryBytes: 64 * MIB, ...more })
  const ranges = (image: Uint8Array, more: { initrd?: Uint8Array; memoryBytes?: number } = {}) => {
    const made = plan(image, more)
    if (!made.ok) throw new Error(made.message)
    const at = (item: number): number => readU32(made.value.items.get(item) as Uint8Array, 0)
    return {
      kernel: [at(key.FW_CFG_KERNEL_ADDR), at(key.FW_CFG_KERNEL_ADDR) + at(key.FW_CFG_KERNEL_SIZE)] as const,
      // With the memory map that the firmware writes behind it.
      information: [
        at(key.FW_CFG_INITRD_ADDR),
        at(key.FW_CFG_INITRD_ADDR) + Math.max(2036, at(key.FW_CFG_INITRD_SIZE)),
      ] as const,
    }
  }

  it('keeps the information out of the kernel and of the firmware, wherever the kernel lies and however large it is', () => {
    for (const load of [0x1000, 0x7c00, 0x8000, 0x9000, 0x9800, 0x1_0000, 0x7_0000, MIB, 20 * MIB]) {
      for (const bytes of [4096, 0x1_0000, 0x6_f000, 40 * MIB]) {
        for (const module of [undefined, new Uint8Array(5000), new Uint8Array(2 * MIB)]) {
          if (load < MIB && load + bytes > 0x8_0000) continue
          const { kernel, information } = ranges(flat(bytes, { load }), module === undefined ? {} : { initrd: module })
          for (const [start, end] of [kernel, information]) {
            expect(end <= 0x8_0000 || (start >= MIB && end <= 64 * MIB)).toBe(true)
          }
          expect(kernel[1] <= information[0] || information[1] <= kernel[0]).toBe(true)
        }
      }
    }
    expect(ranges(flat(4096)).information[0]).toBe(0x9000) // as QEMU where nothing is in the way
  })

  it('leaves the memory of the firmware alone between a part below it and one above', () => {
    const low = assemble('mov eax, 0x100000; jmp eax', 0x9000, 32)
    const high = assemble('mov al, [0x9000]; mov dx, 0xf4; out dx, al', MIB, 32)
    const kernel = elf32([
      [0x9000, low],
      [MIB, high],
    ])
    const made = Machine.create({ coreWasm, firmware, kernel, initrd, memoryBytes: 16 * MIB, onReset: 'stop' })
    if (!made.ok) throw new Error(made.message)
    expect(made.value.run({ instructions: 20_000_000 })).toEqual({
      reason: 'exit',
      status: (2 * (low[0] as number) + 1) & 0xff,
    })
    const { kernel: block, information } = ranges(kernel, { initrd })
    expect(block[1]).toBeLessThanOrEqual(0x8_0000)
    expect(information[0] >= MIB + high.length || information[1] <= MIB).toBe(true)
    expect(information[1] <= 0x9000 || information[0] >= block[1]).toBe(true)
  })

  it('refuses by name what cannot be', () => {
    expect(plan(flat(4096, { load: 0x7_f800 }))).toMatchObject({ ok: false, code: 'over-firmware' })
    expect(plan(flat(4096, { load: 0x9_8000 }))).toMatchObject({ ok: false, code: 'over-firmware' })
    expect(plan(flat(4096, { load: MIB, bssEnd: 65 * MIB }))).toMatchObject({ ok: false, code: 'larger-than-ram' })
    expect(plan(flat(4096, { entry: 0x20_0000 }))).toMatchObject({ ok: false, code: 'entry-outside-image' })
    expect(plan(flat(4096, { header: MIB + 4 }))).toMatchObject({ ok: false, code: 'bad-multiboot-addresses' })
    expect(plan(flat(4096, { header: MIB - 4 }))).toMatchObject({ ok: false, code: 'bad-multiboot-addresses' })
    expect(plan(flat(4096, { loadEnd: MIB + 5000 }))).toMatchObject({ ok: false, code: 'bad-multiboot-addresses' })
    expect(plan(flat(4096, { bssEnd: MIB + 100 }))).toMatchObject({ ok: false, code: 'bad-multiboot-addresses' })
    expect(plan(flat(4096).slice(0, 20))).toMatchObject({ ok: false, code: 'bad-multiboot-addresses' })
    expect(plan(flat(4096, {}, 0x1_0008))).toMatchObject({ ok: false, code: 'unsupported-multiboot' })
    expect(plan(flat(4096, {}, 3))).toMatchObject({ ok: false, code: 'unsupported-multiboot' })
    expect(plan(flat(4096), { initrd: new Uint8Array(64 * MIB) })).toMatchObject({
      ok: false,
      code: 'initrd-larger-than-ram',
    })
  })
})
