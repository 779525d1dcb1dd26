// The decoder: bytes of one basic block to uops. Integer instructions here; system and vector opcodes are handed over.
//
// Promises: 1. any byte sequence gives a block that behaves as hardware does, #UD and the 15-byte limit (SDM 2A 2.3.11, 3A 6.15 #GP) included;
// 2. decoding has no architectural effect; 3. memory forms check for writing before they change anything.
// Opcode numbers: 0xNN one byte, 0x0FNN two bytes, 0x0F38NN and 0x0F3ANN three bytes.
import { NO_PAGE } from '../../numbers/sizes'
import {
  OP_EXIT,
  OP_FAULT,
  OP_NEXT,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
  SEG_SS,
  UOP_BYTES,
} from '../../numbers/operations'
import { EVENT_CROSS_MODIFIED } from '../../numbers/seam'
import { CpuState, MODE_CODE16, MODE_CODE64, MODE_CODE_MASK, MODE_STEP } from '../state/state'
import { BLOCK_BYTES, BLOCK_MAX_INSTRUCTIONS, Block } from '../blocks/ir'
import { Decoder, NO_SEGMENT } from './decoder'
import { PAGE_LOGGED, decoderBase, memoryAt, pageFlags, ramBytes } from '../state/layout'
import { VECTOR_UD, raiseNoCode } from '../state/fault'
import { NOWHERE } from '../memory/code-pages'
import { holds, linearOf, linkBlock, noteExecuted } from '../blocks/blocks'
import { DEBUG } from '../state/debug'
import { event } from '../state/imports'
import { wantsCrossModified } from '../blocks/coherence'
import { isBreakpoint } from '../blocks/breakpoints'
import { initialHeat } from '../blocks/regions'
import { eliminateDeadFlags } from '../blocks/dead-flags'
import { fuseBranch } from '../blocks/fuse'
import { decodeOneByte } from './decode-one-byte'
import { decodeTwoByte } from './decode-two-byte'
import { isVex, vexDecode } from './vex-decode'

/** Where an instruction of a block may begin at the latest: offsets in a block are bytes. */
const LAST_START: u32 = 230

/** Instructions a block has at most. */
let most: u32 = BLOCK_MAX_INSTRUCTIONS

/** The same, cut before its instruction number `count`. */
export function decodeCutBlock(c: CpuState, rip: u64, mode: u32, physical: u32, count: u32): Block | null {
  most = count
  const b = decodeBlock(c, rip, mode, physical)
  most = BLOCK_MAX_INSTRUCTIONS
  return b
}

/** Decodes the block at rip, whose first byte is at `physical`; null if its first instruction cannot be fetched (fault raised). */
export function decodeBlock(c: CpuState, rip: u64, mode: u32, physical: u32): Block | null {
  const d = changetype<Decoder>(decoderBase)
  const block = c.arenaNext
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
  d.once = false
  d.finished = false
  const limit = block + BLOCK_BYTES + UOP_BYTES * 960
  while (decodeNext(d) && d.position <= LAST_START && d.position < d.firstBytes && d.uop < limit) {}
  if (d.number == 0 && !d.finished) {
    if (!c.fault) raiseNoCode(c, VECTOR_UD)
    return null
  }
  return finishBlock(d, changetype<Block>(block), physical)
}

/** Decodes one more instruction of the block. False if the block ends, with it or before it. */
function decodeNext(d: Decoder): bool {
  d.start = d.position
  d.instructionUop = d.uop
  if ((d.mode & MODE_STEP) == 0 && isBreakpoint(linearOf(d.c, d.rip + u64(d.start)))) {
    if (d.number == 0) {
      d.emit(OP_EXIT, 0, 0, 0, 1, 0)
      d.finished = true
    }
    return false
  }
  decodeInstruction(d)
  const stale = d.view == 2 || (d.view == 1 && wantsCrossModified())
  // An instruction with bytes beyond the limit of CS is #GP(0) (SDM 3A 5.3); the block before it ends.
  const beyond = d.code != MODE_CODE64 && u64(<u32>d.rip) + u64(d.position - 1) > u64(d.c.csLimit)
  if (d.broken == 1 || stale || beyond) {
    if (d.number) {
      d.uop = d.instructionUop
      d.position = d.start
      return false
    }
    if (d.broken == 1) return false
    d.once = stale
    if (beyond) d.broken = 2
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
  if (d.ended) d.finished = true
  return !d.finished && !d.once && (d.mode & MODE_STEP) == 0 && d.number != most
}

/** Fills the block's header, makes its uops what is executed, and takes the block into use. */
function finishBlock(d: Decoder, b: Block, physical: u32): Block {
  const c = d.c
  const count = d.number
  if (!d.finished) {
    d.start = d.position
    d.emit(OP_NEXT, 0, 0, 0, 0, 0)
  }
  const end = d.rip + u64(d.position)
  b.rip = d.rip
  b.physical = physical
  b.mode = d.mode
  b.count = count
  b.bytes = d.position
  b.uops = changetype<usize>(b) + BLOCK_BYTES
  b.uopEnd = d.uop
  b.target = d.target
  b.fallthrough = d.code == MODE_CODE64 ? end : end & 0xffffffff
  b.chain0 = 0
  b.chain1 = 0
  b.secondPage = d.second ? d.secondPage : NO_PAGE
  b.heat = initialHeat(d.mode)
  b.region = 0
  b.inRegions = 0
  c.arenaNext = (d.uop + 15) & ~15
  if (DEBUG) assert(c.arenaNext <= c.arenaEnd, 'a block does not fit the arena')
  eliminateDeadFlags(b)
  fuseBranch(b)
  noteExecuted(b)
  if (d.once) {
    b.page = NOWHERE
    if (wantsCrossModified()) event(c.index, EVENT_CROSS_MODIFIED, <u32>linearOf(c, d.rip), <u32>d.rip)
  } else {
    holds(c, b)
    linkBlock(c, b)
  }
  return b
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
  if ((op == 0xc4 || op == 0xc5) && isVex(d)) vexDecode(d, op)
  else if (op == 0x0f) decodeTwoByte(d)
  else decodeOneByte(d, op)
}
