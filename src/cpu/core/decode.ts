// The decoder: bytes of one basic block to uops. Integer instructions here; system and vector opcodes are handed over.
//
// Promises: 1. any byte sequence gives a block that behaves as hardware does, #UD and the 15-byte limit (SDM 2A 2.3.11, 3A 6.15 #GP) included;
// 2. decoding has no architectural effect; 3. memory forms check for writing before they change anything.
// Opcode numbers: 0xNN one byte, 0x0FNN two bytes, 0x0F38NN and 0x0F3ANN three bytes.
import {
  CpuState, MODE_CODE16, MODE_CODE64, MODE_CODE_MASK, MODE_STEP, SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS, SLOT_T0, SLOT_T1, SLOT_T2, SLOT_T3,
  SLOT_T4, SLOT_ZERO,
} from './state'
import {
  BLOCK_BYTES, BLOCK_MAX_INSTRUCTIONS, Block, NO_PAGE, OP_ADCF, OP_ADDF, OP_ANDF, OP_BRNZ, OP_BSWAP32, OP_BSWAP64, OP_CALL, OP_CALLI, OP_CC, OP_CMPF,
  OP_COLD, OP_COLD_END, OP_DECF, OP_EXIT, OP_FAULT, OP_IMULF16, OP_IMULF32, OP_IMULF64, OP_INCF, OP_JCC, OP_JMP, OP_JMPI, OP_LEA16, OP_LEA32, OP_LEA64,
  OP_LEAVE, OP_LOAD, OP_LOADS16_32, OP_LOADS16_64, OP_LOADS32_64, OP_LOADS8_32, OP_LOADS8_64, OP_LOADZ16, OP_LOADZ8, OP_MOV16, OP_MOV32, OP_MOV64, OP_MOV8,
  OP_NEGF, OP_NEXT, OP_NOP, OP_NOT, OP_ORF, OP_POP, OP_PUSH, OP_RET, OP_ROLF, OP_RORF, OP_SARF, OP_SBBF, OP_SELECT16, OP_SELECT32, OP_SELECT64,
  OP_SHLF, OP_SHRF, OP_STORE, OP_STOREI, OP_SUB32, OP_SUB64, OP_SUBF, OP_SX16_32, OP_SX16_64, OP_SX32_64, OP_SX8_32, OP_SX8_64, OP_TESTF, OP_XORF,
  OP_ZX16_64, OP_ZX8_64, UOP_BYTES, functionImmediate,
} from './ir'
import {
  COLD_AAA, COLD_AAD, COLD_AAM, COLD_AAS, COLD_ADDSP, COLD_BITADDR, COLD_BSF, COLD_BSR, COLD_BT, COLD_CALLI, COLD_CARRY, COLD_CMPXCHG, COLD_CMPXCHG16B,
  COLD_CMPXCHG8B, COLD_DAA, COLD_DAS, COLD_DIRECTION, COLD_DIV, COLD_ENTER, COLD_IDIV, COLD_IMUL, COLD_JMPI, COLD_LAHF, COLD_LEAVE, COLD_MUL, COLD_PEEK,
  COLD_POP, COLD_POPA, COLD_POPCNT, COLD_PUSH, COLD_PUSHA, COLD_RCL, COLD_RCR, COLD_RET, COLD_SAHF, COLD_SALC, COLD_SHLD, COLD_SHRD, COLD_STRING,
} from './cold-numbers'
import { Decoder, NO_SEGMENT, sizeIndex } from './decoder'
import { PAGE_LOGGED, decoderBase, memoryAt, pageFlags, ramBytes } from './layout'
import { VECTOR_UD, raiseNoCode } from './fault'
import { linearOf, linkBlock } from './blocks'
import { event } from './imports'
import { EVENT_CROSS_MODIFIED, wantsCrossModified } from './coherence'
import { isBreakpoint } from './breakpoints'
import { eliminateDeadFlags } from './dead-flags'
import { systemDecode } from './system-decode'
import { sseDecode } from './sse-decode'

/** Decodes the block at rip, whose first byte is at `physical`; null if its first instruction cannot be fetched (fault raised). */
export function decodeBlock(c: CpuState, rip: u64, mode: u32, physical: u32): Block | null {
  const d = changetype<Decoder>(decoderBase)
  const block = c.arenaNext
  const b = changetype<Block>(block)
  d.c = c
  d.rip = rip
  d.mode = mode
  d.code = mode & MODE_CODE_MASK
  d.first = memoryAt(physical)
  d.firstBytes = 0x1000 - (physical & 0xfff)
  d.second = 0
  d.secondPage = NO_PAGE
  d.logged = physical < ramBytes && load<u8>(pageFlags + (physical >> 12)) & PAGE_LOGGED ? 1 : 0
  d.position = 0
  d.number = 0
  d.uop = block + BLOCK_BYTES
  d.target = 0
  const limit = block + BLOCK_BYTES + UOP_BYTES * 960
  let ephemeral = false
  let finished = false
  while (true) {
    d.start = d.position
    d.instructionUop = d.uop
    if ((mode & MODE_STEP) == 0 && isBreakpoint(linearOf(c, rip + u64(d.start)))) {
      if (d.number) break
      d.emit(OP_EXIT, 0, 0, 0, 1, 0)
      finished = true
      break
    }
    decodeInstruction(d)
    if (d.broken == 1) {
      if (d.number) {
        d.uop = d.instructionUop
        d.position = d.start
        break
      }
      if (!c.fault) raiseNoCode(c, VECTOR_UD)
      return null
    }
    if (d.view == 2 || (d.view == 1 && wantsCrossModified())) {
      if (d.number) {
        d.uop = d.instructionUop
        d.position = d.start
        break
      }
      ephemeral = true
    }
    if (d.broken == 2) {
      d.uop = d.instructionUop
      d.generalProtection()
    } else if (d.refused || (d.lock && !d.lockable)) {
      d.uop = d.instructionUop
      d.emit(OP_FAULT, 0, 0, 0, VECTOR_UD, 0)
      d.ended = 1
    }
    d.number++
    if (d.ended) {
      finished = true
      break
    }
    if (ephemeral || mode & MODE_STEP || d.number == BLOCK_MAX_INSTRUCTIONS || d.position > 230 || d.position >= d.firstBytes || d.uop >= limit) break
  }
  const count = d.number
  if (!finished) {
    d.start = d.position
    d.emit(OP_NEXT, 0, 0, 0, 0, 0)
  }
  b.rip = rip
  b.physical = physical
  b.mode = mode
  b.generation = c.generation
  b.count = count
  b.bytes = d.position
  b.uops = block + BLOCK_BYTES
  b.uopEnd = d.uop
  b.target = d.target
  b.fallthrough = d.code == MODE_CODE64 ? rip + u64(d.position) : (rip + u64(d.position)) & 0xffffffff
  b.chain0 = 0
  b.chain1 = 0
  b.secondPage = d.second ? d.secondPage : NO_PAGE
  c.arenaNext = (d.uop + 15) & ~15
  eliminateDeadFlags(b)
  if (ephemeral) {
    b.generation = 0
    if (wantsCrossModified()) event(c.index, EVENT_CROSS_MODIFIED, <u32>linearOf(c, rip), <u32>rip)
  } else linkBlock(c, b)
  return b
}

function cold(d: Decoder, fn: u32, dst: u32, s1: u32, s2: u32, x: u32, detail: u32, argument: i32): void {
  d.emit(OP_COLD, dst, s1, s2, x, functionImmediate(fn, detail, argument))
}

function coldEnd(d: Decoder, fn: u32, dst: u32, s1: u32, s2: u32, x: u32, detail: u32, argument: i32): void {
  d.emit(OP_COLD_END, dst, s1, s2, x, functionImmediate(fn, detail, argument))
  d.end()
}

function setBranch(d: Decoder, displacement: i64): void {
  let target = d.nextRip() + u64(displacement)
  if (d.code != MODE_CODE64) target &= d.operandSize == 2 ? 0xffff : 0xffffffff
  d.target = target
  d.end()
}

/** In 64-bit mode near branches are 64 bits wide whatever the prefixes say. */
function branchDisplacement(d: Decoder): i64 {
  if (d.code != MODE_CODE64 && d.operandSize == 2) return i64(i16(d.fetch16()))
  return i64(i32(d.fetch32()))
}

/** Stack operand size of PUSH, POP, CALL, RET. */
function stackSize(d: Decoder): u32 {
  if (d.code == MODE_CODE64) return d.operandSize == 2 ? 2 : 8
  return d.operandSize
}

/** Push slot(s2) + immediate. */
function push(d: Decoder, s2: u32, immediate: i32): void {
  const size = stackSize(d)
  if (size == 8) d.emit(OP_PUSH, 0, 0, s2, 0, i64(immediate))
  else cold(d, COLD_PUSH, 0, 0, s2, size, 0, immediate)
}

function pop(d: Decoder, slot: u32): void {
  const size = stackSize(d)
  if (size == 8) d.emit(OP_POP, slot, 0, 0, 0, 0)
  else cold(d, COLD_POP, slot, 0, 0, size, 0, 0)
}

function arithmeticOp(kind: u32): u32 {
  switch (kind) {
    case 0:
      return OP_ADDF
    case 1:
      return OP_ORF
    case 2:
      return OP_ADCF
    case 3:
      return OP_SBBF
    case 4:
      return OP_ANDF
    case 5:
      return OP_SUBF
    case 6:
      return OP_XORF
  }
  return OP_CMPF
}

/** r/m = r/m op (slot s2 + immediate). */
function arithmeticRm(d: Decoder, kind: u32, size: u32, s2: u32, immediate: i64, fetchImmediate: u32): void {
  const op = arithmeticOp(kind) + sizeIndex(size)
  if (d.mod == 3) {
    const r = d.register(d.rm, size)
    if (fetchImmediate) immediate = d.fetchImmediate(fetchImmediate)
    d.emit(op, r, r, s2, 0, immediate)
    return
  }
  d.immediateBytes = fetchImmediate
  if (kind == 7) {
    const r = d.loadRm(size)
    if (fetchImmediate) immediate = d.fetchImmediate(fetchImmediate)
    d.emit(op, 0, r, s2, 0, immediate)
    return
  }
  d.lockable = 1
  d.loadRmForWrite(size)
  if (fetchImmediate) immediate = d.fetchImmediate(fetchImmediate)
  d.emit(op, SLOT_T2, SLOT_T1, s2, 0, immediate)
  d.storeBack(size, SLOT_T2)
}

/** One-operand read-modify-write: NOT NEG INC DEC. */
function unaryRm(d: Decoder, op: u32, size: u32): void {
  if (d.mod == 3) {
    const r = d.register(d.rm, size)
    d.emit(op + sizeIndex(size), r, r, SLOT_ZERO, 0, 0)
    return
  }
  d.lockable = 1
  d.loadRmForWrite(size)
  d.emit(op + sizeIndex(size), SLOT_T2, SLOT_T1, SLOT_ZERO, 0, 0)
  d.storeBack(size, SLOT_T2)
}

/** count: 0..255 immediate, or -1 for CL; `immediateBytes` tells whether the count is still to be fetched. */
function shiftRm(d: Decoder, size: u32, count: i32, fetch: bool): void {
  const kind = d.group()
  d.immediateBytes = fetch ? 1 : 0
  const memory = d.mod != 3
  const source = d.loadRmForWrite(size)
  if (fetch) count = <i32>d.fetch8()
  const s2: u32 = count < 0 ? 1 << 3 : SLOT_ZERO
  const immediate: i32 = count < 0 ? 0 : count & (size == 8 ? 63 : 31)
  const dst = memory ? SLOT_T2 : source
  const sz = sizeIndex(size)
  switch (kind) {
    case 0:
      d.emit(OP_ROLF + sz, dst, source, s2, 0, immediate)
      break
    case 1:
      d.emit(OP_RORF + sz, dst, source, s2, 0, immediate)
      break
    case 2:
      cold(d, COLD_RCL, dst, source, s2, size, 0, immediate)
      break
    case 3:
      cold(d, COLD_RCR, dst, source, s2, size, 0, immediate)
      break
    case 5:
      d.emit(OP_SHRF + sz, dst, source, s2, 0, immediate)
      break
    case 7:
      d.emit(OP_SARF + sz, dst, source, s2, 0, immediate)
      break
    default:
      d.emit(OP_SHLF + sz, dst, source, s2, 0, immediate)
  }
  if (memory) d.storeBack(size, SLOT_T2)
}

function sx(d: Decoder, from: u32, to: u32): void {
  // MOVSX/MOVSXD reg(to) <- r/m(from)
  const r = d.register(d.reg, to)
  if (d.mod == 3) {
    const s = d.register(d.rm, from)
    if (from == 1) {
      if (to == 2) {
        d.emit(OP_SX8_64, SLOT_T1, 0, s, 0, 0)
        d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
      } else d.emit(to == 4 ? OP_SX8_32 : OP_SX8_64, r, 0, s, 0, 0)
    } else if (from == 2) {
      if (to == 2) d.emit(OP_MOV16, r, 0, s, 0, 0)
      else d.emit(to == 4 ? OP_SX16_32 : OP_SX16_64, r, 0, s, 0, 0)
    } else d.emit(to == 8 ? OP_SX32_64 : to == 4 ? OP_MOV32 : OP_MOV16, r, 0, s, 0, 0)
    return
  }
  d.operand(from, false)
  if (to == 2) {
    d.memory(from == 1 ? OP_LOADS8_64 : OP_LOADZ16, SLOT_T1)
    d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
  } else if (from == 1) d.memory(to == 4 ? OP_LOADS8_32 : OP_LOADS8_64, r)
  else if (from == 2) d.memory(to == 4 ? OP_LOADS16_32 : OP_LOADS16_64, r)
  else d.memory(to == 8 ? OP_LOADS32_64 : OP_LOAD + 2, r)
}

function zx(d: Decoder, from: u32, to: u32): void {
  const r = d.register(d.reg, to)
  if (d.mod == 3) {
    const s = d.register(d.rm, from)
    if (to == 2) {
      d.emit(from == 1 ? OP_ZX8_64 : OP_ZX16_64, SLOT_T1, 0, s, 0, 0)
      d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
    } else d.emit(from == 1 ? OP_ZX8_64 : OP_ZX16_64, r, 0, s, 0, 0)
    return
  }
  d.operand(from, false)
  const load = from == 1 ? OP_LOADZ8 : OP_LOADZ16
  if (to == 2) {
    d.memory(load, SLOT_T1)
    d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
  } else d.memory(load, r)
}

/** String instructions: detail = kind | repeat << 4 | segment << 8 | address size << 12. */
function stringOp(d: Decoder, kind: u32, size: u32): void {
  const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
  const detail = kind | ((d.rep == 0 ? 0 : d.rep == 0xf3 ? 1 : 2) << 4) | (segment << 8) | (d.addressSize << 12)
  if (d.rep) coldEnd(d, COLD_STRING, 0, 0, 0, size, detail, 0)
  else cold(d, COLD_STRING, 0, 0, 0, size, detail, 0)
}

function bitTest(d: Decoder, kind: u32, immediateForm: bool): void {
  const size = d.operandSize
  const s2 = immediateForm ? SLOT_ZERO : d.register(d.reg, size)
  if (d.mod == 3) {
    const r = d.register(d.rm, size)
    const argument = immediateForm ? <i32>d.fetch8() : 0
    cold(d, COLD_BT, r, r, s2, size, kind, argument)
    return
  }
  if (kind) d.lockable = 1
  d.immediateBytes = immediateForm ? 1 : 0
  if (immediateForm) {
    d.operand(size, kind != 0)
  } else {
    d.bitOperand(size, kind != 0, s2)
  }
  const argument = immediateForm ? <i32>d.fetch8() : 0
  d.memory((kind ? 64 : 52) + sizeIndex(size), SLOT_T1)
  cold(d, COLD_BT, SLOT_T2, SLOT_T1, s2, size, kind, argument)
  if (kind) d.memory(OP_STORE + sizeIndex(size), SLOT_T2)
}

function decodeInstruction(d: Decoder): void {
  d.ended = 0
  d.broken = 0
  d.refused = 0
  d.view = 0
  d.segment = NO_SEGMENT
  d.rep = 0
  d.lock = 0
  d.rex = 0
  d.lockable = 0
  d.immediateBytes = 0
  d.stackBias = 0
  let operandOverride = false
  let addressOverride = false
  const long = d.code == MODE_CODE64
  let op: u32 = 0
  while (true) {
    op = d.fetch8()
    if (d.broken) return
    if (long && (op & 0xf0) == 0x40) {
      d.rex = op
      continue
    }
    let prefix = true
    switch (op) {
      case 0x26:
        if (!long) d.segment = SEG_ES
        break
      case 0x2e:
        if (!long) d.segment = SEG_CS
        break
      case 0x36:
        if (!long) d.segment = SEG_SS
        break
      case 0x3e:
        if (!long) d.segment = SEG_DS
        break
      case 0x64:
        d.segment = SEG_FS
        break
      case 0x65:
        d.segment = SEG_GS
        break
      case 0x66:
        operandOverride = true
        break
      case 0x67:
        addressOverride = true
        break
      case 0xf0:
        d.lock = 1
        break
      case 0xf2:
      case 0xf3:
        d.rep = op
        break
      default:
        prefix = false
    }
    if (!prefix) break
    d.rex = 0 // REX counts only directly before the opcode
  }
  d.rexW = d.rex & 8
  d.operandOverride = operandOverride ? 1 : 0
  if (long) {
    d.operandSize = d.rexW ? 8 : operandOverride ? 2 : 4
    d.addressSize = addressOverride ? 4 : 8
  } else {
    const narrow = d.code == MODE_CODE16
    d.operandSize = narrow != operandOverride ? 2 : 4
    d.addressSize = narrow != addressOverride ? 2 : 4
  }
  if (op == 0x0f) decodeTwoByte(d)
  else decodeOneByte(d, op)
}

function decodeOneByte(d: Decoder, op: u32): void {
  const size: u32 = op & 1 ? d.operandSize : 1
  const long = d.code == MODE_CODE64
  if (op < 0x40 && (op & 7) < 6) {
    const kind = op >> 3
    switch (op & 7) {
      case 0:
      case 1:
        d.fetchModrm()
        arithmeticRm(d, kind, size, d.register(d.reg, size), 0, 0)
        return
      case 2:
      case 3: {
        d.fetchModrm()
        const s = d.loadRm(size)
        const r = d.register(d.reg, size)
        d.emit(arithmeticOp(kind) + sizeIndex(size), r, r, s, 0, 0)
        return
      }
      default:
        d.emit(arithmeticOp(kind) + sizeIndex(size), 0, 0, SLOT_ZERO, 0, d.fetchImmediate(size))
        return
    }
  }
  if (op >= 0x50 && op < 0x58) {
    push(d, ((op & 7) | ((d.rex & 1) << 3)) << 3, 0)
    return
  }
  if (op >= 0x58 && op < 0x60) {
    pop(d, ((op & 7) | ((d.rex & 1) << 3)) << 3)
    return
  }
  if ((op & 0xf0) == 0x70) {
    const displacement = i64(i8(d.fetch8()))
    setBranch(d, displacement)
    d.emit(OP_JCC + (op & 15), 0, 0, 0, 0, 0)
    return
  }
  if (op >= 0x91 && op < 0x98) {
    const r = ((op & 7) | ((d.rex & 1) << 3)) << 3
    exchange(d, r, d.operandSize)
    return
  }
  if (op >= 0xb0 && op < 0xb8) {
    d.emit(OP_MOV8, d.register((op & 7) | ((d.rex & 1) << 3), 1), 0, SLOT_ZERO, 0, i64(d.fetch8()))
    return
  }
  if (op >= 0xb8 && op < 0xc0) {
    const r = ((op & 7) | ((d.rex & 1) << 3)) << 3
    if (d.operandSize == 8) d.emit(OP_MOV64, r, 0, SLOT_ZERO, 0, d.fetch64())
    else if (d.operandSize == 4) d.emit(OP_MOV32, r, 0, SLOT_ZERO, 0, i64(d.fetch32()))
    else d.emit(OP_MOV16, r, 0, SLOT_ZERO, 0, i64(d.fetch16()))
    return
  }
  if (op >= 0x40 && op < 0x50) {
    // INC/DEC, outside 64-bit mode
    const r = (op & 7) << 3
    d.emit((op & 8 ? OP_DECF : OP_INCF) + sizeIndex(d.operandSize), r, r, SLOT_ZERO, 0, 0)
    return
  }
  switch (op) {
    case 0x27:
    case 0x2f:
    case 0x37:
    case 0x3f:
      if (long) d.undefined()
      else cold(d, op == 0x27 ? COLD_DAA : op == 0x2f ? COLD_DAS : op == 0x37 ? COLD_AAA : COLD_AAS, 0, 0, 0, 1, 0, 0)
      return
    case 0x60:
      if (long) d.undefined()
      else cold(d, COLD_PUSHA, 0, 0, 0, d.operandSize, 0, 0)
      return
    case 0x61:
      if (long) d.undefined()
      else cold(d, COLD_POPA, 0, 0, 0, d.operandSize, 0, 0)
      return
    case 0x63:
      if (!long) break
      d.fetchModrm()
      sx(d, d.operandSize == 2 ? 2 : 4, d.operandSize)
      return
    case 0x68:
      push(d, SLOT_ZERO, <i32>d.fetchImmediate(d.operandSize == 2 ? 2 : 4))
      return
    case 0x6a:
      push(d, SLOT_ZERO, <i32>d.fetchImmediate(1))
      return
    case 0x69:
    case 0x6b: {
      d.fetchModrm()
      const bytes: u32 = op == 0x6b ? 1 : min<u32>(d.operandSize, 4)
      d.immediateBytes = bytes
      const s = d.loadRm(d.operandSize)
      const immediate = d.fetchImmediate(bytes)
      d.emit(multiplyOp(d.operandSize), d.reg << 3, s, SLOT_ZERO, 0, immediate)
      return
    }
    case 0x80:
    case 0x81:
    case 0x83:
      d.fetchModrm()
      arithmeticRm(d, d.group(), size, SLOT_ZERO, 0, op == 0x81 ? min<u32>(size, 4) : 1)
      return
    case 0x82:
      if (long) {
        d.undefined()
        return
      }
      d.fetchModrm()
      arithmeticRm(d, d.group(), 1, SLOT_ZERO, 0, 1)
      return
    case 0x84:
    case 0x85: {
      d.fetchModrm()
      const s = d.loadRm(size)
      d.emit(OP_TESTF + sizeIndex(size), 0, s, d.register(d.reg, size), 0, 0)
      return
    }
    case 0x86:
    case 0x87: {
      d.fetchModrm()
      const r = d.register(d.reg, size)
      if (d.mod == 3) {
        const other = d.register(d.rm, size)
        d.emit(OP_MOV8 + sizeIndex(size), SLOT_T1, 0, other, 0, 0)
        d.emit(OP_MOV8 + sizeIndex(size), other, 0, r, 0, 0)
        d.emit(OP_MOV8 + sizeIndex(size), r, 0, SLOT_T1, 0, 0)
      } else {
        d.lockable = 1
        d.loadRmForWrite(size)
        d.storeBack(size, r)
        d.emit(OP_MOV8 + sizeIndex(size), r, 0, SLOT_T1, 0, 0)
      }
      return
    }
    case 0x88:
    case 0x89:
      d.fetchModrm()
      d.storeRm(size, d.register(d.reg, size))
      return
    case 0x8a:
    case 0x8b:
      d.fetchModrm()
      if (d.mod == 3) d.emit(OP_MOV8 + sizeIndex(size), d.register(d.reg, size), 0, d.register(d.rm, size), 0, 0)
      else {
        d.operand(size, false)
        d.memory(OP_LOAD + sizeIndex(size), d.register(d.reg, size))
      }
      return
    case 0x8d:
      d.fetchModrm()
      if (d.mod == 3) {
        d.undefined()
        return
      }
      loadAddress(d)
      return
    case 0x8f:
      d.fetchModrm()
      if (d.group() != 0) {
        d.undefined()
        return
      }
      if (d.mod == 3) pop(d, d.rm << 3)
      else {
        const bytes = stackSize(d)
        d.stackBias = bytes
        cold(d, COLD_PEEK, SLOT_T1, 0, 0, bytes, 0, 0)
        d.operand(bytes, true)
        d.memory(OP_STORE + sizeIndex(bytes), SLOT_T1)
        cold(d, COLD_ADDSP, 0, 0, 0, bytes, 0, <i32>bytes)
      }
      return
    case 0x90:
      if (d.rex & 1) exchange(d, 8 << 3, d.operandSize)
      else d.emit(OP_NOP, 0, 0, 0, 0, 0)
      return
    case 0x98:
      if (d.operandSize == 8) d.emit(OP_SX32_64, 0, 0, 0, 0, 0)
      else if (d.operandSize == 4) d.emit(OP_SX16_32, 0, 0, 0, 0, 0)
      else {
        d.emit(OP_SX8_64, SLOT_T1, 0, 0, 0, 0)
        d.emit(OP_MOV16, 0, 0, SLOT_T1, 0, 0)
      }
      return
    case 0x99: {
      // CWD CDQ CQO: the sign of the accumulator through rDX
      const widen: u32 = d.operandSize == 8 ? OP_MOV64 : d.operandSize == 4 ? OP_SX32_64 : OP_SX16_64
      d.emit(widen, SLOT_T1, 0, 0, 0, 0)
      d.emit(OP_SAR64_NUMBER, SLOT_T1, SLOT_T1, SLOT_ZERO, 0, 63)
      d.emit(OP_MOV8 + sizeIndex(d.operandSize), 2 << 3, 0, SLOT_T1, 0, 0)
      return
    }
    case 0x9e:
      cold(d, COLD_SAHF, 0, 0, 0, 1, 0, 0)
      return
    case 0x9f:
      cold(d, COLD_LAHF, 0, 0, 0, 1, 0, 0)
      return
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa3: {
      const offset = d.addressSize == 8 ? d.fetch64() : d.addressSize == 4 ? u64(d.fetch32()) : u64(d.fetch16())
      const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
      d.emit(OP_MOV64, SLOT_T0, 0, SLOT_ZERO, 0, offset)
      d.emitSegment(SLOT_T0, SLOT_T0, segment, size, op >= 0xa2)
      d.emit((op >= 0xa2 ? OP_STORE : OP_LOAD) + sizeIndex(size), 0, SLOT_T0, SLOT_ZERO, 0, 0)
      return
    }
    case 0xa4:
    case 0xa5:
      stringOp(d, 0, size)
      return
    case 0xa6:
    case 0xa7:
      stringOp(d, 1, size)
      return
    case 0xaa:
    case 0xab:
      stringOp(d, 2, size)
      return
    case 0xac:
    case 0xad:
      stringOp(d, 3, size)
      return
    case 0xae:
    case 0xaf:
      stringOp(d, 4, size)
      return
    case 0xa8:
    case 0xa9:
      d.emit(OP_TESTF + sizeIndex(size), 0, 0, SLOT_ZERO, 0, d.fetchImmediate(size))
      return
    case 0xc0:
    case 0xc1:
      d.fetchModrm()
      shiftRm(d, size, 0, true)
      return
    case 0xd0:
    case 0xd1:
      d.fetchModrm()
      shiftRm(d, size, 1, false)
      return
    case 0xd2:
    case 0xd3:
      d.fetchModrm()
      shiftRm(d, size, -1, false)
      return
    case 0xc2:
    case 0xc3: {
      const drop = op == 0xc2 ? <i32>d.fetch16() : 0
      if (long) {
        d.emit(OP_RET, 0, 0, 0, 0, i64(drop))
        d.end()
      } else coldEnd(d, COLD_RET, 0, 0, 0, d.operandSize, 0, drop)
      return
    }
    case 0xc6:
    case 0xc7: {
      d.fetchModrm()
      if (d.group() != 0) {
        d.undefined()
        return
      }
      const bytes = min<u32>(size, 4)
      d.immediateBytes = bytes
      if (d.mod == 3) {
        const immediate = d.fetchImmediate(bytes)
        d.emit(OP_MOV8 + sizeIndex(size), d.register(d.rm, size), 0, SLOT_ZERO, 0, immediate)
      } else {
        d.operand(size, true)
        const immediate = d.fetchImmediate(bytes)
        d.emit(OP_STOREI + sizeIndex(size), 0, d.base, d.index, d.scale, (d.displacement & 0xffffffff) | (immediate << 32))
      }
      return
    }
    case 0xc8: {
      const bytes = d.fetch16()
      const level = d.fetch8() & 31
      cold(d, COLD_ENTER, 0, 0, 0, stackSize(d), bytes, <i32>level)
      return
    }
    case 0xc9:
      if (stackSize(d) == 8) d.emit(OP_LEAVE, 0, 0, 0, 0, 0)
      else cold(d, COLD_LEAVE, 0, 0, 0, stackSize(d), 0, 0)
      return
    case 0xd4:
    case 0xd5: {
      if (long) {
        d.undefined()
        return
      }
      const base = <i32>d.fetch8()
      cold(d, op == 0xd4 ? COLD_AAM : COLD_AAD, 0, 0, 0, 1, 0, base)
      return
    }
    case 0xd6:
      if (long) d.undefined()
      else cold(d, COLD_SALC, 0, 0, 0, 1, 0, 0)
      return
    case 0xd7: {
      const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
      d.emit(OP_ZX8_64, SLOT_T1, 0, 0, 0, 0)
      d.emit(d.addressSize == 8 ? OP_LEA64 : d.addressSize == 4 ? OP_LEA32 : OP_LEA16, SLOT_T0, 3 << 3, SLOT_T1, 0, 0)
      d.emitSegment(SLOT_T0, SLOT_T0, segment, 1, false)
      d.emit(OP_LOAD, 0, SLOT_T0, SLOT_ZERO, 0, 0)
      return
    }
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
      loop(d, op & 3)
      return
    case 0xe8: {
      const displacement = branchDisplacement(d)
      const next = d.nextRip()
      setBranch(d, displacement)
      if (long) d.emit(OP_CALL, 0, 0, 0, 0, 0)
      else {
        cold(d, COLD_PUSH, 0, 0, SLOT_ZERO, d.operandSize, 0, <i32>next)
        d.emit(OP_JMP, 0, 0, 0, 0, 0)
      }
      return
    }
    case 0xe9:
      setBranch(d, branchDisplacement(d))
      d.emit(OP_JMP, 0, 0, 0, 0, 0)
      return
    case 0xeb:
      setBranch(d, i64(i8(d.fetch8())))
      d.emit(OP_JMP, 0, 0, 0, 0, 0)
      return
    case 0xf5:
      cold(d, COLD_CARRY, 0, 0, 0, 0, 2, 0)
      return
    case 0xf8:
    case 0xf9:
      cold(d, COLD_CARRY, 0, 0, 0, 0, op & 1, 0)
      return
    case 0xfc:
    case 0xfd:
      cold(d, COLD_DIRECTION, 0, 0, 0, 0, op & 1, 0)
      return
    case 0xf6:
    case 0xf7: {
      d.fetchModrm()
      const kind = d.group()
      if (kind < 2) {
        const bytes = min<u32>(size, 4)
        d.immediateBytes = bytes
        const s = d.loadRm(size)
        d.emit(OP_TESTF + sizeIndex(size), 0, s, SLOT_ZERO, 0, d.fetchImmediate(bytes))
      } else if (kind == 2) unaryRm(d, OP_NOT, size)
      else if (kind == 3) unaryRm(d, OP_NEGF, size)
      else {
        const s = d.loadRm(size)
        cold(d, kind == 4 ? COLD_MUL : kind == 5 ? COLD_IMUL : kind == 6 ? COLD_DIV : COLD_IDIV, 0, s, 0, size, 0, 0)
      }
      return
    }
    case 0xfe:
    case 0xff:
      d.fetchModrm()
      decodeGroup5(d, op, size)
      return
  }
  if (systemDecode(d, op)) return
  if (sseDecode(d, op)) return
  d.undefined()
}

const OP_SAR64_NUMBER: u32 = 155

function multiplyOp(size: u32): u32 {
  return size == 8 ? OP_IMULF64 : size == 4 ? OP_IMULF32 : OP_IMULF16
}

function exchange(d: Decoder, r: u32, size: u32): void {
  const mov = OP_MOV8 + sizeIndex(size)
  d.emit(mov, SLOT_T1, 0, r, 0, 0)
  d.emit(mov, r, 0, 0, 0, 0)
  d.emit(mov, 0, 0, SLOT_T1, 0, 0)
}

function loadAddress(d: Decoder): void {
  const r = d.reg << 3
  if (d.operandSize == 8 || (d.operandSize == 4 && d.addressSize == 4)) d.effectiveAddress(r)
  else if (d.operandSize == 4 && d.addressSize == 8) {
    d.effectiveAddress(SLOT_T0)
    d.emit(OP_MOV32, r, 0, SLOT_T0, 0, 0)
  } else {
    d.effectiveAddress(SLOT_T0)
    d.emit(OP_MOV8 + sizeIndex(d.operandSize), r, 0, SLOT_T0, 0, 0)
  }
}

/** LOOPNE, LOOPE, LOOP, JrCXZ. */
function loop(d: Decoder, kind: u32): void {
  const rcx: u32 = 1 << 3
  let counter = rcx
  if (kind != 3) {
    if (d.addressSize == 8) d.emit(OP_SUB64, rcx, rcx, SLOT_ZERO, 0, 1)
    else if (d.addressSize == 4) d.emit(OP_SUB32, rcx, rcx, SLOT_ZERO, 0, 1)
    else {
      d.emit(OP_LEA16, SLOT_T1, rcx, SLOT_ZERO, 0, -1)
      d.emit(OP_MOV16, rcx, 0, SLOT_T1, 0, 0)
      counter = SLOT_T1
    }
  } else if (d.addressSize != 8) {
    d.emit(d.addressSize == 4 ? OP_MOV32 : OP_ZX16_64, SLOT_T1, 0, rcx, 0, 0)
    counter = SLOT_T1
  }
  let decision = counter
  if (kind == 3) {
    d.emit(OP_MOV64, SLOT_T4, 0, SLOT_ZERO, 0, 1)
    d.emit(OP_SELECT64, SLOT_T4, counter, SLOT_ZERO, 0, 0)
    decision = SLOT_T4
  } else if (kind != 2) {
    d.emit(OP_CC, SLOT_T3, 0, 0, kind == 1 ? 4 : 5, 0)
    d.emit(OP_MOV64, SLOT_T4, 0, SLOT_ZERO, 0, 0)
    d.emit(OP_SELECT64, SLOT_T4, counter, SLOT_T3, 0, 0)
    decision = SLOT_T4
  }
  setBranch(d, i64(i8(d.fetch8())))
  d.emit(OP_BRNZ, 0, decision, 0, 0, 0)
}

function decodeGroup5(d: Decoder, op: u32, size: u32): void {
  const kind = d.group()
  const long = d.code == MODE_CODE64
  if (kind == 0) {
    unaryRm(d, OP_INCF, size)
    return
  }
  if (kind == 1) {
    unaryRm(d, OP_DECF, size)
    return
  }
  if (op == 0xfe || kind == 7) {
    d.undefined()
    return
  }
  if (kind == 3 || kind == 5) {
    if (d.mod == 3 || !systemDecode(d, 0xff)) d.undefined()
    return
  }
  if (kind == 6) {
    const bytes = stackSize(d)
    push(d, d.loadRm(bytes), 0)
    return
  }
  const bytes: u32 = long ? 8 : d.operandSize
  const s = d.loadRm(bytes)
  if (long) {
    d.emit(kind == 2 ? OP_CALLI : OP_JMPI, 0, s, 0, 0, 0)
    d.end()
  } else coldEnd(d, kind == 2 ? COLD_CALLI : COLD_JMPI, 0, s, 0, bytes, 0, 0)
}

function decodeTwoByte(d: Decoder): void {
  const op = d.fetch8()
  if (d.broken) return
  const size: u32 = op & 1 ? d.operandSize : 1
  if ((op & 0xf0) == 0x80) {
    setBranch(d, branchDisplacement(d))
    d.emit(OP_JCC + (op & 15), 0, 0, 0, 0, 0)
    return
  }
  if ((op & 0xf0) == 0x90) {
    d.fetchModrm()
    // The memory operand's segment check comes before; the flags are read without change.
    d.emit(OP_CC, SLOT_T2, 0, 0, op & 15, 0)
    d.storeRm(1, SLOT_T2)
    return
  }
  if ((op & 0xf0) == 0x40) {
    d.fetchModrm()
    const s = d.loadRm(d.operandSize)
    d.emit(OP_CC, SLOT_T2, 0, 0, op & 15, 0)
    d.emit(d.operandSize == 8 ? OP_SELECT64 : d.operandSize == 4 ? OP_SELECT32 : OP_SELECT16, d.reg << 3, SLOT_T2, s, 0, 0)
    return
  }
  if (op >= 0xc8) {
    if (op < 0xd0) {
      const r = ((op & 7) | ((d.rex & 1) << 3)) << 3
      if (d.operandSize == 8) d.emit(OP_BSWAP64, r, r, 0, 0, 0)
      else if (d.operandSize == 4) d.emit(OP_BSWAP32, r, r, 0, 0, 0)
      else d.emit(OP_MOV16, r, 0, SLOT_ZERO, 0, 0) // undefined; processors clear the register
      return
    }
  }
  switch (op) {
    case 0x0b:
      d.undefined()
      return
    case 0x0d: // PREFETCHW and its kin: hints
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else hint(d)
      return
    case 0x18:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f:
      d.fetchModrm()
      hint(d)
      return
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb:
      d.fetchModrm()
      bitTest(d, (op >> 3) & 3, false)
      return
    case 0xba:
      d.fetchModrm()
      if (d.group() < 4) d.undefined()
      else bitTest(d, d.group() - 4, true)
      return
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad: {
      d.fetchModrm()
      const bytes = d.operandSize
      const memory = d.mod != 3
      d.immediateBytes = op & 1 ? 0 : 1
      const s = d.loadRmForWrite(bytes)
      const count: i32 = op & 1 ? -1 : <i32>d.fetch8()
      cold(d, op < 0xa8 ? COLD_SHLD : COLD_SHRD, memory ? SLOT_T2 : s, s, d.reg << 3, bytes, 0, count)
      if (memory) d.storeBack(bytes, SLOT_T2)
      return
    }
    case 0xaf: {
      d.fetchModrm()
      const s = d.loadRm(d.operandSize)
      d.emit(multiplyOp(d.operandSize), d.reg << 3, d.reg << 3, s, 0, 0)
      return
    }
    case 0xb0:
    case 0xb1: {
      d.fetchModrm()
      if (d.mod != 3) d.lockable = 1
      const s = d.loadRmForWrite(size)
      cold(d, COLD_CMPXCHG, SLOT_T2, s, d.register(d.reg, size), size, d.mod == 3 ? 1 : 0, 0)
      if (d.mod != 3) d.storeBack(size, SLOT_T2)
      return
    }
    case 0xb6:
    case 0xb7:
      d.fetchModrm()
      zx(d, op == 0xb6 ? 1 : 2, d.operandSize)
      return
    case 0xbe:
    case 0xbf:
      d.fetchModrm()
      sx(d, op == 0xbe ? 1 : 2, d.operandSize)
      return
    case 0xb8: {
      if (d.rep != 0xf3) break
      d.fetchModrm()
      const s = d.loadRm(d.operandSize)
      cold(d, COLD_POPCNT, d.reg << 3, s, 0, d.operandSize, 0, 0)
      return
    }
    case 0xb9: // UD1
      d.fetchModrm()
      d.undefined()
      return
    case 0xbc:
    case 0xbd: {
      d.fetchModrm()
      const s = d.loadRm(d.operandSize)
      cold(d, op == 0xbc ? COLD_BSF : COLD_BSR, d.reg << 3, s, 0, d.operandSize, 0, 0)
      return
    }
    case 0xc0:
    case 0xc1: {
      d.fetchModrm()
      const mov = OP_MOV8 + sizeIndex(size)
      const r = d.register(d.reg, size)
      if (d.mod == 3) {
        const other = d.register(d.rm, size)
        d.emit(mov, SLOT_T1, 0, other, 0, 0)
        d.emit(OP_ADDF + sizeIndex(size), SLOT_T2, SLOT_T1, r, 0, 0)
        d.emit(mov, r, 0, SLOT_T1, 0, 0)
        d.emit(mov, other, 0, SLOT_T2, 0, 0)
      } else {
        d.lockable = 1
        d.loadRmForWrite(size)
        d.emit(OP_ADDF + sizeIndex(size), SLOT_T2, SLOT_T1, r, 0, 0)
        d.storeBack(size, SLOT_T2)
        d.emit(mov, r, 0, SLOT_T1, 0, 0)
      }
      return
    }
    case 0xc3: // MOVNTI
      d.fetchModrm()
      if (d.mod == 3 || d.rep || d.operandOverride) d.undefined()
      else d.storeRm(d.operandSize, d.reg << 3)
      return
    case 0xc7:
      d.fetchModrm()
      if (d.group() == 1 && d.mod != 3) {
        d.lockable = 1
        d.address(d.rexW ? 16 : 8, true)
        cold(d, d.rexW ? COLD_CMPXCHG16B : COLD_CMPXCHG8B, 0, 0, 0, 8, 0, 0)
        return
      }
      if (!systemDecode(d, 0x0fc7)) d.undefined()
      return
    case 0xae:
      d.fetchModrm()
      if (sseDecode(d, 0x0fae)) return
      if (!systemDecode(d, 0x0fae)) d.undefined()
      return
    case 0x38:
    case 0x3a: {
      const third = d.fetch8()
      if (d.broken) return
      const whole = (op == 0x38 ? 0x0f3800 : 0x0f3a00) | third
      if (sseDecode(d, whole)) return
      if (!systemDecode(d, whole)) d.undefined()
      return
    }
  }
  if (systemDecode(d, 0x0f00 | op)) return
  if (sseDecode(d, 0x0f00 | op)) return
  d.undefined()
}

/** A multi-byte NOP: its operand is decoded and not accessed. */
function hint(d: Decoder): void {
  if (d.mod != 3) {
    const u = d.uop
    d.effectiveAddress(SLOT_T0)
    d.uop = u
  }
  d.emit(OP_NOP, 0, 0, 0, 0, 0)
}
