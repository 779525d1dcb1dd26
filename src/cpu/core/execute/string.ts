// String instructions: MOVS CMPS STOS LODS SCAS, alone and repeated.
//
// A repeated instruction does up to CHUNK iterations and then, if it is not finished, leaves RIP at itself: it can be interrupted there,
// as on hardware, and each such portion counts as one retired instruction. Portions depend only on the registers, so they do not depend on how runs
// are sliced. With TF set a portion is one iteration (SDM 3B 17.3.1.2). A fault in an iteration leaves the registers as after the one before it.
// The detail of the uop: kind | repeat << 4 (1 REP/REPE, 2 REPNE) | segment << 8 | address size << 12.
import { PAGE_MASK } from '../../numbers/sizes'
import { SEG_ES, SLOT_RCX, SLOT_RDI, SLOT_RSI } from '../../numbers/operations'
import { AF, DF, TF } from '../../numbers/registers'
import { CpuState } from '../state/state'
import { uopDetail, uopX } from '../blocks/ir'
import { flagZf } from '../state/flags'
import { readSize, writeSize } from '../memory/linear'
import { tlbEntry } from '../memory/tlb-entry'
import { linearIn } from '../system/segment-check'
import { repeatAgain } from '../system/debug'
import { readSlot, signExtend, writeSlot } from './cold'

const STRING_MOVS: u32 = 0
const STRING_CMPS: u32 = 1
const STRING_STOS: u32 = 2
const STRING_LODS: u32 = 3
const STRING_SCAS: u32 = 4
const CHUNK: u64 = 4096

function compare(c: CpuState, a: u64, b: u64, size: u32): void {
  const shift = u64(64 - (size << 3))
  const x = a << shift
  const y = b << shift
  const r = x - y
  c.flagResult = signExtend(a - b, size)
  c.flagCarry = (~x & y) | (~(x ^ y) & r)
  c.flagAux = (a ^ b ^ (a - b)) & AF
}

/** One iteration; c.fault if it could not be done. */
function iterate(c: CpuState, kind: u32, size: u32, segment: u32, addressSize: u32, step: u64): void {
  const si = readSlot(c, SLOT_RSI, addressSize)
  const di = readSlot(c, SLOT_RDI, addressSize)
  let value: u64 = 0
  if (kind != STRING_STOS && kind != STRING_SCAS) {
    const source = linearIn(c, segment, si, size, false)
    if (c.fault) return
    value = readSize(c, source, size)
    if (c.fault) return
  }
  switch (kind) {
    case STRING_MOVS:
    case STRING_STOS: {
      const target = linearIn(c, SEG_ES, di, size, true)
      if (c.fault) return
      writeSize(c, target, size, kind == STRING_STOS ? c.rax : value)
      if (c.fault) return
      break
    }
    case STRING_LODS:
      writeSlot(c, 0, size, value)
      break
    default: {
      const target = linearIn(c, SEG_ES, di, size, false)
      if (c.fault) return
      const other = readSize(c, target, size)
      if (c.fault) return
      compare(c, kind == STRING_CMPS ? value : readSlot(c, 0, size), other, size)
    }
  }
  if (kind != STRING_STOS && kind != STRING_SCAS) writeSlot(c, SLOT_RSI, addressSize, si + step)
  if (kind != STRING_LODS) writeSlot(c, SLOT_RDI, addressSize, di + step)
}

/** How many elements lie between `offset` and the end of the offsets of this size. */
// @ts-ignore: decorator
@inline
function untilWrap(offset: u64, addressSize: u32, shift: u64): u64 {
  return addressSize == 8 ? ~0 : (((<u64>1) << u64(addressSize << 3)) - offset) >> shift
}

/** A segment refuses the first or the whole of many iterations: one at a time finds where, and the fault that comes first. */
function leaveToIteration(c: CpuState): u64 {
  c.fault = 0
  return 0
}

/** Upward STOS or MOVS within one page each, with both pages in the TLB: how many iterations were done at once (0: do one the slow way). */
function bulk(c: CpuState, kind: u32, size: u32, segment: u32, addressSize: u32, count: u64): u64 {
  const di = readSlot(c, SLOT_RDI, addressSize)
  const target = linearIn(c, SEG_ES, di, size, true)
  if (c.fault) return leaveToIteration(c)
  const targetEntry = tlbEntry(c.tlb, target)
  if (targetEntry.writeTag != (target & PAGE_MASK)) return 0
  const shift = u64(ctz(size))
  let n = min(min<u64>(count, (0x1000 - (target & 0xfff)) >> shift), untilWrap(di, addressSize, shift))
  let source: u64 = 0
  let si: u64 = 0
  let sourceHost: usize = 0
  if (kind == STRING_MOVS) {
    si = readSlot(c, SLOT_RSI, addressSize)
    source = linearIn(c, segment, si, size, false)
    if (c.fault) return leaveToIteration(c)
    const sourceEntry = tlbEntry(c.tlb, source)
    if (sourceEntry.readTag != (source & PAGE_MASK)) return 0
    n = min(min<u64>(n, (0x1000 - (source & 0xfff)) >> shift), untilWrap(si, addressSize, shift))
    sourceHost = sourceEntry.addend + <u32>source
  }
  if (n < 2) return 0
  const bytes = <usize>(n << shift)
  // The whole range must lie in the segments.
  linearIn(c, SEG_ES, di, <u32>bytes, true)
  if (kind == STRING_MOVS) linearIn(c, segment, si, <u32>bytes, false)
  if (c.fault) return leaveToIteration(c)
  const targetHost = <usize>targetEntry.addend + <u32>target
  if (kind == STRING_MOVS) {
    // An overlap in front of the source repeats what was just copied.
    if (targetHost - sourceHost < bytes) {
      for (let i: usize = 0; i < bytes; i += size) {
        if (size == 8) store<u64>(targetHost + i, load<u64>(sourceHost + i))
        else if (size == 4) store<u32>(targetHost + i, load<u32>(sourceHost + i))
        else if (size == 2) store<u16>(targetHost + i, load<u16>(sourceHost + i))
        else store<u8>(targetHost + i, load<u8>(sourceHost + i))
      }
    } else memory.copy(targetHost, sourceHost, bytes)
    writeSlot(c, SLOT_RSI, addressSize, si + u64(bytes))
  } else if (size == 1 || (c.rax == 0 && size == 8)) memory.fill(targetHost, <u8>c.rax, bytes)
  else {
    const value = c.rax
    for (let i: usize = 0; i < bytes; i += size) {
      if (size == 8) store<u64>(targetHost + i, value)
      else if (size == 4) store<u32>(targetHost + i, <u32>value)
      else store<u16>(targetHost + i, <u16>value)
    }
  }
  writeSlot(c, SLOT_RDI, addressSize, di + u64(bytes))
  return n
}

// @ts-ignore: decorator
@inline
function element(p: usize, size: u32): u64 {
  return size == 1 ? load<u8>(p) : size == 2 ? load<u16>(p) : size == 4 ? load<u32>(p) : load<u64>(p)
}

/** Offset of the first of `bytes` bytes in an element that ends the comparison of two strings; `bytes` if none does. */
function comparedTo(a: usize, b: usize, bytes: usize, size: u32, whileEqual: bool): usize {
  let i: usize = 0
  if (whileEqual) {
    while (i + 8 <= bytes && load<u64>(a + i) == load<u64>(b + i)) i += 8
  }
  while (i < bytes && (element(a + i, size) == element(b + i, size)) == whileEqual) i += size
  return i
}

/** The same for the search for `value`. */
function searchedTo(value: u64, b: usize, bytes: usize, size: u32, whileEqual: bool): usize {
  let i: usize = 0
  if (size == 1 && !whileEqual) {
    const wanted = i8x16.splat(<i8>value)
    while (i + 16 <= bytes && !v128.any_true(i8x16.eq(wanted, v128.load(b + i)))) i += 16
  }
  while (i < bytes && (element(b + i, size) == value) == whileEqual) i += size
  return i
}

/**
 * Upward CMPS or SCAS within one page each, with both pages in the TLB: how many iterations were done at once (0: do one the slow way). The
 * flags are those of the last one, which may have ended the instruction.
 */
function bulkScan(
  c: CpuState,
  kind: u32,
  size: u32,
  segment: u32,
  addressSize: u32,
  count: u64,
  whileEqual: bool,
): u64 {
  const di = readSlot(c, SLOT_RDI, addressSize)
  const target = linearIn(c, SEG_ES, di, size, false)
  if (c.fault) return leaveToIteration(c)
  const targetEntry = tlbEntry(c.tlb, target)
  if (targetEntry.readTag != (target & PAGE_MASK)) return 0
  const shift = u64(ctz(size))
  let n = min(min<u64>(count, (0x1000 - (target & 0xfff)) >> shift), untilWrap(di, addressSize, shift))
  let si: u64 = 0
  let sourceHost: usize = 0
  if (kind == STRING_CMPS) {
    si = readSlot(c, SLOT_RSI, addressSize)
    const source = linearIn(c, segment, si, size, false)
    if (c.fault) return leaveToIteration(c)
    const sourceEntry = tlbEntry(c.tlb, source)
    if (sourceEntry.readTag != (source & PAGE_MASK)) return 0
    n = min(min<u64>(n, (0x1000 - (source & 0xfff)) >> shift), untilWrap(si, addressSize, shift))
    sourceHost = sourceEntry.addend + <u32>source
  }
  if (n < 2) return 0
  const bytes = <usize>(n << shift)
  linearIn(c, SEG_ES, di, <u32>bytes, false)
  if (kind == STRING_CMPS) linearIn(c, segment, si, <u32>bytes, false)
  if (c.fault) return leaveToIteration(c)
  const targetHost = <usize>targetEntry.addend + <u32>target
  const value = readSlot(c, 0, size)
  const found =
    kind == STRING_CMPS
      ? comparedTo(sourceHost, targetHost, bytes, size, whileEqual)
      : searchedTo(value, targetHost, bytes, size, whileEqual)
  const last = found < bytes ? found : bytes - size
  compare(c, kind == STRING_CMPS ? element(sourceHost + last, size) : value, element(targetHost + last, size), size)
  const step = u64(last) + u64(size)
  if (kind == STRING_CMPS) writeSlot(c, SLOT_RSI, addressSize, si + step)
  writeSlot(c, SLOT_RDI, addressSize, di + step)
  return step >> shift
}

export function stringInstruction(c: CpuState, u: usize): void {
  const detail = uopDetail(u)
  const kind = detail & 15
  const repeat = (detail >> 4) & 15
  const segment = (detail >> 8) & 15
  const addressSize = detail >> 12
  const size = uopX(u)
  const step: u64 = c.eflags & DF ? 0 - u64(size) : u64(size)
  if (repeat == 0) {
    iterate(c, kind, size, segment, addressSize, step)
    return
  }
  const total = readSlot(c, SLOT_RCX, addressSize)
  if (total == 0) return
  const portion: u64 = c.eflags & TF ? 1 : min<u64>(total, CHUNK)
  let done: u64 = 0
  let ended = false
  // A data breakpoint traps after the iteration that hit it.
  while (done < portion && !ended && (done == 0 || c.pendingDebug == 0)) {
    const scans = kind == STRING_CMPS || kind == STRING_SCAS
    let n: u64 = 0
    if (kind != STRING_LODS && (c.eflags & DF) == 0) {
      n = scans
        ? bulkScan(c, kind, size, segment, addressSize, portion - done, repeat == 1)
        : bulk(c, kind, size, segment, addressSize, portion - done)
    }
    if (n == 0) {
      iterate(c, kind, size, segment, addressSize, step)
      if (c.fault) break
      n = 1
    }
    done += n
    if (scans) ended = (flagZf(c) != 0) != (repeat == 1)
  }
  // Writing a 32-bit count clears the upper half of RCX: not if the first iteration faults.
  if (done) writeSlot(c, SLOT_RCX, addressSize, total - done)
  if (c.fault) return
  if (!ended && done < total) repeatAgain(c)
}
