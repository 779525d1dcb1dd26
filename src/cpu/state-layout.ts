// Offsets of the fields of a vCPU's state area, for the host. The owner is core/state/state.ts, whose offsets the build writes to layouts.ts.
// All values are little-endian. Everything here may be read after `synchronize` and written before `stateChanged`.
import { CPU_STATE } from './layouts.js'
import { SLOT_SEGMENT_BASE, SLOT_T0, SLOT_T8 } from './numbers/operations.js'
import { FSW_TOP, FSW_TOP_SHIFT } from './numbers/registers.js'
import {
  FX_BYTES,
  FX_DP,
  FX_END,
  FX_IP,
  FX_MXCSR,
  FX_OFFSET,
  FX_OPCODE,
  FX_RESERVED,
  FX_STATUS,
  FX_TAGS,
  FX_X87,
  FX_XMM,
  XMM_OFFSET,
  YMM_UPPER_BYTES,
  YMM_UPPER_OFFSET,
} from './numbers/sizes.js'

export const GENERAL_REGISTERS = [
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

/** 64-bit registers. */
export const STATE_OFFSETS = {
  rax: CPU_STATE.rax,
  rcx: CPU_STATE.rcx,
  rdx: CPU_STATE.rdx,
  rbx: CPU_STATE.rbx,
  rsp: CPU_STATE.rsp,
  rbp: CPU_STATE.rbp,
  rsi: CPU_STATE.rsi,
  rdi: CPU_STATE.rdi,
  r8: CPU_STATE.r8,
  r9: CPU_STATE.r9,
  r10: CPU_STATE.r10,
  r11: CPU_STATE.r11,
  r12: CPU_STATE.r12,
  r13: CPU_STATE.r13,
  r14: CPU_STATE.r14,
  r15: CPU_STATE.r15,
  esBase: CPU_STATE.esBase,
  csBase: CPU_STATE.csBase,
  ssBase: CPU_STATE.ssBase,
  dsBase: CPU_STATE.dsBase,
  fsBase: CPU_STATE.fsBase,
  gsBase: CPU_STATE.gsBase,
  rip: CPU_STATE.rip,
  rflags: CPU_STATE.eflags,
  cr0: CPU_STATE.cr0,
  cr2: CPU_STATE.cr2,
  cr3: CPU_STATE.cr3,
  cr4: CPU_STATE.cr4,
  efer: CPU_STATE.efer,
  star: CPU_STATE.star,
  lstar: CPU_STATE.lstar,
  cstar: CPU_STATE.cstar,
  sfmask: CPU_STATE.sfmask,
  kernelGsBase: CPU_STATE.kernelGsBase,
  tscAux: CPU_STATE.tscAux,
  dr0: CPU_STATE.dr0,
  dr1: CPU_STATE.dr1,
  dr2: CPU_STATE.dr2,
  dr3: CPU_STATE.dr3,
  dr6: CPU_STATE.dr6,
  dr7: CPU_STATE.dr7,
  gdtrBase: CPU_STATE.gdtrBase,
  idtrBase: CPU_STATE.idtrBase,
  ldtrBase: CPU_STATE.ldtrBase,
  trBase: CPU_STATE.trBase,
} as const

export type StateRegister = keyof typeof STATE_OFFSETS

/** 32-bit fields. Selectors, limits and attributes are arrays of six: ES CS SS DS FS GS. */
export const STATE_GDTR_LIMIT = CPU_STATE.gdtrLimit
export const STATE_IDTR_LIMIT = CPU_STATE.idtrLimit
export const STATE_LDTR_LIMIT = CPU_STATE.ldtrLimit
export const STATE_TR_LIMIT = CPU_STATE.trLimit
export const STATE_LDTR_SELECTOR = CPU_STATE.ldtrSelector
export const STATE_TR_SELECTOR = CPU_STATE.trSelector
export const STATE_LDTR_ATTRIBUTES = CPU_STATE.ldtrAttributes
export const STATE_TR_ATTRIBUTES = CPU_STATE.trAttributes
export const STATE_SELECTORS = CPU_STATE.esSelector
export const STATE_LIMITS = CPU_STATE.esLimit
export const STATE_ATTRIBUTES = CPU_STATE.esAttributes
export const STATE_LINES = CPU_STATE.lines
export const STATE_HALTED = CPU_STATE.halted
export const STATE_WAIT_SIPI = CPU_STATE.waitSipi
/** 0, or after a triple fault four bytes: the vector that began it (an interrupt's too), then those of the three faults. */
export const STATE_SHUTDOWN = CPU_STATE.shutdown
export const STATE_MXCSR = CPU_STATE.mxcsr
/** Sixteen registers of 16 bytes. */
export const STATE_XMM = XMM_OFFSET
/** Their upper halves with AVX, again 16 bytes each. */
export const STATE_YMM_UPPER = YMM_UPPER_OFFSET
export const STATE_YMM_UPPER_BYTES = YMM_UPPER_BYTES
/** The x87 registers in physical order, 16 bytes apart. */
export const STATE_X87 = FX_OFFSET + FX_X87

/** The image that FXSAVE stores: where its parts lie, and all of it. */
export const FXSAVE = {
  control: 0,
  status: FX_STATUS,
  tags: FX_TAGS,
  opcode: FX_OPCODE,
  ip: FX_IP,
  dp: FX_DP,
  mxcsr: FX_MXCSR,
  x87: FX_X87,
  xmm: FX_XMM,
  reserved: FX_RESERVED,
  bytes: FX_BYTES,
}

/** The register that ST(0) is, by the status word. */
export function topOfStatus(status: number): number {
  return (status & FSW_TOP) >> FSW_TOP_SHIFT
}

/** What of the state area is architectural with the default CPU: all but temporaries, lazy flags and derived data. */
export const STATE_ARCHITECTURAL: readonly (readonly [start: number, end: number])[] = [
  [STATE_OFFSETS.rax, SLOT_T0],
  [SLOT_SEGMENT_BASE, SLOT_T8],
  [CPU_STATE.rip, CPU_STATE.flagResult],
  [CPU_STATE.cr0, CPU_STATE.pdpte0],
  [FX_OFFSET, FX_END],
]
