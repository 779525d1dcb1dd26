// The interpreter: one dense switch over the uops of chained blocks.
//
// Protocol: the caller (run.ts) has found the entry block, taken its instruction count from c.remaining, and handles whatever c says on return.
// `interpret` returns when the next block must be chosen by the dispatcher (budget, attention, faults), always at an instruction boundary with
// c.rip, c.remaining and all flags exact.
// Constraints: 1. only out-of-line paths look at c.fault; 2. c.uop is set before anything that may call out of the core or
// raise, so that time and the instruction's address are known there; 3. cold instructions stay out of this function: V8 optimizes it as a whole;
// 4. a store that hits the running block has replaced the next instruction's first uop by OP_EXIT, so no check is needed here.
import { COLD_CALLI } from '../../numbers/integer-functions'
import {
  OP_ADCF,
  OP_ADD32,
  OP_ADD64,
  OP_ADDF,
  OP_AND32,
  OP_AND64,
  OP_ANDF,
  OP_BRNZ,
  OP_BSWAP32,
  OP_BSWAP64,
  OP_CALL,
  OP_CALLI,
  OP_CC,
  OP_CMPF,
  OP_CMPJ32,
  OP_CMPJ64,
  OP_CMPJ8,
  OP_COLD,
  OP_COLD_END,
  OP_DECF,
  OP_EXIT,
  OP_FAULT,
  OP_IMUL32,
  OP_IMUL64,
  OP_IMULF16,
  OP_IMULF32,
  OP_IMULF64,
  OP_INCF,
  OP_JCC,
  OP_JMP,
  OP_JMPI,
  OP_LEA16,
  OP_LEA32,
  OP_LEA64,
  OP_LEAVE,
  OP_LOAD,
  OP_LOADS16_32,
  OP_LOADS16_64,
  OP_LOADS32_64,
  OP_LOADS8_32,
  OP_LOADS8_64,
  OP_LOADW,
  OP_LOADZ16,
  OP_LOADZ8,
  OP_MOV16,
  OP_MOV32,
  OP_MOV64,
  OP_MOV8,
  OP_NEG32,
  OP_NEG64,
  OP_NEGF,
  OP_NEXT,
  OP_NOP,
  OP_NOT,
  OP_OR32,
  OP_OR64,
  OP_ORF,
  OP_POP,
  OP_PUSH,
  OP_RET,
  OP_ROLF,
  OP_RORF,
  OP_SAR32,
  OP_SAR64,
  OP_SARF,
  OP_SBBF,
  OP_SEGCHECK,
  OP_SELECT16,
  OP_SELECT32,
  OP_SELECT64,
  OP_SHL32,
  OP_SHL64,
  OP_SHLF,
  OP_SHR32,
  OP_SHR64,
  OP_SHRF,
  OP_SSE,
  OP_STORE,
  OP_STOREI,
  OP_SUB32,
  OP_SUB64,
  OP_SUBF,
  OP_SX16_32,
  OP_SX16_64,
  OP_SX32_64,
  OP_SX8_32,
  OP_SX8_64,
  OP_SYSTEM,
  OP_TESTF,
  OP_TESTJ32,
  OP_TESTJ64,
  OP_TESTJ8,
  OP_XOR32,
  OP_XOR64,
  OP_XORF,
  OP_ZX16_64,
  OP_ZX8_64,
  SLOT_T0,
  UOP_BYTES,
  X_STACK,
} from '../../numbers/operations'
import { RF, TF } from '../../numbers/registers'
import { JUMP_CACHE_ENTRIES, PAGE_MASK } from '../../numbers/sizes'
import { CpuState, MODE_CODE64, MODE_CODE_MASK } from '../state/state'
import { Block, Uop, uopD, uopFunction, uopNumber, uopOffset, uopOp, uopS1, uopS2, uopX } from '../blocks/ir'
import { condition, flagCf, flagOf, flagPf, flagSf, flagZf } from '../state/flags'
import { readForWriteSlow, readSlow, writeSlow } from '../memory/linear'
import { tlbEntry } from '../memory/tlb-entry'
import { findBlock, hashRip, isCurrent, restorePatched } from '../blocks/blocks'
import { NOWHERE } from '../memory/code-pages'
import { assertMayEnter } from '../blocks/sound-blocks'
import { DEBUG } from '../state/debug'
import { VECTOR_GP, VECTOR_SS, notCanonical, raise, raiseNoCode } from '../state/fault'
import { segmentCheck } from '../system/segment-check'
import { coldOp } from './cold'
import { systemOp } from '../system/system-ops'
import { sseOp } from '../vector/sse'
import { enterCompiled } from './enter-compiled'
import {
  add,
  and,
  adc,
  addressShort,
  address,
  cmp,
  compareBranch,
  dec,
  imul16,
  imul32,
  imul64,
  inc,
  neg,
  operandB,
  or,
  rol,
  ror,
  sar,
  sbb,
  shl,
  shr,
  sub,
  test,
  testBranch,
  xor,
} from './arithmetic'

/** A host breakpoint stands on c.rip. */
export const LEAVE_BREAK: u32 = 1
export const LEAVE: u32 = 0

const NOT_TAKEN: u32 = 0
const TAKEN: u32 = 1
const INDIRECT: u32 = 2

/** Puts c at the start of uop u's instruction, which has not retired. */
function settle(c: CpuState, b: Block, u: usize): void {
  c.remaining += i64(b.count - uopNumber(u))
  const rip = b.rip + u64(uopOffset(u))
  // Not b.mode: a block that was dropped while running has lost it.
  c.rip = (c.mode & MODE_CODE_MASK) == MODE_CODE64 ? rip : rip & 0xffffffff
  c.block = 0
  c.uop = 0
}

/** Did uop u address memory by the stack segment's default? */
function usesStack(b: Block, u: usize): bool {
  const op = uopOp(u)
  if (op == OP_PUSH || op == OP_POP || op == OP_CALL || op == OP_CALLI || op == OP_RET || op == OP_LEAVE) return true
  if (op >= OP_LOAD && op < OP_PUSH) return (uopX(u) & X_STACK) != 0
  if ((op == OP_COLD || op == OP_COLD_END) && uopFunction(u) <= COLD_CALLI) return true
  // Out-of-line instructions: the uop that computed their address says so.
  for (let v = u - UOP_BYTES; v >= b.uops && uopNumber(v) == uopNumber(u); v -= UOP_BYTES) {
    if (uopOp(v) == OP_LEA64 && uopD(v) == SLOT_T0) return (uopX(v) & X_STACK) != 0
  }
  return false
}

export function leaveWithFault(c: CpuState, b: Block, u: usize): u32 {
  // A non-canonical address based on the stack segment is #SS (SDM 1, 3.3.7.1).
  if (c.faultVector == VECTOR_GP && notCanonical && usesStack(b, u)) c.faultVector = VECTOR_SS
  restorePatched(c)
  settle(c, b, u)
  return LEAVE
}

function leaveAt(c: CpuState, rip: u64): u32 {
  c.rip = rip
  c.block = 0
  c.uop = 0
  return LEAVE
}

/** The block at c.rip, entered (its count taken); 0 if the dispatcher must act. */
function follow(c: CpuState, rip: u64, from: Block, chain: usize): usize {
  c.rip = rip
  c.block = 0
  c.uop = 0
  if (c.attention || c.remaining <= 0) return 0
  const arena = c.arenaNext
  const found = findBlock(c, c.mode)
  if (found === null) return 0
  if (chain && c.arenaNext >= arena && found.page != NOWHERE)
    store<u32>(changetype<usize>(from) + chain, <u32>changetype<usize>(found))
  return take(c, found)
}

/** Takes the block's instructions from the budget; 0 if they do not fit. Compiled code may run first: go on at c.resume in what is returned. */
function take(c: CpuState, b: Block): usize {
  const heat = b.heat - 1
  if (heat < 0) return enterCompiled(c, b)
  b.heat = heat
  const remaining = c.remaining - i64(b.count)
  if (remaining < 0) return 0
  c.remaining = remaining
  c.block = changetype<usize>(b)
  c.resume = b.uops
  return changetype<usize>(b)
}

/** Like follow, for targets known only at run time; fills the jump cache. */
function followIndirect(c: CpuState, rip: u64): usize {
  c.rip = rip
  c.block = 0
  c.uop = 0
  if (c.attention || c.remaining <= 0) return 0
  const found = findTarget(c)
  return found ? take(c, changetype<Block>(found)) : 0
}

/** The block at c.rip, entered in the jump cache; 0 if its fetch faults. */
export function findTarget(c: CpuState): usize {
  const found = findBlock(c, c.mode)
  if (found === null) return 0
  if (found.page != NOWHERE)
    store<u32>(c.jumpCache + ((hashRip(c.rip) & (JUMP_CACHE_ENTRIES - 1)) << 2), <u32>changetype<usize>(found))
  return changetype<usize>(found)
}

/** After OP_SYSTEM, with its instruction taken from the budget: sets c.attention if the dispatcher must look before the next one. */
export function settleSystem(c: CpuState): void {
  // STI's shadow matters only if a line is up, or could be put up by the host before the next instruction has executed.
  if (c.shadow == 1 && c.lines == 0 && c.remaining > 0) c.shadow = 0
  if (c.shadow | c.halted | c.shutdown | c.lines | c.pendingDebug | <u32>(c.eflags & (TF | RF))) c.attention = 1
}

/** After OP_SYSTEM: c.rip is set, and much may have changed. */
function afterSystem(c: CpuState): usize {
  settleSystem(c)
  return followIndirect(c, c.rip)
}

// @ts-ignore: decorator
@inline
export function cachedTarget(c: CpuState, rip: u64, mode: u32): usize {
  const n = <usize>load<u32>(c.jumpCache + ((hashRip(rip) & (JUMP_CACHE_ENTRIES - 1)) << 2))
  if (n) {
    const t = changetype<Block>(n)
    if (t.rip == rip && isCurrent(c, t) && t.mode == mode) return n
  }
  return 0
}

// @ts-ignore: decorator
@inline
function canonical(rip: u64): bool {
  return u64((i64(rip) << 16) >> 16) == rip
}

/** What holds before each uop; before the first of a block, that it may be entered. */
function assertUop(c: CpuState, b: Block, u: usize): void {
  assert(
    c.block == changetype<usize>(b) && c.jitRegion == 0,
    'the interpreter is in another block, or in compiled code',
  )
  assert(u >= b.uops && u < b.uopEnd, 'a uop is executed that its block does not have')
  assert(
    c.fault == 0 && c.flagForm == 0 && c.zero == 0,
    'a uop begins with a fault, unsettled flags or a zero that is none',
  )
  assert(c.remaining >= 0, 'the budget is overdrawn')
  if (u == b.uops) assertMayEnter(c, b)
}

/** Executes from uop `first` of `entry`, whose instructions are taken. */
export function interpret(c: CpuState, entry: Block, first: usize): u32 {
  const base = changetype<usize>(c)
  let b = entry
  let u = first
  c.block = changetype<usize>(b)
  while (true) {
    let way: u32 = NOT_TAKEN
    let indirect: u64 = 0
    if (DEBUG) assertUop(c, b, u)
    switch (uopOp(u)) {
      // In ascending order without large gaps: only then does the compiler make one jump table of it.
      case OP_EXIT: {
        const broke = uopX(u) == 1 && c.patchedUop != u
        restorePatched(c)
        settle(c, b, u)
        return broke ? LEAVE_BREAK : LEAVE
      }
      case OP_NEXT:
        break
      case OP_JMP:
        way = TAKEN
        break
      case OP_JMPI: {
        indirect = load<u64>(base + uopS1(u))
        if (!canonical(indirect)) {
          raise(c, VECTOR_GP, 0)
          return leaveWithFault(c, b, u)
        }
        way = INDIRECT
        break
      }
      case OP_CALL: {
        const at = c.rsp - 8
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == ((at + 7) & PAGE_MASK)) store<u64>(e.addend + <u32>at, b.fallthrough)
        else {
          c.uop = u
          writeSlow(c, at, 8, b.fallthrough)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        c.rsp = at
        way = TAKEN
        break
      }
      case OP_CALLI: {
        indirect = load<u64>(base + uopS1(u))
        if (!canonical(indirect)) {
          raise(c, VECTOR_GP, 0)
          settle(c, b, u)
          return LEAVE
        }
        const at = c.rsp - 8
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == ((at + 7) & PAGE_MASK)) store<u64>(e.addend + <u32>at, b.fallthrough)
        else {
          c.uop = u
          writeSlow(c, at, 8, b.fallthrough)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        c.rsp = at
        way = INDIRECT
        break
      }
      case OP_RET: {
        const at = c.rsp
        const e = tlbEntry(c.tlb, at)
        if (e.readTag == ((at + 7) & PAGE_MASK)) indirect = load<u64>(e.addend + <u32>at)
        else {
          c.uop = u
          indirect = readSlow(c, at, 8)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        if (!canonical(indirect)) {
          raise(c, VECTOR_GP, 0)
          settle(c, b, u)
          return LEAVE
        }
        c.rsp = at + 8 + load<u64>(u, offsetof<Uop>('low'))
        way = INDIRECT
        break
      }
      case OP_BRNZ:
        if (load<u64>(base + uopS1(u))) way = TAKEN
        break
      case OP_SYSTEM: {
        c.uop = u
        c.instructionRip = b.rip + u64(uopOffset(u))
        c.rip = b.fallthrough
        systemOp(c, u)
        if (c.fault) return leaveWithFault(c, b, u)
        const n = afterSystem(c)
        if (n == 0) return LEAVE
        b = changetype<Block>(n)
        u = c.resume
        continue
      }
      case OP_SSE: {
        c.uop = u
        c.instructionRip = b.rip + u64(uopOffset(u))
        sseOp(c, u)
        if (c.fault) return leaveWithFault(c, b, u)
        u += UOP_BYTES
        continue
      }
      case OP_COLD: {
        c.uop = u
        coldOp(c, u)
        if (c.fault) return leaveWithFault(c, b, u)
        u += UOP_BYTES
        continue
      }
      case OP_COLD_END: {
        c.uop = u
        c.instructionRip = b.rip + u64(uopOffset(u))
        c.rip = b.fallthrough
        coldOp(c, u)
        if (c.fault) return leaveWithFault(c, b, u)
        const n = followIndirect(c, c.rip)
        if (n == 0) return LEAVE
        b = changetype<Block>(n)
        u = c.resume
        continue
      }
      case OP_NOP:
        u += UOP_BYTES
        continue
      case OP_FAULT: {
        if (load<u64>(u, offsetof<Uop>('low'))) raise(c, uopX(u), 0)
        else raiseNoCode(c, uopX(u))
        return leaveWithFault(c, b, u)
      }
      case OP_CC:
        store<u64>(base + uopD(u), u64(condition(c, uopX(u))))
        u += UOP_BYTES
        continue
      case OP_SEGCHECK: {
        c.uop = u
        segmentCheck(c, u)
        if (c.fault) return leaveWithFault(c, b, u)
        u += UOP_BYTES
        continue
      }
      case OP_JCC + 0:
        if (flagOf(c) != 0) way = TAKEN
        break
      case OP_JCC + 1:
        if (flagOf(c) == 0) way = TAKEN
        break
      case OP_JCC + 2:
        if (flagCf(c) != 0) way = TAKEN
        break
      case OP_JCC + 3:
        if (flagCf(c) == 0) way = TAKEN
        break
      case OP_JCC + 4:
        if (c.flagResult == 0) way = TAKEN
        break
      case OP_JCC + 5:
        if (c.flagResult != 0) way = TAKEN
        break
      case OP_JCC + 6:
        if ((flagCf(c) | flagZf(c)) != 0) way = TAKEN
        break
      case OP_JCC + 7:
        if ((flagCf(c) | flagZf(c)) == 0) way = TAKEN
        break
      case OP_JCC + 8:
        if (flagSf(c) != 0) way = TAKEN
        break
      case OP_JCC + 9:
        if (flagSf(c) == 0) way = TAKEN
        break
      case OP_JCC + 10:
        if (flagPf(c) != 0) way = TAKEN
        break
      case OP_JCC + 11:
        if (flagPf(c) == 0) way = TAKEN
        break
      case OP_JCC + 12:
        if (flagSf(c) != flagOf(c)) way = TAKEN
        break
      case OP_JCC + 13:
        if (flagSf(c) == flagOf(c)) way = TAKEN
        break
      case OP_JCC + 14:
        if (((flagSf(c) ^ flagOf(c)) | flagZf(c)) != 0) way = TAKEN
        break
      case OP_JCC + 15:
        if (((flagSf(c) ^ flagOf(c)) | flagZf(c)) == 0) way = TAKEN
        break
      case OP_MOV8:
        store<u8>(base + uopD(u), operandB<u8>(base, u))
        u += UOP_BYTES
        continue
      case OP_MOV16:
        store<u16>(base + uopD(u), operandB<u16>(base, u))
        u += UOP_BYTES
        continue
      case OP_MOV32:
        store<u64>(base + uopD(u), u64(operandB<u32>(base, u)))
        u += UOP_BYTES
        continue
      case OP_MOV64:
        store<u64>(base + uopD(u), operandB<u64>(base, u))
        u += UOP_BYTES
        continue
      case OP_ZX8_64:
        store<u64>(base + uopD(u), load<u8>(base + uopS2(u)))
        u += UOP_BYTES
        continue
      case OP_ZX16_64:
        store<u64>(base + uopD(u), load<u16>(base + uopS2(u)))
        u += UOP_BYTES
        continue
      case OP_SX8_64:
        store<i64>(base + uopD(u), load<i8>(base + uopS2(u)))
        u += UOP_BYTES
        continue
      case OP_SX16_64:
        store<i64>(base + uopD(u), load<i16>(base + uopS2(u)))
        u += UOP_BYTES
        continue
      case OP_SX32_64:
        store<i64>(base + uopD(u), load<i32>(base + uopS2(u)))
        u += UOP_BYTES
        continue
      case OP_SX8_32:
        store<u64>(base + uopD(u), u64(<u32>(<i32>load<i8>(base + uopS2(u)))))
        u += UOP_BYTES
        continue
      case OP_SX16_32:
        store<u64>(base + uopD(u), u64(<u32>(<i32>load<i16>(base + uopS2(u)))))
        u += UOP_BYTES
        continue
      case OP_BSWAP32:
        store<u64>(base + uopD(u), u64(bswap<u32>(load<u32>(base + uopS1(u)))))
        u += UOP_BYTES
        continue
      case OP_BSWAP64:
        store<u64>(base + uopD(u), bswap<u64>(load<u64>(base + uopS1(u))))
        u += UOP_BYTES
        continue
      case OP_LEA64:
        store<u64>(base + uopD(u), address(base, u))
        u += UOP_BYTES
        continue
      case OP_LEA32:
        store<u64>(base + uopD(u), address(base, u) & 0xffffffff)
        u += UOP_BYTES
        continue
      case OP_LEA16:
        store<u64>(base + uopD(u), address(base, u) & 0xffff)
        u += UOP_BYTES
        continue
      case OP_SELECT16:
        if (load<u64>(base + uopS1(u))) store<u16>(base + uopD(u), operandB<u16>(base, u))
        u += UOP_BYTES
        continue
      case OP_SELECT32:
        store<u64>(base + uopD(u), u64(load<u64>(base + uopS1(u)) ? operandB<u32>(base, u) : load<u32>(base + uopD(u))))
        u += UOP_BYTES
        continue
      case OP_SELECT64:
        if (load<u64>(base + uopS1(u))) store<u64>(base + uopD(u), operandB<u64>(base, u))
        u += UOP_BYTES
        continue
      case OP_LOAD: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u8
        if (e.readTag == (at & PAGE_MASK)) v = load<u8>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u8>readSlow(c, at, 1)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u8>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOAD + 1: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u16
        if (e.readTag == ((at + 1) & PAGE_MASK)) v = load<u16>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u16>readSlow(c, at, 2)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u16>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOAD + 2: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u32
        if (e.readTag == ((at + 3) & PAGE_MASK)) v = load<u32>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u32>readSlow(c, at, 4)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOAD + 3: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u64
        if (e.readTag == ((at + 7) & PAGE_MASK)) v = load<u64>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u64>readSlow(c, at, 8)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADZ8: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u8
        if (e.readTag == (at & PAGE_MASK)) v = load<u8>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u8>readSlow(c, at, 1)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADZ16: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u16
        if (e.readTag == ((at + 1) & PAGE_MASK)) v = load<u16>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u16>readSlow(c, at, 2)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADS8_64: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: i8
        if (e.readTag == (at & PAGE_MASK)) v = load<i8>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <i8>readSlow(c, at, 1)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<i64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADS16_64: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: i16
        if (e.readTag == ((at + 1) & PAGE_MASK)) v = load<i16>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <i16>readSlow(c, at, 2)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<i64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADS32_64: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: i32
        if (e.readTag == ((at + 3) & PAGE_MASK)) v = load<i32>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <i32>readSlow(c, at, 4)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<i64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADS8_32: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: i8
        if (e.readTag == (at & PAGE_MASK)) v = load<i8>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <i8>readSlow(c, at, 1)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), <u32>(<i32>v))
        u += UOP_BYTES
        continue
      }
      case OP_LOADS16_32: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: i16
        if (e.readTag == ((at + 1) & PAGE_MASK)) v = load<i16>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <i16>readSlow(c, at, 2)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), <u32>(<i32>v))
        u += UOP_BYTES
        continue
      }
      case OP_LEAVE: {
        const at = c.rbp
        const e = tlbEntry(c.tlb, at)
        let v: u64
        if (e.readTag == ((at + 7) & PAGE_MASK)) v = load<u64>(e.addend + <u32>at)
        else {
          c.uop = u
          v = readSlow(c, at, 8)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        c.rsp = at + 8
        c.rbp = v
        u += UOP_BYTES
        continue
      }
      case OP_LOADW + 0: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u8
        if (e.writeTag == (at & PAGE_MASK)) v = load<u8>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u8>readForWriteSlow(c, at, 1)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADW + 1: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u16
        if (e.writeTag == ((at + 1) & PAGE_MASK)) v = load<u16>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u16>readForWriteSlow(c, at, 2)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADW + 2: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u32
        if (e.writeTag == ((at + 3) & PAGE_MASK)) v = load<u32>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u32>readForWriteSlow(c, at, 4)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_LOADW + 3: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        let v: u64
        if (e.writeTag == ((at + 7) & PAGE_MASK)) v = load<u64>(e.addend + <u32>at)
        else {
          c.uop = u
          v = <u64>readForWriteSlow(c, at, 8)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_STORE + 0: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == (at & PAGE_MASK)) store<u8>(e.addend + <u32>at, load<u8>(base + uopD(u)))
        else {
          c.uop = u
          writeSlow(c, at, 1, u64(load<u8>(base + uopD(u))))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STORE + 1: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == ((at + 1) & PAGE_MASK)) store<u16>(e.addend + <u32>at, load<u16>(base + uopD(u)))
        else {
          c.uop = u
          writeSlow(c, at, 2, u64(load<u16>(base + uopD(u))))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STORE + 2: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == ((at + 3) & PAGE_MASK)) store<u32>(e.addend + <u32>at, load<u32>(base + uopD(u)))
        else {
          c.uop = u
          writeSlow(c, at, 4, u64(load<u32>(base + uopD(u))))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STORE + 3: {
        const at = address(base, u)
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == ((at + 7) & PAGE_MASK)) store<u64>(e.addend + <u32>at, load<u64>(base + uopD(u)))
        else {
          c.uop = u
          writeSlow(c, at, 8, u64(load<u64>(base + uopD(u))))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STOREI + 0: {
        const at = addressShort(base, u)
        const e = tlbEntry(c.tlb, at)
        const v = <u8>load<i32>(u, offsetof<Uop>('high'))
        if (e.writeTag == (at & PAGE_MASK)) store<u8>(e.addend + <u32>at, v)
        else {
          c.uop = u
          writeSlow(c, at, 1, u64(v))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STOREI + 1: {
        const at = addressShort(base, u)
        const e = tlbEntry(c.tlb, at)
        const v = <u16>load<i32>(u, offsetof<Uop>('high'))
        if (e.writeTag == ((at + 1) & PAGE_MASK)) store<u16>(e.addend + <u32>at, v)
        else {
          c.uop = u
          writeSlow(c, at, 2, u64(v))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STOREI + 2: {
        const at = addressShort(base, u)
        const e = tlbEntry(c.tlb, at)
        const v = <u32>load<i32>(u, offsetof<Uop>('high'))
        if (e.writeTag == ((at + 3) & PAGE_MASK)) store<u32>(e.addend + <u32>at, v)
        else {
          c.uop = u
          writeSlow(c, at, 4, u64(v))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_STOREI + 3: {
        const at = addressShort(base, u)
        const e = tlbEntry(c.tlb, at)
        const v = <u64>load<i32>(u, offsetof<Uop>('high'))
        if (e.writeTag == ((at + 7) & PAGE_MASK)) store<u64>(e.addend + <u32>at, v)
        else {
          c.uop = u
          writeSlow(c, at, 8, u64(v))
          if (c.fault) return leaveWithFault(c, b, u)
        }
        u += UOP_BYTES
        continue
      }
      case OP_PUSH: {
        const at = c.rsp - 8
        const v = operandB<u64>(base, u)
        const e = tlbEntry(c.tlb, at)
        if (e.writeTag == ((at + 7) & PAGE_MASK)) store<u64>(e.addend + <u32>at, v)
        else {
          c.uop = u
          writeSlow(c, at, 8, v)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        c.rsp = at
        u += UOP_BYTES
        continue
      }
      case OP_POP: {
        const at = c.rsp
        const e = tlbEntry(c.tlb, at)
        let v: u64
        if (e.readTag == ((at + 7) & PAGE_MASK)) v = load<u64>(e.addend + <u32>at)
        else {
          c.uop = u
          v = readSlow(c, at, 8)
          if (c.fault) return leaveWithFault(c, b, u)
        }
        c.rsp = at + 8
        store<u64>(base + uopD(u), v)
        u += UOP_BYTES
        continue
      }
      case OP_ADDF + 0:
        add<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADDF + 1:
        add<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADDF + 2:
        add<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADDF + 3:
        add<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SUBF + 0:
        sub<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SUBF + 1:
        sub<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SUBF + 2:
        sub<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SUBF + 3:
        sub<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ANDF + 0:
        and<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ANDF + 1:
        and<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ANDF + 2:
        and<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ANDF + 3:
        and<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ORF + 0:
        or<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ORF + 1:
        or<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ORF + 2:
        or<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ORF + 3:
        or<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_XORF + 0:
        xor<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_XORF + 1:
        xor<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_XORF + 2:
        xor<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_XORF + 3:
        xor<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_CMPF + 0:
        cmp<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_CMPF + 1:
        cmp<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_CMPF + 2:
        cmp<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_CMPF + 3:
        cmp<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_TESTF + 0:
        test<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_TESTF + 1:
        test<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_TESTF + 2:
        test<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_TESTF + 3:
        test<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADCF + 0:
        adc<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADCF + 1:
        adc<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADCF + 2:
        adc<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADCF + 3:
        adc<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SBBF + 0:
        sbb<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SBBF + 1:
        sbb<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SBBF + 2:
        sbb<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SBBF + 3:
        sbb<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_INCF + 0:
        inc<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_INCF + 1:
        inc<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_INCF + 2:
        inc<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_INCF + 3:
        inc<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_DECF + 0:
        dec<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_DECF + 1:
        dec<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_DECF + 2:
        dec<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_DECF + 3:
        dec<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_NEGF + 0:
        neg<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_NEGF + 1:
        neg<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_NEGF + 2:
        neg<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_NEGF + 3:
        neg<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHLF + 0:
        shl<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHLF + 1:
        shl<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHLF + 2:
        shl<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHLF + 3:
        shl<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHRF + 0:
        shr<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHRF + 1:
        shr<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHRF + 2:
        shr<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SHRF + 3:
        shr<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SARF + 0:
        sar<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SARF + 1:
        sar<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SARF + 2:
        sar<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_SARF + 3:
        sar<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ADD32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) + operandB<u32>(base, u))))
        u += UOP_BYTES
        continue
      case OP_ADD64:
        store<u64>(base + uopD(u), u64(load<u64>(base + uopS1(u)) + operandB<u64>(base, u)))
        u += UOP_BYTES
        continue
      case OP_SUB32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) - operandB<u32>(base, u))))
        u += UOP_BYTES
        continue
      case OP_SUB64:
        store<u64>(base + uopD(u), u64(load<u64>(base + uopS1(u)) - operandB<u64>(base, u)))
        u += UOP_BYTES
        continue
      case OP_AND32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) & operandB<u32>(base, u))))
        u += UOP_BYTES
        continue
      case OP_AND64:
        store<u64>(base + uopD(u), u64(load<u64>(base + uopS1(u)) & operandB<u64>(base, u)))
        u += UOP_BYTES
        continue
      case OP_OR32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) | operandB<u32>(base, u))))
        u += UOP_BYTES
        continue
      case OP_OR64:
        store<u64>(base + uopD(u), u64(load<u64>(base + uopS1(u)) | operandB<u64>(base, u)))
        u += UOP_BYTES
        continue
      case OP_XOR32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) ^ operandB<u32>(base, u))))
        u += UOP_BYTES
        continue
      case OP_XOR64:
        store<u64>(base + uopD(u), u64(load<u64>(base + uopS1(u)) ^ operandB<u64>(base, u)))
        u += UOP_BYTES
        continue
      case OP_SHL32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) << (u32(operandB<u8>(base, u)) & 31))))
        u += UOP_BYTES
        continue
      case OP_SHL64:
        store<u64>(base + uopD(u), u64(<u64>(load<u64>(base + uopS1(u)) << (u64(operandB<u8>(base, u)) & 63))))
        u += UOP_BYTES
        continue
      case OP_SHR32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) >> (u32(operandB<u8>(base, u)) & 31))))
        u += UOP_BYTES
        continue
      case OP_SHR64:
        store<u64>(base + uopD(u), u64(<u64>(load<u64>(base + uopS1(u)) >> (u64(operandB<u8>(base, u)) & 63))))
        u += UOP_BYTES
        continue
      case OP_SAR32:
        store<u64>(base + uopD(u), u64(<u32>(load<i32>(base + uopS1(u)) >> (i32(operandB<u8>(base, u)) & 31))))
        u += UOP_BYTES
        continue
      case OP_SAR64:
        store<u64>(base + uopD(u), u64(<u64>(load<i64>(base + uopS1(u)) >> (i64(operandB<u8>(base, u)) & 63))))
        u += UOP_BYTES
        continue
      case OP_NOT:
        store<u8>(base + uopD(u), ~load<u8>(base + uopS1(u)))
        u += UOP_BYTES
        continue
      case OP_NOT + 1:
        store<u16>(base + uopD(u), ~load<u16>(base + uopS1(u)))
        u += UOP_BYTES
        continue
      case OP_NOT + 2:
        store<u64>(base + uopD(u), u64(load<u32>(base + uopS1(u))) ^ 0xffffffff)
        u += UOP_BYTES
        continue
      case OP_NOT + 3:
        store<u64>(base + uopD(u), ~load<u64>(base + uopS1(u)))
        u += UOP_BYTES
        continue
      case OP_NEG32:
        store<u64>(base + uopD(u), u64(<u32>-load<u32>(base + uopS1(u))))
        u += UOP_BYTES
        continue
      case OP_NEG64:
        store<u64>(base + uopD(u), -load<u64>(base + uopS1(u)))
        u += UOP_BYTES
        continue
      case OP_IMULF16:
        imul16(c, base, u)
        u += UOP_BYTES
        continue
      case OP_IMULF32:
        imul32(c, base, u)
        u += UOP_BYTES
        continue
      case OP_IMULF64:
        imul64(c, base, u)
        u += UOP_BYTES
        continue
      case OP_IMUL32:
        store<u64>(base + uopD(u), u64(<u32>(load<u32>(base + uopS1(u)) * operandB<u32>(base, u))))
        u += UOP_BYTES
        continue
      case OP_IMUL64:
        store<u64>(base + uopD(u), load<u64>(base + uopS1(u)) * operandB<u64>(base, u))
        u += UOP_BYTES
        continue
      case OP_ROLF + 0:
        rol<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ROLF + 1:
        rol<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ROLF + 2:
        rol<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_ROLF + 3:
        rol<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_RORF + 0:
        ror<u8>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_RORF + 1:
        ror<u16>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_RORF + 2:
        ror<u32>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_RORF + 3:
        ror<u64>(c, base, u)
        u += UOP_BYTES
        continue
      case OP_CMPJ32 + 0:
        if (compareBranch<u32>(c, base, u, 0)) way = TAKEN
        break
      case OP_CMPJ32 + 1:
        if (compareBranch<u32>(c, base, u, 1)) way = TAKEN
        break
      case OP_CMPJ32 + 2:
        if (compareBranch<u32>(c, base, u, 2)) way = TAKEN
        break
      case OP_CMPJ32 + 3:
        if (compareBranch<u32>(c, base, u, 3)) way = TAKEN
        break
      case OP_CMPJ32 + 4:
        if (compareBranch<u32>(c, base, u, 4)) way = TAKEN
        break
      case OP_CMPJ32 + 5:
        if (compareBranch<u32>(c, base, u, 5)) way = TAKEN
        break
      case OP_CMPJ32 + 6:
        if (compareBranch<u32>(c, base, u, 6)) way = TAKEN
        break
      case OP_CMPJ32 + 7:
        if (compareBranch<u32>(c, base, u, 7)) way = TAKEN
        break
      case OP_CMPJ32 + 8:
        if (compareBranch<u32>(c, base, u, 8)) way = TAKEN
        break
      case OP_CMPJ32 + 9:
        if (compareBranch<u32>(c, base, u, 9)) way = TAKEN
        break
      case OP_CMPJ64 + 0:
        if (compareBranch<u64>(c, base, u, 0)) way = TAKEN
        break
      case OP_CMPJ64 + 1:
        if (compareBranch<u64>(c, base, u, 1)) way = TAKEN
        break
      case OP_CMPJ64 + 2:
        if (compareBranch<u64>(c, base, u, 2)) way = TAKEN
        break
      case OP_CMPJ64 + 3:
        if (compareBranch<u64>(c, base, u, 3)) way = TAKEN
        break
      case OP_CMPJ64 + 4:
        if (compareBranch<u64>(c, base, u, 4)) way = TAKEN
        break
      case OP_CMPJ64 + 5:
        if (compareBranch<u64>(c, base, u, 5)) way = TAKEN
        break
      case OP_CMPJ64 + 6:
        if (compareBranch<u64>(c, base, u, 6)) way = TAKEN
        break
      case OP_CMPJ64 + 7:
        if (compareBranch<u64>(c, base, u, 7)) way = TAKEN
        break
      case OP_CMPJ64 + 8:
        if (compareBranch<u64>(c, base, u, 8)) way = TAKEN
        break
      case OP_CMPJ64 + 9:
        if (compareBranch<u64>(c, base, u, 9)) way = TAKEN
        break
      case OP_CMPJ8 + 0:
        if (compareBranch<u8>(c, base, u, 0)) way = TAKEN
        break
      case OP_CMPJ8 + 1:
        if (compareBranch<u8>(c, base, u, 1)) way = TAKEN
        break
      case OP_CMPJ8 + 2:
        if (compareBranch<u8>(c, base, u, 2)) way = TAKEN
        break
      case OP_CMPJ8 + 3:
        if (compareBranch<u8>(c, base, u, 3)) way = TAKEN
        break
      case OP_CMPJ8 + 4:
        if (compareBranch<u8>(c, base, u, 4)) way = TAKEN
        break
      case OP_CMPJ8 + 5:
        if (compareBranch<u8>(c, base, u, 5)) way = TAKEN
        break
      case OP_TESTJ8 + 0:
        if (testBranch<u8>(c, base, u, 0)) way = TAKEN
        break
      case OP_TESTJ8 + 1:
        if (testBranch<u8>(c, base, u, 1)) way = TAKEN
        break
      case OP_TESTJ8 + 2:
        if (testBranch<u8>(c, base, u, 2)) way = TAKEN
        break
      case OP_TESTJ8 + 3:
        if (testBranch<u8>(c, base, u, 3)) way = TAKEN
        break
      case OP_TESTJ32 + 0:
        if (testBranch<u32>(c, base, u, 0)) way = TAKEN
        break
      case OP_TESTJ32 + 1:
        if (testBranch<u32>(c, base, u, 1)) way = TAKEN
        break
      case OP_TESTJ32 + 2:
        if (testBranch<u32>(c, base, u, 2)) way = TAKEN
        break
      case OP_TESTJ32 + 3:
        if (testBranch<u32>(c, base, u, 3)) way = TAKEN
        break
      case OP_TESTJ64 + 0:
        if (testBranch<u64>(c, base, u, 0)) way = TAKEN
        break
      case OP_TESTJ64 + 1:
        if (testBranch<u64>(c, base, u, 1)) way = TAKEN
        break
      case OP_TESTJ64 + 2:
        if (testBranch<u64>(c, base, u, 2)) way = TAKEN
        break
      case OP_TESTJ64 + 3:
        if (testBranch<u64>(c, base, u, 3)) way = TAKEN
        break
      default:
        unreachable()
    }
    if (way != INDIRECT) {
      // Direct branches: follow the chain, or find the block and chain it.
      const next = way ? b.chain0 : b.chain1
      if (next) {
        const n = changetype<Block>(next)
        if (isCurrent(c, n)) {
          const heat = n.heat - 1
          if (heat < 0) {
            const entered = enterCompiled(c, n)
            if (entered == 0) return LEAVE
            b = changetype<Block>(entered)
            u = c.resume
            continue
          }
          n.heat = heat
          const remaining = c.remaining - i64(n.count)
          if (remaining < 0) return leaveAt(c, n.rip)
          c.remaining = remaining
          c.block = next
          b = n
          u = n.uops
          continue
        }
      }
      const linked = follow(
        c,
        way ? b.target : b.fallthrough,
        b,
        way ? offsetof<Block>('chain0') : offsetof<Block>('chain1'),
      )
      if (linked == 0) return LEAVE
      b = changetype<Block>(linked)
      u = c.resume
      continue
    }
    // Indirect branches: the jump cache.
    let found = cachedTarget(c, indirect, b.mode)
    if (found) {
      const n = changetype<Block>(found)
      b.chain0 = found
      const heat = n.heat - 1
      if (heat < 0) {
        const entered = enterCompiled(c, n)
        if (entered == 0) return LEAVE
        b = changetype<Block>(entered)
        u = c.resume
        continue
      }
      n.heat = heat
      const remaining = c.remaining - i64(n.count)
      if (remaining < 0) return leaveAt(c, indirect)
      c.remaining = remaining
      c.block = found
      b = n
      u = n.uops
      continue
    }
    found = followIndirect(c, indirect)
    if (found == 0) return LEAVE
    b = changetype<Block>(found)
    u = c.resume
  }
  return LEAVE
}
