// The part of the WebAssembly, text-encoding, URL and cloning globals that the rooms below cli/ and web/ use. Those rooms are
// compiled without the DOM and Node libraries, so that they run unchanged in both.

declare global {
  namespace WebAssembly {
    function validate(bytes: ArrayBuffer | ArrayBufferView): boolean
    class Module {
      constructor(bytes: ArrayBuffer | ArrayBufferView)
      static exports(module: Module): readonly { readonly name: string }[]
    }
    class Instance {
      constructor(module: Module, imports?: Record<string, Record<string, unknown>>)
      readonly exports: Record<string, unknown>
    }
    class Memory {
      constructor(descriptor: { initial: number; maximum?: number })
      readonly buffer: ArrayBuffer
      grow(pages: number): number
    }
    class Table {
      constructor(descriptor: { initial: number; maximum?: number; element: 'anyfunc' })
      readonly length: number
      set(index: number, value: unknown): void
    }
  }

  class TextEncoder {
    encode(text: string): Uint8Array
  }

  class TextDecoder {
    constructor(encoding?: string, options?: { fatal?: boolean })
    decode(bytes: ArrayBufferView, options?: { stream?: boolean }): string
  }

  class URL {
    constructor(url: string, base: string)
    readonly href: string
  }

  interface ImportMeta {
    readonly url: string
  }

  function structuredClone<T>(value: T, options?: { transfer?: ArrayBufferLike[] }): T
}

export {}
