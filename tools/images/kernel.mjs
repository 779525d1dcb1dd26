// Builds the committed kernels, or one by itself:
//
//   node tools/images/kernel.mjs [--release 1.1] [--define NAME=VALUE]... [--suffix=-mine] [--replace SOURCE=FILE]... [--debug-info] [--out FILE]
//
// `--define` (with `--suffix`) makes a variant, for mutants that the tests must catch; `--replace` compiles FILE in the place of SOURCE
// (images/kernel/...), whose own object stays as it is; `--debug-info` makes one with DWARF, for gdb.
import { fileURLToPath } from 'node:url'
import { buildKernel, releases } from '../../dist/toolchain/index.js'
import { readOptions } from '../options.mjs'

/** The image target: all releases. Gives the paths. */
export async function buildKernels() {
  const images = []
  for (const release of releases()) images.push(await buildKernel({ release }))
  return images
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = readOptions(fileURLToPath(import.meta.url), {
    options: {
      release: { type: 'string' },
      define: { type: 'string', multiple: true },
      suffix: { type: 'string' },
      replace: { type: 'string', multiple: true, default: [] },
      'debug-info': { type: 'boolean' },
      out: { type: 'string' },
    },
  })
  const { release, define: defines, suffix, 'debug-info': debugInfo, out: output } = values
  const replace = Object.fromEntries(values.replace.map((pair) => pair.split('=')))
  console.log(await buildKernel({ release, defines, suffix, debugInfo, output, replace }))
}
