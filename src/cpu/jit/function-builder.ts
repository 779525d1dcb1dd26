// One function under construction: its locals, where registers live in them, labels, and the ways out.
//
// Locals: general registers, temporaries and segment bases are 64-bit locals, loaded in front if the region touches them and
// stored behind if it writes them; XMM registers and the three flag words and their form likewise. A function is
//   load; block $exit { block $status { … set EXIT; br … }; EXIT |= status }; store; on by EXIT to the next region, or return EXIT
// Promises: an emitter that uses only these methods can leave at any point with the state exact.

import { CPU_STATE } from '../layouts.js'
import { SLOT_SEGMENT_BASE, SLOT_T0, SLOT_T8, SLOT_ZERO } from '../numbers/operations.js'
import {
  CR0_EM,
  CR0_TS,
  CR4_OSFXSR,
  CR4_OSXSAVE,
  MXCSR_NATIVE,
  MXCSR_NATIVE_BITS,
  XCR0_AVX,
  XCR0_SSE,
} from '../numbers/registers.js'
import { STATE_MXCSR, STATE_OFFSETS, STATE_XMM } from '../state-layout.js'
import { CHAIN_CALL } from './emit-chain.js'
import {
  C,
  EXIT,
  FIRST_REGISTER,
  FIRST_SEGMENT,
  FIRST_TEMPORARY,
  FIRST_VECTOR,
  FLAG_A,
  FLAG_B,
  FLAG_C,
  FORM,
  FUEL,
  NAMES,
  R,
  TAG,
  TLB,
  typeOf,
  UNUSUAL,
  VECTORS_OFF,
  X0,
} from './locals.js'
import type { Uop } from './uops.js'
import { Code, W } from './wasm.js'
import { V } from './wasm-simd.js'

/** Locals that have the same number in every function, so that code which uses no others is the same bytes everywhere (emit-memory.ts). */
const FIXED = [X0, TAG, TLB, EXIT]

/** Code whose locals are names, numbered in the order of their first use. */
class FunctionCode extends Code {
  private readonly numbers = new Int8Array(NAMES).fill(-1)
  readonly types: number[] = []

  constructor() {
    super()
    for (const name of FIXED) this.number(name)
  }

  /** The number of a local. */
  private number(name: number): number {
    if (name <= FUEL) return name
    const known = this.numbers[name] as number
    if (known >= 0) return known
    const fresh = FUEL + 1 + this.types.length
    this.numbers[name] = fresh
    this.types.push(typeOf(name))
    return fresh
  }

  override get(name: number): void {
    super.get(this.number(name))
  }

  override set(name: number): void {
    super.set(this.number(name))
  }

  override tee(name: number): void {
    super.tee(this.number(name))
  }
}

/** Index of the helpers among a module's functions. */
export const HELPER = {
  vector: 0,
  cold: 1,
  system: 2,
  coldEnd: 3,
  flags: 4,
  multiplyHigh: 5,
  x87: 6,
  chain: 7,
} as const

/** The local that holds a slot. Not for ZERO. */
function localOf(slot: number): number {
  const index = slot >> 3
  if (slot < SLOT_T0) return FIRST_REGISTER + index
  if (slot < SLOT_ZERO) return FIRST_TEMPORARY + index - (SLOT_T0 >> 3)
  return slot >= SLOT_T8 ? FIRST_TEMPORARY + 8 : FIRST_SEGMENT + index - (SLOT_SEGMENT_BASE >> 3)
}

export class FunctionBuilder {
  readonly code = new FunctionCode()
  private readonly labels: number[] = []
  /** Slots that must be loaded in front, and stored behind, by local number. */
  private readonly loaded = new Map<number, number>()
  private readonly stored = new Map<number, number>()
  private usesFlags = false
  private usesTlb = false
  private usesVectorsOff = false
  private usesUnusual = false
  /** XMM registers that must be loaded in front, and stored behind. */
  private readonly vectors = new Set<number>()
  private readonly vectorsWritten = new Set<number>()
  private readonly exitLabel = -1
  private readonly statusLabel = -3

  constructor() {
    this.code.block()
    this.labels.push(this.exitLabel)
    this.code.block()
    this.labels.push(this.statusLabel)
  }

  /** Pushes a slot's 64 bits. */
  get(slot: number): void {
    if (slot === SLOT_ZERO) {
      this.code.i64(0)
      return
    }
    const local = localOf(slot)
    this.touch(slot & ~7, local)
    this.code.get(local)
  }

  private touch(slot: number, local: number): void {
    if (slot < SLOT_T0 || (slot >= SLOT_SEGMENT_BASE && slot < SLOT_T8)) this.loaded.set(local, slot)
  }

  /** Pops 64 bits into a slot. */
  set(slot: number): void {
    this.code.set(this.written(slot))
  }

  tee(slot: number): void {
    this.code.tee(this.written(slot))
  }

  /** Declares that a slot's local is going to be written. */
  written(slot: number): number {
    const local = localOf(slot)
    this.touch(slot & ~7, local)
    this.stored.set(local, slot & ~7)
    return local
  }

  /** The temporaries that these uops have written are of no use any more: V8 need not carry them on. */
  forgetTemporaries(uops: readonly Uop[]): void {
    for (const { d } of uops) {
      if (d < SLOT_T0 || (d >= SLOT_ZERO && d < SLOT_T8)) continue
      const local = localOf(d)
      if (!this.stored.has(local)) continue
      this.code.i64(0)
      this.code.set(local)
    }
  }

  /** Stores a slot's local into the state, for a helper that reads it there. */
  spill(slot: number): void {
    if (slot === SLOT_ZERO) return
    const local = localOf(slot)
    if (slot >= SLOT_SEGMENT_BASE && slot < SLOT_T8) return
    this.touch(slot & ~7, local)
    this.code.get(C)
    this.code.get(local)
    this.code.memory(W.i64Store, slot & ~7)
  }

  /** Takes a segment base back, which a helper may have changed; a function never stores one. */
  reloadBase(slot: number): void {
    const local = localOf(slot)
    this.touch(slot, local)
    this.code.get(C)
    this.code.memory(W.i64Load, slot)
    this.code.set(local)
  }

  /** Takes the TLB's place back: privilege may have changed which one is used. */
  reloadTlb(): void {
    this.usesTlb = true
    this.code.get(C)
    this.code.memory(W.i32Load, CPU_STATE.tlb)
    this.code.set(TLB)
  }

  /** Takes a slot back from the state after a helper wrote it there. */
  reload(slot: number): void {
    const local = this.written(slot)
    this.code.get(C)
    this.code.memory(W.i64Load, slot & ~7)
    this.code.set(local)
  }

  /** The local of an XMM register. */
  vector(r: number): number {
    this.vectors.add(r)
    return FIRST_VECTOR + r
  }

  /** The same, going to be written. */
  vectorWritten(r: number): number {
    this.vectorsWritten.add(r)
    return this.vector(r)
  }

  spillVector(r: number): void {
    const local = this.vector(r)
    this.code.get(C)
    this.code.get(local)
    this.code.simdMemory(V.store, STATE_XMM + 16 * r)
  }

  reloadVector(r: number): void {
    const local = this.vectorWritten(r)
    this.code.get(C)
    this.code.simdMemory(V.load, STATE_XMM + 16 * r)
    this.code.set(local)
  }

  /** Pushes VECTORS_OFF. */
  vectorsOff(): void {
    this.usesVectorsOff = true
    this.code.get(VECTORS_OFF)
  }

  /** Pushes what is not 0 if AVX instructions raise #UD or #NM now. */
  avxOff(): void {
    const { code } = this
    code.get(C)
    code.memory(W.i32Load, STATE_OFFSETS.cr0)
    code.i32(CR0_TS)
    code.op(W.i32And)
    for (const [offset, bits] of [
      [STATE_OFFSETS.cr4, CR4_OSXSAVE],
      [CPU_STATE.xcr0, XCR0_SSE | XCR0_AVX],
    ] as const) {
      code.get(C)
      code.memory(W.i32Load, offset)
      code.i32(-1)
      code.op(W.i32Xor)
      code.i32(bits)
      code.op(W.i32And)
      code.op(W.i32Or)
    }
  }

  reloadVectorsOff(): void {
    const { code } = this
    code.get(C)
    code.memory(W.i32Load, STATE_OFFSETS.cr0)
    code.i32(CR0_EM | CR0_TS)
    code.op(W.i32And)
    code.get(C)
    code.memory(W.i32Load, STATE_OFFSETS.cr4)
    code.i32(-1)
    code.op(W.i32Xor)
    code.i32(CR4_OSFXSR)
    code.op(W.i32And)
    code.op(W.i32Or)
    code.set(VECTORS_OFF)
  }

  /** Pushes UNUSUAL. */
  unusual(): void {
    this.usesUnusual = true
    this.code.get(UNUSUAL)
  }

  /** Takes UNUSUAL from MXCSR: 0 if all is masked, rounding to nearest, no flushing, PE sticky. */
  reloadUnusual(): void {
    const { code } = this
    code.get(C)
    code.memory(W.i32Load, STATE_MXCSR)
    code.i32(MXCSR_NATIVE_BITS)
    code.op(W.i32And)
    code.i32(MXCSR_NATIVE)
    code.op(W.i32Xor)
    code.set(UNUSUAL)
  }

  useFlags(): void {
    this.usesFlags = true
  }

  /** TLB is going to be read. */
  useTlb(): void {
    this.usesTlb = true
  }

  spillFlags(): void {
    this.usesFlags = true
    const { code } = this
    for (const [offset, local, op] of FLAG_WORDS) {
      code.get(C)
      code.get(local)
      code.memory(op, offset)
    }
  }

  reloadFlags(): void {
    const { code } = this
    for (const [offset, local, op] of FLAG_WORDS) {
      if (op === W.i32Store) continue
      code.get(C)
      code.memory(W.i64Load, offset)
      code.set(local)
    }
  }

  // Labels //////////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Labels below are the translator's own. */
  private fresh = 1 << 16

  newLabel(): number {
    return this.fresh++
  }

  block(label: number): void {
    this.code.block()
    this.labels.push(label)
  }

  loop(label: number): void {
    this.code.loop()
    this.labels.push(label)
  }

  if(): void {
    this.code.if()
    this.labels.push(-2)
  }

  else(): void {
    this.code.op(W.else)
  }

  end(): void {
    this.code.op(W.end)
    this.labels.pop()
  }

  depth(label: number): number {
    return this.labels.length - 1 - this.labels.lastIndexOf(label)
  }

  br(label: number): void {
    this.code.op(W.br)
    this.code.unsigned(this.depth(label))
  }

  brIf(label: number): void {
    this.code.op(W.brIf)
    this.code.unsigned(this.depth(label))
  }

  leave(reason: number): void {
    this.code.i32(reason)
    this.code.set(EXIT)
    this.br(this.exitLabel)
  }

  /** Leaves with what EXIT holds if the condition on the stack is true. */
  leaveIf(): void {
    this.brIf(this.exitLabel)
  }

  /** After a helper: leaves if its status is not JIT_OK; EXIT holds the uop's place, the status becomes the kind. */
  leaveByStatus(): void {
    this.code.get(C)
    this.code.memory(W.i32Load, CPU_STATE.jitStatus)
    this.leaveByResult()
  }

  /** The same with the status on the stack. */
  leaveByResult(): void {
    this.brIf(this.statusLabel)
  }

  /** The whole body: declarations, prologue, what was emitted, epilogue. */
  finish(): Uint8Array {
    const { code } = this
    code.op(W.unreachable)
    code.op(W.end)
    code.get(EXIT)
    code.get(C)
    code.memory(W.i32Load, CPU_STATE.jitStatus)
    code.op(W.i32Or)
    code.set(EXIT)
    code.op(W.end)
    for (const [local, slot] of this.stored) {
      code.get(C)
      code.get(local)
      code.memory(W.i64Store, slot)
    }
    for (const r of this.vectorsWritten) this.spillVector(r)
    if (this.usesFlags) this.spillFlags()
    code.get(C)
    code.get(R)
    code.get(EXIT)
    code.get(FUEL)
    code.op(CHAIN_CALL)
    code.unsigned(HELPER.chain)
    code.op(W.end)
    const bodyEnd = code.length
    for (const [local, slot] of this.loaded) {
      code.get(C)
      code.memory(W.i64Load, slot)
      code.set(local)
    }
    for (const r of this.vectors) {
      code.get(C)
      code.simdMemory(V.load, STATE_XMM + 16 * r)
      code.set(FIRST_VECTOR + r)
    }
    if (this.usesVectorsOff) this.reloadVectorsOff()
    if (this.usesUnusual) this.reloadUnusual()
    if (this.usesFlags) {
      this.reloadFlags()
      code.get(C)
      code.memory(W.i32Load, CPU_STATE.flagForm)
      code.set(FORM)
    }
    if (this.usesTlb) {
      code.get(C)
      code.memory(W.i32Load, CPU_STATE.tlb)
      code.set(TLB)
    }
    const whole = new Code()
    whole.unsigned(code.types.length)
    for (const type of code.types) {
      whole.byte(1)
      whole.byte(type)
    }
    whole.append(code.part(bodyEnd, code.length))
    whole.append(code.part(0, bodyEnd))
    code.release()
    return whole.take()
  }
}

const FLAG_WORDS: readonly (readonly [offset: number, local: number, op: number])[] = [
  [CPU_STATE.flagResult, FLAG_A, W.i64Store],
  [CPU_STATE.flagCarry, FLAG_B, W.i64Store],
  [CPU_STATE.flagAux, FLAG_C, W.i64Store],
  [CPU_STATE.flagForm, FORM, W.i32Store],
]
