// The vector instructions at work: what sse-decode.ts emitted, done to one vCPU's registers and memory.
//
// Promises: nothing is changed when an instruction faults, except exception flags, which stay sticky as on hardware. Order of
// checks as in SDM 3A table 6-2: #UD (CR0.EM, CR4.OSFXSR), #NM (CR0.TS), #GP for alignment, page faults, then #XM, or
// #UD where the system has not set CR4.OSXMMEXCPT (SDM 1 11.5.1). Meaning of the functions: sse-decode.ts.
import { MOVMSKPD, MOVMSKPS } from '../../numbers/vector-operations'
import {
  CR0_EM,
  CR0_TS,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  FLOAT_EXCEPTIONS,
  MXCSR_DEFINED,
  MXCSR_MASKS_SHIFT,
  XCR0_AVX,
  XCR0_SSE,
} from '../../numbers/registers'
import { VECTOR_SCRATCH_OFFSET, XMM_OFFSET, YMM_UPPER_OFFSET } from '../../numbers/sizes'
import {
  FN_AVX,
  FN_COPY,
  FN_COPY_LOW,
  FN_EXTRACT_WORD,
  FN_FLOAT,
  FN_FLOAT_MEMORY,
  FN_FLOAT_TO_INTEGER,
  FN_FLOAT_TO_INTEGER_MEMORY,
  FN_FROM_GENERAL,
  FN_FXRSTOR,
  FN_FXSAVE,
  FN_HIGH_TO_LOW,
  FN_INSERT_WORD,
  FN_INSERT_WORD_MEMORY,
  FN_INTEGER,
  FN_INTEGER_MEMORY,
  FN_INTEGER_TO_FLOAT,
  FN_INTEGER_TO_FLOAT_MEMORY,
  FN_LOAD,
  FN_LOAD_HIGH,
  FN_LOAD_LOW,
  FN_LOAD_MXCSR,
  FN_LOW_TO_HIGH,
  FN_MASKED_STORE,
  FN_MERGE,
  FN_MMX,
  FN_MMX_MEMORY,
  FN_ORDER,
  FN_ORDER_MEMORY,
  FN_SIGN_MASK,
  FN_STORE,
  FN_STORE_HIGH,
  FN_STORE_MXCSR,
  FN_TO_GENERAL,
  FN_X87,
  FN_X87_WAIT,
  FN_XSAVE,
  IMMEDIATE_SOURCE,
  UNDER_VEX,
  X_ALIGNED,
} from '../../numbers/vector-functions'
import { CpuState, setSlot, slot } from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopS2, uopX } from '../blocks/ir'
import { VECTOR_GP, VECTOR_NM, VECTOR_UD, VECTOR_XM, raise, raiseNoCode } from '../state/fault'
import {
  probeWrite,
  read128,
  read16,
  read32,
  read64,
  write128,
  write16,
  write32,
  write64,
  write8,
} from '../memory/linear'
import { setArithmetic } from '../state/flags'
import { integerOperation } from './sse-integer'
import {
  beginFloat,
  doubleToInteger,
  floatOperation,
  integerToDouble,
  integerToSingle,
  orderDouble,
  orderSingle,
  singleToInteger,
} from './sse-float'
import { raised } from '../float/softfloat'
import { avxOp } from './avx'
import { fxrstor, fxsave } from './fxsave'
import { xsaveOp } from './xsave'
import { mmxFunction } from './mmx'
import { x87Function, x87Wait } from '../x87/x87'
import { extendedFunction } from './sse-extended'

// @ts-ignore: decorator
@inline
export function vectorRegister(c: CpuState, r: u32): usize {
  return changetype<usize>(c) + XMM_OFFSET + (r << 4)
}

/** The upper half of YMM register r. */
// @ts-ignore: decorator
@inline
export function upperRegister(c: CpuState, r: u32): usize {
  return changetype<usize>(c) + YMM_UPPER_OFFSET + (r << 4)
}

/** Raises #UD or #NM and returns true if SSE instructions may not run now. */
function sseUnavailable(c: CpuState): bool {
  if ((c.cr0 & (CR0_EM | CR0_TS)) == 0 && (c.cr4 & CR4_OSFXSR) != 0) return false
  if ((c.cr0 & CR0_EM) != 0 || (c.cr4 & CR4_OSFXSR) == 0) raiseNoCode(c, VECTOR_UD)
  else raiseNoCode(c, VECTOR_NM)
  return true
}

/** Raises #UD or #NM and returns true if AVX instructions may not run now (SDM 2A 2.4). */
export function avxUnavailable(c: CpuState): bool {
  const enabled = (c.cr4 & CR4_OSXSAVE) != 0 && (c.xcr0 & (XCR0_SSE | XCR0_AVX)) == (XCR0_SSE | XCR0_AVX)
  if (enabled && (c.cr0 & CR0_TS) == 0) return false
  raiseNoCode(c, enabled ? VECTOR_NM : VECTOR_UD)
  return true
}

/** The same for a function that may stand under a VEX prefix. */
// @ts-ignore: decorator
@inline
export function isUnavailable(c: CpuState, u: usize): bool {
  return uopS2(u) == UNDER_VEX ? avxUnavailable(c) : sseUnavailable(c)
}

/** Pointer to the memory operand, read into scratch with zeroes above it; 0 after a fault. */
export function memorySource(c: CpuState, x: u32): usize {
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  const linear = c.t0
  const bytes = x & ~X_ALIGNED
  if (bytes == 16) {
    if (x & X_ALIGNED && linear & 15) {
      raise(c, VECTOR_GP, 0)
      return 0
    }
    read128(c, linear, p)
  } else {
    const value = bytes == 8 ? read64(c, linear) : bytes == 4 ? read32(c, linear) : read16(c, linear)
    store<u64>(p, value)
    store<u64>(p, 0, 8)
  }
  return c.fault ? 0 : p
}

/** Makes the detected flags sticky; false if one is unmasked, then the fault is raised. */
export function acceptFlags(c: CpuState): bool {
  const flags = <u32>raised
  if (flags == 0) return true
  const unmasked = flags & ~(c.mxcsr >> MXCSR_MASKS_SHIFT) & FLOAT_EXCEPTIONS
  if (unmasked == 0) {
    c.mxcsr |= flags
    return true
  }
  // An unmasked invalid, denormal or divide-by-zero stops the operation before there is a result to round.
  c.mxcsr |= unmasked & 7 ? flags & 7 : flags
  raiseNoCode(c, c.cr4 & CR4_OSXMMEXCPT ? VECTOR_XM : VECTOR_UD)
  return false
}

function computeInteger(c: CpuState, u: usize, source: usize): void {
  const destination = vectorRegister(c, uopD(u))
  const b = source ? v128.load(source) : i64x2(<u64>uopArgument(u), 0)
  v128.store(destination, integerOperation(uopDetail(u), v128.load(destination), b, uopArgument(u)))
}

function computeFloat(c: CpuState, u: usize, source: usize): void {
  const destination = vectorRegister(c, uopD(u))
  beginFloat(c.mxcsr)
  const result = floatOperation(uopDetail(u), v128.load(destination), v128.load(source), uopArgument(u))
  if (acceptFlags(c)) v128.store(destination, result)
}

function storeMemory(c: CpuState, u: usize, source: usize): void {
  const x = uopX(u)
  const linear = c.t0
  switch (x & ~X_ALIGNED) {
    case 16:
      if (x & X_ALIGNED && linear & 15) raise(c, VECTOR_GP, 0)
      else write128(c, linear, source)
      return
    case 8:
      write64(c, linear, load<u64>(source))
      return
    case 4:
      write32(c, linear, load<u32>(source))
      return
    default:
      write16(c, linear, load<u16>(source))
  }
}

function convertFromInteger(c: CpuState, u: usize, raw: u64): void {
  const value = uopX(u) == 8 ? <i64>raw : <i64>(<i32>raw)
  const destination = vectorRegister(c, uopD(u))
  beginFloat(c.mxcsr)
  if (uopDetail(u) >> 8 == 3) {
    const r = integerToDouble(value)
    if (acceptFlags(c)) store<u64>(destination, r)
  } else {
    const r = integerToSingle(value)
    if (acceptFlags(c)) store<u32>(destination, r)
  }
}

function convertToInteger(c: CpuState, u: usize, raw: u64): void {
  const bits: i32 = uopX(u) == 8 ? 64 : 32
  const truncate = (uopDetail(u) & 1) == 0 // 2C truncates, 2D rounds
  beginFloat(c.mxcsr)
  const r = uopDetail(u) >> 8 == 3 ? doubleToInteger(raw, bits, truncate) : singleToInteger(<u32>raw, bits, truncate)
  if (acceptFlags(c)) setSlot(c, uopD(u), bits == 64 ? <u64>r : <u64>(<u32>r))
}

function order(c: CpuState, u: usize, source: usize): void {
  const a = vectorRegister(c, uopD(u))
  const quietInvalid = (uopDetail(u) & 1) != 0 // 2F COMIS signals quiet NaNs, 2E UCOMIS does not
  beginFloat(c.mxcsr)
  const r =
    uopDetail(u) >> 8
      ? orderDouble(load<u64>(a), load<u64>(source), quietInvalid)
      : orderSingle(load<u32>(a), load<u32>(source), quietInvalid)
  if (!acceptFlags(c)) return
  setArithmetic(c, r == 2 ? 0x45 : r == 0 ? 0x40 : r < 0 ? 1 : 0)
}

export function signMask(detail: u32, v: v128): u32 {
  return detail == MOVMSKPS ? i32x4.bitmask(v) : detail == MOVMSKPD ? i64x2.bitmask(v) : i8x16.bitmask(v)
}

/** MASKMOVDQU and MASKMOVQ: the bytes of `data` whose mask byte has its top bit set. */
export function maskedStore(c: CpuState, data: usize, mask: usize, bytes: u32): void {
  const linear = c.t0
  for (let i: u32 = 0; i < bytes; i++) {
    if (load<u8>(mask + i) & 0x80) {
      if (!probeWrite(c, linear + i, 1, 1)) return
    }
  }
  for (let i: u32 = 0; i < bytes; i++) {
    if (load<u8>(mask + i) & 0x80) write8(c, linear + i, load<u8>(data + i))
  }
}

export function sseOp(c: CpuState, u: usize): void {
  const fn = uopFunction(u)
  if (fn == FN_X87) {
    x87Function(c, u)
    return
  }
  if (fn >= FN_FXSAVE) {
    if (fn == FN_X87_WAIT) x87Wait(c)
    else if (fn == FN_FXSAVE) fxsave(c, uopX(u) != 0)
    else if (fn == FN_FXRSTOR) fxrstor(c, uopX(u) != 0)
    else if (fn >= FN_XSAVE) xsaveOp(c, u)
    else if (fn >= FN_AVX) avxOp(c, u)
    else if (fn > FN_X87_WAIT) extendedFunction(c, u)
    else mmxFunction(c, u)
    return
  }
  if (fn == FN_MMX || fn == FN_MMX_MEMORY) {
    mmxFunction(c, u)
    return
  }
  if (isUnavailable(c, u)) return
  const d = uopD(u)
  const s = uopS1(u)
  switch (fn) {
    case FN_INTEGER:
      computeInteger(c, u, s == IMMEDIATE_SOURCE ? 0 : vectorRegister(c, s))
      return
    case FN_INTEGER_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) computeInteger(c, u, p)
      return
    }
    case FN_FLOAT:
      computeFloat(c, u, vectorRegister(c, s))
      return
    case FN_FLOAT_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) computeFloat(c, u, p)
      return
    }
    case FN_LOAD: {
      const p = memorySource(c, uopX(u))
      if (p) v128.store(vectorRegister(c, d), v128.load(p))
      return
    }
    case FN_STORE:
      storeMemory(c, u, vectorRegister(c, s))
      return
    case FN_COPY:
      v128.store(vectorRegister(c, d), v128.load(vectorRegister(c, s)))
      return
    case FN_MERGE:
      if (uopX(u) == 4) store<u32>(vectorRegister(c, d), load<u32>(vectorRegister(c, s)))
      else store<u64>(vectorRegister(c, d), load<u64>(vectorRegister(c, s)))
      return
    case FN_LOAD_LOW: {
      const p = memorySource(c, 8)
      if (p) store<u64>(vectorRegister(c, d), load<u64>(p))
      return
    }
    case FN_LOAD_HIGH: {
      const p = memorySource(c, 8)
      if (p) store<u64>(vectorRegister(c, d), load<u64>(p), 8)
      return
    }
    case FN_STORE_HIGH:
      storeMemory(c, u, vectorRegister(c, s) + 8)
      return
    case FN_HIGH_TO_LOW:
      store<u64>(vectorRegister(c, d), load<u64>(vectorRegister(c, s), 8))
      return
    case FN_LOW_TO_HIGH:
      store<u64>(vectorRegister(c, d), load<u64>(vectorRegister(c, s)), 8)
      return
    case FN_COPY_LOW: {
      const value = load<u64>(vectorRegister(c, s))
      v128.store(vectorRegister(c, d), i64x2(value, 0))
      return
    }
    case FN_FROM_GENERAL: {
      const value = slot(c, s)
      v128.store(vectorRegister(c, d), i64x2(uopX(u) == 8 ? value : value & 0xffffffff, 0))
      return
    }
    case FN_TO_GENERAL: {
      const value = load<u64>(vectorRegister(c, s))
      setSlot(c, d, uopX(u) == 8 ? value : value & 0xffffffff)
      return
    }
    case FN_INTEGER_TO_FLOAT:
      convertFromInteger(c, u, slot(c, s))
      return
    case FN_INTEGER_TO_FLOAT_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) convertFromInteger(c, u, load<u64>(p))
      return
    }
    case FN_FLOAT_TO_INTEGER:
      convertToInteger(c, u, load<u64>(vectorRegister(c, s)))
      return
    case FN_FLOAT_TO_INTEGER_MEMORY: {
      const p = memorySource(c, uopDetail(u) >> 8 == 3 ? 8 : 4)
      if (p) convertToInteger(c, u, load<u64>(p))
      return
    }
    case FN_ORDER:
      order(c, u, vectorRegister(c, s))
      return
    case FN_ORDER_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) order(c, u, p)
      return
    }
    case FN_SIGN_MASK:
      setSlot(c, d, u64(signMask(uopDetail(u), v128.load(vectorRegister(c, s)))))
      return
    case FN_INSERT_WORD:
      store<u16>(vectorRegister(c, d) + ((uopArgument(u) & 7) << 1), <u16>slot(c, s))
      return
    case FN_INSERT_WORD_MEMORY: {
      const p = memorySource(c, 2)
      if (p) store<u16>(vectorRegister(c, d) + ((uopArgument(u) & 7) << 1), load<u16>(p))
      return
    }
    case FN_EXTRACT_WORD:
      setSlot(c, d, u64(load<u16>(vectorRegister(c, s) + ((uopArgument(u) & 7) << 1))))
      return
    case FN_MASKED_STORE:
      maskedStore(c, vectorRegister(c, d), vectorRegister(c, s), 16)
      return
    case FN_LOAD_MXCSR: {
      const value = <u32>read32(c, c.t0)
      if (c.fault) return
      if (value & ~MXCSR_DEFINED) raise(c, VECTOR_GP, 0)
      else c.mxcsr = value
      return
    }
    case FN_STORE_MXCSR:
      write32(c, c.t0, u64(c.mxcsr))
      return
    default:
      unreachable()
  }
}
