// Do the tests notice? Changes the guest's text patching, tracing, live patching and module loader, and src/patch, in one place at a time,
// and asks the judges (tools/mutate/judges.mjs) of each change. Nothing in the tree is touched; what was found is kept in
// images/build/mutation, so that a run that was ended goes on where it was.
//
//   npm run mutate -- [--count 60] [--seed 1] [--only TEXT] [--jobs 2] [--json FILE] [--limit 120] [--time 0] [--required 85]
//                     [--fresh] [--passed]
//
// --count is the number of mutants drawn, beside the faults made by hand (--count 0: those alone); --only keeps the mutants whose room,
// place or name holds the text; --limit is the time of one mutant in seconds, or three times what the sources as they are take if that is
// more, and one that takes longer is killed; --time is that of all mutants, after which no other one is begun (0: all are); --passed says
// that the sources as they are have just passed all tests, and need not be judged. Exit status 1 when fewer than --required in a hundred
// of the mutants that change behaviour are killed, 2 when the sources as they are do not pass.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildKernel } from '../dist/toolchain/index.js'
import { buildFolder } from './images/toolchain.mjs'
import { Worker } from './mutate/judging.mjs'
import { openMemory } from './mutate/memory.mjs'
import { drawnMutants, rooms, seededMutants } from './mutate/plan.mjs'
import { reportOf, tell } from './mutate/report.mjs'
import { readOptions } from './options.mjs'

const { values } = readOptions(fileURLToPath(import.meta.url), {
  options: {
    count: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    limit: { type: 'string', default: '120' },
    json: { type: 'string' },
    time: { type: 'string', default: '0' },
    required: { type: 'string', default: '85' },
    fresh: { type: 'boolean', default: false },
    passed: { type: 'boolean', default: false },
  },
})
const number = (name) => {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= 0) return value
  process.stderr.write(`--${name} wants a number, not '${values[name]}'\n`)
  process.exit(2)
}
const [count, seed, jobs, limit, time, required] = ['count', 'seed', 'jobs', 'limit', 'time', 'required'].map(number)
const folder = join(buildFolder, 'mutation')
const wanted = (mutant) =>
  !values.only || [mutant.room, mutant.id, mutant.file].some((text) => text.includes(values.only))

mkdirSync(folder, { recursive: true })
const memory = openMemory(folder, values.fresh)

/** Worker folders start from the objects of the sound kernel, which is what equals it is measured by. */
async function buildSound() {
  await buildKernel({ output: join(folder, 'sound.elf') })
  for (let index = 0; index < jobs; index++) {
    const objects = join(buildFolder, `scion-1.0-mutation-${index}`)
    rmSync(objects, { recursive: true, force: true })
    cpSync(join(buildFolder, 'scion-1.0'), objects, { recursive: true, preserveTimestamps: true })
  }
}

/** Seconds that judging the sources as they are takes. */
const sound = {}

/** The sources as they are must pass, or no verdict means anything. */
async function judgeSound(worker) {
  for (const room of ['kernel', 'patch']) {
    const began = Date.now()
    const known = memory.verdict(`sound ${room}`)
    const verdict = known ?? (await worker.ask({ room }, 10 * limit))
    if (verdict.verdict !== 'survived') {
      process.stderr.write(`the sources as they are do not pass ${verdict.judge}: ${verdict.by}\n`)
      process.exit(2)
    }
    sound[room] = known?.seconds ?? (Date.now() - began) / 1000
    memory.keep(`sound ${room}`, { ...verdict, seconds: sound[room] })
  }
}

const results = []
async function judge(worker, mutant) {
  const began = Date.now()
  const known = memory.verdict(mutant.key)
  const verdict =
    known ??
    (await worker.ask({ room: mutant.room, mutant }, Math.max(limit, 3 * (sound[mutant.room] ?? sound.kernel ?? 0))))
  memory.keep(mutant.key, verdict)
  const { mutated, key, ...rest } = mutant
  const result = { ...rest, ...verdict, seconds: known ? 0 : Math.round((Date.now() - began) / 100) / 10 }
  results.push(result)
  tell(result)
  return verdict.verdict
}

/** All seeded faults, then of each room in turn as many drawn ones as are asked for; those that change nothing do not count. */
function* mutants(seeded) {
  yield* seeded.found.filter(wanted)
  const queues = rooms().map((room) => drawnMutants(room, seed).filter(wanted))
  let open = count
  const counts = (verdict) => {
    if (verdict === 'killed' || verdict === 'survived') open--
  }
  for (let turn = 0; open > 0 && queues.some((queue) => turn < queue.length); turn++) {
    for (const queue of queues) if (open > 0 && turn < queue.length) yield Object.assign(queue[turn], { counts })
  }
}

await buildSound()
const workers = Array.from({ length: Math.max(1, jobs) }, (_, index) => new Worker(folder, index))
process.on('exit', () => {
  for (const worker of workers) worker.stop()
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))
if (!values.passed) await judgeSound(workers[0])
const seeded = seededMutants()
for (const fault of seeded.gone) {
  const [{ function: name, pattern }] = fault.places
  process.stderr.write(
    `no place for '${fault.id}' (${fault.says}): no ${name}() of room ${fault.room} has ${pattern}\n`,
  )
}
const queue = mutants(seeded)
const begun = Date.now()
const isLate = () => time > 0 && Date.now() - begun > time * 1000
await Promise.all(
  workers.map(async (worker) => {
    for (let next = queue.next(); !next.done && !isLate(); next = queue.next()) {
      const verdict = await judge(worker, next.value)
      next.value.counts?.(verdict)
    }
    worker.stop()
  }),
)
const report = reportOf(results, seeded.gone, { seed, count, required })
process.stdout.write(report.text)
if (values.json) writeFileSync(values.json, `${JSON.stringify(report.json, null, 2)}\n`)
process.exit(report.ok ? 0 : 1)
