// The x87 instructions: from opcode byte and ModRM to an effect on the register stack.
//
// Promises: results of 80 bits, rounded by softfloat as precision and rounding control ask; condition codes, tags, stack
// faults, and exceptions deferred to the next waiting instruction as #MF. Memory operands are read and written before
// anything else changes, so that a page fault leaves no trace; it comes even where an unmasked exception forbids the store.
// `detail` = (opcode & 7) * 256 + ModRM (sse-decode.ts).
import { CR0_EM, CR0_MP, CR0_NE, CR0_TS, FSW_C0, FSW_C1, FSW_C2, FSW_C3, FSW_ES } from '../../numbers/registers'
import { FX_DP, FX_IP, FX_OPCODE, VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import { uopDetail, uopX } from '../blocks/ir'
import { VECTOR_MF, VECTOR_NM, raiseNoCode } from '../state/fault'
import { probeWrite, read16, read32, read64, readWhole, write16, write32, write64, writeWhole } from '../memory/linear'
import { condition, setArithmetic } from '../state/flags'
import {
  ADD,
  DIVIDE,
  INEXACT,
  INVALID,
  MULTIPLY,
  SUBTRACT,
  arithmetic,
  compareOperands,
  convertA,
  loadDouble,
  loadInteger,
  loadSingle,
  moveAToB,
  moveAToR,
  packDouble,
  packSingle,
  propagateNaNOfA,
  raised,
  replaceFlags,
  roundToDouble,
  roundToIntegral,
  roundToSingle,
  squareRoot,
  swapOperands,
  toInteger,
} from '../float/softfloat'
import {
  begin,
  clearC1,
  controlWord,
  copyRegister,
  fx,
  isEmpty,
  loadSt,
  markEmpty,
  markFull,
  pop,
  push,
  roundToPrecision,
  setConditions,
  setControlWord,
  setStackTop,
  setStatusWord,
  settle,
  st,
  stackOverflow,
  stackTop,
  stackUnderflow,
  statusWord,
  storeForbidden,
  storeIndefinite,
  storeR,
} from './x87-stack'
import { initialise, loadEnvironment, restore, save, storeEnvironment } from './x87-environment'
import { exponentAndSignificand, loadConstant, partialRemainder, scale } from './x87-extra'
import { loadDecimal, storeDecimal } from './x87-decimal'
import { transcendental } from './x87-transcendental'
import { DONE, SLOW, fastForm } from './x87-fast'

/** #NM, or #MF for an exception an earlier instruction left unmasked. */
function unavailable(c: CpuState, waits: bool): bool {
  if (c.cr0 & (CR0_EM | CR0_TS)) {
    raiseNoCode(c, VECTOR_NM)
    return true
  }
  return waits && pending(c)
}

function pending(c: CpuState): bool {
  if ((statusWord(c) & FSW_ES) == 0 || (c.cr0 & CR0_NE) == 0) return false
  raiseNoCode(c, VECTOR_MF)
  return true
}

/** FWAIT faults with #NM only if CR0.MP and CR0.TS are both set. */
export function x87Wait(c: CpuState): void {
  if ((c.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) raiseNoCode(c, VECTOR_NM)
  else pending(c)
}

/** Instructions that neither wait nor move the instruction pointer of the x87. */
function isControl(detail: u32): bool {
  const opcode = detail >> 8
  const modrm = detail & 0xff
  const group = (modrm >> 3) & 7
  if (modrm < 0xc0) return (opcode == 1 && group >= 4) || (opcode == 5 && (group == 4 || group >= 6))
  return (opcode == 3 && modrm >= 0xe0 && modrm < 0xe8) || (opcode == 7 && modrm == 0xe0)
}

function waits(detail: u32): bool {
  const opcode = detail >> 8
  const modrm = detail & 0xff
  const group = (modrm >> 3) & 7
  if (modrm < 0xc0) return !((opcode == 1 && group >= 6) || (opcode == 5 && group >= 6))
  return !((opcode == 3 && modrm >= 0xe0 && modrm < 0xe8) || (opcode == 7 && modrm == 0xe0))
}

// ---- Arithmetic and comparison -------------------------------------------------------------------------------------

/** ST(0) and X (in softfloat's B) by group 0, 1, 4..7 of the encoding, to `destination`; `empty` if a register was. */
function arithmeticGroup(c: CpuState, group: u32, destination: u32, empty: bool): bool {
  if (empty) {
    stackUnderflow()
    if (!settle(c)) return false
    storeIndefinite(st(c, destination))
    markFull(c, destination)
    return true
  }
  loadSt(c, 0)
  if (group == 5 || group == 7) swapOperands()
  arithmetic(group == 0 ? ADD : group == 1 ? MULTIPLY : group < 6 ? SUBTRACT : DIVIDE)
  roundToPrecision(c)
  if (!settle(c)) return false
  storeR(st(c, destination))
  return true
}

/** Compares ST(0) with X (in B); condition codes. */
function compareGroup(c: CpuState, empty: bool, quietInvalid: bool): bool {
  let order = 2
  if (empty) stackUnderflow()
  else {
    loadSt(c, 0)
    order = compareOperands(quietInvalid)
  }
  const settled = settle(c)
  // Unordered is reported even when the invalid operation is not masked.
  setConditions(c, order == 2 ? FSW_C0 | FSW_C2 | FSW_C3 : order == 0 ? FSW_C3 : order < 0 ? FSW_C0 : 0)
  return settled
}

function compareToFlags(c: CpuState, i: u32, quietInvalid: bool, popAfter: bool): void {
  let order = 2
  if (isEmpty(c, 0) || isEmpty(c, i)) stackUnderflow()
  else {
    loadSt(c, i)
    moveAToB()
    loadSt(c, 0)
    order = compareOperands(quietInvalid)
  }
  const settled = settle(c)
  setArithmetic(c, order == 2 ? 0x45 : order == 0 ? 0x40 : order < 0 ? 1 : 0)
  if (popAfter && settled) pop(c)
}

function registerOperand(c: CpuState, i: u32): bool {
  const empty = isEmpty(c, 0) || isEmpty(c, i)
  if (!empty) {
    loadSt(c, i)
    moveAToB()
  }
  return empty
}

// ---- Memory operands -----------------------------------------------------------------------------------------------

/** The operand of D8, DA, DC, DE, into A; false after a fault. */
function loadMemoryOperand(c: CpuState, opcode: u32): bool {
  if (opcode == 4) {
    const value = read64(c, c.t0)
    if (!c.fault) loadDouble(value)
  } else if (opcode == 6) {
    const value = read16(c, c.t0)
    if (!c.fault) loadInteger(<i64>(<i16>value))
  } else {
    const value = <u32>read32(c, c.t0)
    if (c.fault) return false
    if (opcode == 0) loadSingle(value)
    else loadInteger(<i64>(<i32>value))
  }
  return !c.fault
}

/** FLD and FILD: pushes A. `converts`: signalling NaNs and denormals are noticed. */
function pushA(c: CpuState, converts: bool): void {
  if (!isEmpty(c, 7)) {
    stackOverflow(c)
    return
  }
  if (converts) {
    convertA()
    // A denormal is pushed even if its exception is not masked; a signalling NaN then is not.
    if (!settle(c) && raised & INVALID) return
  } else moveAToR()
  push(c)
  storeR(st(c, 0))
}

function storeFloat(c: CpuState, wide: bool, popAfter: bool): void {
  let bits: u64 = wide ? 0xfff8000000000000 : 0xffc00000
  if (isEmpty(c, 0)) stackUnderflow()
  else {
    loadSt(c, 0)
    if (!propagateNaNOfA()) moveAToR()
    if (wide) roundToDouble()
    else roundToSingle()
    bits = wide ? packDouble() : u64(packSingle())
  }
  if (!storeForbidden(c)) {
    if (wide) write64(c, c.t0, bits)
    else write32(c, c.t0, bits)
    if (c.fault) return
    settle(c)
    if (popAfter) pop(c)
  } else if (probeWrite(c, c.t0, wide ? 8 : 4, wide ? 8 : 4)) {
    replaceFlags(raised & ~INEXACT) // nothing was stored, so nothing was rounded
    settle(c)
  }
}

function storeInteger(c: CpuState, bits: i32, popAfter: bool, truncate: bool = false): void {
  let value: i64 = (<i64>-1) << (bits - 1)
  if (isEmpty(c, 0)) stackUnderflow()
  else {
    loadSt(c, 0)
    value = toInteger(bits, truncate)
  }
  if (!storeForbidden(c)) {
    if (bits == 16) write16(c, c.t0, <u64>value & 0xffff)
    else if (bits == 32) write32(c, c.t0, <u64>value & 0xffffffff)
    else write64(c, c.t0, <u64>value)
    if (c.fault) return
    settle(c)
    if (popAfter) pop(c)
  } else if (probeWrite(c, c.t0, bits >> 3, bits >> 3)) settle(c)
}

function loadExtendedMemory(c: CpuState): void {
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, operand, 10, 8)) return
  if (!isEmpty(c, 7)) {
    stackOverflow(c)
    return
  }
  push(c)
  copyRegister(st(c, 0), operand)
}

function storeExtendedMemory(c: CpuState): void {
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (isEmpty(c, 0)) {
    stackUnderflow()
    if (storeForbidden(c)) {
      if (probeWrite(c, c.t0, 10, 8)) settle(c)
      return
    }
    storeIndefinite(operand)
  } else copyRegister(operand, st(c, 0))
  if (!writeWhole(c, c.t0, operand, 10, 8)) return
  settle(c)
  pop(c)
}

function memoryForm(c: CpuState, u: usize, opcode: u32, group: u32): void {
  switch (opcode) {
    case 0:
    case 2:
    case 4:
    case 6: {
      if (!loadMemoryOperand(c, opcode)) return
      moveAToB()
      const empty = isEmpty(c, 0)
      if (group == 2 || group == 3) {
        if (compareGroup(c, empty, true) && group == 3) pop(c)
      } else arithmeticGroup(c, group, 0, empty)
      return
    }
    case 1:
      switch (group) {
        case 0: {
          const value = <u32>read32(c, c.t0)
          if (c.fault) return
          loadSingle(value)
          pushA(c, true)
          return
        }
        case 2:
        case 3:
          storeFloat(c, false, group == 3)
          return
        case 4:
          loadEnvironment(c, uopX(u))
          return
        case 5: {
          const value = <u32>read16(c, c.t0)
          if (!c.fault) setControlWord(c, value)
          return
        }
        case 6:
          storeEnvironment(c, uopX(u))
          return
        default:
          write16(c, c.t0, u64(controlWord(c)))
          return
      }
    case 3:
      switch (group) {
        case 0: {
          const value = <i32>read32(c, c.t0)
          if (c.fault) return
          loadInteger(<i64>value)
          pushA(c, false)
          return
        }
        case 1: // FISTTP
          storeInteger(c, 32, true, true)
          return
        case 2:
        case 3:
          storeInteger(c, 32, group == 3)
          return
        case 5:
          loadExtendedMemory(c)
          return
        default:
          storeExtendedMemory(c)
          return
      }
    case 5:
      switch (group) {
        case 0: {
          const value = read64(c, c.t0)
          if (c.fault) return
          loadDouble(value)
          pushA(c, true)
          return
        }
        case 1: // FISTTP
          storeInteger(c, 64, true, true)
          return
        case 2:
        case 3:
          storeFloat(c, true, group == 3)
          return
        case 4:
          restore(c, uopX(u))
          return
        case 6:
          save(c, uopX(u))
          return
        default:
          write16(c, c.t0, u64(statusWord(c)))
          return
      }
    default:
      switch (group) {
        case 0: {
          const value = <i16>read16(c, c.t0)
          if (c.fault) return
          loadInteger(<i64>value)
          pushA(c, false)
          return
        }
        case 1: // FISTTP
          storeInteger(c, 16, true, true)
          return
        case 2:
        case 3:
          storeInteger(c, 16, group == 3)
          return
        case 4:
          loadDecimal(c)
          if (!c.fault) pushA(c, false)
          return
        case 5: {
          const value = <i64>read64(c, c.t0)
          if (c.fault) return
          loadInteger(value)
          pushA(c, false)
          return
        }
        case 6:
          storeDecimal(c)
          return
        default:
          storeInteger(c, 64, true)
          return
      }
  }
}

// ---- Register forms ------------------------------------------------------------------------------------------------

function exchange(c: CpuState, i: u32): void {
  if (isEmpty(c, 0) || isEmpty(c, i)) {
    stackUnderflow()
    if (!settle(c)) return
    if (isEmpty(c, 0)) {
      storeIndefinite(st(c, 0))
      markFull(c, 0)
    }
    if (isEmpty(c, i)) {
      storeIndefinite(st(c, i))
      markFull(c, i)
    }
  }
  const a = st(c, 0)
  const b = st(c, i)
  const significand = load<u64>(a)
  const high = load<u16>(a, 8)
  copyRegister(a, b)
  store<u64>(b, significand)
  store<u16>(b, high, 8)
}

function storeRegister(c: CpuState, i: u32, popAfter: bool): void {
  if (isEmpty(c, 0)) {
    stackUnderflow()
    if (!settle(c)) return
    storeIndefinite(st(c, i))
  } else copyRegister(st(c, i), st(c, 0))
  markFull(c, i)
  if (popAfter) pop(c)
}

function conditionalMove(c: CpuState, i: u32, code: u32): void {
  if (isEmpty(c, 0) || isEmpty(c, i)) {
    stackUnderflow()
    clearC1(c)
    if (!settle(c)) return
    // Whatever the condition, as processors do.
    storeIndefinite(st(c, 0))
    markFull(c, 0)
    return
  }
  if (condition(c, code)) copyRegister(st(c, 0), st(c, i))
}

function examine(c: CpuState): void {
  const p = st(c, 0)
  const high = load<u16>(p, 8)
  const significand = load<u64>(p)
  let bits: u32 = high & 0x8000 ? FSW_C1 : 0
  const biased = high & 0x7fff
  if (isEmpty(c, 0)) bits |= FSW_C3 | FSW_C0
  else if (biased == 0) bits |= significand == 0 ? FSW_C3 : FSW_C3 | FSW_C2
  else if (!(significand >> 63)) bits |= 0
  else if (biased == 0x7fff) bits |= significand << 1 == 0 ? FSW_C2 | FSW_C0 : FSW_C0
  else bits |= FSW_C2
  setConditions(c, bits)
}

/** D9 E0..FF: instructions on ST(0) alone, or on ST(0) and ST(1). */
function unaryForm(c: CpuState, modrm: u32): void {
  switch (modrm) {
    case 0xe5:
      examine(c)
      return
    case 0xe8:
    case 0xe9:
    case 0xea:
    case 0xeb:
    case 0xec:
    case 0xed:
    case 0xee:
      if (!isEmpty(c, 7)) stackOverflow(c)
      else {
        push(c)
        loadConstant(c, modrm)
      }
      return
    case 0xf6: // FDECSTP
      setStackTop(c, stackTop(c) - 1)
      return
    case 0xf7: // FINCSTP
      setStackTop(c, stackTop(c) + 1)
      return
    default:
  }
  if (modrm == 0xe4) {
    loadInteger(0)
    moveAToB()
    compareGroup(c, isEmpty(c, 0), true)
    return
  }
  if (
    modrm == 0xf0 ||
    modrm == 0xf1 ||
    modrm == 0xf2 ||
    modrm == 0xf3 ||
    modrm == 0xf9 ||
    modrm == 0xfb ||
    modrm >= 0xfe
  ) {
    transcendental(c, modrm)
    return
  }
  if (modrm == 0xf4) {
    exponentAndSignificand(c)
    return
  }
  const two = modrm == 0xf5 || modrm == 0xf8 || modrm == 0xfd
  if (modrm == 0xf5 || modrm == 0xf8) setStatusWord(c, statusWord(c) & ~FSW_C2)
  if (isEmpty(c, 0) || (two && isEmpty(c, 1))) {
    stackUnderflow()
    if (settle(c)) {
      storeIndefinite(st(c, 0))
      markFull(c, 0)
    }
    return
  }
  const p = st(c, 0)
  switch (modrm) {
    case 0xe0: // FCHS
      store<u16>(p, load<u16>(p, 8) ^ 0x8000, 8)
      return
    case 0xe1: // FABS
      store<u16>(p, load<u16>(p, 8) & 0x7fff, 8)
      return
    case 0xf5:
    case 0xf8:
      partialRemainder(c, modrm == 0xf5)
      return
    case 0xfa:
      loadSt(c, 0)
      squareRoot()
      roundToPrecision(c)
      break
    case 0xfc:
      loadSt(c, 0)
      roundToIntegral()
      break
    default: // FSCALE
      scale(c)
  }
  if (settle(c)) storeR(p)
}

function registerForm(c: CpuState, opcode: u32, modrm: u32): void {
  const i = modrm & 7
  const group = (modrm >> 3) & 7
  switch (opcode) {
    case 0:
    case 4:
    case 6: {
      if (group == 2 || group == 3) {
        const popsTwo = opcode == 6 && group == 3
        if (!compareGroup(c, registerOperand(c, i), true)) return
        if (group == 3 || opcode == 6) pop(c)
        if (popsTwo) pop(c)
        return
      }
      const empty = registerOperand(c, i)
      if (arithmeticGroup(c, group, opcode == 0 ? 0 : i, empty) && opcode == 6) pop(c)
      return
    }
    case 1:
      if (group == 0) {
        // FLD ST(i)
        // An empty source comes before a stack that is full.
        const empty = isEmpty(c, i)
        if (!isEmpty(c, 7) && !empty) stackOverflow(c)
        else {
          if (empty) {
            stackUnderflow()
            if (!settle(c)) return
          }
          const from = st(c, i)
          push(c)
          if (empty) storeIndefinite(st(c, 0))
          else copyRegister(st(c, 0), from)
        }
      } else if (group == 1) exchange(c, i)
      else if (group == 3) storeRegister(c, i, true)
      else if (group >= 4) unaryForm(c, modrm)
      return
    case 2:
      if (group == 5) {
        // FUCOMPP
        if (!compareGroup(c, registerOperand(c, 1), false)) return
        pop(c)
        pop(c)
      } else conditionalMove(c, i, group == 0 ? 2 : group == 1 ? 4 : group == 2 ? 6 : 10)
      return
    case 3:
      if (group < 4) conditionalMove(c, i, group == 0 ? 3 : group == 1 ? 5 : group == 2 ? 7 : 11)
      else if (group >= 5) compareToFlags(c, i, group == 6, false)
      else if (modrm == 0xe2) setStatusWord(c, statusWord(c) & 0x7f00)
      else if (modrm == 0xe3) initialise(c)
      return
    case 5:
      if (group == 0) markEmpty(c, i)
      else if (group == 1) exchange(c, i)
      else if (group == 2 || group == 3) storeRegister(c, i, group == 3)
      else if (compareGroup(c, registerOperand(c, i), false) && group == 5) pop(c)
      return
    default:
      if (group == 0) {
        markEmpty(c, i)
        pop(c)
      } else if (group == 1) exchange(c, i)
      else if (group < 4) storeRegister(c, i, true)
      else if (group == 4)
        store<u16>(changetype<usize>(c), <u16>statusWord(c)) // FNSTSW AX
      else compareToFlags(c, i, group == 6, true)
  }
}

/** FNOP and FCMOVcc leave FSW_C1 alone. */
function keepsC1(opcode: u32, modrm: u32): bool {
  if (opcode == 1) return modrm == 0xd0
  return (opcode == 2 || opcode == 3) && modrm >= 0xc0 && modrm < 0xe0
}

/** FIP, FDP and FOP. */
// @ts-ignore: decorator
@inline
function remember(c: CpuState, detail: u32, rip: u64): void {
  store<u16>(fx(c), <u16>detail, FX_OPCODE)
  store<u64>(fx(c), rip, FX_IP)
  if ((detail & 0xff) < 0xc0) store<u64>(fx(c), c.t0, FX_DP)
}

/** Does the instruction at `rip`, if it is one of x87-fast.ts with operands that are. */
export function x87Fast(c: CpuState, detail: u32, rip: u64): bool {
  if (c.cr0 & (CR0_EM | CR0_TS) || statusWord(c) & FSW_ES || (controlWord(c) & INEXACT) == 0) return false
  const done = fastForm(c, fx(c), detail)
  if (done == DONE) remember(c, detail, rip)
  return done != SLOW
}

export function x87Function(c: CpuState, u: usize): void {
  const detail = uopDetail(u)
  if (!x87Fast(c, detail, c.instructionRip)) generalForm(c, u, detail)
}

function generalForm(c: CpuState, u: usize, detail: u32): void {
  if (unavailable(c, waits(detail))) return
  const opcode = detail >> 8
  const modrm = detail & 0xff
  const control = isControl(detail)
  if (control) {
    if (modrm < 0xc0) memoryForm(c, u, opcode, (modrm >> 3) & 7)
    else registerForm(c, opcode, modrm)
    return
  }
  const statusBefore = statusWord(c)
  begin(c)
  if (keepsC1(opcode, modrm)) setStatusWord(c, statusBefore)
  if (modrm < 0xc0) memoryForm(c, u, opcode, (modrm >> 3) & 7)
  else registerForm(c, opcode, modrm)
  if (c.fault) {
    setStatusWord(c, statusBefore)
    return
  }
  remember(c, detail, c.instructionRip)
}
