// The frequent system instructions of a kernel, inline where nothing about them is rare: SWAPGS, CLI, STI, CLAC, STAC and POPF at privilege
// level 0, PUSHF, and reading a segment register.
//
// A region runs only where no trap, shadow or event is pending (core/execute/run.ts), so these leave nothing for the dispatcher to look at; but
// where interrupts come on, a line that is up might be taken, and at the end of the budget the host may put one up. Those cases, TF, and all
// levels but 0 are the interpreter's.

import { CPU_STATE } from '../layouts.js'
import { LEAVE_UOP } from '../numbers/leaving.js'
import { OP_SYSTEM, SEG_GS, SLOT_RSP, SLOT_SEGMENT_BASE } from '../numbers/operations.js'
import { AC, ARITHMETIC, CR4_SMAP, DF, FLAGS_ONES, ID, IF, IOPL, NT, RF, TF, VM } from '../numbers/registers.js'
import { TLB_BYTES } from '../numbers/sizes.js'
import {
  SYS_CLAC,
  SYS_CLI,
  SYS_MOV_FROM_SEGMENT,
  SYS_POPF,
  SYS_PUSHF,
  SYS_STAC,
  SYS_STI,
  SYS_SWAPGS,
} from '../numbers/system-functions.js'
import { STATE_LINES, STATE_OFFSETS, STATE_SELECTORS } from '../state-layout.js'
import { type Context, WORDS } from './context.js'
import { settle } from './emit-flags.js'
import { load, store } from './emit-memory.js'
import { C, FLAG_A, FLAG_B, FLAG_C, FUEL, X0, X1 } from './locals.js'
import { detailOf, functionOf, type Uop } from './uops.js'
import { W } from './wasm.js'

/** What POPF takes at level 0 besides the arithmetic flags, TF left out. */
const POPPED = IF | DF | IOPL | NT | AC | ID
const GS_BASE = SLOT_SEGMENT_BASE + 8 * SEG_GS

/** Is the uop one of them? */
export function isInlineSystem(uop: Uop): boolean {
  if (uop.op !== OP_SYSTEM) return false
  const detail = detailOf(uop)
  switch (functionOf(uop)) {
    case SYS_SWAPGS:
    case SYS_CLAC:
    case SYS_STAC:
    case SYS_CLI:
    case SYS_STI:
      return true
    case SYS_PUSHF:
    case SYS_POPF:
      return uop.x === 8
    case SYS_MOV_FROM_SEGMENT:
      return detail < 6 && uop.x >= 4
    default:
      return false
  }
}

/** Emits one of them; false if it is none. Control goes on at the fallthrough. */
export function emitSystem(c: Context, uop: Uop): boolean {
  if (!isInlineSystem(uop)) return false
  const { code, f } = c
  switch (functionOf(uop)) {
    case SYS_SWAPGS:
      leaveUnlessKernel(c)
      code.get(C)
      code.memory(W.i64Load, GS_BASE)
      code.set(X0)
      code.get(C)
      code.get(C)
      code.memory(W.i64Load, STATE_OFFSETS.kernelGsBase)
      code.memory(W.i64Store, GS_BASE)
      code.get(C)
      code.get(X0)
      code.memory(W.i64Store, STATE_OFFSETS.kernelGsBase)
      f.reloadBase(GS_BASE)
      break
    case SYS_CLI:
      leaveUnlessKernel(c)
      changeFlag(c, IF, false)
      break
    case SYS_STI:
      leaveUnlessKernel(c, () => interruptible(c))
      changeFlag(c, IF, true)
      break
    case SYS_CLAC:
      leaveUnlessKernel(c)
      accessControl(c, false)
      break
    case SYS_STAC:
      leaveUnlessKernel(c)
      accessControl(c, true)
      break
    case SYS_PUSHF:
      pushFlags(c)
      break
    case SYS_POPF:
      popFlags(c)
      break
    default:
      code.get(C)
      code.memory(W.i64Load32U, STATE_SELECTORS + 4 * (detailOf(uop) & 7))
      f.set(uop.d)
  }
  return true
}

/** The interpreter takes over at other levels than 0, or if what `other` pushes is not 0. */
function leaveUnlessKernel(c: Context, other?: () => void): void {
  const { code } = c
  code.get(C)
  code.memory(W.i32Load, CPU_STATE.cpl)
  if (other !== undefined) {
    other()
    code.op(W.i32Or)
  }
  c.prepareLeave(LEAVE_UOP)
  c.f.leaveIf()
}

/** Pushes something other than 0 if an interrupt could be taken at the next boundary, were they on. */
function interruptible(c: Context): void {
  const { code } = c
  code.get(C)
  code.memory(W.i32Load, STATE_LINES)
  code.get(FUEL)
  code.op(W.i32Eqz)
  code.op(W.i32Or)
}

function changeFlag(c: Context, flag: number, on: boolean): void {
  const { code } = c
  code.get(C)
  code.get(C)
  code.memory(W.i64Load, STATE_OFFSETS.rflags)
  code.i64(on ? flag : ~flag)
  code.op(on ? W.i64Or : W.i64And)
  code.memory(W.i64Store, STATE_OFFSETS.rflags)
}

/** STAC, CLAC. Level 0 uses the second TLB while SMAP and AC are set (core/system/segments.ts). */
function accessControl(c: Context, on: boolean): void {
  const { code, f } = c
  changeFlag(c, AC, on)
  code.get(C)
  code.get(C)
  code.memory(W.i32Load, CPU_STATE.tlbBase)
  if (on) {
    code.get(C)
    code.memory(W.i32Load, STATE_OFFSETS.cr4)
    code.i32(CR4_SMAP)
    code.op(W.i32And)
    code.i32(Math.log2(CR4_SMAP / TLB_BYTES))
    code.op(W.i32ShrU)
    code.op(W.i32Add)
  }
  code.memory(W.i32Store, CPU_STATE.tlb)
  f.reloadTlb()
}

/** PUSHF of 64 bits. */
function pushFlags(c: Context): void {
  const { code, f } = c
  f.useFlags()
  settle(c)
  code.get(C)
  code.memory(W.i64Load, STATE_OFFSETS.rflags)
  code.i64(~(ARITHMETIC | RF | VM))
  code.op(W.i64And)
  // CF, OF: bits 63, and 63 xor 62, of the second word.
  code.get(FLAG_B)
  code.i64(63)
  code.op(W.i64ShrU)
  code.op(W.i64Or)
  code.get(FLAG_B)
  code.get(FLAG_B)
  code.i64(1)
  code.op(W.i64Shl)
  code.op(W.i64Xor)
  bit(c, 63, 11)
  // AF, ZF, SF, PF (core/state/flags.ts).
  code.get(FLAG_C)
  bit(c, 4, 4)
  code.get(FLAG_A)
  code.op(W.i64Eqz)
  code.op(W.i64ExtendI32U)
  bit(c, 0, 6)
  code.get(FLAG_A)
  code.get(FLAG_C)
  code.op(W.i64Xor)
  bit(c, 63, 7)
  code.get(FLAG_A)
  code.get(FLAG_C)
  code.i64(8)
  code.op(W.i64ShrU)
  code.op(W.i64Xor)
  code.i64(0xff)
  code.op(W.i64And)
  code.op(W.i64Popcnt)
  code.i64(-1)
  code.op(W.i64Xor)
  bit(c, 0, 2)
  code.set(X1)
  f.get(SLOT_RSP)
  code.i64(-8)
  code.op(W.i64Add)
  store(c, 3, () => code.get(X1))
  code.get(X0)
  f.set(SLOT_RSP)
}

/** Adds bit `from` of the value on top, as bit `to`, to the value below it. */
function bit(c: Context, from: number, to: number): void {
  const { code } = c
  if (from > to) {
    code.i64(from - to)
    code.op(W.i64ShrU)
  } else if (from < to) {
    code.i64(to - from)
    code.op(W.i64Shl)
  }
  code.i64(1n << BigInt(to))
  code.op(W.i64And)
  code.op(W.i64Or)
}

/** POPF of 64 bits. TF, a change of AC, and interrupts that come on where one could be taken are left to the interpreter. */
function popFlags(c: Context): void {
  const { code, f } = c
  f.useFlags()
  f.get(SLOT_RSP)
  load(c, 3, W.i64Load)
  code.set(X1)
  leaveUnlessKernel(c, () => {
    code.get(X1)
    code.op(W.i32WrapI64)
    code.i32(IF)
    code.op(W.i32And)
    code.op(W.i32Eqz)
    code.op(W.i32Eqz)
    interruptible(c)
    code.op(W.i32Eqz)
    code.op(W.i32Eqz)
    code.op(W.i32And)
    code.get(X1)
    code.get(C)
    code.memory(W.i64Load, STATE_OFFSETS.rflags)
    code.op(W.i64Xor)
    code.i64(AC)
    code.op(W.i64And)
    code.get(X1)
    code.i64(TF)
    code.op(W.i64And)
    code.op(W.i64Or)
    code.op(W.i32WrapI64)
    code.op(W.i32Or)
  })
  code.get(X0)
  code.i64(8)
  code.op(W.i64Add)
  f.set(SLOT_RSP)
  code.get(C)
  code.get(X1)
  code.i64(POPPED)
  code.op(W.i64And)
  code.i64(FLAGS_ONES)
  code.op(W.i64Or)
  code.memory(W.i64Store, STATE_OFFSETS.rflags)
  // As setArithmetic in core/state/flags.ts.
  code.get(X1)
  code.i64(6)
  code.op(W.i64ShrU)
  code.i64(-1)
  code.op(W.i64Xor)
  code.i64(1)
  code.op(W.i64And)
  code.set(FLAG_A)
  code.get(X1)
  code.i64(63)
  code.op(W.i64Shl)
  code.get(X1)
  code.get(X1)
  code.i64(11)
  code.op(W.i64ShrU)
  code.op(W.i64Xor)
  bit(c, 0, 62)
  code.set(FLAG_B)
  code.get(X1)
  code.i64(16)
  code.op(W.i64And)
  code.get(X1)
  code.i64(6)
  code.op(W.i64ShrU)
  code.get(X1)
  code.i64(2)
  code.op(W.i64ShrU)
  code.op(W.i64Xor)
  bit(c, 0, 8)
  code.get(X1)
  bit(c, 7, 63)
  code.set(FLAG_C)
  c.form = WORDS
}
