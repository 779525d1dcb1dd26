// What snapshots, forks and time travel cost: of the real guest at its work, by wall clock. What they copy is counted too, and a wrong
// count or a wrong state ends it with status 1; no time fails it (tests/machine/forks.test.ts holds the counts).
//
//   node tests/performance/snapshot.mjs [--json] [--repeats 40]
//
// `fork` and `restore` are with so many pages stored to since the last one; `work` is with what the guest stores to in so many instructions.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { footprint, Machine, Timeline } from '../../dist/machine/index.js'
import { readOptions } from '../../tools/options.mjs'
import { spread } from './bench/measure.mjs'

const MIB = 1 << 20
const PAGE = 4096
const MILLION = 1_000_000
const GOAL = 1
const root = new URL('../../', import.meta.url)
const read = (path) => new Uint8Array(readFileSync(new URL(path, root)))
const coreWasm = new WebAssembly.Module(read('dist/cpu/core.wasm'))

function check(condition, what) {
  if (!condition) throw new Error(what)
}

/** The guest with programs on all vCPUs. */
function atWork(vcpus, mebibytes) {
  const made = Machine.create({
    coreWasm,
    firmware: read('images/built/firmware.bin'),
    kernel: read('images/built/scion-1.0.elf'),
    initrd: read('images/built/initramfs.cpio'),
    vcpus,
    seed: 7,
    memoryBytes: mebibytes * MIB,
  })
  check(made.ok, made.message)
  const machine = made.value
  // What is typed before the prompt would be lost: a UART keeps 16 bytes.
  let last = ''
  const prompt = ({ channel, bytes }) => {
    if (channel === 0) last = (last + String.fromCharCode(...bytes)).slice(-4)
    return channel === 0 && last === '/ # '
  }
  machine.run({ instructions: 1000 * MILLION, until: prompt })
  machine.sendConsole(
    0,
    new TextEncoder().encode('for w in counter pipeline signals timers cow files fpu; do $w 100000 > /tmp/$w & done\n'),
  )
  machine.run({ instructions: 40 * MILLION })
  const { idle } = machine.statistics
  machine.run({ instructions: MILLION })
  check(machine.statistics.idle === idle, 'the guest is not at work')
  return machine
}

/** Stores into pages near the end of RAM, which the guest has not come to. */
function touch(machine, pages, value) {
  for (let page = 1; page <= pages; page++) {
    machine.writePhysical(machine.memoryBytes - 2 * page * PAGE, Uint8Array.of(value & 255, 1))
  }
}

function timed(into, work) {
  const begin = performance.now()
  const result = work()
  into.push(performance.now() - begin)
  return result
}

function measureCounted(machine, pages, repeats) {
  const [fork, restore] = [[], []]
  let fork0 = machine.fork()
  for (let i = 0; i < repeats; i++) {
    touch(machine, pages, i)
    const before = machine.pagesCopied
    fork0 = timed(fork, () => machine.fork())
    check(machine.pagesCopied.captured - before.captured === pages, `a fork copied other pages than the ${pages}`)
    touch(machine, pages, i + 1)
    timed(restore, () => machine.restore(fork0.snapshot))
    check(machine.pagesCopied.restored - before.restored === pages, `a restore wrote other pages than the ${pages}`)
  }
  return { pages, fork: spread(fork), restore: spread(restore) }
}

function measureWork(machine, instructions, repeats) {
  const [fork, restore, counts] = [[], [], []]
  const start = machine.snapshot()
  for (let i = 0; i < repeats; i++) {
    machine.run({ instructions })
    const before = machine.pagesCopied
    timed(fork, () => machine.fork())
    counts.push(machine.pagesCopied.captured - before.captured)
    timed(restore, () => machine.restore(start))
  }
  return { instructions, pages: spread(counts), fork: spread(fork), restore: spread(restore) }
}

/** Forks of one machine, each of which has gone its own way for a while, all kept. */
function measureMany(machine, count, instructions) {
  const hash = machine.hash()
  const alone = footprint([machine.snapshot()])
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const begin = performance.now()
  const forks = Array.from({ length: count }, (_, i) => {
    const fork = machine.fork()
    fork.use((m) => {
      m.reseed(i)
      m.run({ instructions })
    })
    return fork
  })
  const milliseconds = performance.now() - begin
  check(machine.hash() === hash, 'the machine is no longer where it was')
  globalThis.gc?.()
  const rss = process.memoryUsage().rss - before
  const all = footprint(forks.map((fork) => fork.snapshot))
  return {
    ...{ count, instructions, milliseconds, machine: alone, all, addedRss: rss },
    pagesEach: (all.pages - alone.pages) / count,
    bytesEach: (all.bytes - alone.bytes) / count,
    copiesWouldTake: count * machine.memoryBytes,
  }
}

function measureTimeline(machine, instructions, repeats) {
  const start = machine.snapshot()
  const plainly = []
  timed(plainly, () => machine.run({ instructions }))
  const [plain] = plainly
  const hash = machine.hash()
  machine.restore(start)
  const timeline = new Timeline(machine)
  const begin = performance.now()
  timeline.run({ instructions })
  const recorded = performance.now() - begin
  check(machine.hash() === hash, 'recording changed the run')
  const [from, end] = [timeline.end.time - instructions, timeline.end.time]
  const [far, back] = [[], []]
  for (let i = 0; i < repeats; i++) {
    timed(far, () => timeline.goTo(Math.floor(from + ((instructions * (i * 0.618)) % instructions))))
    timeline.goTo(end)
    timed(back, () => timeline.stepBack(1))
  }
  timeline.goTo(end)
  check(machine.hash() === hash, 'the end of the run is no longer the same')
  return {
    ...{ instructions, plain, recorded, checkpoints: timeline.checkpointCount, bytes: timeline.bytes },
    longestReplay: timeline.bound(from),
    ...{ goTo: spread(far), stepBack: spread(back) },
  }
}

export function measureSnapshots({ repeats = 40, progress = () => {} } = {}) {
  const shapes = [
    { vcpus: 1, mebibytes: 64 },
    { vcpus: 4, mebibytes: 64 },
    { vcpus: 1, mebibytes: 1024 },
  ].map((shape) => {
    progress(`snapshots: ${shape.vcpus} vCPUs, ${shape.mebibytes} MiB`)
    const machine = atWork(shape.vcpus, shape.mebibytes)
    measureCounted(machine, 100, 20) // warm-up
    const counted = [0, 10, 100, 1000].map((pages) => measureCounted(machine, pages, repeats))
    return { ...shape, counted, work: measureWork(machine, 200_000, repeats), state: machine.snapshot().state.length }
  })
  progress('forks')
  const many = measureMany(atWork(4, 64), 1000, 20_000)
  progress('time travel')
  const timeline = measureTimeline(atWork(2, 64), 50 * MILLION, repeats)
  return { schema: 'transplant-bench-snapshot/1', goalMilliseconds: GOAL, repeats, shapes, many, timeline }
}

const ms = ({ median, least, most }) => `${median.toFixed(3)} (${least.toFixed(3)}..${most.toFixed(3)})`.padEnd(26)
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`

export function textOfSnapshots({ shapes, many, timeline, goalMilliseconds }) {
  const lines = [`Snapshots, milliseconds: median (least..most); goal ${goalMilliseconds} when few pages changed`]
  for (const { vcpus, mebibytes, counted, work, state } of shapes) {
    lines.push(`  ${mebibytes} MiB, ${vcpus} vCPU${vcpus === 1 ? '' : 's'}, state ${kib(state)}`)
    for (const { pages, fork, restore } of counted) {
      lines.push(`    ${String(pages).padStart(4)} pages   fork ${ms(fork)} restore ${ms(restore)}`)
    }
    lines.push(
      `    ${work.instructions} instructions, ${work.pages.median} pages: fork ${ms(work.fork)} restore ${ms(work.restore)}`,
    )
  }
  lines.push(
    `  ${many.count} forks after ${many.instructions} instructions each: ${(many.milliseconds / many.count).toFixed(2)} ms each with its run, ` +
      `${many.pagesEach.toFixed(1)} pages and ${kib(many.bytesEach)} each`,
    `    one machine ${mib(many.machine.bytes)}, all ${mib(many.all.bytes)}, resident ${mib(many.addedRss)}; copies would take ${mib(many.copiesWouldTake)}`,
    `  time travel in ${timeline.instructions / MILLION} million instructions: recorded in ${timeline.recorded.toFixed(0)} ms (${timeline.plain.toFixed(0)} without), ` +
      `${timeline.checkpoints} checkpoints, ${mib(timeline.bytes)}`,
    `    to any instant ${ms(timeline.goTo)}, at most ${(timeline.longestReplay / MILLION).toFixed(2)} million to execute; one back ${ms(timeline.stepBack)}`,
  )
  return lines.map((line) => line.trimEnd()).join('\n')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = readOptions(process.argv[1], {
    options: { repeats: { type: 'string', default: '40' }, json: { type: 'boolean' } },
  })
  const repeats = Number(values.repeats)
  if (!Number.isInteger(repeats) || repeats < 1) {
    process.stderr.write('--repeats wants a whole number from 1 on.\n')
    process.exit(2)
  }
  try {
    const document = measureSnapshots({ repeats })
    process.stdout.write(`${values.json ? JSON.stringify(document, null, 2) : textOfSnapshots(document)}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
}
