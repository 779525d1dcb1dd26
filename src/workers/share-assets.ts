// What many workers read, prepared so that it exists once: byte arrays move into shared memory, the CPU core is compiled
// here and crosses as a module. Where threads cannot share memory, the bytes are left as they are and cross as copies.

/** The same values for the same names; only the first level is looked at. */
export function shareAssets<Assets extends object>(assets: Assets): Assets {
  const shared = Object.entries(assets).map(([name, value]): [string, unknown] => {
    if (!(value instanceof Uint8Array)) return [name, value]
    return [name, name === 'coreWasm' ? new WebAssembly.Module(value) : shareBytes(value)]
  })
  return Object.fromEntries(shared) as Assets
}

function shareBytes(bytes: Uint8Array): Uint8Array {
  if (typeof SharedArrayBuffer === 'undefined' || bytes.buffer instanceof SharedArrayBuffer) return bytes
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}
