// Flags that compiled code has not computed yet: it leaves the operands of the last producer in the three flag words and says in
// c.flagForm which producer that was. `settleFlags` turns them into the words of flags.ts.
//
// Promises: the words are the same as the interpreter's for the same instruction (arithmetic.ts). Form = kind * 4 + size index; form 0: they
// are words already. Operands are zero-extended. c.flagForm is 0 wherever anything but compiled code and what leads from one region to the next runs.
//
//   kind    first word   second word
//   ADD     a            b                        b with the incoming carry is no form: ADC and SBB produce words
//   SUB     a            b                        also CMP, and NEG with a = 0
//   LOGIC   result
//   INC     result       carry word before it     CF = bit 63 stays
//   DEC     result       carry word before it
//   SHL     a            count, 1 to 63           SHR, SAR too; SAR with a sign-extended
import {
  FORM_ADD,
  FORM_DEC,
  FORM_INC,
  FORM_LOGIC,
  FORM_SAR,
  FORM_SHL,
  FORM_SHR,
  FORM_SUB,
} from '../../numbers/flag-forms'
import { AF } from '../../numbers/registers'
import { DEBUG } from './debug'
import { CpuState } from './state'

export function settleFlags(c: CpuState): void {
  const form = c.flagForm
  if (form == 0) return
  c.flagForm = 0
  const shift = u64(64 - (8 << (form & 3)))
  const a = c.flagResult
  const b = c.flagCarry
  if (DEBUG) {
    assert(form >= FORM_ADD && form < FORM_SAR + 4, 'the flags have a form that there is not')
    assert((form & ~3) < FORM_SHL || (b >= 1 && b <= 63), 'the flags of a shift by a count out of range')
    assert(
      (form & ~3) > FORM_SUB || shift == 0 || (a | b) >> (64 - shift) == 0,
      'an operand of the flags is not zero-extended',
    )
  }
  let r: u64
  let carry: u64 = 0
  let aux: u64 = 0
  switch (form & ~3) {
    case FORM_ADD:
      r = a + b
      carry = ((a & b) | ((a | b) & ~r)) << shift
      aux = (a ^ b ^ r) & AF
      break
    case FORM_SUB:
      r = a - b
      carry = ((~a & b) | (~(a ^ b) & r)) << shift
      aux = (a ^ b ^ r) & AF
      break
    case FORM_LOGIC:
      r = a
      break
    case FORM_INC:
      r = a
      carry = carryWord(b >> 63, ((~(a - 1) & a) << shift) >> 63)
      aux = ((a - 1) ^ a) & AF
      break
    case FORM_DEC:
      r = a
      carry = carryWord(b >> 63, (((a + 1) & ~a) << shift) >> 63)
      aux = ((a + 1) ^ a) & AF
      break
    case FORM_SHL: {
      r = a << b
      const width = 64 - shift
      const cf = b <= width ? (a >> (width - b)) & 1 : 0
      carry = carryWord(cf, cf ^ ((r << shift) >> 63))
      aux = AF
      break
    }
    case FORM_SHR: {
      r = a >> b
      const before = a >> (b - 1)
      carry = carryWord(before & 1, (before << shift) >> 63)
      aux = AF
      break
    }
    default:
      r = u64(i64(a) >> i64(b))
      carry = carryWord(u64(i64(a) >> i64(b - 1)) & 1, 0)
      aux = AF
  }
  c.flagResult = u64((i64(r) << i64(shift)) >> i64(shift))
  c.flagCarry = carry
  c.flagAux = aux
}

// @ts-ignore: decorator
@inline
function carryWord(cf: u64, overflow: u64): u64 {
  return (cf << 63) | ((cf ^ overflow) << 62)
}
