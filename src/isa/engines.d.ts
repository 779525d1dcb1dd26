// Types of the two WebAssembly engines this room wraps, as far as it uses them. Neither package ships its
// own. Capstone: bytes -> instructions; Keystone: text -> bytes.
declare module '@alexaltea/capstone-js' {
  export interface CapstoneInstruction {
    readonly id: number
    readonly address: bigint
    readonly size: number
    readonly bytes: readonly number[]
    readonly mnemonic: string
    readonly op_str: string
  }
  export interface CapstoneDecoder {
    disasm(bytes: readonly number[] | Uint8Array, address: bigint, maximum?: number): readonly CapstoneInstruction[]
    close(): void
  }
  export interface CapstoneModule {
    readonly ARCH_X86: number
    readonly MODE_64: number
    readonly MODE_32: number
    readonly MODE_16: number
    readonly Capstone: new (architecture: number, mode: number) => CapstoneDecoder
  }
  const load: (loading?: { wasmBinary?: Uint8Array }) => Promise<CapstoneModule>
  // biome-ignore lint/style/noDefaultExport: this is how the package exports it
  export default load
}

declare module '@alexaltea/keystone-js' {
  export interface KeystoneResult {
    readonly mc: Uint8Array
    readonly count: number
    readonly failed: boolean
  }
  export interface KeystoneEncoder {
    asm(source: string, address: bigint): KeystoneResult
    option(type: number, value: number): void
    errno(): number
    close(): void
  }
  export interface KeystoneModule {
    readonly ARCH_X86: number
    readonly MODE_64: number
    readonly OPT_SYNTAX: number
    readonly OPT_SYNTAX_INTEL: number
    readonly OPT_SYNTAX_ATT: number
    readonly Keystone: new (architecture: number, mode: number) => KeystoneEncoder
    strerror(code: number): string
  }
  export interface KeystoneLoading {
    printErr?(text: string): void
    /** Takes the place of the package's own search for its file. */
    instantiateWasm?(
      imports: Record<string, Record<string, unknown>>,
      receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): void
  }
  const load: (loading?: KeystoneLoading) => Promise<KeystoneModule>
  // biome-ignore lint/style/noDefaultExport: this is how the package exports it
  export default load
}
