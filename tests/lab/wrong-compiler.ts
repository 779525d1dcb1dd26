// A compiler that is wrong in one place, for tests of what compares executors.

/** Runs `work`; WebAssembly that is compiled meanwhile has the constant `wrong` where its source says `right`. The core itself is right. */
export async function withWrongCompiler<T>(right: number, wrong: number, work: () => T): Promise<Awaited<T>> {
  const [before, after] = [leb128(right), leb128(wrong)]
  if (before.length !== after.length) throw new Error('The constants differ in length.')
  const Right = WebAssembly.Module
  class Wrong extends Right {
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Right
    }
    constructor(bytes: ArrayBuffer | ArrayBufferView) {
      const code = Buffer.from(bytes as Uint8Array)
      for (let at = code.indexOf(before); at >= 0; at = code.indexOf(before, at + 1)) code.set(after, at)
      super(code)
    }
  }
  WebAssembly.Module = Wrong
  try {
    return await work()
  } finally {
    WebAssembly.Module = Right
  }
}

/** A signed number as WebAssembly's constants have it. */
export function leb128(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left >>= 7) {
    const last = left >= -64 && left < 64
    bytes.push((left & 127) | (last ? 0 : 128))
    if (last) return Buffer.from(bytes)
  }
}
