// Moves and integer arithmetic in compiled code. What each operation means is stated in core/execute/arithmetic.ts and the interpreter's
// cases; this is the same in WebAssembly, with operands in locals.
//
// A producer of flags leaves its operands in the flag words and names its form, if anything can see its flags (`needed`); otherwise it is
// plain arithmetic. Operands are read before anything is written, since source and destination may be the same slot.

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
import {
  OP_ADCF,
  OP_ADD32,
  OP_ADDF,
  OP_ANDF,
  OP_BSWAP32,
  OP_BSWAP64,
  OP_CC,
  OP_CMPF,
  OP_CMPJ32,
  OP_DECF,
  OP_IMUL32,
  OP_IMUL64,
  OP_IMULF16,
  OP_IMULF32,
  OP_IMULF64,
  OP_INCF,
  OP_LEA16,
  OP_LEA32,
  OP_LEA64,
  OP_LOAD,
  OP_MOV8,
  OP_MOV16,
  OP_MOV32,
  OP_MOV64,
  OP_NEG32,
  OP_NEG64,
  OP_NEGF,
  OP_NOP,
  OP_NOT,
  OP_ORF,
  OP_ROLF,
  OP_RORF,
  OP_SAR64,
  OP_SARF,
  OP_SBBF,
  OP_SELECT16,
  OP_SELECT32,
  OP_SELECT64,
  OP_SHLF,
  OP_SHRF,
  OP_SUBF,
  OP_SX8_32,
  OP_SX8_64,
  OP_SX16_32,
  OP_SX16_64,
  OP_SX32_64,
  OP_TESTF,
  OP_XORF,
  OP_ZX8_64,
  OP_ZX16_64,
  SLOT_ZERO,
} from '../numbers/operations.js'
import { AF } from '../numbers/registers.js'
import { type Context, DYNAMIC, WORDS } from './context.js'
import { replacesFlags } from './emit-cold.js'
import { carry, condition, settle } from './emit-flags.js'
import { HELPER } from './function-builder.js'
import { FLAG_A, FLAG_B, FLAG_C, FORM, VZERO, X0, X1, X2, X3 } from './locals.js'
import type { Uop } from './uops.js'
import { W } from './wasm.js'
import { V } from './wasm-simd.js'

/** Emits an integer uop; false if it is none. */
export function emitInteger(c: Context, uop: Uop, needed: boolean): boolean {
  const { op } = uop
  if (op >= OP_ADDF && op < OP_ADD32) return flagProducer(c, uop, needed)
  if (op >= OP_ADD32 && op <= OP_SAR64) {
    plain(c, uop)
    return true
  }
  if (op >= OP_ROLF && op < OP_RORF + 4) {
    rotate(c, uop, needed)
    return true
  }
  return move(c, uop) || unary(c, uop) || multiply(c, uop, needed)
}

function move(c: Context, uop: Uop): boolean {
  const { code, f } = c
  const { op } = uop
  switch (op) {
    case OP_NOP:
      return true
    case OP_MOV8:
    case OP_MOV16:
    case OP_MOV32:
    case OP_MOV64:
      c.operandB(uop, op - OP_MOV8)
      c.setSized(uop.d, op - OP_MOV8)
      return true
    case OP_ZX8_64:
    case OP_ZX16_64:
      c.getSized(uop.s2, op - OP_ZX8_64)
      f.set(uop.d)
      return true
    case OP_SX8_64:
    case OP_SX16_64:
    case OP_SX32_64:
      // AH to BH begin in the second byte.
      if ((uop.s2 & 7) !== 0) c.getSized(uop.s2, 0)
      else f.get(uop.s2)
      c.signExtend(op - OP_SX8_64)
      f.set(uop.d)
      return true
    case OP_SX8_32:
    case OP_SX16_32:
      if ((uop.s2 & 7) !== 0) c.getSized(uop.s2, 0)
      else f.get(uop.s2)
      c.signExtend(op - OP_SX8_32)
      c.truncate(2)
      f.set(uop.d)
      return true
    case OP_BSWAP32:
    case OP_BSWAP64:
      f.get(uop.s1)
      code.simd(V.splat64)
      code.get(VZERO)
      code.simd(V.shuffle)
      for (let i = 0; i < 16; i++) code.byte(i < 8 ? (op === OP_BSWAP64 ? 7 - i : i < 4 ? 3 - i : 16 + i) : 16 + i)
      code.simd(V.extract64)
      code.byte(0)
      f.set(uop.d)
      return true
    case OP_LEA64:
    case OP_LEA32:
    case OP_LEA16:
      c.address(uop, uop.immediate)
      if (op !== OP_LEA64) c.truncate(op === OP_LEA32 ? 2 : 1)
      f.set(uop.d)
      return true
    case OP_SELECT16:
    case OP_SELECT32:
    case OP_SELECT64: {
      const sz = op - OP_SELECT16 + 1
      c.operandB(uop, sz)
      c.getSized(uop.d, sz)
      f.get(uop.s1)
      code.i64(0)
      code.op(W.i64Ne)
      code.op(W.select)
      c.setSized(uop.d, sz)
      return true
    }
    case OP_CC:
      condition(c, uop.x)
      code.op(W.i64ExtendI32U)
      f.set(uop.d)
      return true
    default:
      return false
  }
}

const PLAIN = [W.i64Add, W.i64Sub, W.i64And, W.i64Or, W.i64Xor, W.i64Shl, W.i64ShrU, W.i64ShrS] as const

/** ADD32 to SAR64: two operations a kind, 32 bits and 64. */
function plain(c: Context, uop: Uop): void {
  const { code, f } = c
  const index = uop.op - OP_ADD32
  const sz = 2 + (index & 1)
  const kind = index >> 1
  if (kind < 5) {
    f.get(uop.s1)
    if (uop.s2 === SLOT_ZERO) code.i64(uop.immediate)
    else {
      f.get(uop.s2)
      if (uop.immediate !== 0n) {
        code.i64(uop.immediate)
        code.op(W.i64Add)
      }
    }
  } else {
    if (kind === 7 && sz === 2) {
      f.get(uop.s1)
      c.signExtend(2)
    } else if (kind === 6) c.getSized(uop.s1, sz)
    else f.get(uop.s1)
    count(c, uop, sz)
  }
  code.op(PLAIN[kind] as number)
  c.truncate(sz)
  f.set(uop.d)
}

/** Pushes a shift count, masked to 5 bits, or 6 for 64-bit operands. */
function count(c: Context, uop: Uop, sz: number): void {
  const { code, f } = c
  const mask = sz === 3 ? 63 : 31
  if (uop.s2 === SLOT_ZERO) {
    code.i64(uop.low & mask)
    return
  }
  f.get(uop.s2)
  if ((uop.s2 & 7) !== 0) {
    code.i64(8)
    code.op(W.i64ShrU)
  }
  if (uop.immediate !== 0n) {
    code.i64(uop.immediate)
    code.op(W.i64Add)
  }
  code.i64(mask)
  code.op(W.i64And)
}

function flagProducer(c: Context, uop: Uop, needed: boolean): boolean {
  const { code } = c
  const group = uop.op & ~3
  const sz = uop.op & 3
  switch (group) {
    case OP_ADDF:
    case OP_SUBF:
      c.getSized(uop.s1, sz)
      c.operandB(uop, sz)
      if (needed) {
        c.keepOperands()
        code.get(FLAG_A)
        code.get(FLAG_B)
        c.produced(group === OP_ADDF ? FORM_ADD : FORM_SUB, sz)
      }
      code.op(group === OP_ADDF ? W.i64Add : W.i64Sub)
      c.truncate(sz)
      c.setSized(uop.d, sz)
      return true
    case OP_CMPF:
      if (!needed) return true
      c.getSized(uop.s1, sz)
      c.operandB(uop, sz)
      c.keepOperands()
      c.produced(FORM_SUB, sz)
      return true
    case OP_ANDF:
    case OP_ORF:
    case OP_XORF:
    case OP_TESTF:
      if (group === OP_TESTF && !needed) return true
      c.getSized(uop.s1, sz)
      c.operandB(uop, sz)
      code.op(group === OP_ORF ? W.i64Or : group === OP_XORF ? W.i64Xor : W.i64And)
      if (needed) {
        if (group === OP_TESTF) code.set(FLAG_A)
        else code.tee(FLAG_A)
        c.produced(FORM_LOGIC, sz)
      }
      if (group !== OP_TESTF) c.setSized(uop.d, sz)
      return true
    case OP_ADCF:
    case OP_SBBF:
      withCarry(c, uop, group === OP_ADCF, sz, needed)
      return true
    case OP_INCF:
    case OP_DECF:
      if (needed) keepCarry(c)
      c.getSized(uop.s1, sz)
      code.i64(group === OP_INCF ? 1 : -1)
      code.op(W.i64Add)
      c.truncate(sz)
      if (needed) {
        code.tee(FLAG_A)
        c.produced(group === OP_INCF ? FORM_INC : FORM_DEC, sz)
      }
      c.setSized(uop.d, sz)
      return true
    case OP_NEGF:
      code.i64(0)
      c.getSized(uop.s1, sz)
      if (needed) {
        c.keepOperands()
        code.get(FLAG_A)
        code.get(FLAG_B)
        c.produced(FORM_SUB, sz)
      }
      code.op(W.i64Sub)
      c.truncate(sz)
      c.setSized(uop.d, sz)
      return true
    case OP_SHLF:
    case OP_SHRF:
    case OP_SARF:
      shift(c, uop, group === OP_SHLF ? FORM_SHL : group === OP_SHRF ? FORM_SHR : FORM_SAR, sz, needed)
      return true
    default:
      return false
  }
}

/** Makes bit 63 of the second flag word the carry, for FORM_INC and FORM_DEC, which leave it. */
function keepCarry(c: Context): void {
  const { code, f } = c
  f.useFlags()
  const kind = c.form < 0 ? DYNAMIC : c.form & ~3
  if (kind === WORDS || kind === FORM_INC || kind === FORM_DEC) return
  if (kind === DYNAMIC) {
    // Forms FORM_INC and FORM_DEC, as in a loop around FORM_DEC, and WORDS have it there already.
    code.get(FORM)
    code.op(W.i32Eqz)
    code.get(FORM)
    code.i32(-8)
    code.op(W.i32And)
    code.i32(FORM_INC)
    code.op(W.i32Eq)
    code.op(W.i32Or)
    code.op(W.i32Eqz)
    f.if()
    settle(c)
    f.end()
    c.form = DYNAMIC
    return
  }
  carry(c)
  code.i64(63)
  code.op(W.i64Shl)
  code.set(FLAG_B)
}

/** ADC, SBB: the incoming carry makes a form of its own too costly; the words are computed. */
function withCarry(c: Context, uop: Uop, add: boolean, sz: number, needed: boolean): void {
  const { code, f } = c
  f.useFlags()
  carry(c)
  code.set(X2)
  c.getSized(uop.s1, sz)
  code.set(X0)
  c.operandB(uop, sz)
  code.set(X1)
  code.get(X0)
  code.get(X1)
  code.op(add ? W.i64Add : W.i64Sub)
  code.get(X2)
  code.op(add ? W.i64Add : W.i64Sub)
  c.truncate(sz)
  code.set(X3)
  if (needed) {
    code.get(X3)
    c.signExtend(sz)
    code.set(FLAG_A)
    // Carries: (a & b) | ((a | b) & ~r); borrows: (~a & b) | (~(a ^ b) & r).
    if (add) code.get(X0)
    else invert(c, X0)
    code.get(X1)
    code.op(W.i64And)
    code.get(X0)
    code.get(X1)
    code.op(add ? W.i64Or : W.i64Xor)
    if (!add) {
      code.i64(-1)
      code.op(W.i64Xor)
      code.get(X3)
    } else invert(c, X3)
    code.op(W.i64And)
    code.op(W.i64Or)
    code.i64(64 - (8 << sz))
    code.op(W.i64Shl)
    code.set(FLAG_B)
    code.get(X0)
    code.get(X1)
    code.op(W.i64Xor)
    code.get(X3)
    code.op(W.i64Xor)
    code.i64(AF)
    code.op(W.i64And)
    code.set(FLAG_C)
    c.form = WORDS
  }
  code.get(X3)
  c.setSized(uop.d, sz)
}

function invert(c: Context, local: number): void {
  c.code.get(local)
  c.code.i64(-1)
  c.code.op(W.i64Xor)
}

const SHIFT_OP = { [FORM_SHL]: W.i64Shl, [FORM_SHR]: W.i64ShrU, [FORM_SAR]: W.i64ShrS } as const

function shift(
  c: Context,
  uop: Uop,
  kind: typeof FORM_SHL | typeof FORM_SHR | typeof FORM_SAR,
  sz: number,
  needed: boolean,
): void {
  const { code, f } = c
  c.getSized(uop.s1, sz)
  if (kind === FORM_SAR) c.signExtend(sz)
  if (uop.s2 === SLOT_ZERO) {
    const n = uop.low & (sz === 3 ? 63 : 31)
    if (needed && n !== 0) {
      code.tee(FLAG_A)
      code.i64(n)
      code.tee(FLAG_B)
      c.produced(kind, sz)
    } else code.i64(n)
    code.op(SHIFT_OP[kind] as number)
    c.truncate(sz)
    c.setSized(uop.d, sz)
    return
  }
  code.set(X0)
  count(c, uop, sz)
  code.set(X1)
  if (needed) {
    // A count of 0 leaves the flags as they are.
    f.useFlags()
    c.publishForm()
    for (const [local, value] of [
      [FLAG_A, X0],
      [FLAG_B, X1],
    ] as const) {
      code.get(value)
      code.get(local)
      code.get(X1)
      code.op(W.i32WrapI64)
      code.op(W.select)
      code.set(local)
    }
    code.i32(kind + sz)
    code.get(FORM)
    code.get(X1)
    code.op(W.i32WrapI64)
    code.op(W.select)
    code.set(FORM)
    c.form = DYNAMIC
  }
  code.get(X0)
  code.get(X1)
  code.op(SHIFT_OP[kind] as number)
  c.truncate(sz)
  c.setSized(uop.d, sz)
}

/** ROL, ROR: they change CF and OF only, and nothing where the masked count is 0. */
function rotate(c: Context, uop: Uop, needed: boolean): void {
  const { code, f } = c
  const left = uop.op < OP_RORF
  const sz = uop.op & 3
  const width = 8 << sz
  if (needed) {
    f.useFlags()
    settle(c)
  }
  c.getSized(uop.s1, sz)
  code.set(X0)
  count(c, uop, sz)
  code.set(X1)
  if (sz === 3) {
    code.get(X0)
    code.get(X1)
    code.op(left ? W.i64Rotl : W.i64Rotr)
  } else {
    // (a << k) | (a >> (width - k)), k = n mod width, with the roles exchanged for ROR.
    code.get(X1)
    code.i64(width - 1)
    code.op(W.i64And)
    code.set(X2)
    code.get(X0)
    code.get(X2)
    code.op(left ? W.i64Shl : W.i64ShrU)
    code.get(X0)
    code.i64(width)
    code.get(X2)
    code.op(W.i64Sub)
    code.i64(width - 1)
    code.op(W.i64And)
    code.op(left ? W.i64ShrU : W.i64Shl)
    code.op(W.i64Or)
    c.truncate(sz)
  }
  code.set(X3)
  if (needed) {
    // CF: the bit that went around; OF: it differs from its neighbour at the top.
    const top = (shiftBy: number) => {
      code.get(X3)
      code.i64(shiftBy)
      code.op(W.i64ShrU)
      code.i64(1)
      code.op(W.i64And)
    }
    if (left) top(0)
    else top(width - 1)
    code.i64(63)
    code.op(W.i64Shl)
    // Bit 62 = CF ^ OF: for ROL the new top bit, for ROR the bit below the top.
    if (left) top(width - 1)
    else top(width - 2)
    code.i64(62)
    code.op(W.i64Shl)
    code.op(W.i64Or)
    code.get(FLAG_B)
    code.get(X1)
    code.op(W.i32WrapI64)
    code.op(W.select)
    code.set(FLAG_B)
  }
  code.get(X3)
  c.setSized(uop.d, sz)
}

function unary(c: Context, uop: Uop): boolean {
  const { code, f } = c
  const { op } = uop
  if (op >= OP_NOT && op < OP_NOT + 4) {
    const sz = op - OP_NOT
    c.getSized(uop.s1, sz)
    code.i64(sz === 3 ? -1n : BigInt.asUintN(8 << sz, -1n))
    code.op(W.i64Xor)
    c.setSized(uop.d, sz)
    return true
  }
  if (op !== OP_NEG32 && op !== OP_NEG64) return false
  code.i64(0)
  f.get(uop.s1)
  code.op(W.i64Sub)
  c.truncate(op === OP_NEG32 ? 2 : 3)
  f.set(uop.d)
  return true
}

/** Two-operand IMUL: CF = OF = the product does not fit; the other flags stay. */
function multiply(c: Context, uop: Uop, needed: boolean): boolean {
  const { code, f } = c
  const { op } = uop
  const sz =
    op === OP_IMULF16 ? 1 : op === OP_IMULF32 || op === OP_IMUL32 ? 2 : op === OP_IMULF64 || op === OP_IMUL64 ? 3 : 0
  if (sz === 0) return false
  const flags = needed && op <= OP_IMULF64
  if (flags) {
    f.useFlags()
    settle(c)
  }
  c.getSized(uop.s1, sz)
  c.signExtend(sz)
  code.set(X0)
  c.operandB(uop, sz)
  c.signExtend(sz)
  code.set(X1)
  code.get(X0)
  code.get(X1)
  code.op(W.i64Mul)
  code.set(X2)
  if (flags) {
    if (sz === 3) {
      code.get(X0)
      code.get(X1)
      code.call(HELPER.multiplyHigh)
      code.get(X2)
      code.i64(63)
      code.op(W.i64ShrS)
    } else {
      code.get(X2)
      code.get(X2)
      c.signExtend(sz)
    }
    code.op(W.i64Ne)
    code.op(W.i64ExtendI32U)
    code.i64(63)
    code.op(W.i64Shl)
    code.set(FLAG_B)
  }
  code.get(X2)
  c.truncate(sz)
  c.setSized(uop.d, sz)
  return true
}

/** Flags that a uop's successors in the block may see: for each uop of the block, whether its own are among them. */
export function neededFlags(uops: readonly Uop[]): boolean[] {
  const needed = new Array<boolean>(uops.length).fill(true)
  let live = true
  for (let i = uops.length - 1; i >= 0; i--) {
    const uop = uops[i] as Uop
    const { op, s2, low } = uop
    needed[i] = live
    if (replacesFlags(uop)) live = false
    else if (op >= OP_ADDF && op < OP_ADD32) {
      const group = op & ~3
      const shifts = group === OP_SHLF || group === OP_SHRF || group === OP_SARF
      if (group === OP_ADCF || group === OP_SBBF) live = true
      else if (
        shifts ? s2 === SLOT_ZERO && (low & ((op & 3) === 3 ? 63 : 31)) !== 0 : group !== OP_INCF && group !== OP_DECF
      )
        live = false
    } else if (op < OP_MOV8 ? op !== OP_NOP : op >= OP_LOAD && op < OP_ADDF) live = true
    else if (op >= OP_CMPJ32) live = false
  }
  return needed
}
