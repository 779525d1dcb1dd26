// The corpus of source changes: each is built from its diff, gets the verdict that it expects, and, where it applies, is loaded into a guest,
// changes what its program sees, and is undone. Two to four seconds each, more where a header reaches many files.
import { beforeAll, describe, expect, it } from 'vitest'
import { MachineSession, readKernelImage } from '../../src/guest/index.js'
import { moduleCompilerFlags } from '../../src/patch/index.js'
import {
  buildPatchFromDiff,
  type CorpusGuest,
  compilePatchUnit,
  readCorpus,
  tryCorpusEntry,
} from '../../src/toolchain/index.js'
import { bootGuest, read } from '../lab/images.js'
import { needs } from '../needs.js'

const entries = readCorpus()

describe('the corpus', () => {
  it('has changes of many kinds, of each verdict, and programs that show them', () => {
    expect(entries.length).toBeGreaterThanOrEqual(50)
    expect(new Set(entries.map((entry) => entry.kind)).size).toBeGreaterThanOrEqual(25)
    expect(new Set(entries.map((entry) => entry.verdict))).toEqual(new Set(['applies', 'needs-help', 'cannot']))
    expect(entries.filter((entry) => entry.program).length).toBeGreaterThanOrEqual(25)
  })
})

/** A source that nobody has finished is one that compiles. */
function compiles(source: string) {
  const flags = [...moduleCompilerFlags, '-DKBUILD_MODNAME="sketch"']
  return compilePatchUnit({ unit: '#include "sketch.c"\n', sourceName: 'sketch.c', source, flags })
}

needs('gcc')('a change of the corpus', () => {
  let guest: CorpusGuest
  beforeAll(async () => {
    const kernel = read('images/built/scion-1.0.elf')
    const image = readKernelImage(kernel)
    if (!image.ok) throw new Error(image.message)
    const booted = await bootGuest()
    const snapshot = booted.machine.snapshot()
    booted.dispose()
    const boot = () => MachineSession.resume(read('src/cpu/core.wasm'), snapshot, { limit: 60e9 })
    guest = { kernel, images: [image.value], boot }
  })

  it('that needs a callback does its work with the one that was begun, and takes it back', async () => {
    const entry = entries.find((one) => one.name === 'loglevel-quiet')
    if (!entry) throw new Error('no such entry')
    const options = { name: 'quiet.diff', diff: entry.diff, kernel: guest.kernel }
    const alone = await buildPatchFromDiff(options)
    const help = alone.ok ? alone.value.report.reasons[0]?.sketch : undefined
    if (help === undefined) throw new Error('no sketch')
    const built = await buildPatchFromDiff({ ...options, help })
    if (!built.ok || !built.value.module) throw new Error(built.ok ? 'no module' : built.message)
    const session = await guest.boot()
    const kernel = await session.kernel(guest.images)
    const level = async () => Number((await kernel.readU64(kernel.address('console_loglevel'))) & 0xffffffffn)
    await session.agent.put('/tmp/quiet.ko', built.value.module.module)
    const before = await level()
    await session.agent.read('insmod /tmp/quiet.ko; sleep 0.1')
    expect(await level()).toBeLessThan(before)
    const folder = '/sys/kernel/livepatch/quiet'
    await session.agent.read(`echo 0 > ${folder}/enabled; while [ -d ${folder} ]; do sleep 0.01; done; rmmod quiet`)
    expect(await level()).toBe(before)
    session.dispose()
  })

  it.each(entries.map((entry) => [entry.name, entry] as const))(
    '%s is as it expects',
    async (_name, entry) => {
      const { report, trial, wrong } = await tryCorpusEntry(entry, guest)
      expect(wrong).toEqual([])
      expect(trial !== undefined).toBe(entry.verdict === 'applies')
      for (const reason of report?.reasons ?? []) {
        expect(reason.path).toMatch(/^images\/kernel\//)
        expect(reason.line).toBeGreaterThan(0)
        if (reason.sketch !== undefined) expect(compiles(reason.sketch)).toMatchObject({ ok: true })
      }
    },
    300_000,
  )
})
