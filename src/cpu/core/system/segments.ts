// Segment registers: loading them with every check, and the mode that follows from them (SDM 3A 3.4, 5.6; 2A MOV, 2B POP).
//
// Promises: a load that faults changes no register. The hidden part of a null selector is attributes 0 ("unusable"), but SS keeps the
// current privilege level in its DPL field, so that CPL is always the DPL of SS (SDM 3C 25.4.1 has the same convention).
// `updateMode` is the only place where mode, CPL and context are derived.
import { SEG_CS, SEG_SS } from '../../numbers/operations'
import { AC, CR0_AM, CR0_PE, CR4_SMAP, EFER_LMA, VM, ZF } from '../../numbers/registers'
import { EVENT_MODE } from '../../numbers/seam'
import { TLB_BYTES } from '../../numbers/sizes'
import {
  CONTEXT_SUPERVISOR,
  CONTEXT_SUPERVISOR_AC,
  CONTEXT_USER,
  CONTEXT_USER_ALIGNED,
  CpuState,
  MODE_CODE16,
  MODE_CODE32,
  MODE_CODE64,
  MODE_REAL,
  MODE_STACK32,
  MODE_USER,
  segmentAttributes,
  setSegmentAttributes,
  setSegmentBase,
  setSegmentLimit,
  setSegmentSelector,
} from '../state/state'
import { readFlags, setArithmetic } from '../state/flags'
import { eventMask } from '../state/layout'
import { event } from '../state/imports'
import { VECTOR_GP, VECTOR_NP, VECTOR_SS, raise } from '../state/fault'
import {
  ATTRIBUTE_ACCESSED,
  ATTRIBUTE_BIG,
  ATTRIBUTE_CODE,
  ATTRIBUTE_EXPAND_DOWN,
  ATTRIBUTE_LONG,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  ATTRIBUTE_WRITABLE,
  SELECTOR_NO_RPL,
  addressOfDescriptor,
  attributesOf,
  baseOf,
  descriptor,
  descriptorAddress,
  dplOf,
  fetchDescriptor,
  isNull,
  limitOf,
  markAccessed,
} from './descriptor-tables'
import { newGeneration } from '../memory/code-pages'
import { readSystem64 } from '../memory/linear'

// @ts-ignore: decorator
@inline
export function isProtected(c: CpuState): bool {
  return (c.cr0 & CR0_PE) != 0 && (c.eflags & VM) == 0
}

// @ts-ignore: decorator
@inline
export function isLongActive(c: CpuState): bool {
  return (c.efer & EFER_LMA) != 0
}

// @ts-ignore: decorator
@inline
export function is64(c: CpuState): bool {
  return (c.efer & EFER_LMA) != 0 && (c.csAttributes & ATTRIBUTE_LONG) != 0
}

/** The limit of CS as a part of the key of decoded blocks, which end at it: 0 if it is 4 GiB. A limit has 20 bits in units of bytes or of pages. */
function limitKey(limit: u32): u32 {
  return ((limit >> 20 ? (1 << 20) | (limit >> 12) : limit) ^ 0x1fffff) << MODE_LIMIT_SHIFT
}
const MODE_LIMIT_SHIFT: u32 = 8

/** What `updateMode` makes of the registers: the key of decoded blocks. */
export function modeOf(c: CpuState): u32 {
  let mode: u32
  if (is64(c)) mode = MODE_CODE64
  else {
    mode = c.csAttributes & ATTRIBUTE_BIG ? MODE_CODE32 : MODE_CODE16
    if (c.ssAttributes & ATTRIBUTE_BIG) mode |= MODE_STACK32
    mode |= limitKey(c.csLimit)
  }
  if (!isProtected(c)) mode |= MODE_REAL
  return cplOf(c) == 3 ? mode | MODE_USER : mode
}

// @ts-ignore: decorator
@inline
export function cplOf(c: CpuState): u32 {
  return dplOf(c.ssAttributes)
}

/** The fast TLB in force. */
export function contextOf(c: CpuState): usize {
  const checked = (c.eflags & AC) != 0
  let context: u32 = CONTEXT_SUPERVISOR
  if (cplOf(c) == 3) context = checked && (c.cr0 & CR0_AM) != 0 ? CONTEXT_USER_ALIGNED : CONTEXT_USER
  else if (checked && (c.cr4 & CR4_SMAP) != 0) context = CONTEXT_SUPERVISOR_AC
  return c.tlbBase + context * TLB_BYTES
}

export function updateMode(c: CpuState): void {
  if (c.csBaseSeen != c.csBase) {
    c.csBaseSeen = c.csBase
    newGeneration(c)
  }
  c.mode = modeOf(c)
  c.tlb = contextOf(c)
  const cpl = cplOf(c)
  if (cpl != c.cpl) {
    if (eventMask & EVENT_MODE) event(c.index, EVENT_MODE, cpl, c.cpl)
    c.cpl = cpl
  }
}

export function setSegment(c: CpuState, s: u32, selector: u32, base: u64, limit: u32, attributes: u32): void {
  setSegmentSelector(c, s, selector)
  setSegmentBase(c, s, base)
  setSegmentLimit(c, s, limit)
  setSegmentAttributes(c, s, attributes)
}

/** Loads a register from a descriptor whose checks have passed. */
export function setSegmentFrom(c: CpuState, s: u32, selector: u32, d: u64): void {
  setSegment(c, s, selector, baseOf(d), limitOf(d), attributesOf(d) | ATTRIBUTE_ACCESSED)
}

/** A null selector: unusable. Base and limit are cleared. */
export function setNullSegment(c: CpuState, s: u32, selector: u32, dpl: u32): void {
  setSegment(c, s, selector, 0, 0, s == SEG_SS ? dpl << 5 : 0)
}

/** Real-address and virtual-8086 load: base = selector * 16. Real-address mode keeps limit and size, as processors do. */
export function setRealSegment(c: CpuState, s: u32, selector: u32): void {
  setSegmentSelector(c, s, selector)
  setSegmentBase(c, s, u64(selector) << 4)
  if (c.eflags & VM) {
    setSegmentLimit(c, s, 0xffff)
    setSegmentAttributes(c, s, 0xf3)
  } else setSegmentAttributes(c, s, (segmentAttributes(c, s) & 0xf000) | 0x93)
}

/** MOV and POP to ES, SS, DS, FS, GS and the loads of LDS and friends. */
export function loadSegment(c: CpuState, s: u32, selector: u32): bool {
  if (!isProtected(c)) {
    setRealSegment(c, s, selector)
    if (s == SEG_SS) updateMode(c)
    return true
  }
  if (isNull(selector)) {
    if (s == SEG_SS) {
      if (!is64(c) || c.cpl == 3 || (selector & 3) != c.cpl) {
        raise(c, VECTOR_GP, 0)
        return false
      }
    }
    setNullSegment(c, s, selector, c.cpl)
    return true
  }
  if (!fetchDescriptor(c, selector, VECTOR_GP, 0)) return false
  const d = descriptor
  const attributes = attributesOf(d)
  const code = selector & SELECTOR_NO_RPL
  const rpl = selector & 3
  const dpl = dplOf(attributes)
  if (s == SEG_SS) {
    if (
      rpl != c.cpl ||
      (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) != (ATTRIBUTE_S | ATTRIBUTE_WRITABLE) ||
      dpl != c.cpl
    ) {
      raise(c, VECTOR_GP, code)
      return false
    }
  } else {
    const readable = (attributes & ATTRIBUTE_CODE) == 0 || (attributes & ATTRIBUTE_WRITABLE) != 0
    const conforming =
      (attributes & (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)) == (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)
    if ((attributes & ATTRIBUTE_S) == 0 || !readable || (!conforming && (rpl > dpl || c.cpl > dpl))) {
      raise(c, VECTOR_GP, code)
      return false
    }
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) {
    raise(c, s == SEG_SS ? VECTOR_SS : VECTOR_NP, code)
    return false
  }
  if (!markAccessed(c, descriptorAddress, d)) return false
  setSegmentFrom(c, s, selector, d)
  if (s == SEG_SS) updateMode(c)
  return true
}

/** After a return to an outer level: data segments the new level may not use become null (SDM 3A 5.8.6). Base and limit stay (2A IRET). */
export function dropInnerSegments(c: CpuState, cpl: u32): void {
  for (let s: u32 = 0; s <= 5; s++) {
    if (s == SEG_CS || s == SEG_SS) continue
    const attributes = segmentAttributes(c, s)
    const conforming =
      (attributes & (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)) == (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)
    if (dplOf(attributes) >= cpl || conforming) continue
    setSegmentSelector(c, s, 0)
    setSegmentAttributes(c, s, 0)
  }
}

function setZero(c: CpuState, on: bool): void {
  const flags = readFlags(c)
  setArithmetic(c, on ? flags | ZF : flags & ~ZF)
}

/** A descriptor for LAR, LSL, VERR, VERW: outside the table gives ZF = 0, no fault (but page faults do). */
function inspectDescriptor(c: CpuState, selector: u32): bool {
  if (isNull(selector)) return false
  const address = addressOfDescriptor(c, selector, 8)
  if (address == ~0) return false
  inspected = readSystem64(c, address)
  return c.fault == 0
}
let inspected: u64 = 0

/** Visible at this privilege: conforming code, or DPL not below CPL and RPL. */
function isVisible(c: CpuState, attributes: u32, selector: u32): bool {
  const conformingCode = ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN
  if ((attributes & conformingCode) == conformingCode) return true
  const dpl = dplOf(attributes)
  return dpl >= c.cpl && dpl >= (selector & 3)
}

/** LAR (limit = false) and LSL: the value for the destination; ZF says whether it is valid. */
export function inspectSegment(c: CpuState, selector: u32, limit: bool): u64 {
  let valid = inspectDescriptor(c, selector)
  if (c.fault) return 0
  const attributes = attributesOf(inspected)
  if (valid && (attributes & ATTRIBUTE_S) == 0) {
    const type = attributes & 15
    // Types with a meaning here (2A LAR, LSL tables); LSL has no gates, long mode no 16-bit types.
    let allowed: u32 = limit ? 0x0a0e : 0x1a3e
    if (isLongActive(c)) allowed = limit ? 0x0a04 : 0x1a04
    valid = ((allowed >> type) & 1) != 0
  }
  valid = valid && isVisible(c, attributes, selector)
  setZero(c, valid)
  if (!valid) return 0
  return limit ? u64(limitOf(inspected)) : (inspected >> 32) & 0xf0ff00
}

/** VERR and VERW: only ZF. */
export function verifySegment(c: CpuState, selector: u32, write: bool): void {
  const present = inspectDescriptor(c, selector)
  if (c.fault) return
  const attributes = attributesOf(inspected)
  const isCode = (attributes & ATTRIBUTE_CODE) != 0
  const bit = (attributes & ATTRIBUTE_WRITABLE) != 0
  const right = write ? !isCode && bit : !isCode || bit
  setZero(c, present && (attributes & ATTRIBUTE_S) != 0 && right && isVisible(c, attributes, selector))
}
