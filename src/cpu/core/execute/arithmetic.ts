// Integer arithmetic of uops with its flags, generic in the operand type (u8, u16, u32, u64); inlined into the interpreter's cases.
//
// Promises: each function is d = s1 op b exactly as IR constraint 3 says; a 32-bit result clears the upper half of its slot.
// The flag words are described in flags.ts; `carry` of an addition is its vector of carries out of each bit:
// majority(a, b, not r); of a subtraction, of borrows: majority(not a, b, r).
import { AF } from '../../numbers/registers'
import { CpuState } from '../state/state'
import { Uop, uopD, uopS1, uopS2 } from '../blocks/ir'
import { flagCf } from '../state/flags'

/** Second operand: slot(s2) + immediate. */
// @ts-ignore: decorator
@inline
export function operandB<T>(base: usize, u: usize): T {
  return <T>(load<T>(base + uopS2(u)) + load<T>(u, 8))
}

/** Linear address of a memory uop. */
// @ts-ignore: decorator
@inline
export function address(base: usize, u: usize): u64 {
  return (
    load<u64>(base + uopS1(u)) +
    (load<u64>(base + uopS2(u)) << (load<u8>(u, offsetof<Uop>('x')) & 3)) +
    load<u64>(u, offsetof<Uop>('low'))
  )
}

/** The same with a 32-bit displacement (OP_STOREI). */
// @ts-ignore: decorator
@inline
export function addressShort(base: usize, u: usize): u64 {
  return (
    load<u64>(base + uopS1(u)) +
    (load<u64>(base + uopS2(u)) << (load<u8>(u, offsetof<Uop>('x')) & 3)) +
    i64(load<i32>(u, offsetof<Uop>('low')))
  )
}

// @ts-ignore: decorator
@inline
function result<T>(base: usize, u: usize, r: T): void {
  if (sizeof<T>() == 4) store<u64>(base + uopD(u), u64(r))
  else store<T>(base + uopD(u), r)
}

// @ts-ignore: decorator
@inline
function signed<T>(r: T): u64 {
  if (sizeof<T>() == 1) return u64(i64(<i8>r))
  if (sizeof<T>() == 2) return u64(i64(<i16>r))
  if (sizeof<T>() == 4) return u64(i64(<i32>r))
  return u64(r)
}

// @ts-ignore: decorator
@inline
function additionFlags<T>(c: CpuState, a: T, b: T, r: T): void {
  c.flagResult = signed<T>(r)
  c.flagCarry = u64(<T>((a & b) | ((a | b) & ~r))) << (64 - 8 * sizeof<T>())
  c.flagAux = u64(a ^ b ^ r) & AF
}

// @ts-ignore: decorator
@inline
function subtractionFlags<T>(c: CpuState, a: T, b: T, r: T): void {
  c.flagResult = signed<T>(r)
  c.flagCarry = u64(<T>((~a & b) | (~(a ^ b) & r))) << (64 - 8 * sizeof<T>())
  c.flagAux = u64(a ^ b ^ r) & AF
}

// @ts-ignore: decorator
@inline
function logicFlags<T>(c: CpuState, r: T): void {
  c.flagResult = signed<T>(r)
  c.flagCarry = 0
  c.flagAux = 0
}

/** Sets CF and OF, leaves the rest. */
// @ts-ignore: decorator
@inline
export function setCarryOverflow(c: CpuState, cf: u64, overflow: u64): void {
  c.flagCarry = (cf << 63) | ((cf ^ overflow) << 62)
}

// @ts-ignore: decorator
@inline
export function add<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const b = operandB<T>(base, u)
  const r = <T>(a + b)
  result<T>(base, u, r)
  additionFlags<T>(c, a, b, r)
}

// @ts-ignore: decorator
@inline
export function adc<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const b = operandB<T>(base, u)
  const r = <T>(a + b + <T>flagCf(c))
  result<T>(base, u, r)
  additionFlags<T>(c, a, b, r)
}

// @ts-ignore: decorator
@inline
export function sub<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const b = operandB<T>(base, u)
  const r = <T>(a - b)
  result<T>(base, u, r)
  subtractionFlags<T>(c, a, b, r)
}

// @ts-ignore: decorator
@inline
export function sbb<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const b = operandB<T>(base, u)
  const r = <T>(a - b - <T>flagCf(c))
  result<T>(base, u, r)
  subtractionFlags<T>(c, a, b, r)
}

// @ts-ignore: decorator
@inline
export function cmp<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const b = operandB<T>(base, u)
  subtractionFlags<T>(c, a, b, <T>(a - b))
}

// @ts-ignore: decorator
@inline
export function test<T>(c: CpuState, base: usize, u: usize): void {
  logicFlags<T>(c, <T>(load<T>(base + uopS1(u)) & operandB<T>(base, u)))
}

// @ts-ignore: decorator
@inline
export function and<T>(c: CpuState, base: usize, u: usize): void {
  const r = <T>(load<T>(base + uopS1(u)) & operandB<T>(base, u))
  result<T>(base, u, r)
  logicFlags<T>(c, r)
}

// @ts-ignore: decorator
@inline
export function or<T>(c: CpuState, base: usize, u: usize): void {
  const r = <T>(load<T>(base + uopS1(u)) | operandB<T>(base, u))
  result<T>(base, u, r)
  logicFlags<T>(c, r)
}

// @ts-ignore: decorator
@inline
export function xor<T>(c: CpuState, base: usize, u: usize): void {
  const r = <T>(load<T>(base + uopS1(u)) ^ operandB<T>(base, u))
  result<T>(base, u, r)
  logicFlags<T>(c, r)
}

/** CMP fused with a branch: produces the flags, returns whether condition `index` (fuse.ts) holds. */
// @ts-ignore: decorator
@inline
export function compareBranch<T>(c: CpuState, base: usize, u: usize, index: u32): bool {
  const a = load<T>(base + uopS1(u))
  const b = operandB<T>(base, u)
  subtractionFlags<T>(c, a, b, <T>(a - b))
  if (index == 0) return a == b
  if (index == 1) return a != b
  if (index == 2) return a < b
  if (index == 3) return a >= b
  if (index == 4) return a <= b
  if (index == 5) return a > b
  const x = <i64>signed<T>(a)
  const y = <i64>signed<T>(b)
  if (index == 6) return x < y
  if (index == 7) return x >= y
  if (index == 8) return x <= y
  return x > y
}

/** TEST fused with JZ, JNZ, JS, JNS. */
// @ts-ignore: decorator
@inline
export function testBranch<T>(c: CpuState, base: usize, u: usize, index: u32): bool {
  const r = <T>(load<T>(base + uopS1(u)) & operandB<T>(base, u))
  logicFlags<T>(c, r)
  if (index == 0) return r == 0
  if (index == 1) return r != 0
  if (index == 2) return <i64>signed<T>(r) < 0
  return <i64>signed<T>(r) >= 0
}

/** CF stays. */
// @ts-ignore: decorator
@inline
export function inc<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const r = <T>(a + 1)
  result<T>(base, u, r)
  c.flagResult = signed<T>(r)
  setCarryOverflow(c, flagCf(c), (u64(~a & r) >> (8 * sizeof<T>() - 1)) & 1)
  c.flagAux = u64(a ^ r) & AF
}

// @ts-ignore: decorator
@inline
export function dec<T>(c: CpuState, base: usize, u: usize): void {
  const a = load<T>(base + uopS1(u))
  const r = <T>(a - 1)
  result<T>(base, u, r)
  c.flagResult = signed<T>(r)
  setCarryOverflow(c, flagCf(c), (u64(a & ~r) >> (8 * sizeof<T>() - 1)) & 1)
  c.flagAux = u64(a ^ r) & AF
}

// @ts-ignore: decorator
@inline
export function neg<T>(c: CpuState, base: usize, u: usize): void {
  const b = load<T>(base + uopS1(u))
  const r = <T>(<T>0 - b)
  result<T>(base, u, r)
  subtractionFlags<T>(c, 0, b, r)
}

// Shifts: the count is masked to 5 bits (6 for 64-bit operands); a masked count of 0 changes no flag (SDM 2B SAL/SAR/SHL/SHR).
// AF is undefined; AMD processors set it.

// @ts-ignore: decorator
@inline
function shiftCount<T>(base: usize, u: usize): u64 {
  return u64(<u8>(load<u8>(base + uopS2(u)) + load<u8>(u, offsetof<Uop>('low')))) & (sizeof<T>() == 8 ? 63 : 31)
}

// @ts-ignore: decorator
@inline
export function shl<T>(c: CpuState, base: usize, u: usize): void {
  const a = u64(load<T>(base + uopS1(u)))
  const n = shiftCount<T>(base, u)
  const r = <T>(a << n)
  result<T>(base, u, r)
  if (n) {
    const width: u64 = 8 * sizeof<T>()
    // Bit width-n of the operand; beyond the operand (8 and 16 bits) it is 0.
    const cf = n <= width ? (a >> (width - n)) & 1 : 0
    c.flagResult = signed<T>(r)
    c.flagAux = AF
    setCarryOverflow(c, cf, cf ^ ((u64(r) >> (width - 1)) & 1))
  }
}

// @ts-ignore: decorator
@inline
export function shr<T>(c: CpuState, base: usize, u: usize): void {
  const a = u64(load<T>(base + uopS1(u)))
  const n = shiftCount<T>(base, u)
  const r = <T>(a >> n)
  result<T>(base, u, r)
  if (n) {
    const before = a >> (n - 1)
    c.flagResult = signed<T>(r)
    c.flagAux = AF
    setCarryOverflow(c, before & 1, (before >> (8 * sizeof<T>() - 1)) & 1)
  }
}

// @ts-ignore: decorator
@inline
export function sar<T>(c: CpuState, base: usize, u: usize): void {
  const a = i64(signed<T>(load<T>(base + uopS1(u))))
  const n = i64(shiftCount<T>(base, u))
  const r = <T>(a >> n)
  result<T>(base, u, r)
  if (n) {
    c.flagResult = signed<T>(r)
    c.flagAux = AF
    setCarryOverflow(c, u64(a >> (n - 1)) & 1, 0)
  }
}

/** Rotations change CF and OF only. */
// @ts-ignore: decorator
@inline
export function rol<T>(c: CpuState, base: usize, u: usize): void {
  const a = u64(load<T>(base + uopS1(u)))
  const n = shiftCount<T>(base, u)
  const width: u64 = 8 * sizeof<T>()
  const k = n & (width - 1)
  const r = <T>((a << k) | (a >> ((width - k) & (width - 1))))
  result<T>(base, u, r)
  if (n) setCarryOverflow(c, u64(r) & 1, (u64(r) & 1) ^ ((u64(r) >> (width - 1)) & 1))
}

// @ts-ignore: decorator
@inline
export function ror<T>(c: CpuState, base: usize, u: usize): void {
  const a = u64(load<T>(base + uopS1(u)))
  const n = shiftCount<T>(base, u)
  const width: u64 = 8 * sizeof<T>()
  const k = n & (width - 1)
  const r = <T>((a >> k) | (a << ((width - k) & (width - 1))))
  result<T>(base, u, r)
  if (n) {
    const cf = (u64(r) >> (width - 1)) & 1
    setCarryOverflow(c, cf, cf ^ ((u64(r) >> (width - 2)) & 1))
  }
}

// Two-operand signed multiplication: CF = OF = the product does not fit (SDM 2A IMUL); SF, ZF, AF, PF are undefined, and AMD processors
// leave them alone.

export function imul16(c: CpuState, base: usize, u: usize): void {
  const product = <i32>load<i16>(base + uopS1(u)) * <i32>(<i16>operandB<u16>(base, u))
  store<u16>(base + uopD(u), <u16>product)
  const lost = u64(<i32>(<i16>product) != product)
  setCarryOverflow(c, lost, lost)
}

export function imul32(c: CpuState, base: usize, u: usize): void {
  const product = i64(load<i32>(base + uopS1(u))) * i64(<i32>operandB<u32>(base, u))
  store<u64>(base + uopD(u), u64(<u32>product))
  const lost = u64(i64(<i32>product) != product)
  setCarryOverflow(c, lost, lost)
}

/** High 64 bits of the unsigned product. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const al = a & 0xffffffff
  const ah = a >> 32
  const bl = b & 0xffffffff
  const bh = b >> 32
  const mid = ah * bl + ((al * bl) >> 32)
  const mid2 = al * bh + (mid & 0xffffffff)
  return ah * bh + (mid >> 32) + (mid2 >> 32)
}

/** High 64 bits of the signed product. */
export function multiplyHighSigned(a: u64, b: u64): u64 {
  let high = multiplyHigh(a, b)
  if (<i64>a < 0) high -= b
  if (<i64>b < 0) high -= a
  return high
}

export function imul64(c: CpuState, base: usize, u: usize): void {
  const a = load<u64>(base + uopS1(u))
  const b = operandB<u64>(base, u)
  const low = a * b
  const high = multiplyHighSigned(a, b)
  store<u64>(base + uopD(u), low)
  const lost = u64(high != u64(<i64>low >> 63))
  setCarryOverflow(c, lost, lost)
}
