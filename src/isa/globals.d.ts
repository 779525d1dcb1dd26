// The globals of Node and of a page that finding and running the engines needs (engine-files.ts, keystone.ts).

declare global {
  namespace WebAssembly {
    function compile(bytes: ArrayBufferView): Promise<Module>
    function instantiate(module: Module, imports: Record<string, Record<string, unknown>>): Promise<Instance>
  }

  /** Node only. */
  var process: { readonly versions?: { readonly node?: string }; exitCode?: number | string | undefined } | undefined

  function fetch(
    url: string,
  ): Promise<{ ok: boolean; status: number; url: string; arrayBuffer(): Promise<ArrayBuffer> }>
}

export {}
