// Instructions that the core executes out of line (core/execute/cold.ts, core/vector/sse.ts), called from compiled code.
//
// Before the call the registers that the function reads are stored into the state, afterwards those that it writes are taken back. So
// each function's registers must be known here; one that is not listed ends the region, and the interpreter executes it.

import {
  COLD_ADDSP,
  COLD_BEXTR,
  COLD_BITADDR,
  COLD_BSF,
  COLD_BSR,
  COLD_BT,
  COLD_BZHI,
  COLD_CARRY,
  COLD_CMPXCHG,
  COLD_CMPXCHG8B,
  COLD_CMPXCHG16B,
  COLD_DIRECTION,
  COLD_DIV,
  COLD_ENTER,
  COLD_IDIV,
  COLD_IMUL,
  COLD_LAHF,
  COLD_LEAVE,
  COLD_LOWEST_BIT,
  COLD_LZCNT,
  COLD_MUL,
  COLD_MULX,
  COLD_PDEP,
  COLD_PEEK,
  COLD_PEXT,
  COLD_POP,
  COLD_POPCNT,
  COLD_PUSH,
  COLD_RCL,
  COLD_RCR,
  COLD_SAHF,
  COLD_SHLD,
  COLD_SHRD,
  COLD_STRING,
  COLD_TZCNT,
} from '../numbers/integer-functions.js'
import {
  OP_COLD,
  OP_COLD_END,
  OP_SSE,
  OP_SYSTEM,
  SLOT_RAX,
  SLOT_RBP,
  SLOT_RBX,
  SLOT_RCX,
  SLOT_RDI,
  SLOT_RDX,
  SLOT_RSI,
  SLOT_RSP,
  SLOT_T0,
  SLOT_T3,
} from '../numbers/operations.js'
import { SYS_CLTS, SYS_IN, SYS_OUT, SYS_RDTSC, SYS_RDTSCP } from '../numbers/system-functions.js'
import { FN_X87 } from '../numbers/vector-functions.js'
import type { Context } from './context.js'
import { isInlineSystem } from './emit-system.js'
import { HELPER } from './function-builder.js'
import { C } from './locals.js'
import { detailOf, functionOf, type Uop } from './uops.js'
import { vectorEffects } from './vector-effects.js'

interface Effects {
  readonly reads: readonly number[]
  readonly writes: readonly number[]
}

/** Registers of the functions in numbers/integer-functions.ts, those that 64-bit code has. */
function coldEffects(uop: Uop): Effects | undefined {
  const { d, s1, s2 } = uop
  switch (functionOf(uop)) {
    case COLD_PUSH:
      return { reads: [SLOT_RSP, s2], writes: [SLOT_RSP] }
    case COLD_POP:
      return { reads: [SLOT_RSP, d], writes: [SLOT_RSP, d] }
    case COLD_PEEK:
      return { reads: [SLOT_RSP, d], writes: [d] }
    case COLD_ADDSP:
      return { reads: [SLOT_RSP], writes: [SLOT_RSP] }
    case COLD_ENTER:
    case COLD_LEAVE:
      return { reads: [SLOT_RSP, SLOT_RBP], writes: [SLOT_RSP, SLOT_RBP] }
    case COLD_MUL:
    case COLD_IMUL:
    case COLD_DIV:
    case COLD_IDIV:
      return { reads: [SLOT_RAX, SLOT_RDX, s1], writes: [SLOT_RAX, SLOT_RDX] }
    case COLD_BT:
      return { reads: [s1, s2, d], writes: [d] }
    case COLD_BITADDR:
    case COLD_BSF:
    case COLD_BSR:
    case COLD_POPCNT:
    case COLD_TZCNT:
    case COLD_LZCNT:
    case COLD_LOWEST_BIT:
      return { reads: [s1, d], writes: [d] }
    case COLD_SHLD:
    case COLD_SHRD:
      return { reads: [s1, s2, SLOT_RCX, d], writes: [d] }
    case COLD_RCL:
    case COLD_RCR:
    case COLD_BEXTR:
    case COLD_BZHI:
    case COLD_PEXT:
    case COLD_PDEP:
      return { reads: [s1, s2, d], writes: [d] }
    case COLD_MULX:
      return { reads: [SLOT_RDX, s1, s2, d], writes: [s2, d] }
    case COLD_CMPXCHG:
      return { reads: [s1, s2, SLOT_RAX, d], writes: [SLOT_RAX, SLOT_T3, d, s1] }
    case COLD_CMPXCHG8B:
    case COLD_CMPXCHG16B:
      return { reads: [SLOT_T0, SLOT_RAX, SLOT_RDX, SLOT_RBX, SLOT_RCX], writes: [SLOT_RAX, SLOT_RDX] }
    case COLD_LAHF:
      return { reads: [SLOT_RAX], writes: [SLOT_RAX] }
    case COLD_SAHF:
      return { reads: [SLOT_RAX], writes: [] }
    case COLD_CARRY:
    case COLD_DIRECTION:
      return { reads: [], writes: [] }
    case COLD_STRING:
      return { reads: [SLOT_RAX, SLOT_RCX, SLOT_RSI, SLOT_RDI], writes: [SLOT_RAX, SLOT_RCX, SLOT_RSI, SLOT_RDI] }
    default:
      return undefined
  }
}

/** Registers of the system instructions after which compiled code usually goes on (numbers/system-functions.ts); undefined for all others. */
function systemEffects(uop: Uop): Effects | undefined {
  switch (functionOf(uop)) {
    case SYS_CLTS:
      return { reads: [], writes: [] }
    case SYS_RDTSCP:
      return { reads: [], writes: [SLOT_RAX, SLOT_RCX, SLOT_RDX] }
    case SYS_RDTSC:
      return { reads: [], writes: [SLOT_RAX, SLOT_RDX] }
    case SYS_IN:
      return { reads: [SLOT_RAX, SLOT_RDX], writes: [SLOT_RAX] }
    case SYS_OUT:
      return { reads: [SLOT_RAX, SLOT_RDX], writes: [] }
    default:
      return undefined
  }
}

/** Can compiled code go on behind this uop, which ends its block? */
export function continues(uop: Uop): boolean {
  return isInlineSystem(uop) || endingEffects(uop) !== undefined
}

function endingEffects(uop: Uop): Effects | undefined {
  if (uop.op === OP_SYSTEM) return systemEffects(uop)
  return uop.op === OP_COLD_END && functionOf(uop) === COLD_STRING ? coldEffects(uop) : undefined
}

/** Emits a system instruction or a repeated string instruction at the end of a block; false if the interpreter must execute it. */
export function emitEnding(c: Context, uop: Uop): boolean {
  const { f } = c
  const effects = endingEffects(uop)
  if (effects === undefined) return false
  call(c, effects, uop.op === OP_SYSTEM ? HELPER.system : HELPER.coldEnd, true)
  if (uop.op === OP_SYSTEM) {
    f.reloadTlb()
    if (functionOf(uop) === SYS_CLTS) f.reloadVectorsOff()
  }
  f.leaveByStatus()
  return true
}

function call(c: Context, effects: Effects, helper: number, flags: boolean): void {
  const { f, code } = c
  for (const slot of new Set(effects.reads)) f.spill(slot)
  if (flags) {
    c.publishForm()
    f.spillFlags()
  }
  code.get(C)
  c.placeForHelper()
  code.call(helper)
  for (const slot of new Set(effects.writes)) f.reload(slot)
  if (flags) {
    f.reloadFlags()
    c.form = 0
    c.publishForm()
  }
}

/** Emits an out-of-line uop that stays in the block; false if it is none, or one that the interpreter must execute. */
export function emitHelper(c: Context, uop: Uop): boolean {
  if (uop.op === OP_SSE) {
    callVector(c, uop)
    return true
  }
  if (uop.op !== OP_COLD) return false
  const effects = coldEffects(uop)
  if (effects === undefined) return false
  call(c, effects, HELPER.cold, true)
  c.f.leaveByStatus()
  return true
}

/** Has the core execute an OP_SSE. */
export function callVector(c: Context, uop: Uop): void {
  const { code, f } = c
  const effects = vectorEffects(uop)
  if (functionOf(uop) === FN_X87 && !effects.flags) {
    for (const slot of effects.reads) f.spill(slot)
    code.get(C)
    c.placeForHelper()
    code.i32(detailOf(uop))
    code.i64(c.at.block.rip + BigInt(uop.offset))
    code.call(HELPER.x87)
    for (const slot of effects.writes) f.reload(slot)
    f.leaveByResult()
    return
  }
  for (const r of new Set(effects.vectorReads)) f.spillVector(r)
  call(c, effects, HELPER.vector, effects.flags)
  for (const r of effects.vectorWrites) f.reloadVector(r)
  if (effects.mxcsr) f.reloadUnusual()
  f.leaveByStatus()
}
