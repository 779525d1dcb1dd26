// The corpus of source changes: each is built from its diff, gets the verdict that it expects, and, where it applies, is loaded into a guest,
// changes what its program sees, and is undone. Two to four seconds each, more where a header reaches many files.
import { beforeAll, describe, expect, it } from 'vitest'
import { MachineSession, readKernelImage } from '../../src/guest/index.js'
import { type CorpusGuest, readCorpus, tryCorpusEntry } from '../../src/toolchain/index.js'
import { bootGuest, read } from '../lab/images.js'
import { needs } from '../needs.js'

const entries = readCorpus()

describe('the corpus', () => {
  it('has changes of many kinds, of each verdict, and programs that show them', () => {
    expect(entries.length).toBeGreaterThanOrEqual(40)
    expect(new Set(entries.map((entry) => entry.kind)).size).toBeGreaterThanOrEqual(25)
    expect(new Set(entries.map((entry) => entry.verdict))).toEqual(new Set(['applies', 'needs-help', 'cannot']))
    expect(entries.filter((entry) => entry.program).length).toBeGreaterThanOrEqual(12)
  })
})

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

  it.each(entries.map((entry) => [entry.name, entry] as const))(
    '%s is as it expects',
    async (_name, entry) => {
      const { report, trial, wrong } = await tryCorpusEntry(entry, guest)
      expect(wrong).toEqual([])
      expect(trial !== undefined).toBe(entry.verdict === 'applies')
      for (const reason of report?.reasons ?? []) {
        expect(reason.path).toMatch(/^images\/kernel\//)
        expect(reason.line).toBeGreaterThan(0)
      }
    },
    300_000,
  )
})
