// Where the engines' WebAssembly is: in Node beside the package that carries it; in a page at an address that a bundler
// makes of the `new URL` below. Neither package finds its own file once it is bundled.

import { bundledAddress, TransplantError } from '../base/index.js'

export type EngineName = 'capstone' | 'keystone'

const addresses: Readonly<Record<EngineName, () => URL>> = {
  capstone: () => new URL('@alexaltea/capstone-js/dist/capstone.wasm', import.meta.url),
  keystone: () => new URL('@alexaltea/keystone-js/dist/keystone.wasm', import.meta.url),
}

export async function readEngine(name: EngineName): Promise<Uint8Array> {
  try {
    return globalThis.process?.versions?.node === undefined ? await fetchEngine(name) : await readFromPackage(name)
  } catch (error) {
    if (error instanceof TransplantError) throw error
    throw engineMissing(name, error instanceof Error ? error.message : String(error))
  }
}

function engineMissing(name: EngineName, reason: string): TransplantError {
  return new TransplantError(
    'ENGINE_MISSING',
    `${name}.wasm cannot be read: ${reason}.`,
    `Install @alexaltea/${name}-js beside Transplant.`,
  )
}

async function fetchEngine(name: EngineName): Promise<Uint8Array> {
  const packaged = `@alexaltea/${name}-js/dist/${name}.wasm`
  const answer = await fetch(bundledAddress(addresses[name]().href, import.meta.url, packaged))
  if (!answer.ok) throw engineMissing(name, `HTTP ${answer.status} at ${answer.url}`)
  return new Uint8Array(await answer.arrayBuffer())
}

async function readFromPackage(name: EngineName): Promise<Uint8Array> {
  // By variable names, so that a bundler for pages leaves them alone.
  const [modules, files] = ['node:module', 'node:fs/promises']
  const { createRequire } = (await import(/* @vite-ignore */ modules as string)) as NodeModules
  const { readFile } = (await import(/* @vite-ignore */ files as string)) as NodeFiles
  const path = createRequire(import.meta.url).resolve(`@alexaltea/${name}-js/dist/${name}.wasm`)
  return new Uint8Array(await readFile(path))
}

interface NodeModules {
  createRequire(from: string): { resolve(specifier: string): string }
}

interface NodeFiles {
  readFile(path: string): Promise<Uint8Array>
}
