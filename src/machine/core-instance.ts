// The CPU core as the machine holds it: one WebAssembly instance, its linear memory, guest RAM inside it.
//
// Follows cpu/core-abi.ts and adds only what every caller would repeat: growing the memory before `initialize`, views that
// survive growth, copying ROM bytes and saved state in and out.

import { TransplantError } from '../base/index.js'
import type { CoreExports, CoreImports } from '../cpu/index.js'

const WASM_PAGE = 0x10000

export class CoreInstance {
  readonly exports: CoreExports
  readonly memoryBytes: number
  private readonly memory: WebAssembly.Memory
  private readonly ramOffset: number
  private cached = new Uint8Array(0)

  constructor(wasm: Uint8Array | WebAssembly.Module, imports: CoreImports, vcpus: number, memoryBytes: number) {
    const module = wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm)
    this.memory = new WebAssembly.Memory({ initial: 64 })
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory: this.memory,
        abort: () => {
          throw new TransplantError(
            'INTERNAL',
            'The CPU core aborted.',
            'This is a defect in Transplant: please report it with the seed of the run.',
          )
        },
      },
      machine: { ...imports },
    })
    this.exports = instance.exports as unknown as CoreExports
    this.memoryBytes = memoryBytes
    const missing = this.exports.requiredBytes(vcpus, memoryBytes) - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / WASM_PAGE))
    this.ramOffset = this.exports.initialize(vcpus, memoryBytes) >>> 0
    if (this.ramOffset === 0xffff_ffff) {
      throw new TransplantError(
        'MACHINE_CONFIGURATION',
        `The CPU core cannot hold ${vcpus} vCPUs and ${memoryBytes} bytes of RAM.`,
        'Ask for less memory.',
      )
    }
  }

  /** All of linear memory. Refreshed when it has grown, since growth detaches the old buffer. */
  get linear(): Uint8Array {
    if (this.cached.buffer !== this.memory.buffer) this.cached = new Uint8Array(this.memory.buffer)
    return this.cached
  }

  /** Guest RAM, a view. Whoever writes through it calls `exports.ramChanged`. */
  get ram(): Uint8Array {
    return this.linear.subarray(this.ramOffset, this.ramOffset + this.memoryBytes)
  }

  get ramWords(): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.ramOffset, this.memoryBytes >>> 2)
  }

  mapRom(physical: number, bytes: Uint8Array): void {
    const pointer = this.exports.mapRom(physical, bytes.length) >>> 0
    if (pointer === 0) {
      throw new TransplantError(
        'MACHINE_CONFIGURATION',
        `The core has no room for a ROM of ${bytes.length} bytes.`,
        'Use a firmware image of 64 or 128 KiB.',
      )
    }
    this.linear.set(bytes, pointer)
  }

  /** A view of one vCPU's state area; offsets in cpu/state-layout.ts. */
  state(cpu: number): DataView {
    return new DataView(this.memory.buffer, this.exports.statePointer(cpu) >>> 0, this.exports.stateBytes())
  }

  save(): Uint8Array {
    const bytes = this.exports.saveCoreBytes()
    const pointer = this.exports.saveCore() >>> 0
    return this.linear.slice(pointer, pointer + bytes)
  }

  load(bytes: Uint8Array): void {
    const pointer = this.exports.saveCore() >>> 0
    this.linear.set(bytes, pointer)
    if (this.exports.loadCore(pointer, bytes.length) < 0) {
      throw new TransplantError(
        'STATE_VERSION',
        'The saved CPU state does not fit this core.',
        'Use the release that saved it, or boot afresh.',
      )
    }
  }
}
