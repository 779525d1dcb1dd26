// Decoding of the system side's opcodes (the list is in README.md) into OP_SYSTEM.
//
// Promises: returns false for what is not its own or not defined, and the driver then raises #UD. Undefinedness that depends on the mode's
// code size or on ModRM is decided here; privilege and control bits are tested when the instruction executes.
import {
  OP_MOV64,
  OP_NOP,
  OP_SYSTEM,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
  SEG_SS,
  SLOT_T1,
  SLOT_ZERO,
} from '../../numbers/operations'
import {
  SYS_ARPL,
  SYS_BOUND,
  SYS_CLAC,
  SYS_CLFLUSH,
  SYS_CLI,
  SYS_CLTS,
  SYS_CPUID,
  SYS_FAR_CALL,
  SYS_FAR_CALL_MEMORY,
  SYS_FAR_JUMP,
  SYS_FAR_JUMP_MEMORY,
  SYS_FAR_RETURN,
  SYS_HLT,
  SYS_IN,
  SYS_INT,
  SYS_INTO,
  SYS_INVLPG,
  SYS_INVPCID,
  SYS_IRET,
  SYS_LAR,
  SYS_LGDT,
  SYS_LIDT,
  SYS_LLDT,
  SYS_LMSW,
  SYS_LOAD_FAR_POINTER,
  SYS_LSL,
  SYS_LTR,
  SYS_MOV_FROM_CR,
  SYS_MOV_FROM_DR,
  SYS_MOV_FROM_SEGMENT,
  SYS_MOV_TO_CR,
  SYS_MOV_TO_DR,
  SYS_MOV_TO_SEGMENT,
  SYS_OUT,
  SYS_POPF,
  SYS_POP_SEGMENT,
  SYS_PORT_STRING,
  SYS_PUSHF,
  SYS_PUSH_SEGMENT,
  SYS_RDBASE,
  SYS_RDMSR,
  SYS_RDPMC,
  SYS_RDTSC,
  SYS_RDTSCP,
  SYS_SGDT,
  SYS_SIDT,
  SYS_SLDT,
  SYS_SMSW,
  SYS_STAC,
  SYS_STI,
  SYS_STR,
  SYS_SWAPGS,
  SYS_SYSCALL,
  SYS_SYSENTER,
  SYS_SYSEXIT,
  SYS_SYSRET,
  SYS_VERR,
  SYS_VERW,
  SYS_WBINVD,
  SYS_WRBASE,
  SYS_WRMSR,
  SYS_XGETBV,
  SYS_XSETBV,
} from '../../numbers/system-functions'
import { Decoder, NO_SEGMENT } from './decoder'
import { functionImmediate } from '../blocks/ir'
import { cpuLevel } from '../state/layout'
import { MODE_CODE64, MODE_REAL } from '../state/state'

function emit(d: Decoder, fn: u32, dst: u32, source: u32, size: u32, detail: u32, argument: i32): bool {
  d.emit(OP_SYSTEM, dst, source, 0, size, functionImmediate(fn, detail, argument))
  d.end()
  return true
}

function plain(d: Decoder, fn: u32): bool {
  return emit(d, fn, 0, 0, d.operandSize, 0, 0)
}

/** Operand size of the stack instructions: 64 bits by default in 64-bit mode, no 32. */
function stackSize(d: Decoder): u32 {
  return d.code == MODE_CODE64 ? (d.operandOverride && d.rexW == 0 ? 2 : 8) : d.operandSize
}

/** SLDT, STR, SMSW: to a register of operand size, or 16 bits of memory. */
function storeWord(d: Decoder, fn: u32): bool {
  if (d.mod == 3) return emit(d, fn, d.rm << 3, 0, d.operandSize, 0, 0)
  d.address(2, true)
  return emit(d, fn, 0, 0, 2, 1, 0)
}

function group6(d: Decoder): bool {
  d.fetchModrm()
  if (d.mode & MODE_REAL) return false
  const kind = d.group()
  if (kind == 0) return storeWord(d, SYS_SLDT)
  if (kind == 1) return storeWord(d, SYS_STR)
  if (kind > 5) return false
  const source = d.loadRm(2)
  return emit(d, kind == 2 ? SYS_LLDT : kind == 3 ? SYS_LTR : kind == 4 ? SYS_VERR : SYS_VERW, 0, source, 2, 0, 0)
}

function group7(d: Decoder): bool {
  d.fetchModrm()
  const kind = d.group()
  if (d.mod == 3) {
    switch (d.modrm) {
      case 0xca:
        return plain(d, SYS_CLAC)
      case 0xcb:
        return plain(d, SYS_STAC)
      case 0xd0:
      case 0xd1:
        if (cpuLevel < 3 || d.rep || d.operandOverride) return false
        return plain(d, d.modrm == 0xd0 ? SYS_XGETBV : SYS_XSETBV)
      case 0xf8:
        return d.code == MODE_CODE64 && plain(d, SYS_SWAPGS)
      case 0xf9:
        return plain(d, SYS_RDTSCP)
    }
    if (kind == 4) return storeWord(d, SYS_SMSW)
    if (kind == 6) return emit(d, SYS_LMSW, 0, d.loadRm(2), 2, 0, 0)
    return false
  }
  if (kind == 4) return storeWord(d, SYS_SMSW)
  if (kind == 5) return false
  if (kind == 6) return emit(d, SYS_LMSW, 0, d.loadRm(2), 2, 0, 0)
  const long = d.code == MODE_CODE64
  if (kind == 7) {
    d.address(1, false)
    return plain(d, SYS_INVLPG)
  }
  d.address(long ? 10 : 6, kind < 2)
  return emit(
    d,
    kind == 0 ? SYS_SGDT : kind == 1 ? SYS_SIDT : kind == 2 ? SYS_LGDT : SYS_LIDT,
    0,
    0,
    long ? 8 : d.operandSize,
    0,
    0,
  )
}

function group15(d: Decoder): bool {
  const kind = d.group()
  if (d.mod == 3) {
    if (d.rep == 0xf3) {
      if (kind > 3 || d.code != MODE_CODE64) return false
      const segment: u32 = kind & 1 ? SEG_GS : SEG_FS
      const size: u32 = d.rexW ? 8 : 4
      return kind < 2
        ? emit(d, SYS_RDBASE, d.rm << 3, 0, size, segment, 0)
        : emit(d, SYS_WRBASE, 0, d.rm << 3, size, segment, 0)
    }
    if (kind < 5 || d.rep || d.operandOverride) return false
    d.emit(OP_NOP, 0, 0, 0, 0, 0)
    return true
  }
  if (kind != 7 || d.rep || d.operandOverride) return false
  d.address(1, false)
  return plain(d, SYS_CLFLUSH)
}

/** MOV to and from CR and DR: ModRM is always a register form. */
function moveControl(d: Decoder, fn: u32, control: bool, to: bool): bool {
  d.fetchModrm()
  const number = d.reg
  if (control ? !(number == 0 || (number >= 2 && number <= 4) || number == 8) : number > 7) return false
  const size: u32 = d.code == MODE_CODE64 ? 8 : 4
  return to ? emit(d, fn, 0, d.rm << 3, size, number, 0) : emit(d, fn, d.rm << 3, 0, size, number, 0)
}

function farPointer(d: Decoder, segment: u32): bool {
  d.fetchModrm()
  if (d.mod == 3) return false
  d.address(d.operandSize + 2, false)
  return emit(d, SYS_LOAD_FAR_POINTER, d.reg << 3, 0, d.operandSize, segment, 0)
}

function farImmediate(d: Decoder, fn: u32): bool {
  if (d.code == MODE_CODE64) return false
  const offset = d.operandSize == 2 ? d.fetch16() : d.fetch32()
  const selector = d.fetch16()
  d.emit(OP_MOV64, SLOT_T1, 0, SLOT_ZERO, 0, i64(offset))
  return emit(d, fn, 0, 0, d.operandSize, 0, <i32>selector)
}

function pushSegment(d: Decoder, segment: u32): bool {
  if (d.code == MODE_CODE64 && segment < SEG_FS) return false
  return emit(d, SYS_PUSH_SEGMENT, 0, 0, stackSize(d), segment, 0)
}

function popSegment(d: Decoder, segment: u32): bool {
  if (d.code == MODE_CODE64 && segment < SEG_FS) return false
  return emit(d, SYS_POP_SEGMENT, 0, 0, stackSize(d), segment, 0)
}

function portString(d: Decoder, opcode: u32): bool {
  const input = opcode < 0x6e
  const size: u32 = opcode & 1 ? (d.operandSize == 2 ? 2 : 4) : 1
  const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
  const detail: u32 = (input ? 1 : 0) | (d.rep ? 2 : 0) | (segment << 4) | (d.addressSize << 8)
  return emit(d, SYS_PORT_STRING, 0, 0, size, detail, 0)
}

function port(d: Decoder, opcode: u32): bool {
  const size: u32 = opcode & 1 ? (d.operandSize == 2 ? 2 : 4) : 1
  const number: i32 = opcode & 8 ? -1 : <i32>d.fetch8()
  return emit(d, opcode & 2 ? SYS_OUT : SYS_IN, 0, 0, size, 0, number)
}

/** One-byte opcodes, 0x0FNN, 0x0F38NN. */
export function systemDecode(d: Decoder, opcode: u32): bool {
  const long = d.code == MODE_CODE64
  switch (opcode) {
    case 0x06:
      return pushSegment(d, SEG_ES)
    case 0x07:
      return popSegment(d, SEG_ES)
    case 0x0e:
      return pushSegment(d, SEG_CS)
    case 0x16:
      return pushSegment(d, SEG_SS)
    case 0x17:
      return popSegment(d, SEG_SS)
    case 0x1e:
      return pushSegment(d, SEG_DS)
    case 0x1f:
      return popSegment(d, SEG_DS)
    case 0x62: {
      if (long) return false
      d.fetchModrm()
      if (d.mod == 3) return false
      d.address(d.operandSize * 2, false)
      return emit(d, SYS_BOUND, 0, d.reg << 3, d.operandSize, 0, 0)
    }
    case 0x63: {
      if (long || d.mode & MODE_REAL) return false
      d.fetchModrm()
      if (d.mod == 3) return emit(d, SYS_ARPL, d.rm << 3, d.reg << 3, 2, 0, 0)
      d.address(2, true)
      return emit(d, SYS_ARPL, 0, d.reg << 3, 2, 1, 0)
    }
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x6f:
      return portString(d, opcode)
    case 0x8c: {
      d.fetchModrm()
      const segment = (d.modrm >> 3) & 7
      if (segment > 5) return false
      if (d.mod == 3) return emit(d, SYS_MOV_FROM_SEGMENT, d.rm << 3, 0, d.operandSize, segment, 0)
      d.address(2, true)
      return emit(d, SYS_MOV_FROM_SEGMENT, 0, 0, 2, segment | 8, 0)
    }
    case 0x8e: {
      d.fetchModrm()
      const segment = (d.modrm >> 3) & 7
      if (segment > 5 || segment == SEG_CS) return false
      return emit(d, SYS_MOV_TO_SEGMENT, 0, d.loadRm(2), 2, segment, 0)
    }
    case 0x9a:
      return farImmediate(d, SYS_FAR_CALL)
    case 0x9c:
      return emit(d, SYS_PUSHF, 0, 0, stackSize(d), 0, 0)
    case 0x9d:
      return emit(d, SYS_POPF, 0, 0, stackSize(d), 0, 0)
    case 0xc4:
      return !long && farPointer(d, SEG_ES)
    case 0xc5:
      return !long && farPointer(d, SEG_DS)
    case 0xca:
      return emit(d, SYS_FAR_RETURN, 0, 0, d.operandSize, 0, <i32>d.fetch16())
    case 0xcb:
      return emit(d, SYS_FAR_RETURN, 0, 0, d.operandSize, 0, 0)
    case 0xcc:
      return emit(d, SYS_INT, 0, 0, 0, 1, 3)
    case 0xcd:
      return emit(d, SYS_INT, 0, 0, 0, 0, <i32>d.fetch8())
    case 0xce:
      return !long && plain(d, SYS_INTO)
    case 0xcf:
      return plain(d, SYS_IRET)
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xec:
    case 0xed:
    case 0xee:
    case 0xef:
      return port(d, opcode)
    case 0xea:
      return farImmediate(d, SYS_FAR_JUMP)
    case 0xf1:
      return emit(d, SYS_INT, 0, 0, 0, 2, 1)
    case 0xf4:
      return plain(d, SYS_HLT)
    case 0xfa:
      return plain(d, SYS_CLI)
    case 0xfb:
      return plain(d, SYS_STI)
    case 0xff: {
      const call = d.group() == 3
      d.address(d.operandSize + 2, false)
      return emit(d, call ? SYS_FAR_CALL_MEMORY : SYS_FAR_JUMP_MEMORY, 0, 0, d.operandSize, 0, 0)
    }
    case 0x0f00:
      return group6(d)
    case 0x0f01:
      return group7(d)
    case 0x0f02:
    case 0x0f03: {
      if (d.mode & MODE_REAL) return false
      d.fetchModrm()
      return emit(d, opcode == 0x0f02 ? SYS_LAR : SYS_LSL, d.reg << 3, d.loadRm(2), d.operandSize, 0, 0)
    }
    case 0x0f05:
      return plain(d, SYS_SYSCALL)
    case 0x0f06:
      return plain(d, SYS_CLTS)
    case 0x0f07:
      return plain(d, SYS_SYSRET)
    case 0x0f08:
    case 0x0f09:
      return plain(d, SYS_WBINVD)
    case 0x0f20:
      return moveControl(d, SYS_MOV_FROM_CR, true, false)
    case 0x0f21:
      return moveControl(d, SYS_MOV_FROM_DR, false, false)
    case 0x0f22:
      return moveControl(d, SYS_MOV_TO_CR, true, true)
    case 0x0f23:
      return moveControl(d, SYS_MOV_TO_DR, false, true)
    case 0x0f30:
      return plain(d, SYS_WRMSR)
    case 0x0f31:
      return plain(d, SYS_RDTSC)
    case 0x0f32:
      return plain(d, SYS_RDMSR)
    case 0x0f33:
      return plain(d, SYS_RDPMC)
    case 0x0f34:
      return plain(d, SYS_SYSENTER)
    case 0x0f35:
      return plain(d, SYS_SYSEXIT)
    case 0x0fa0:
      return pushSegment(d, SEG_FS)
    case 0x0fa1:
      return popSegment(d, SEG_FS)
    case 0x0fa2:
      return plain(d, SYS_CPUID)
    case 0x0fa8:
      return pushSegment(d, SEG_GS)
    case 0x0fa9:
      return popSegment(d, SEG_GS)
    case 0x0fae:
      return group15(d)
    case 0x0fb2:
      return farPointer(d, SEG_SS)
    case 0x0fb4:
      return farPointer(d, SEG_FS)
    case 0x0fb5:
      return farPointer(d, SEG_GS)
    case 0x0f3882: {
      if (!d.operandOverride) return false
      d.fetchModrm()
      if (d.mod == 3) return false
      d.address(16, false)
      return emit(d, SYS_INVPCID, 0, d.reg << 3, long ? 8 : 4, 0, 0)
    }
  }
  return false
}
