// Offsets of the fields of a vCPU's state area, for the host. The owner is core/state/state.ts; tests/cpu compares them.
// All values are little-endian. Everything here may be read after `synchronize` and written before `stateChanged`.

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
  rax: 0,
  rcx: 8,
  rdx: 16,
  rbx: 24,
  rsp: 32,
  rbp: 40,
  rsi: 48,
  rdi: 56,
  r8: 64,
  r9: 72,
  r10: 80,
  r11: 88,
  r12: 96,
  r13: 104,
  r14: 112,
  r15: 120,
  esBase: 200,
  csBase: 208,
  ssBase: 216,
  dsBase: 224,
  fsBase: 232,
  gsBase: 240,
  rip: 256,
  rflags: 264,
  cr0: 296,
  cr2: 304,
  cr3: 312,
  cr4: 320,
  efer: 328,
  star: 336,
  lstar: 344,
  cstar: 352,
  sfmask: 360,
  kernelGsBase: 368,
  tscAux: 376,
  dr0: 440,
  dr1: 448,
  dr2: 456,
  dr3: 464,
  dr6: 472,
  dr7: 480,
  gdtrBase: 488,
  idtrBase: 496,
  ldtrBase: 504,
  trBase: 512,
} as const

export type StateRegister = keyof typeof STATE_OFFSETS

/** 32-bit fields. Selectors, limits and attributes are arrays of six: ES CS SS DS FS GS. */
export const STATE_GDTR_LIMIT = 520
export const STATE_IDTR_LIMIT = 524
export const STATE_LDTR_LIMIT = 528
export const STATE_TR_LIMIT = 532
export const STATE_LDTR_SELECTOR = 536
export const STATE_TR_SELECTOR = 540
export const STATE_LDTR_ATTRIBUTES = 544
export const STATE_TR_ATTRIBUTES = 548
export const STATE_SELECTORS = 552
export const STATE_LIMITS = 576
export const STATE_ATTRIBUTES = 600
export const STATE_LINES = 624
export const STATE_HALTED = 628
export const STATE_WAIT_SIPI = 632
/** 0, or after a triple fault four bytes: the vector that began it (an interrupt's too), then those of the three faults. */
export const STATE_SHUTDOWN = 636
export const STATE_MXCSR = 660
/** Sixteen registers of 16 bytes. */
export const STATE_XMM = 1184
/** The x87 registers in physical order, 16 bytes apart. */
export const STATE_X87 = 1056

/** What compiled code and its compiler use (jit/). 64-bit: flag words; the rest 32-bit. */
export const STATE_FLAG_RESULT = 272
export const STATE_FLAG_CARRY = 280
export const STATE_FLAG_AUX = 288
export const STATE_RETIRED = 664
export const STATE_TLB = 736
export const STATE_GENERATION = 744
export const STATE_CPL = 748
export const STATE_TLB_BASE = 820
export const STATE_BLOCK_TABLE = 840
export const STATE_JIT_FUEL = 960
export const STATE_JIT_STATUS = 964
export const STATE_FLAG_FORM = 972
export const STATE_GLOBAL_GENERATION = 996
