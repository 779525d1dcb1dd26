// Where the time of a real guest goes: for each phase the counts of a core that counts (core/state/counters.ts), what the compiler did, and the
// CPU time of all threads; then each function's own share of the main thread's time, by V8's sampling profiler (regions are one line), and each
// function of the guest's kernel, found by its kallsyms, with the programs by name: where each slice of SLICE instructions ended has its time.
//
//   TRANSPLANT_LINUX=folder node tests/performance/profile-linux.mjs on|off PHASE,PHASE [size]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findLinux } from '../../dist/guest/index.js'
import { Machine, MachinePort } from '../../dist/machine/index.js'
import { read as image, path } from './bench/kernel-image.mjs'
import { initramfs } from './bench/linux/initramfs.mjs'
import { phases } from './bench/linux/phases.mjs'
import { elfOf, findKernel, read } from './bench/linux/sources.mjs'

const SHOWN = 25
const SLICE = 20_000
/** In the order of core/state/counters.ts. */
const NAMES = [
  ...[
    'found',
    'passed',
    'checked',
    'decoded',
    'arena emptied',
    'block dropped',
    'generation',
    'tags flushed',
    'TLB asked',
    'TLB filled',
  ],
  ...['entered', 'in regions', 'interpreted', 'helper vector', 'helper cold', 'helper system'],
]
const LEFT = ['jump', 'fault', 'stop', 'uop', 'fuel', 'taken', 'next', 'system'].map((name) => `left: ${name}`)

const [jit, list, size = '0.1'] = process.argv.slice(2)
const names = list?.split(',') ?? []
if (!['on', 'off'].includes(jit) || names.some((name) => !phases[name]) || !(Number(size) > 0)) {
  process.stderr.write(
    `usage: node tests/performance/profile-linux.mjs on|off PHASES [size]; phases: ${Object.keys(phases).join(',')}\n`,
  )
  process.exit(2)
}
const kernel = findKernel()
if (kernel.absent) {
  process.stderr.write(`${kernel.absent}\n`)
  process.exit(2)
}

/** The core, with the names of its functions and with its counters; TRANSPLANT_BENCH_CORE names one that was built so before. */
function countingCore() {
  if (process.env.TRANSPLANT_BENCH_CORE) return readFileSync(process.env.TRANSPLANT_BENCH_CORE)
  const folder = mkdtempSync(join(tmpdir(), 'transplant-profile-'))
  try {
    const [entry, file] = [join(folder, 'counting.ts'), join(folder, 'core.wasm')]
    writeFileSync(entry, '// @ts-ignore: decorator\n@global const TRANSPLANT_COUNTING: bool = true\n')
    const words = [
      'src/cpu/core/index.ts',
      entry,
      '--config',
      'src/cpu/core/asconfig.json',
      '--target',
      'release',
      '--debug',
    ]
    const done = spawnSync(
      process.execPath,
      [path('node_modules/assemblyscript/bin/asc.js'), ...words, '--outFile', file],
      {
        cwd: path('.'),
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
    if (done.status !== 0) process.exit(1)
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const made = Machine.create({
  coreWasm: countingCore(),
  firmware: image('images/built/firmware.bin'),
  kernel: elfOf(read(kernel.image)),
  initrd: initramfs(Number(size)),
  append: 'console=ttyS0 quiet',
  memoryBytes: 256 << 20,
  jit,
})
if (!made.ok) throw new Error(made.message)
const machine = made.value
const { core } = machine.hardware
let text = ''
machine.onConsole(({ channel, bytes }) => {
  if (channel === 0) text += Buffer.from(bytes).toString('latin1')
})

function figures() {
  const values = new BigUint64Array(core.memory.buffer, core.exports.countersPointer() >>> 0, 32)
  const { user, system } = process.cpuUsage()
  return {
    'CPU ms': (user + system) / 1000,
    instructions: machine.statistics.instructions,
    ...Object.fromEntries([...NAMES.entries()].map(([i, name]) => [name, Number(values[i])])),
    ...Object.fromEntries(LEFT.map((name, i) => [name, Number(values[24 + i])])),
    ...Object.fromEntries(
      Object.entries(machine.compilerStatistics).map(([name, value]) => [`compiler: ${name}`, value]),
    ),
  }
}

/** Milliseconds by where the guest was: [of the kernel, RIP] or [of programs, page of RIP]. */
const places = { kernel: new Map(), user: new Map() }

function sample(milliseconds) {
  const { rip } = machine.registers(0)
  const [map, key] = rip >> 63n ? [places.kernel, rip] : [places.user, rip >> 12n]
  map.set(key, (map.get(key) ?? 0) + milliseconds)
}

/** Runs until the console says `pattern`; prints what was counted meanwhile. */
function measure(name, pattern) {
  const before = figures()
  while (!pattern.test(text)) {
    const begin = performance.now()
    const stop = machine.run({ instructions: SLICE, until: () => pattern.test(text) })
    sample(performance.now() - begin)
    if (stop.reason !== 'limit' && stop.reason !== 'output')
      throw new Error(`the guest stopped: ${JSON.stringify(stop)}\n${text}`)
  }
  console.log(`\n${name}`)
  for (const [what, value] of Object.entries(figures())) {
    if (value !== before[what]) console.log(`  ${what.padEnd(24)}${Math.round(value - before[what])}`)
  }
}

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.start')
measure('boot', /@ready/)
for (const name of names) {
  for (let run = 1; run <= 2; run++) {
    text = ''
    machine.sendConsole(0, new TextEncoder().encode(`${name}\n`))
    measure(`${name}, run ${run}`, new RegExp(`@end ${name} [^\r\n]*\r?\n`))
  }
}
const { profile } = await session.post('Profiler.stop')
const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
const times = new Map()
let total = 0
profile.samples.forEach((id, i) => {
  const { functionName, url } = nodes.get(id)
  if (functionName === '(idle)') return
  const name = url.startsWith('wasm:') && /^(\d+|wasm-function.*)$/.test(functionName) ? 'regions' : functionName
  times.set(name, (times.get(name) ?? 0) + Math.max(0, profile.timeDeltas[i]))
  total += Math.max(0, profile.timeDeltas[i])
})
console.log(`\nof ${(total / 1e6).toFixed(1)} s of samples, each function's own share:`)
for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, SHOWN))
  console.log(`${((100 * time) / total).toFixed(1).padStart(6)} %  ${name}`)

/** By name: a function of the kernel, or a page of a program's. */
async function guestTimes() {
  const kernel = await findLinux(new MachinePort(machine))
  const named = new Map()
  const add = (name, time) => named.set(name, (named.get(name) ?? 0) + time)
  for (const [rip, time] of places.kernel)
    add(kernel?.functionAt(rip)?.symbol.name ?? `kernel ${rip.toString(16)}`, time)
  for (const [page, time] of places.user) add(`program, page ${page.toString(16)}`, time)
  return [...named].sort((a, b) => b[1] - a[1])
}
const guest = await guestTimes()
const whole = guest.reduce((sum, [, time]) => sum + time, 0)
const ofKernel = [...places.kernel.values()].reduce((sum, time) => sum + time, 0)
console.log(
  `\nof ${(whole / 1000).toFixed(1)} s, ${((100 * ofKernel) / whole).toFixed(0)} % in the guest's kernel; by function of the guest:`,
)
for (const [name, time] of guest.slice(0, SHOWN))
  console.log(`${((100 * time) / whole).toFixed(1).padStart(6)} %  ${name}`)
process.exit(0)
