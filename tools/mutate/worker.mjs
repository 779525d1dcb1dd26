// One process that builds and judges mutants, one after the other, as its parent asks (process messages). A process of its own, so that
// a mutant that never ends is ended with it.
//
//   <- { room, mutant }   a mutant of plan.mjs; none: the sources as they are, before the judges of the room
//   -> { verdict }     'killed' (judge, by), 'survived', 'equivalent' (the same kernel), 'broken build' (why); `busy`: a test goes on
//                      although it is known, and the process cannot be asked again
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createVitest } from 'vitest/node'
import { builtFolder, root } from '../images/toolchain.mjs'
import { judges, kernelRooms } from './judges.mjs'

const [folder, number] = process.argv.slice(2)
const images = join(folder, `images-${number}`)
const kernel = join(images, 'scion-1.0.elf')
let changed
let tellFailure = () => undefined

/** Gives the tests a changed source of src/ in the place of the one in the tree. */
const replaceSource = {
  name: 'replace-source',
  enforce: 'pre',
  load: (id) => (changed && id === changed.path ? changed.text : undefined),
}

const vitest = await createVitest(
  'test',
  {
    ...{ watch: false, root, bail: 1, maxWorkers: 1, fileParallelism: false, cache: false },
    ...{ testTimeout: 120_000, hookTimeout: 120_000 },
    reporters: [{ onTestCaseResult: (test) => test.result().state === 'failed' && tellFailure(test.fullName) }],
  },
  { plugins: [replaceSource] },
)

/** Builds the kernel into the folder of images; a sentence if that fails. */
function buildKernel(mutant) {
  const replace = []
  if (mutant) {
    const file = join(folder, `replaced-${number}`, basename(mutant.file))
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, mutant.mutated)
    replace.push('--replace', `${mutant.file}=${file}`)
  }
  const tool = join(root, 'tools/images/kernel.mjs')
  const built = spawnSync(process.execPath, [tool, `--suffix=-mutation-${number}`, '--out', kernel, ...replace], {
    encoding: 'utf8',
  })
  return built.status === 0 ? undefined : (/error: (.*)/.exec(built.stderr)?.[1] ?? built.stderr.trim().slice(-200))
}

/** The images beside the kernel, as they are. */
function layImages() {
  rmSync(images, { recursive: true, force: true })
  mkdirSync(images, { recursive: true })
  for (const name of readdirSync(builtFolder)) {
    if (name !== basename(kernel)) symlinkSync(join(builtFolder, name), join(images, name))
  }
}

function firstFailure(tests) {
  for (const one of tests) {
    for (const error of one.errors()) return error.message
    for (const test of one.children.allTests()) {
      if (test.result().state === 'failed') return test.fullName
    }
    for (const suite of one.children.allSuites()) {
      for (const error of suite.errors()) return `${suite.fullName}: ${error.message}`
    }
  }
  return undefined
}

/** Vitest remembers what failed before: it would end the next run at once (bail), and give it as its result again. */
function forget() {
  const { state } = vitest
  for (const memory of [state.filesMap, state.idMap, state.pathsSet, state.errorsSet]) memory.clear()
}

const killed = (file, by) => ({ verdict: 'killed', judge: file, by: by.split('\n')[0].slice(0, 160) })

/** The run's result; or, if it has not ended soon after the first failure (a guest that hangs keeps vitest for a minute), that failure. */
function run(specifications) {
  return new Promise((resolve, reject) => {
    tellFailure = (name) => setTimeout(() => resolve({ name }), 2000)
    vitest.runTestSpecifications(specifications, true).then(resolve, reject)
  })
}

async function judge(list) {
  for (const file of list) {
    const found = await vitest.globTestSpecifications([file])
    if (found.length === 0) throw new Error(`the judge ${file} is not there`)
    forget()
    const { name, testModules, unhandledErrors } = await run(found)
    if (name !== undefined) return { ...killed(file, name), busy: true }
    const failed = firstFailure(testModules) ?? unhandledErrors[0]?.message
    if (failed !== undefined) return killed(file, failed)
    const tests = testModules.flatMap((one) => [...one.children.allTests()])
    if (testModules.length !== found.length || tests.some((test) => test.result().state !== 'passed')) {
      throw new Error(`the judge ${file} has not asked all that it asks`)
    }
  }
  return { verdict: 'survived' }
}

let sound
async function tryKernel(room, mutant) {
  const why = buildKernel(mutant)
  if (why !== undefined) return { verdict: 'broken build', by: why.split('\n')[0] }
  if (mutant) {
    sound ??= existsSync(join(folder, 'sound.elf')) ? readFileSync(join(folder, 'sound.elf')) : undefined
    if (sound?.equals(readFileSync(kernel))) return { verdict: 'equivalent' }
  }
  // Read in tests/lab/images.ts, by each test file's own process.
  process.env['TRANSPLANT_IMAGES'] = images
  try {
    return await judge(judges[room])
  } finally {
    delete process.env['TRANSPLANT_IMAGES']
  }
}

async function trySource(room, mutant) {
  const path = mutant && join(root, mutant.file)
  changed = mutant && { path, text: mutant.mutated }
  if (path) vitest.invalidateFile(path)
  try {
    return await judge(judges[room])
  } finally {
    changed = undefined
    if (path) vitest.invalidateFile(path)
  }
}

layImages()
process.on('message', async ({ room, mutant }) => {
  process.send(await (kernelRooms.includes(room) ? tryKernel(room, mutant) : trySource(room, mutant)))
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
