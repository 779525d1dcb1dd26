// The x87 environment in memory: FNINIT, FLDENV, FNSTENV, FRSTOR, FNSAVE.
//
// Promises: the 14- and 28-byte layouts of SDM 1 figures 8-9 to 8-12 (protected and real mode), with zero selectors; a
// fault changes nothing. It must not compute.
import { CpuState, MODE_REAL } from '../state/state'
import { probeWrite, read16, read32, read64, write16, write32, write64 } from '../memory/memory'
import { fx, controlWord, setControlWord, setStatusWord, st, statusWord } from './x87-stack'

/** The two-bit tags of all registers: 0 valid, 1 zero, 2 special, 3 empty. */
function fullTags(c: CpuState): u32 {
  const abridged = load<u8>(fx(c), 4)
  let tags: u32 = 0
  for (let i: u32 = 0; i < 8; i++) {
    let tag: u32 = 3
    if ((abridged >> <u8>i) & 1) {
      const p = fx(c) + 32 + (i << 4)
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
  store<u8>(fx(c), <u8>abridged, 4)
}

export function initialise(c: CpuState): void {
  const p = fx(c)
  store<u16>(p, 0x37f)
  store<u16>(p, 0, 2)
  store<u8>(p, 0, 4)
  store<u16>(p, 0, 6)
  store<u64>(p, 0, 8)
  store<u64>(p, 0, 16)
}

function writeEnvironment(c: CpuState, size: u32): void {
  const at = c.t0
  const real = (c.mode & MODE_REAL) != 0
  const ip = load<u32>(fx(c), 8)
  const dp = load<u32>(fx(c), 16)
  const opcode = u32(load<u16>(fx(c), 6)) & 0x7ff
  if (size == 2) {
    write16(c, at, u64(controlWord(c)))
    write16(c, at + 2, u64(statusWord(c)))
    write16(c, at + 4, u64(fullTags(c)))
    write16(c, at + 6, u64(ip & 0xffff))
    write16(c, at + 8, real ? u64(((ip >> 4) & 0xf000) | opcode) : 0)
    write16(c, at + 10, u64(dp & 0xffff))
    write16(c, at + 12, real ? u64((dp >> 4) & 0xf000) : 0)
    return
  }
  write32(c, at, u64(controlWord(c)) | 0xffff0000)
  write32(c, at + 4, u64(statusWord(c)) | 0xffff0000)
  write32(c, at + 8, u64(fullTags(c)) | 0xffff0000)
  if (real) {
    write32(c, at + 12, u64(ip & 0xffff) | 0xffff0000)
    write32(c, at + 16, u64(((ip >> 4) & 0x0ffff000) | opcode))
    write32(c, at + 20, u64(dp & 0xffff) | 0xffff0000)
    write32(c, at + 24, u64((dp >> 4) & 0x0ffff000))
  } else {
    write32(c, at + 12, u64(ip))
    write32(c, at + 16, u64(opcode) << 16)
    write32(c, at + 20, u64(dp))
    write32(c, at + 24, 0xffff0000)
  }
}

export function storeEnvironment(c: CpuState, size: u32): void {
  probeWrite(c, c.t0, size == 2 ? 14 : 28)
  if (c.fault) return
  writeEnvironment(c, size)
  setControlWord(c, controlWord(c) | 0x3f)
}

/** Reads the environment at T0; false after a fault. Everything is read before anything changes. */
function readEnvironment(c: CpuState, size: u32): bool {
  const at = c.t0
  const real = (c.mode & MODE_REAL) != 0
  let control: u64
  let status: u64
  let tags: u64
  let ip: u64
  let dp: u64
  let opcode: u64
  if (size == 2) {
    control = read16(c, at)
    status = read16(c, at + 2)
    tags = read16(c, at + 4)
    ip = read16(c, at + 6)
    opcode = read16(c, at + 8)
    dp = read16(c, at + 10)
    const dpHigh = read16(c, at + 12)
    if (real) {
      ip |= (opcode & 0xf000) << 4
      dp |= (dpHigh & 0xf000) << 4
    } else opcode = 0
  } else {
    control = read32(c, at)
    status = read32(c, at + 4)
    tags = read32(c, at + 8)
    ip = read32(c, at + 12)
    opcode = read32(c, at + 16)
    dp = read32(c, at + 20)
    const dpHigh = read32(c, at + 24)
    if (real) {
      ip = (ip & 0xffff) | ((opcode & 0x0ffff000) << 4)
      dp = (dp & 0xffff) | ((dpHigh & 0x0ffff000) << 4)
    } else opcode >>= 16
  }
  if (c.fault) return false
  setStatusWord(c, <u32>status)
  setFullTags(c, <u32>tags)
  store<u16>(fx(c), <u16>opcode & 0x7ff, 6)
  store<u64>(fx(c), ip, 8)
  store<u64>(fx(c), dp, 16)
  setControlWord(c, <u32>control)
  return true
}

export function loadEnvironment(c: CpuState, size: u32): void {
  readEnvironment(c, size)
}

export function save(c: CpuState, size: u32): void {
  const environment: u32 = size == 2 ? 14 : 28
  probeWrite(c, c.t0, environment + 80)
  if (c.fault) return
  writeEnvironment(c, size)
  for (let i: u32 = 0; i < 8; i++) {
    const at = c.t0 + environment + 10 * i
    write64(c, at, load<u64>(st(c, i)))
    write16(c, at + 8, u64(load<u16>(st(c, i), 8)))
  }
  initialise(c)
}

export function restore(c: CpuState, size: u32): void {
  const at = c.t0 + (size == 2 ? 14 : 28)
  // The last byte first: a fault in either page is then known before anything changes.
  read16(c, at + 78)
  if (c.fault || !readEnvironment(c, size)) return
  for (let i: u32 = 0; i < 8; i++) {
    const significand = read64(c, at + 10 * i)
    const high = read16(c, at + 10 * i + 8)
    store<u64>(st(c, i), significand)
    store<u16>(st(c, i), <u16>high, 8)
  }
}
