import { describe, expect, it } from 'vitest'
import { compareProcessImages, compareTables, readProcessImage, readUserTables } from '../../src/guest/index.js'
import type { GuestPort } from '../../src/machine/index.js'

/** Physical memory with page tables in it, behind the one method of the port that walking needs. */
class Memory {
  readonly bytes = new Uint8Array(0x40000)
  readonly view = new DataView(this.bytes.buffer)
  readonly port = {
    readPhysical: async (address: number, length: number) => this.bytes.slice(address, address + length),
  } as unknown as GuestPort

  entry(table: number, index: number, value: bigint): void {
    this.view.setBigUint64(table + index * 8, value, true)
  }
}

const CR3 = 0x1000n

/** 0x400000 -> frame 0x10000 (read-only), 0x401000 -> 0x11000 (writable, accessed, dirty); one kernel entry above. */
function sample(): Memory {
  const memory = new Memory()
  memory.entry(0x1000, 0, 0x2067n)
  memory.entry(0x1000, 273, 0x9067n)
  memory.entry(0x2000, 0, 0x3067n)
  memory.entry(0x3000, 2, 0x4067n)
  memory.entry(0x4000, 0, 0x10025n)
  memory.entry(0x4000, 1, 0x8000_0000_0001_1067n)
  memory.bytes.fill(7, 0x10000, 0x11000)
  return memory
}

describe('the user half of page tables', () => {
  it('is read down to its mappings, and no further up than the user half', async () => {
    const tables = await readUserTables(sample().port, CR3)
    expect(tables.tables.map((table) => [table.level, table.frame])).toEqual([
      [4, 0x1000],
      [3, 0x2000],
      [2, 0x3000],
      [1, 0x4000],
    ])
    expect(tables.mappings).toEqual([
      { virtual: 0x400000n, physical: 0x10000, bytes: 4096, entry: 0x10025n },
      { virtual: 0x401000n, physical: 0x11000, bytes: 4096, entry: 0x8000_0000_0001_1067n },
    ])
  })

  it('shows one flipped accessed bit as one entry', async () => {
    const memory = sample()
    const before = await readUserTables(memory.port, CR3)
    memory.entry(0x4000, 0, 0x10005n)
    const after = await readUserTables(memory.port, CR3)
    expect(compareTables(before, before)).toEqual([])
    expect(compareTables(before, after)).toEqual([{ level: 1, virtual: 0x400000n, before: 0x10025n, after: 0x10005n }])
  })

  it('shows an entry that is not present but not empty', async () => {
    const memory = sample()
    const before = await readUserTables(memory.port, CR3)
    memory.entry(0x4000, 9, 0x12000n)
    expect(compareTables(before, await readUserTables(memory.port, CR3))).toHaveLength(1)
  })
})

describe('what a process can observe of its memory', () => {
  it('tells changed bytes from a page that has moved', async () => {
    const memory = sample()
    const before = await readProcessImage(memory.port, CR3)
    memory.bytes[0x11008] = 1
    const changed = compareProcessImages(before, await readProcessImage(memory.port, CR3))
    expect(changed).toMatchObject({ changed: [0x401000n], moved: [], unmatched: [], entries: [] })

    memory.bytes[0x11008] = 0
    memory.bytes.copyWithin(0x20000, 0x10000, 0x11000)
    memory.entry(0x4000, 0, 0x20025n)
    const moved = compareProcessImages(before, await readProcessImage(memory.port, CR3))
    expect(moved).toMatchObject({ changed: [], moved: [0x400000n], unmatched: [] })
    expect(moved.entries).toHaveLength(1)
  })
})
