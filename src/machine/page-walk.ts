// Walks 4-level page tables in guest RAM from a given CR3, without a vCPU and without side effects (SDM 3A 4.5).
//
// For readers that look into an address space no vCPU has loaded. Permissions are not checked; 1 GiB and 2 MiB pages are.

import type { PhysAddr, VirtAddr } from '../base/index.js'
import { physAddr } from '../base/index.js'

const PRESENT = 1n
const LARGE = 1n << 7n
const FRAME = 0x000f_ffff_ffff_f000n

/** `readEntry` gives the 8 bytes at a physical address; undefined outside of RAM. */
export function walkPageTables(
  cr3: bigint,
  address: VirtAddr,
  readEntry: (physical: number) => bigint | undefined,
): PhysAddr | undefined {
  let table = cr3 & FRAME
  for (let shift = 39n; shift >= 12n; shift -= 9n) {
    const index = (address >> shift) & 511n
    const entry = readEntry(Number(table + index * 8n))
    if (entry === undefined || (entry & PRESENT) === 0n) return undefined
    const isLeaf = shift === 12n || ((shift === 21n || shift === 30n) && (entry & LARGE) !== 0n)
    if (isLeaf) {
      const mask = (1n << shift) - 1n
      return physAddr((entry & FRAME & ~mask) | (address & mask))
    }
    table = entry & FRAME
  }
  return undefined
}
