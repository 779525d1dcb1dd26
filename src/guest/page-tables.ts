// A guest's page tables as values: every present entry of the user half, table page by table page. Reads physical
// memory through GuestPort only, sets no accessed bit, and keeps the raw 64-bit entries, so that two readings can be
// compared bit for bit. Source: SDM 3A 4.5, "4-Level Paging".

import { PAGE_SIZE, type PhysAddr, physAddr, type VirtAddr, virtAddr } from '../base/index.js'
import { PAGE_BITS } from '../cpu/index.js'
import type { GuestPort } from '../machine/index.js'

const { PTE_FRAME, PTE_LARGE, PTE_PRESENT } = PAGE_BITS

/** One page of page tables. `level` 4 is the PML4, 1 a page table. */
export interface TablePage {
  readonly level: 1 | 2 | 3 | 4
  /** Physical address of the table. */
  readonly frame: PhysAddr
  /** The first virtual address that it maps. */
  readonly base: VirtAddr
  /** Its raw entries, present or not: 512, of a PML4 the 256 of the user half. */
  readonly entries: readonly bigint[]
}

/** One mapping: a present leaf entry. */
export interface Mapping {
  /** Where it is mapped. */
  readonly virtual: VirtAddr
  /** Where the page begins. */
  readonly physical: PhysAddr
  /** 4 KiB, 2 MiB or 1 GiB. */
  readonly bytes: number
  /** The entry as it stands in memory. */
  readonly entry: bigint
}

/** The page tables of the user half of an address space. */
export interface UserTables {
  /** Of the tables, as it was given. */
  readonly cr3: bigint
  /** In the order of a walk: the PML4 first. */
  readonly tables: readonly TablePage[]
  readonly mappings: readonly Mapping[]
}

const LEVEL_SHIFT = [0n, 12n, 21n, 30n, 39n] as const

/**
 * Reads the user half of the 4-level tables at `cr3` (PCID and no-flush bits are ignored). Throws what `GuestPort.readPhysical` throws:
 * GUEST_NO_MEMORY for tables that lead to where no RAM is, GUEST_RUNNING.
 */
export async function readUserTables(port: GuestPort, cr3: bigint): Promise<UserTables> {
  const tables: TablePage[] = []
  const mappings: Mapping[] = []

  const visit = async (frame: PhysAddr, level: 1 | 2 | 3 | 4, base: bigint): Promise<void> => {
    const bytes = await port.readPhysical(frame, level === 4 ? PAGE_SIZE / 2 : PAGE_SIZE)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const entries: bigint[] = []
    for (let offset = 0; offset < bytes.length; offset += 8) entries.push(view.getBigUint64(offset, true))
    tables.push({ level, frame, base: virtAddr(base), entries })
    const shift = LEVEL_SHIFT[level] as bigint
    for (const [index, entry] of entries.entries()) {
      if ((entry & PTE_PRESENT) === 0n) continue
      const at = base + (BigInt(index) << shift)
      if (level > 1 && (entry & PTE_LARGE) === 0n) {
        await visit(physAddr(entry & PTE_FRAME), (level - 1) as 1 | 2 | 3, at)
        continue
      }
      const size = 1n << shift
      mappings.push({
        virtual: virtAddr(at),
        physical: physAddr(entry & PTE_FRAME & ~(size - 1n)),
        bytes: Number(size),
        entry,
      })
    }
  }

  await visit(physAddr(cr3 & PTE_FRAME), 4, 0n)
  return { cr3, tables, mappings }
}

/** An entry that differs between two readings of the same tables. */
export interface TableDifference {
  readonly level: number
  readonly virtual: VirtAddr
  readonly before: bigint
  readonly after: bigint
}

/** Every entry of `before` that is another in `after`, in the order of the walk; tables only one has count whole. */
export function compareTables(before: UserTables, after: UserTables): TableDifference[] {
  const differences: TableDifference[] = []
  const key = (table: TablePage) => `${table.level}:${table.base}:${table.frame}`
  const others = new Map(after.tables.map((table) => [key(table), table]))
  const compare = (table: TablePage, from: readonly bigint[], to: readonly bigint[]): void => {
    const shift = LEVEL_SHIFT[table.level] as bigint
    for (let index = 0; index < table.entries.length; index++) {
      const one = from[index] ?? 0n
      const two = to[index] ?? 0n
      if (one === two) continue
      const virtual = virtAddr(table.base + (BigInt(index) << shift))
      differences.push({ level: table.level, virtual, before: one, after: two })
    }
  }
  for (const table of before.tables) {
    compare(table, table.entries, others.get(key(table))?.entries ?? [])
    others.delete(key(table))
  }
  for (const table of others.values()) compare(table, [], table.entries)
  return differences
}
