// Builds the patch corpus: every images/patches/*.c (gcc) and *.s (Keystone) becomes a module for one kernel image.
//
//   node tools/images/patches.mjs [--kernel images/built/scion-1.0.elf] [--out images/built/patches] [name...]
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildPatches } from '../../dist/toolchain/index.js'
import { builtFolder, root } from './toolchain.mjs'

const standard = { kernelPath: join(builtFolder, 'scion-1.0.elf'), out: join(builtFolder, 'patches') }

/** The image target: the whole corpus for the committed kernel 1.0. Gives the paths. */
export async function buildCorpus() {
  return (await buildPatches(standard)).map((one) => one.path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals: names } = parseArgs({
    options: {
      kernel: { type: 'string', default: standard.kernelPath },
      out: { type: 'string', default: standard.out },
    },
    allowPositionals: true,
  })
  for (const { path, bytes, functions } of await buildPatches({ kernelPath: values.kernel, out: values.out, names })) {
    const replaced = functions.map((one) => `${one.object}:${one.name}`).join(' ')
    console.log(`${relative(root, path)}  ${bytes} bytes  ${replaced}`)
  }
}
