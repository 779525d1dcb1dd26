// MUL and one-operand IMUL. CF = OF = the high half is needed; SF, ZF, AF, PF are undefined by the SDM; AMD processors leave
// them alone.
import { CpuState } from '../state/state'
import { multiplyHigh, multiplyHighSigned, setCarryOverflow } from './arithmetic'

export function multiply(c: CpuState, operand: u64, size: u32, isSigned: bool): void {
  let lost: bool
  if (size == 1) {
    const product = isSigned ? <u32>(<i32>(<i8>c.rax) * <i32>(<i8>operand)) : (<u32>c.rax & 255) * <u32>operand
    store<u16>(changetype<usize>(c), <u16>product)
    lost = isSigned ? <i32>(<i8>product) != <i32>(<i16>product) : ((product >> 8) & 255) != 0
  } else if (size == 2) {
    const product = isSigned ? <u32>(<i32>(<i16>c.rax) * <i32>(<i16>operand)) : (<u32>c.rax & 0xffff) * <u32>operand
    store<u16>(changetype<usize>(c), <u16>product)
    store<u16>(changetype<usize>(c) + 16, <u16>(product >> 16))
    lost = isSigned ? <i32>(<i16>product) != <i32>product : product >> 16 != 0
  } else if (size == 4) {
    const product = isSigned ? u64(i64(<i32>c.rax) * i64(<i32>operand)) : (c.rax & 0xffffffff) * operand
    c.rax = product & 0xffffffff
    c.rdx = product >> 32
    lost = isSigned ? u64(i64(<i32>product)) != product : product >> 32 != 0
  } else {
    const a = c.rax
    const low = a * operand
    const high = isSigned ? multiplyHighSigned(a, operand) : multiplyHigh(a, operand)
    c.rax = low
    c.rdx = high
    lost = isSigned ? high != u64(<i64>low >> 63) : high != 0
  }
  setCarryOverflow(c, u64(lost), u64(lost))
}
