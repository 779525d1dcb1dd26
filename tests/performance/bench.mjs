// Speeds of the whole machine, measured in the guest: boot to shell, loops of known shape, system calls, pipes, forks,
// page faults; beside QEMU's TCG on the same images where it is installed. Each figure is the median of some runs; the
// machine's own figures are guest instructions (exact) over wall time.
//
//   npm run bench [-- --json] [-- --runs N]
//
// Not a test: it judges nothing, it prints.
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Machine } from '../../dist/machine/index.js'

const root = new URL('../../', import.meta.url)
const path = (name) => fileURLToPath(new URL(name, root))
const read = (name) => new Uint8Array(readFileSync(path(name)))
const words = process.argv.slice(2)
const json = words.includes('--json')
const runs = Number(words[words.indexOf('--runs') + 1]) || 3

const assets = {
  coreWasm: new WebAssembly.Module(read('dist/cpu/core.wasm')),
  firmware: read('images/built/firmware.bin'),
  kernel: read('images/built/scion-1.0.elf'),
  initrd: read('images/built/initramfs.cpio'),
}

const loops = [
  ['compute', 20_000_000, 7],
  ['memory', 10_000_000, 7],
  ['calls', 5_000_000, undefined],
  ['syscall', 100_000, undefined],
  ['pipe', 5_000, undefined],
  ['fork', 300, undefined],
  ['faults', 5_000, undefined],
]

function boot() {
  const created = Machine.create({ ...assets, append: 'console=ttyS0 quiet', vcpus: 1, onReset: 'stop' })
  if (!created.ok) throw new Error(created.message)
  const machine = created.value
  let text = ''
  machine.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += Buffer.from(bytes).toString('latin1')
  })
  /** Runs until the console shows this; in pieces, because V8 replaces running code only between calls. */
  const until = (pattern) => {
    for (;;) {
      if (pattern.test(text)) {
        const seen = text
        text = ''
        return seen
      }
      const stop = machine.run({ instructions: 500_000 })
      if (stop.reason !== 'limit') throw new Error(`the guest stopped: ${JSON.stringify(stop)}\n${text}`)
    }
  }
  return { machine, until, type: (line) => machine.sendConsole(0, new TextEncoder().encode(`${line}\r`)) }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const spread = (values) => ({ median: median(values), least: Math.min(...values), most: Math.max(...values) })

function measureOurs() {
  const results = {}
  const boots = []
  const bootInstructions = []
  for (let i = 0; i < runs; i++) {
    const begin = performance.now()
    const guest = boot()
    guest.until(/\/ # $/)
    boots.push(performance.now() - begin)
    bootInstructions.push(guest.machine.statistics.instructions)
  }
  results.boot = { milliseconds: spread(boots), instructions: median(bootInstructions) }
  const guest = boot()
  guest.until(/\/ # $/)
  for (const [kind, rounds] of loops) {
    const mips = []
    const rates = []
    for (let i = 0; i < runs + 1; i++) {
      const before = guest.machine.statistics.instructions
      const begin = performance.now()
      guest.type(`spin ${kind} ${rounds}`)
      guest.until(new RegExp(`spin ${kind} ${rounds}: [0-9a-f]{16}[^]*/ # $`))
      const microseconds = (performance.now() - begin) * 1000
      if (i === 0) continue // the first warms V8 up
      mips.push((guest.machine.statistics.instructions - before) / microseconds)
      rates.push((rounds / microseconds) * 1e6)
    }
    results[kind] = { mips: spread(mips), roundsPerSecond: spread(rates) }
  }
  return results
}

/** The same loops under QEMU: rounds a second, by wall time between the typed line and the prompt. */
async function measureQemu() {
  if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0) return undefined
  const child = spawn('qemu-system-x86_64', [
    ...['-accel', 'tcg', '-m', '128', '-display', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-kernel', path('images/built/scion-1.0.elf'), '-initrd', path('images/built/initramfs.cpio')],
    ...['-append', 'console=ttyS0 quiet'],
  ])
  let text = ''
  let wake = () => {}
  child.stdout.on('data', (data) => {
    text += data.toString('latin1')
    wake()
  })
  const until = async (pattern) => {
    while (!pattern.test(text)) await new Promise((resolve) => { wake = resolve })
    text = ''
  }
  const results = {}
  const begin = performance.now()
  await until(/\/ # $/)
  results.boot = { milliseconds: performance.now() - begin }
  for (const [kind, rounds] of loops) {
    const rates = []
    for (let i = 0; i < runs + 1; i++) {
      const start = performance.now()
      child.stdin.write(`spin ${kind} ${rounds}\r`)
      await until(new RegExp(`spin ${kind} ${rounds}: [0-9a-f]{16}[^]*/ # $`))
      if (i > 0) rates.push((rounds / (performance.now() - start)) * 1000)
    }
    results[kind] = { roundsPerSecond: spread(rates) }
  }
  child.kill()
  return results
}

const ours = measureOurs()
const qemu = await measureQemu()
if (json) {
  console.log(JSON.stringify({ schema: 'transplant-bench/1', node: process.version, runs, ours, qemu }, null, 2))
} else {
  const { milliseconds, instructions } = ours.boot
  console.log(`boot to shell   ${milliseconds.median.toFixed(0)} ms (${milliseconds.least.toFixed(0)}-${milliseconds.most.toFixed(0)}), ${(instructions / 1e6).toFixed(1)} M instructions${qemu ? `; QEMU TCG ${qemu.boot.milliseconds.toFixed(0)} ms` : ''}`)
  console.log(`${'loop'.padEnd(12)}${'MIPS'.padStart(8)}${'(spread)'.padStart(14)}${'rounds/s'.padStart(14)}${'QEMU rounds/s'.padStart(16)}${'ratio'.padStart(8)}`)
  for (const [kind] of loops) {
    const { mips, roundsPerSecond } = ours[kind]
    const other = qemu?.[kind].roundsPerSecond.median
    console.log(
      kind.padEnd(12) +
        mips.median.toFixed(0).padStart(8) +
        `(${mips.least.toFixed(0)}-${mips.most.toFixed(0)})`.padStart(14) +
        roundsPerSecond.median.toFixed(0).padStart(14) +
        (other === undefined ? 'not installed' : other.toFixed(0)).padStart(16) +
        (other === undefined ? '' : (roundsPerSecond.median / other).toFixed(3)).padStart(8),
    )
  }
}
