// DIV and IDIV with exact #DE (SDM 2A): divisor zero, or a quotient that does not fit. Flags are undefined by
// the SDM; as on AMD processors CF and OF stay, AF is set, the others are cleared.
import { AF, CF, OF } from '../../numbers/registers'
import { CpuState } from '../state/state'
import { VECTOR_DE, raiseNoCode } from '../state/fault'
import { readArithmetic, setArithmetic } from '../state/flags'

let quotientOf128: u64 = 0
let remainderOf128: u64 = 0

/** (high : low) / divisor where high < divisor, by long division in 32-bit digits (Knuth 4.3.1 D with two digits). */
function divide128(high: u64, low: u64, divisor: u64): void {
  if (high == 0) {
    quotientOf128 = low / divisor
    remainderOf128 = low % divisor
    return
  }
  const shift = clz(divisor)
  const d = divisor << shift
  const dHigh = d >> 32
  const dLow = d & 0xffffffff
  let n = shift ? (high << shift) | (low >> (64 - shift)) : high
  const rest = low << shift
  let quotient: u64 = 0
  for (let digit = 0; digit < 2; digit++) {
    const next = digit == 0 ? rest >> 32 : rest & 0xffffffff
    let q = n / dHigh
    let r = n % dHigh
    while (q >> 32 || q * dLow > ((r << 32) | next)) {
      q--
      r += dHigh
      if (r >> 32) break
    }
    n = ((n << 32) | next) - q * d
    quotient = (quotient << 32) | q
  }
  quotientOf128 = quotient
  remainderOf128 = n >> shift
}

function unsignedDivide(c: CpuState, divisor: u64, size: u32): void {
  const p = changetype<usize>(c)
  if (size == 8) {
    if (c.rdx >= divisor) {
      raiseNoCode(c, VECTOR_DE)
      return
    }
    divide128(c.rdx, c.rax, divisor)
    c.rax = quotientOf128
    c.rdx = remainderOf128
    return
  }
  const bits = u64(size << 3)
  const dividend =
    size == 1
      ? c.rax & 0xffff
      : size == 2
        ? ((c.rdx & 0xffff) << 16) | (c.rax & 0xffff)
        : (c.rdx << 32) | (c.rax & 0xffffffff)
  const quotient = dividend / divisor
  if (quotient >> bits) {
    raiseNoCode(c, VECTOR_DE)
    return
  }
  storeResult(p, size, quotient, dividend % divisor)
}

function storeResult(p: usize, size: u32, quotient: u64, remainder: u64): void {
  if (size == 1) store<u16>(p, <u16>(((remainder & 255) << 8) | (quotient & 255)))
  else if (size == 2) {
    store<u16>(p, <u16>quotient)
    store<u16>(p, <u16>remainder, 16)
  } else {
    store<u64>(p, quotient & 0xffffffff)
    store<u64>(p, remainder & 0xffffffff, 16)
  }
}

function signedDivide(c: CpuState, divisorBits: u64, size: u32): void {
  const p = changetype<usize>(c)
  if (size == 8) {
    const divisor = <i64>divisorBits
    const negative = <i64>c.rdx < 0
    let low = c.rax
    let high = c.rdx
    if (negative) {
      high = ~high + u64(low == 0)
      low = 0 - low
    }
    const magnitude = divisor < 0 ? <u64>(0 - divisor) : <u64>divisor
    if (high >= magnitude) {
      raiseNoCode(c, VECTOR_DE)
      return
    }
    divide128(high, low, magnitude)
    const positiveDivisor = divisor >= 0
    const negativeQuotient = negative == positiveDivisor
    if (quotientOf128 > (negativeQuotient ? 0x8000000000000000 : 0x7fffffffffffffff)) {
      raiseNoCode(c, VECTOR_DE)
      return
    }
    c.rax = negativeQuotient ? 0 - quotientOf128 : quotientOf128
    c.rdx = negative ? 0 - remainderOf128 : remainderOf128
    return
  }
  let dividend: i64
  let divisor: i64
  let least: i64
  if (size == 1) {
    dividend = i64(<i16>c.rax)
    divisor = i64(<i8>divisorBits)
    least = -128
  } else if (size == 2) {
    dividend = i64(<i32>(((<u32>c.rdx) << 16) | (<u32>c.rax & 0xffff)))
    divisor = i64(<i16>divisorBits)
    least = -32768
  } else {
    dividend = <i64>((c.rdx << 32) | (c.rax & 0xffffffff))
    divisor = i64(<i32>divisorBits)
    least = -2147483648
  }
  if (dividend == i64.MIN_VALUE && divisor == -1) {
    raiseNoCode(c, VECTOR_DE)
    return
  }
  const quotient = dividend / divisor
  if (quotient < least || quotient > -1 - least) {
    raiseNoCode(c, VECTOR_DE)
    return
  }
  storeResult(p, size, <u64>quotient, <u64>(dividend % divisor))
}

export function divide(c: CpuState, divisor: u64, size: u32, isSigned: bool): void {
  if (divisor == 0) raiseNoCode(c, VECTOR_DE)
  else {
    if (isSigned) signedDivide(c, divisor, size)
    else unsignedDivide(c, divisor, size)
    if (c.fault == 0) setArithmetic(c, (readArithmetic(c) & (CF | OF)) | AF)
  }
}
