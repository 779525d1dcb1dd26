// Loads and stores in compiled code: the TLB's tag compared inline, everything else a call of the core.
//
// A tag comparison that fails means one of many things (memory.ts); the helper sorts them out and says by its status whether the
// instruction may go on.
import type { Context } from './context.js'
import { C, HELPER, TAG, X0, X1 } from './function-builder.js'
import { OP, type Uop } from './uops.js'
import { W } from './wasm.js'

const TLB_INDEX_MASK = 2047 * 32
const READ_TAG = 0
const WRITE_TAG = 8
const ADDEND = 24

/** The address is on the stack: keeps it in X0, pushes whether the tag at `tag` holds for `size` bytes there. TAG points to the entry. */
export function probe(c: Context, tag: number, size: number): void {
  const { code, f } = c
  code.tee(X0)
  code.i64(7)
  code.op(W.i64ShrU)
  code.get(X0)
  code.i64(16)
  code.op(W.i64ShrU)
  code.op(W.i64Xor)
  code.op(W.i32WrapI64)
  code.i32(TLB_INDEX_MASK)
  code.op(W.i32And)
  f.tlb()
  code.op(W.i32Add)
  code.tee(TAG)
  code.memory(W.i64Load, tag)
  code.get(X0)
  if (size > 1) {
    code.i64(size - 1)
    code.op(W.i64Add)
  }
  code.i64(-4096)
  code.op(W.i64And)
  code.op(W.i64Eq)
}

/** Pushes the host pointer of X0 after a successful probe. */
export function pointer(c: Context): void {
  const { code } = c
  code.get(TAG)
  code.memory(W.i32Load, ADDEND)
  code.get(X0)
  code.op(W.i32WrapI64)
  code.op(W.i32Add)
}

/**
 * Loads `1 << sz` bytes at the address on the stack into X1 with `op`, then `complete`. Where the helper asks to stop, the core completes the
 * uop itself (core/jit.ts).
 */
export function load(c: Context, sz: number, op: number, forWrite: boolean, complete: () => void): void {
  const { code, f } = c
  const size = 1 << sz
  probe(c, forWrite ? WRITE_TAG : READ_TAG, size)
  f.if()
  pointer(c)
  code.memory(op, 0)
  code.set(X1)
  f.else()
  code.get(C)
  code.get(X0)
  c.placeForHelper()
  code.call(forWrite ? HELPER.readForWrite8 + sz : HELPER.read8 + sz)
  extendAs(c, op)
  code.set(X1)
  f.leaveByStatus()
  f.end()
  complete()
}

/** What the helper returns is `size` bytes, zero-extended or with garbage above; brings it to what a load with `op` gives. */
function extendAs(c: Context, op: number): void {
  const { code } = c
  if (op === W.i64Load8U) c.truncate(0)
  else if (op === W.i64Load16U) c.truncate(1)
  else if (op === W.i64Load32U) c.truncate(2)
  else if (op === W.i64Load8S) code.op(W.i64Extend8S)
  else if (op === W.i64Load16S) code.op(W.i64Extend16S)
  else if (op === W.i64Load32S) code.op(W.i64Extend32S)
}

const STORES = [W.i64Store8, W.i64Store16, W.i64Store32, W.i64Store] as const
export const LOADS = [W.i64Load8U, W.i64Load16U, W.i64Load32U, W.i64Load] as const

/** Stores what `value` pushes at the address on the stack. */
export function store(c: Context, sz: number, value: () => void, complete?: () => void): void {
  const { code, f } = c
  const size = 1 << sz
  probe(c, WRITE_TAG, size)
  f.if()
  pointer(c)
  value()
  code.memory(STORES[sz] as number, 0)
  f.else()
  code.get(C)
  code.get(X0)
  value()
  c.placeForHelper()
  code.call(HELPER.write8 + sz)
  f.leaveByStatus()
  f.end()
  complete?.()
}

/** Emits a memory uop; false if it is none. */
export function emitMemory(c: Context, uop: Uop): boolean {
  const { code, f } = c
  const { op } = uop
  const into = (sz: number) => () => {
    code.get(X1)
    c.setSized(uop.d, sz)
  }
  const whole = () => {
    code.get(X1)
    f.set(uop.d)
  }
  if (op >= OP.LOAD && op < OP.LOAD + 4) {
    const sz = op - OP.LOAD
    c.address(uop, uop.immediate)
    load(c, sz, LOADS[sz] as number, false, into(sz))
    return true
  }
  if (op >= OP.LOADW && op < OP.LOADW + 4) {
    const sz = op - OP.LOADW
    c.address(uop, uop.immediate)
    load(c, sz, LOADS[sz] as number, true, whole)
    return true
  }
  if (op >= OP.STORE && op < OP.STORE + 4) {
    const sz = op - OP.STORE
    c.address(uop, uop.immediate)
    store(c, sz, () => c.getSized(uop.d, sz))
    return true
  }
  if (op >= OP.STOREI && op < OP.STOREI + 4) {
    const sz = op - OP.STOREI
    c.address(uop, BigInt(uop.low))
    store(c, sz, () => code.i64(uop.high))
    return true
  }
  switch (op) {
    case OP.LOADZ8:
    case OP.LOADS8_64:
    case OP.LOADS8_32:
      c.address(uop, uop.immediate)
      load(c, 0, op === OP.LOADZ8 ? W.i64Load8U : W.i64Load8S, false, op === OP.LOADS8_32 ? narrow(c, uop) : whole)
      return true
    case OP.LOADZ16:
    case OP.LOADS16_64:
    case OP.LOADS16_32:
      c.address(uop, uop.immediate)
      load(c, 1, op === OP.LOADZ16 ? W.i64Load16U : W.i64Load16S, false, op === OP.LOADS16_32 ? narrow(c, uop) : whole)
      return true
    case OP.LOADS32_64:
      c.address(uop, uop.immediate)
      load(c, 2, W.i64Load32S, false, whole)
      return true
    case OP.LEAVE:
      f.get(RBP)
      load(c, 3, W.i64Load, false, () => {
        code.get(X0)
        code.i64(8)
        code.op(W.i64Add)
        f.set(RSP)
        code.get(X1)
        f.set(RBP)
      })
      return true
    case OP.PUSH:
      // The value is taken before RSP moves (PUSH RSP stores the old one); X1 keeps it over the probe.
      c.operandB(uop, 3)
      code.set(X1)
      f.get(RSP)
      code.i64(-8)
      code.op(W.i64Add)
      store(
        c,
        3,
        () => code.get(X1),
        () => {
          code.get(X0)
          f.set(RSP)
        },
      )
      return true
    case OP.POP:
      f.get(RSP)
      load(c, 3, W.i64Load, false, () => {
        // POP RSP: the loaded value wins.
        code.get(X0)
        code.i64(8)
        code.op(W.i64Add)
        f.set(RSP)
        code.get(X1)
        f.set(uop.d)
      })
      return true
    default:
      return false
  }
}

export const RSP = 4 << 3
export const RBP = 5 << 3

function narrow(c: Context, uop: Uop): () => void {
  return () => {
    c.code.get(X1)
    c.truncate(2)
    c.f.set(uop.d)
  }
}
