// A region to one WebAssembly function: structured control around blocks, and each block's uops in order.
//
// Control follows the dominator tree: what a node dominates lies inside it; a node that several ways lead to stands behind a
// `block` that all of them leave, a loop's header opens a `loop` (N. Ramsey, "Beyond Relooper", ICFP 2022, for the idea). The root is the
// function's dispatcher: a `br_table` over the blocks that can be entered.
//
// Each block begins by taking its instructions from the fuel, as the interpreter takes them from the budget, and leaves if they do not fit.

import { CPU_STATE, REGION } from '../layouts.js'
import { FORM_LOGIC, FORM_SUB } from '../numbers/flag-forms.js'
import { LEAVE_FUEL, LEAVE_JUMP, LEAVE_NEXT, LEAVE_TAKEN, LEAVE_UOP } from '../numbers/leaving.js'
import {
  CC_A,
  CC_AE,
  CC_B,
  CC_BE,
  CC_G,
  CC_GE,
  CC_L,
  CC_LE,
  CC_NS,
  CC_NZ,
  CC_S,
  CC_Z,
  OP_BRNZ,
  OP_CALL,
  OP_CALLI,
  OP_CMPJ8,
  OP_CMPJ32,
  OP_CMPJ64,
  OP_JCC,
  OP_JMP,
  OP_JMPI,
  OP_NEXT,
  OP_RET,
  OP_TESTJ8,
  OP_TESTJ32,
  OP_TESTJ64,
  SLOT_RSP,
} from '../numbers/operations.js'
import { NO_PAGE } from '../numbers/sizes.js'
import { STATE_OFFSETS } from '../state-layout.js'
import { Context, DYNAMIC } from './context.js'
import { emitCold } from './emit-cold.js'
import { condition } from './emit-flags.js'
import { emitEnding, emitHelper } from './emit-helper.js'
import { emitInteger, neededFlags } from './emit-integer.js'
import { emitMemory, load, store } from './emit-memory.js'
import { emitSystem } from './emit-system.js'
import { emitVector } from './emit-vector.js'
import { FunctionBuilder } from './function-builder.js'
import { analyse, type FlowGraph } from './graph.js'
import { C, ENTRY, FLAG_A, FLAG_B, FUEL, R, TAG, X0, X1 } from './locals.js'
import { type RegionBlock, type RegionPlan, successors } from './region.js'
import { isConditional, terminator, type Uop } from './uops.js'
import { W } from './wasm.js'

/** Condition codes of the fused comparisons, in the order of core/blocks/fuse.ts. */
const COMPARE_CODES = [CC_Z, CC_NZ, CC_B, CC_AE, CC_BE, CC_A, CC_L, CC_GE, CC_LE, CC_G] as const
const TEST_CODES = [CC_Z, CC_NZ, CC_S, CC_NS] as const

class Translator {
  private readonly f = new FunctionBuilder()
  private readonly plan: RegionPlan
  private readonly graph: FlowGraph
  private readonly children: number[][]

  constructor(plan: RegionPlan, graph: FlowGraph) {
    this.plan = plan
    this.graph = graph
    const { root, order, dominator } = graph
    this.children = Array.from({ length: root + 1 }, () => [])
    for (let node = 0; node < root; node++) {
      if ((order[node] as number) >= 0) this.children[dominator[node] as number]?.push(node)
    }
    for (const list of this.children) list.sort((a, b) => (order[a] as number) - (order[b] as number))
  }

  translate(): Uint8Array {
    this.tree(this.graph.root, DYNAMIC)
    return this.f.finish()
  }

  /** Label of a loop's header; a node's own number labels the end of the block it stands behind. */
  private loopLabel(node: number): number {
    return this.graph.root + 1 + node
  }

  /** Is the node reached by more than one way, so that it stands behind a label of its own? */
  private isMerge(node: number): boolean {
    return (this.graph.forward[node] as number) > 1 || this.graph.entries.includes(node)
  }

  private tree(node: number, form: number): void {
    const { f, graph } = this
    const merges = (this.children[node] as number[]).filter((child) => this.isMerge(child))
    const isLoop = graph.loops[node] === 1
    if (isLoop) f.loop(this.loopLabel(node))
    for (let i = merges.length - 1; i >= 0; i--) f.block(merges[i] as number)
    if (node === graph.root) this.dispatcher()
    else this.block(node, isLoop ? DYNAMIC : form)
    for (const child of merges) {
      f.end()
      this.tree(child, DYNAMIC)
    }
    if (isLoop) f.end()
  }

  private dispatcher(): void {
    const { f, graph, plan } = this
    const { code } = f
    const { entries } = graph
    if (entries.length === 1) {
      f.br(entries[0] as number)
      return
    }
    code.get(ENTRY)
    code.op(W.brTable)
    code.unsigned(plan.blocks.length)
    const other = f.depth(entries[0] as number)
    for (let i = 0; i < plan.blocks.length; i++) {
      code.unsigned(entries.includes(i) ? f.depth(i) : other)
    }
    code.unsigned(other)
  }

  private block(ordinal: number, form: number): void {
    const { f } = this
    const { code } = f
    const at = this.plan.blocks[ordinal] as RegionBlock
    const c = new Context(f, at, ordinal, form)
    const { count, uops } = at.block
    c.prepareLeave(LEAVE_FUEL)
    code.get(FUEL)
    code.i32(count)
    code.op(W.i32Sub)
    code.tee(FUEL)
    code.i32(0)
    code.op(W.i32LtS)
    f.leaveIf()
    const needed = neededFlags(uops)
    for (let i = 0; i < uops.length - 1; i++) {
      const uop = uops[i] as Uop
      c.index = i
      if (
        emitInteger(c, uop, needed[i] as boolean) ||
        emitMemory(c, uop) ||
        emitCold(c, uop, needed[i] as boolean) ||
        emitVector(c, uop) ||
        emitHelper(c, uop)
      )
        continue
      c.leaveToInterpreter()
      return
    }
    c.index = uops.length - 1
    this.end(c, terminator(at.block))
  }

  /** Leaves for the address in X1, or lets the interpreter raise #GP if it is not canonical; `commit` completes the instruction. */
  private jumpIndirect(c: Context, commit: () => void): void {
    const { code } = c
    this.canonicalOrInterpret(c)
    commit()
    code.get(C)
    code.get(X1)
    code.memory(W.i64Store, STATE_OFFSETS.rip)
    c.leave(LEAVE_JUMP)
  }

  /** Goes to a block of the region, or out of it where `to` is -1; `kind` says by which way of this block. Ends the path. */
  private go(c: Context, to: number, kind: number): void {
    const { f, graph, plan } = this
    f.forgetTemporaries(c.at.block.uops)
    if (to < 0) {
      c.leave(kind)
      return
    }
    const target = plan.blocks[to] as RegionBlock
    if (!isChecked(c.at, target)) this.checkPage(c, target.page, kind)
    if (graph.dispatched.has(to)) {
      c.publishForm()
      f.code.i32(to)
      f.code.set(ENTRY)
      f.br(this.loopLabel(graph.root))
    } else if ((graph.order[to] as number) <= (graph.order[c.ordinal] as number)) {
      c.publishForm()
      f.br(this.loopLabel(to))
    } else if (this.isMerge(to)) {
      c.publishForm()
      f.br(to)
    } else {
      if (graph.loops[to] === 1) c.publishForm()
      this.tree(to, c.form)
    }
  }

  /** Leaves by the way `kind` if code page number `page` has neither of the generations of now. */
  private checkPage(c: Context, page: number, kind: number): void {
    const { code, f } = c
    if (kind === LEAVE_JUMP) {
      code.get(C)
      code.get(X1)
      code.memory(W.i64Store, STATE_OFFSETS.rip)
    }
    c.prepareLeave(kind)
    code.get(R)
    code.memory(W.i32Load, REGION.page0 + 4 * page)
    code.memory(W.i32Load, 0)
    code.tee(TAG)
    code.get(C)
    code.memory(W.i32Load, CPU_STATE.generation)
    code.op(W.i32Ne)
    code.get(TAG)
    code.get(C)
    code.memory(W.i32Load, CPU_STATE.globalGeneration)
    code.op(W.i32Ne)
    code.op(W.i32And)
    f.leaveIf()
  }

  /** What ends the block. */
  private end(c: Context, uop: Uop): void {
    const { code, f } = c
    if (isConditional(uop.op)) {
      this.conditional(c, uop)
      return
    }
    switch (uop.op) {
      case OP_NEXT:
        this.go(c, c.at.next, LEAVE_NEXT)
        return
      case OP_JMP:
        this.go(c, c.at.taken, LEAVE_TAKEN)
        return
      case OP_CALL:
        this.pushReturn(c)
        code.get(X0)
        f.set(SLOT_RSP)
        this.go(c, c.at.taken, LEAVE_TAKEN)
        return
      case OP_JMPI:
        f.get(uop.s1)
        code.set(X1)
        this.indirect(c, () => {})
        return
      case OP_CALLI:
        f.get(uop.s1)
        code.set(X1)
        this.canonicalOrInterpret(c)
        this.pushReturn(c)
        this.indirect(c, () => {
          code.get(X0)
          f.set(SLOT_RSP)
        })
        return
      case OP_RET:
        f.get(SLOT_RSP)
        load(c, 3, W.i64Load)
        code.set(X1)
        this.indirect(c, () => {
          code.get(X0)
          code.i64(8n + uop.immediate)
          code.op(W.i64Add)
          f.set(SLOT_RSP)
        })
        return
      default:
        if (emitSystem(c, uop) || emitEnding(c, uop)) this.go(c, c.at.next, LEAVE_NEXT)
        else c.leaveToInterpreter()
    }
  }

  private canonicalOrInterpret(c: Context): void {
    const { code } = c
    code.get(X1)
    code.i64(16)
    code.op(W.i64Shl)
    code.i64(16)
    code.op(W.i64ShrS)
    code.get(X1)
    code.op(W.i64Ne)
    this.interpretIf(c)
  }

  /** The interpreter takes over at this uop if the condition on the stack is true. */
  private interpretIf(c: Context): void {
    c.prepareLeave(LEAVE_UOP)
    c.f.leaveIf()
  }

  /** Stores the fallthrough below the stack's top; X0 is the new RSP. A miss in the TLB is the interpreter's. */
  private pushReturn(c: Context): void {
    const { code, f } = c
    f.get(SLOT_RSP)
    code.i64(-8)
    code.op(W.i64Add)
    store(c, 3, () => code.i64(c.at.block.fallthrough))
  }

  /** To the address in X1: one of the known targets of the region, or out. */
  private indirect(c: Context, commit: () => void): void {
    const { code, f } = c
    const { targets } = c.at
    for (const to of targets) {
      const { rip } = (this.plan.blocks[to] as RegionBlock).block
      code.get(X1)
      code.i64(rip)
      code.op(W.i64Eq)
      f.if()
      commit()
      const form = c.form
      this.go(c, to, LEAVE_JUMP)
      c.form = form
      f.end()
    }
    this.jumpIndirect(c, commit)
  }

  private conditional(c: Context, uop: Uop): void {
    const { f } = c
    this.pushCondition(c, uop)
    const form = c.form
    f.if()
    this.go(c, c.at.taken, LEAVE_TAKEN)
    c.form = form
    f.else()
    this.go(c, c.at.next, LEAVE_NEXT)
    f.end()
    f.code.op(W.unreachable)
  }

  /** Pushes whether the branch is taken, as an i32. */
  private pushCondition(c: Context, uop: Uop): void {
    const { code, f } = c
    const { op } = uop
    if (op === OP_BRNZ) {
      f.get(uop.s1)
      code.i64(0)
      code.op(W.i64Ne)
    } else if (op < OP_JCC + 16) condition(c, op - OP_JCC)
    else if (op < OP_TESTJ8) {
      const sz = op < OP_CMPJ64 ? 2 : op < OP_CMPJ8 ? 3 : 0
      c.getSized(uop.s1, sz)
      c.operandB(uop, sz)
      code.set(FLAG_B)
      code.set(FLAG_A)
      c.produced(FORM_SUB, sz)
      condition(c, COMPARE_CODES[op - (sz === 2 ? OP_CMPJ32 : sz === 3 ? OP_CMPJ64 : OP_CMPJ8)] as number)
    } else {
      const sz = op < OP_TESTJ32 ? 0 : op < OP_TESTJ64 ? 2 : 3
      c.getSized(uop.s1, sz)
      c.operandB(uop, sz)
      code.op(W.i64And)
      code.set(FLAG_A)
      c.produced(FORM_LOGIC, sz)
      condition(c, TEST_CODES[op - (sz === 0 ? OP_TESTJ8 : sz === 2 ? OP_TESTJ32 : OP_TESTJ64)] as number)
    }
  }
}

/** Does the translation of `to` hold because that of `from` does? */
function isChecked(from: RegionBlock, to: RegionBlock): boolean {
  if (from.page === to.page) return true
  if (to.block.secondPage !== NO_PAGE) return false
  const pages = (to.block.rip >> 12n) - (from.block.rip >> 12n)
  return pages === 0n || (pages === 1n && from.block.secondPage !== NO_PAGE)
}

/** The region's control flow. */
export function flowOf(plan: RegionPlan): FlowGraph {
  return analyse(
    plan.blocks.map(successors),
    plan.blocks.flatMap((at, i) => (at.entry ? [i] : [])),
  )
}

/** The body of the region's function. */
export function translateRegion(plan: RegionPlan, graph: FlowGraph): Uint8Array {
  return new Translator(plan, graph).translate()
}
