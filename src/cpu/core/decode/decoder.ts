// The state of decoding one block: the instruction's bytes, prefixes and ModRM, and the uops emitted so far.
//
// decode.ts drives it; system-decode.ts and sse-decode.ts are handed the same object for the opcodes that are theirs.
// Protocol for them: `fetchModrm` first, set `immediateBytes` to what still follows, then `address`/`loadRm`, then fetch immediates, then emit.
// It must not know what instructions mean, only how they are encoded.
import { COLD_BITADDR } from '../../numbers/integer-functions'
import {
  OP_COLD,
  OP_FAULT,
  OP_LEA16,
  OP_LEA32,
  OP_LEA64,
  OP_LOAD,
  OP_LOADW,
  OP_LOADZ16,
  OP_LOADZ8,
  OP_MOV8,
  OP_SEGCHECK,
  OP_STORE,
  SEGCHECK_WRITE,
  SEG_DS,
  SEG_FS,
  SEG_SS,
  SLOT_SEGMENT_BASE,
  SLOT_T0,
  SLOT_T1,
  SLOT_ZERO,
  UOP_BYTES,
  X_STACK,
} from '../../numbers/operations'
import { CpuState, MODE_CODE64 } from '../state/state'
import { Uop, functionImmediate } from '../blocks/ir'
import { codeByte, openSecondPage } from './code-bytes'
import { DEBUG } from '../state/debug'
import { VECTOR_GP } from '../state/fault'

export const NO_SEGMENT: u32 = 255

@unmanaged
export class Decoder {
  c: CpuState
  rip: u64 // of the block
  // Host addresses of the block's bytes: the first page and, if the block crosses, the second.
  first: usize // host pointer of the byte at block offset 0
  firstBytes: u32 // how many bytes of the block lie in the first page
  second: usize // host pointer of the second page's start, 0 while not translated
  secondPage: u32 // its physical address, or NO_PAGE
  logged: u32 // a page has code-write log entries: fetch through coherence.ts
  view: u32 // worst viewState of the current instruction's bytes
  position: u32 // next byte to fetch, offset in the block
  start: u32 // first byte of the current instruction
  number: u32 // number of the current instruction in the block
  uop: usize // where the next uop goes
  instructionUop: usize // first uop of the current instruction
  mode: u32
  code: u32 // MODE_CODE16/32/64
  // Prefixes.
  segment: u32 // override, or NO_SEGMENT
  operandOverride: u32
  addressOverride: u32
  rep: u32 // 0, 0xF2, 0xF3
  lock: u32
  rex: u32 // whole REX byte, or 0
  rexW: u32
  operandSize: u32 // 2, 4, 8
  addressSize: u32 // 2, 4, 8
  // ModRM.
  modrm: u32
  mod: u32
  reg: u32 // with REX.R
  rm: u32 // with REX.B (register form)
  immediateBytes: u32
  // Memory operand after address(): pieces for a memory uop.
  base: u32
  index: u32
  scale: u32
  displacement: i64
  ended: u32 // the instruction ends the block
  finished: bool // the block has its last uop
  once: bool // what another vCPU wrote is not visible yet: the block is for this one time
  broken: u32 // bytes could not be fetched: 1 page fault or page end reached, 2 longer than 15 bytes
  refused: u32 // #UD
  target: u64
  stackBias: u32 // POP r/m: bytes by which RSP has moved when the address is computed
  // A VEX prefix; its R, X and B are in `rex`, in 64-bit code its W too.
  vexRegister: u32 // vvvv
  vexNone: bool // vvvv is 1111B in every mode: no register is named
  vexWide: u32 // L
  vexW: u32
  lockable: u32 // the current instruction has accepted LOCK

  /** Next code byte. After trouble (`broken`) returns 0; the driver discards the instruction. */
  fetch8(): u32 {
    const p = this.position
    if (p - this.start >= 15) {
      if (this.broken == 0) this.broken = 2
      return 0
    }
    this.position = p + 1
    if (p < this.firstBytes) return codeByte(this, this.first + p)
    if (this.second == 0) {
      if (this.broken) return 0
      if (!openSecondPage(this)) {
        this.broken = 1
        return 0
      }
    }
    return codeByte(this, this.second + (p - this.firstBytes))
  }

  fetch16(): u32 {
    const low = this.fetch8()
    return low | (this.fetch8() << 8)
  }

  fetch32(): u32 {
    const low = this.fetch16()
    return low | (this.fetch16() << 16)
  }

  fetch64(): u64 {
    const low = u64(this.fetch32())
    return low | (u64(this.fetch32()) << 32)
  }

  /** Signed immediate of the operand size (64-bit operands take 32 bits). */
  fetchImmediate(size: u32): i64 {
    if (size == 1) return i64(i8(this.fetch8()))
    if (size == 2) return i64(i16(this.fetch16()))
    return i64(i32(this.fetch32()))
  }

  fetchModrm(): void {
    const m = this.fetch8()
    this.modrm = m
    this.mod = m >> 6
    this.reg = ((m >> 3) & 7) | ((this.rex & 4) << 1)
    this.rm = (m & 7) | ((this.rex & 1) << 3)
  }

  /** The opcode's bits 3..5 of ModRM without REX: group number. */
  group(): u32 {
    return (this.modrm >> 3) & 7
  }

  isMemory(): bool {
    return this.mod != 3
  }

  /** Slot offset of general register r at `size` (size 1 without REX: 4..7 are AH..BH). */
  register(r: u32, size: u32): u32 {
    if (size == 1 && this.rex == 0 && r >= 4 && r < 8) return ((r - 4) << 3) + 1
    return r << 3
  }

  emit(op: u32, d: u32, s1: u32, s2: u32, x: u32, immediate: i64): void {
    const u = this.uop
    if (DEBUG) assert(offsetof<Uop>() == UOP_BYTES, 'a uop has another size than numbers/ says')
    if (DEBUG) assert((d | s1 | s2 | x | this.number | this.start) < 256, 'a part of a uop does not fit its byte')
    const uop = changetype<Uop>(u)
    uop.op = <u16>op
    uop.d = <u8>d
    uop.s1 = <u8>s1
    uop.s2 = <u8>s2
    uop.x = <u8>x
    uop.number = <u8>this.number
    uop.offset = <u8>this.start
    store<i64>(u, immediate, offsetof<Uop>('low'))
    this.uop = u + UOP_BYTES
  }

  /** The block ends with this instruction. */
  end(): void {
    this.ended = 1
  }

  /** Linear address of the next instruction (call after all bytes are fetched). */
  nextRip(): u64 {
    return this.rip + u64(this.position)
  }

  undefined(): void {
    this.refused = 1
  }

  /** Computes base/index/scale/displacement of the ModRM memory operand; fetches SIB and displacement. Gives its default segment. */
  private parseAddress(): u32 {
    this.index = SLOT_ZERO
    this.scale = 0
    if (this.addressSize == 2) return this.parseShortAddress()
    const rm = this.modrm & 7
    let absolute = rm == 5 && this.mod == 0
    let base = rm | ((this.rex & 1) << 3)
    if (rm == 4) {
      const sib = this.fetch8()
      const index = ((sib >> 3) & 7) | ((this.rex & 2) << 2)
      if (index != 4) {
        this.index = index << 3
        this.scale = sib >> 6
      }
      absolute = (sib & 7) == 5 && this.mod == 0
      base = (sib & 7) | ((this.rex & 1) << 3)
    }
    if (absolute) {
      this.base = SLOT_ZERO
      this.displacement = i64(i32(this.fetch32()))
      // Without SIB it counts from the next instruction in 64-bit code (SDM 2A 2.2.1.6).
      if (rm == 5 && this.code == MODE_CODE64)
        this.displacement += i64(this.rip + u64(this.position) + u64(this.immediateBytes))
      return SEG_DS
    }
    this.base = base << 3
    this.displacement = this.mod == 1 ? i64(i8(this.fetch8())) : this.mod == 2 ? i64(i32(this.fetch32())) : 0
    if (base == 4) this.displacement += i64(this.stackBias)
    return base == 4 || base == 5 ? SEG_SS : SEG_DS
  }

  /** The same for 16-bit addresses: BX or BP, SI or DI, or one of each (SDM 2A table 2-1). */
  private parseShortAddress(): u32 {
    const rm = this.modrm & 7
    if (rm == 6 && this.mod == 0) {
      this.base = SLOT_ZERO
      this.displacement = i64(this.fetch16())
      return SEG_DS
    }
    const stack = rm == 2 || rm == 3 || rm == 6
    if (rm < 4) this.index = (6 + (rm & 1)) << 3
    this.base = (rm == 4 || rm == 5 ? rm + 2 : stack ? 5 : 3) << 3
    this.displacement = this.mod == 1 ? i64(i8(this.fetch8())) : this.mod == 2 ? i64(i16(this.fetch16())) : 0
    return stack ? SEG_SS : SEG_DS
  }

  /** The offset (effective address, no segment) of the memory operand into `slot`: LEA. */
  effectiveAddress(slot: u32): void {
    this.parseAddress()
    this.emit(
      this.addressSize == 8 ? OP_LEA64 : this.addressSize == 4 ? OP_LEA32 : OP_LEA16,
      slot,
      this.base,
      this.index,
      this.scale,
      this.displacement,
    )
  }

  /** Prepares base/index/scale/displacement so that ONE memory uop reaches the operand; emits what must be computed before, into `slot`. */
  private prepare(size: u32, write: bool, slot: u32): void {
    let segment = this.parseAddress()
    const overridden = this.segment != NO_SEGMENT
    if (this.code == MODE_CODE64) {
      const based = overridden && this.segment >= SEG_FS
      const stack: u32 = segment == SEG_SS && !overridden ? X_STACK : 0
      if (this.addressSize == 4) {
        this.emit(OP_LEA32, slot, this.base, this.index, this.scale, this.displacement)
        this.base = slot
        this.index = SLOT_ZERO
        this.scale = 0
        this.displacement = 0
      } else if (based || this.displacement != i64(i32(this.displacement))) {
        if (!based || this.index != SLOT_ZERO || this.displacement != i64(i32(this.displacement))) {
          this.emit(OP_LEA64, slot, this.base, this.index, this.scale, this.displacement)
          this.base = slot
          this.index = SLOT_ZERO
          this.scale = 0
          this.displacement = 0
        }
      }
      if (based) {
        this.index = SLOT_SEGMENT_BASE + (this.segment << 3)
        this.scale = 0
      }
      this.scale |= stack
      return
    }
    if (overridden) segment = this.segment
    this.emit(this.addressSize == 4 ? OP_LEA32 : OP_LEA16, slot, this.base, this.index, this.scale, this.displacement)
    this.emitSegment(slot, slot, segment, size, write)
    this.base = slot
    this.index = SLOT_ZERO
    this.scale = 0
    this.displacement = 0
  }

  /** d = linear address of offset slot s in `segment`; checks limit and type outside 64-bit mode. */
  emitSegment(d: u32, s: u32, segment: u32, size: u32, write: bool): void {
    if (this.code == MODE_CODE64) {
      if (segment >= SEG_FS) this.emit(OP_LEA64, d, SLOT_SEGMENT_BASE + (segment << 3), s, 0, 0)
      else if (d != s) this.emit(OP_LEA64, d, s, SLOT_ZERO, 0, 0)
      return
    }
    this.emit(OP_SEGCHECK, d, s, SLOT_ZERO, segment, i64(size) | (write ? i64(SEGCHECK_WRITE) : 0))
  }

  /** The offset of a memory operand whose elements are checked one by one, into T0, where `index` joins it or not. Gives the segment. */
  private elementOffset(parsed: u32, index: u32): u32 {
    const stack = parsed == SEG_SS && this.segment == NO_SEGMENT ? X_STACK : 0
    const op = this.addressSize == 8 ? OP_LEA64 : this.addressSize == 4 ? OP_LEA32 : OP_LEA16
    this.emit(op, SLOT_T0, this.base, index, this.scale | stack, this.displacement)
    return this.segment != NO_SEGMENT ? this.segment : parsed
  }

  /** Of a masked move. */
  maskedAddress(): u32 {
    const parsed = this.parseAddress()
    return this.elementOffset(parsed, this.index)
  }

  /** Of a gather: T0 without its index; `index` is then a vector register, `scale` its shift. NO_SEGMENT: there is no such operand. */
  gatherAddress(): u32 {
    if (this.mod == 3 || (this.modrm & 7) != 4 || this.addressSize == 2) return NO_SEGMENT
    const sib = this.fetch8()
    this.position--
    const segment = this.elementOffset(this.parseAddress(), SLOT_ZERO)
    this.index = ((sib >> 3) & 7) | ((this.rex & 2) << 2)
    this.scale = sib >> 6
    return segment
  }

  /** Memory operand of a bit test with a register bit number (slot): the operand that holds the bit. */
  bitOperand(size: u32, write: bool, bit: u32): void {
    const parsed = this.parseAddress()
    const segment = this.segment != NO_SEGMENT ? this.segment : parsed
    this.emit(
      this.addressSize == 8 ? OP_LEA64 : this.addressSize == 4 ? OP_LEA32 : OP_LEA16,
      SLOT_T0,
      this.base,
      this.index,
      this.scale,
      this.displacement,
    )
    this.emit(OP_COLD, SLOT_T0, bit, 0, size, functionImmediate(COLD_BITADDR, this.addressSize, 0))
    this.emitSegment(SLOT_T0, SLOT_T0, segment, size, write)
    this.base = SLOT_T0
    this.index = SLOT_ZERO
    this.scale = segment == SEG_SS && this.segment == NO_SEGMENT ? X_STACK : 0
    this.displacement = 0
  }

  /** Leaves the linear address of the memory operand in T0. `size` and `write` are for the segment check. */
  address(size: u32, write: bool): void {
    this.prepare(size, write, SLOT_T0)
    if (this.base != SLOT_T0 || this.index != SLOT_ZERO || this.displacement != 0 || this.scale & X_STACK)
      this.emit(OP_LEA64, SLOT_T0, this.base, this.index, this.scale, this.displacement)
  }

  /** Prepares the memory operand for load/store below without forcing it into T0. */
  operand(size: u32, write: bool): void {
    if (this.mod != 3) this.prepare(size, write, SLOT_T0)
  }

  /** A memory uop on the prepared operand. */
  memory(op: u32, d: u32): void {
    this.emit(op, d, this.base, this.index, this.scale, this.displacement)
  }

  /** Value of r/m at `size`: register's own slot, or memory loaded into T1. Parses the operand itself. */
  loadRm(size: u32): u32 {
    if (this.mod == 3) return this.register(this.rm, size)
    this.prepare(size, false, SLOT_T0)
    this.memory(size == 1 ? OP_LOADZ8 : size == 2 ? OP_LOADZ16 : OP_LOAD + sizeIndex(size), SLOT_T1)
    return SLOT_T1
  }

  /** Value of r/m for a read-modify-write: T1 if memory (checked for writing). */
  loadRmForWrite(size: u32): u32 {
    if (this.mod == 3) return this.register(this.rm, size)
    this.prepare(size, true, SLOT_T0)
    this.memory(OP_LOADW + sizeIndex(size), SLOT_T1)
    return SLOT_T1
  }

  /** Second half of a read-modify-write, or a store to a fresh operand if `parse`. */
  storeRm(size: u32, slot: u32): void {
    if (this.mod == 3) this.emit(OP_MOV8 + sizeIndex(size), this.register(this.rm, size), 0, slot, 0, 0)
    else {
      this.prepare(size, true, SLOT_T0)
      this.memory(OP_STORE + sizeIndex(size), slot)
    }
  }

  /** Second half of a read-modify-write begun by loadRmForWrite. */
  storeBack(size: u32, slot: u32): void {
    if (this.mod == 3) this.emit(OP_MOV8 + sizeIndex(size), this.register(this.rm, size), 0, slot, 0, 0)
    else this.memory(OP_STORE + sizeIndex(size), slot)
  }

  generalProtection(): void {
    this.emit(OP_FAULT, 0, 0, 0, VECTOR_GP, 1)
    this.end()
  }
}

// @ts-ignore: decorator
@inline
export function sizeIndex(size: u32): u32 {
  return ctz(size)
}
