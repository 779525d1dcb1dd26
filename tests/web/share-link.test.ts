// Links that hold an experiment: what is encoded comes back, and what is not such a link is refused in a sentence, whatever it is.
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { decodeExperiment, type Experiment, encodeExperiment } from '../../src/web/page/bench/share-link.js'

const experiment: Experiment = {
  images: { firmware: '00112233aabbccdd', kernel: '0011223344556677', initrd: '' },
  ...{ seed: 2n ** 64n - 1n, vcpus: 3, memoryMiB: 64, meanSlice: 100, append: 'console=ttyS0 ünïcode' },
  inputs: [
    { kind: 'console', time: 10, slices: 1, channel: 0, bytes: Uint8Array.of(0, 255, 10) },
    { kind: 'console', time: 10, slices: 1, channel: 1, bytes: new Uint8Array(3000).map((_, i) => i) },
    { kind: 'step', time: 2 ** 40, slices: 7, cpu: 2, instructions: 1 },
    { kind: 'reset', time: 2 ** 40, slices: 9 },
  ],
  end: { time: 2 ** 41, slices: 10, hash: 'ffeeddccbbaa9988' },
  sources: [{ name: 'fix', text: '.patch f\n\tret\n' }],
}

const wrong = { ok: false, code: 'not-an-experiment' }
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

describe('a link', () => {
  it('gives the experiment back as it was', async () => {
    const text = await encodeExperiment(experiment)
    expect(text).toMatch(/^[\w-]+$/)
    expect(await decodeExperiment(text)).toEqual({ ok: true, value: experiment })
  })

  it.each(['', ' ', '!', 'AAAAA', 'AAAA', 'x'.repeat(2_000_000), '%00', '../..'])(
    'refuses a text that is none',
    async (text) => {
      expect(await decodeExperiment(text)).toMatchObject(wrong)
    },
  )

  it('refuses what unpacks to more than an experiment has, without having it in memory', async () => {
    const text = base64(deflateRawSync(new Uint8Array(256 << 20)))
    expect(text.length).toBeLessThan(1_000_000)
    const before = process.memoryUsage().arrayBuffers
    expect(await decodeExperiment(text)).toMatchObject(wrong)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
  })

  it.each<[string, Partial<Experiment>]>([
    ['inputs out of order', { inputs: [...experiment.inputs].reverse() }],
    ['an end before its last input', { end: { ...experiment.end, time: 5 } }],
    ['an instant that is no number', { end: { ...experiment.end, time: Number.NaN } }],
    ['an instant that never comes', { end: { ...experiment.end, time: Number.POSITIVE_INFINITY } }],
    [
      'a step that could not be stopped',
      { inputs: [{ kind: 'step', time: 1, slices: 1, cpu: 0, instructions: 1e15 }] },
    ],
    ['a thousand sources', { sources: new Array(1000).fill(experiment.sources[0]) }],
  ])('refuses %s', async (_what, change) => {
    expect(await decodeExperiment(await encodeExperiment({ ...experiment, ...change }))).toMatchObject(wrong)
  })

  it('refuses or reads each of 2,000 damaged links, and never throws', async () => {
    const random = new Random(7)
    const whole = Buffer.from(await encodeExperiment(experiment), 'base64url')
    const { inflateRawSync } = await import('node:zlib')
    const plain = inflateRawSync(whole)
    let refused = 0
    for (let round = 0; round < 2000; round++) {
      // Packed bytes mostly break the packing: every other time it is what was packed that is damaged.
      const bytes = Uint8Array.from(round % 2 === 0 ? whole : plain)
      for (let flips = 1 + random.below(4); flips > 0; flips--) bytes[random.below(bytes.length)] = random.below(256)
      const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes
      const decoded = await decodeExperiment(base64(round % 2 === 0 ? cut : deflateRawSync(cut)))
      if (!decoded.ok) refused++
    }
    expect(refused).toBeGreaterThan(1000)
  })
})
