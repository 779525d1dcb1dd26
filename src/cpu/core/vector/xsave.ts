// XSAVE, XSAVEOPT, XSAVEC and XRSTOR of x87, XCR0_SSE and XCR0_AVX state (SDM 1 13).
//
// Promises: all or nothing on a fault. With these three components the compacted form lies as the standard one does.
import {
  CR0_TS,
  CR4_OSXSAVE,
  FCW_INITIAL,
  MXCSR_AT_RESET,
  MXCSR_DEFINED,
  XCR0_AVX,
  XCR0_SSE,
  XCR0_X87,
} from '../../numbers/registers'
import {
  FX_BYTES,
  FX_MXCSR,
  FX_OFFSET,
  FX_X87,
  FX_XMM,
  VECTOR_SCRATCH_OFFSET,
  XMM_OFFSET,
  XSAVE_AVX,
  XSAVE_BYTES,
  XSAVE_HEADER,
  YMM_UPPER_OFFSET,
} from '../../numbers/sizes'
import { FN_XRSTOR, FN_XSAVE, FN_XSAVEC } from '../../numbers/vector-functions'
import { uopFunction, uopX } from '../blocks/ir'
import { probeWrite, read64, readWhole, write64, writeWhole } from '../memory/linear'
import { VECTOR_GP, VECTOR_NM, VECTOR_UD, raise, raiseNoCode } from '../state/fault'
import { CpuState } from '../state/state'
import { componentsInUse, isZero, registerBytes } from '../state/components'
import { buildImage, loadX87 } from './fxsave'

const COMPACTED: u64 = 0x8000000000000000

function refused(c: CpuState): bool {
  if ((c.cr4 & CR4_OSXSAVE) == 0) raiseNoCode(c, VECTOR_UD)
  else if (c.cr0 & CR0_TS) raiseNoCode(c, VECTOR_NM)
  else if ((c.t0 & 63) == 0) return false
  else raise(c, VECTOR_GP, 0)
  return true
}

/** The components that the instruction is asked for (RFBM). */
// @ts-ignore: decorator
@inline
function requested(c: CpuState): u64 {
  return ((c.rax & 0xffffffff) | (c.rdx << 32)) & c.xcr0
}

function save(c: CpuState, fn: u32, wide: bool): void {
  if (refused(c)) return
  const asked = requested(c)
  const area = c.t0
  // Whatever the mode uses of it.
  const bytes: u32 = asked & XCR0_AVX ? XSAVE_BYTES : XSAVE_AVX
  // The first part faults before a later one that is not canonical.
  if (!probeWrite(c, area, 64, 64) || !probeWrite(c, area, bytes, 64)) return
  const used = componentsInUse(c) & asked
  // XSAVE writes what is asked for, the others leave out what is initial.
  const written = fn == FN_XSAVE ? asked : used
  const image = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  buildImage(c, image, wide)
  if (written & XCR0_X87) {
    writeWhole(c, area, image, FX_MXCSR, 1)
    writeWhole(c, area + FX_X87, image + FX_X87, FX_XMM - FX_X87, 1)
  }
  const control = fn == FN_XSAVEC ? written & XCR0_SSE : asked & (XCR0_SSE | XCR0_AVX)
  if (control) writeWhole(c, area + FX_MXCSR, image + FX_MXCSR, 8, 1)
  if (written & XCR0_SSE) writeWhole(c, area + FX_XMM, image + FX_XMM, registerBytes(c), 1)
  if (written & XCR0_AVX) writeWhole(c, area + XSAVE_AVX, changetype<usize>(c) + YMM_UPPER_OFFSET, registerBytes(c), 1)
  if (fn == FN_XSAVEC) {
    write64(c, area + XSAVE_HEADER, used)
    write64(c, area + XSAVE_HEADER + 8, COMPACTED | asked)
  } else {
    const before = read64(c, area + XSAVE_HEADER)
    write64(c, area + XSAVE_HEADER, (before & ~asked) | used)
  }
}

/** Is the header at p one that XRSTOR takes? */
function isValid(c: CpuState, p: usize): bool {
  const held = load<u64>(p)
  const format = load<u64>(p, 8)
  if (load<u64>(p, 16) | (held & ~c.xcr0)) return false
  if ((format & COMPACTED) == 0) return format == 0
  const components = format & ~COMPACTED
  return (components & ~c.xcr0) == 0 && (held & ~components) == 0 && isZero(p + 16, 48)
}

function initialiseX87(c: CpuState): void {
  const fx = changetype<usize>(c) + FX_OFFSET
  memory.fill(fx, 0, FX_XMM)
  store<u16>(fx, FCW_INITIAL)
}

function restore(c: CpuState, wide: bool): void {
  if (refused(c)) return
  const area = c.t0
  const scratch = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  // As in `save`: the first part faults first.
  if (!readWhole(c, area, scratch, 64, 1) || !readWhole(c, area + XSAVE_HEADER, scratch, 64, 1)) return
  if (!isValid(c, scratch)) return raise(c, VECTOR_GP, 0)
  const held = load<u64>(scratch)
  const compacted = (load<u64>(scratch, 8) & COMPACTED) != 0
  const asked = requested(c)
  const upper = changetype<usize>(c) + YMM_UPPER_OFFSET
  const loadsUpper = (asked & held & XCR0_AVX) != 0
  // Whatever may fault comes first; the upper halves are read again when all is certain.
  if (loadsUpper && !readWhole(c, area + XSAVE_AVX, scratch, XSAVE_BYTES - XSAVE_AVX, 1)) return
  if (!readWhole(c, area, scratch, FX_BYTES, 1)) return
  const mxcsr = load<u32>(scratch, FX_MXCSR)
  const loadsControl = compacted ? asked & held & XCR0_SSE : asked & (XCR0_SSE | XCR0_AVX)
  if (loadsControl && mxcsr & ~MXCSR_DEFINED) return raise(c, VECTOR_GP, 0)
  if (loadsControl) c.mxcsr = mxcsr
  else if (compacted && asked & XCR0_SSE) c.mxcsr = MXCSR_AT_RESET
  if (asked & XCR0_X87) {
    if (held & XCR0_X87) loadX87(c, scratch, wide)
    else initialiseX87(c)
  }
  if (asked & XCR0_SSE) {
    const registers = changetype<usize>(c) + XMM_OFFSET
    if (held & XCR0_SSE) memory.copy(registers, scratch + FX_XMM, registerBytes(c))
    else memory.fill(registers, 0, registerBytes(c))
  }
  if (loadsUpper) readWhole(c, area + XSAVE_AVX, upper, registerBytes(c), 1)
  else if (asked & XCR0_AVX) memory.fill(upper, 0, registerBytes(c))
}

export function xsaveOp(c: CpuState, u: usize): void {
  const fn = uopFunction(u)
  if (fn == FN_XRSTOR) restore(c, uopX(u) != 0)
  else save(c, fn, uopX(u) != 0)
}
