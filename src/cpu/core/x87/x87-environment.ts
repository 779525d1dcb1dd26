// The x87 environment in memory: FNINIT, FLDENV, FNSTENV, FRSTOR, FNSAVE.
//
// Promises: the 14- and 28-byte layouts of SDM 1 figures 8-9 to 8-12 (protected and real mode), with zero selectors; a
// fault changes nothing. It must not compute.
import { FCW_INITIAL, FLOAT_EXCEPTIONS } from '../../numbers/registers'
import { FX_DP, FX_IP, FX_OPCODE, FX_STATUS, FX_TAGS, FX_X87, VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import { CpuState, MODE_REAL } from '../state/state'
import { readWhole, writeWhole } from '../memory/linear'
import { copyRegister, fx, controlWord, setControlWord, setStatusWord, st, statusWord } from './x87-stack'

function environmentBytes(size: u32): u32 {
  return size == 2 ? 14 : 28
}

/** The two-bit tags of all registers: 0 valid, 1 zero, 2 special, 3 empty. */
function fullTags(c: CpuState): u32 {
  const abridged = load<u8>(fx(c), FX_TAGS)
  let tags: u32 = 0
  for (let i: u32 = 0; i < 8; i++) {
    let tag: u32 = 3
    if ((abridged >> <u8>i) & 1) {
      const p = fx(c) + FX_X87 + (i << 4)
      const biased = load<u16>(p, 8) & 0x7fff
      const significand = load<u64>(p)
      if (biased == 0) tag = significand == 0 ? 1 : 2
      else tag = biased == 0x7fff || !(significand >> 63) ? 2 : 0
    }
    tags |= tag << (2 * i)
  }
  return tags
}

function setFullTags(c: CpuState, tags: u32): void {
  let abridged: u32 = 0
  for (let i: u32 = 0; i < 8; i++) {
    if (((tags >> (2 * i)) & 3) != 3) abridged |= 1 << i
  }
  store<u8>(fx(c), <u8>abridged, FX_TAGS)
}

export function initialise(c: CpuState): void {
  const p = fx(c)
  store<u16>(p, FCW_INITIAL)
  store<u16>(p, 0, FX_STATUS)
  store<u8>(p, 0, FX_TAGS)
  store<u16>(p, 0, FX_OPCODE)
  store<u64>(p, 0, FX_IP)
  store<u64>(p, 0, FX_DP)
}

// @ts-ignore: decorator
@inline
function image(c: CpuState): usize {
  return changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
}

/** The environment of 14 or 28 bytes as the image. */
function composeEnvironment(c: CpuState, size: u32): void {
  const p = image(c)
  const real = (c.mode & MODE_REAL) != 0
  const ip = load<u32>(fx(c), FX_IP)
  const dp = load<u32>(fx(c), FX_DP)
  const opcode = u32(load<u16>(fx(c), FX_OPCODE)) & 0x7ff
  if (size == 2) {
    store<u16>(p, controlWord(c))
    store<u16>(p, statusWord(c), 2)
    store<u16>(p, fullTags(c), 4)
    store<u16>(p, ip, 6)
    store<u16>(p, real ? ((ip >> 4) & 0xf000) | opcode : 0, 8)
    store<u16>(p, dp, 10)
    store<u16>(p, real ? (dp >> 4) & 0xf000 : 0, 12)
    return
  }
  store<u32>(p, controlWord(c) | 0xffff0000)
  store<u32>(p, statusWord(c) | 0xffff0000, 4)
  store<u32>(p, fullTags(c) | 0xffff0000, 8)
  store<u32>(p, real ? ip | 0xffff0000 : ip, 12)
  store<u32>(p, real ? ((ip >> 4) & 0x0ffff000) | opcode : opcode << 16, 16)
  store<u32>(p, real ? dp | 0xffff0000 : dp, 20)
  store<u32>(p, real ? (dp >> 4) & 0x0ffff000 : 0xffff0000, 24)
}

export function storeEnvironment(c: CpuState, size: u32): void {
  composeEnvironment(c, size)
  if (writeWhole(c, c.t0, image(c), environmentBytes(size), size)) setControlWord(c, controlWord(c) | FLOAT_EXCEPTIONS)
}

/** Takes the environment from the image. */
function acceptEnvironment(c: CpuState, size: u32): void {
  const p = image(c)
  const real = (c.mode & MODE_REAL) != 0
  let ip: u32
  let dp: u32
  let opcode: u32
  if (size == 2) {
    const ipHigh = u32(load<u16>(p, 8))
    ip = load<u16>(p, 6)
    dp = load<u16>(p, 10)
    if (real) {
      ip |= (ipHigh & 0xf000) << 4
      dp |= (u32(load<u16>(p, 12)) & 0xf000) << 4
    }
    opcode = real ? ipHigh : 0
    setStatusWord(c, load<u16>(p, 2))
    setFullTags(c, load<u16>(p, 4))
  } else {
    const ipHigh = load<u32>(p, 16)
    ip = load<u32>(p, 12)
    dp = load<u32>(p, 20)
    if (real) {
      ip = (ip & 0xffff) | ((ipHigh & 0x0ffff000) << 4)
      dp = (dp & 0xffff) | ((load<u32>(p, 24) & 0x0ffff000) << 4)
    }
    opcode = real ? ipHigh : ipHigh >> 16
    setStatusWord(c, load<u16>(p, 4))
    setFullTags(c, load<u16>(p, 8))
  }
  store<u16>(fx(c), <u16>opcode & 0x7ff, FX_OPCODE)
  store<u64>(fx(c), u64(ip), FX_IP)
  store<u64>(fx(c), u64(dp), FX_DP)
  setControlWord(c, load<u16>(p))
}

export function loadEnvironment(c: CpuState, size: u32): void {
  if (readWhole(c, c.t0, image(c), environmentBytes(size), size)) acceptEnvironment(c, size)
}

export function save(c: CpuState, size: u32): void {
  const environment = environmentBytes(size)
  composeEnvironment(c, size)
  for (let i: u32 = 0; i < 8; i++) copyRegister(image(c) + environment + 10 * i, st(c, i))
  if (writeWhole(c, c.t0, image(c), environment + 80, size)) initialise(c)
}

export function restore(c: CpuState, size: u32): void {
  const environment = environmentBytes(size)
  if (!readWhole(c, c.t0, image(c), environment + 80, size)) return
  acceptEnvironment(c, size)
  for (let i: u32 = 0; i < 8; i++) copyRegister(st(c, i), image(c) + environment + 10 * i)
}
