// Runs one guest twice in step, with the JIT and without it, and compares the machines' state hashes at checkpoints. A difference is
// narrowed to the instruction after which it shows, and printed with the last instructions, registers and memory.
//
//   node tools/lockstep.mjs                                    the shipped kernel boots
//   node tools/lockstep.mjs --changes --smp 2                  ... runs programs, is live-patched and upgraded
//   node tools/lockstep.mjs vmlinux --initrd root.cpio --append console=ttyS0 --instructions 5e9 --type '3e9:uname -a\n'
//
// Exit code 0: equal to the end; 8: they differ; 2: wrong usage. Needs a build (`npm run build`).
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { changesMachine, describeDivergence, Machine, recordChanges, runLockstep } from '../dist/index.js'
import { readAssets } from '../dist/node.js'

const HELP = `usage: node tools/lockstep.mjs [options] [kernel.elf]

  --changes             record boot, programs, a live patch and an upgrade of the shipped images, and compare that
  --program <command>   a program for --changes (several times for several; default: those of the demonstration)
  --initrd <file>       initial RAM disk (default: the shipped one, for the shipped kernel)
  --disk <file>         image for the virtio block device
  --append <text>       the kernel's command line (default: console=ttyS0)
  --smp <n>             vCPUs (default 1)
  --memory <MiB>        guest RAM (default 64)
  --seed <n>            seed of the schedule (default 1)
  --mean-slice <n>      mean length of a scheduler slice in instructions
  --instructions <n>    how long, in virtual time (default: 1e8, or the whole of --changes)
  --every <n>           virtual time between checkpoints (default 1e6)
  --type <time:text>    console input at a virtual time (\\n is Enter); several times for more
  --first <mode>        executor of the first machine: off, on, or a threshold (default off)
  --second <mode>       executor of the second one (default on)
  --core <file>         another core.wasm for the second machine
  --console             show the console of the first machine`

const options = {}
for (const name of [
  'initrd',
  'disk',
  'append',
  'smp',
  'memory',
  'seed',
  'mean-slice',
  'instructions',
  'every',
  'first',
  'second',
  'core',
]) {
  options[name] = { type: 'string' }
}
for (const name of ['type', 'program']) options[name] = { type: 'string', multiple: true }
for (const name of ['changes', 'console', 'help']) options[name] = { type: 'boolean' }

function usage(message) {
  console.error(`${message}\n\n${HELP}`)
  process.exit(2)
}

function parse() {
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (error) {
    return usage(error.message)
  }
}

const { values, positionals } = parse()
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

function number(name, fallback) {
  const value = values[name] === undefined ? fallback : Number(values[name])
  if (value !== undefined && !(value >= 0)) usage(`--${name} wants a number, not '${values[name]}'.`)
  return value
}

function executor(name, fallback) {
  const text = values[name] ?? fallback
  if (text === 'on' || text === 'off') return text
  if (!(Number(text) >= 0)) usage(`--${name} wants on, off or a threshold, not '${text}'.`)
  return { threshold: Number(text) }
}

function read(path) {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    return usage(`cannot read '${path}': ${error.message}`)
  }
}

function typed(text) {
  const found = /^([\d.e]+):(.*)$/is.exec(text)
  if (found === null) return usage(`--type wants TIME:TEXT, not '${text}'.`)
  const bytes = new TextEncoder().encode(found[2].replaceAll('\\n', '\n'))
  return { kind: 'console', channel: 0, time: Number(found[1]), slices: 0, bytes }
}

const assets = readAssets()
const machine = {
  vcpus: number('smp', 1),
  memoryBytes: number('memory', 64) * 1024 * 1024,
  seed: number('seed', 1),
  ...(values['mean-slice'] === undefined ? {} : { meanSlice: number('mean-slice') }),
}

function bootOptions() {
  const [kernel] = positionals
  const initrd = values.initrd === undefined ? (kernel === undefined ? assets.initrd : undefined) : read(values.initrd)
  return {
    coreWasm: assets.coreWasm,
    firmware: assets.firmware,
    kernel: kernel === undefined ? assets.kernel : read(kernel),
    append: values.append ?? 'console=ttyS0',
    onReset: 'stop',
    ...(initrd === undefined ? {} : { initrd }),
    ...(values.disk === undefined ? {} : { disk: read(values.disk) }),
    ...machine,
  }
}

function create(made, jit, coreWasm) {
  const created = Machine.create({ ...made, jit, coreWasm })
  if (!created.ok) usage(created.message)
  return created.value
}

const changes = { assets, machine, ...(values.program === undefined ? {} : { workloads: values.program }) }
const recording = values.changes ? await recordChanges(changes) : undefined
const made = values.changes ? changesMachine(changes) : bootOptions()
const first = create(made, executor('first', 'off'), assets.coreWasm)
const second = create(made, executor('second', 'on'), values.core === undefined ? assets.coreWasm : read(values.core))
if (values.console) first.onConsole(({ channel, bytes }) => channel === 0 && process.stdout.write(bytes))
const inputs = [...(recording?.inputs ?? []), ...(values.type ?? []).map(typed)].sort((a, b) => a.time - b.time)
const begun = performance.now()
let shown = 0
const result = runLockstep({
  first,
  second,
  inputs,
  instructions: number('instructions', recording?.end.time ?? 1e8),
  every: number('every', 1e6),
  onCheckpoint: (time) => {
    if (performance.now() - shown < 2000) return
    shown = performance.now()
    console.error(`equal at ${(time / 1e6).toFixed(0)} million`)
  },
  onNarrowed: (from, to) => console.error(`differs between ${from} and ${to}`),
})
if (result.equal) {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  console.log(
    `equal: ${result.checkpoints} checkpoints to instruction ${result.time}, hash ${result.hash}, ${seconds} s`,
  )
} else {
  console.log((await describeDivergence(result)).join('\n'))
  console.log(`\nrepeat: node tools/lockstep.mjs ${process.argv.slice(2).join(' ')}`)
}
process.exit(result.equal ? 0 : 8)
