// One core instance as an object: instantiates core.wasm from given bytes, lays out memory, and gives typed access to registers and RAM.
//
// Promises: views returned by `ram`, `state` are fresh after growth; everything else is core-abi.ts unchanged, reached by `exports`.
// It must not know devices or time: those come in as `CoreImports`.
import { requireKind, requireOneOf, requireWhole, TransplantError } from '../base/index.js'
import type { CoreExports, CoreImports } from './core-abi.js'
import { Compiler, type CompilerStatistics, DEFAULT_THRESHOLD, TABLE_SIZE } from './jit/index.js'
import { STATE_OFFSETS, STATE_XMM, type StateRegister } from './state-layout.js'

const WASM_PAGE = 0x10000

/** Imports of a machine without devices: ports and MMIO read all ones, no interrupts. */
export function noDevices(): CoreImports {
  return {
    portRead: () => 0xffff_ffff,
    portWrite: () => {},
    mmioRead: () => 0xffff_ffff,
    mmioWrite: () => {},
    acknowledgeInterrupt: () => -1,
    apicMsrRead: () => 0,
    apicMsrWrite: () => 1,
    taskPriorityRead: () => 0,
    taskPriorityWrite: () => {},
    event: () => {},
  }
}

/** Compiled code: 'on', 'off', or on with the number of entries after which a block is compiled (default 4000). */
export type JitOption = 'on' | 'off' | { readonly threshold: number }

/** What a vCPU offers, in the words of the x86-64 psABI. */
export const CPU_MODELS = ['x86-64-v2', 'x86-64-v3'] as const
export type CpuModel = (typeof CPU_MODELS)[number]

export interface CpuCoreOptions {
  /** Default x86-64-v2. */
  readonly cpu?: CpuModel | undefined
  readonly jit?: JitOption | undefined
}

/** A string of AssemblyScript: UTF-16, its length in bytes before it. */
function textAt(memory: ArrayBuffer, pointer: number): string {
  const length = new DataView(memory).getUint32((pointer >>> 0) - 4, true)
  return String.fromCharCode(...new Uint16Array(memory, pointer >>> 0, length / 2))
}

/** The exports that tell a core from any other module. */
const CORE_EXPORTS = ['initialize', 'requiredBytes', 'statePointer']

/** Throws MACHINE_CONFIGURATION for bytes that are no core. */
function compiled(wasm: Uint8Array | WebAssembly.Module): WebAssembly.Module {
  const hint = "Give the bytes of the package's core.wasm, or a WebAssembly.Module of them."
  const code = 'MACHINE_CONFIGURATION'
  let module = wasm
  if (!(module instanceof WebAssembly.Module)) {
    requireKind('coreWasm', module, 'bytes', code, hint)
    try {
      module = new WebAssembly.Module(module)
    } catch (error) {
      throw new TransplantError(code, `'coreWasm' cannot be compiled: ${String(error)}.`, hint)
    }
  }
  const names = new Set(WebAssembly.Module.exports(module).map((one) => one.name))
  if (CORE_EXPORTS.every((name) => names.has(name))) return module
  throw new TransplantError(code, `'coreWasm' is another module than the CPU core.`, hint)
}

let defaultJit: JitOption = 'on'

/** What `jit` is where nobody says: for test runs of everything one way or the other. Gives what it was. */
export function setDefaultJit(jit: JitOption): JitOption {
  const before = defaultJit
  defaultJit = jit
  return before
}

/** What stands between a core and all who drive it or are called by it: for test runs that compare executors (tests/equal). */
export interface CoreCompanion {
  /** In place of the imports the core was made with. */
  readonly imports: CoreImports
  /** In place of the module's exports. */
  join(core: CpuCore, own: CoreExports): CoreExports
  jitChanged(jit: JitOption): void
}

export type MakeCompanion = (
  module: WebAssembly.Module,
  imports: CoreImports,
  vcpus: number,
  ramBytes: number,
) => CoreCompanion | undefined

let makeCompanion: MakeCompanion | undefined

/** Every core that is made from now on has a companion. Gives what made them before. */
export function setCompanion(make: MakeCompanion | undefined): MakeCompanion | undefined {
  const before = makeCompanion
  makeCompanion = make
  return before
}

export class CpuCore {
  readonly exports: CoreExports
  readonly ramBytes: number
  readonly vcpus: number
  readonly cpu: CpuModel
  private readonly memory: WebAssembly.Memory
  private readonly ramOffset: number
  private readonly compiler: Compiler
  private readonly companion: CoreCompanion | undefined

  constructor(
    wasm: Uint8Array | WebAssembly.Module,
    imports: CoreImports,
    vcpus: number,
    ramBytes: number,
    options: CpuCoreOptions = {},
  ) {
    const module = compiled(wasm)
    this.companion = makeCompanion?.(module, imports, vcpus, ramBytes)
    this.memory = new WebAssembly.Memory({ initial: 64 })
    const table = new WebAssembly.Table({ initial: TABLE_SIZE, element: 'anyfunc' })
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory: this.memory,
        table,
        abort: (message: number, file: number, line: number) => {
          const { buffer } = this.memory
          const [what, where] = [textAt(buffer, message), textAt(buffer, file)]
          throw new TransplantError('CORE_ABORT', `An assertion of the CPU core fails at ${where}:${line}: ${what}.`)
        },
      },
      machine: { ...(this.companion?.imports ?? imports) },
      jit: {
        request: (cpu: number, block: number) => this.compiler.request(cpu, block >>> 0),
        grow: (cpu: number, region: number) => this.compiler.grow(cpu, region >>> 0),
      },
    })
    this.exports = instance.exports as unknown as CoreExports
    this.vcpus = vcpus
    this.ramBytes = ramBytes
    const missing = this.exports.requiredBytes(vcpus, ramBytes) - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / WASM_PAGE))
    const offset = this.exports.initialize(vcpus, ramBytes)
    if (offset === -1) {
      throw new TransplantError(
        'CORE_SIZE',
        `The core cannot hold ${vcpus} vCPUs and ${ramBytes} bytes of RAM; ask for less.`,
      )
    }
    this.ramOffset = offset >>> 0
    this.compiler = new Compiler(this.exports, this.memory, table, vcpus)
    if (this.companion !== undefined) this.exports = this.companion.join(this, this.exports)
    this.cpu = options.cpu ?? 'x86-64-v2'
    this.exports.setLevel(this.cpu === 'x86-64-v3' ? 3 : 2)
    this.setJit(options.jit ?? defaultJit)
  }

  /** Guest RAM, a view. After writing to it call `exports.ramChanged`. */
  get ram(): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.ramOffset, this.ramBytes)
  }

  /** Turns compiled code on or off, between runs. What runs is the same, bit for bit. */
  setJit(jit: JitOption): void {
    if (typeof jit === 'object' && jit !== null)
      requireWhole('jit.threshold', jit.threshold, 0, 0x7fff_ffff, 'MACHINE_CONFIGURATION')
    else requireOneOf('jit', jit, ['on', 'off'], 'MACHINE_CONFIGURATION')
    this.compiler.setThreshold(jit === 'off' ? 0 : jit === 'on' ? DEFAULT_THRESHOLD : jit.threshold)
    this.companion?.jitChanged(jit)
  }

  /** What the compiler did so far. */
  get compilerStatistics(): CompilerStatistics {
    return this.compiler.statistics
  }

  /** A vCPU's state area. */
  state(cpu: number): DataView {
    return new DataView(this.memory.buffer, this.exports.statePointer(cpu) >>> 0, this.exports.stateBytes())
  }

  register(cpu: number, name: StateRegister): bigint {
    if (name === 'rflags') this.exports.synchronize(cpu)
    return this.state(cpu).getBigUint64(STATE_OFFSETS[name], true)
  }

  /** Writes registers and drops what was derived from them. */
  setRegisters(cpu: number, values: Partial<Record<StateRegister, bigint>>): void {
    this.exports.synchronize(cpu)
    const state = this.state(cpu)
    for (const [name, value] of Object.entries(values)) {
      state.setBigUint64(STATE_OFFSETS[name as StateRegister], BigInt.asUintN(64, value), true)
    }
    this.exports.stateChanged(cpu)
  }

  /** XMM register r, low half first. */
  xmm(cpu: number, r: number): readonly [bigint, bigint] {
    const state = this.state(cpu)
    return [state.getBigUint64(STATE_XMM + 16 * r, true), state.getBigUint64(STATE_XMM + 16 * r + 8, true)]
  }

  setXmm(cpu: number, r: number, low: bigint, high: bigint): void {
    const state = this.state(cpu)
    state.setBigUint64(STATE_XMM + 16 * r, BigInt.asUintN(64, low), true)
    state.setBigUint64(STATE_XMM + 16 * r + 8, BigInt.asUintN(64, high), true)
  }

  writeRam(physical: number, bytes: Uint8Array): void {
    this.ram.set(bytes, physical)
    this.exports.ramChanged(physical, bytes.length)
  }

  readRam(physical: number, bytes: number): Uint8Array {
    return this.ram.slice(physical, physical + bytes)
  }

  /** Copies a ROM image into the core and maps it. */
  mapRom(physical: number, bytes: Uint8Array): void {
    const pointer = this.exports.mapRom(physical, bytes.length) >>> 0
    if (pointer === 0) throw new TransplantError('CORE_ROM', `The core has no room for a ROM of ${bytes.length} bytes.`)
    new Uint8Array(this.memory.buffer, pointer, bytes.length).set(bytes)
  }

  run(cpu: number, budget: number): number {
    return this.exports.run(cpu, budget)
  }

  save(): Uint8Array {
    const bytes = this.exports.saveCore() >>> 0
    return new Uint8Array(this.memory.buffer, this.exports.savePointer() >>> 0, bytes).slice()
  }

  load(saved: Uint8Array): void {
    const fits = saved.length <= this.exports.savedLimit() >>> 0
    if (fits) new Uint8Array(this.memory.buffer, this.exports.savePointer() >>> 0, saved.length).set(saved)
    if (!fits || this.exports.loadCore(saved.length) !== 0) {
      throw new TransplantError('CORE_STATE', 'The saved CPU state does not fit this core.', 'Boot afresh.')
    }
  }

  /** Numbers of the pages stored to since the last `exports.clearDirty`, each once: a view, to be read at once. */
  dirtyPages(): Uint32Array {
    const { exports } = this
    return new Uint32Array(this.memory.buffer, exports.dirtyPageList() >>> 0, exports.dirtyPageCount() >>> 0)
  }
}
