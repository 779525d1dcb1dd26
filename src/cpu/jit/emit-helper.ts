// Instructions that the core executes out of line (core/execute/cold.ts, core/vector/sse.ts), called from compiled code.
//
// Before the call the registers that the function reads are stored into the state, afterwards those that it writes are taken back. So
// each function's registers must be known here; one that is not listed ends the region, and the interpreter executes it.
import type { Context } from './context.js'
import { isInlineSystem } from './emit-system.js'
import { C, HELPER } from './function-builder.js'
import { OP, SLOT_T0, SLOT_T3, type Uop } from './uops.js'
import { vectorEffects } from './vector-effects.js'

const COLD_STRING = 38
const X87 = 48
const CLTS = 20
const RAX = 0
const RCX = 1 << 3
const RDX = 2 << 3
const RBX = 3 << 3
const RSP = 4 << 3
const RBP = 5 << 3
const RSI = 6 << 3
const RDI = 7 << 3

interface Effects {
  readonly reads: readonly number[]
  readonly writes: readonly number[]
}

/** Function number of OP_COLD and OP_SSE. */
export function functionOf(uop: Uop): number {
  return uop.low & 0xffff
}

/** Registers of the functions in core/decode/cold-numbers.ts, those that 64-bit code has. */
function coldEffects(uop: Uop): Effects | undefined {
  const { d, s1, s2 } = uop
  switch (functionOf(uop)) {
    case 0: // PUSH
      return { reads: [RSP, s2], writes: [RSP] }
    case 1: // POP
      return { reads: [RSP, d], writes: [RSP, d] }
    case 2: // PEEK
      return { reads: [RSP, d], writes: [d] }
    case 3: // ADDSP
      return { reads: [RSP], writes: [RSP] }
    case 6: // ENTER
    case 7: // LEAVE
      return { reads: [RSP, RBP], writes: [RSP, RBP] }
    case 11: // MUL
    case 12: // IMUL
    case 13: // DIV
    case 14: // IDIV
      return { reads: [RAX, RDX, s1], writes: [RAX, RDX] }
    case 15: // BT and its kin
      return { reads: [s1, s2, d], writes: [d] }
    case 16: // BITADDR
    case 17: // BSF
    case 18: // BSR
    case 19: // POPCNT
      return { reads: [s1, d], writes: [d] }
    case 20: // SHLD
    case 21: // SHRD
      return { reads: [s1, s2, RCX, d], writes: [d] }
    case 22: // RCL
    case 23: // RCR
      return { reads: [s1, s2, d], writes: [d] }
    case 24: // CMPXCHG
      return { reads: [s1, s2, RAX, d], writes: [RAX, SLOT_T3, d, s1] }
    case 25: // CMPXCHG8B
    case 26: // CMPXCHG16B
      return { reads: [SLOT_T0, RAX, RDX, RBX, RCX], writes: [RAX, RDX] }
    case 27: // LAHF
      return { reads: [RAX], writes: [RAX] }
    case 28: // SAHF
      return { reads: [RAX], writes: [] }
    case 29: // CARRY
    case 30: // DIRECTION
      return { reads: [], writes: [] }
    case COLD_STRING:
      return { reads: [RAX, RCX, RSI, RDI], writes: [RAX, RCX, RSI, RDI] }
    default:
      return undefined
  }
}

/** Registers of the system instructions after which compiled code usually goes on (core/decode/system-numbers.ts); undefined for all others. */
function systemEffects(uop: Uop): Effects | undefined {
  switch (functionOf(uop)) {
    case CLTS:
      return { reads: [], writes: [] }
    case 14: // RDTSCP
      return { reads: [], writes: [RAX, RCX, RDX] }
    case 28: // RDTSC
      return { reads: [], writes: [RAX, RDX] }
    case 56: // IN
      return { reads: [RAX, RDX], writes: [RAX] }
    case 57: // OUT
      return { reads: [RAX, RDX], writes: [] }
    default:
      return undefined
  }
}

/** Can compiled code go on behind this uop, which ends its block? */
export function continues(uop: Uop): boolean {
  return isInlineSystem(uop) || endingEffects(uop) !== undefined
}

function endingEffects(uop: Uop): Effects | undefined {
  if (uop.op === OP.SYSTEM) return systemEffects(uop)
  return uop.op === OP.COLD_END && functionOf(uop) === COLD_STRING ? coldEffects(uop) : undefined
}

/** Emits a system instruction or a repeated string instruction at the end of a block; false if the interpreter must execute it. */
export function emitEnding(c: Context, uop: Uop): boolean {
  const { f } = c
  const effects = endingEffects(uop)
  if (effects === undefined) return false
  call(c, effects, uop.op === OP.SYSTEM ? HELPER.system : HELPER.coldEnd, true)
  if (uop.op === OP.SYSTEM) {
    f.reloadTlb()
    if (functionOf(uop) === CLTS) f.reloadVectorsOff()
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
  if (uop.op === OP.SSE) {
    callVector(c, uop)
    return true
  }
  if (uop.op !== OP.COLD) return false
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
  if (functionOf(uop) === X87 && !effects.flags) {
    for (const slot of effects.reads) f.spill(slot)
    code.get(C)
    c.placeForHelper()
    code.i32(uop.low >>> 16)
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
