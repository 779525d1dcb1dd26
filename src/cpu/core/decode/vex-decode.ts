// The VEX prefix (SDM 2A 2.3.5), and the instructions that have one.
//
// Promises: in real-address and virtual-8086 mode there is none (C4 and C5 are LES and LDS); 66H, F2H, F3H, LOCK or REX in front is #UD; R, X, B, W
// and vvvv as the mode takes them. What an opcode asks of vvvv, L and W is decided where it is decoded.
import { MODE_CODE64, MODE_REAL } from '../state/state'
import { cpuLevel } from '../state/layout'
import { avxDecode } from './avx-decode'
import { bitDecode, isBits } from './bit-decode'
import { Decoder } from './decoder'

/** C4 or C5 has been fetched: is it a VEX prefix? */
export function isVex(d: Decoder): bool {
  if (cpuLevel < 3 || d.mode & MODE_REAL) return false
  if (d.code == MODE_CODE64) return true
  // LES and LDS have no register form.
  const next = d.fetch8()
  d.position--
  return next >= 0xc0
}

/** `first`: C4 or C5. vvvv, stored inverted, arrives as the register's number: 0 where 1111B was stored. */
export function vexDecode(d: Decoder, first: u32): void {
  const prefixed = d.rep != 0 || d.operandOverride != 0 || d.lock != 0 || d.rex != 0
  const second = d.fetch8()
  const last = first == 0xc4 ? d.fetch8() : second
  const map: u32 = first == 0xc4 ? second & 0x1f : 1
  const opcode = d.fetch8()
  if (d.broken) return
  const long = d.code == MODE_CODE64
  d.vexW = first == 0xc4 ? last >> 7 : 0
  d.vexWide = (last >> 2) & 1
  d.vexRegister = (~last >> 3) & 15
  d.vexNone = d.vexRegister == 0
  d.rex = 0
  if (long) {
    const extensions: u32 = first == 0xc4 ? (~second >> 5) & 7 : (~second >> 5) & 4
    d.rex = 0x40 | extensions | (d.vexW << 3)
  } else d.vexRegister &= 7
  d.rexW = d.rex & 8
  d.operandSize = d.rexW ? 8 : 4
  const p = last & 3
  const whole = map == 1 ? 0x0f00 | opcode : map == 2 ? 0x0f3800 | opcode : map == 3 ? 0x0f3a00 | opcode : 0
  if (prefixed || !(isBits(whole) ? bitDecode(d, p, whole) : avxDecode(d, p, whole))) d.undefined()
}
