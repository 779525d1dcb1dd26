// Reading flags in compiled code: conditions and the carry, from whatever form the flag words have at that place.
//
// Where the form is known, a condition is one comparison of the operands that the producer left. Where it is not (a place that several ways
// lead to), the words are settled first by the core's own routine, so that the meaning of each form is stated once (core/state/flag-forms.ts).

import {
  FORM_ADD,
  FORM_DEC,
  FORM_INC,
  FORM_LOGIC,
  FORM_SAR,
  FORM_SHL,
  FORM_SHR,
  FORM_SUB,
} from '../numbers/flag-forms.js'
import { CC_B, CC_BE, CC_L, CC_O, CC_P, CC_S, CC_Z } from '../numbers/operations.js'
import { type Context, DYNAMIC, WORDS } from './context.js'
import { HELPER } from './function-builder.js'
import { C, FLAG_A, FLAG_B, FLAG_C, X2 } from './locals.js'
import { W } from './wasm.js'

/** Brings the flag words into the form WORDS. */
export function settle(c: Context): void {
  if (c.form === WORDS || settleInPlace(c)) return
  c.publishForm()
  c.f.spillFlags()
  c.code.get(C)
  c.code.call(HELPER.flags)
  c.f.reloadFlags()
  c.form = WORDS
}

/** The same as core/state/flag-forms.ts, for the frequent forms: a call keeps V8 from holding anything in registers around it. */
function settleInPlace(c: Context): boolean {
  const kind = c.form < 0 ? DYNAMIC : c.form & ~3
  if (kind !== FORM_ADD && kind !== FORM_SUB && kind !== FORM_LOGIC) return false
  const { code } = c
  const sz = c.form & 3
  if (kind === FORM_LOGIC) {
    code.i64(0)
    code.set(FLAG_B)
    code.i64(0)
    code.set(FLAG_C)
  } else {
    result(c, kind)
    code.set(X2)
    code.get(FLAG_A)
    code.get(FLAG_B)
    code.op(W.i64Xor)
    code.get(X2)
    code.op(W.i64Xor)
    code.i64(16)
    code.op(W.i64And)
    code.set(FLAG_C)
    // Carries: (a & b) | ((a | b) & ~r); borrows: (~a & b) | (~(a ^ b) & r). Either is (a' & b) | ((a' ^ b) & r') with a' and r' as here.
    const complement = (local: number, wanted: boolean): void => {
      code.get(local)
      if (!wanted) return
      code.i64(-1)
      code.op(W.i64Xor)
    }
    complement(FLAG_A, kind === FORM_SUB)
    code.get(FLAG_B)
    code.op(W.i64And)
    complement(FLAG_A, kind === FORM_SUB)
    code.get(FLAG_B)
    code.op(W.i64Xor)
    complement(X2, kind === FORM_ADD)
    code.op(W.i64And)
    code.op(W.i64Or)
    if (sz < 3) {
      code.i64(64 - (8 << sz))
      code.op(W.i64Shl)
    }
    code.set(FLAG_B)
    code.get(X2)
    code.set(FLAG_A)
  }
  if (sz < 3) {
    code.get(FLAG_A)
    c.signExtend(sz)
    code.set(FLAG_A)
  }
  c.form = WORDS
  return true
}

/** Settles where the form is unknown or too rich to be read in place. */
function settleUnless(c: Context, ...kinds: number[]): number {
  const kind = c.form < 0 ? DYNAMIC : c.form & ~3
  if (kind !== DYNAMIC && kinds.includes(kind)) return kind
  settle(c)
  return WORDS
}

/** Pushes the result of the producer, with garbage above the operand size. */
function result(c: Context, kind: number): void {
  const { code } = c
  code.get(FLAG_A)
  if (kind === FORM_ADD || kind === FORM_SUB || kind >= FORM_SHL) {
    code.get(FLAG_B)
    code.op(
      kind === FORM_ADD
        ? W.i64Add
        : kind === FORM_SUB
          ? W.i64Sub
          : kind === FORM_SHL
            ? W.i64Shl
            : kind === FORM_SHR
              ? W.i64ShrU
              : W.i64ShrS,
    )
  }
}

const ANY = [WORDS, FORM_ADD, FORM_SUB, FORM_LOGIC, FORM_INC, FORM_DEC, FORM_SHL, FORM_SHR, FORM_SAR]

/** Pushes ZF as an i32. */
function zero(c: Context): void {
  const kind = settleUnless(c, ...ANY)
  const { code } = c
  if (kind === FORM_SUB) {
    code.get(FLAG_A)
    code.get(FLAG_B)
    code.op(W.i64Eq)
    return
  }
  result(c, kind)
  if (kind !== WORDS && kind !== FORM_LOGIC && kind !== FORM_INC && kind !== FORM_DEC) c.truncate(c.form & 3)
  code.op(W.i64Eqz)
}

/** Pushes SF as an i32. */
function sign(c: Context): void {
  const kind = settleUnless(c, ...ANY)
  const { code } = c
  result(c, kind)
  if (kind === WORDS) {
    code.get(FLAG_C)
    code.op(W.i64Xor)
  } else c.signExtend(c.form & 3)
  code.i64(0)
  code.op(W.i64LtS)
}

/** Pushes CF as an i64, 0 or 1. */
export function carry(c: Context): void {
  const kind = settleUnless(c, WORDS, FORM_ADD, FORM_SUB, FORM_LOGIC, FORM_INC, FORM_DEC)
  const { code } = c
  const sz = c.form & 3
  if (kind === FORM_LOGIC) code.i64(0)
  else if (kind === FORM_SUB) {
    code.get(FLAG_A)
    code.get(FLAG_B)
    code.op(W.i64LtU)
    code.op(W.i64ExtendI32U)
  } else if (kind === FORM_ADD) {
    code.get(FLAG_A)
    code.get(FLAG_B)
    code.op(W.i64Add)
    if (sz === 3) {
      code.get(FLAG_A)
      code.op(W.i64LtU)
      code.op(W.i64ExtendI32U)
    } else {
      code.i64(8 << sz)
      code.op(W.i64ShrU)
    }
  } else {
    code.get(FLAG_B)
    code.i64(63)
    code.op(W.i64ShrU)
  }
}

function carryBit(c: Context): void {
  carry(c)
  c.code.op(W.i32WrapI64)
}

/** Pushes OF as an i32. */
function overflow(c: Context): void {
  const kind = settleUnless(c, WORDS, FORM_ADD, FORM_SUB, FORM_LOGIC)
  const { code } = c
  if (kind === FORM_LOGIC) {
    code.i32(0)
    return
  }
  if (kind === WORDS) {
    code.get(FLAG_B)
    code.get(FLAG_B)
    code.i64(1)
    code.op(W.i64Shl)
    code.op(W.i64Xor)
  } else {
    // ADD: (a ^ r) & (b ^ r); SUB: (a ^ b) & (a ^ r); the sign bit of the operand size.
    result(c, kind)
    code.set(X2)
    code.get(FLAG_A)
    code.get(kind === FORM_ADD ? X2 : FLAG_B)
    code.op(W.i64Xor)
    code.get(kind === FORM_ADD ? FLAG_B : FLAG_A)
    code.get(X2)
    code.op(W.i64Xor)
    code.op(W.i64And)
    c.signExtend(c.form & 3)
  }
  code.i64(0)
  code.op(W.i64LtS)
}

/** Pushes PF as an i32. */
function parity(c: Context): void {
  const kind = settleUnless(c, ...ANY)
  const { code } = c
  result(c, kind)
  if (kind === WORDS) {
    code.get(FLAG_C)
    code.i64(8)
    code.op(W.i64ShrU)
    code.op(W.i64Xor)
  }
  code.i64(0xff)
  code.op(W.i64And)
  code.op(W.i64Popcnt)
  code.op(W.i32WrapI64)
  code.i32(1)
  code.op(W.i32And)
  code.op(W.i32Eqz)
}

/** Pushes SF != OF as an i32. */
function less(c: Context): void {
  const kind = settleUnless(c, WORDS, FORM_SUB, FORM_LOGIC)
  if (kind === FORM_LOGIC) sign(c)
  else if (kind === FORM_SUB) compareSigned(c, W.i64LtS)
  else {
    sign(c)
    overflow(c)
    c.code.op(W.i32Xor)
  }
}

function compareSigned(c: Context, op: number): void {
  const sz = c.form & 3
  c.code.get(FLAG_A)
  c.signExtend(sz)
  c.code.get(FLAG_B)
  c.signExtend(sz)
  c.code.op(op)
}

/** Pushes condition `cc` (CC_*) as an i32. */
export function condition(c: Context, cc: number): void {
  const { code } = c
  switch (cc >> 1) {
    case CC_O >> 1:
      overflow(c)
      break
    case CC_B >> 1:
      carryBit(c)
      break
    case CC_Z >> 1:
      zero(c)
      break
    case CC_BE >> 1:
      if (c.form >= FORM_SUB && c.form < FORM_LOGIC) {
        code.get(FLAG_A)
        code.get(FLAG_B)
        code.op(cc & 1 ? W.i64GtU : W.i64LeU)
        return
      }
      carryBit(c)
      zero(c)
      code.op(W.i32Or)
      break
    case CC_S >> 1:
      sign(c)
      break
    case CC_P >> 1:
      parity(c)
      break
    case CC_L >> 1:
      if (c.form >= FORM_SUB && c.form < FORM_LOGIC) {
        compareSigned(c, cc & 1 ? W.i64GeS : W.i64LtS)
        return
      }
      less(c)
      break
    default: // CC_LE
      if (c.form >= FORM_SUB && c.form < FORM_LOGIC) {
        compareSigned(c, cc & 1 ? W.i64GtS : W.i64LeS)
        return
      }
      less(c)
      zero(c)
      code.op(W.i32Or)
  }
  if (cc & 1) code.op(W.i32Eqz)
}
