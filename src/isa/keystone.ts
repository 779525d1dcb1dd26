// Keystone as a function from text to bytes that cannot take its caller with it.
//
// Some lines make the engine call exit() or leave its memory in disorder. Every such end is an answer here: the engine is
// set back to the state in which it was started, memory and stack pointer, and the next line is assembled as the first.
import type { KeystoneEncoder, KeystoneModule } from '@alexaltea/keystone-js'
import { TransplantError } from '../base/index.js'
import { readEngine } from './engine-files.js'

export type Encoded =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused' }
  /** The engine died of this line. */
  | { readonly kind: 'died' }

interface Exports {
  /** Linear memory, and the stack pointer's accessors, by the names that version 0.9.2 exports. */
  readonly u: WebAssembly.Memory
  readonly I: (pointer: number) => void
  readonly K: () => number
}

export class Keystone {
  private readonly encoder: KeystoneEncoder
  private readonly exports: Exports
  private readonly stack: number
  private readonly pristine: Uint8Array

  private constructor(encoder: KeystoneEncoder, exports: Exports) {
    this.encoder = encoder
    this.exports = exports
    this.stack = exports.K()
    const memory = new Uint8Array(exports.u.buffer)
    this.pristine = memory.slice(0, 1 + memory.findLastIndex((byte) => byte !== 0))
  }

  static async create(): Promise<Keystone> {
    // Its script costs a tenth of a second: read where something is assembled, not where this module is imported.
    const [{ default: load }, bytes] = await Promise.all([import('@alexaltea/keystone-js'), readEngine('keystone')])
    const compiled = await WebAssembly.compile(bytes)
    let exports: Partial<Exports> | undefined
    const engine: KeystoneModule = await load({
      printErr: () => {},
      instantiateWasm(imports, receive) {
        void WebAssembly.instantiate(compiled, imports).then((instance) => {
          exports = instance.exports as Partial<Exports>
          receive(instance, compiled)
        })
      },
    })
    if (!exports?.u || !exports.I || !exports.K) {
      throw new TransplantError('ENGINE_UNKNOWN', 'This build of Keystone exports other names.', 'Install 0.9.2.')
    }
    const encoder = new engine.Keystone(engine.ARCH_X86, engine.MODE_64)
    encoder.option(engine.OPT_SYNTAX, engine.OPT_SYNTAX_INTEL)
    return new Keystone(encoder, exports as Exports)
  }

  /** One instruction, as if it stood at address 0. */
  encode(text: string): Encoded {
    const { process } = globalThis
    const exitCode = process?.exitCode
    try {
      const { failed, mc } = this.encoder.asm(text, 0n)
      return failed || mc.length === 0 ? { kind: 'refused' } : { kind: 'bytes', bytes: mc.slice() }
    } catch {
      this.revive()
      // The engine's exit() speaks for the process.
      if (process !== undefined) process.exitCode = exitCode
      return { kind: 'died' }
    }
  }

  private revive(): void {
    const memory = new Uint8Array(this.exports.u.buffer)
    memory.set(this.pristine)
    memory.fill(0, this.pristine.length)
    this.exports.I(this.stack)
  }
}
