// Loads and stores in compiled code: the TLB's tag compared inline; where it does not hold, the interpreter takes over at the uop.
//
// A tag that does not hold means one of many things (core/memory/tlb-entry.ts), all of them rare. No call stands on this way: V8 keeps nothing in
// registers over a call, and a call on the rare way made loops over memory a third to a half slower.

import { TLB_ENTRY } from '../layouts.js'
import { LEAVE_UOP } from '../numbers/leaving.js'
import {
  OP_LEAVE,
  OP_LOAD,
  OP_LOADS8_32,
  OP_LOADS8_64,
  OP_LOADS16_32,
  OP_LOADS16_64,
  OP_LOADS32_64,
  OP_LOADW,
  OP_LOADZ8,
  OP_LOADZ16,
  OP_POP,
  OP_PUSH,
  OP_STORE,
  OP_STOREI,
  SLOT_RBP,
  SLOT_RSP,
} from '../numbers/operations.js'
import { PAGE_MASK, TLB_FOLD_MASK, TLB_FOLD_SHIFT, TLB_INDEX_MASK, TLB_INDEX_SHIFT } from '../numbers/sizes.js'
import type { Context } from './context.js'
import { TAG, TLB, X0 } from './locals.js'
import type { Uop } from './uops.js'
import { W } from './wasm.js'

/** The bytes of each probe, and of `pointer`: a good part of all code, and the same in every function. */
const probes = new Map<number, Uint8Array>()
const POINTER = -1

/** Emits what `emit` does, from its bytes if they are known. */
function repeated(c: Context, key: number, emit: (c: Context) => void): void {
  const { code } = c
  const known = probes.get(key)
  if (known !== undefined) {
    code.append(known)
    return
  }
  const start = code.length
  emit(c)
  probes.set(key, code.part(start, code.length).slice())
}

/** The address is on the stack: keeps it in X0, pushes whether the tag at `tag` holds for `size` bytes there. TAG points to the entry. */
export function probe(c: Context, tag: number, size: number): void {
  c.f.useTlb()
  repeated(c, 32 * tag + size, () => emitProbe(c, tag, size))
}

function emitProbe(c: Context, tag: number, size: number): void {
  const { code } = c
  code.tee(X0)
  code.i64(TLB_INDEX_SHIFT)
  code.op(W.i64ShrU)
  code.get(X0)
  code.i64(TLB_FOLD_SHIFT)
  code.op(W.i64ShrU)
  code.i64(TLB_FOLD_MASK)
  code.op(W.i64And)
  code.op(W.i64Xor)
  code.op(W.i32WrapI64)
  code.i32(TLB_INDEX_MASK)
  code.op(W.i32And)
  code.get(TLB)
  code.op(W.i32Add)
  code.tee(TAG)
  code.memory(W.i64Load, tag)
  code.get(X0)
  if (size > 1) {
    code.i64(size - 1)
    code.op(W.i64Add)
  }
  code.i64(PAGE_MASK)
  code.op(W.i64And)
  code.op(W.i64Eq)
}

/** Pushes the host pointer of X0 after a successful probe. */
export function pointer(c: Context): void {
  repeated(c, POINTER, emitPointer)
}

function emitPointer(c: Context): void {
  const { code } = c
  code.get(TAG)
  code.memory(W.i32Load, TLB_ENTRY.addend)
  code.get(X0)
  code.op(W.i32WrapI64)
  code.op(W.i32Add)
}

/** Pushes what `op` loads of `1 << sz` bytes at the address on the stack. */
export function load(c: Context, sz: number, op: number, forWrite = false): void {
  probe(c, forWrite ? TLB_ENTRY.writeTag : TLB_ENTRY.readTag, 1 << sz)
  missIfZero(c)
  pointer(c)
  c.code.memory(op, 0)
}

/** The interpreter takes over at this uop if the tag, compared on the stack, does not hold. */
function missIfZero(c: Context): void {
  c.code.op(W.i32Eqz)
  c.prepareLeave(LEAVE_UOP)
  c.f.leaveIf()
}

const STORES = [W.i64Store8, W.i64Store16, W.i64Store32, W.i64Store] as const
const LOADS = [W.i64Load8U, W.i64Load16U, W.i64Load32U, W.i64Load] as const

/** Stores what `value` pushes at the address on the stack. */
export function store(c: Context, sz: number, value: () => void): void {
  probe(c, TLB_ENTRY.writeTag, 1 << sz)
  missIfZero(c)
  pointer(c)
  value()
  c.code.memory(STORES[sz] as number, 0)
}

/** Emits a memory uop; false if it is none. */
export function emitMemory(c: Context, uop: Uop): boolean {
  const { f } = c
  const { op } = uop
  const sz = op & 3
  switch (op & ~3) {
    case OP_LOAD:
      c.address(uop, uop.immediate)
      load(c, sz, LOADS[sz] as number)
      c.setSized(uop.d, sz)
      return true
    case OP_LOADW:
      c.address(uop, uop.immediate)
      load(c, sz, LOADS[sz] as number, true)
      f.set(uop.d)
      return true
    case OP_STORE:
      c.address(uop, uop.immediate)
      store(c, sz, () => c.getSized(uop.d, sz))
      return true
    case OP_STOREI:
      c.address(uop, BigInt(uop.low))
      store(c, sz, () => c.code.i64(uop.high))
      return true
    default:
      return emitExtending(c, uop) || emitStack(c, uop)
  }
}

const EXTENDING: Readonly<Record<number, readonly [sz: number, load: number]>> = {
  [OP_LOADZ8]: [0, W.i64Load8U],
  [OP_LOADZ16]: [1, W.i64Load16U],
  [OP_LOADS8_64]: [0, W.i64Load8S],
  [OP_LOADS16_64]: [1, W.i64Load16S],
  [OP_LOADS32_64]: [2, W.i64Load32S],
  [OP_LOADS8_32]: [0, W.i64Load8S],
  [OP_LOADS16_32]: [1, W.i64Load16S],
}

function emitExtending(c: Context, uop: Uop): boolean {
  const form = EXTENDING[uop.op]
  if (form === undefined) return false
  c.address(uop, uop.immediate)
  load(c, ...form)
  if (uop.op === OP_LOADS8_32 || uop.op === OP_LOADS16_32) c.truncate(2)
  c.f.set(uop.d)
  return true
}

/** PUSH, POP and LEAVE. RSP moves only after the access, which may be left to the interpreter. */
function emitStack(c: Context, uop: Uop): boolean {
  const { code, f } = c
  if (uop.op === OP_PUSH) {
    f.get(SLOT_RSP)
    code.i64(-8)
    code.op(W.i64Add)
    store(c, 3, () => c.operandB(uop, 3))
    code.get(X0)
    f.set(SLOT_RSP)
    return true
  }
  if (uop.op !== OP_POP && uop.op !== OP_LEAVE) return false
  f.get(uop.op === OP_POP ? SLOT_RSP : SLOT_RBP)
  load(c, 3, W.i64Load)
  // POP RSP: the loaded value wins.
  code.get(X0)
  code.i64(8)
  code.op(W.i64Add)
  f.set(SLOT_RSP)
  f.set(uop.op === OP_POP ? uop.d : SLOT_RBP)
  return true
}
