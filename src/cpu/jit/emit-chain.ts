// The way from one compiled region straight to the next, without going back to the core between them.
//
// Each region ends with a tail call of this function. It does what core/execute/enter-compiled.ts would do in the
// usual case: the way out leads to a block that is known, current, and has compiled code of its own; that is tail-called in turn, so the stack
// does not grow. In any other case it returns what the region said, with `jitRegion` telling which region that was.
//
// It decides nothing: what it passes over, enterCompiled decides in the same way. Time stays exact, since the fuel is handed on, and a
// block that does not fit leaves with LEAVE_FUEL as at any other entry.
import { BLOCK, CODE_PAGE, CPU_STATE, REGION } from '../layouts.js'
import {
  LEAVE_JUMP,
  LEAVE_NEXT,
  LEAVE_SYSTEM,
  LEAVE_TAKEN,
  REGION_HEADER,
  REGION_SOURCES,
  REGION_TARGETS,
  REGION_WAYS,
} from '../numbers/leaving.js'
import { JUMP_CACHE_ENTRIES } from '../numbers/sizes.js'
import { STATE_OFFSETS } from '../state-layout.js'
import { C, FUEL, R, REGION_TYPE } from './locals.js'
import { Code, encodeModule, I32, I64, W } from './wasm.js'

// Its parameters are those of a region (locals.ts), but for the third.
const LEFT = 2
const KIND = 4
const BLOCK_TO = 5
const SCRATCH = 6
const RIP = 7

/** Whether the engine has tail calls (WebAssembly 3.0); without them every way leads through the core. */
const HAS_TAIL_CALLS = WebAssembly.validate(
  encodeModule([], REGION_TYPE, [
    Uint8Array.of(0, W.localGet, 0, W.localGet, 0, W.localGet, 0, W.localGet, 0, W.returnCall, 0, W.end),
  ]),
)

/** The instruction that ends a region: a tail call, or a call that only says how it was left. */
export const CHAIN_CALL = HAS_TAIL_CALLS ? W.returnCall : W.call

class Chain {
  private readonly code = new Code()

  body(): Uint8Array {
    const { code } = this
    for (const byte of [2, 3, I32, 1, I64]) code.byte(byte)
    if (HAS_TAIL_CALLS) {
      code.block()
      this.next()
      this.mayEnter()
      this.note()
      this.enter()
      code.op(W.end)
    }
    code.get(C)
    code.get(FUEL)
    code.memory(W.i32Store, CPU_STATE.jitFuel)
    code.get(LEFT)
    code.op(W.end)
    return code.take()
  }

  /** Gives up if the condition on the stack is true: the block around all steps is the innermost, but for `inside` others. */
  private giveUpIf(inside = 0): void {
    this.code.op(W.brIf)
    this.code.unsigned(inside)
  }

  private field(of: number, offset: number): void {
    this.code.get(of)
    this.code.memory(W.i32Load, offset)
  }

  /** Sets BLOCK_TO: by the chain of the block that was left, or by the jump cache. */
  private next(): void {
    const { code } = this
    this.field(C, CPU_STATE.attention)
    this.giveUpIf()
    code.get(LEFT)
    code.i32(7)
    code.op(W.i32And)
    code.tee(KIND)
    code.i32(LEAVE_TAKEN)
    code.op(W.i32Sub)
    code.i32(LEAVE_NEXT - LEAVE_TAKEN + 1)
    code.op(W.i32LtU)
    code.if()
    this.chained()
    code.op(W.else)
    this.cached()
    code.op(W.end)
  }

  private chained(): void {
    const { code } = this
    code.get(R)
    code.get(LEFT)
    code.i32(16)
    code.op(W.i32ShrU)
    code.i32(2)
    code.op(W.i32Shl)
    code.op(W.i32Add)
    code.memory(W.i32Load, REGION_HEADER)
    code.set(SCRATCH)
    this.field(SCRATCH, BLOCK.chain0)
    this.field(SCRATCH, BLOCK.chain1)
    code.get(KIND)
    code.i32(LEAVE_TAKEN)
    code.op(W.i32Eq)
    code.op(W.select)
    code.tee(BLOCK_TO)
    code.op(W.i32Eqz)
    this.giveUpIf(1)
  }

  private cached(): void {
    const { code } = this
    code.get(KIND)
    code.i32(LEAVE_JUMP)
    code.op(W.i32Ne)
    code.get(KIND)
    code.i32(LEAVE_SYSTEM)
    code.op(W.i32Ne)
    code.op(W.i32And)
    this.giveUpIf(1)
    // hashRip of core/blocks/blocks.ts.
    this.field(C, CPU_STATE.jumpCache)
    code.get(C)
    code.memory(W.i64Load, STATE_OFFSETS.rip)
    code.tee(RIP)
    code.op(W.i32WrapI64)
    code.tee(SCRATCH)
    code.get(SCRATCH)
    code.i32(11)
    code.op(W.i32ShrU)
    code.op(W.i32Xor)
    code.i32(JUMP_CACHE_ENTRIES - 1)
    code.op(W.i32And)
    code.i32(2)
    code.op(W.i32Shl)
    code.op(W.i32Add)
    code.memory(W.i32Load, 0)
    code.tee(BLOCK_TO)
    code.op(W.i32Eqz)
    this.giveUpIf(1)
    code.get(BLOCK_TO)
    code.memory(W.i64Load, BLOCK.rip)
    code.get(RIP)
    code.op(W.i64Ne)
    this.giveUpIf(1)
    this.field(BLOCK_TO, BLOCK.mode)
    this.field(C, CPU_STATE.mode)
    code.op(W.i32Ne)
    this.giveUpIf(1)
  }

  /** Gives up unless the block is current, hot, and its compiled code alive; then SCRATCH is that region. */
  private mayEnter(): void {
    const { code } = this
    this.field(BLOCK_TO, BLOCK.page)
    code.memory(W.i32Load, CODE_PAGE.generation)
    code.tee(SCRATCH)
    this.field(C, CPU_STATE.generation)
    code.op(W.i32Ne)
    code.get(SCRATCH)
    this.field(C, CPU_STATE.globalGeneration)
    code.op(W.i32Ne)
    code.op(W.i32And)
    this.giveUpIf()
    code.i32(0)
    this.field(BLOCK_TO, BLOCK.heat)
    code.op(W.i32LtS)
    this.giveUpIf()
    this.field(BLOCK_TO, BLOCK.region)
    code.tee(SCRATCH)
    code.op(W.i32Eqz)
    this.giveUpIf()
    this.field(SCRATCH, REGION.alive)
    code.op(W.i32Eqz)
    this.giveUpIf()
  }

  /** Counts the way out, as noteExit of the core does; gives up where the compiler is to be asked for a larger region. */
  private note(): void {
    const { code } = this
    code.get(KIND)
    code.i32(LEAVE_SYSTEM)
    code.op(W.i32Ne)
    code.if()
    this.field(R, REGION.exits)
    this.field(R, REGION.growAt)
    code.op(W.i32Eq)
    this.giveUpIf(1)
    code.get(KIND)
    code.i32(LEAVE_JUMP)
    code.op(W.i32Eq)
    code.if()
    this.way(2)
    code.get(BLOCK_TO)
    code.memory(W.i32Store, REGION_TARGETS)
    this.way(0)
    code.get(LEFT)
    code.i32(16)
    code.op(W.i32ShrU)
    code.memory(W.i32Store8, REGION_SOURCES)
    code.op(W.end)
    code.get(R)
    this.field(R, REGION.exits)
    code.i32(1)
    code.op(W.i32Add)
    code.memory(W.i32Store, REGION.exits)
    code.op(W.end)
  }

  /** Pushes the record's address plus the number of its next noted way, shifted. */
  private way(shift: number): void {
    const { code } = this
    code.get(R)
    this.field(R, REGION.exits)
    code.i32(REGION_WAYS - 1)
    code.op(W.i32And)
    code.i32(shift)
    code.op(W.i32Shl)
    code.op(W.i32Add)
  }

  private enter(): void {
    const { code } = this
    code.get(C)
    code.get(SCRATCH)
    code.memory(W.i32Store, CPU_STATE.jitRegion)
    code.get(C)
    code.get(SCRATCH)
    this.field(BLOCK_TO, BLOCK.ordinal)
    code.get(FUEL)
    this.field(SCRATCH, REGION.index)
    code.op(W.returnCallIndirect)
    code.unsigned(0)
    code.unsigned(0)
  }
}

let compiled: WebAssembly.Module | undefined

/** The function, in an instance of its own: an engine keeps a copy of the table for each instance that imports it. */
export function makeChain(memory: WebAssembly.Memory, table: WebAssembly.Table): unknown {
  compiled ??= new WebAssembly.Module(encodeModule([], REGION_TYPE, [new Chain().body()], true))
  return new WebAssembly.Instance(compiled, { env: { memory, table } }).exports['0']
}
