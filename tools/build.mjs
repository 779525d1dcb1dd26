// Builds the project: the CPU core (AssemblyScript -> src/cpu/core.wasm, and the layouts of its records), then every TypeScript room
// (tsc -b over the project references -> dist/), then the page (build-page.mjs -> dist/page). Skips what is newer than its sources, so that a second run is quick. Tests, benchmarks and users
// run the same bytes. With --debug-core it builds src/cpu/core-debug.wasm alone: the core with its assertions (src/cpu/core/state/debug.ts).
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

function newest(folder) {
  let time = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) time = Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
  }
  return time
}

/** A folder of packages from before the list changed makes errors that do not name the cause. */
function requirePackages() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))
  const { dependencies, devDependencies } = read('package.json')
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    if (existsSync(join(root, 'node_modules', name))) continue
    console.error(`${name} is not installed: run npm ci.`)
    process.exit(1)
  }
}

function run(command, args) {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', command), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (result.status !== 0) process.exit(result.status ?? 1)
}

const sources = ['src/cpu/core', 'src/cpu/numbers', 'tools/core'].map((folder) => newest(join(root, folder)))
const isFresh = (file) => existsSync(file) && statSync(file).mtimeMs >= Math.max(...sources)

function buildCore(...options) {
  run('assemblyscript/bin/asc.js', ['src/cpu/core/index.ts', '--config', 'src/cpu/core/asconfig.json', ...options])
}

requirePackages()
if (process.argv.includes('--debug-core')) {
  const wasm = join(root, 'src/cpu/core-debug.wasm')
  if (!isFresh(wasm)) buildCore('--target', 'debug', '--outFile', wasm)
  process.exit(0)
}
const wasm = join(root, 'src/cpu/core.wasm')
if (!isFresh(wasm) || !existsSync(join(root, 'src/cpu/layouts.ts')))
  buildCore('--target', 'release', '--transform', './tools/core/layouts.mjs')
run('typescript/bin/tsc', ['-b', 'src'])
mkdirSync(join(root, 'dist/cpu'), { recursive: true })
copyFileSync(wasm, join(root, 'dist/cpu/core.wasm'))
run('../tools/build-page.mjs', [])
