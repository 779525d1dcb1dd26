// The second-level TLB: what this vCPU is allowed to remember of the page tables (SDM 3A 4.10).
//
// The direct-mapped tags in tlb-entry.ts are only a quick copy of some entries here, for the current PCID, privilege and control bits. This
// one is the model of the hardware's TLB: entries of other PCIDs survive a MOV to CR3, global entries survive more, and an entry is used
// although its page-table entry has changed since, until an instruction invalidates it.
// Constraints:
//  1. What is in the fast tags is in here (inclusion): replacing an entry drops the tags made from it. So what a guest sees never depends
//     on the fast tags, which no snapshot contains.
//  2. An instruction invalidates what SDM 3A 4.10.4.1 names, and nothing else.
//  3. Replacement is round robin, so it depends only on the sequence of misses.
// Key: bits 0..11 PCID, 12..47 linear page (low bits of a large page are 0), 48 valid, 49 global. Value: frame in bits 12..51, and the
// effective rights as PTE_WRITE, PTE_USER, PTE_DIRTY and PTE_NX.
import { PTE_FRAME, PTE_NX, PTE_USER } from '../../numbers/paging'
import { CR3_PCID, CR4_PAE, CR4_PCIDE } from '../../numbers/registers'
import {
  EVENT_TLB_FLUSH,
  FLUSH_ALL,
  FLUSH_ALL_NON_GLOBAL,
  FLUSH_PAGE,
  FLUSH_PCID,
  GLOBAL_TRANSLATIONS,
} from '../../numbers/seam'
import { CpuState } from '../state/state'
import { eventMask, systemArea } from '../state/layout'
import { event } from '../state/imports'
import { TLB_ASKED, TLB_FILLED, count } from '../state/counters'
import { stopAtBoundary } from '../blocks/blocks'
import { forgetAddressSpace, forgetCodePage, forgetPutAside, newNonGlobalGeneration } from './code-pages'
import { tlbFlushAll, tlbFlushNonGlobal, tlbFlushPage } from './fast-tlb'
import {
  ARRAY_1G,
  ARRAY_2M,
  ARRAY_4K,
  ENTRIES_1G,
  LARGE_1G,
  LARGE_2M,
  SECOND_ENTRY_BYTES,
  SecondEntry,
  SETS_2M,
  SETS_4K,
  SETS_USED,
  VICTIM_1G,
  VICTIM_2M,
  VICTIM_4K,
  WAYS,
} from '../state/system-area'

const KEY_VALID: u64 = 1 << 48
const KEY_GLOBAL: u64 = 1 << 49
const KEY_PCID: u64 = 0xfff
const KEY_PAGE: u64 = 0x0000fffffffff000
/** The offset inside a page. */
export const OFFSET_4K: u64 = 0xfff
export const OFFSET_2M: u64 = 0x1fffff
const OFFSET_1G: u64 = 0x3fffffff

/** Of a value: what an instruction fetch depends on. */
const FETCH_RELEVANT: u64 = PTE_FRAME | PTE_USER | PTE_NX

/** Set by `lookup`: the value found, and the mask of the offset inside its page. */
export let foundValue: u64 = 0
export let foundOffsetMask: u64 = 0
export let foundGlobal: bool = false

// @ts-ignore: decorator
@inline
function matches(key: u64, want: u64): bool {
  const difference = key ^ want
  return (difference & ~KEY_GLOBAL) == 0 || ((difference & ~(KEY_GLOBAL | KEY_PCID)) == 0 && (key & KEY_GLOBAL) != 0)
}

// @ts-ignore: decorator
@inline
function secondEntry(array: usize, number: u32): SecondEntry {
  return changetype<SecondEntry>(array + number * SECOND_ENTRY_BYTES)
}

/** The entry in a set, 0 if there is none. */
function findIn(set: usize, ways: u32, want: u64): usize {
  for (let i: u32 = 0; i < ways; i++) {
    const entry = secondEntry(set, i)
    if (matches(entry.key, want)) return changetype<usize>(entry)
  }
  return 0
}

// @ts-ignore: decorator
@inline
function set4k(area: usize, linear: u64): usize {
  return area + ARRAY_4K + (<u32>(linear >> 12) & (SETS_4K - 1)) * WAYS * SECOND_ENTRY_BYTES
}

// @ts-ignore: decorator
@inline
function set2m(area: usize, linear: u64): usize {
  return area + ARRAY_2M + (<u32>(linear >> 21) & (SETS_2M - 1)) * WAYS * SECOND_ENTRY_BYTES
}

/** The PCID in force: 0 without CR4.PCIDE. */
export function currentPcid(c: CpuState): u32 {
  return c.cr4 & CR4_PCIDE ? <u32>(c.cr3 & CR3_PCID) : 0
}

export function lookup(c: CpuState, linear: u64): bool {
  count(TLB_ASKED)
  const area = systemArea(c)
  const base = KEY_VALID | u64(currentPcid(c))
  let found = findIn(set4k(area, linear), WAYS, base | (linear & KEY_PAGE))
  let mask: u64 = OFFSET_4K
  if (found == 0 && load<u32>(area + LARGE_2M)) {
    found = findIn(set2m(area, linear), WAYS, base | (linear & KEY_PAGE & ~OFFSET_2M))
    mask = OFFSET_2M
  }
  if (found == 0 && load<u32>(area + LARGE_1G)) {
    found = findIn(area + ARRAY_1G, ENTRIES_1G, base | (linear & KEY_PAGE & ~OFFSET_1G))
    mask = OFFSET_1G
  }
  if (found == 0) return false
  const entry = changetype<SecondEntry>(found)
  foundValue = entry.value
  foundOffsetMask = mask
  foundGlobal = (entry.key & KEY_GLOBAL) != 0
  return true
}

/** Enters a translation of a page whose offset mask is OFFSET_4K, OFFSET_2M or OFFSET_1G. */
export function remember(c: CpuState, linear: u64, offsetMask: u64, value: u64, global: bool): void {
  count(TLB_FILLED)
  const area = systemArea(c)
  const want = KEY_VALID | u64(currentPcid(c)) | (linear & KEY_PAGE & ~offsetMask)
  let set: usize
  let ways = WAYS
  let victim: usize
  if (offsetMask == OFFSET_4K) {
    set = set4k(area, linear)
    victim = area + VICTIM_4K
    const number = <u32>(linear >> 12) & (SETS_4K - 1)
    const word = area + SETS_USED + ((number >> 6) << 3)
    store<u64>(word, load<u64>(word) | ((<u64>1) << u64(number & 63)))
  } else if (offsetMask == OFFSET_2M) {
    set = set2m(area, linear)
    victim = area + VICTIM_2M
    store<u32>(area + LARGE_2M, 1)
  } else {
    set = area + ARRAY_1G
    ways = ENTRIES_1G
    victim = area + VICTIM_1G
    store<u32>(area + LARGE_1G, 1)
  }
  const found = findIn(set, ways, want)
  const key = global ? want | KEY_GLOBAL : want
  let entry = changetype<SecondEntry>(found)
  if (found) {
    // The tables say something else now, though nothing was invalidated.
    if (entry.key != key || (entry.value ^ value) & FETCH_RELEVANT) dropCopies(c, entry.key, offsetMask)
  } else {
    for (let i: u32 = 0; i < ways; i++) {
      if (secondEntry(set, i).key == 0) {
        entry = secondEntry(set, i)
        break
      }
    }
  }
  if (changetype<usize>(entry) == 0) {
    const way = load<u32>(victim)
    store<u32>(victim, way + 1)
    entry = secondEntry(set, way & (ways - 1))
    dropCopies(c, entry.key, offsetMask)
  }
  entry.key = key
  entry.value = value
}

/** Drops the fast tags made from an entry that is being replaced, and what is known of its code. */
function dropCopies(c: CpuState, key: u64, offsetMask: u64): void {
  const pcid = <u32>(key & KEY_PCID)
  if ((key & KEY_GLOBAL) == 0 && pcid != currentPcid(c)) {
    if (offsetMask == OFFSET_4K) forgetCodePage(c, linearOfKey(key), false)
    else forgetAddressSpace(c, pcid)
    return
  }
  if (offsetMask == OFFSET_4K) {
    if (!tlbFlushPage(c, linearOfKey(key))) return
  } else tlbFlushAll(c)
  // It may be the page of the running block, whose next instruction then walks again. It must do so wherever the run is cut.
  if (c.block || c.jitRegion) stopAtBoundary(c)
}

// @ts-ignore: decorator
@inline
function linearOfKey(key: u64): u64 {
  return <u64>(<i64>(key << 16) >> 16) & ~0xfff
}

function announce(c: CpuState, kind: u32, pcid: u32): void {
  if (eventMask & EVENT_TLB_FLUSH) event(c.index, EVENT_TLB_FLUSH, kind, pcid)
}

/** Clears entries of [from, from + count) with (key & mask) == want, where `want` never has KEY_GLOBAL unless the mask has. */
function clear(from: usize, count: u32, mask: u64, want: u64): void {
  const end = from + usize(count) * SECOND_ENTRY_BYTES
  for (let at = from; at < end; at += SECOND_ENTRY_BYTES) {
    const entry = changetype<SecondEntry>(at)
    if (entry.key != 0 && (entry.key & mask) == want) entry.key = 0
  }
}

function clearEverywhere(c: CpuState, mask: u64, want: u64): void {
  const area = systemArea(c)
  for (let word: u32 = 0; word < SETS_4K / 64; word++) {
    let bits = load<u64>(area + SETS_USED + (word << 3))
    while (bits) {
      const number = (word << 6) + <u32>ctz(bits)
      bits &= bits - 1
      clear(area + ARRAY_4K + number * WAYS * SECOND_ENTRY_BYTES, WAYS, mask, want)
    }
  }
  if (load<u32>(area + LARGE_2M)) clear(area + ARRAY_2M, SETS_2M * WAYS, mask, want)
  if (load<u32>(area + LARGE_1G)) clear(area + ARRAY_1G, ENTRIES_1G, mask, want)
}

/** Everything, in all PCIDs, global or not. */
export function forgetAll(c: CpuState): void {
  const area = systemArea(c)
  clearEverywhere(c, 0, 0)
  memory.fill(area + SETS_USED, 0, SETS_4K / 8)
  store<u32>(area + LARGE_2M, 0)
  store<u32>(area + LARGE_1G, 0)
  tlbFlushAll(c)
  announce(c, FLUSH_ALL, 0)
}

/** Every PCID; global entries stay. */
export function forgetAllNonGlobal(c: CpuState): void {
  clearEverywhere(c, KEY_GLOBAL, 0)
  tlbFlushNonGlobal(c)
  forgetPutAside(c)
  newNonGlobalGeneration(c)
  announce(c, FLUSH_ALL_NON_GLOBAL, 0)
}

/** The non-global entries of one PCID. */
export function forgetPcid(c: CpuState, pcid: u32): void {
  clearEverywhere(c, KEY_GLOBAL | KEY_PCID, u64(pcid))
  if (pcid == currentPcid(c)) {
    tlbFlushNonGlobal(c)
    newNonGlobalGeneration(c)
  } else forgetAddressSpace(c, pcid)
  announce(c, FLUSH_PCID, pcid)
}

/** The entries for one linear address in one PCID, and global ones of that address if `withGlobal`. */
export function forgetPage(c: CpuState, linear: u64, pcid: u32, withGlobal: bool): void {
  dropPage(c, linear, pcid, withGlobal)
  announce(c, FLUSH_PAGE, pcid)
}

/** The same without an event: a page fault drops the entries of its address (SDM 3A 4.10.4.1). */
export function dropPage(c: CpuState, linear: u64, pcid: u32, withGlobal: bool): void {
  const area = systemArea(c)
  clearPage(set4k(area, linear), WAYS, KEY_VALID | u64(pcid) | (linear & KEY_PAGE), withGlobal)
  let large = false
  if (load<u32>(area + LARGE_2M)) {
    large = clearPage(set2m(area, linear), WAYS, KEY_VALID | u64(pcid) | (linear & KEY_PAGE & ~OFFSET_2M), withGlobal)
    // A 4 MiB page is entered as two halves.
    if ((c.cr4 & CR4_PAE) == 0) {
      const other = linear ^ 0x200000
      if (clearPage(set2m(area, other), WAYS, KEY_VALID | u64(pcid) | (other & KEY_PAGE & ~OFFSET_2M), withGlobal))
        large = true
    }
  }
  if (
    load<u32>(area + LARGE_1G) &&
    clearPage(area + ARRAY_1G, ENTRIES_1G, KEY_VALID | u64(pcid) | (linear & KEY_PAGE & ~OFFSET_1G), withGlobal)
  )
    large = true
  if (large) tlbFlushAll(c)
  else tlbFlushPage(c, linear)
}

function clearPage(set: usize, ways: u32, want: u64, withGlobal: bool): bool {
  let found = false
  for (let i: u32 = 0; i < ways; i++) {
    const entry = secondEntry(set, i)
    const key = entry.key
    if (
      key == want ||
      (withGlobal && (key & KEY_GLOBAL) != 0 && (key & ~(KEY_GLOBAL | KEY_PCID)) == (want & ~KEY_PCID))
    ) {
      entry.key = 0
      found = true
    }
  }
  return found
}

/** For a measurement: entries that are valid in `pcid` (global ones are counted with GLOBAL_TRANSLATIONS), all sizes. */
export function countTranslations(c: CpuState, pcid: u32): u32 {
  const area = systemArea(c)
  const count = SETS_4K * WAYS + SETS_2M * WAYS + ENTRIES_1G
  let valid: u32 = 0
  for (let i: u32 = 0; i < count; i++) {
    const key = secondEntry(area + ARRAY_4K, i).key
    if (key == 0) continue
    if (key & KEY_GLOBAL ? pcid == GLOBAL_TRANSLATIONS : <u32>(key & KEY_PCID) == pcid) valid++
  }
  return valid
}

/** Before the first entry: memory types, victims, which sets are used. */
const AREA_HEAD_BYTES: usize = SETS_USED + SETS_4K / 8

/** A valid entry as it is saved: `number` counts through the three arrays. */
@unmanaged
class SavedEntry {
  number: u64
  key: u64
  value: u64
}

const SAVED_ENTRY_BYTES: usize = offsetof<SavedEntry>()
/** Numbers of the first entries of the other two arrays, which follow the first. */
const FIRST_2M: u32 = SETS_4K * WAYS
const FIRST_1G: u32 = FIRST_2M + SETS_2M * WAYS

/** Writes the system area with its valid entries only, each with its number; returns the end. */
export function saveTranslations(c: CpuState, at: usize): usize {
  const area = systemArea(c)
  memory.copy(at, area, AREA_HEAD_BYTES)
  const counter = at + AREA_HEAD_BYTES
  at = counter + 8
  for (let word: u32 = 0; word < SETS_4K / 64; word++) {
    let bits = load<u64>(area + SETS_USED + (word << 3))
    while (bits) {
      at = saveEntries(area, ((word << 6) + <u32>ctz(bits)) * WAYS, WAYS, at)
      bits &= bits - 1
    }
  }
  if (load<u32>(area + LARGE_2M)) at = saveEntries(area, FIRST_2M, SETS_2M * WAYS, at)
  if (load<u32>(area + LARGE_1G)) at = saveEntries(area, FIRST_1G, ENTRIES_1G, at)
  store<u64>(counter, (at - counter - 8) / SAVED_ENTRY_BYTES)
  return at
}

function saveEntries(area: usize, first: u32, count: u32, at: usize): usize {
  for (let number = first; number < first + count; number++) {
    const entry = secondEntry(area + ARRAY_4K, number)
    if (entry.key == 0) continue
    const saved = changetype<SavedEntry>(at)
    saved.number = u64(number)
    saved.key = entry.key
    saved.value = entry.value
    at += SAVED_ENTRY_BYTES
  }
  return at
}

/** Puts a saved system area in place of the present one; returns the end. */
export function loadTranslations(c: CpuState, at: usize): usize {
  const area = systemArea(c)
  clearEverywhere(c, 0, 0)
  memory.copy(area, at, AREA_HEAD_BYTES)
  const count = load<u64>(at + AREA_HEAD_BYTES)
  at += AREA_HEAD_BYTES + 8
  for (let i: u64 = 0; i < count; i++) {
    const saved = changetype<SavedEntry>(at)
    const entry = secondEntry(area + ARRAY_4K, <u32>min<u64>(saved.number, FIRST_1G + ENTRIES_1G - 1))
    entry.key = saved.key
    entry.value = saved.value
    at += SAVED_ENTRY_BYTES
  }
  return at
}
