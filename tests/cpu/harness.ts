// A flat 64-bit machine for instruction tests: one or more vCPUs in long mode at CPL 0, memory identity-mapped by 2 MiB pages, no devices.
//
// Promises: code is at CODE, the stack's top at STACK, a scratch area at DATA; an exception ends `run` as a value (vector, error code, RIP of the
// fault), because every IDT entry leads to its own HLT. The end of the code is a HLT too.
import {
  type CoreImports,
  CpuCore,
  type CpuModel,
  EXIT_HALT,
  type JitOption,
  noDevices,
  STATE_ATTRIBUTES,
  STATE_HALTED,
  STATE_LIMITS,
  STATE_SELECTORS,
  type StateRegister,
} from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { read } from '../lab/images.js'

export const CODE = 0x100000
export const DATA = 0x200000
export const STACK = 0x300000
const TABLES = 0x10000
const GDT = 0x8000
const IDT = 0x9000
const TSS = 0xa000
export const STUBS = 0xb000
const RAM = 16 << 20

let compiled: WebAssembly.Module | undefined

export function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(read('src/cpu/core.wasm'))
  return compiled
}

export interface Outcome {
  /** Vector of the exception that ended the run; undefined if the code reached its final HLT. */
  readonly vector: number | undefined
  readonly errorCode: number
  /** RIP the exception pushed, or RIP after HLT. */
  readonly rip: bigint
  readonly rflags: bigint
  readonly rsp: bigint
  readonly retired: number
  readonly exit: number
}

export class FlatMachine {
  readonly core: CpuCore
  private readonly codeAttributes: number

  /**
   * `interruptStack`: exceptions switch to IST 1, so that the code under test may leave any RSP. `compatibility`: the code is 32-bit, in
   * long mode all the same; handlers are 64-bit.
   */
  constructor(
    options: {
      vcpus?: number
      imports?: Partial<CoreImports>
      ram?: number
      smallPages?: boolean
      interruptStack?: boolean
      compatibility?: boolean
      jit?: JitOption
      cpu?: CpuModel
    } = {},
  ) {
    this.core = new CpuCore(
      coreModule(),
      { ...noDevices(), ...options.imports },
      options.vcpus ?? 1,
      options.ram ?? RAM,
      { jit: options.jit, cpu: options.cpu },
    )
    const ram = this.core.ram
    const view = new DataView(ram.buffer, ram.byteOffset, ram.byteLength)
    view.setBigUint64(TABLES, BigInt(TABLES + 0x1000) | 7n, true)
    view.setBigUint64(TABLES + 0x1000, BigInt(TABLES + 0x2000) | 7n, true)
    for (let i = 0; i < 8; i++) {
      if (options.smallPages) {
        view.setBigUint64(TABLES + 0x2000 + 8 * i, BigInt(TABLES + 0x3000 + 0x1000 * i) | 7n, true)
        for (let j = 0; j < 512; j++) {
          view.setBigUint64(TABLES + 0x3000 + 0x1000 * i + 8 * j, BigInt(i * 0x200000 + j * 0x1000) | 0x7n, true)
        }
      } else view.setBigUint64(TABLES + 0x2000 + 8 * i, BigInt(i * 0x200000) | 0x87n, true)
    }
    const gdt = [0n, 0x00af9b000000ffffn, 0x00cf93000000ffffn, 0x00affb000000ffffn, 0x00cff3000000ffffn]
    gdt.forEach((d, i) => {
      view.setBigUint64(GDT + 8 * i, d, true)
    })
    for (let v = 0; v < 256; v++) {
      const stub = STUBS + 16 * v
      view.setUint8(stub, 0xf4)
      view.setUint16(IDT + 16 * v, stub & 0xffff, true)
      view.setUint16(IDT + 16 * v + 2, 8, true)
      view.setUint16(IDT + 16 * v + 4, options.interruptStack ? 0x8e01 : 0x8e00, true)
      view.setUint16(IDT + 16 * v + 6, stub >>> 16, true)
    }
    view.setBigUint64(TSS + 4, BigInt(STACK + 0x10000), true)
    view.setBigUint64(TSS + 0x24, BigInt(STACK + 0x20000), true)
    this.core.exports.ramChanged(0, RAM)
    this.codeAttributes = options.compatibility === true ? 0xc09b : 0xa09b
    for (let i = 0; i < this.core.vcpus; i++) this.enterLongMode(i, this.codeAttributes)
  }

  private enterLongMode(cpu: number, codeAttributes: number): void {
    const { exports } = this.core
    exports.startup(cpu, 0)
    exports.synchronize(cpu)
    const s = this.core.state(cpu)
    const q = (offset: number, value: bigint): void => s.setBigUint64(offset, value, true)
    q(CPU_STATE.cr0, 0x80010033n) // CR0: PG WP NE ET MP PE
    q(CPU_STATE.cr3, BigInt(TABLES))
    q(CPU_STATE.cr4, 0x6a0n | 0x10000n) // CR4: PAE PGE OSFXSR OSXMMEXCPT FSGSBASE
    q(CPU_STATE.efer, 0xd01n) // EFER: NXE LMA LME SCE
    q(CPU_STATE.gdtrBase, BigInt(GDT))
    s.setUint32(CPU_STATE.gdtrLimit, 0x3f, true)
    q(CPU_STATE.idtrBase, BigInt(IDT))
    s.setUint32(CPU_STATE.idtrLimit, 0xfff, true)
    q(CPU_STATE.trBase, BigInt(TSS))
    s.setUint32(CPU_STATE.trLimit, 0x67, true)
    s.setUint32(CPU_STATE.trSelector, 0x28, true)
    s.setUint32(CPU_STATE.trAttributes, 0x8b, true)
    for (let i = 0; i < 6; i++) {
      const code = i === 1
      s.setUint32(STATE_SELECTORS + 4 * i, code ? 8 : 16, true)
      s.setUint32(STATE_LIMITS + 4 * i, 0xffffffff, true)
      s.setUint32(STATE_ATTRIBUTES + 4 * i, code ? codeAttributes : 0xc093, true)
      q(CPU_STATE.esBase + 8 * i, 0n)
    }
    q(CPU_STATE.rip, BigInt(CODE))
    q(CPU_STATE.eflags, 2n)
    q(CPU_STATE.rsp, BigInt(STACK))
    exports.stateChanged(cpu)
  }

  /** Registers and modes of vCPU 0 as they were at first; memory stays. */
  reset(): void {
    this.core.exports.resetCpu(0, 1)
    this.enterLongMode(0, this.codeAttributes)
  }

  set(values: Partial<Record<StateRegister, bigint>>, cpu = 0): void {
    this.core.setRegisters(cpu, values)
  }

  get(name: StateRegister, cpu = 0): bigint {
    return this.core.register(cpu, name)
  }

  /** Back to CODE at CPL 0, with these registers; memory stays. */
  restart(values: Partial<Record<StateRegister, bigint>>): void {
    this.core.exports.synchronize(0)
    const s = this.core.state(0)
    s.setUint32(STATE_SELECTORS + 4, 8, true)
    s.setUint32(STATE_SELECTORS + 8, 16, true)
    s.setUint32(STATE_ATTRIBUTES + 8, 0xc093, true)
    s.setUint32(STATE_HALTED, 0, true)
    this.set({ rip: BigInt(CODE), rflags: 2n, rsp: BigInt(STACK), ...values })
  }

  /** Puts the code and a HLT behind it at `at`. */
  load(code: Uint8Array, at = CODE): void {
    this.core.writeRam(at, Uint8Array.from([...code, 0xf4]))
  }

  /** Runs vCPU 0 from CODE until it halts or the budget is used up. */
  run(budget = 100_000): Outcome {
    const exit = this.core.run(0, budget)
    const retired = this.core.exports.retired()
    const rip = this.get('rip')
    const rflags = this.get('rflags')
    const vector =
      exit === EXIT_HALT && rip > BigInt(STUBS) && rip < BigInt(STUBS + 0x1000)
        ? Number((rip - 1n - BigInt(STUBS)) / 16n)
        : undefined
    if (vector === undefined) return { vector, errorCode: 0, rip, rflags, rsp: this.get('rsp'), retired, exit }
    const hasCode = [8, 10, 11, 12, 13, 14, 17].includes(vector)
    const rsp = Number(this.get('rsp'))
    const frame = new DataView(this.core.readRam(rsp, 48).buffer)
    const at = hasCode ? 8 : 0
    return {
      vector,
      errorCode: hasCode ? frame.getUint32(0, true) : 0,
      rip: frame.getBigUint64(at, true),
      rflags: frame.getBigUint64(at + 16, true),
      rsp: frame.getBigUint64(at + 24, true),
      retired: retired - 1,
      exit,
    }
  }
}

/** Loads code into a fresh machine and runs it. */
export function execute(
  code: readonly number[],
  registers: Partial<Record<StateRegister, bigint>> = {},
  budget = 100_000,
): { machine: FlatMachine; outcome: Outcome } {
  const machine = new FlatMachine()
  machine.load(Uint8Array.from(code))
  machine.set(registers)
  return { machine, outcome: machine.run(budget) }
}
