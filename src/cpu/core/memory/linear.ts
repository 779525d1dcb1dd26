// Loads and stores by linear address. Each looks at its entry of the fast TLB (tlb-entry.ts) first; what misses there takes the slow path.
//
// An access that crosses a page fails the tag comparison, because the tag is compared with the page of its LAST byte.
// Constraint: an access that may fault in a later part changes nothing in an earlier one.
import { EFER_LMA } from '../../numbers/registers'
import { TLB_BYTES, PAGE_MASK } from '../../numbers/sizes'
import { VECTOR_AC, raise, raiseNotCanonical } from '../state/fault'
import { DEBUG } from '../state/debug'
import { isRam, pageFlags } from '../state/layout'
import {
  ACCESS_READ,
  ACCESS_WRITE,
  CONTEXT_SUPERVISOR,
  CONTEXT_USER,
  CONTEXT_USER_ALIGNED,
  CpuState,
} from '../state/state'
import { checkData } from './data-breakpoints'
import { TLB_EXECUTE, TLB_WRITE } from './fast-tlb'
import { isCanonical, walk } from './mmu'
import { physicalRead, physicalWrite } from './physical'
import { isSoundEntry } from './sound-tlb'
import { tlbEntry } from './tlb-entry'

/** Linear to physical in `context`, from the TLB or by a walk. On success c.physical; on failure a fault is raised. */
export function translate(c: CpuState, linear: u64, access: u32, wanted: u32): bool {
  const context = min(wanted, CONTEXT_USER)
  const entry = tlbEntry(c.tlbBase + context * TLB_BYTES, linear)
  if (DEBUG) assert(isSoundEntry(c, context, entry), 'an entry of the fast TLB says what the second-level TLB does not')
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
  return c.efer & EFER_LMA ? next : next & 0xffffffff
}

/** #GP, before any page is walked, if the page after that of `linear`, in which an access ends, is not canonical (SDM 1 3.3.7.1). */
function endIsCanonical(c: CpuState, linear: u64): bool {
  if ((c.efer & EFER_LMA) == 0 || isCanonical(nextPage(c, linear))) return true
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
