// What the emitters share while one block is translated: the function, the place in the block, and what is known of the flags.
import { LEAVE_BLOCK_SHIFT, LEAVE_UOP, LEAVE_UOP_SHIFT } from '../numbers/leaving.js'
import { SLOT_ZERO } from '../numbers/operations.js'
import type { FunctionBuilder } from './function-builder.js'
import { EXIT, FLAG_A, FLAG_B, FORM, FUEL } from './locals.js'
import type { RegionBlock } from './region.js'
import type { Uop } from './uops.js'
import { type Code, W } from './wasm.js'

/** Forms of the flag words (core/state/flag-forms.ts): kind + size index; WORDS is a form without size. */
export const WORDS = 0
/** Known only at run time: the local FORM says which. */
export const DYNAMIC = -1

export class Context {
  readonly f: FunctionBuilder
  readonly code: Code
  readonly at: RegionBlock
  readonly ordinal: number
  /** What the flag words hold now. */
  form: number
  /** Position of the uop in its block. */
  index = 0
  /** Has the block made sure that SSE instructions may run? Only the end of a block can change it. */
  vectorsChecked = false
  /** The same of AVX instructions. */
  avxChecked = false

  constructor(f: FunctionBuilder, at: RegionBlock, ordinal: number, form: number) {
    this.f = f
    this.code = f.code
    this.at = at
    this.ordinal = ordinal
    this.form = form
  }

  /** Makes FORM true whatever is known statically; needed before a way on which nobody knows. */
  publishForm(): void {
    if (this.form === DYNAMIC) return
    this.f.useFlags()
    this.code.i32(this.form)
    this.code.set(FORM)
  }

  /** The uop as helpers and `left` codes name it. */
  get place(): number {
    return (this.ordinal << LEAVE_BLOCK_SHIFT) | (this.index << LEAVE_UOP_SHIFT)
  }

  leave(kind: number): void {
    this.publishForm()
    this.f.leave(this.place | kind)
  }

  /** Says in EXIT why a conditional way out that follows is taken, and what the flags are there. */
  prepareLeave(kind: number): void {
    this.publishForm()
    this.code.i32(this.place | kind)
    this.code.set(EXIT)
  }

  /** The interpreter takes over at this uop. */
  leaveToInterpreter(): void {
    this.leave(LEAVE_UOP)
  }

  /** Pushes what a helper is told, the uop's place and the fuel, and says in EXIT where a way out behind the helper begins. */
  placeForHelper(): void {
    this.publishForm()
    this.code.i32(this.place)
    this.code.tee(EXIT)
    this.code.get(FUEL)
  }

  /** Pushes a slot zero-extended from the operand size (index 0 to 3); byte registers AH to BH have odd offsets. */
  getSized(slot: number, sz: number): void {
    const { f, code } = this
    f.get(slot)
    if (slot === SLOT_ZERO) return
    if (sz === 2) {
      code.op(W.i32WrapI64)
      code.op(W.i64ExtendI32U)
    } else if (sz === 1) {
      code.i64(0xffff)
      code.op(W.i64And)
    } else if (sz === 0) {
      if ((slot & 7) !== 0) {
        code.i64(8)
        code.op(W.i64ShrU)
      }
      code.i64(0xff)
      code.op(W.i64And)
    }
  }

  /** Pops a value whose bits above the operand size are zero, and merges it into a slot as the architecture wants. */
  setSized(slot: number, sz: number): void {
    const { f, code } = this
    if (sz >= 2) {
      f.set(slot)
      return
    }
    const high = (slot & 7) !== 0
    if (high) {
      code.i64(8)
      code.op(W.i64Shl)
    }
    f.get(slot)
    code.i64(sz === 1 ? ~0xffffn : high ? ~0xff00n : ~0xffn)
    code.op(W.i64And)
    code.op(W.i64Or)
    f.set(slot)
  }

  /** Truncates what is on the stack to the operand size, zero-extended. */
  truncate(sz: number): void {
    const { code } = this
    if (sz === 3) return
    if (sz === 2) {
      code.op(W.i32WrapI64)
      code.op(W.i64ExtendI32U)
    } else {
      code.i64(sz === 1 ? 0xffff : 0xff)
      code.op(W.i64And)
    }
  }

  /** Sign-extends a value of the operand size. */
  signExtend(sz: number): void {
    if (sz < 3) this.code.op(sz === 2 ? W.i64Extend32S : sz === 1 ? W.i64Extend16S : W.i64Extend8S)
  }

  /** Pushes the second operand, slot s2 + immediate, of the operand size. */
  operandB(uop: Uop, sz: number): void {
    const { code } = this
    if (uop.s2 === SLOT_ZERO) {
      code.i64(BigInt.asUintN(8 << sz, uop.immediate))
      return
    }
    this.getSized(uop.s2, sz)
    if (uop.immediate !== 0n) {
      code.i64(uop.immediate)
      code.op(W.i64Add)
      this.truncate(sz)
    }
  }

  /** Pushes the linear address of a memory uop. */
  address(uop: Uop, displacement: bigint): void {
    const { f, code } = this
    let any = false
    if (uop.s1 !== SLOT_ZERO) {
      f.get(uop.s1)
      any = true
    }
    if (uop.s2 !== SLOT_ZERO) {
      f.get(uop.s2)
      if ((uop.x & 3) !== 0) {
        code.i64(uop.x & 3)
        code.op(W.i64Shl)
      }
      if (any) code.op(W.i64Add)
      any = true
    }
    if (!any) code.i64(displacement)
    else if (displacement !== 0n) {
      code.i64(displacement)
      code.op(W.i64Add)
    }
  }

  /** The flag words now hold the operands of a producer, which are in FLAG_A and FLAG_B. */
  produced(kind: number, sz: number): void {
    this.f.useFlags()
    this.form = kind + sz
  }

  /** Pops the second operand, then the first, into the flag words. */
  keepOperands(): void {
    this.code.set(FLAG_B)
    this.code.set(FLAG_A)
  }
}
