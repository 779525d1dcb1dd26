// Many experiments at once: the same outcomes on any number of workers and on none, cancelled in mid-run, with errors that
// keep their codes, and nothing left behind.

import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type JobOutcome, type JobsProgress, Machine, runJobs, type WorkerHost } from '../../dist/index.js'
import { nodeThread, nodeWorkers } from '../../dist/node.js'
import { smpRom } from '../machine/guests/smp.js'
import { pageWorkers } from '../web/page-workers.js'

const module = new URL('./experiments.mjs', import.meta.url)
const assets = {
  coreWasm: new Uint8Array(readFileSync(new URL('../../dist/cpu/core.wasm', import.meta.url))),
  firmware: smpRom(),
}
const job = (name: string, input: unknown = {}) => ({ module, name, input })
const hosts: readonly (readonly [string, number, () => WorkerHost])[] = [
  ['one worker', 1, nodeWorkers],
  ['two workers', 2, nodeWorkers],
  ['two Web Workers', 2, pageWorkers],
  ['this thread', 2, nodeThread],
]

function codes(outcomes: readonly JobOutcome[]): string[] {
  return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code))
}

describe('jobs', () => {
  // Of unequal length, so that workers take them out of order.
  const inputs = [9, 1, 5, 2, 7, 1].map((length, index) => ({ seed: index + 1, instructions: length * 200_000 }))
  const expected: JobOutcome[] = []

  beforeAll(() => {
    for (const { seed, instructions } of inputs) {
      const made = Machine.create({ ...assets, memoryBytes: 4 << 20, vcpus: 2, seed })
      if (!made.ok) throw new Error(made.message)
      const machine = made.value
      machine.run({ instructions })
      expected.push({ ok: true, value: { stop: 'limit', now: instructions, hash: machine.hash() } })
    }
  })

  it.each(hosts)(
    'on %s have the outcomes that the machines have here, in the order of the jobs',
    async (_, workers, host) => {
      const jobs = inputs.map((input) => job('hashAfter', input))
      expect(await runJobs(jobs, { host: host(), workers, assets })).toEqual(expected)
    },
  )

  it.each(hosts)('on %s tell their progress, which only grows', async (_, workers, host) => {
    const told: JobsProgress[] = []
    const jobs = [1, 2, 3].map((seed) => job('hashAfter', { seed, instructions: 10_100_000 }))
    await runJobs(jobs, { host: host(), workers, assets, onProgress: (one) => told.push(one) })
    const finished = told.map((one) => one.finished)
    expect(finished).toEqual([...finished].sort((a, b) => a - b))
    expect(told.at(-1)).toMatchObject({ finished: 3, total: 3 })
    for (const index of [0, 1, 2]) {
      const mine = told.filter((one) => one.job === index).map((one) => one.value)
      expect(mine.at(-1)).toBeUndefined()
      const times = mine.slice(0, -1).map((value) => (value as { time: number }).time)
      expect(times.length).toBe(2)
      expect(times[0]).toBeLessThan(times[1] as number)
    }
  })

  it.each(hosts)('on %s share no values but their assets', async (_, workers, host) => {
    const input = { list: [0] }
    const outcomes = await runJobs([job('scribble', input), job('scribble', input)], { host: host(), workers })
    expect(outcomes).toEqual([
      { ok: true, value: [0, 1] },
      { ok: true, value: [0, 1] },
    ])
    expect(input.list).toEqual([0])
  })

  it.each(hosts)('on %s fail alone, each with its code and hint', async (_, workers, host) => {
    const jobs = [
      job('misuse'),
      job('defect'),
      job('exhaust'),
      job('unclonable'),
      job('absent'),
      { module: 'file:///absent.mjs', name: 'x', input: 1 },
      job('hashAfter', () => {}),
      job('hashAfter', inputs[1]),
    ]
    const outcomes = await runJobs(jobs, { host: host(), workers, assets })
    expect(codes(outcomes)).toEqual([
      'MACHINE_CONFIGURATION',
      'JOB_FAILED',
      'ENOSPC',
      'WORKER_NOT_CLONABLE',
      'JOB_MODULE',
      'JOB_MODULE',
      'WORKER_NOT_CLONABLE',
      'ok',
    ])
    const [misuse, defect] = outcomes
    expect(misuse).toMatchObject({
      error: { hint: 'Use 1 to 16.', message: '99 vCPUs are not possible. Use 1 to 16.' },
    })
    expect(defect).toMatchObject({ error: { message: expect.stringMatching(/^TypeError: /) } })
    expect(outcomes[7]).toEqual(expected[1])
  })

  it.each([
    ['one worker', 1, nodeWorkers, 'crash'],
    ['two workers', 2, nodeWorkers, 'crash'],
    ['two workers', 2, nodeWorkers, 'stray'],
    ['two Web Workers', 2, pageWorkers, 'stray'],
  ] as const)('on %s lose only the job at which a worker crashes', async (_, workers, host, name) => {
    const jobs = [job('hashAfter', inputs[0]), job(name), job(name), job('hashAfter', inputs[3])]
    const outcomes = await runJobs(jobs, { host: host(), workers, assets })
    expect(codes(outcomes)).toEqual(['ok', 'WORKER_CRASHED', 'WORKER_CRASHED', 'ok'])
    expect([outcomes[0], outcomes[3]]).toEqual([expected[0], expected[3]])
  })

  it('get byte arrays in shared memory, and the core compiled', async () => {
    const options = { host: nodeWorkers(), workers: 1, assets: { ...assets, name: 'x' } }
    const [seen] = await runJobs([job('assetsSeen')], options)
    expect(seen).toEqual({ ok: true, value: { shared: true, compiled: true, name: 'x' } })
  })

  it.each(hosts)('on %s end with what their listener throws', async (_, workers, host) => {
    const onProgress = () => {
      throw new Error('mine')
    }
    const jobs = [1, 2, 3].map(() => job('breathing'))
    await expect(runJobs(jobs, { host: host(), workers, assets, onProgress })).rejects.toThrow('mine')
  })

  it('refuse a number of workers that is none', async () => {
    await expect(runJobs([job('defect')], { host: nodeThread(), workers: 0 })).rejects.toMatchObject({
      code: 'WORKER_COUNT',
    })
  })
})

describe('cancelled jobs', () => {
  it('stop in the midst of a run, and none begins after', async () => {
    const controller = new AbortController()
    const notes = new Float64Array(new SharedArrayBuffer(16))
    const jobs = [
      job('hashAfter', { seed: 1, instructions: 1_000_000 }),
      job('endless', { seed: 2 }),
      job('hashAfter', { seed: 3, instructions: 1_000_000 }),
    ]
    const outcomes = await runJobs(jobs, {
      host: nodeWorkers(),
      workers: 1,
      assets: { ...assets, notes },
      signal: controller.signal,
      graceMilliseconds: 60_000,
      onProgress: ({ job, value }) => {
        if (job === 1 && value !== undefined) controller.abort()
      },
    })
    expect(codes(outcomes)).toEqual(['ok', 'CANCELLED', 'CANCELLED'])
    expect(outcomes[2]).toMatchObject({ error: { message: expect.stringContaining('before it began') } })
    // The job's own code saw its run end, for that reason, after a small part of it.
    expect(notes[1]).toBe(1)
    expect(notes[0]).toBeGreaterThanOrEqual(5_000_000)
    expect(notes[0]).toBeLessThan(1e11)
  })

  it.each(hosts)('on %s end where they breathe', async (_, workers, host) => {
    const controller = new AbortController()
    const times: number[] = []
    const outcomes = await runJobs([job('breathing')], {
      host: host(),
      workers,
      signal: controller.signal,
      graceMilliseconds: 60_000,
      onProgress: ({ value }) => {
        if (value === undefined) return
        times.push((value as { time: number }).time)
        if (times.length === 3) controller.abort()
      },
    })
    expect(codes(outcomes)).toEqual(['CANCELLED'])
    expect(times.slice(0, 3)).toEqual([0, 1, 2])
  })

  it('that do not look are ended after their grace', async () => {
    const controller = new AbortController()
    const outcomes = await runJobs([job('deaf'), job('deaf')], {
      host: nodeWorkers(),
      workers: 2,
      signal: controller.signal,
      graceMilliseconds: 20,
      onProgress: ({ value }) => {
        if (value === 'begun') controller.abort()
      },
    })
    expect(codes(outcomes)).toEqual(['CANCELLED', 'CANCELLED'])
    const messages = outcomes.map((one) => (one.ok ? '' : one.error.message))
    expect(messages.some((text) => text.includes('its worker was ended'))).toBe(true)
  })

  it('do not begin when the signal has turned before', async () => {
    const signal = AbortSignal.abort()
    expect(codes(await runJobs([job('deaf')], { host: nodeWorkers(), signal }))).toEqual(['CANCELLED'])
  })
})
