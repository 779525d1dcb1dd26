// A vCPU's state area as Registers, and the offsets a debugger may write. The layout is the core's (cpu/state-layout.ts).

import { virtAddr } from '../base/index.js'
import {
  type CpuModel,
  FXSAVE,
  REGISTER_BITS,
  STATE_ARCHITECTURAL,
  STATE_MXCSR,
  STATE_OFFSETS,
  STATE_SELECTORS,
  STATE_X87,
  STATE_YMM_UPPER,
  STATE_YMM_UPPER_BYTES,
  type StateRegister,
  topOfStatus,
} from '../cpu/index.js'
import type { Registers, VectorState, WritableRegister } from './guest-port.js'

const { CR0_PE } = REGISTER_BITS

/** The offset of a register that a debugger may write. */
export function offsetOf(name: WritableRegister): number {
  return STATE_OFFSETS[name]
}

const UPPER_HALVES = [STATE_YMM_UPPER, STATE_YMM_UPPER + STATE_YMM_UPPER_BYTES] as const

/**
 * The parts of the state area that are the vCPU's architectural state: general registers, segment bases, RIP and RFLAGS,
 * control, system and debug registers, segment caches, event state, the FXSAVE image, and what AVX adds to it. Left out: temporaries, lazy
 * flags (RFLAGS shows them once synchronized) and derived data, which may differ between equal states.
 */
export function architecturalRanges(cpu: CpuModel): readonly (readonly [start: number, end: number])[] {
  return cpu === 'x86-64-v3' ? [...STATE_ARCHITECTURAL, UPPER_HALVES] : STATE_ARCHITECTURAL
}

/** `state` has been synchronized; `cr8` comes from the local APIC. */
export function readRegisters(state: DataView, cr8: number): Registers {
  const at = (name: StateRegister): bigint => state.getBigUint64(STATE_OFFSETS[name], true)
  const selector = (index: number): number => state.getUint32(STATE_SELECTORS + 4 * index, true)
  const cr0 = at('cr0')
  const cs = selector(1)
  return {
    rax: at('rax'),
    rcx: at('rcx'),
    rdx: at('rdx'),
    rbx: at('rbx'),
    rsp: virtAddr(at('rsp')),
    rbp: at('rbp'),
    rsi: at('rsi'),
    rdi: at('rdi'),
    r8: at('r8'),
    r9: at('r9'),
    r10: at('r10'),
    r11: at('r11'),
    r12: at('r12'),
    r13: at('r13'),
    r14: at('r14'),
    r15: at('r15'),
    rip: virtAddr(at('rip')),
    rflags: at('rflags'),
    cs,
    ss: selector(2),
    ds: selector(3),
    es: selector(0),
    fs: selector(4),
    gs: selector(5),
    fsBase: virtAddr(at('fsBase')),
    gsBase: virtAddr(at('gsBase')),
    kernelGsBase: virtAddr(at('kernelGsBase')),
    cr0,
    cr2: virtAddr(at('cr2')),
    cr3: at('cr3'),
    cr4: at('cr4'),
    cr8: BigInt(cr8),
    efer: at('efer'),
    cpl: (cr0 & CR0_PE) === 0n ? 0 : cs & 3,
    unknown: [],
  }
}

/** The state area keeps the image that FXSAVE stores, but with the x87 registers in physical order, and MXCSR apart. */
export function readVectors(state: DataView, cpu: CpuModel): VectorState {
  const fxsave = rotated(bytesAt(state, STATE_X87 - FXSAVE.x87, FXSAVE.bytes), topOf(state))
  new DataView(fxsave.buffer).setUint32(FXSAVE.mxcsr, state.getUint32(STATE_MXCSR, true), true)
  const ymmUpper = cpu === 'x86-64-v3' ? bytesAt(state, STATE_YMM_UPPER, STATE_YMM_UPPER_BYTES) : undefined
  return { fxsave, ymmUpper }
}

export function writeVectors(state: DataView, { fxsave, ymmUpper }: VectorState): void {
  const given = new DataView(fxsave.buffer, fxsave.byteOffset)
  state.setUint32(STATE_MXCSR, given.getUint32(FXSAVE.mxcsr, true), true)
  const image = rotated(fxsave, -topOf(given, FXSAVE.x87))
  new DataView(image.buffer).setUint32(FXSAVE.mxcsr, state.getUint32(STATE_X87 - FXSAVE.x87 + FXSAVE.mxcsr, true), true)
  new Uint8Array(state.buffer, state.byteOffset + STATE_X87 - FXSAVE.x87, FXSAVE.reserved).set(
    image.subarray(0, FXSAVE.reserved),
  )
  if (ymmUpper !== undefined) new Uint8Array(state.buffer, state.byteOffset + STATE_YMM_UPPER).set(ymmUpper)
}

function bytesAt(state: DataView, at: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(state.buffer, state.byteOffset + at, length).slice()
}

/** The register that ST(0) is. */
function topOf(view: DataView, x87 = STATE_X87): number {
  return topOfStatus(view.getUint16(x87 - FXSAVE.x87 + FXSAVE.status, true))
}

/** With register i where register i + by was. */
function rotated(image: Uint8Array, by: number): Uint8Array<ArrayBuffer> {
  const result = image.slice()
  for (let i = 0; i < 8; i++) {
    const from = FXSAVE.x87 + 16 * ((i + by + 8) & 7)
    result.set(image.subarray(from, from + 16), FXSAVE.x87 + 16 * i)
  }
  return result as Uint8Array<ArrayBuffer>
}
