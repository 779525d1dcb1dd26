// Out-of-line instructions (core/execute/cold.ts) that are frequent enough to be compiled: bit scans, POPCNT, CMPXCHG, multiplication and
// division of 32 and 64 bits, CLD and STD.
//
// What is rare about them, a quotient that does not fit or flags that must be kept in part, is left to the interpreter or to the helper.
// Flags that the SDM leaves undefined are those of core/execute/cold.ts.

import { FORM_SUB } from '../numbers/flag-forms.js'
import {
  COLD_BSF,
  COLD_BSR,
  COLD_CMPXCHG,
  COLD_DIRECTION,
  COLD_DIV,
  COLD_IDIV,
  COLD_IMUL,
  COLD_MUL,
  COLD_POPCNT,
} from '../numbers/integer-functions.js'
import { LEAVE_UOP } from '../numbers/leaving.js'
import { OP_COLD, SLOT_RAX, SLOT_RDX, SLOT_T3 } from '../numbers/operations.js'
import { DF } from '../numbers/registers.js'
import { STATE_OFFSETS } from '../state-layout.js'
import { type Context, WORDS } from './context.js'
import { C, FLAG_A, FLAG_B, FLAG_C, X0, X1, X2, X3 } from './locals.js'
import { detailOf, functionOf, type Uop } from './uops.js'
import { W } from './wasm.js'

/** Does the uop produce all flags, and can it not leave the function? Then flags before it need not be kept for it. */
export function replacesFlags(uop: Uop): boolean {
  const fn = functionOf(uop)
  return uop.op === OP_COLD && (fn === COLD_BSF || fn === COLD_BSR || fn === COLD_POPCNT || fn === COLD_CMPXCHG)
}

/** Emits a frequent out-of-line uop; false if it is none, or if its flags ask for the helper. */
export function emitCold(c: Context, uop: Uop, needed: boolean): boolean {
  if (uop.op !== OP_COLD) return false
  const sz = 31 - Math.clz32(uop.x)
  switch (functionOf(uop)) {
    case COLD_BSF:
    case COLD_BSR:
      bitScan(c, uop, sz, needed)
      return true
    case COLD_POPCNT:
      countBits(c, uop, sz, needed)
      return true
    case COLD_CMPXCHG:
      compareExchange(c, uop, sz)
      return true
    case COLD_MUL:
    case COLD_IMUL:
      if (needed || sz < 2) return false
      if (sz === 2) multiply32(c, uop, functionOf(uop) === COLD_IMUL)
      else multiply64(c, uop, functionOf(uop) === COLD_IMUL)
      return true
    case COLD_DIV:
    case COLD_IDIV:
      if (needed || sz < 2) return false
      divide(c, uop, sz, functionOf(uop) === COLD_IDIV)
      return true
    case COLD_DIRECTION:
      direction(c, detailOf(uop) !== 0)
      return true
    default:
      return false
  }
}

/** Gives the flag words: the result's zero test from X0, no carry, and the parity correction on the stack. */
function setWords(c: Context): void {
  const { code, f } = c
  f.useFlags()
  code.set(FLAG_C)
  code.i64(0)
  code.set(FLAG_B)
  code.get(X0)
  code.i64(0)
  code.op(W.i64Ne)
  code.op(W.i64ExtendI32U)
  code.set(FLAG_A)
  c.form = WORDS
}

function bitScan(c: Context, uop: Uop, sz: number, needed: boolean): void {
  const { code, f } = c
  c.getSized(uop.s1, sz)
  code.set(X0)
  if (functionOf(uop) === COLD_BSF) {
    code.get(X0)
    code.op(W.i64Ctz)
  } else {
    code.i64(63)
    code.get(X0)
    code.op(W.i64Clz)
    code.op(W.i64Sub)
  }
  code.set(X1)
  // A source of zero leaves the destination as it is, its upper half too.
  code.get(X0)
  code.i64(0)
  code.op(W.i64Ne)
  f.if()
  code.get(X1)
  c.setSized(uop.d, sz)
  f.end()
  if (!needed) return
  // PF of the index; ZF and PF for zero.
  code.get(X1)
  code.op(W.i64Popcnt)
  code.i64(1)
  code.op(W.i64And)
  code.i64(1)
  code.op(W.i64Xor)
  code.i64(8)
  code.op(W.i64Shl)
  code.i64(0)
  code.get(X0)
  code.i64(0)
  code.op(W.i64Ne)
  code.op(W.select)
  setWords(c)
}

function countBits(c: Context, uop: Uop, sz: number, needed: boolean): void {
  const { code } = c
  c.getSized(uop.s1, sz)
  code.tee(X0)
  code.op(W.i64Popcnt)
  c.setSized(uop.d, sz)
  if (!needed) return
  code.get(X0)
  code.op(W.i64Eqz)
  code.op(W.i64ExtendI32U)
  code.i64(8)
  code.op(W.i64Shl)
  setWords(c)
}

/** s1 the old value; a register destination (detail) is written on success only, else d is what to store back and T3 the RAX that follows. */
function compareExchange(c: Context, uop: Uop, sz: number): void {
  const { code, f } = c
  const register = detailOf(uop) !== 0
  const accumulator = register ? SLOT_RAX : SLOT_T3
  if (!register) {
    f.get(SLOT_RAX)
    f.set(SLOT_T3)
  }
  c.getSized(SLOT_RAX, sz)
  c.getSized(uop.s1, sz)
  c.keepOperands()
  c.produced(FORM_SUB, sz)
  code.get(FLAG_A)
  code.get(FLAG_B)
  code.op(W.i64Eq)
  f.if()
  c.getSized(uop.s2, sz)
  if (register) c.setSized(uop.s1, sz)
  else f.set(uop.d)
  f.else()
  code.get(FLAG_B)
  f.set(uop.d)
  code.get(FLAG_B)
  c.setSized(accumulator, sz)
  f.end()
}

/** The halves of a 64-bit result in X2 into EAX and EDX. */
function setHalves(c: Context): void {
  const { code, f } = c
  code.get(X2)
  c.truncate(2)
  f.set(SLOT_RAX)
  code.get(X2)
  code.i64(32)
  code.op(W.i64ShrU)
  f.set(SLOT_RDX)
}

function multiply32(c: Context, uop: Uop, signed: boolean): void {
  const { code } = c
  for (const slot of [SLOT_RAX, uop.s1]) {
    c.getSized(slot, 2)
    if (signed) c.signExtend(2)
  }
  code.op(W.i64Mul)
  code.set(X2)
  setHalves(c)
}

function multiply64(c: Context, uop: Uop, signed: boolean): void {
  const { code, f } = c
  const low = (local: number) => {
    code.get(local)
    c.truncate(2)
  }
  const high = (local: number) => {
    code.get(local)
    code.i64(32)
    code.op(W.i64ShrU)
  }
  const times = (a: () => void, b: () => void) => {
    a()
    b()
    code.op(W.i64Mul)
  }
  f.get(SLOT_RAX)
  code.set(X0)
  f.get(uop.s1)
  code.set(X1)
  // The schoolbook product of halves, as core/execute/arithmetic.ts has it.
  times(
    () => high(X0),
    () => low(X1),
  )
  times(
    () => low(X0),
    () => low(X1),
  )
  code.i64(32)
  code.op(W.i64ShrU)
  code.op(W.i64Add)
  code.set(X2)
  times(
    () => low(X0),
    () => high(X1),
  )
  low(X2)
  code.op(W.i64Add)
  code.set(X3)
  times(
    () => high(X0),
    () => high(X1),
  )
  high(X2)
  code.op(W.i64Add)
  high(X3)
  code.op(W.i64Add)
  if (signed) {
    for (const [a, b] of [
      [X0, X1],
      [X1, X0],
    ] as const) {
      code.get(a)
      code.i64(63)
      code.op(W.i64ShrS)
      code.get(b)
      code.op(W.i64And)
      code.op(W.i64Sub)
    }
  }
  f.set(SLOT_RDX)
  times(
    () => code.get(X0),
    () => code.get(X1),
  )
  f.set(SLOT_RAX)
}

/** The interpreter divides where the condition on the stack is true. */
function interpretIf(c: Context): void {
  c.prepareLeave(LEAVE_UOP)
  c.f.leaveIf()
}

function divide(c: Context, uop: Uop, sz: number, signed: boolean): void {
  const { code, f } = c
  c.getSized(uop.s1, sz)
  if (signed) c.signExtend(sz)
  code.set(X1)
  if (sz === 2) {
    f.get(SLOT_RDX)
    code.i64(32)
    code.op(W.i64Shl)
    c.getSized(SLOT_RAX, 2)
    code.op(W.i64Or)
  } else f.get(SLOT_RAX)
  code.set(X0)
  if (signed) {
    // 0 and -1 aside, only a 128-bit dividend or a long quotient can be too large.
    code.get(X1)
    code.i64(1)
    code.op(W.i64Add)
    code.i64(1)
    code.op(W.i64LeU)
    interpretIf(c)
    if (sz === 3) {
      f.get(SLOT_RDX)
      code.get(X0)
      code.i64(63)
      code.op(W.i64ShrS)
      code.op(W.i64Ne)
      interpretIf(c)
    }
  } else {
    c.getSized(SLOT_RDX, sz)
    if (sz === 2) code.get(X1)
    else code.i64(1)
    code.op(W.i64GeU)
    interpretIf(c)
    if (sz === 3) {
      code.get(X1)
      code.op(W.i64Eqz)
      interpretIf(c)
    }
  }
  code.get(X0)
  code.get(X1)
  code.op(signed ? W.i64DivS : W.i64DivU)
  code.set(X2)
  if (signed && sz === 2) {
    code.get(X2)
    code.get(X2)
    c.signExtend(2)
    code.op(W.i64Ne)
    interpretIf(c)
  }
  code.get(X0)
  code.get(X1)
  code.op(signed ? W.i64RemS : W.i64RemU)
  c.truncate(sz)
  f.set(SLOT_RDX)
  code.get(X2)
  c.truncate(sz)
  f.set(SLOT_RAX)
}

function direction(c: Context, set: boolean): void {
  const { code } = c
  code.get(C)
  code.get(C)
  code.memory(W.i64Load, STATE_OFFSETS.rflags)
  code.i64(set ? DF : ~DF)
  code.op(set ? W.i64Or : W.i64And)
  code.memory(W.i64Store, STATE_OFFSETS.rflags)
}
