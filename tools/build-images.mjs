// Builds everything that runs in the guest, with gcc, and writes images/built/manifest.json: for each file its size, SHA-256 and
// build-id, and the compiler that made it. `node tools/build-images.mjs [target...]`, all targets when none is named; a target that
// is not built keeps its entry in the manifest. `--check` builds into images/built and fails if a file differs from the manifest
// as it was before: that is how a change of bytes without a change of the committed images is found.
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildId, parseElf } from '../dist/format/index.js'
import { builtFolder, toolchain } from './images/toolchain.mjs'
import { readOptions } from './options.mjs'

// Each target is a module tools/images/<file> with one function that returns the paths it built.
const targets = [
  { name: 'firmware', module: './images/firmware.mjs', build: 'buildFirmware' },
  { name: 'oracle', module: './images/oracle.mjs', build: 'buildOracle' },
  { name: 'benchmark', module: './images/benchmark.mjs', build: 'buildBenchmark' },
  { name: 'user', module: './images/user.mjs', build: 'buildUser' },
  { name: 'kernel', module: './images/kernel.mjs', build: 'buildKernels' },
  { name: 'patches', module: './images/patches.mjs', build: 'buildCorpus' },
]

const manifestPath = join(builtFolder, 'manifest.json')

/** What the manifest says of one built file. */
function describe(path) {
  const bytes = new Uint8Array(readFileSync(path))
  const elf = parseElf(bytes, 'headers')
  const id = elf.ok ? buildId(elf.value) : undefined
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { file: basename(path), size: bytes.length, sha256, ...(id === undefined ? {} : { buildId: id }) }
}

function readManifest() {
  if (!existsSync(manifestPath)) return { schema: 'transplant-images/1', images: [] }
  return JSON.parse(readFileSync(manifestPath, 'utf8'))
}

function writeManifest(images) {
  const manifest = {
    schema: 'transplant-images/1',
    compiler: `gcc ${toolchain.compilerVersion()}`,
    linker: toolchain.linkerVersion(),
    images: images.sort((a, b) => (a.file < b.file ? -1 : 1)),
  }
  writeFileSync(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`)
}

const { values, positionals: wanted } = readOptions(fileURLToPath(import.meta.url), {
  options: { check: { type: 'boolean' } },
  allowPositionals: true,
})
const unknown = wanted.filter((word) => !targets.some((target) => target.name === word))
if (unknown.length > 0) {
  process.stderr.write(
    `unknown target ${unknown.join(', ')}; there are ${targets.map((target) => target.name).join(', ')}\n`,
  )
  process.exit(2)
}

mkdirSync(builtFolder, { recursive: true })
const before = readManifest()
let images = before.images
for (const target of targets) {
  if (wanted.length > 0 && !wanted.includes(target.name)) continue
  const path = new URL(target.module, import.meta.url)
  if (!existsSync(path)) continue
  const files = await (await import(path))[target.build]()
  for (const file of files) chmodSync(file, 0o644)
  images = images.filter((image) => image.target !== target.name)
  images.push(...files.map((file) => ({ target: target.name, ...describe(file) })))
  process.stdout.write(`${target.name}: ${files.map((file) => basename(file)).join(' ')}\n`)
}

if (values.check) {
  const differing = images.filter(
    (image) => before.images.find((old) => old.file === image.file)?.sha256 !== image.sha256,
  )
  for (const image of differing) process.stderr.write(`images/built/${image.file} differs from the committed one\n`)
  if (differing.length > 0) {
    process.stderr.write('run `npm run images` with gcc 12.2 and commit images/built\n')
    process.exit(1)
  }
} else {
  writeManifest(images)
}
