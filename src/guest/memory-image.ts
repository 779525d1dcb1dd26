// What a process can observe of its memory, as a value to compare: each user page's bytes (as a hash), where the page
// lies, and the page tables that lead to it.

import { hashBytes, type PhysAddr, type VirtAddr } from '../base/index.js'
import type { GuestPort } from '../machine/index.js'
import { compareTables, readUserTables, type TableDifference, type UserTables } from './page-tables.js'

/** The user memory of a process at one instant: its pages and table entries. */
export interface ProcessImage {
  readonly tables: UserTables
  /** For each mapping, in order: where it is and a 64-bit hash of its bytes. */
  readonly pages: readonly { readonly virtual: VirtAddr; readonly physical: PhysAddr; readonly hash: string }[]
}

/**
 * Reads the user memory of a process through its page tables; `pgd`: their physical address, as CR3 has it. Throws what `GuestPort.readPhysical`
 * throws: GUEST_NO_MEMORY where tables or pages lie in no RAM (a mapped device), GUEST_RUNNING.
 */
export async function readProcessImage(port: GuestPort, pgd: bigint): Promise<ProcessImage> {
  const tables = await readUserTables(port, pgd)
  const pages: { virtual: VirtAddr; physical: PhysAddr; hash: string }[] = []
  for (const { virtual, physical, bytes } of tables.mappings) {
    pages.push({ virtual, physical, hash: hashBytes(await port.readPhysical(physical, bytes)) })
  }
  return { tables, pages }
}

/** Where two images of a process differ. */
export interface ImageDifference {
  /** Pages whose bytes differ. */
  readonly changed: readonly VirtAddr[]
  /** Pages that lie in another frame: copied. */
  readonly moved: readonly VirtAddr[]
  /** Pages only one of the two has. */
  readonly unmatched: readonly VirtAddr[]
  /** Page-table entries that differ. */
  readonly entries: readonly TableDifference[]
}

/** What differs between two images of a process. */
export function compareProcessImages(before: ProcessImage, after: ProcessImage): ImageDifference {
  const changed: VirtAddr[] = []
  const moved: VirtAddr[] = []
  const unmatched: VirtAddr[] = []
  const others = new Map(after.pages.map((page) => [page.virtual, page]))
  for (const page of before.pages) {
    const other = others.get(page.virtual)
    others.delete(page.virtual)
    if (other === undefined) unmatched.push(page.virtual)
    else {
      if (other.hash !== page.hash) changed.push(page.virtual)
      if (other.physical !== page.physical) moved.push(page.virtual)
    }
  }
  unmatched.push(...others.keys())
  return { changed, moved, unmatched, entries: compareTables(before.tables, after.tables) }
}
