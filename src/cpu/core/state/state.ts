// The architectural state of one vCPU, and the derived fields the interpreter needs at hand.
//
// Promises: the build tells the host the offsets (src/cpu/layouts.ts). The first 256 bytes are 32
// eight-byte SLOTS that uops address by byte offset: 16 general registers in hardware order, temporaries, a constant zero, and the
// six segment bases. A high-byte register (AH..BH) is simply its register's offset + 1.
// Bytes [0, DERIVED_OFFSET) and [FX_OFFSET, FX_END) are architectural and go into snapshots; the rest is derived and is rebuilt.
import { SLOT_SEGMENT_BASE } from '../../numbers/operations'

/** Block-key bits in c.mode. */
export const MODE_CODE16: u32 = 0
export const MODE_CODE32: u32 = 1
export const MODE_CODE64: u32 = 2
export const MODE_CODE_MASK: u32 = 3
export const MODE_STACK32: u32 = 4 // SS.B (legacy and compatibility mode)
export const MODE_USER: u32 = 8 // CPL 3
export const MODE_STEP: u32 = 16 // one instruction per block; set by run.ts only, never by updateMode
export const MODE_REAL: u32 = 32 // CR0.PE = 0 or virtual-8086

export const CONTEXT_SUPERVISOR: u32 = 0
export const CONTEXT_SUPERVISOR_AC: u32 = 1
export const CONTEXT_USER: u32 = 2
/** CPL 3 with CR0.AM and EFLAGS.AC: the same rights, but its TLB stays empty, so that each access passes the alignment check. */
export const CONTEXT_USER_ALIGNED: u32 = 3

export const ACCESS_READ: u32 = 1
export const ACCESS_WRITE: u32 = 2
export const ACCESS_EXECUTE: u32 = 4

@unmanaged
export class CpuState {
  // Slots.
  rax: u64
  rcx: u64
  rdx: u64
  rbx: u64
  rsp: u64
  rbp: u64
  rsi: u64
  rdi: u64
  r8: u64
  r9: u64
  r10: u64
  r11: u64
  r12: u64
  r13: u64
  r14: u64
  r15: u64
  t0: u64
  t1: u64
  t2: u64
  t3: u64
  t4: u64
  t5: u64
  t6: u64
  t7: u64
  zero: u64
  esBase: u64
  csBase: u64
  ssBase: u64
  dsBase: u64
  fsBase: u64
  gsBase: u64
  t8: u64
  rip: u64
  eflags: u64 // all but OSZAPC, which are lazy; bit 1 set
  flagResult: u64 // ZF = it is 0; SF = bit 63 (xor bit 63 of flagAux); PF = parity of the low byte (xor byte 1 of flagAux)
  flagCarry: u64 // CF = bit 63, OF = bit 63 xor bit 62
  flagAux: u64 // AF = bit 4; bits 8..15 parity correction; bit 63 sign correction
  cr0: u64
  cr2: u64
  cr3: u64
  cr4: u64
  efer: u64
  star: u64
  lstar: u64
  cstar: u64
  sfmask: u64
  kernelGsBase: u64
  tscAux: u64
  tscOffset: u64 // TSC = machine time + this
  sysenterCs: u64
  sysenterEsp: u64
  sysenterEip: u64
  pat: u64
  miscEnable: u64
  mtrrDefType: u64
  dr0: u64
  dr1: u64
  dr2: u64
  dr3: u64
  dr6: u64
  dr7: u64
  gdtrBase: u64
  idtrBase: u64
  ldtrBase: u64
  trBase: u64
  gdtrLimit: u32
  idtrLimit: u32
  ldtrLimit: u32
  trLimit: u32
  ldtrSelector: u32
  trSelector: u32
  ldtrAttributes: u32 // as in descriptor bytes 5..6: type 0..3, S 4, DPL 5..6, P 7, AVL 12, L 13, D/B 14, G 15; 0 = unusable
  trAttributes: u32
  // Segment caches: six selectors, limits and attributes in the order of SEG_*.
  esSelector: u32
  csSelector: u32
  ssSelector: u32
  dsSelector: u32
  fsSelector: u32
  gsSelector: u32
  esLimit: u32
  csLimit: u32
  ssLimit: u32
  dsLimit: u32
  fsLimit: u32
  gsLimit: u32 // in bytes, inclusive
  esAttributes: u32
  csAttributes: u32
  ssAttributes: u32
  dsAttributes: u32
  fsAttributes: u32
  gsAttributes: u32
  lines: u32 // LINE_* now asserted (NMI and INIT: latched edges)
  halted: u32
  waitSipi: u32
  shutdown: u32 // after a triple fault not 0, a byte each: the vector that began it, then those of the three faults (SHUTDOWN_BY_INTERRUPT)
  shadow: u32 // 1: no interrupt before the next instruction has executed (STI, MOV SS)
  nmiBlocked: u32 // until IRET
  faultStreak: u32 // deliveries since an instruction last retired
  pendingDebug: u32 // DR6 bits of a trap to deliver at this boundary
  index: u32 // number of this vCPU
  mxcsr: u32
  retiredLow: u64 // instructions retired by this vCPU since reset
  xcr0: u64
  pdpte0: u64 // of PAE paging (SDM 3A 4.4.1)
  pdpte1: u64
  pdpte2: u64
  pdpte3: u64
  specCtrl: u64 // IA32_SPEC_CTRL, without effect
  serializedAt: u64 // sequence number of the code-write log at the last serialization
  randomState: u64
  // Derived from here to the end of the class; not saved, rebuilt by stateChanged.
  tlb: usize // TLB of the current context
  mode: u32 // MODE_* bits
  generation: u32 // of the address space in force (code-pages.ts); never equal to globalGeneration
  cpl: u32
  fault: u32 // 1 while a fault is raised and not yet delivered
  faultVector: u32
  faultCode: u32
  faultHasCode: u32
  faultAddress: u64
  physical: u64 // result of walk
  instructionRip: u64 // start of the instruction in OP_SYSTEM and OP_SSE
  remaining: i64 // budget left, counted down at block heads
  uop: usize // uop being executed (set before anything that can call out)
  block: usize // block being executed
  patchedUop: usize // uop whose op was replaced by OP_EXIT to stop at the next boundary
  patchedOp: u32
  attention: u32 // look at lines, shadow, traps before the next block
  tlbBase: usize // CONTEXTS TLBs of TLB_BYTES each
  deliveringVector: u32 // for double faults; system side
  delivering: u32
  breakSkip: u32 // run this one instruction although a breakpoint stands on it
  debugArmed: u32 // DR7 enables data or instruction breakpoints
  blockTable: usize // hash table of decoded blocks
  arena: usize // uops and block headers, allocated upwards, dropped all at once
  arenaEnd: usize
  arenaNext: usize
  budgetStart: i64
  scratch: u64
  scratch1: u64
  yieldRequested: u32
  flagsShown: u32 // c.eflags holds the arithmetic flags too (synchronize)
  system0: u64
  system1: u64
  system2: u64
  system3: u64 // free for the system side, derived data only
  pageTable: usize // heads of lists of blocks by physical page
  secondTable: usize
  jumpCache: usize
  csBaseSeen: u64 // CS base the current generation of blocks belongs to
  breakAt: u64 // RIP of the breakpoint last reported
  // Compiled code (enter-compiled.ts).
  jitRest: i64 // budget beyond the fuel that compiled code was given
  jitFuel: i32 // fuel left when it returned
  jitStatus: u32 // after a helper of compiled code: JIT_OK, JIT_FAULT or JIT_STOP
  jitRegion: usize // region being executed, 0 outside compiled code
  flagForm: u32 // what the three flag words hold (flag-forms.ts); 0 everywhere but between compiled code and settleFlags
  resume: usize // where the interpreter goes on in the block that `take` or `enterCompiled` gave it
  regions: usize // list of this vCPU's regions
  regionArena: usize
  regionNext: usize
  regionEnd: usize
  globalGeneration: u32 // the same for addresses that a global entry of the TLB translates
  lastGeneration: u32 // the highest number yet
  codeChanges: u32 // counts what makes code pages be checked again
  codePages: usize // hash table of code pages
  endOfDerived: u32
}

// @ts-ignore: decorator
@inline
export function slot(c: CpuState, offset: u32): u64 {
  return load<u64>(changetype<usize>(c) + offset)
}

// @ts-ignore: decorator
@inline
export function setSlot(c: CpuState, offset: u32, value: u64): void {
  store<u64>(changetype<usize>(c) + offset, value)
}

// @ts-ignore: decorator
@inline
export function segmentBase(c: CpuState, s: u32): u64 {
  return load<u64>(changetype<usize>(c) + SLOT_SEGMENT_BASE + (s << 3))
}

// @ts-ignore: decorator
@inline
export function setSegmentBase(c: CpuState, s: u32, base: u64): void {
  store<u64>(changetype<usize>(c) + SLOT_SEGMENT_BASE + (s << 3), base)
}

// @ts-ignore: decorator
@inline
export function segmentSelector(c: CpuState, s: u32): u32 {
  return load<u32>(changetype<usize>(c) + (s << 2), offsetof<CpuState>('esSelector'))
}

// @ts-ignore: decorator
@inline
export function setSegmentSelector(c: CpuState, s: u32, selector: u32): void {
  store<u32>(changetype<usize>(c) + (s << 2), selector, offsetof<CpuState>('esSelector'))
}

// @ts-ignore: decorator
@inline
export function segmentLimit(c: CpuState, s: u32): u32 {
  return load<u32>(changetype<usize>(c) + (s << 2), offsetof<CpuState>('esLimit'))
}

// @ts-ignore: decorator
@inline
export function setSegmentLimit(c: CpuState, s: u32, limit: u32): void {
  store<u32>(changetype<usize>(c) + (s << 2), limit, offsetof<CpuState>('esLimit'))
}

// @ts-ignore: decorator
@inline
export function segmentAttributes(c: CpuState, s: u32): u32 {
  return load<u32>(changetype<usize>(c) + (s << 2), offsetof<CpuState>('esAttributes'))
}

// @ts-ignore: decorator
@inline
export function setSegmentAttributes(c: CpuState, s: u32, attributes: u32): void {
  store<u32>(changetype<usize>(c) + (s << 2), attributes, offsetof<CpuState>('esAttributes'))
}
