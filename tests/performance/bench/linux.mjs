// Real guests that nobody here wrote: Debian's kernel with Debian's busybox, ours compiled and interpreted and QEMU, each in a process of its own.
//
// One turn boots each side afresh, one after the other, and runs every phase three times: the first is cold, the third warm. Seconds are on the clock
// from outside, and of the CPU that the process has used (all its threads: V8 compiles in others), which tells more where the machine is shared.
// All sides must print the same results.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findQemu } from './guest.mjs'
import { ourGuest, qemuGuest } from './linux/guest.mjs'
import { initramfs } from './linux/initramfs.mjs'
import { available } from './linux/phases.mjs'
import { elfOf, findKernel, findProgram, read } from './linux/sources.mjs'
import { geometricMean, inTurn, median, spread } from './measure.mjs'

const WARM = 3

/** Runs the phases on one side; fills `times` by line, and `results` by phase, which must not differ. */
async function takeTurn(guest, names, times, results) {
  const note = (line, { wall, cpu }) => {
    times[line] ??= []
    times[line].push({ wall, cpu })
  }
  note('boot', await guest.boot())
  for (const name of names) {
    for (let run = 1; run <= WARM; run++) {
      const outcome = await guest.phase(name)
      if (run === 1) note(`${name} cold`, outcome)
      if (run === WARM) note(`${name} warm`, outcome)
      results[name] ??= outcome.said
      if (results[name] !== outcome.said)
        throw new Error(`${name}: ${guest.name} says ${outcome.said}, before it was ${results[name]}`)
    }
  }
  return guest.close()
}

function sidesOf(options, competitors, files) {
  const sides = [ourGuest('transplant', options.jit, files)]
  if (competitors.interpreter?.absent === undefined) sides.push(ourGuest('interpreter', 'off', files))
  if (options.against.includes('qemu')) {
    competitors.qemu = findQemu()
    if (competitors.qemu.absent === undefined) sides.push(qemuGuest(files))
  }
  return sides
}

/** How many times as fast as `other` in each line, by the clock and by CPU time; the ratios are formed within each turn. */
function compare(times, other) {
  const lines = {}
  for (const [line, mine] of Object.entries(times.transplant)) {
    const ratio = (field) =>
      spread(mine.map((one, turn) => times[other][line][turn][field] / Math.max(one[field], 0.01)))
    lines[line] = { wall: ratio('wall'), cpu: ratio('cpu') }
  }
  const mean = (kind, field) => {
    const some = Object.entries(lines).filter(([line]) => line.endsWith(kind))
    return some.length === 0 ? undefined : geometricMean(some.map(([, ratio]) => ratio[field].median))
  }
  const means = (field) => ({ cold: mean(' cold', field), warm: mean(' warm', field) })
  return { lines, geometricMean: { wall: means('wall'), cpu: means('cpu') } }
}

/** A line of real guests is asked for by its group: `boot` alone is the small kernel's. */
const asked = ({ only }, group, name) => only === undefined || only.includes(group) || only.includes(`${group}/${name}`)

/** Measures; gives `{ absent }`, or undefined where it is not asked for. `vcpus` 1, 2 and 4 are lines of their own groups. */
export async function measureLinux(options, competitors, progress, vcpus = 1) {
  const group = vcpus === 1 ? 'linux' : `linux-smp${vcpus}`
  const names = available().filter((name) => asked(options, group, name))
  if (names.length === 0 && !asked(options, group, 'boot')) return undefined
  const kernel = findKernel()
  if (kernel.absent) return { absent: kernel.absent }
  if (findProgram('busybox') === undefined) return { absent: 'busybox is not installed (Debian: busybox-static)' }
  const folder = mkdtempSync(join(tmpdir(), 'transplant-linux-'))
  try {
    const files = { kernel: join(folder, 'vmlinux'), initrd: join(folder, 'initrd'), vcpus }
    const { size } = options
    writeFileSync(files.kernel, elfOf(read(kernel.image)))
    writeFileSync(files.initrd, initramfs(size))
    const sides = sidesOf(options, competitors, files)
    const times = Object.fromEntries(sides.map(({ name }) => [name, {}]))
    const memory = Object.fromEntries(sides.map(({ name }) => [name, []]))
    const results = {}
    let compiled
    for (let turn = 0; turn < options.rounds; turn++) {
      for (const side of inTurn(sides, turn)) {
        progress(`${group}, turn ${turn + 1} of ${options.rounds}: ${side.name}`)
        const ended = await takeTurn(side, names, times[side.name], results)
        memory[side.name].push(ended.memory)
        if (side.name === 'transplant') compiled = ended.statistics
      }
    }
    return {
      release: kernel.release,
      vcpus,
      size,
      times,
      results,
      memory: Object.fromEntries(Object.entries(memory).map(([name, list]) => [name, median(list)])),
      compiled,
      against: Object.fromEntries(sides.slice(1).map(({ name }) => [name, compare(times, name)])),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A table for people. */
export function linuxText(measured) {
  if (measured.absent) return `real guests: left out, ${measured.absent}`
  const { release, vcpus, times, memory, against } = measured
  const seconds = (list) => median(list.map(({ wall }) => wall)).toFixed(2)
  const others = Object.keys(against)
  const rows = [[`Linux ${release}`, 's', 'CPU s', ...others.flatMap((name) => [`x ${name}`, 'by CPU'])]]
  for (const [line, list] of Object.entries(times.transplant)) {
    rows.push([
      line,
      seconds(list),
      median(list.map(({ cpu }) => cpu)).toFixed(2),
      ...others.flatMap((name) => {
        const { wall, cpu } = against[name].lines[line]
        return [`${wall.median.toFixed(2)} (${wall.least.toFixed(2)}-${wall.most.toFixed(2)})`, cpu.median.toFixed(2)]
      }),
    ])
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const table = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   '),
  )
  const means = others.map((name) => {
    const { wall, cpu } = against[name].geometricMean
    const say = ({ cold, warm }) => (cold === undefined ? '-' : `cold ${cold.toFixed(2)}, warm ${warm.toFixed(2)}`)
    return `against ${name}: geometric mean ${say(wall)}; by CPU time ${say(cpu)}`
  })
  const peak = Object.entries(memory).map(([name, mebibytes]) => `${name} ${mebibytes.toFixed(0)} MiB`)
  return [`${vcpus} vCPU${vcpus === 1 ? '' : 's'}`, ...table, ...means, `peak memory: ${peak.join(', ')}`].join('\n')
}
