// SSE4.1 and SSE4.2 at work where an instruction is more than a function of two operands: variable blends, PTEST, dot products,
// string comparison, insertion and extraction of elements, CRC32.
//
// Promises: as sse.ts, which hands these over; CRC32 works on general registers and asks for no vector state. Functions:
// sse-extended-decode.ts.
import { BLENDVPS, PBLENDVB } from '../../numbers/vector-operations'
import { CF, OF, SF, ZF } from '../../numbers/registers'
import {
  FN_BLEND,
  FN_BLEND_MEMORY,
  FN_CRC32,
  FN_DOT,
  FN_DOT_MEMORY,
  FN_EXTRACT,
  FN_EXTRACT_MEMORY,
  FN_INSERT,
  FN_INSERT_MEMORY,
  FN_STRING,
  FN_STRING_MEMORY,
  FN_TEST,
  FN_TEST_MEMORY,
  UNDER_VEX,
} from '../../numbers/vector-functions'
import { CpuState, setSlot, slot } from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopS2, uopX } from '../blocks/ir'
import { read8, read32, read64, write16, write32, write64, write8 } from '../memory/linear'
import { setArithmetic } from '../state/flags'
import { beginFloat } from './sse-float'
import { dotPairs, dotProductsDouble, dotProductsSingle, dotSum, dotSumDouble } from './sse-extended-float'
import { compareStrings, explicitLength, stringLength } from './sse-strings'
import { acceptFlags, isUnavailable, memorySource, upperRegister, vectorRegister } from './sse'

/** The remainders of four bits by the polynomial 11EDC6F41 (hexadecimal), reflected. */
const remainders = memory.data<u32>([
  0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78,
  0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
])

/** CRC-32C, bit-reflected, of `bytes` bytes of `value`. */
function crc32(start: u32, value: u64, bytes: u32): u32 {
  let crc = start
  for (let digits = bytes << 1; digits; digits--) {
    crc = (crc >> 4) ^ load<u32>(remainders + (((crc ^ <u32>value) & 15) << 2))
    value >>= 4
  }
  return crc
}

/** PBLENDVB, BLENDVPS, BLENDVPD: XMM0's top bits choose. */
function blend(c: CpuState, u: usize, source: usize): void {
  const destination = vectorRegister(c, uopD(u))
  const mask = v128.load(vectorRegister(c, 0))
  const operation = uopDetail(u)
  const chosen =
    operation == PBLENDVB ? i8x16.shr_s(mask, 7) : operation == BLENDVPS ? i32x4.shr_s(mask, 31) : i64x2.shr_s(mask, 63)
  v128.store(destination, v128.bitselect(v128.load(source), v128.load(destination), chosen))
}

function test(c: CpuState, u: usize, source: usize): void {
  const a = v128.load(vectorRegister(c, uopD(u)))
  const b = v128.load(source)
  setArithmetic(c, (v128.any_true(v128.and(b, a)) ? 0 : ZF) | (v128.any_true(v128.andnot(b, a)) ? 0 : CF))
}

/** DPPS and DPPD. Each stage is complete before the next begins: an unmasked exception leaves the later ones' flags alone (SDM 2A DPPS). */
function dot(c: CpuState, u: usize, source: usize): void {
  const destination = vectorRegister(c, uopD(u))
  const immediate = uopArgument(u)
  const a = v128.load(destination)
  const b = v128.load(source)
  beginFloat(c.mxcsr)
  if ((uopDetail(u) & 0xff) == 0x41) {
    const products = dotProductsDouble(a, b, immediate)
    if (!acceptFlags(c)) return
    beginFloat(c.mxcsr)
    const r = dotSumDouble(products, immediate)
    if (acceptFlags(c)) v128.store(destination, r)
    return
  }
  const products = dotProductsSingle(a, b, immediate)
  if (!acceptFlags(c)) return
  beginFloat(c.mxcsr)
  const pairs = dotPairs(products)
  if (!acceptFlags(c)) return
  beginFloat(c.mxcsr)
  const r = dotSum(pairs, immediate)
  if (acceptFlags(c)) v128.store(destination, r)
}

/** 60 PCMPESTRM, 61 PCMPESTRI, 62 PCMPISTRM, 63 PCMPISTRI; x = 8 where the lengths are 64-bit. */
function strings(c: CpuState, u: usize, second: usize): void {
  const first = vectorRegister(c, uopD(u))
  const immediate = uopArgument(u)
  const opcode = uopDetail(u) & 0xff
  const words = (immediate & 1) != 0
  const count = words ? 8 : 16
  let firstLength: i32
  let secondLength: i32
  if (opcode >= 0x62) {
    firstLength = stringLength(first, words)
    secondLength = stringLength(second, words)
  } else {
    const wide = uopX(u) == 8
    firstLength = explicitLength(wide ? <i64>c.rax : <i64>(<i32>c.rax), words)
    secondLength = explicitLength(wide ? <i64>c.rdx : <i64>(<i32>c.rdx), words)
  }
  const result = compareStrings(first, firstLength, second, secondLength, immediate)
  if (opcode & 1) {
    const none = result == 0
    c.rcx = u64(none ? count : immediate & 0x40 ? 31 - <i32>clz(result) : <i32>ctz(result))
  } else {
    const destination = vectorRegister(c, 0)
    if (uopS2(u) == UNDER_VEX) v128.store(upperRegister(c, 0), i64x2.splat(0))
    if (!(immediate & 0x40)) v128.store(destination, i64x2(<u64>result, 0))
    else if (words) {
      v128.store(
        destination,
        i16x8.ne(v128.and(i16x8.splat(<i16>result), i16x8(1, 2, 4, 8, 16, 32, 64, 128)), i64x2.splat(0)),
      )
    } else {
      const bits = i64x2.splat(0x8040201008040201)
      const bytes = i8x16.swizzle(i32x4.splat(<i32>result), i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1))
      v128.store(destination, i8x16.eq(v128.and(bytes, bits), bits))
    }
  }
  setArithmetic(
    c,
    (result ? CF : 0) | (secondLength < count ? ZF : 0) | (firstLength < count ? SF : 0) | (result & 1 ? OF : 0),
  )
}

/** PINSRB, PINSRD, PINSRQ: x bytes. */
function insert(c: CpuState, u: usize, value: u64): void {
  const at = vectorRegister(c, uopD(u))
  const bytes = uopX(u)
  const index = uopArgument(u)
  if (bytes == 1) store<u8>(at + (index & 15), <u8>value)
  else if (bytes == 4) store<u32>(at + ((index & 3) << 2), <u32>value)
  else store<u64>(at + ((index & 1) << 3), value)
}

/** PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS. */
function extract(c: CpuState, u: usize): u64 {
  const at = vectorRegister(c, uopS1(u))
  const bytes = uopX(u)
  const index = uopArgument(u)
  if (bytes == 1) return <u64>load<u8>(at + (index & 15))
  if (bytes == 2) return <u64>load<u16>(at + ((index & 7) << 1))
  if (bytes == 4) return <u64>load<u32>(at + ((index & 3) << 2))
  return load<u64>(at + ((index & 1) << 3))
}

export function extendedFunction(c: CpuState, u: usize): void {
  const fn = uopFunction(u)
  if (fn == FN_CRC32) {
    setSlot(c, uopD(u), u64(crc32(<u32>slot(c, uopD(u)), slot(c, uopS1(u)), uopX(u))))
    return
  }
  if (isUnavailable(c, u)) return
  switch (fn) {
    case FN_BLEND:
      blend(c, u, vectorRegister(c, uopS1(u)))
      return
    case FN_BLEND_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) blend(c, u, p)
      return
    }
    case FN_TEST:
      test(c, u, vectorRegister(c, uopS1(u)))
      return
    case FN_TEST_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) test(c, u, p)
      return
    }
    case FN_DOT:
      dot(c, u, vectorRegister(c, uopS1(u)))
      return
    case FN_DOT_MEMORY: {
      const p = memorySource(c, uopX(u))
      if (p) dot(c, u, p)
      return
    }
    case FN_STRING:
      strings(c, u, vectorRegister(c, uopS1(u)))
      return
    case FN_STRING_MEMORY: {
      const p = memorySource(c, 16)
      if (p) strings(c, u, p)
      return
    }
    case FN_INSERT:
      insert(c, u, slot(c, uopS1(u)))
      return
    case FN_INSERT_MEMORY: {
      const bytes = uopX(u)
      const value = bytes == 1 ? read8(c, c.t0) : bytes == 4 ? read32(c, c.t0) : read64(c, c.t0)
      if (!c.fault) insert(c, u, value)
      return
    }
    case FN_EXTRACT:
      setSlot(c, uopD(u), extract(c, u))
      return
    case FN_EXTRACT_MEMORY: {
      const value = extract(c, u)
      const bytes = uopX(u)
      if (bytes == 1) write8(c, c.t0, value)
      else if (bytes == 2) write16(c, c.t0, value)
      else if (bytes == 4) write32(c, c.t0, value)
      else write64(c, c.t0, value)
      return
    }
    default:
      unreachable()
  }
}
