// The x87 register stack, its status, and how an operation's outcome reaches them.
//
// The state lies at FX_OFFSET of the vCPU in FXSAVE layout (../../numbers/sizes.ts), the registers in physical order.
//
// Protocol of an instruction: `beginX87(control)`; compute with softfloat; `settle` merges the flags. It returns false if an
// unmasked invalid, denormal or zero-divide forbids any result (SDM 1 8.4, 8.5); unmasked ones make the NEXT waiting
// instruction fault with #MF, never this one.
import {
  FCW_ONES,
  FCW_WRITABLE,
  FLOAT_EXCEPTIONS,
  FSW_B,
  FSW_C1,
  FSW_CONDITIONS,
  FSW_ES,
  FSW_SF,
  FSW_TOP,
  FSW_TOP_SHIFT,
} from '../../numbers/registers'
import { FX_OFFSET, FX_STATUS, FX_TAGS, FX_X87 } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import {
  INEXACT,
  INVALID,
  beginX87,
  loadExtended,
  packExtendedHigh,
  packExtendedSignificand,
  raise as raiseFloat,
  raised,
  roundR,
  roundedUp,
} from '../float/softfloat'

// @ts-ignore: decorator
@inline
export function fx(c: CpuState): usize {
  return changetype<usize>(c) + FX_OFFSET
}

// @ts-ignore: decorator
@inline
export function controlWord(c: CpuState): u32 {
  return load<u16>(fx(c))
}

// @ts-ignore: decorator
@inline
export function statusWord(c: CpuState): u32 {
  return load<u16>(fx(c), FX_STATUS)
}

// @ts-ignore: decorator
@inline
export function setStatusWord(c: CpuState, value: u32): void {
  store<u16>(fx(c), <u16>value, FX_STATUS)
}

// @ts-ignore: decorator
@inline
export function stackTop(c: CpuState): u32 {
  return (statusWord(c) >> FSW_TOP_SHIFT) & 7
}

export function setStackTop(c: CpuState, top: u32): void {
  setStatusWord(c, (statusWord(c) & ~FSW_TOP) | ((top & 7) << FSW_TOP_SHIFT))
}

const SUMMARY: u32 = FSW_ES | FSW_B

/** Sets ES and B from the flags and the masks. */
function summarise(c: CpuState): void {
  const status = statusWord(c)
  setStatusWord(c, status & ~controlWord(c) & FLOAT_EXCEPTIONS ? status | SUMMARY : status & ~SUMMARY)
}

export function setControlWord(c: CpuState, value: u32): void {
  store<u16>(fx(c), <u16>((value & FCW_WRITABLE) | FCW_ONES))
  summarise(c)
}

// @ts-ignore: decorator
@inline
function physical(c: CpuState, i: u32): u32 {
  return (stackTop(c) + i) & 7
}

/** Pointer to ST(i). */
// @ts-ignore: decorator
@inline
export function st(c: CpuState, i: u32): usize {
  return fx(c) + FX_X87 + (physical(c, i) << 4)
}

export function isEmpty(c: CpuState, i: u32): bool {
  return ((load<u8>(fx(c), FX_TAGS) >> <u8>physical(c, i)) & 1) == 0
}

export function markFull(c: CpuState, i: u32): void {
  store<u8>(fx(c), load<u8>(fx(c), FX_TAGS) | ((<u8>1) << (<u8>physical(c, i))), FX_TAGS)
}

export function markEmpty(c: CpuState, i: u32): void {
  store<u8>(fx(c), load<u8>(fx(c), FX_TAGS) & ~((<u8>1) << (<u8>physical(c, i))), FX_TAGS)
}

export function pop(c: CpuState): void {
  markEmpty(c, 0)
  setStackTop(c, stackTop(c) + 1)
}

/** Makes room for a new ST(0), whose contents the caller stores. */
export function push(c: CpuState): void {
  setStackTop(c, stackTop(c) - 1)
  markFull(c, 0)
}

// @ts-ignore: decorator
@inline
export function setConditions(c: CpuState, bits: u32): void {
  setStatusWord(c, (statusWord(c) & ~FSW_CONDITIONS) | bits)
}

export function clearC1(c: CpuState): void {
  setStatusWord(c, statusWord(c) & ~FSW_C1)
}

/** Loads ST(i) into softfloat's A. */
export function loadSt(c: CpuState, i: u32): void {
  const p = st(c, i)
  loadExtended(load<u64>(p), load<u16>(p, 8))
}

/** Stores softfloat's R. */
export function storeR(p: usize): void {
  store<u64>(p, packExtendedSignificand())
  store<u16>(p, <u16>packExtendedHigh(), 8)
}

export function storeIndefinite(p: usize): void {
  store<u64>(p, 0xc000000000000000)
  store<u16>(p, 0xffff, 8)
}

export function copyRegister(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from))
  store<u16>(to, load<u16>(from, 8), 8)
}

/** Significant bits that the control word's precision field asks for (SDM 1 table 8-2; 01 is reserved). */
function precision(c: CpuState): i32 {
  const field = (controlWord(c) >> 8) & 3
  return field == 0 ? 24 : field == 2 ? 53 : 64
}

export function roundToPrecision(c: CpuState): void {
  roundR(precision(c), -16382, 16383)
}

export function roundToExtended(): void {
  roundR(64, -16382, 16383)
}

/** Starts an operation: softfloat's environment from the control word, FSW_C1 clear. */
export function begin(c: CpuState): void {
  beginX87(<i32>controlWord(c))
  clearC1(c)
}

/** Merges the flags; false if no result may be stored. */
export function settle(c: CpuState): bool {
  let flags = <u32>raised
  const unmasked = flags & ~controlWord(c) & FLOAT_EXCEPTIONS
  const stop = (unmasked & 7) != 0
  if (stop) flags &= 0x47
  let status = statusWord(c) | flags
  if (!stop && flags & INEXACT && roundedUp) status |= FSW_C1
  setStatusWord(c, status)
  if (unmasked) summarise(c)
  return !stop
}

/** Unmasked overflow or underflow: a store to memory does not happen. */
export function storeForbidden(c: CpuState): bool {
  return (<u32>raised & ~controlWord(c) & 0x1f) != 0
}

export function stackUnderflow(): void {
  raiseFloat(INVALID | FSW_SF)
}

/** A push onto a full register: settles, and if masked pushes the indefinite and returns true. */
export function stackOverflow(c: CpuState): bool {
  raiseFloat(INVALID | FSW_SF)
  const stored = settle(c)
  setStatusWord(c, statusWord(c) | FSW_C1)
  if (stored) {
    push(c)
    storeIndefinite(st(c, 0))
  }
  return stored
}
