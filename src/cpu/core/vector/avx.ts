// Vector instructions with a VEX prefix at work: what avx-decode.ts emitted, done to one vCPU's registers and memory.
//
// Promises: as sse.ts: nothing changes when an instruction faults but sticky exception flags (a gather keeps the elements it has done). Memory
// operands need no alignment unless x says so. What 256 bits do in two independent halves is done by the functions that SSE has, once for each half,
// with the exceptions of both accepted together. What an operation does not write of its destination becomes zero.
import {
  BLENDPD,
  BLENDPS,
  INSERTPS,
  MOVMSKPD,
  MOVMSKPS,
  MPSADBW,
  SHUFPD,
  VPBLENDD,
  VPERMILPD_IMMEDIATE,
} from '../../numbers/vector-operations'
import { CF, MXCSR_FTZ, MXCSR_RC, MXCSR_RC_SHIFT, ZF } from '../../numbers/registers'
import { VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import {
  FN_AVX_ACROSS,
  FN_AVX_BLEND,
  FN_AVX_BROADCAST,
  FN_AVX_COMPARE,
  FN_AVX_COPY,
  FN_AVX_DOT,
  FN_AVX_EXTEND,
  FN_AVX_EXTRACT_HALF,
  FN_AVX_FLOAT,
  FN_AVX_FROM_GENERAL,
  FN_AVX_FROM_HALF,
  FN_AVX_GATHER,
  FN_AVX_HALVES,
  FN_AVX_INSERT,
  FN_AVX_INTEGER,
  FN_AVX_INTEGER_TO_FLOAT,
  FN_AVX_LANES,
  FN_AVX_MASKED_LOAD,
  FN_AVX_MASKED_STORE,
  FN_AVX_MERGE,
  FN_AVX_MULTIPLY_ADD,
  FN_AVX_NARROW,
  FN_AVX_SHIFT,
  FN_AVX_SIGN_MASK,
  FN_AVX_STORE,
  FN_AVX_TEST,
  FN_AVX_TO_HALF,
  FN_AVX_WIDEN,
  FN_AVX_ZERO,
  VEX_IMMEDIATE,
  VEX_MEMORY,
  VEX_W,
  VEX_WIDE,
  X_ALIGNED,
} from '../../numbers/vector-functions'
import { CpuState, MODE_CODE64, MODE_CODE_MASK, setSlot, slot } from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopS2, uopX } from '../blocks/ir'
import { VECTOR_GP, raise } from '../state/fault'
import { probeWrite, read128, readSize, readWhole, write128, write64, writeWhole } from '../memory/linear'
import { setArithmetic } from '../state/flags'
import { acrossOperation, laneOperation } from './avx-lanes'
import { gather, maskedLoad, maskedStoreElements } from './avx-memory'
import { comparePacked } from './avx-compare'
import { fromHalf, toHalf } from '../float/half-float'
import { multiplyAddOperation } from './multiply-add'
import { integerOperation } from './sse-integer'
import { beginFloat, floatOperation, integerToDouble, integerToSingle } from './sse-float'
import { dotPairs, dotProductsDouble, dotProductsSingle, dotSum, dotSumDouble } from './sse-extended-float'
import { acceptFlags, avxUnavailable, signMask, upperRegister, vectorRegister } from './sse'
import { ZERO_VECTOR } from './sse-extended-integer'

/** The second source's halves, after `fetch`. */
let low: usize = 0
let high: usize = 0

/** x bytes of memory at T0 to scratch, zero above; false after a fault. */
function fetchMemory(c: CpuState, x: u32): bool {
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  const linear = c.t0
  const bytes = x & ~X_ALIGNED
  low = p
  high = p + 16
  if (x & X_ALIGNED && <u32>linear & (bytes - 1)) {
    raise(c, VECTOR_GP, 0)
    return false
  }
  v128.store(p, ZERO_VECTOR, 16)
  if (bytes == 32) return readWhole(c, linear, p, 32, 16)
  if (bytes == 16) read128(c, linear, p)
  else v128.store(p, i64x2(readSize(c, linear, bytes), 0))
  return !c.fault
}

function fetch(c: CpuState, u: usize): bool {
  if (uopArgument(u) & VEX_MEMORY) return fetchMemory(c, uopX(u))
  low = vectorRegister(c, uopS2(u))
  high = upperRegister(c, uopS2(u))
  return true
}

/** The general register or the memory operand that is the second source; c.fault. */
function fetchGeneral(c: CpuState, u: usize): u64 {
  return uopArgument(u) & VEX_MEMORY ? readSize(c, c.t0, uopX(u)) : slot(c, uopS2(u))
}

function commit(c: CpuState, u: usize, lower: v128, upper: v128): void {
  v128.store(vectorRegister(c, uopD(u)), lower)
  v128.store(upperRegister(c, uopD(u)), upper)
}

// @ts-ignore: decorator
@inline
function isWide(u: usize): bool {
  return (uopArgument(u) & VEX_WIDE) != 0
}

// @ts-ignore: decorator
@inline
function firstLow(c: CpuState, u: usize): v128 {
  return v128.load(vectorRegister(c, uopS1(u)))
}

// @ts-ignore: decorator
@inline
function firstHigh(c: CpuState, u: usize): v128 {
  return v128.load(upperRegister(c, uopS1(u)))
}

/** The immediate that the upper half takes: SHUFPD, PBLENDD, PERMILPD, BLENDPS, BLENDPD and MPSADBW have other bits for it. */
function upperImmediate(operation: i32, immediate: i32): i32 {
  switch (operation) {
    case SHUFPD:
    case VPERMILPD_IMMEDIATE:
    case BLENDPD:
      return immediate >> 2
    case MPSADBW:
      return immediate >> 3
    case VPBLENDD:
    case BLENDPS:
      return immediate >> 4
  }
  return immediate
}

function integer(c: CpuState, u: usize): void {
  const operation = uopDetail(u)
  const argument = uopArgument(u)
  // INSERTPS from memory has one element to choose.
  const immediate = argument & (operation == INSERTPS && argument & VEX_MEMORY ? 0x3f : 0xff)
  const lower = integerOperation(operation, firstLow(c, u), v128.load(low), immediate)
  let upper = ZERO_VECTOR
  if (argument & VEX_WIDE)
    upper = integerOperation(operation, firstHigh(c, u), v128.load(high), upperImmediate(operation, immediate))
  commit(c, u, lower, upper)
}

function shift(c: CpuState, u: usize): void {
  const argument = uopArgument(u)
  if ((argument & VEX_IMMEDIATE) == 0 && !fetch(c, u)) return
  const count = argument & VEX_IMMEDIATE ? i64x2(<u64>(argument & 0xff), 0) : v128.load(low)
  const operation = uopDetail(u)
  const lower = integerOperation(operation, firstLow(c, u), count, 0)
  commit(c, u, lower, argument & VEX_WIDE ? integerOperation(operation, firstHigh(c, u), count, 0) : ZERO_VECTOR)
}

function float(c: CpuState, u: usize): void {
  const operation = uopDetail(u)
  const immediate = uopArgument(u) & 0xff
  beginFloat(c.mxcsr)
  const lower = floatOperation(operation, firstLow(c, u), v128.load(low), immediate)
  const upper = isWide(u) ? floatOperation(operation, firstHigh(c, u), v128.load(high), immediate) : ZERO_VECTOR
  if (acceptFlags(c)) commit(c, u, lower, upper)
}

function compare(c: CpuState, u: usize): void {
  const prefix = uopDetail(u) >> 8
  const predicate = uopArgument(u) & 31
  beginFloat(c.mxcsr)
  const lower = comparePacked(prefix, predicate, firstLow(c, u), v128.load(low))
  const upper = isWide(u) ? comparePacked(prefix, predicate, firstHigh(c, u), v128.load(high)) : ZERO_VECTOR
  if (acceptFlags(c)) commit(c, u, lower, upper)
}

/** PMOVSX and PMOVZX: the upper half takes what lies behind what the lower one took. */
function extend(c: CpuState, u: usize): void {
  const source = v128.load(low)
  const lower = integerOperation(uopDetail(u), source, source, 0)
  let upper = ZERO_VECTOR
  if (isWide(u)) {
    const kind = uopDetail(u) & 7
    const order =
      kind == 2
        ? i64x2.shr_u(source, 16)
        : kind == 1 || kind == 4
          ? i64x2.shr_u(source, 32)
          : v128.shuffle<i64>(source, source, 1, 0)
    upper = integerOperation(uopDetail(u), order, order, 0)
  }
  commit(c, u, lower, upper)
}

function widen(c: CpuState, u: usize): void {
  const source = v128.load(low)
  beginFloat(c.mxcsr)
  const lower = floatOperation(uopDetail(u), source, source, 0)
  let upper = ZERO_VECTOR
  if (isWide(u)) {
    const rest = v128.shuffle<i64>(source, source, 1, 0)
    upper = floatOperation(uopDetail(u), rest, rest, 0)
  }
  if (acceptFlags(c)) commit(c, u, lower, upper)
}

function narrow(c: CpuState, u: usize): void {
  const source = v128.load(low)
  beginFloat(c.mxcsr)
  let result = floatOperation(uopDetail(u), source, source, 0)
  if (isWide(u)) {
    const rest = v128.load(high)
    result = v128.shuffle<i64>(result, floatOperation(uopDetail(u), rest, rest, 0), 0, 2)
  }
  if (acceptFlags(c)) commit(c, u, result, ZERO_VECTOR)
}

function copy(c: CpuState, u: usize): void {
  const bytes = uopX(u) & ~X_ALIGNED
  const source = v128.load(low)
  // A memory operand is zero above its bytes already.
  const whole = bytes >= 16 || (uopArgument(u) & VEX_MEMORY) != 0
  commit(c, u, whole ? source : i64x2(i64x2.extract_lane(source, 0), 0), bytes == 32 ? v128.load(high) : ZERO_VECTOR)
}

function storeWhole(c: CpuState, u: usize): void {
  const bytes = uopX(u) & ~X_ALIGNED
  const linear = c.t0
  if (uopX(u) & X_ALIGNED && <u32>linear & (bytes - 1)) return raise(c, VECTOR_GP, 0)
  const source = vectorRegister(c, uopS2(u))
  if (bytes == 16) return write128(c, linear, source)
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  v128.store(p, v128.load(source))
  v128.store(p, v128.load(upperRegister(c, uopS2(u))), 16)
  writeWhole(c, linear, p, 32, 16)
}

function merge(c: CpuState, u: usize): void {
  const a = firstLow(c, u)
  const b = v128.load(low)
  const lower = uopX(u) == 4 ? v128.shuffle<i32>(a, b, 4, 1, 2, 3) : v128.shuffle<i64>(a, b, 2, 1)
  commit(c, u, lower, ZERO_VECTOR)
}

function halves(c: CpuState, u: usize): void {
  const a = firstLow(c, u)
  const b = v128.load(low)
  const memory = (uopArgument(u) & VEX_MEMORY) != 0
  const lower =
    uopDetail(u) == 0x16
      ? v128.shuffle<i64>(a, b, 0, 2)
      : memory
        ? v128.shuffle<i64>(a, b, 2, 1)
        : v128.shuffle<i64>(a, b, 3, 1)
  commit(c, u, lower, ZERO_VECTOR)
}

function integerToFloat(c: CpuState, u: usize): void {
  const raw = fetchGeneral(c, u)
  if (c.fault) return
  const value = uopX(u) == 8 ? <i64>raw : <i64>(<i32>raw)
  beginFloat(c.mxcsr)
  let lower = firstLow(c, u)
  if (uopDetail(u) >> 8 == 3) lower = i64x2.replace_lane(lower, 0, integerToDouble(value))
  else lower = i32x4.replace_lane(lower, 0, integerToSingle(value))
  if (acceptFlags(c)) commit(c, u, lower, ZERO_VECTOR)
}

function insert(c: CpuState, u: usize): void {
  const value = fetchGeneral(c, u)
  if (c.fault) return
  const index = uopArgument(u) & 0xff
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  v128.store(p, firstLow(c, u))
  const bytes = uopX(u)
  if (bytes == 1) store<u8>(p + (index & 15), <u8>value)
  else if (bytes == 2) store<u16>(p + ((index & 7) << 1), <u16>value)
  else if (bytes == 4) store<u32>(p + ((index & 3) << 2), <u32>value)
  else store<u64>(p + ((index & 1) << 3), value)
  commit(c, u, v128.load(p), ZERO_VECTOR)
}

/** As in sse-extended.ts: each stage is complete, in both halves, before the next begins. */
function dot(c: CpuState, u: usize): void {
  const immediate = uopArgument(u) & 0xff
  const wide = isWide(u)
  const a = firstLow(c, u)
  beginFloat(c.mxcsr)
  if ((uopDetail(u) & 0xff) == 0x41) {
    const products = dotProductsDouble(a, v128.load(low), immediate)
    if (!acceptFlags(c)) return
    beginFloat(c.mxcsr)
    const sum = dotSumDouble(products, immediate)
    if (acceptFlags(c)) commit(c, u, sum, ZERO_VECTOR)
    return
  }
  let lower = dotProductsSingle(a, v128.load(low), immediate)
  let upper = wide ? dotProductsSingle(firstHigh(c, u), v128.load(high), immediate) : ZERO_VECTOR
  if (!acceptFlags(c)) return
  beginFloat(c.mxcsr)
  lower = dotPairs(lower)
  if (wide) upper = dotPairs(upper)
  if (!acceptFlags(c)) return
  beginFloat(c.mxcsr)
  lower = dotSum(lower, immediate)
  if (wide) upper = dotSum(upper, immediate)
  if (acceptFlags(c)) commit(c, u, lower, upper)
}

function blendBy(opcode: u32, mask: v128, a: v128, b: v128): v128 {
  const chosen = opcode == 0x4c ? i8x16.shr_s(mask, 7) : opcode == 0x4a ? i32x4.shr_s(mask, 31) : i64x2.shr_s(mask, 63)
  return v128.bitselect(b, a, chosen)
}

function blend(c: CpuState, u: usize): void {
  const opcode = uopDetail(u)
  const long = (c.mode & MODE_CODE_MASK) == MODE_CODE64
  const mask = (uopArgument(u) >> 4) & (long ? 15 : 7)
  const lower = blendBy(opcode, v128.load(vectorRegister(c, mask)), firstLow(c, u), v128.load(low))
  let upper = ZERO_VECTOR
  if (isWide(u)) upper = blendBy(opcode, v128.load(upperRegister(c, mask)), firstHigh(c, u), v128.load(high))
  commit(c, u, lower, upper)
}

/** PTEST, VTESTPS, VTESTPD: d and the second source. */
function test(c: CpuState, u: usize): void {
  const opcode = uopDetail(u)
  const mask =
    opcode == 0x0e ? i32x4.splat(<i32>0x80000000) : i64x2.splat(opcode == 0x0f ? <i64>0x8000000000000000 : -1)
  const a = v128.load(vectorRegister(c, uopD(u)))
  const b = v128.and(v128.load(low), mask)
  let both = v128.and(a, b)
  let only = v128.andnot(b, a)
  if (isWide(u)) {
    const x = v128.load(upperRegister(c, uopD(u)))
    const y = v128.and(v128.load(high), mask)
    both = v128.or(both, v128.and(x, y))
    only = v128.or(only, v128.andnot(y, x))
  }
  setArithmetic(c, (v128.any_true(both) ? 0 : ZF) | (v128.any_true(only) ? 0 : CF))
}

function signs(c: CpuState, u: usize): void {
  const detail = uopDetail(u)
  let mask = signMask(detail, v128.load(low))
  if (isWide(u)) mask |= signMask(detail, v128.load(high)) << (detail == MOVMSKPS ? 4 : detail == MOVMSKPD ? 2 : 16)
  setSlot(c, uopD(u), u64(mask))
}

function zero(c: CpuState, all: bool): void {
  const registers: u32 = (c.mode & MODE_CODE_MASK) == MODE_CODE64 ? 16 : 8
  memory.fill(upperRegister(c, 0), 0, registers << 4)
  if (all) memory.fill(vectorRegister(c, 0), 0, registers << 4)
}

function broadcast(c: CpuState, u: usize): void {
  const bytes = uopX(u)
  let value = v128.load(low)
  if (bytes == 1) value = i8x16.splat(load<i8>(low))
  else if (bytes == 2) value = i16x8.splat(load<i16>(low))
  else if (bytes == 4) value = i32x4.splat(load<i32>(low))
  else if (bytes == 8) value = i64x2.splat(load<i64>(low))
  commit(c, u, value, isWide(u) ? value : ZERO_VECTOR)
}

function lanes(c: CpuState, u: usize): void {
  const operation = uopDetail(u)
  const immediate = uopArgument(u) & 0xff
  const quadwords = (uopArgument(u) & VEX_W) != 0
  const lower = laneOperation(operation, quadwords, firstLow(c, u), v128.load(low), immediate)
  let upper = ZERO_VECTOR
  if (isWide(u)) {
    const other = upperImmediate(operation, immediate)
    upper = laneOperation(operation, quadwords, firstHigh(c, u), v128.load(high), other)
  }
  commit(c, u, lower, upper)
}

function across(c: CpuState, u: usize): void {
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET + 64
  v128.store(p, firstLow(c, u))
  v128.store(p, firstHigh(c, u), 16)
  v128.store(p, v128.load(low), 32)
  v128.store(p, v128.load(high), 48)
  acrossOperation(uopDetail(u), p, uopArgument(u) & 0xff)
  commit(c, u, v128.load(p, 64), v128.load(p, 80))
}

function extractHalf(c: CpuState, u: usize): void {
  const from = uopArgument(u) & 1 ? upperRegister(c, uopS2(u)) : vectorRegister(c, uopS2(u))
  if (uopArgument(u) & VEX_MEMORY) write128(c, c.t0, from)
  else commit(c, u, v128.load(from), ZERO_VECTOR)
}

function multiplyAdd(c: CpuState, u: usize): void {
  const opcode = uopDetail(u)
  const doubles = (uopArgument(u) & VEX_W) != 0
  const destination = v128.load(vectorRegister(c, uopD(u)))
  beginFloat(c.mxcsr)
  const lower = multiplyAddOperation(opcode, doubles, destination, firstLow(c, u), v128.load(low))
  let upper = ZERO_VECTOR
  if (isWide(u)) {
    const rest = v128.load(upperRegister(c, uopD(u)))
    upper = multiplyAddOperation(opcode, doubles, rest, firstHigh(c, u), v128.load(high))
  }
  if (acceptFlags(c)) commit(c, u, lower, upper)
}

function widenHalf(c: CpuState, u: usize): void {
  const source = v128.load(low)
  beginFloat(c.mxcsr)
  const lower = fromHalf(i64x2.extract_lane(source, 0))
  const upper = isWide(u) ? fromHalf(i64x2.extract_lane(source, 1)) : ZERO_VECTOR
  if (acceptFlags(c)) commit(c, u, lower, upper)
}

function narrowToHalf(c: CpuState, u: usize): void {
  const immediate = uopArgument(u) & 0xff
  const lower = vectorRegister(c, uopS2(u))
  const upper = upperRegister(c, uopS2(u))
  // The rounding control is the immediate's, or MXCSR's if its bit 2 is set; denormal results are never flushed (SDM 2C VCVTPS2PH).
  const control = immediate & 4 ? c.mxcsr : (c.mxcsr & ~MXCSR_RC) | ((immediate & 3) << MXCSR_RC_SHIFT)
  beginFloat(control & ~MXCSR_FTZ)
  const first = toHalf(v128.load(lower))
  const second: u64 = isWide(u) ? toHalf(v128.load(upper)) : 0
  const memory = (uopArgument(u) & VEX_MEMORY) != 0
  if (memory && !probeWrite(c, c.t0, uopX(u), uopX(u))) return
  if (!acceptFlags(c)) return
  if (!memory) return commit(c, u, i64x2(first, second), ZERO_VECTOR)
  if (!isWide(u)) return write64(c, c.t0, first)
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  v128.store(p, i64x2(first, second))
  write128(c, c.t0, p)
}

/** Functions that fetch their operands themselves, or have none in memory; false: not one of them. */
function ownOperands(c: CpuState, u: usize, fn: u32): bool {
  switch (fn) {
    case FN_AVX_SHIFT:
      shift(c, u)
      return true
    case FN_AVX_STORE:
      storeWhole(c, u)
      return true
    case FN_AVX_FROM_GENERAL: {
      const value = slot(c, uopS2(u))
      commit(c, u, i64x2(uopX(u) == 8 ? value : value & 0xffffffff, 0), ZERO_VECTOR)
      return true
    }
    case FN_AVX_INTEGER_TO_FLOAT:
      integerToFloat(c, u)
      return true
    case FN_AVX_INSERT:
      insert(c, u)
      return true
    case FN_AVX_ZERO:
      zero(c, isWide(u))
      return true
    case FN_AVX_EXTRACT_HALF:
      extractHalf(c, u)
      return true
    case FN_AVX_MASKED_LOAD:
      maskedLoad(c, u)
      return true
    case FN_AVX_MASKED_STORE:
      maskedStoreElements(c, u)
      return true
    case FN_AVX_GATHER:
      gather(c, u)
      return true
    case FN_AVX_TO_HALF:
      narrowToHalf(c, u)
      return true
  }
  return false
}

export function avxOp(c: CpuState, u: usize): void {
  if (avxUnavailable(c)) return
  const fn = uopFunction(u)
  if (ownOperands(c, u, fn) || !fetch(c, u)) return
  switch (fn) {
    case FN_AVX_INTEGER:
      return integer(c, u)
    case FN_AVX_FLOAT:
      return float(c, u)
    case FN_AVX_COMPARE:
      return compare(c, u)
    case FN_AVX_EXTEND:
      return extend(c, u)
    case FN_AVX_WIDEN:
      return widen(c, u)
    case FN_AVX_NARROW:
      return narrow(c, u)
    case FN_AVX_COPY:
      return copy(c, u)
    case FN_AVX_MERGE:
      return merge(c, u)
    case FN_AVX_HALVES:
      return halves(c, u)
    case FN_AVX_DOT:
      return dot(c, u)
    case FN_AVX_BLEND:
      return blend(c, u)
    case FN_AVX_TEST:
      return test(c, u)
    case FN_AVX_SIGN_MASK:
      return signs(c, u)
    case FN_AVX_BROADCAST:
      return broadcast(c, u)
    case FN_AVX_LANES:
      return lanes(c, u)
    case FN_AVX_ACROSS:
      return across(c, u)
    case FN_AVX_MULTIPLY_ADD:
      return multiplyAdd(c, u)
    case FN_AVX_FROM_HALF:
      return widenHalf(c, u)
    default:
      unreachable()
  }
}
