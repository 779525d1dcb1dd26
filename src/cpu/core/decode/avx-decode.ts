// Vector instructions with a VEX prefix to uops: maps 0F, 0F 38 and 0F 3A (SDM 2A 2.3, 2B to 2D).
//
// Promises: functions return false for every encoding that is #UD: reserved vvvv, L or W, a register where memory must be, or the reverse. What
// depends on control registers (CR4.OSXSAVE, XCR0, CR0.TS) is tested when the uop runs. The functions: ../../numbers/vector-functions.ts.
import { OP_LEA16, OP_LEA32, OP_LEA64, OP_SSE, SEG_DS, SLOT_RDI, SLOT_T0, SLOT_ZERO } from '../../numbers/operations'
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
  FN_EXTRACT,
  FN_EXTRACT_MEMORY,
  FN_EXTRACT_WORD,
  FN_FLOAT_TO_INTEGER,
  FN_FLOAT_TO_INTEGER_MEMORY,
  FN_LOAD_MXCSR,
  FN_MASKED_STORE,
  FN_ORDER,
  FN_STORE,
  FN_STORE_HIGH,
  FN_STORE_MXCSR,
  FN_STRING,
  FN_STRING_MEMORY,
  FN_TO_GENERAL,
  UNDER_VEX,
  VEX_IMMEDIATE,
  VEX_MEMORY,
  VEX_NARROW_ADDRESS,
  VEX_SCALE_SHIFT,
  VEX_SEGMENT_SHIFT,
  VEX_W,
  VEX_WIDE,
  X_ALIGNED,
} from '../../numbers/vector-functions'
import { functionImmediate } from '../blocks/ir'
import { MODE_CODE64 } from '../state/state'
import { Decoder, NO_SEGMENT } from './decoder'
import { computeBytes, isFloat } from './sse-decode'
import { extensionBytes } from './sse-extended-decode'

/** Lengths that an opcode has. */
const ANY: u32 = 3
const ONLY_128: u32 = 1
const ONLY_256: u32 = 2
/** Scalars ignore L. */
const IGNORED: u32 = 4

/** Are L and vvvv as the opcode wants them? `second`: vvvv is an operand. */
function fits(d: Decoder, lengths: u32, second: bool): bool {
  return (second || d.vexNone) && (lengths == IGNORED || ((lengths >> d.vexWide) & 1) != 0)
}

// @ts-ignore: decorator
@inline
function width(d: Decoder): u32 {
  return d.vexWide ? 32 : 16
}

// @ts-ignore: decorator
@inline
function wideFlag(d: Decoder): u32 {
  return d.vexWide ? VEX_WIDE : 0
}

function emit(d: Decoder, fn: u32, destination: u32, first: u32, second: u32, x: u32, detail: u32, flags: u32): bool {
  d.emit(OP_SSE, destination, first, second, x, functionImmediate(fn, detail, <i32>flags))
  return true
}

/** d = reg, s1 = vvvv, s2 = r/m of `x` bytes; an immediate byte follows if `immediate`. ModRM is fetched. */
function operands(d: Decoder, fn: u32, x: u32, detail: u32, flags: u32, immediate: bool): bool {
  d.immediateBytes = immediate ? 1 : 0
  const memory = d.mod != 3
  if (memory) {
    d.address(x & ~X_ALIGNED, false)
    flags |= VEX_MEMORY
  }
  if (immediate) flags |= d.fetch8()
  return emit(d, fn, d.reg, d.vexRegister, memory ? 0 : d.rm, x, detail, flags)
}

/** A function that SSE has and that writes no vector register. */
function shared(d: Decoder, fn: u32, destination: u32, source: u32, x: u32, detail: u32, argument: u32): bool {
  d.emit(OP_SSE, destination, source, UNDER_VEX, x, functionImmediate(fn, detail, <i32>argument))
  return true
}

/** The same with r/m as its source, `fn` + 1 from memory. */
function sharedPair(d: Decoder, fn: u32, destination: u32, x: u32, detail: u32, immediate: bool): bool {
  d.immediateBytes = immediate ? 1 : 0
  const memory = d.mod != 3
  if (memory) d.address(x, false)
  const argument = immediate ? d.fetch8() : 0
  return shared(d, memory ? fn + 1 : fn, destination, memory ? 0 : d.rm, x, detail, argument)
}

function store(d: Decoder, fn: u32, bytes: u32, detail: u32): bool {
  if (d.mod == 3) return false
  d.address(bytes & ~X_ALIGNED, true)
  if (fn != FN_AVX_STORE) return shared(d, fn, 0, d.reg, bytes, detail, 0)
  return emit(d, fn, 0, 0, d.reg, bytes, detail, VEX_MEMORY)
}

/** MOVUPS and its kin, whole registers. */
function move(d: Decoder, load: bool, aligned: bool): bool {
  if (!fits(d, ANY, false)) return false
  const x = width(d)
  if (d.mod == 3) return emit(d, FN_AVX_COPY, load ? d.reg : d.rm, 0, load ? d.rm : d.reg, x, 0, 0)
  const bytes = x | (aligned ? X_ALIGNED : 0)
  return load ? operands(d, FN_AVX_COPY, bytes, 0, 0, false) : store(d, FN_AVX_STORE, bytes, 0)
}

/** MOVSS, MOVSD. */
function moveScalar(d: Decoder, load: bool, bytes: u32): bool {
  if (d.mod == 3) return emit(d, FN_AVX_MERGE, load ? d.reg : d.rm, d.vexRegister, load ? d.rm : d.reg, bytes, 0, 0)
  if (!fits(d, IGNORED, false)) return false
  return load ? operands(d, FN_AVX_COPY, bytes, 0, 0, false) : store(d, FN_STORE, bytes, 0)
}

/** MOVLPS, MOVHPS, MOVHLPS, MOVLHPS and their stores. */
function moveHalf(d: Decoder, p: u32, o: u32): bool {
  if (o & 1) return fits(d, ONLY_128, false) && store(d, o == 0x17 ? FN_STORE_HIGH : FN_STORE, 8, 0)
  if (!fits(d, ONLY_128, true) || (d.mod == 3 && p != 0)) return false
  return operands(d, FN_AVX_HALVES, 8, o, 0, false)
}

/** Shifts by an immediate: vvvv is the destination. */
function shiftGroup(d: Decoder, o: u32): bool {
  if (d.mod != 3) return false
  const group = d.group()
  const count = d.fetch8()
  let operation: u32 = 0
  if (group == 2) operation = 0xd0 + (o & 3)
  else if (group == 6) operation = 0xf0 + (o & 3)
  else if (group == 4 && o != 0x73) operation = 0xe0 + (o & 3)
  else if (o == 0x73 && group == 3) operation = 0x73
  else if (o == 0x73 && group == 7) operation = 0x72
  if (operation == 0) return false
  // PSRLDQ and PSLLDQ count bytes, in each half.
  const fn = operation < 0x80 ? FN_AVX_INTEGER : FN_AVX_SHIFT
  return emit(d, fn, d.vexRegister, d.rm, 0, 0, 0x100 | operation, wideFlag(d) | VEX_IMMEDIATE | count)
}

function isShift(o: u32): bool {
  const low = o & 15
  return ((o & 0xf0) == 0xd0 || (o & 0xf0) == 0xf0) && low >= 1 && low <= 3 ? true : o == 0xe1 || o == 0xe2
}

/** Has the opcode of map 0F no first source? */
function isUnary(p: u32, o: u32): bool {
  if (o == 0x51 || o == 0x52 || o == 0x53 || o == 0x5a) return p < 2
  return o == 0x5b || o == 0x70 || o == 0xe6 || o == 0x12 || o == 0x16
}

/** What computes as its SSE form does. ModRM is fetched. */
function compute(d: Decoder, p: u32, o: u32): bool {
  const detail = (p << 8) | o
  const base = computeBytes(p, o)
  if (base == 0) return false
  const conversion = o == 0xe6 || (o == 0x5a && p < 2)
  const scalar = base < 16 && !conversion && detail != 0x312
  if (!fits(d, scalar ? IGNORED : ANY, !isUnary(p, o))) return false
  const immediate = o == 0x70 || o == 0xc2 || o == 0xc6
  const wide = scalar ? 0 : wideFlag(d)
  const bytes: u32 = scalar || !d.vexWide ? base : detail == 0x312 ? 32 : base * 2
  if (conversion) return operands(d, base == 8 ? FN_AVX_WIDEN : FN_AVX_NARROW, bytes, detail, wide, false)
  if (isShift(o)) return operands(d, FN_AVX_SHIFT, 16, detail, wide, false)
  const fn = o == 0xc2 ? FN_AVX_COMPARE : isFloat(o) ? FN_AVX_FLOAT : FN_AVX_INTEGER
  return operands(d, fn, bytes, detail, wide, immediate)
}

function moveGeneral(d: Decoder, o: u32): bool {
  if (!fits(d, ONLY_128, false)) return false
  const bytes: u32 = d.rexW ? 8 : 4
  if (o == 0x6e) {
    if (d.mod != 3) return operands(d, FN_AVX_COPY, bytes, 0, 0, false)
    return emit(d, FN_AVX_FROM_GENERAL, d.reg, 0, d.rm << 3, bytes, 0, 0)
  }
  if (d.mod != 3) return store(d, FN_STORE, bytes, 0)
  return shared(d, FN_TO_GENERAL, d.rm << 3, d.reg, bytes, 0, 0)
}

/** A general register or memory of `bytes` as second source. */
function generalSource(d: Decoder, fn: u32, bytes: u32, detail: u32, immediate: bool): bool {
  d.immediateBytes = immediate ? 1 : 0
  const memory = d.mod != 3
  if (memory) d.address(bytes, false)
  const flags: u32 = (immediate ? d.fetch8() : 0) | (memory ? VEX_MEMORY : 0)
  return emit(d, fn, d.reg, d.vexRegister, memory ? 0 : d.rm << 3, bytes, detail, flags)
}

function controlWord(d: Decoder, p: u32): bool {
  const group = d.group()
  if (p != 0 || d.mod == 3 || (group != 2 && group != 3) || !fits(d, ONLY_128, false)) return false
  d.address(4, group == 3)
  return shared(d, group == 2 ? FN_LOAD_MXCSR : FN_STORE_MXCSR, 0, 0, 4, 0xae, 0)
}

function maskMove(d: Decoder): bool {
  if (d.mod != 3 || !fits(d, ONLY_128, false)) return false
  const lea: u32 = d.addressSize == 8 ? OP_LEA64 : d.addressSize == 4 ? OP_LEA32 : OP_LEA16
  d.emit(lea, SLOT_T0, SLOT_RDI, SLOT_ZERO, 0, 0)
  d.emitSegment(SLOT_T0, SLOT_T0, d.segment == NO_SEGMENT ? SEG_DS : d.segment, 16, true)
  return shared(d, FN_MASKED_STORE, d.reg, d.rm, 16, 0x1f7, 0)
}

/** Map 0F. */
function map1(d: Decoder, p: u32, o: u32): bool {
  if (o == 0x77) {
    if (p != 0 || !d.vexNone) return false
    return emit(d, FN_AVX_ZERO, 0, 0, 0, 0, 0, wideFlag(d))
  }
  d.fetchModrm()
  switch (o) {
    case 0x10:
    case 0x11:
      return p < 2 ? move(d, o == 0x10, false) : moveScalar(d, o == 0x10, p == 2 ? 4 : 8)
    case 0x12:
    case 0x13:
    case 0x16:
    case 0x17:
      return p < 2 ? moveHalf(d, p, o) : compute(d, p, o)
    case 0x28:
    case 0x29:
      return p < 2 && move(d, o == 0x28, true)
    case 0x2a:
      return p > 1 && generalSource(d, FN_AVX_INTEGER_TO_FLOAT, d.rexW ? 8 : 4, (p << 8) | o, false)
    case 0x2b:
      return p < 2 && d.mod != 3 && move(d, false, true)
    case 0x2c:
    case 0x2d: {
      if (p < 2 || !fits(d, IGNORED, false)) return false
      const memory = d.mod != 3
      if (memory) d.address(p == 2 ? 4 : 8, false)
      const fn = memory ? FN_FLOAT_TO_INTEGER_MEMORY : FN_FLOAT_TO_INTEGER
      return shared(d, fn, d.reg << 3, memory ? 0 : d.rm, d.rexW ? 8 : 4, (p << 8) | o, 0)
    }
    case 0x2e:
    case 0x2f:
      return p < 2 && fits(d, IGNORED, false) && sharedPair(d, FN_ORDER, d.reg, p ? 8 : 4, (p << 8) | o, false)
    case 0x50:
      if (p > 1 || d.mod != 3 || !fits(d, ANY, false)) return false
      return emit(d, FN_AVX_SIGN_MASK, d.reg << 3, 0, d.rm, 8, (p << 8) | o, wideFlag(d))
    case 0x6e:
      return p == 1 && moveGeneral(d, o)
    case 0x6f:
    case 0x7f:
      return (p == 1 || p == 2) && move(d, o == 0x6f, p == 1)
    case 0x71:
    case 0x72:
    case 0x73:
      return p == 1 && shiftGroup(d, o)
    case 0x7e:
      if (p == 2) return fits(d, ONLY_128, false) && operands(d, FN_AVX_COPY, 8, 0, 0, false)
      return p == 1 && moveGeneral(d, o)
    case 0xae:
      return controlWord(d, p)
    case 0xc4:
      return p == 1 && fits(d, ONLY_128, true) && generalSource(d, FN_AVX_INSERT, 2, 0, true)
    case 0xc5: {
      if (p != 1 || d.mod != 3 || !fits(d, ONLY_128, false)) return false
      return shared(d, FN_EXTRACT_WORD, d.reg << 3, d.rm, 2, 0x1c5, d.fetch8())
    }
    case 0xd6:
      if (p != 1 || !fits(d, ONLY_128, false)) return false
      return d.mod == 3 ? emit(d, FN_AVX_COPY, d.rm, 0, d.reg, 8, 0, 0) : store(d, FN_STORE, 8, 0)
    case 0xd7:
      if (p != 1 || d.mod != 3 || !fits(d, ANY, false)) return false
      return emit(d, FN_AVX_SIGN_MASK, d.reg << 3, 0, d.rm, 8, 0x1d7, wideFlag(d))
    case 0xe7:
      return p == 1 && d.mod != 3 && move(d, false, true)
    case 0xf0:
      return p == 3 && d.mod != 3 && move(d, true, false)
    case 0xf7:
      return p == 1 && maskMove(d)
  }
  return compute(d, p, o)
}

function elementFlags(d: Decoder, segment: u32): u32 {
  return (d.addressSize == 8 ? 0 : VEX_NARROW_ADDRESS) | (segment << VEX_SEGMENT_SHIFT)
}

/** Elements of the size that W says, in memory, selected by vvvv. */
function maskedMove(d: Decoder, isStore: bool, bytes: u32): bool {
  if (d.mod == 3) return false
  d.immediateBytes = 0
  const flags = wideFlag(d) | VEX_MEMORY | elementFlags(d, d.maskedAddress())
  if (isStore) return emit(d, FN_AVX_MASKED_STORE, 0, d.vexRegister, d.reg, bytes, 0, flags)
  return emit(d, FN_AVX_MASKED_LOAD, d.reg, d.vexRegister, 0, bytes, 0, flags)
}

/** 90 to 93: the index's elements are doublewords (even opcodes) or quadwords. */
function gather(d: Decoder, o: u32): bool {
  const segment = d.gatherAddress()
  if (segment == NO_SEGMENT) return false
  const index = d.index
  if (d.reg == d.vexRegister || d.reg == index || d.vexRegister == index) return false
  const flags: u32 = wideFlag(d) | (d.scale << VEX_SCALE_SHIFT) | elementFlags(d, segment)
  return emit(d, FN_AVX_GATHER, d.reg, d.vexRegister, index, d.vexW ? 8 : 4, o, flags)
}

/** Bytes of what a broadcast of this opcode repeats; 0 if it is none. */
function broadcastBytes(o: u32): u32 {
  switch (o) {
    case 0x18:
    case 0x58:
      return 4
    case 0x19:
    case 0x59:
      return 8
    case 0x1a:
    case 0x5a:
      return 16
    case 0x78:
      return 1
    case 0x79:
      return 2
  }
  return 0
}

function broadcast(d: Decoder, o: u32, bytes: u32): bool {
  if (d.vexW || !fits(d, o == 0x19 || bytes == 16 ? ONLY_256 : ANY, false)) return false
  if (bytes == 16 && d.mod == 3) return false
  return operands(d, FN_AVX_BROADCAST, bytes, 0, wideFlag(d), false)
}

/** Map 0F 38, prefix 66. */
function map2(d: Decoder, o: u32): bool {
  d.fetchModrm()
  const wide = wideFlag(d)
  const bytes = width(d)
  const detail = 0x1100 | o
  const repeated = broadcastBytes(o)
  if (repeated) return broadcast(d, o, repeated)
  const low = o & 15
  if (low >= 6 && (o & 0xf0) >= 0x90 && (o & 0xf0) <= 0xb0) {
    // FMA: 96 to 9F, A6 to AF, B6 to BF; from 9 on odd opcodes are scalar.
    const scalar = low > 8 && (low & 1) != 0
    const element: u32 = d.vexW ? 8 : 4
    return operands(
      d,
      FN_AVX_MULTIPLY_ADD,
      scalar ? element : bytes,
      o,
      (scalar ? 0 : wide) | (d.vexW ? VEX_W : 0),
      false,
    )
  }
  if (o <= 0x0b || o == 0x28 || o == 0x29 || o == 0x2b || (o >= 0x37 && o <= 0x40))
    return operands(d, FN_AVX_INTEGER, bytes, detail, wide, false)
  if ((o >= 0x20 && o <= 0x25) || (o >= 0x30 && o <= 0x35)) {
    const half = extensionBytes(o)
    return fits(d, ANY, false) && operands(d, FN_AVX_EXTEND, d.vexWide ? half * 2 : half, detail, wide, false)
  }
  switch (o) {
    case 0x0c:
    case 0x0d:
      return d.vexW == 0 && operands(d, FN_AVX_LANES, bytes, o, wide, false)
    case 0x0e:
    case 0x0f:
      return d.vexW == 0 && fits(d, ANY, false) && operands(d, FN_AVX_TEST, bytes, o, wide, false)
    case 0x13:
      return d.vexW == 0 && fits(d, ANY, false) && operands(d, FN_AVX_FROM_HALF, bytes >> 1, o, wide, false)
    case 0x16:
    case 0x36:
      return d.vexW == 0 && fits(d, ONLY_256, true) && operands(d, FN_AVX_ACROSS, 32, o, wide, false)
    case 0x17:
      return fits(d, ANY, false) && operands(d, FN_AVX_TEST, bytes, o, wide, false)
    case 0x1c:
    case 0x1d:
    case 0x1e:
      return fits(d, ANY, false) && operands(d, FN_AVX_INTEGER, bytes, detail, wide, false)
    case 0x2a:
      return d.mod != 3 && move(d, true, true)
    case 0x2c:
    case 0x2d:
    case 0x2e:
    case 0x2f:
      return d.vexW == 0 && maskedMove(d, o >= 0x2e, o & 1 ? 8 : 4)
    case 0x41:
      return fits(d, ONLY_128, false) && operands(d, FN_AVX_INTEGER, 16, detail, 0, false)
    case 0x45:
    case 0x47:
      return operands(d, FN_AVX_LANES, bytes, o, wide | (d.vexW ? VEX_W : 0), false)
    case 0x46:
      return d.vexW == 0 && operands(d, FN_AVX_LANES, bytes, o, wide, false)
    case 0x8c:
    case 0x8e:
      return maskedMove(d, o == 0x8e, d.vexW ? 8 : 4)
    case 0x90:
    case 0x91:
    case 0x92:
    case 0x93:
      return gather(d, o)
  }
  return false
}

/** Quadwords in general registers belong to 64-bit code. */
function isWideElsewhere(d: Decoder): bool {
  return d.vexW != 0 && d.code != MODE_CODE64
}

/** PEXTRB and its kin: r/m is the destination. */
function extract(d: Decoder, o: u32): bool {
  if (!fits(d, ONLY_128, false) || (o == 0x16 && isWideElsewhere(d))) return false
  const bytes: u32 = o == 0x14 ? 1 : o == 0x15 ? 2 : o == 0x16 && d.rexW ? 8 : 4
  d.immediateBytes = 1
  const memory = d.mod != 3
  if (memory) d.address(bytes, true)
  const argument = d.fetch8()
  return shared(d, memory ? FN_EXTRACT_MEMORY : FN_EXTRACT, memory ? 0 : d.rm << 3, d.reg, bytes, 0x2100 | o, argument)
}

/** Half a register, or its elements at half their size, to r/m of `bytes`. */
function toHalf(d: Decoder, fn: u32, bytes: u32, detail: u32): bool {
  d.immediateBytes = 1
  const memory = d.mod != 3
  if (memory) d.address(bytes, true)
  const flags = wideFlag(d) | (memory ? VEX_MEMORY : 0) | d.fetch8()
  return emit(d, fn, memory ? 0 : d.rm, 0, d.reg, bytes, detail, flags)
}

function strings(d: Decoder, o: u32): bool {
  if (!fits(d, ONLY_128, false)) return false
  d.immediateBytes = 1
  const memory = d.mod != 3
  if (memory) d.address(16, false)
  const argument = d.fetch8()
  const fn = memory ? FN_STRING_MEMORY : FN_STRING
  // x: bytes of the registers with lengths.
  return shared(d, fn, d.reg, memory ? 0 : d.rm, d.rexW ? 8 : 4, 0x2100 | o, argument)
}

/** Map 0F 3A, prefix 66. */
function map3(d: Decoder, o: u32): bool {
  d.fetchModrm()
  const wide = wideFlag(d)
  const bytes = width(d)
  const detail = 0x2100 | o
  const w = d.vexW != 0
  switch (o) {
    case 0x00:
    case 0x01:
      // W should be 1, but processors ignore it.
      return fits(d, ONLY_256, false) && operands(d, FN_AVX_ACROSS, 32, detail, wide, true)
    case 0x02:
      return !w && operands(d, FN_AVX_LANES, bytes, detail, wide, true)
    case 0x04:
    case 0x05:
      return !w && fits(d, ANY, false) && operands(d, FN_AVX_LANES, bytes, detail, wide, true)
    case 0x06:
    case 0x46:
      return !w && fits(d, ONLY_256, true) && operands(d, FN_AVX_ACROSS, 32, detail, wide, true)
    case 0x08:
    case 0x09:
      return fits(d, ANY, false) && operands(d, FN_AVX_FLOAT, bytes, detail, wide, true)
    case 0x0a:
    case 0x0b:
      return operands(d, FN_AVX_FLOAT, o == 0x0a ? 4 : 8, detail, 0, true)
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f:
    case 0x42:
      return operands(d, FN_AVX_INTEGER, bytes, detail, wide, true)
    case 0x14:
    case 0x15:
    case 0x16:
    case 0x17:
      return extract(d, o)
    case 0x18:
    case 0x38:
      return !w && fits(d, ONLY_256, true) && operands(d, FN_AVX_ACROSS, 16, detail, wide, true)
    case 0x19:
    case 0x39:
      return !w && fits(d, ONLY_256, false) && toHalf(d, FN_AVX_EXTRACT_HALF, 16, detail)
    case 0x1d:
      return !w && fits(d, ANY, false) && toHalf(d, FN_AVX_TO_HALF, bytes >> 1, detail)
    case 0x20:
    case 0x22:
      if (o == 0x22 && isWideElsewhere(d)) return false
      return fits(d, ONLY_128, true) && generalSource(d, FN_AVX_INSERT, o == 0x20 ? 1 : d.rexW ? 8 : 4, 0, true)
    case 0x21:
      return fits(d, ONLY_128, true) && operands(d, FN_AVX_INTEGER, 4, detail, 0, true)
    case 0x40:
      return operands(d, FN_AVX_DOT, bytes, detail, wide, true)
    case 0x41:
      return fits(d, ONLY_128, true) && operands(d, FN_AVX_DOT, 16, detail, 0, true)
    case 0x4a:
    case 0x4b:
    case 0x4c:
      return !w && operands(d, FN_AVX_BLEND, bytes, o, wide, true)
    case 0x60:
    case 0x61:
    case 0x62:
    case 0x63:
      return strings(d, o)
  }
  return false
}

/** `opcode`: 0FNN, 0F38NN or 0F3ANN, `p` the prefix in VEX; nothing behind the opcode is fetched. */
export function avxDecode(d: Decoder, p: u32, opcode: u32): bool {
  const map = opcode >> 8
  if (map == 0x0f) return map1(d, p, opcode & 0xff)
  if (p != 1) return false
  return map == 0x0f38 ? map2(d, opcode & 0xff) : map == 0x0f3a ? map3(d, opcode & 0xff) : false
}
