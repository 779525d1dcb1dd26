// Walks 4-level and 5-level page tables from a given CR3, without a vCPU and without side effects (SDM 3A 4.5).
//
// For readers that look into an address space no vCPU has loaded. Permissions are not checked; 1 GiB and 2 MiB pages are.

import type { PhysAddr, VirtAddr } from '../base/index.js'
import { offsetVirt, PAGE_SIZE, physAddr } from '../base/index.js'
import { PAGE_BITS } from '../cpu/index.js'

const { PTE_FRAME, PTE_LARGE, PTE_PRESENT } = PAGE_BITS

/** Asks for the 8 bytes at a physical address (undefined outside of RAM), and ends with the translation. */
function* walk(
  cr3: bigint,
  address: VirtAddr,
  levels: 4 | 5,
): Generator<number, PhysAddr | undefined, bigint | undefined> {
  let table = cr3 & PTE_FRAME
  for (let shift = levels === 5 ? 48n : 39n; shift >= 12n; shift -= 9n) {
    const index = (address >> shift) & 511n
    const entry = yield Number(table + index * 8n)
    if (entry === undefined || (entry & PTE_PRESENT) === 0n) return undefined
    const isLeaf = shift === 12n || ((shift === 21n || shift === 30n) && (entry & PTE_LARGE) !== 0n)
    if (isLeaf) {
      const mask = (1n << shift) - 1n
      return physAddr((entry & PTE_FRAME & ~mask) | (address & mask))
    }
    table = entry & PTE_FRAME
  }
  return undefined
}

/** Follows page tables from CR3 to the physical address of a virtual one. */
export function walkPageTables(
  cr3: bigint,
  address: VirtAddr,
  readEntry: (physical: number) => bigint | undefined,
): PhysAddr | undefined {
  const steps = walk(cr3, address, 4)
  let step = steps.next()
  while (step.done !== true) step = steps.next(readEntry(step.value))
  return step.value
}

/** The same where memory has to be asked for. */
export async function walkRemoteTables(
  cr3: bigint,
  address: VirtAddr,
  levels: 4 | 5,
  readEntry: (physical: number) => Promise<bigint | undefined>,
): Promise<PhysAddr | undefined> {
  const steps = walk(cr3, address, levels)
  let step = steps.next()
  while (step.done !== true) step = steps.next(await readEntry(step.value))
  return step.value
}

/** A virtual range cut at page boundaries. */
export function pagePieces(address: VirtAddr, length: number): { from: VirtAddr; at: number; count: number }[] {
  const list: { from: VirtAddr; at: number; count: number }[] = []
  for (let at = 0; at < length; ) {
    const from = offsetVirt(address, at)
    const count = Math.min(length - at, PAGE_SIZE - Number(from & BigInt(PAGE_SIZE - 1)))
    list.push({ from, at, count })
    at += count
  }
  return list
}
