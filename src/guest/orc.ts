// Unwinding by ORC (Documentation/x86/orc-unwinder.rst): for each place of the kernel's text a table says how to find the caller's
// stack pointer (CFA) and RBP. `orc_unwind_ip` holds the places, relative to their entries and ascending, `orc_unwind` what is to be
// done there; the layout of an entry is what the kernel's BTF says.

import { readI32, readU64 } from '../base/index.js'
import type { KernelView } from './kernel-view.js'
import type { Frame, Unwinder } from './stacks.js'

/** ORC_REG_*: what a CFA or RBP is counted from. */
const [PREVIOUS_SP, BP, SP, BP_INDIRECT, SP_INDIRECT] = [1, 4, 5, 8, 9]
/** ORC_TYPE_*, as kernels before and from 6.4 number them: the former have an `end` bit, the latter a type for it. */
const TYPES_BEFORE = new Map([
  [0, 'call'],
  [1, 'registers'],
  [2, 'partial'],
])
const TYPES = new Map([
  [1, 'end'],
  [2, 'call'],
  [3, 'registers'],
  [4, 'partial'],
])

interface Rule {
  readonly type: string | undefined
  readonly spFrom: number
  readonly spOffset: bigint
  readonly bpFrom: number
  readonly bpOffset: bigint
}

export class OrcUnwinder implements Unwinder {
  private readonly kernel: KernelView
  private readonly places: bigint
  private readonly count: number
  private readonly rules: bigint

  constructor(kernel: KernelView) {
    this.kernel = kernel
    this.places = kernel.address('__start_orc_unwind_ip')
    this.rules = kernel.address('__start_orc_unwind')
    this.count = Number(kernel.address('__stop_orc_unwind_ip') - this.places) / 4
  }

  async caller(frame: Frame): Promise<Frame | 'end' | undefined> {
    const rule = await this.ruleAt(frame.exact ? frame.ip : frame.ip - 1n)
    if (rule?.type === 'end') return 'end'
    const cfa = rule && (await this.cfa(rule, frame))
    if (rule === undefined || cfa === undefined) return undefined
    if (rule.type === 'call') {
      const ip = await this.kernel.readU64(cfa - 8n)
      return { ip, sp: cfa, bp: await this.bp(rule, frame, cfa), exact: false }
    }
    if (rule.type === 'registers') {
      const saved = await this.kernel.readStruct('pt_regs', cfa)
      if ((saved.unsigned('cs') & 3n) === 3n) return 'end'
      return { ip: saved.unsigned('ip'), sp: saved.unsigned('sp'), bp: saved.unsigned('bp'), exact: true }
    }
    if (rule.type !== 'partial') return undefined
    // Only what the processor pushes is there: RIP, CS, RFLAGS, RSP, SS.
    const pushed = await this.kernel.read(cfa, 40)
    if ((readU64(pushed, 8) & 3n) === 3n) return 'end'
    return { ip: readU64(pushed, 0), sp: readU64(pushed, 24), bp: await this.bp(rule, frame, cfa), exact: true }
  }

  private async cfa({ spFrom, spOffset }: Rule, { sp, bp }: Frame): Promise<bigint | undefined> {
    switch (spFrom) {
      case SP:
        return sp + spOffset
      case BP:
        return bp + spOffset
      case BP_INDIRECT:
        return this.kernel.readU64(bp + spOffset)
      case SP_INDIRECT:
        return (await this.kernel.readU64(sp)) + spOffset
      default:
        return undefined
    }
  }

  private async bp({ bpFrom, bpOffset }: Rule, frame: Frame, cfa: bigint): Promise<bigint> {
    if (bpFrom === PREVIOUS_SP) return this.kernel.readU64(cfa + bpOffset)
    return bpFrom === BP ? this.kernel.readU64(frame.bp + bpOffset) : frame.bp
  }

  /** The last place at or before an address. */
  private async ruleAt(ip: bigint): Promise<Rule | undefined> {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.places + BigInt(4 * middle)
      if (at + BigInt(readI32(await this.kernel.read(at, 4), 0)) <= ip) low = middle + 1
      else high = middle
    }
    if (low === 0) return undefined
    const size = BigInt(this.kernel.sizeof('orc_entry'))
    const entry = await this.kernel.readStruct('orc_entry', this.rules + BigInt(low - 1) * size)
    const number = Number(entry.unsigned('type'))
    const ends = entry.has('end') && entry.unsigned('end') !== 0n
    return {
      type: ends ? 'end' : (entry.has('end') ? TYPES_BEFORE : TYPES).get(number),
      spFrom: Number(entry.unsigned('sp_reg')),
      spOffset: entry.signed('sp_offset'),
      bpFrom: Number(entry.unsigned('bp_reg')),
      bpOffset: entry.signed('bp_offset'),
    }
  }
}
