// A vCPU's state area as Registers, and the offsets a debugger may write. The layout is the core's (cpu/state-layout.ts).

import { virtAddr } from '../base/index.js'
import { type CpuModel, STATE_OFFSETS, STATE_SELECTORS, STATE_YMM_UPPER, type StateRegister } from '../cpu/index.js'
import type { Registers, WritableRegister } from './guest-port.js'

const CR0_PE = 1n

/** The offset of a register that a debugger may write. */
export function offsetOf(name: WritableRegister): number {
  return STATE_OFFSETS[name]
}

/**
 * The parts of the state area that are the vCPU's architectural state: general registers, segment bases, RIP and RFLAGS,
 * control, system and debug registers, segment caches, event state, the FXSAVE image, and what AVX adds to it. Left out: temporaries, lazy
 * flags (RFLAGS shows them once synchronized) and derived data, which may differ between equal states.
 */
export function architecturalRanges(cpu: CpuModel): readonly (readonly [start: number, end: number])[] {
  return cpu === 'x86-64-v3' ? [...RANGES, [STATE_YMM_UPPER, STATE_YMM_UPPER + 256]] : RANGES
}

const RANGES: readonly (readonly [start: number, end: number])[] = [
  [0, 128],
  [200, 248],
  [256, 272],
  [296, 680],
  [1024, 1536],
]

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
