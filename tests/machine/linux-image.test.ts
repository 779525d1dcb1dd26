// What the plan of a Linux bzImage refuses, and where it puts things. That one boots: boot.test.ts and tests/firmware.

import { describe, expect, it } from 'vitest'
import { readU32 } from '../../src/base/index.js'
import * as key from '../../src/machine/devices/fw-cfg.js'
import { planBoot } from '../../src/machine/index.js'
import { SETUP_BYTES, wrap } from '../firmware/fixtures/bzimage.js'

const MIB = 1024 * 1024

function plan(image: Uint8Array, more: { initrd?: Uint8Array; append?: string; memoryBytes?: number } = {}) {
  return planBoot({ image, append: '', initrd: undefined, memoryBytes: 64 * MIB, ...more })
}

function changed(change: (view: DataView, image: Uint8Array) => void): Uint8Array {
  const image = wrap(new Uint8Array(100_000))
  change(new DataView(image.buffer), image)
  return image
}

describe('the plan of a Linux image', () => {
  it('gives setup, kernel, command line and initrd, the initrd above all that the kernel uses to decompress itself', () => {
    const made = plan(wrap(new Uint8Array(100_000), 50 * MIB), { initrd: new Uint8Array(5 * MIB), append: 'a=b' })
    if (!made.ok) throw new Error(made.message)
    const { items, protocol } = made.value
    const at = (item: number): number => readU32(items.get(item) as Uint8Array, 0)
    expect(protocol).toBe('linux')
    expect([at(key.FW_CFG_KERNEL_ADDR), at(key.FW_CFG_KERNEL_SIZE)]).toEqual([MIB, 100_000])
    expect(at(key.FW_CFG_SETUP_SIZE)).toBe(SETUP_BYTES)
    expect(at(key.FW_CFG_INITRD_ADDR)).toBeGreaterThanOrEqual(51 * MIB)
    expect(at(key.FW_CFG_INITRD_ADDR) + 5 * MIB).toBeLessThan(64 * MIB)
    expect(readU32(items.get(key.FW_CFG_SETUP_DATA) as Uint8Array, 0x218)).toBe(at(key.FW_CFG_INITRD_ADDR))
  })

  it('keeps the initrd below what the kernel can reach', () => {
    const made = plan(
      changed((view) => view.setUint32(0x22c, 30 * MIB, true)),
      { initrd: new Uint8Array(MIB) },
    )
    if (!made.ok) throw new Error(made.message)
    expect(readU32(made.value.items.get(key.FW_CFG_INITRD_ADDR) as Uint8Array, 0)).toBeLessThanOrEqual(29 * MIB)
  })

  it('refuses old protocols, broken files and what does not fit, each by name', () => {
    const code = (image: Uint8Array, more = {}): string => {
      const made = plan(image, more)
      return made.ok ? 'booted' : made.code
    }
    expect(code(wrap(new Uint8Array(100_000)))).toBe('booted')
    for (const version of [0x0200, 0x0203, 0x0205]) {
      expect(code(changed((view) => view.setUint16(0x206, version, true)))).toBe('old-linux-protocol')
    }
    expect(code(changed((_, image) => image.fill(0, 0x211, 0x212)))).toBe('old-linux-protocol')
    expect(code(changed((view) => view.setUint16(0x1fe, 0, true)))).toBe('bad-linux-image')
    expect(code(changed((_, image) => image).slice(0, 0x210))).toBe('bad-linux-image')
    expect(code(changed((_, image) => image).slice(0, 60_000))).toBe('truncated')
    expect(code(changed((view) => view.setUint32(0x1f4, 0, true)))).toBe('truncated')
    expect(code(changed((view) => view.setUint32(0x1f4, 0x7fff_ffff, true)))).toBe('truncated')
    expect(
      code(
        changed((view) => view.setUint32(0x238, 10, true)),
        { append: 'x'.repeat(11) },
      ),
    ).toBe('command-line-too-long')
    expect(code(wrap(new Uint8Array(100_000), 64 * MIB))).toBe('larger-than-ram')
    expect(code(wrap(new Uint8Array(100_000), 60 * MIB), { initrd: new Uint8Array(4 * MIB) })).toBe(
      'initrd-larger-than-ram',
    )
  })
})
