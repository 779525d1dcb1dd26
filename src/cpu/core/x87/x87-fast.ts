// The frequent x87 instructions with frequent operands, done directly on the registers.
//
// Promises: the same effect as x87.ts has, or none at all and SLOW; then x87.ts does the instruction from its beginning. So here belongs only
// what cannot fault and cannot raise anything but INEXACT, masked. The caller has checked that no exception is pending, that INEXACT
// is masked, and that the x87 is available.
import { FX_STATUS, FX_TAGS, FX_X87 } from '../../numbers/sizes'
import {
  FCW_ONES,
  FCW_ROUND_TO_ZERO,
  FCW_WRITABLE,
  FLOAT_EXCEPTIONS,
  FSW_C0,
  FSW_C1,
  FSW_C3,
  FSW_CONDITIONS,
  FSW_TOP,
  FSW_TOP_SHIFT,
} from '../../numbers/registers'
import { CpuState } from '../state/state'
import { condition, setArithmetic } from '../state/flags'
import {
  SIGN,
  UNDECIDED,
  addExtended,
  compareExtended,
  divideExtended,
  multiplyExtended,
  note,
  rootExtended,
} from './extended-arithmetic'
import {
  high,
  integral,
  narrow,
  narrowToDouble,
  narrowToInteger,
  narrowToSingle,
  outcome,
  readable,
  significand,
  widenDouble,
  widenInteger,
  widenSingle,
  writable,
} from './x87-operands'
import { copyRegister } from './x87-stack'

export const SLOW: u32 = 0
/** Done; the instruction is the last one that the x87's pointers tell of. */
export const DONE: u32 = 1
/** Done; a control instruction. */
const DONE_CONTROL: u32 = 2

// @ts-ignore: decorator
@inline
function status(f: usize): u32 {
  return load<u16>(f, FX_STATUS)
}

// Register forms, as detail >> 3: opcode, then the ModRM byte without ST(i).
const D8_FORM: u32 = 0x18
const D9_FORM: u32 = 0x38
const DA_FORM: u32 = 0x58
const DB_FORM: u32 = 0x78
const DC_FORM: u32 = 0x98
const DD_FORM: u32 = 0xb8
const DE_FORM: u32 = 0xd8
const DF_FORM: u32 = 0xf8

/** Pointer to ST(i). */
// @ts-ignore: decorator
@inline
function register(f: usize, i: u32): usize {
  return f + FX_X87 + ((((status(f) >> FSW_TOP_SHIFT) + i) & 7) << 4)
}

/** Bit i: ST(i) is not empty. */
// @ts-ignore: decorator
@inline
function fullRegisters(f: usize): u32 {
  const tags = u32(load<u8>(f, FX_TAGS))
  return ((tags | (tags << 8)) >> ((status(f) >> FSW_TOP_SHIFT) & 7)) & 0xff
}

// @ts-ignore: decorator
@inline
function pop(f: usize): u32 {
  const s = status(f)
  store<u8>(f, load<u8>(f, FX_TAGS) & ~((<u8>1) << (<u8>((s >> FSW_TOP_SHIFT) & 7))), FX_TAGS)
  store<u16>(f, (s & ~FSW_TOP) | ((s + 0x800) & FSW_TOP), FX_STATUS)
  return DONE
}

function push(f: usize, value: u64, upper: u32): u32 {
  const s = status(f)
  const top = ((s >> FSW_TOP_SHIFT) - 1) & 7
  const tags = u32(load<u8>(f, FX_TAGS))
  if ((tags >> top) & 1) return SLOW
  store<u8>(f, tags | (1 << top), FX_TAGS)
  store<u16>(f, (s & ~(FSW_TOP | FSW_C1)) | (top << FSW_TOP_SHIFT), FX_STATUS)
  const p = f + FX_X87 + (top << 4)
  store<u64>(p, value)
  store<u16>(p, upper, 8)
  return DONE
}

/** ST(0) and X by the group of the encoding: 0, 1, 4..7. */
function arithmetic(f: usize, group: u32, destination: usize, x: u64, xHigh: u32): bool {
  const p = register(f, 0)
  const a = load<u64>(p)
  const aHigh = u32(load<u16>(p, 8))
  switch (group) {
    case 0:
      return addExtended(f, destination, a, aHigh, x, xHigh)
    case 1:
      return multiplyExtended(f, destination, a, aHigh, x, xHigh)
    case 4:
      return addExtended(f, destination, a, aHigh, x, xHigh ^ 0x8000)
    case 5:
      return addExtended(f, destination, a, aHigh ^ 0x8000, x, xHigh)
    case 6:
      return divideExtended(f, destination, a, aHigh, x, xHigh)
    default:
      return divideExtended(f, destination, x, xHigh, a, aHigh)
  }
}

// @ts-ignore: decorator
@inline
function order(f: usize, x: u64, xHigh: u32): i32 {
  const p = register(f, 0)
  return compareExtended(load<u64>(p), load<u16>(p, 8), x, xHigh)
}

function compare(f: usize, x: u64, xHigh: u32, pops: u32): u32 {
  const r = order(f, x, xHigh)
  if (r == UNDECIDED) return SLOW
  store<u16>(f, (status(f) & ~FSW_CONDITIONS) | (r == 0 ? FSW_C3 : r < 0 ? FSW_C0 : 0), FX_STATUS)
  while (pops--) pop(f)
  return DONE
}

/** X is the operand last widened. */
function withOperand(f: usize, group: u32): u32 {
  if (!(fullRegisters(f) & 1)) return SLOW
  if (group == 2 || group == 3) return compare(f, significand, high, group & 1)
  return u32(arithmetic(f, group, register(f, 0), significand, high))
}

function storeNarrow(c: CpuState, f: usize, fits: bool, bytes: u32, pops: bool): u32 {
  if (!fits || !(fullRegisters(f) & 1)) return SLOW
  const to = writable(c, c.t0, bytes)
  if (to == 0) return SLOW
  if (bytes == 8) store<u64>(to, narrow)
  else if (bytes == 4) store<u32>(to, <u32>narrow)
  else store<u16>(to, <u16>narrow)
  note(f, outcome)
  return pops ? pop(f) : DONE
}

function storeFloat(c: CpuState, f: usize, bytes: u32, pops: bool): u32 {
  const p = register(f, 0)
  const control = load<u16>(f)
  const fits =
    bytes == 8
      ? narrowToDouble(control, load<u64>(p), load<u16>(p, 8))
      : narrowToSingle(control, load<u64>(p), load<u16>(p, 8))
  return storeNarrow(c, f, fits, bytes, pops)
}

function storeInteger(c: CpuState, f: usize, bytes: u32, group: u32): u32 {
  const p = register(f, 0)
  const control: u32 = group == 1 ? FCW_ROUND_TO_ZERO : load<u16>(f) // FISTTP
  return storeNarrow(c, f, narrowToInteger(control, load<u64>(p), load<u16>(p, 8), bytes << 3), bytes, group != 2)
}

/** `key`: opcode & 7, then the group of the ModRM byte. */
function memoryForm(c: CpuState, f: usize, key: u32): u32 {
  const group = key & 7
  switch (key >> 3) {
    case 0: {
      const p = readable(c, c.t0, 4)
      return p && widenSingle(load<u32>(p)) ? withOperand(f, group) : SLOW
    }
    case 1:
      if (group == 0) {
        const p = readable(c, c.t0, 4)
        return p && widenSingle(load<u32>(p)) ? push(f, significand, high) : SLOW
      }
      if (group == 5) {
        const p = readable(c, c.t0, 2)
        if (p == 0) return SLOW
        const control = (u32(load<u16>(p)) & FCW_WRITABLE) | FCW_ONES
        if (status(f) & ~control & FLOAT_EXCEPTIONS) return SLOW
        store<u16>(f, control)
        return DONE_CONTROL
      }
      if (group == 7) {
        const p = writable(c, c.t0, 2)
        if (p == 0) return SLOW
        store<u16>(p, load<u16>(f))
        return DONE_CONTROL
      }
      return group == 2 || group == 3 ? storeFloat(c, f, 4, group == 3) : SLOW
    case 2: {
      const p = readable(c, c.t0, 4)
      return p && widenInteger(load<i32>(p)) ? withOperand(f, group) : SLOW
    }
    case 3: {
      if (group == 0) {
        const p = readable(c, c.t0, 4)
        return p && widenInteger(load<i32>(p)) ? push(f, significand, high) : SLOW
      }
      if (group < 4) return storeInteger(c, f, 4, group)
      if (group == 5) {
        const p = readable(c, c.t0, 10)
        return p ? push(f, load<u64>(p), load<u16>(p, 8)) : SLOW
      }
      const p = writable(c, c.t0, 10)
      if (p == 0 || !(fullRegisters(f) & 1)) return SLOW
      copyRegister(p, register(f, 0))
      note(f, 0)
      return pop(f)
    }
    case 4: {
      const p = readable(c, c.t0, 8)
      return p && widenDouble(load<u64>(p)) ? withOperand(f, group) : SLOW
    }
    case 5:
      if (group == 0) {
        const p = readable(c, c.t0, 8)
        return p && widenDouble(load<u64>(p)) ? push(f, significand, high) : SLOW
      }
      if (group == 1) return storeInteger(c, f, 8, 1)
      return group == 2 || group == 3 ? storeFloat(c, f, 8, group == 3) : SLOW
    case 6: {
      const p = readable(c, c.t0, 2)
      return p && widenInteger(load<i16>(p)) ? withOperand(f, group) : SLOW
    }
    default:
      if (group == 0) {
        const p = readable(c, c.t0, 2)
        return p && widenInteger(load<i16>(p)) ? push(f, significand, high) : SLOW
      }
      if (group < 4) return storeInteger(c, f, 2, group)
      if (group == 5) {
        const p = readable(c, c.t0, 8)
        return p && widenInteger(load<i64>(p)) ? push(f, significand, high) : SLOW
      }
      return group == 7 ? storeInteger(c, f, 8, 3) : SLOW
  }
}

/** D9_FORM E0..FF. */
function unaryForm(f: usize, modrm: u32): u32 {
  if (modrm == 0xe8) return push(f, 0x8000000000000000, 0x3fff)
  if (modrm == 0xee) return push(f, 0, 0)
  if (!(fullRegisters(f) & 1)) return SLOW
  const p = register(f, 0)
  const upper = u32(load<u16>(p, 8))
  switch (modrm) {
    case 0xe0: // FCHS
      store<u16>(p, upper ^ 0x8000, 8)
      note(f, 0)
      return DONE
    case 0xe1: // FABS
      store<u16>(p, upper & 0x7fff, 8)
      note(f, 0)
      return DONE
    case 0xe4: // FTST
      return compare(f, 0, 0, 0)
    case 0xfa:
      return u32(rootExtended(f, p, load<u64>(p), upper))
    case 0xfc: {
      // FRNDINT
      if (!integral(load<u16>(f), load<u64>(p), upper)) return SLOW
      const shift = clz(narrow)
      store<u64>(p, narrow << shift)
      store<u16>(p, (upper & 0x8000) | (narrow ? <u32>(16446 - shift) : 0), 8)
      note(f, outcome)
      return DONE
    }
    default:
      return SLOW
  }
}

function registerForm(c: CpuState, f: usize, detail: u32): u32 {
  const key = detail >> 3
  const i = detail & 7
  const p = register(f, 0)
  const q = register(f, i)
  const full = fullRegisters(f)
  if (!(full & (full >> i) & 1)) return emptyForm(c, f, detail)
  const value = load<u64>(q)
  const upper = u32(load<u16>(q, 8))
  switch (key) {
    case D8_FORM + 0:
      return u32(addExtended(f, p, load<u64>(p), load<u16>(p, 8), value, upper))
    case D8_FORM + 1:
      return u32(multiplyExtended(f, p, load<u64>(p), load<u16>(p, 8), value, upper))
    case D8_FORM + 4:
      return u32(addExtended(f, p, load<u64>(p), load<u16>(p, 8), value, upper ^ SIGN))
    case D8_FORM + 5:
      return u32(addExtended(f, p, value, upper, load<u64>(p), load<u16>(p, 8) ^ SIGN))
    case D8_FORM + 6:
      return u32(divideExtended(f, p, load<u64>(p), load<u16>(p, 8), value, upper))
    case D8_FORM + 7:
      return u32(divideExtended(f, p, value, upper, load<u64>(p), load<u16>(p, 8)))
    case DC_FORM + 0:
    case DC_FORM + 1:
    case DC_FORM + 4:
    case DC_FORM + 5:
    case DC_FORM + 6:
    case DC_FORM + 7:
      return u32(arithmetic(f, key & 7, q, value, upper))
    case DE_FORM + 0:
    case DE_FORM + 1:
    case DE_FORM + 4:
    case DE_FORM + 5:
    case DE_FORM + 6:
    case DE_FORM + 7:
      return arithmetic(f, key & 7, q, value, upper) ? pop(f) : SLOW
    case D8_FORM + 2:
    case DD_FORM + 4:
      return compare(f, value, upper, 0)
    case D8_FORM + 3:
    case DD_FORM + 5:
      return compare(f, value, upper, 1)
    case DE_FORM + 3:
    case DA_FORM + 5:
      return compare(f, value, upper, 2)
    case D9_FORM + 0:
      return push(f, value, upper)
    case D9_FORM + 1: // FXCH
      copyRegister(q, p)
      store<u64>(p, value)
      store<u16>(p, upper, 8)
      note(f, 0)
      return DONE
    case D9_FORM + 4:
    case D9_FORM + 5:
    case D9_FORM + 7:
      return unaryForm(f, detail & 0xff)
    case DD_FORM + 2:
      copyRegister(q, p)
      note(f, 0)
      return DONE
    case DD_FORM + 3:
      copyRegister(q, p)
      note(f, 0)
      return pop(f)
    case DA_FORM + 0:
      return conditionalMove(c, p, q, 2)
    case DA_FORM + 1:
      return conditionalMove(c, p, q, 4)
    case DA_FORM + 2:
      return conditionalMove(c, p, q, 6)
    case DA_FORM + 3:
      return conditionalMove(c, p, q, 10)
    case DB_FORM + 0:
      return conditionalMove(c, p, q, 3)
    case DB_FORM + 1:
      return conditionalMove(c, p, q, 5)
    case DB_FORM + 2:
      return conditionalMove(c, p, q, 7)
    case DB_FORM + 3:
      return conditionalMove(c, p, q, 11)
    case DB_FORM + 5:
    case DB_FORM + 6:
    case DF_FORM + 5:
    case DF_FORM + 6: {
      const r = order(f, value, upper)
      if (r == UNDECIDED) return SLOW
      setArithmetic(c, r == 0 ? 0x40 : r < 0 ? 1 : 0)
      note(f, 0)
      return key < DF_FORM ? DONE : pop(f)
    }
    case DF_FORM + 4:
      return storeStatus(c, f)
    default:
      return SLOW
  }
}

function conditionalMove(c: CpuState, p: usize, q: usize, code: u32): u32 {
  if (condition(c, code)) copyRegister(p, q)
  return DONE
}

/** FNSTSW AX. */
function storeStatus(c: CpuState, f: usize): u32 {
  store<u16>(changetype<usize>(c), load<u16>(f, FX_STATUS))
  return DONE_CONTROL
}

/** ST(0) or ST(i) is empty, or the form has no ST(i) and its bits mean something else. */
function emptyForm(c: CpuState, f: usize, detail: u32): u32 {
  const i = detail & 7
  const full = fullRegisters(f)
  const p = register(f, i)
  switch (detail >> 3) {
    case D9_FORM + 0:
      return (full >> i) & 1 ? push(f, load<u64>(p), load<u16>(p, 8)) : SLOW
    case D9_FORM + 4:
    case D9_FORM + 5:
    case D9_FORM + 7:
      return unaryForm(f, detail & 0xff)
    case DD_FORM + 2:
    case DD_FORM + 3:
      if (!(full & 1)) return SLOW
      copyRegister(p, register(f, 0))
      store<u8>(f, load<u8>(f, FX_TAGS) | ((<u8>1) << (<u8>(((status(f) >> FSW_TOP_SHIFT) + i) & 7))), FX_TAGS)
      note(f, 0)
      return detail >> 3 == DD_FORM + 3 ? pop(f) : DONE
    case DF_FORM + 4:
      return storeStatus(c, f)
    default:
      return SLOW
  }
}

/** `detail`: as in x87.ts. */
// @ts-ignore: decorator
@inline
export function fastForm(c: CpuState, f: usize, detail: u32): u32 {
  if ((detail & 0xc0) == 0xc0) return registerForm(c, f, detail)
  return memoryForm(c, f, ((detail >> 8) << 3) | ((detail >> 3) & 7))
}
