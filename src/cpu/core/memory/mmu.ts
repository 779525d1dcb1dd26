// The page walker: linear to physical for 4-level, PAE and 32-bit paging (SDM 3A chapter 4).
//
// Called when the fast tags (tlb-entry.ts) miss. Asks the second-level TLB first; only if that has nothing, or denies the access, or must
// record a first write, it reads the tables.
// Constraints:
//  1. Rights are checked with the control bits of now (CR0.WP, CR4.SMEP/SMAP, CPL), never with those of the time of entry.
//  2. An access that a remembered translation denies is walked again: relaxing a right needs no invalidation (as processors do).
//  3. Accessed bits are set while descending, the leaf's accessed and dirty bits before the access; a fault at the leaf sets nothing there.
//  4. A #PF drops the entries of its address in the current PCID (SDM 3A 4.10.4.1).
// It must not know who accesses or why, beyond `access` and `context`.
import {
  PF_FETCH,
  PF_PRESENT,
  PF_RESERVED,
  PF_USER,
  PF_WRITE,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_GLOBAL,
  PTE_LARGE,
  PTE_NX,
  PTE_PRESENT,
  PTE_USER,
  PTE_WRITE,
} from '../../numbers/paging'
import {
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  EFER_LMA,
  EFER_NXE,
} from '../../numbers/registers'
import { EVENT_PTE_WRITE } from '../../numbers/seam'
import { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, CONTEXT_SUPERVISOR, CONTEXT_USER, CpuState } from '../state/state'
import { eventMask } from '../state/layout'
import { event } from '../state/imports'
import { VECTOR_GP, raise, raiseNotCanonical, raisePageFault } from '../state/fault'
import { TLB_EXECUTE, TLB_GLOBAL, TLB_WRITE, tlbInsert } from './fast-tlb'
import { physicalRead32, physicalRead64, physicalWrite32, physicalWrite64 } from './physical'
import {
  OFFSET_2M,
  OFFSET_4K,
  currentPcid,
  dropPage,
  foundGlobal,
  foundOffsetMask,
  foundValue,
  lookup,
  remember,
} from './tlb'
import { watchesPage } from './data-breakpoints'

export const PHYSICAL_BITS: u32 = 40
/** Bits 40..51 of an entry. */
export const RESERVED_PHYSICAL: u64 = 0x000fff0000000000

// @ts-ignore: decorator
@inline
export function isCanonical(linear: u64): bool {
  return <i64>(linear << 16) >> 16 == <i64>linear
}

/** May `context` make `access` to a page with these effective rights? */
function permits(c: CpuState, rights: u64, access: u32, context: u32): bool {
  if (context == CONTEXT_USER) {
    if ((rights & PTE_USER) == 0) return false
    if (access & ACCESS_WRITE) return (rights & PTE_WRITE) != 0
    return (access & ACCESS_EXECUTE) == 0 || (rights & PTE_NX) == 0
  }
  if (access & ACCESS_EXECUTE) {
    if (rights & PTE_USER && c.cr4 & CR4_SMEP) return false
    return (rights & PTE_NX) == 0
  }
  if (rights & PTE_USER && context == CONTEXT_SUPERVISOR && c.cr4 & CR4_SMAP) return false
  if (access & ACCESS_WRITE) return (rights & PTE_WRITE) != 0 || (c.cr0 & CR0_WP) == 0
  return true
}

/** Puts what `context` may do with the page into the fast tags. */
function publish(c: CpuState, context: u32, linear: u64, rights: u64, physical: u64, global: bool): void {
  c.physical = physical
  // A page that may be fetched but not read (SMAP without SMEP), and a watched one, must miss each time.
  if (!permits(c, rights, ACCESS_READ, context)) return
  if (c.debugArmed && watchesPage(c, linear)) return
  let flags: u32 = global ? TLB_GLOBAL : 0
  if (rights & PTE_DIRTY && permits(c, rights, ACCESS_WRITE, context)) flags |= TLB_WRITE
  if (permits(c, rights, ACCESS_EXECUTE, context)) flags |= TLB_EXECUTE
  tlbInsert(c, context, linear, physical & ~0xfff, flags)
}

function pageFault(c: CpuState, linear: u64, access: u32, context: u32, cause: u32): bool {
  let code = cause
  if (access & ACCESS_WRITE) code |= PF_WRITE
  if (context == CONTEXT_USER) code |= PF_USER
  if (access & ACCESS_EXECUTE && (c.cr4 & CR4_SMEP || (c.cr4 & CR4_PAE && c.efer & EFER_NXE))) code |= PF_FETCH
  dropPage(c, linear, currentPcid(c), true)
  raisePageFault(c, linear, code)
  return false
}

function announceWrite(c: CpuState, address: u64, value: u64): void {
  if (eventMask & EVENT_PTE_WRITE) event(c.index, EVENT_PTE_WRITE, <u32>address, <u32>value)
}

function setBits64(c: CpuState, address: u64, entry: u64, bits: u64): void {
  if ((entry & bits) == bits) return
  physicalWrite64(c, address, entry | bits)
  announceWrite(c, address, entry | bits)
}

function setBits32(c: CpuState, address: u64, entry: u32, bits: u32): void {
  if ((entry & bits) == bits) return
  physicalWrite32(c, address, entry | bits)
  announceWrite(c, address, u64(entry | bits))
}

/** On success c.physical is the translation; else #PF or #GP is raised. */
export function walk(c: CpuState, linear: u64, access: u32, context: u32): bool {
  if ((c.cr0 & CR0_PG) == 0) {
    publish(c, context, linear & 0xffffffff, PTE_WRITE | PTE_USER | PTE_DIRTY, linear & 0xffffffff, false)
    return true
  }
  if (c.efer & EFER_LMA && !isCanonical(linear)) {
    raiseNotCanonical(c)
    return false
  }
  if (lookup(c, linear)) {
    const value = foundValue
    if (permits(c, value, access, context) && ((access & ACCESS_WRITE) == 0 || value & PTE_DIRTY)) {
      publish(c, context, linear, value, (value & PTE_FRAME) | (linear & foundOffsetMask), foundGlobal)
      return true
    }
  }
  return c.cr4 & CR4_PAE ? walkWide(c, linear, access, context) : walkNarrow(c, linear, access, context)
}

/** 4-level and PAE paging: entries of 8 bytes. */
function walkWide(c: CpuState, linear: u64, access: u32, context: u32): bool {
  const long = (c.efer & EFER_LMA) != 0
  const reserved = RESERVED_PHYSICAL | (c.efer & EFER_NXE ? 0 : PTE_NX) | (long ? 0 : 0x7ff0000000000000)
  let rights: u64 = PTE_WRITE | PTE_USER
  let table = c.cr3 & PTE_FRAME
  let level: u32 = 4
  if (!long) {
    // The four PDPTEs are registers (SDM 3A 4.4.1), loaded with CR3.
    const pdpte = load<u64>(changetype<usize>(c) + PDPTE_OFFSET + ((<usize>((linear >> 30) & 3)) << 3))
    if ((pdpte & PTE_PRESENT) == 0) return pageFault(c, linear, access, context, 0)
    table = pdpte & PTE_FRAME
    level = 2
  }
  while (true) {
    const shift = u64(level * 9 + 3)
    const address = table + (((linear >> shift) & 511) << 3)
    const entry = physicalRead64(c, address)
    if ((entry & PTE_PRESENT) == 0) return pageFault(c, linear, access, context, 0)
    const leaf = level == 1 || (level <= 3 && (entry & PTE_LARGE) != 0)
    let forbidden = reserved
    if (level == 4) forbidden |= PTE_LARGE
    else if (leaf && level > 1) forbidden |= (((<u64>1) << shift) - 1) & ~0x1fff
    if (entry & forbidden) return pageFault(c, linear, access, context, PF_PRESENT | PF_RESERVED)
    rights = (rights & (entry | ~(PTE_WRITE | PTE_USER))) | (entry & PTE_NX)
    if (!leaf) {
      setBits64(c, address, entry, PTE_ACCESSED)
      table = entry & PTE_FRAME
      level--
      continue
    }
    if (!permits(c, rights, access, context)) return pageFault(c, linear, access, context, PF_PRESENT)
    setBits64(c, address, entry, access & ACCESS_WRITE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED)
    if (entry & PTE_DIRTY || access & ACCESS_WRITE) rights |= PTE_DIRTY
    const offsetMask = ((<u64>1) << shift) - 1
    const frame = entry & PTE_FRAME & ~offsetMask
    const global = (entry & PTE_GLOBAL) != 0 && (c.cr4 & CR4_PGE) != 0
    remember(c, linear, offsetMask, frame | rights, global)
    publish(c, context, linear, rights, frame | (linear & offsetMask), global)
    return true
  }
}

/** 32-bit paging: entries of 4 bytes, 4 MiB pages with CR4.PSE (and PSE-36). */
function walkNarrow(c: CpuState, linear: u64, access: u32, context: u32): bool {
  const directory = (c.cr3 & 0xfffff000) + (((linear >> 22) & 1023) << 2)
  const upper = physicalRead32(c, directory)
  if ((upper & PTE_PRESENT) == 0) return pageFault(c, linear, access, context, 0)
  let address = directory
  let entry = upper
  let rights: u64 = u64(upper) & (PTE_WRITE | PTE_USER)
  let offsetMask: u64 = OFFSET_4K
  let frame: u64
  if (upper & PTE_LARGE && c.cr4 & CR4_PSE) {
    if (upper & 0x200000) return pageFault(c, linear, access, context, PF_PRESENT | PF_RESERVED)
    frame = u64(upper & 0xffc00000) | (u64((upper >> 13) & 0xff) << 32) | (linear & 0x200000)
    offsetMask = OFFSET_2M
  } else {
    setBits32(c, directory, upper, <u32>PTE_ACCESSED)
    address = u64(upper & 0xfffff000) + (((linear >> 12) & 1023) << 2)
    entry = physicalRead32(c, address)
    if ((entry & PTE_PRESENT) == 0) return pageFault(c, linear, access, context, 0)
    rights &= u64(entry)
    frame = u64(entry & 0xfffff000)
  }
  if (!permits(c, rights, access, context)) return pageFault(c, linear, access, context, PF_PRESENT)
  setBits32(c, address, entry, <u32>(access & ACCESS_WRITE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED))
  if (entry & PTE_DIRTY || access & ACCESS_WRITE) rights |= PTE_DIRTY
  const global = (entry & PTE_GLOBAL) != 0 && (c.cr4 & CR4_PGE) != 0
  remember(c, linear, offsetMask, frame | rights, global)
  publish(c, context, linear, rights, frame | (linear & offsetMask), global)
  return true
}

/** Where CpuState keeps the four PDPTE registers. */
const PDPTE_OFFSET: usize = offsetof<CpuState>('pdpte0')

/** Loads the PDPTE registers from CR3 `cr3` (SDM 3A 4.4.1); false and #GP if a reserved bit is set in a present one. */
export function loadPdptes(c: CpuState, cr3: u64): bool {
  const base = cr3 & 0xffffffe0
  let first: u64 = 0
  let second: u64 = 0
  let third: u64 = 0
  let fourth: u64 = 0
  for (let i: u32 = 0; i < 4; i++) {
    const entry = physicalRead64(c, base + u64(i << 3))
    if (entry & PTE_PRESENT && entry & (RESERVED_PHYSICAL | 0xfff00000000001e6)) {
      raise(c, VECTOR_GP, 0)
      return false
    }
    if (i == 0) first = entry
    else if (i == 1) second = entry
    else if (i == 2) third = entry
    else fourth = entry
  }
  c.pdpte0 = first
  c.pdpte1 = second
  c.pdpte2 = third
  c.pdpte3 = fourth
  return true
}

/** Linear to physical by the tables in memory, without any side effect: for the host. All ones if not present. */
export function inspect(c: CpuState, linear: u64): u64 {
  if ((c.cr0 & CR0_PG) == 0) return linear & 0xffffffff
  if ((c.cr4 & CR4_PAE) == 0) {
    const upper = physicalRead32(c, (c.cr3 & 0xfffff000) + (((linear >> 22) & 1023) << 2))
    if ((upper & PTE_PRESENT) == 0) return ~0
    if (upper & PTE_LARGE && c.cr4 & CR4_PSE)
      return u64(upper & 0xffc00000) | (u64((upper >> 13) & 0xff) << 32) | (linear & 0x3fffff)
    const entry = physicalRead32(c, u64(upper & 0xfffff000) + (((linear >> 12) & 1023) << 2))
    return entry & PTE_PRESENT ? u64(entry & 0xfffff000) | (linear & 0xfff) : ~0
  }
  let table = c.cr3 & PTE_FRAME
  let level: u32 = 4
  if (c.efer & EFER_LMA) {
    if (!isCanonical(linear)) return ~0
  } else {
    const pdpte = load<u64>(changetype<usize>(c) + PDPTE_OFFSET + ((<usize>((linear >> 30) & 3)) << 3))
    if ((pdpte & PTE_PRESENT) == 0) return ~0
    table = pdpte & PTE_FRAME
    level = 2
  }
  while (true) {
    const shift = u64(level * 9 + 3)
    const entry = physicalRead64(c, table + (((linear >> shift) & 511) << 3))
    if ((entry & PTE_PRESENT) == 0) return ~0
    if (level == 1 || (level <= 3 && entry & PTE_LARGE)) {
      const offsetMask = ((<u64>1) << shift) - 1
      return (entry & PTE_FRAME & ~offsetMask) | (linear & offsetMask)
    }
    table = entry & PTE_FRAME
    level--
  }
}
