// Which pages count as code for the code-write log (coherence.ts): those from which some vCPU has executed.
//
// Whether a store is logged decides what another vCPU's fetch sees, so it must follow from the run alone: not from where a run was cut, not
// from which blocks are decoded now, not from what was executed before going back to a snapshot. Hence this mark is apart from PAGE_CODE
// (which says that decoded blocks may exist) and is saved.
// Rule: a page is marked when an instruction in it is executed, and loses the mark by 64 stores since (a page of the heap that once was code)
// or when the host writes it. The blocks of a page that loses its mark are dropped, so that the next instruction executed there
// marks it again. Each loss doubles the number of stores, up to 4096: a page with code and data is not decoded over and over.
// With one vCPU, or in coherence mode 0, nothing is logged and nothing is marked.
import { EXECUTED_GROUP, PAGE_EXECUTED, executedCounts, executedGroups, pageFlags, ramBytes } from '../state/layout'
import { dropWriteTags } from '../memory/fast-tlb'
import { isLogging } from './coherence'

const FIRST_STORES: u32 = 64
const MAX_LEVEL: u32 = 6
/** Of a page's counter: stores since it was marked below, how often it has lost the mark above. */
const STORES: u32 = 0xffffff
const LEVEL_SHIFT: u32 = 24
/** Of a saved page number: the page is marked. */
const SAVED_MARK: u32 = 0x80000000

export function markExecuted(physical: u32): void {
  if (physical >= ramBytes) return
  const page = physical >> 12
  const old = load<u8>(pageFlags + page)
  if (old & PAGE_EXECUTED || !isLogging()) return
  setMark(page)
  if (old == 0) dropWriteTags(physical & 0xfffff000, false)
}

function setMark(page: u32): void {
  store<u8>(pageFlags + page, load<u8>(pageFlags + page) | PAGE_EXECUTED)
  store<u8>(executedGroups + page / EXECUTED_GROUP, 1)
}

function clearMark(page: u32): void {
  store<u8>(pageFlags + page, load<u8>(pageFlags + page) & ~PAGE_EXECUTED)
}

/** A store into a marked page. True if the page has lost its mark by it. */
export function countStore(page: u32): bool {
  const counter = executedCounts + (page << 2)
  const count = load<u32>(counter) + 1
  const level = count >> LEVEL_SHIFT
  if ((count & STORES) < FIRST_STORES << level) {
    store<u32>(counter, count)
    return false
  }
  store<u32>(counter, min(level + 1, MAX_LEVEL) << LEVEL_SHIFT)
  clearMark(page)
  return true
}

/** The host wrote the page: what was executed there is gone. */
export function forgetExecuted(page: u32): void {
  store<u32>(executedCounts + (page << 2), 0)
  clearMark(page)
}

/** Writes two words for each page that is marked or has been, in order; returns the end. */
export function saveExecuted(at: usize): usize {
  const pages = ramBytes >> 12
  for (let first: u32 = 0; first < pages; first += EXECUTED_GROUP) {
    if (load<u8>(executedGroups + first / EXECUTED_GROUP) == 0) continue
    const end = min(first + EXECUTED_GROUP, pages)
    for (let page = first; page < end; page++) {
      const mark = load<u8>(pageFlags + page) & PAGE_EXECUTED
      const count = load<u32>(executedCounts + (page << 2))
      if (mark == 0 && count == 0) continue
      store<u32>(at, mark ? page | SAVED_MARK : page)
      store<u32>(at, count, 4)
      at += 8
    }
  }
  return at
}

/** Puts `count` saved pages in place of all marks. Write tags must have been dropped. */
export function loadExecuted(at: usize, count: u32): void {
  const pages = ramBytes >> 12
  for (let first: u32 = 0; first < pages; first += EXECUTED_GROUP) {
    if (load<u8>(executedGroups + first / EXECUTED_GROUP) == 0) continue
    store<u8>(executedGroups + first / EXECUTED_GROUP, 0)
    const end = min(first + EXECUTED_GROUP, pages)
    for (let page = first; page < end; page++) forgetExecuted(page)
  }
  for (let i: u32 = 0; i < count; i++) {
    const saved = load<u32>(at)
    const page = saved & ~SAVED_MARK
    if (page < pages) {
      store<u32>(executedCounts + (page << 2), load<u32>(at, 4))
      store<u8>(executedGroups + page / EXECUTED_GROUP, 1)
      if (saved & SAVED_MARK) setMark(page)
    }
    at += 8
  }
}
