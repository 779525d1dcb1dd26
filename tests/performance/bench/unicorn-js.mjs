// Competitor: unicorn.js, Unicorn compiled to WebAssembly, as it comes inside the npm package @specy/x86. Flat 64-bit code.
//
// The package gives its engine to nobody but its own 32-bit interpreter, and the file of the engine imports in no Node; so the
// file is read as text and evaluated as a function that returns the engine.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  ENTRY_ADDRESS,
  HALT_ADDRESS,
  IMAGE_ADDRESS,
  kernelImage,
  MEMORY_BYTES,
  path,
  REQUEST_ADDRESS,
  request,
} from './kernel-image.mjs'

const folder = 'node_modules/@specy/x86'

export async function createUnicornJs() {
  const file = path(`${folder}/dist/x86/deps/unicorn-x86.min.js`)
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return { name: 'unicorn.js', absent: 'the npm package @specy/x86 is not installed' }
  }
  const body = `${text.replace(/export\s*\{[^{}]*\}\s*;?\s*$/, '')}\nreturn [uc, MUnicorn]`
  const [uc, waiting] = new Function('require', '__filename', 'console', body)(createRequire(file), file, quiet)
  if (waiting instanceof Promise) await waiting
  for (let i = 0; i < 500; i++) {
    try {
      uc.version()
      break
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const image = kernelImage(64)
  const engine = new uc.Unicorn(uc.ARCH_X86, uc.MODE_64)
  engine.mem_map(0, MEMORY_BYTES, uc.PROT_ALL)
  engine.mem_write(IMAGE_ADDRESS, image.bytes)
  const packageVersion = JSON.parse(readFileSync(path(`${folder}/package.json`), 'utf8')).version
  return {
    name: 'unicorn.js',
    version: `in @specy/x86 ${packageVersion}`,
    async run(kernel, rounds) {
      engine.mem_write(REQUEST_ADDRESS, request(image.names.indexOf(kernel), rounds))
      const begin = performance.now()
      engine.emu_start(ENTRY_ADDRESS, HALT_ADDRESS, 0, 0)
      const milliseconds = performance.now() - begin
      const result = Uint8Array.from(engine.mem_read(REQUEST_ADDRESS + 8, 4))
      return { result: new DataView(result.buffer).getUint32(0, true), milliseconds }
    },
    async close() {
      engine.close()
    },
  }
}

/** The engine prints a warning for each system call that it lacks. */
const quiet = { ...console, log: () => {}, warn: () => {}, error: () => {} }
