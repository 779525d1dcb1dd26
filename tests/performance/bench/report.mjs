// Samples -> the machine-readable document, and that document -> tables. What the goals are is said here and nowhere else.
import { cpus } from 'node:os'
import { memoryKernels } from './kernel-image.mjs'
import { linuxText } from './linux.mjs'
import { geometricMean } from './measure.mjs'

const BOOT_GOAL = 150

/**
 * What is asked of the ratios against each competitor: their geometric mean over these lines, and the least of them. Booting
 * is left out against QEMU, whose figures hold the start of a process and of a BIOS; `strings` against Unicorn, whose REP takes
 * the whole way for each iteration: one such ratio would carry the mean.
 */
const goals = {
  qemu: { lines: 'every guest line but the boots', counts: (line) => !line.name.endsWith('boot'), mean: 1, least: 0.5 },
  libunicorn: {
    lines: 'kernels with operands in memory',
    counts: (line) => memoryKernels.includes(line.name),
    mean: 10,
  },
  'unicorn.js': { lines: 'every kernel but strings', counts: (line) => line.name !== 'strings', mean: 50 },
  v86: { lines: 'every kernel', counts: () => true, mean: 1 },
  interpreter: { lines: 'everything', counts: () => true },
}

function lineOf(group, samples, competitors) {
  const against = {}
  for (const name of Object.keys(competitors)) {
    const figures = samples.of(name)
    if (figures !== undefined) against[name] = { ...figures, ratio: samples.ratio('transplant', name) }
  }
  return {
    group,
    name: samples.name ?? samples.kind,
    ...(samples.checksum === undefined ? {} : { checksum: samples.checksum.toString(16) }),
    transplant: samples.of('transplant'),
    against,
  }
}

function summaryOf(name, lines) {
  const goal = goals[name]
  const there = lines.filter((line) => line.against[name] !== undefined)
  if (there.length === 0) return undefined
  const ratio = (line) => line.against[name].ratio.median
  const over = (some) => {
    const worst = some.reduce((least, line) => (ratio(line) < ratio(least) ? line : least))
    return {
      lines: some.length,
      geometricMean: geometricMean(some.map(ratio)),
      worst: { line: `${worst.group}/${worst.name}`, ratio: ratio(worst) },
    }
  }
  const counted = there.filter(goal.counts)
  const judged = counted.length === 0 ? undefined : over(counted)
  const met = judged && judged.geometricMean >= (goal.mean ?? 0) && judged.worst.ratio >= (goal.least ?? 0)
  const first = there
    .map((line) => line.against[name].firstMilliseconds / line.transplant.firstMilliseconds)
    .filter(Number.isFinite)
  return {
    all: over(there),
    ...(first.length === 0 ? {} : { firstRuns: { lines: first.length, geometricMean: geometricMean(first) } }),
    ...(goal.mean === undefined || judged === undefined
      ? {}
      : { goal: { over: goal.lines, mean: goal.mean, ...(goal.least ? { least: goal.least } : {}), ...judged, met } }),
  }
}

/** The whole result as plain data: schema transplant-bench/2. */
export function documentOf({ options, competitors, flat, guests, hashes, linux, seconds }) {
  const lines = [
    ...guests.map((samples) => lineOf('guest', samples, competitors)),
    ...flat.map((samples) => lineOf('flat', samples, competitors)),
  ]
  const summaries = Object.keys(competitors).map((name) => [name, summaryOf(name, lines)])
  const line = (name) => lines.find((one) => one.group === 'guest' && one.name === name)
  const [boot, whole] = ['boot', 'cold-boot'].map((name) => line(name)?.transplant.milliseconds.median)
  const first = guests.find(({ name }) => name === 'cold-boot')?.medianOf('transplant', 'insideMilliseconds')
  const [getpid, patched] = [line('getpid'), line('patched')]
  return {
    schema: 'transplant-bench/2',
    node: process.version,
    host: { cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length },
    seconds,
    options,
    competitors,
    lines,
    hashes,
    linux,
    summary: Object.fromEntries(summaries.filter(([, summary]) => summary !== undefined)),
    ...(boot === undefined
      ? {}
      : {
          boot: {
            milliseconds: boot,
            ...(first === undefined ? {} : { firstMilliseconds: first, processMilliseconds: whole }),
            goal: BOOT_GOAL,
            met: (first ?? boot) <= BOOT_GOAL,
          },
        }),
    ...(getpid && patched ? { patchedCall: patchedCall(getpid, patched) } : {}),
  }
}

/** Nanoseconds of a system call without and with its patch, for each side. */
function patchedCall(getpid, patched) {
  const of = (choose) => {
    const [plain, redirected] = [getpid, patched].map((line) => 1e9 / choose(line).roundsPerSecond.median)
    return { nanoseconds: plain, patchedNanoseconds: redirected, ratio: redirected / plain }
  }
  const others = Object.keys(getpid.against).map((name) => [name, of((line) => line.against[name])])
  return { transplant: of((line) => line.transplant), ...Object.fromEntries(others) }
}

const short = (number) =>
  number >= 1e9
    ? `${(number / 1e9).toFixed(2)} G`
    : number >= 1e6
      ? `${(number / 1e6).toFixed(2)} M`
      : number >= 1e4
        ? `${(number / 1e3).toFixed(1)} k`
        : number.toFixed(number < 100 ? 1 : 0)
const ratioText = ({ median, least, most }) => {
  const digits = (number) => number.toFixed(number < 10 ? 2 : 1)
  return `${digits(median)} (${digits(least)}-${digits(most)})`
}

function table(lines, title, names) {
  const present = names.filter((name) => lines.some((line) => line.against[name] !== undefined))
  const rows = [[title, 'rounds/s', 'MIPS', ...present.map((name) => `x ${name}`)]]
  for (const line of lines) {
    const { roundsPerSecond, milliseconds, mips, rounds } = line.transplant
    const single = rounds === 1
    rows.push([
      line.name,
      single ? `${milliseconds.median.toFixed(0)} ms` : short(roundsPerSecond.median),
      mips === undefined ? '' : `${mips.median.toFixed(0)} (${mips.least.toFixed(0)}-${mips.most.toFixed(0)})`,
      ...present.map((name) => (line.against[name] ? ratioText(line.against[name].ratio) : '')),
    ])
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   '))
    .join('\n')
}

/** The tables for people. */
export function textOf(document) {
  const { lines, hashes, competitors, summary, boot, patchedCall: call, options, linux } = document
  const out = []
  const names = Object.keys(competitors)
  for (const name of names) {
    const { absent, version } = competitors[name]
    out.push(absent === undefined ? `${name}: ${version}` : `${name}: left out, ${absent}`)
  }
  out.push(
    `Ratios: how many times as fast as the other, median (least-most) of ${options.rounds} interleaved turns. Above 1 is faster.`,
  )
  for (const [group, title] of [
    ['guest', 'whole machine'],
    ['flat', `bare core, ${options.bits}-bit`],
  ]) {
    const some = lines.filter((line) => line.group === group)
    if (some.length > 0) out.push('', table(some, title, names))
  }
  const same = Object.keys(hashes).length
  if (same > 0) out.push('', `interpreter and compiled code: the same state after each of ${same} lines`)
  if (boot) {
    const text = (milliseconds) => `${milliseconds.toFixed(0)} ms`
    const first = boot.firstMilliseconds
      ? `${text(boot.firstMilliseconds)} the first in a process, ${text(boot.processMilliseconds)} with the start of the process, `
      : ''
    out.push(
      `boot to shell: ${first}${text(boot.milliseconds)} the next ones; goal ${text(boot.goal)}: ${boot.met ? 'met' : 'missed'}`,
    )
  }
  for (const [name, { nanoseconds, patchedNanoseconds, ratio }] of Object.entries(call ?? {})) {
    const [plain, patched] = [nanoseconds, patchedNanoseconds].map((number) => number.toFixed(0))
    out.push(`patched call, ${name}: getpid ${plain} ns, patched ${patched} ns: ${ratio.toFixed(2)} times as long`)
  }
  for (const [name, { all, goal, firstRuns }] of Object.entries(summary)) {
    const say = ({ geometricMean: mean, worst, lines: count }) =>
      `geometric mean ${mean.toFixed(2)} over ${count}, worst ${worst.ratio.toFixed(2)} (${worst.line})`
    out.push(`${name}: ${say(all)}`)
    if (firstRuns)
      out.push(`  few rounds, for the first time: ${firstRuns.geometricMean.toFixed(2)} over ${firstRuns.lines}`)
    if (goal === undefined) continue
    const asked = `at least ${goal.mean}${goal.least ? `, none below ${goal.least}` : ''}, over ${goal.over}`
    out.push(`  goal ${asked}: ${goal.met ? 'met' : 'missed'}: ${say(goal)}`)
  }
  for (const measured of linux) out.push('', linuxText(measured))
  return out.join('\n')
}
