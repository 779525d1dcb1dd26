// How many bytes our own core takes for an instruction, and whether it takes it: found as one finds it on hardware, by letting
// the instruction end at a page that is not there, with one byte more at each try.

import { CODE, DATA, FlatMachine } from '../cpu/harness.js'

const TABLES = 0x13000
const PAGE_END = CODE + 0x1000
const PAGE_FAULT = 14
const INVALID_OPCODE = 6
const INSTRUCTION_FETCH = 16

export class CoreDecoder {
  private readonly machine = new FlatMachine({ smallPages: true, interruptStack: true })

  constructor() {
    // The page behind the code, not present.
    const table = new Uint8Array(8)
    this.machine.core.writeRam(TABLES + 8 * (PAGE_END / 0x1000), table)
  }

  /** Bytes of the instruction that `bytes` begin with; 0 where it is #UD, undefined where `bytes` end before. */
  length(bytes: Uint8Array): number | undefined {
    for (let length = 1; length <= Math.min(15, bytes.length); length++) {
      const outcome = this.try(bytes.subarray(0, length))
      if (outcome !== undefined) return outcome === INVALID_OPCODE ? 0 : length
    }
    return undefined
  }

  /** The vector the instruction ends with, -1 for none; undefined where it wants another byte. */
  private try(bytes: Uint8Array): number | undefined {
    const machine = this.machine
    const start = PAGE_END - bytes.length
    machine.reset()
    machine.core.writeRam(start, bytes)
    for (const name of ['rax', 'rcx', 'rdx', 'rbx', 'rbp', 'rsi', 'rdi'] as const) machine.set({ [name]: BigInt(DATA) })
    machine.set({ rip: BigInt(start), rcx: 1n })
    const { vector, errorCode, rip } = machine.run(16)
    if (vector === undefined || rip !== BigInt(start)) return -1
    return vector === PAGE_FAULT && (errorCode & INSTRUCTION_FETCH) !== 0 ? undefined : vector
  }
}
