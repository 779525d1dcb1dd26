// A vCPU's state area as Registers, and the offsets a debugger may write. The layout is the core's (cpu/core/state.ts).

import { virtAddr } from '../base/index.js'
import type { Registers, WritableRegister } from './guest-port.js'

/** General registers in hardware order, from offset 0. */
const GENERAL = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const

const FS_BASE = 232
const GS_BASE = 240
const RIP = 256
const RFLAGS = 264
const CR0 = 296
const EFER = 328
const KERNEL_GS_BASE = 368
const SELECTORS = 552 // ES, CS, SS, DS, FS, GS
const CR0_PE = 1n

export const REGISTER_OFFSETS: Readonly<Record<WritableRegister, number>> = {
  ...(Object.fromEntries(GENERAL.map((name, i) => [name, 8 * i])) as Record<(typeof GENERAL)[number], number>),
  rip: RIP,
  rflags: RFLAGS,
  fsBase: FS_BASE,
  gsBase: GS_BASE,
}

/** `state` has been synchronized; `cr8` comes from the local APIC. */
export function readRegisters(state: DataView, cr8: number): Registers {
  const at = (offset: number): bigint => state.getBigUint64(offset, true)
  const selector = (index: number): number => state.getUint32(SELECTORS + 4 * index, true)
  const cr0 = at(CR0)
  const cs = selector(1)
  return {
    rax: at(0),
    rcx: at(8),
    rdx: at(16),
    rbx: at(24),
    rsp: virtAddr(at(32)),
    rbp: at(40),
    rsi: at(48),
    rdi: at(56),
    r8: at(64),
    r9: at(72),
    r10: at(80),
    r11: at(88),
    r12: at(96),
    r13: at(104),
    r14: at(112),
    r15: at(120),
    rip: virtAddr(at(RIP)),
    rflags: at(RFLAGS),
    cs,
    ss: selector(2),
    ds: selector(3),
    es: selector(0),
    fs: selector(4),
    gs: selector(5),
    fsBase: virtAddr(at(FS_BASE)),
    gsBase: virtAddr(at(GS_BASE)),
    kernelGsBase: virtAddr(at(KERNEL_GS_BASE)),
    cr0,
    cr2: virtAddr(at(CR0 + 8)),
    cr3: at(CR0 + 16),
    cr4: at(CR0 + 24),
    cr8: BigInt(cr8),
    efer: at(EFER),
    cpl: (cr0 & CR0_PE) === 0n ? 0 : cs & 3,
    unknown: [],
  }
}
