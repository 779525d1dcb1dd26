// Which pages of code are known to translate as they did when their blocks were decoded.
//
// A generation is one state of what a vCPU remembers of one address space: it lasts while nothing it remembers of that space is lost, also while
// another PCID is in force, and a number is never used again. Global translations have a generation of their own, which all PCIDs share.
// A code page is a linear page with the physical page it led to. All its blocks point to it; its generation says when that was last found to hold,
// so one look at the TLB serves all of them, until the address space is another one or the entry of this page is lost.
// Constraints:
//  1. A page that has the present generation, or that of a PCID that is put aside, has its entry in the second-level TLB (tlb.ts): asking for it again
//     would change nothing there, so a guest cannot see how often a page is checked. Whoever drops an entry says so here.
//  2. Whether a page may be fetched from is a matter of privilege: pages of level 3 are apart from those of the others.
//  3. A block whose first instruction extends into a second page has a code page of its own kind, which stands for both.
//  4. Blocks are found by RIP, so what a page says holds for one CS base: the same page by another base is another code page.
import { CODE_PAGE_ENTRIES, NO_PAGE, PUT_ASIDE_ENTRIES, PUT_ASIDE_OFFSET, PAGE_MASK } from '../../numbers/sizes'
import { CpuState, MODE_USER } from '../state/state'
import { GENERATION, count } from '../state/counters'
import { DEBUG } from '../state/debug'

/** Numbers of generations begin anew behind it, with nothing known to hold. */
const LAST_GENERATION: u32 = 0xfffffff0

@unmanaged
export class CodePage {
  generation: u32
  physical: u32 // of the page
  linear: u64 // of the page, with MODE_USER
  second: u32 // physical page that follows, or NO_PAGE
  base: u32 // linear address of RIP 0: the base of CS, 0 in 64-bit code
  next: usize // with the same hash
}
export const CODE_PAGE_BYTES: usize = (offsetof<CodePage>() + 15) & ~15

/** The page of blocks that must not be entered any more. */
export const NOWHERE: usize = memory.data(32, 8)

// @ts-ignore: decorator
@inline
function bucket(c: CpuState, linear: u64): usize {
  const page = <u32>(linear >> 12)
  return c.codePages + (((page ^ (page >>> 10)) & (CODE_PAGE_ENTRIES - 1)) << 2)
}

/** The code page of a block at `linear`, which RIP reaches from `base`; from the arena, which has room. */
export function codePage(c: CpuState, linear: u64, base: u32, physical: u32, second: u32, mode: u32): usize {
  const key = (linear & PAGE_MASK) | u64(mode & MODE_USER)
  const page = physical & 0xfffff000
  const head = bucket(c, linear)
  const first = <usize>load<u32>(head)
  for (let at = first; at; at = changetype<CodePage>(at).next) {
    const known = changetype<CodePage>(at)
    if (known.linear == key && known.base == base && known.physical == page && known.second == second) return at
  }
  const at = c.arenaNext
  c.arenaNext = at + CODE_PAGE_BYTES
  const fresh = changetype<CodePage>(at)
  fresh.generation = 0
  fresh.physical = page
  fresh.linear = key
  fresh.second = second
  fresh.base = base
  fresh.next = first
  store<u32>(head, <u32>at)
  return at
}

/** The page's translation is lost in the address space of now, or in another. True if blocks may have been current whose bytes are in it. */
export function forgetCodePage(c: CpuState, linear: u64, now: bool): bool {
  const before = (linear & PAGE_MASK) - 0x1000
  const here = forgetIn(c, bucket(c, linear), linear & PAGE_MASK, false, now)
  return forgetIn(c, bucket(c, before), before, true, now) || here
}

function forgetIn(c: CpuState, head: usize, linear: u64, crossing: bool, now: bool): bool {
  let lost = false
  for (let at = <usize>load<u32>(head); at; at = changetype<CodePage>(at).next) {
    const page = changetype<CodePage>(at)
    if ((page.linear & PAGE_MASK) != linear || (crossing && page.second == NO_PAGE)) continue
    const current = page.generation == c.generation || page.generation == c.globalGeneration
    if (current) {
      if (!now) continue
      lost = true
      c.codeChanges++
    }
    page.generation = 0
  }
  return lost
}

function nextGeneration(c: CpuState): u32 {
  count(GENERATION)
  c.codeChanges++
  if (c.lastGeneration >= LAST_GENERATION) {
    for (let i: u32 = 0; i < CODE_PAGE_ENTRIES; i++) {
      for (let at = <usize>load<u32>(c.codePages + (i << 2)); at; at = changetype<CodePage>(at).next)
        changetype<CodePage>(at).generation = 0
    }
    forgetPutAside(c)
    c.globalGeneration = 1
    c.lastGeneration = 1
  }
  const generation = ++c.lastGeneration
  if (DEBUG) assert(generation != c.generation && generation != c.globalGeneration, 'a generation is used again')
  return generation
}

/** Nothing is known to hold any more: blocks must be looked up and their translations checked again. */
export function newGeneration(c: CpuState): void {
  forgetPutAside(c)
  c.globalGeneration = nextGeneration(c)
  c.generation = nextGeneration(c)
}

/** Only global translations are known to hold, and what is put aside. */
export function newNonGlobalGeneration(c: CpuState): void {
  c.generation = nextGeneration(c)
}

/** A PCID that is not in force, with the generation it had. */
@unmanaged
class PutAside {
  pcid: u32
  generation: u32 // 0: none
}

// @ts-ignore: decorator
@inline
function putAside(c: CpuState, pcid: u32): PutAside {
  // Linux uses low numbers, and the same with bit 11 for programs.
  const number = <usize>((pcid & 7) | ((pcid >> 8) & 8))
  return changetype<PutAside>(changetype<usize>(c) + PUT_ASIDE_OFFSET + number * offsetof<PutAside>())
}

/** Another PCID is in force: what was known of it holds still. */
export function changeAddressSpace(c: CpuState, from: u32, to: u32): void {
  if (from == to) return
  const old = putAside(c, from)
  old.pcid = from
  old.generation = c.generation
  const known = putAside(c, to)
  const generation = known.pcid == to ? known.generation : 0
  if (generation) {
    c.generation = generation
    c.codeChanges++
  } else newNonGlobalGeneration(c)
}

/** Something of a PCID that is not in force is lost. */
export function forgetAddressSpace(c: CpuState, pcid: u32): void {
  const known = putAside(c, pcid)
  if (known.pcid == pcid) known.generation = 0
}

export function forgetPutAside(c: CpuState): void {
  memory.fill(changetype<usize>(c) + PUT_ASIDE_OFFSET, 0, PUT_ASIDE_ENTRIES * <u32>offsetof<PutAside>())
}
