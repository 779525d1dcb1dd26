// Guest memory: the TLB, loads and stores by linear address, and physical access for the page walker.
//
// Each access looks at its entry (tlb-entry.ts) first; what misses there takes the slow path.
// An access that crosses a page fails the tag comparison, because the tag is compared with the page of its LAST byte.
// Constraints: 1. a store that may fault in its second page changes nothing in its first; 2. a store into decoded code drops that code before
// the next instruction (blocks.ts); 3. a page's dirty byte is set before its first store after clearDirty.
import { TLB_BYTES, TLB_ENTRY_BYTES, TLB_FILLED_OFFSET, TLB_FILLED_WORDS } from '../../numbers/sizes'
import {
  ACCESS_READ,
  ACCESS_WRITE,
  CONTEXT_SUPERVISOR,
  CONTEXT_USER,
  CONTEXT_USER_ALIGNED,
  CpuState,
} from '../state/state'
import { CONTEXTS, cpuAt, cpuCount, dirtyPages, isRam, markDirty, memoryAt, pageFlags, ramBase } from '../state/layout'
import { mmioRead, mmioWrite } from '../state/imports'
import { storeIntoCode } from '../blocks/blocks'
import { forgetCodePage, newGeneration } from '../blocks/code-pages'
import { VECTOR_AC, raise, raiseNotCanonical } from '../state/fault'
import { isCanonical, walk } from './mmu'
import { NO_TAG, TlbEntry, dropEntry, tlbEntry } from './tlb-entry'
import { TAGS_FLUSHED, count } from '../state/counters'
import { checkData } from '../system/debug'

export const TLB_WRITE: u32 = 2 // writable, and the dirty bit is set
export const TLB_EXECUTE: u32 = 4
export const TLB_GLOBAL: u32 = 8
const PAGE_MASK: u64 = ~0xfff

/** Enters a translation. `flags`: TLB_*; `physicalPage` is 4 KiB aligned. Devices are not entered. */
export function tlbInsert(c: CpuState, context: u32, linear: u64, physicalPage: u64, flags: u32): void {
  const entry = tlbEntry(c.tlbBase + context * TLB_BYTES, linear)
  const page = linear & PAGE_MASK
  const host = memoryAt(physicalPage)
  if (host == 0) {
    dropEntry(entry)
    return
  }
  markFilled(c, context, entry)
  entry.readTag = page
  let writeTag = NO_TAG
  if (flags & TLB_WRITE && isRam(physicalPage)) {
    const number = <usize>(physicalPage >> 12)
    if (load<u8>(dirtyPages + number) != 0 && load<u8>(pageFlags + number) == 0) writeTag = page
  }
  entry.writeTag = writeTag
  entry.executeTag = flags & TLB_EXECUTE ? page : NO_TAG
  entry.addend = <u32>host - <u32>page
  entry.page = <u32>physicalPage | flags
}

/** The generation in which the translation of `linear`, just made for a fetch, holds. */
export function generationOf(c: CpuState, linear: u64): u32 {
  const entry = tlbEntry(c.tlb, linear)
  return entry.readTag == (linear & PAGE_MASK) && entry.page & TLB_GLOBAL ? c.globalGeneration : c.generation
}

/** Blocks must be looked up and their translation checked again. */
export function advanceGeneration(c: CpuState): void {
  newGeneration(c)
}

const GROUP_BYTES: usize = 8 * TLB_ENTRY_BYTES

// @ts-ignore: decorator
@inline
function filledWords(c: CpuState, context: u32): usize {
  return changetype<usize>(c) + TLB_FILLED_OFFSET + ((context * TLB_FILLED_WORDS) << 3)
}

/** Notes that the group of eight entries with `entry` may hold something. */
// @ts-ignore: decorator
@inline
function markFilled(c: CpuState, context: u32, entry: TlbEntry): void {
  const group = <u32>(changetype<usize>(entry) - c.tlbBase - context * TLB_BYTES) / <u32>GROUP_BYTES
  const word = filledWords(c, context) + ((group >> 6) << 3)
  store<u64>(word, load<u64>(word) | ((<u64>1) << u64(group & 63)))
}

export function tlbFlushAll(c: CpuState): void {
  for (let context: u32 = 0; context <= CONTEXT_USER; context++) {
    for (let i: u32 = 0; i < TLB_FILLED_WORDS; i++) {
      const word = filledWords(c, context) + (i << 3)
      let bits = load<u64>(word)
      store<u64>(word, 0)
      const base = c.tlbBase + context * TLB_BYTES + (i << 6) * GROUP_BYTES
      while (bits) {
        memory.fill(base + <usize>ctz(bits) * GROUP_BYTES, 0xff, GROUP_BYTES)
        bits &= bits - 1
      }
    }
  }
  newGeneration(c)
}

/** Global translations stay. The caller knows what that means for code (code-pages.ts). */
export function tlbFlushNonGlobal(c: CpuState): void {
  count(TAGS_FLUSHED)
  for (let context: u32 = 0; context <= CONTEXT_USER; context++) {
    for (let i: u32 = 0; i < TLB_FILLED_WORDS; i++) {
      const word = filledWords(c, context) + (i << 3)
      let bits = load<u64>(word)
      let kept: u64 = 0
      const base = c.tlbBase + context * TLB_BYTES + (i << 6) * GROUP_BYTES
      while (bits) {
        const first = base + <usize>ctz(bits) * GROUP_BYTES
        for (let at = first; at < first + GROUP_BYTES; at += TLB_ENTRY_BYTES) {
          const entry = changetype<TlbEntry>(at)
          if (entry.readTag == NO_TAG) continue
          if (entry.page & TLB_GLOBAL) kept |= bits & (0 - bits)
          else dropEntry(entry)
        }
        bits &= bits - 1
      }
      store<u64>(word, kept)
    }
  }
}

/** True if blocks may have been current whose bytes are in the page: they are no more. */
export function tlbFlushPage(c: CpuState, linear: u64): bool {
  for (let context: u32 = 0; context < CONTEXTS; context++) dropEntry(tlbEntry(c.tlbBase + context * TLB_BYTES, linear))
  return forgetCodePage(c, linear, true)
}

/** Every store to any page, or to one page, takes the out-of-line path once more (all vCPUs). Looks at the groups that may hold something. */
export function dropWriteTags(physicalPage: u32, all: bool): void {
  for (let i: u32 = 0; i < cpuCount; i++) {
    const c = cpuAt(i)
    for (let context: u32 = 0; context <= CONTEXT_USER; context++) {
      for (let w: u32 = 0; w < TLB_FILLED_WORDS; w++) {
        let bits = load<u64>(filledWords(c, context) + (w << 3))
        const base = c.tlbBase + context * TLB_BYTES + (w << 6) * GROUP_BYTES
        while (bits) {
          const first = base + <usize>ctz(bits) * GROUP_BYTES
          for (let at = first; at < first + GROUP_BYTES; at += TLB_ENTRY_BYTES) {
            const entry = changetype<TlbEntry>(at)
            if (all || (entry.page & 0xfffff000) == physicalPage) entry.writeTag = NO_TAG
          }
          bits &= bits - 1
        }
      }
    }
  }
}

/** Linear to physical in `context`, from the TLB or by a walk. On success c.physical; on failure a fault is raised. */
export function translate(c: CpuState, linear: u64, access: u32, wanted: u32): bool {
  const context = min(wanted, CONTEXT_USER)
  const entry = tlbEntry(c.tlbBase + context * TLB_BYTES, linear)
  if (entry.readTag == (linear & PAGE_MASK)) {
    const info = entry.page
    if (access == ACCESS_READ || info & (access == ACCESS_WRITE ? TLB_WRITE : TLB_EXECUTE)) {
      c.physical = u64(info & 0xfffff000) | (linear & 0xfff)
      return true
    }
  }
  return walk(c, linear, access, context)
}

// @ts-ignore: decorator
@inline
function currentContext(c: CpuState): u32 {
  return <u32>(c.tlb - c.tlbBase) / TLB_BYTES
}

// Physical access. Within one page.

function deviceRead(c: CpuState, physical: u64, size: u32): u64 {
  if (physical >> 32) return size == 8 ? ~0 : ((<u64>1) << (size << 3)) - 1
  const p = <u32>physical
  if (size == 8) return u64(mmioRead(c.index, p, 4)) | (u64(mmioRead(c.index, p + 4, 4)) << 32)
  if (size & (size - 1)) {
    let value: u64 = 0
    for (let i: u32 = 0; i < size; i++) value |= u64(mmioRead(c.index, p + i, 1) & 255) << (i << 3)
    return value
  }
  const value = u64(mmioRead(c.index, p, size))
  return value & (((<u64>1) << (size << 3)) - 1)
}

function deviceWrite(c: CpuState, physical: u64, size: u32, value: u64): void {
  if (physical >> 32) return
  const p = <u32>physical
  if (size == 8) {
    mmioWrite(c.index, p, 4, <u32>value)
    mmioWrite(c.index, p + 4, 4, <u32>(value >> 32))
  } else if (size & (size - 1)) {
    for (let i: u32 = 0; i < size; i++) mmioWrite(c.index, p + i, 1, <u32>(value >> (i << 3)) & 255)
  } else mmioWrite(c.index, p, size, size == 4 ? <u32>value : <u32>value & ((1 << (size << 3)) - 1))
}

export function physicalRead(c: CpuState, physical: u64, size: u32): u64 {
  const host = memoryAt(physical)
  if (host == 0) return deviceRead(c, physical, size)
  switch (size) {
    case 1:
      return load<u8>(host)
    case 2:
      return load<u16>(host)
    case 4:
      return load<u32>(host)
    case 8:
      return load<u64>(host)
  }
  let value: u64 = 0
  for (let i: u32 = 0; i < size; i++) value |= u64(load<u8>(host + i)) << (i << 3)
  return value
}

export function physicalWrite(c: CpuState, physical: u64, size: u32, value: u64): void {
  if (!isRam(physical)) {
    if (memoryAt(physical) == 0) deviceWrite(c, physical, size, value)
    return
  }
  const p = <u32>physical
  const page = p >> 12
  markDirty(page)
  const host = ramBase + p
  if (load<u8>(pageFlags + page)) storeIntoCode(c, p, size, value)
  switch (size) {
    case 1:
      store<u8>(host, <u8>value)
      return
    case 2:
      store<u16>(host, <u16>value)
      return
    case 4:
      store<u32>(host, <u32>value)
      return
    case 8:
      store<u64>(host, value)
      return
  }
  for (let i: u32 = 0; i < size; i++) store<u8>(host + i, <u8>(value >> (i << 3)))
}

export function physicalRead32(c: CpuState, physical: u64): u32 {
  return <u32>physicalRead(c, physical, 4)
}
export function physicalRead64(c: CpuState, physical: u64): u64 {
  return physicalRead(c, physical, 8)
}
export function physicalWrite32(c: CpuState, physical: u64, value: u32): void {
  physicalWrite(c, physical, 4, value)
}
export function physicalWrite64(c: CpuState, physical: u64, value: u64): void {
  physicalWrite(c, physical, 8, value)
}

// Out-of-line paths.

function readIn(c: CpuState, linear: u64, size: u32, context: u32): u64 {
  const first: u32 = <u32>0x1000 - (<u32>linear & 0xfff)
  if (first >= size) {
    if (!translate(c, linear, ACCESS_READ, context)) return 0
    if (c.debugArmed) checkData(c, linear, size, ACCESS_READ)
    return physicalRead(c, c.physical, size)
  }
  if (!endIsCanonical(c, linear) || !translate(c, linear, ACCESS_READ, context)) return 0
  const low = c.physical
  if (!translate(c, nextPage(c, linear), ACCESS_READ, context)) return 0
  if (c.debugArmed) checkData(c, linear, size, ACCESS_READ)
  return physicalRead(c, low, first) | (physicalRead(c, c.physical, size - first) << (first << 3))
}

/** The page after that of `linear`; wraps at 4 GiB outside long mode. */
function nextPage(c: CpuState, linear: u64): u64 {
  const next = (linear | 0xfff) + 1
  return c.efer & 0x400 ? next : next & 0xffffffff
}

/** #GP, before any page is walked, if the page after that of `linear`, in which an access ends, is not canonical (SDM 1 3.3.7.1). */
function endIsCanonical(c: CpuState, linear: u64): bool {
  if ((c.efer & 0x400) == 0 || isCanonical(nextPage(c, linear))) return true
  raiseNotCanonical(c)
  return false
}

/** What an access to `size` bytes, at most a page, raises before anything of it is done: #GP, #PF, then #AC (SDM 3A table 6-2). */
function isReachable(c: CpuState, linear: u64, size: u32, alignment: u32, access: u32, context: u32): bool {
  const crosses = <u32>0x1000 - (<u32>linear & 0xfff) < size
  if (crosses && !endIsCanonical(c, linear)) return false
  if (!translate(c, linear, access, context)) return false
  if (crosses && !translate(c, nextPage(c, linear), access, context)) return false
  if (context != CONTEXT_USER_ALIGNED || (<u32>linear & (alignment - 1)) == 0) return true
  raise(c, VECTOR_AC, 0)
  return false
}

function writeIn(c: CpuState, linear: u64, size: u32, value: u64, context: u32): void {
  const first: u32 = <u32>0x1000 - (<u32>linear & 0xfff)
  if (first < size && !endIsCanonical(c, linear)) return
  if (!translate(c, linear, ACCESS_WRITE, context)) return
  const low = c.physical
  if (first >= size) {
    if (c.debugArmed) checkData(c, linear, size, ACCESS_WRITE)
    physicalWrite(c, low, size, value)
    refill(c, linear, low, context)
    return
  }
  if (!translate(c, nextPage(c, linear), ACCESS_WRITE, context)) return
  const high = c.physical
  if (c.debugArmed) checkData(c, linear, size, ACCESS_WRITE)
  physicalWrite(c, low, first, value)
  physicalWrite(c, high, size - first, value >> (first << 3))
}

/** After a store that missed only because its page was not yet dirty: let the next one hit. */
function refill(c: CpuState, linear: u64, physical: u64, context: u32): void {
  if (!isRam(physical) || load<u8>(pageFlags + <usize>(physical >> 12))) return
  const entry = tlbEntry(c.tlbBase + context * TLB_BYTES, linear)
  if (entry.readTag == (linear & PAGE_MASK) && entry.page & TLB_WRITE) entry.writeTag = linear & PAGE_MASK
}

export function readSlow(c: CpuState, linear: u64, size: u32): u64 {
  const context = currentContext(c)
  if (context == CONTEXT_USER_ALIGNED && !isReachable(c, linear, size, size, ACCESS_READ, context)) return 0
  return readIn(c, linear, size, min(context, CONTEXT_USER))
}

export function writeSlow(c: CpuState, linear: u64, size: u32, value: u64): void {
  const context = currentContext(c)
  if (context == CONTEXT_USER_ALIGNED && !isReachable(c, linear, size, size, ACCESS_WRITE, context)) return
  writeIn(c, linear, size, value, min(context, CONTEXT_USER))
}

/** The first half of a read-modify-write: the value, after checking that the store cannot fault. */
export function readForWriteSlow(c: CpuState, linear: u64, size: u32): u64 {
  if (!probeWrite(c, linear, size, size)) return 0
  return readIn(c, linear, size, min(currentContext(c), CONTEXT_USER))
}

/** Raises what a store of `size` bytes, at most a page, would raise, and returns false then. `alignment`: what #AC asks of the address. */
export function probeWrite(c: CpuState, linear: u64, size: u32, alignment: u32): bool {
  return isReachable(c, linear, size, alignment, ACCESS_WRITE, currentContext(c))
}

/** The same for a supervisor's implicit store. */
export function probeSystemWrite(c: CpuState, linear: u64, size: u32): bool {
  return isReachable(c, linear, size, 1, ACCESS_WRITE, CONTEXT_SUPERVISOR)
}

/** `size` bytes, at most a page, from the guest to `pointer` as one operand: nothing is copied if any of it faults. */
export function readWhole(c: CpuState, linear: u64, pointer: usize, size: u32, alignment: u32): bool {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.readTag == ((linear + u64(size - 1)) & PAGE_MASK)) {
    memory.copy(pointer, entry.addend + <u32>linear, size)
    return true
  }
  const context = currentContext(c)
  if (!isReachable(c, linear, size, alignment, ACCESS_READ, context)) return false
  for (let done: u32 = 0; done < size; ) {
    const bytes = pieceOf(size - done)
    const value = readIn(c, linear + done, bytes, min(context, CONTEXT_USER))
    for (let i: u32 = 0; i < bytes; i++) store<u8>(pointer + done + i, <u8>(value >> (i << 3)))
    done += bytes
  }
  return true
}

/** The same from `pointer` to the guest. */
export function writeWhole(c: CpuState, linear: u64, pointer: usize, size: u32, alignment: u32): bool {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.writeTag == ((linear + u64(size - 1)) & PAGE_MASK)) {
    memory.copy(entry.addend + <u32>linear, pointer, size)
    return true
  }
  if (!probeWrite(c, linear, size, alignment)) return false
  const context = min(currentContext(c), CONTEXT_USER)
  for (let done: u32 = 0; done < size; ) {
    const bytes = pieceOf(size - done)
    let value: u64 = 0
    for (let i: u32 = 0; i < bytes; i++) value |= u64(load<u8>(pointer + done + i)) << (i << 3)
    writeIn(c, linear + done, bytes, value, context)
    done += bytes
  }
  return true
}

/** The largest piece of so many bytes that one load or store moves. */
function pieceOf(bytes: u32): u32 {
  return bytes >= 8 ? 8 : bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1
}

// Loads and stores with the current privilege.

export function read8(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.readTag == (linear & PAGE_MASK)) return load<u8>(entry.addend + <u32>linear)
  return readSlow(c, linear, 1)
}
export function read16(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.readTag == ((linear + 1) & PAGE_MASK)) return load<u16>(entry.addend + <u32>linear)
  return readSlow(c, linear, 2)
}
export function read32(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.readTag == ((linear + 3) & PAGE_MASK)) return load<u32>(entry.addend + <u32>linear)
  return readSlow(c, linear, 4)
}
export function read64(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.readTag == ((linear + 7) & PAGE_MASK)) return load<u64>(entry.addend + <u32>linear)
  return readSlow(c, linear, 8)
}
export function write8(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.writeTag == (linear & PAGE_MASK)) store<u8>(entry.addend + <u32>linear, <u8>value)
  else writeSlow(c, linear, 1, value)
}
export function write16(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.writeTag == ((linear + 1) & PAGE_MASK)) store<u16>(entry.addend + <u32>linear, <u16>value)
  else writeSlow(c, linear, 2, value)
}
export function write32(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.writeTag == ((linear + 3) & PAGE_MASK)) store<u32>(entry.addend + <u32>linear, <u32>value)
  else writeSlow(c, linear, 4, value)
}
export function write64(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.writeTag == ((linear + 7) & PAGE_MASK)) store<u64>(entry.addend + <u32>linear, value)
  else writeSlow(c, linear, 8, value)
}

/** By size 1, 2, 4 or 8. */
export function readSize(c: CpuState, linear: u64, size: u32): u64 {
  return size == 1
    ? read8(c, linear)
    : size == 2
      ? read16(c, linear)
      : size == 4
        ? read32(c, linear)
        : read64(c, linear)
}
export function writeSize(c: CpuState, linear: u64, size: u32, value: u64): void {
  if (size == 1) write8(c, linear, value)
  else if (size == 2) write16(c, linear, value)
  else if (size == 4) write32(c, linear, value)
  else write64(c, linear, value)
}

/** 16 bytes from the guest to `pointer`; nothing is copied if it faults. */
export function read128(c: CpuState, linear: u64, pointer: usize): void {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.readTag == ((linear + 15) & PAGE_MASK)) v128.store(pointer, v128.load(entry.addend + <u32>linear))
  else readWhole(c, linear, pointer, 16, 16)
}

/** 16 bytes from `pointer` to the guest; nothing is stored if it faults. */
export function write128(c: CpuState, linear: u64, pointer: usize): void {
  const entry = tlbEntry(c.tlb, linear)
  if (entry.writeTag == ((linear + 15) & PAGE_MASK)) v128.store(entry.addend + <u32>linear, v128.load(pointer))
  else writeWhole(c, linear, pointer, 16, 16)
}

// Implicit supervisor accesses.

export function readSystem8(c: CpuState, linear: u64): u64 {
  return readIn(c, linear, 1, CONTEXT_SUPERVISOR)
}
export function readSystem16(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlbBase, linear)
  if (entry.readTag == ((linear + 1) & PAGE_MASK)) return load<u16>(entry.addend + <u32>linear)
  return readIn(c, linear, 2, CONTEXT_SUPERVISOR)
}
export function readSystem32(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlbBase, linear)
  if (entry.readTag == ((linear + 3) & PAGE_MASK)) return load<u32>(entry.addend + <u32>linear)
  return readIn(c, linear, 4, CONTEXT_SUPERVISOR)
}
export function readSystem64(c: CpuState, linear: u64): u64 {
  const entry = tlbEntry(c.tlbBase, linear)
  if (entry.readTag == ((linear + 7) & PAGE_MASK)) return load<u64>(entry.addend + <u32>linear)
  return readIn(c, linear, 8, CONTEXT_SUPERVISOR)
}
export function writeSystem8(c: CpuState, linear: u64, value: u64): void {
  writeIn(c, linear, 1, value, CONTEXT_SUPERVISOR)
}
export function writeSystem16(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlbBase, linear)
  if (entry.writeTag == ((linear + 1) & PAGE_MASK)) store<u16>(entry.addend + <u32>linear, <u16>value)
  else writeIn(c, linear, 2, value, CONTEXT_SUPERVISOR)
}
export function writeSystem32(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlbBase, linear)
  if (entry.writeTag == ((linear + 3) & PAGE_MASK)) store<u32>(entry.addend + <u32>linear, <u32>value)
  else writeIn(c, linear, 4, value, CONTEXT_SUPERVISOR)
}
export function writeSystem64(c: CpuState, linear: u64, value: u64): void {
  const entry = tlbEntry(c.tlbBase, linear)
  if (entry.writeTag == ((linear + 7) & PAGE_MASK)) store<u64>(entry.addend + <u32>linear, value)
  else writeIn(c, linear, 8, value, CONTEXT_SUPERVISOR)
}
