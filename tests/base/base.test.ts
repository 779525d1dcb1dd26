// base: addresses, ranges, saved state, chance, hashing, events.

import { describe, expect, it } from 'vitest'
import {
  Emitter,
  findOverlap,
  hashBytes,
  hashWords,
  isCanonical,
  isZero,
  Random,
  RangeSet,
  type Savable,
  StateReader,
  StateWriter,
  virtAddr,
} from '../../src/base/index.js'

describe('addresses', () => {
  it('wraps the signed form of a kernel address to its unsigned one', () => {
    expect(virtAddr(-0x8000_0000n)).toBe(0xffff_ffff_8000_0000n)
  })

  it('knows canonical addresses from others', () => {
    expect(isCanonical(virtAddr(0xffff_8000_0000_0000n))).toBe(true)
    expect(isCanonical(virtAddr(0x0000_8000_0000_0000n))).toBe(false)
  })
})

describe('bytes', () => {
  it('finds a single set byte at any alignment', () => {
    for (let offset = 0; offset < 5; offset++) {
      const bytes = new Uint8Array(40).subarray(offset)
      expect(isZero(bytes)).toBe(true)
      bytes[bytes.length - 1] = 1
      expect(isZero(bytes)).toBe(false)
    }
  })
})

describe('ranges', () => {
  it('merges ranges that touch and splits what is removed', () => {
    const set = new RangeSet()
    set.add({ start: 0, end: 10 })
    set.add({ start: 20, end: 30 })
    set.add({ start: 10, end: 20 })
    expect(set.ranges).toEqual([{ start: 0, end: 30 }])
    set.remove({ start: 5, end: 6 })
    expect(set.ranges).toEqual([
      { start: 0, end: 5 },
      { start: 6, end: 30 },
    ])
  })

  it('names the overlapping pair', () => {
    const pair = findOverlap([
      { start: 8, end: 12 },
      { start: 0, end: 4 },
      { start: 3, end: 5 },
    ])
    expect(pair?.map((range) => range.start)).toEqual([0, 3])
  })
})

class Counter implements Savable {
  readonly tag: string
  readonly version: number
  value = 0
  constructor(tag: string, version: number) {
    this.tag = tag
    this.version = version
  }
  save(writer: StateWriter): void {
    writer.f64(this.value)
  }
  load(reader: StateReader): void {
    this.value = reader.f64()
  }
}

describe('saved state', () => {
  const saved = (): Uint8Array => {
    const writer = new StateWriter()
    const counter = new Counter('counter', 2)
    counter.value = 2 ** 40
    writer.section(counter)
    return writer.finish()
  }

  it('reads back what it wrote', () => {
    const counter = new Counter('counter', 2)
    new StateReader(saved()).section(counter)
    expect(counter.value).toBe(2 ** 40)
  })

  it('refuses another version, another part and a truncated stream by code', () => {
    expect(() => new StateReader(saved()).section(new Counter('counter', 3))).toThrow(
      expect.objectContaining({ code: 'STATE_VERSION' }),
    )
    expect(() => new StateReader(saved()).section(new Counter('timer', 2))).toThrow(
      expect.objectContaining({ code: 'STATE_SECTION' }),
    )
    expect(() => new StateReader(saved().subarray(0, 15)).section(new Counter('counter', 2))).toThrow(
      expect.objectContaining({ code: 'STATE_TRUNCATED' }),
    )
  })
})

describe('chance', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    const numbers = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 50 }, () => random.u32())
    }
    expect(numbers(7)).toEqual(numbers(7))
    expect(numbers(7)).not.toEqual(numbers(8))
  })

  it('goes on after save and load as if nothing had happened', () => {
    const random = new Random(3)
    random.u32()
    const writer = new StateWriter()
    writer.section(random)
    const expected = [random.below(1000), random.below(1000)]
    const other = new Random(99)
    new StateReader(writer.finish()).section(other)
    expect([other.below(1000), other.below(1000)]).toEqual(expected)
  })

  it('stays inside its bound and reaches both ends', () => {
    const random = new Random(1)
    const seen = new Set(Array.from({ length: 400 }, () => random.between(3, 6)))
    expect([...seen].sort()).toEqual([3, 4, 5, 6])
  })
})

describe('hash', () => {
  it('changes with every bit of a page', () => {
    const words = new Uint32Array(1024)
    const out = new Uint32Array(2)
    const seen = new Set<string>()
    for (let bit = 0; bit < 1024 * 32; bit += 37) {
      words.fill(0)
      words[bit >>> 5] = 1 << (bit & 31)
      hashWords(words, 0, 1024, out, 0)
      seen.add(`${out[0]} ${out[1]}`)
    }
    expect(seen.size).toBe(Math.ceil((1024 * 32) / 37))
  })

  it('tells arrays of zeros of different lengths apart', () => {
    expect(hashBytes(new Uint8Array(3))).not.toBe(hashBytes(new Uint8Array(4)))
  })
})

describe('events', () => {
  it('calls listeners in order and not after they are disposed, even during the event', () => {
    const emitter = new Emitter<number>()
    const seen: string[] = []
    emitter.event((value) => {
      seen.push(`a${value}`)
      second.dispose()
    })
    const second = emitter.event((value) => seen.push(`b${value}`))
    emitter.event((value) => seen.push(`c${value}`))
    emitter.fire(1)
    expect(seen).toEqual(['a1', 'c1'])
  })
})
