// Dead-flag elimination: a flag producer whose flags nobody can see before they are produced again becomes its plain form.
//
// "See" includes every way out of the block: a uop that can fault (memory, cold, vector), and the block's end. Interrupts and limited
// runs enter only at block ends or use blocks of one instruction, so they see nothing inside. Promises: results of registers and memory never change.
import {
  OP_ADCF,
  OP_ADD32,
  OP_ADDF,
  OP_AND32,
  OP_ANDF,
  OP_CMPF,
  OP_DECF,
  OP_IMUL32,
  OP_IMUL64,
  OP_IMULF32,
  OP_IMULF64,
  OP_INCF,
  OP_LOAD,
  OP_MOV8,
  OP_NEG32,
  OP_NEGF,
  OP_NOP,
  OP_OR32,
  OP_ORF,
  OP_ROLF,
  OP_SAR32,
  OP_SARF,
  OP_SBBF,
  OP_SHL32,
  OP_SHLF,
  OP_SHR32,
  OP_SHRF,
  OP_SUB32,
  OP_SUBF,
  OP_TESTF,
  OP_XOR32,
  OP_XORF,
  SLOT_ZERO,
  UOP_BYTES,
} from '../../numbers/operations'
import { Block, Uop, uopOp, uopS2 } from './ir'

/** The op without flags for a 32- or 64-bit producer, or 0. `sz` 2 or 3. */
function plainForm(group: u32, sz: u32): u32 {
  if (sz < 2) return 0
  switch (group) {
    case OP_ADDF:
    case OP_INCF:
      return OP_ADD32 + sz - 2
    case OP_SUBF:
    case OP_DECF:
      return OP_SUB32 + sz - 2
    case OP_ANDF:
      return OP_AND32 + sz - 2
    case OP_ORF:
      return OP_OR32 + sz - 2
    case OP_XORF:
      return OP_XOR32 + sz - 2
    case OP_SHLF:
      return OP_SHL32 + sz - 2
    case OP_SHRF:
      return OP_SHR32 + sz - 2
    case OP_SARF:
      return OP_SAR32 + sz - 2
    case OP_NEGF:
      return OP_NEG32 + sz - 2
    case OP_CMPF:
    case OP_TESTF:
      return OP_NOP
  }
  return 0
}

export function eliminateDeadFlags(b: Block): void {
  let live = true
  for (let u = b.uopEnd - UOP_BYTES; u >= b.uops; u -= UOP_BYTES) {
    const op = uopOp(u)
    if (op >= OP_ADDF && op < OP_ADD32) {
      const group = (op - OP_ADDF) & ~3
      const producer = OP_ADDF + group
      const sz = op & 3
      const shift = producer == OP_SHLF || producer == OP_SHRF || producer == OP_SARF
      if (!live) {
        const plain = plainForm(producer, sz)
        if (plain) {
          changetype<Uop>(u).op = <u16>plain
          if (producer == OP_INCF || producer == OP_DECF) store<i64>(u, 1, offsetof<Uop>('low'))
          continue
        }
      }
      // A variable shift may leave the flags; INC and DEC leave CF; ADC and SBB read it.
      if (producer == OP_ADCF || producer == OP_SBBF) live = true
      else if (
        producer != OP_INCF &&
        producer != OP_DECF &&
        !(shift && (uopS2(u) != SLOT_ZERO || load<u8>(u, offsetof<Uop>('low')) == 0))
      )
        live = false
    } else if (op == OP_IMULF32 || op == OP_IMULF64) {
      // It leaves SF, ZF, AF and PF.
      if (!live) store<u16>(u, <u16>(op == OP_IMULF32 ? OP_IMUL32 : OP_IMUL64))
    } else if (op < OP_MOV8) {
      if (op != OP_NOP) live = true
    } else if (op >= OP_LOAD && op < OP_ADDF) live = true
    else if (op >= OP_ROLF) live = true
  }
}
