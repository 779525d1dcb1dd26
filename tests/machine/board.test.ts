// The whole board under a hostile guest: no access, however wild, may break the host, and its state survives saving.

import { describe, expect, it } from 'vitest'
import { equalBytes, Random, type Savable, StateReader, StateWriter, VirtualClock } from '../../src/base/index.js'
import { Board } from '../../src/machine/board.js'
import { arrayMemory, RecordedCpu } from './fixtures.js'

function make() {
  const clock = new VirtualClock()
  const { memory, ram } = arrayMemory(0x10_0000)
  const board = new Board(
    { vcpus: 2, memoryBytes: ram.length, epoch: 0, items: new Map(), disk: new Uint8Array(64 * 512) },
    clock,
    memory,
    [new RecordedCpu(), new RecordedCpu()],
  )
  return { clock, board, ram }
}

const PORTS = [
  0x20, 0x21, 0xa0, 0xa1, 0x40, 0x41, 0x42, 0x43, 0x61, 0x70, 0x71, 0x3f8, 0x3f9, 0x3fa, 0x3fc, 0x2f8, 0x510, 0x511,
  0x514, 0x518, 0x604, 0xcf8, 0xcf9, 0x64,
]
const PAGES = [0xfee0_0000, 0xfec0_0000, 0xfeb0_0000, 0xfeb0_0000, 0xfeb0_0200]

function poke(parts: ReturnType<typeof make>, random: Random, times: number): void {
  const { board, clock, ram } = parts
  for (let i = 0; i < times; i++) {
    const size = [1, 2, 4][random.below(3)] as number
    const value = random.below(4) === 0 ? random.below(0x10_0000) : random.u32()
    const cpu = random.below(2)
    if (random.below(2) === 0) {
      const port = PORTS[random.below(PORTS.length)] as number
      if (random.below(2) === 0) board.portRead(port, size)
      else board.portWrite(port, size, value)
    } else {
      const address =
        (PAGES[random.below(PAGES.length)] as number) + random.below(random.below(2) === 0 ? 0x100 : 0x400)
      if (random.below(2) === 0) board.memoryRead(cpu, address, size)
      else board.memoryWrite(cpu, address & ~3, 4, value)
    }
    if (random.below(8) === 0) ram[random.below(ram.length)] = value & 0xff
    if (random.below(16) === 0) board.apics[cpu]?.acknowledge()
    if (random.below(4) === 0) clock.advanceTo(clock.now + random.below(20_000))
  }
}

function saved(...parts: Savable[]): Uint8Array {
  const writer = new StateWriter()
  for (const part of parts) writer.section(part)
  return writer.finish()
}

describe('the board', () => {
  it('survives twenty thousand wild accesses', () => {
    const parts = make()
    poke(parts, new Random(1), 20_000)
    expect(parts.clock.now).toBeGreaterThan(0)
  })

  it('saved and loaded anywhere on the way, goes on the same', () => {
    for (let seed = 2; seed < 12; seed++) {
      const first = make()
      poke(first, new Random(seed), 2_000)
      const bytes = saved(first.clock, first.board)
      const second = make()
      const reader = new StateReader(bytes)
      reader.section(second.clock)
      reader.section(second.board)
      second.ram.set(first.ram)
      expect(equalBytes(saved(second.clock, second.board), bytes)).toBe(true)
      poke(first, new Random(seed + 100), 2_000)
      poke(second, new Random(seed + 100), 2_000)
      expect(equalBytes(saved(second.clock, second.board), saved(first.clock, first.board))).toBe(true)
      expect(equalBytes(second.ram, first.ram)).toBe(true)
    }
  })
})
