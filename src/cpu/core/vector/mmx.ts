// MMX: eight 64-bit registers that are the significands of the x87's physical registers.
//
// Promises: every MMX instruction sets TOP to 0 and marks all registers valid, EMMS empty; a write sets the exponent part
// to all ones (SDM 3A 12.2). Faults: #UD for CR0.EM, #NM for CR0.TS, #MF for a pending x87 exception. Forms that also
// touch XMM registers need CR4.OSFXSR and report floating-point exceptions in MXCSR.
import { CVTPI2PD, MOVDQ2Q, MOVQ2DQ } from '../../numbers/vector-operations'
import { CR0_EM, CR0_TS, CR4_OSFXSR, FSW_ES, FSW_TOP } from '../../numbers/registers'
import { FX_OFFSET, FX_STATUS, FX_TAGS, FX_X87 } from '../../numbers/sizes'
import {
  FN_EMMS,
  FN_MMX,
  FN_MMX_COPY,
  FN_MMX_EXTRACT_WORD,
  FN_MMX_FROM_GENERAL,
  FN_MMX_INSERT_WORD,
  FN_MMX_INSERT_WORD_MEMORY,
  FN_MMX_LOAD,
  FN_MMX_MASKED_STORE,
  FN_MMX_MEMORY,
  FN_MMX_SIGN_MASK,
  FN_MMX_STORE,
  FN_MMX_TO_GENERAL,
  FN_MMX_TO_VECTOR,
  FN_MMX_TO_VECTOR_MEMORY,
  FN_VECTOR_TO_MMX,
  FN_VECTOR_TO_MMX_MEMORY,
  IMMEDIATE_SOURCE,
} from '../../numbers/vector-functions'
import { CpuState, setSlot, slot } from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopX } from '../blocks/ir'
import { VECTOR_MF, VECTOR_NM, VECTOR_UD, raiseNoCode } from '../state/fault'
import { write32, write64 } from '../memory/linear'
import { mmxOperation } from './sse-integer'
import { beginFloat, doubleToInteger, integerToDouble, integerToSingle, singleToInteger } from './sse-float'
import { acceptFlags, maskedStore, memorySource, vectorRegister } from './sse'

// @ts-ignore: decorator
@inline
function mmxRegister(c: CpuState, r: u32): usize {
  return changetype<usize>(c) + FX_OFFSET + FX_X87 + ((r & 7) << 4)
}

function setMmx(c: CpuState, r: u32, value: u64): void {
  const p = mmxRegister(c, r)
  store<u64>(p, value)
  store<u16>(p, 0xffff, 8)
}

/** The side effect of every MMX instruction (SDM 3A 12.2): TOP is 0, and all registers are valid, or after EMMS empty. */
function enterMmx(c: CpuState, tags: u8): void {
  const fx = changetype<usize>(c) + FX_OFFSET
  store<u16>(fx, load<u16>(fx, FX_STATUS) & ~FSW_TOP, FX_STATUS)
  store<u8>(fx, tags, FX_TAGS)
}

function unavailable(c: CpuState, needsSse: bool): bool {
  if ((c.cr0 & CR0_EM) != 0 || (needsSse && (c.cr4 & CR4_OSFXSR) == 0)) raiseNoCode(c, VECTOR_UD)
  else if (c.cr0 & CR0_TS) raiseNoCode(c, VECTOR_NM)
  else if (load<u16>(changetype<usize>(c) + FX_OFFSET, FX_STATUS) & FSW_ES) raiseNoCode(c, VECTOR_MF)
  else return false
  return true
}

/** CVTPI2PS, CVTPI2PD, MOVQ2DQ. */
function toVector(c: CpuState, u: usize, source: usize): void {
  const destination = vectorRegister(c, uopD(u))
  const detail = uopDetail(u)
  if (detail == MOVQ2DQ) {
    v128.store(destination, i64x2(load<u64>(source), 0))
    return
  }
  const low = load<i32>(source)
  const high = load<i32>(source, 4)
  beginFloat(c.mxcsr)
  if (detail == CVTPI2PD) {
    v128.store(destination, i64x2(integerToDouble(<i64>low), integerToDouble(<i64>high)))
    return
  }
  const a = integerToSingle(<i64>low)
  const b = integerToSingle(<i64>high)
  if (!acceptFlags(c)) return
  store<u32>(destination, a)
  store<u32>(destination, b, 4)
}

/** CVT(T)PS2PI, CVT(T)PD2PI, MOVDQ2Q. */
function fromVector(c: CpuState, u: usize, source: usize): bool {
  const detail = uopDetail(u)
  if (detail == MOVDQ2Q) {
    setMmx(c, uopD(u), load<u64>(source))
    return true
  }
  const truncate = (detail & 1) == 0
  beginFloat(c.mxcsr)
  let low: u32
  let high: u32
  if (detail >> 8) {
    low = <u32>doubleToInteger(load<u64>(source), 32, truncate)
    high = <u32>doubleToInteger(load<u64>(source, 8), 32, truncate)
  } else {
    low = <u32>singleToInteger(load<u32>(source), 32, truncate)
    high = <u32>singleToInteger(load<u32>(source, 4), 32, truncate)
  }
  if (!acceptFlags(c)) return false
  setMmx(c, uopD(u), <u64>low | ((<u64>high) << 32))
  return true
}

export function mmxFunction(c: CpuState, u: usize): void {
  const fn = uopFunction(u)
  const d = uopD(u)
  const s = uopS1(u)
  if (unavailable(c, fn >= FN_MMX_TO_VECTOR)) return
  switch (fn) {
    case FN_MMX: {
      const b = s == IMMEDIATE_SOURCE ? <u64>uopArgument(u) : load<u64>(mmxRegister(c, s))
      setMmx(c, d, mmxOperation(uopDetail(u), load<u64>(mmxRegister(c, d)), b, uopArgument(u)))
      break
    }
    case FN_MMX_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (!p) return
      setMmx(c, d, mmxOperation(uopDetail(u), load<u64>(mmxRegister(c, d)), load<u64>(p), uopArgument(u)))
      break
    }
    case FN_MMX_LOAD: {
      const p = memorySource(c, uopX(u))
      if (!p) return
      setMmx(c, d, load<u64>(p))
      break
    }
    case FN_MMX_STORE: {
      const value = load<u64>(mmxRegister(c, s))
      if (uopX(u) == 4) write32(c, c.t0, value & 0xffffffff)
      else write64(c, c.t0, value)
      if (c.fault) return
      break
    }
    case FN_MMX_COPY:
      setMmx(c, d, load<u64>(mmxRegister(c, s)))
      break
    case FN_MMX_FROM_GENERAL:
      setMmx(c, d, uopX(u) == 8 ? slot(c, s) : slot(c, s) & 0xffffffff)
      break
    case FN_MMX_TO_GENERAL: {
      const value = load<u64>(mmxRegister(c, s))
      setSlot(c, d, uopX(u) == 8 ? value : value & 0xffffffff)
      break
    }
    case FN_MMX_INSERT_WORD:
    case FN_MMX_INSERT_WORD_MEMORY: {
      let word = slot(c, s)
      if (fn == FN_MMX_INSERT_WORD_MEMORY) {
        const p = memorySource(c, 2)
        if (!p) return
        word = load<u64>(p)
      }
      const shift = (uopArgument(u) & 3) << 4
      const rest = load<u64>(mmxRegister(c, d)) & ~((<u64>0xffff) << shift)
      setMmx(c, d, rest | ((word & 0xffff) << shift))
      break
    }
    case FN_MMX_EXTRACT_WORD:
      setSlot(c, d, (load<u64>(mmxRegister(c, s)) >> ((uopArgument(u) & 3) << 4)) & 0xffff)
      break
    case FN_MMX_SIGN_MASK:
      setSlot(c, d, u64(i8x16.bitmask(i64x2(load<u64>(mmxRegister(c, s)), 0))))
      break
    case FN_MMX_MASKED_STORE:
      maskedStore(c, mmxRegister(c, d), mmxRegister(c, s), 8)
      if (c.fault) return
      break
    case FN_EMMS:
      enterMmx(c, 0)
      return
    case FN_MMX_TO_VECTOR:
      toVector(c, u, mmxRegister(c, s))
      if (c.fault) return
      break
    case FN_MMX_TO_VECTOR_MEMORY: {
      const p = memorySource(c, 8)
      if (!p) return
      // A memory source does not make CVTPI2PD an MMX instruction (SDM 2, CVTPI2PD).
      toVector(c, u, p)
      if (c.fault || uopDetail(u) == CVTPI2PD) return
      break
    }
    case FN_VECTOR_TO_MMX:
      if (!fromVector(c, u, vectorRegister(c, s))) return
      break
    case FN_VECTOR_TO_MMX_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (!p || !fromVector(c, u, p)) return
      break
    }
    default:
      unreachable()
  }
  enterMmx(c, 0xff)
}
