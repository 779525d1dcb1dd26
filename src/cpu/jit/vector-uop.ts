// What the emitters of vector instructions share: one OP_SSE, its operands, and the way to the core's function.
import { panic } from '../../base/index.js'
import type { Context } from './context.js'
import { FLAG_A, FLAG_C } from './locals.js'
import type { Uop } from './uops.js'
import { W } from './wasm.js'

/** What an emitter of one function gets. */
export interface VectorUop {
  readonly c: Context
  readonly uop: Uop
  /** Mandatory prefix * 256 + opcode byte, with the map above. */
  readonly detail: number
  readonly argument: number
  /** Local of the first operand and of the result, where they are not register d's. */
  readonly a?: number
  readonly out?: number
  /** Local of the second operand: a register, or V0 with the memory operand, zero-extended. */
  readonly b: number
  /** Where the core's function is called instead; undefined in a function that never needs it. */
  readonly slow: number | undefined
}

/** The local of the first operand: register d, before the instruction. */
export function first(v: VectorUop): number {
  return v.a ?? v.c.f.vector(v.uop.d)
}

/** Pops the instruction's result. */
export function result(v: VectorUop): void {
  v.c.code.set(v.out ?? v.c.f.vectorWritten(v.uop.d))
}

/** The core's function takes over if the condition on the stack is true. */
export function slowIf(v: VectorUop): void {
  if (v.slow === undefined) panic('a function without a slow way')
  v.c.f.brIf(v.slow)
}

/** Emits the quick way. */
export type Emitter = (v: VectorUop) => void

/** With FLAG_A 0 or 1 for ZF and not: the third word that makes PF 0 (core/state/flags.ts). */
export function setParityCorrection(c: Context): void {
  const { code, f } = c
  f.useFlags()
  code.i64(0)
  code.i64(0x100)
  code.get(FLAG_A)
  code.op(W.i32WrapI64)
  code.op(W.select)
  code.set(FLAG_C)
}
