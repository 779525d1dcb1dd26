// Where the time of a benchmark line goes: runs the bench for this project alone under V8's sampling profiler and prints the
// functions with the most time of their own. For that the core is compiled once more, as always but with names.
//
//   node tests/performance/profile.mjs guest/pipe [bench options...]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [line, ...more] = process.argv.slice(2)
if (line === undefined || line.startsWith('-')) {
  process.stderr.write(
    'usage: node tests/performance/profile.mjs LINE [bench options], for example guest/pipe or flat\n',
  )
  process.exit(2)
}

const SHOWN = 25
const path = (name) => fileURLToPath(new URL(name, import.meta.url))

/** Compiles the core with the names of its functions; gives the file. */
function namedCore(folder) {
  const file = join(folder, 'core.wasm')
  const words = ['src/cpu/core/index.ts', '--config', 'src/cpu/core/asconfig.json', '--target', 'release', '--debug']
  const done = spawnSync(
    process.execPath,
    [path('../../node_modules/assemblyscript/bin/asc.js'), ...words, '--outFile', file],
    {
      cwd: path('../..'),
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  if (done.status !== 0) process.exit(1)
  return file
}

/** Self time of each function in microseconds, and the sum of all but idle time. */
function selfTimes(profile) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const times = new Map()
  let total = 0
  profile.samples.forEach((id, i) => {
    const { functionName, url, lineNumber } = nodes.get(id).callFrame
    if (functionName === '(idle)') return
    const file = url.startsWith('wasm:') ? 'wasm' : url.replace(/^.*\/(dist|node_modules|tests)\//, '$1/')
    const name = `${functionName || '(anonymous)'}${file === '' ? '' : `  ${file}${file === 'wasm' ? '' : `:${lineNumber + 1}`}`}`
    const time = Math.max(0, profile.timeDeltas[i])
    times.set(name, (times.get(name) ?? 0) + time)
    total += time
  })
  return { times: [...times].sort((a, b) => b[1] - a[1]), total }
}

const folder = mkdtempSync(join(tmpdir(), 'transplant-profile-'))
try {
  const words = [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    path('bench.mjs'),
    '--only',
    line,
    '--against',
    'none',
    ...more,
  ]
  const done = spawnSync(process.execPath, words, {
    env: { ...process.env, TRANSPLANT_BENCH_CORE: namedCore(folder) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (done.status !== 0) process.exit(done.status ?? 1)
  const [file] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))
  const { times, total } = selfTimes(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  console.log(`\nof ${(total / 1e6).toFixed(1)} s of samples, each function's own share:`)
  for (const [name, time] of times.slice(0, SHOWN))
    console.log(`${((100 * time) / total).toFixed(1).padStart(6)} %  ${name}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
