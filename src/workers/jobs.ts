// Experiments side by side: each job is a function of a module, run in a worker with code that needs to know nothing of it.
//
// 1. Outcomes come in the order of the jobs, each a value or an error; what one job does is no other's concern. A worker that
//    crashes costs the job that it was at (WORKER_CRASHED); another takes its place.
// 2. The number of workers changes the time that it takes, nothing else.
// 3. After a cancel no job begins, and what did not end before is CANCELLED whatever it returned: half a run is no result. It
//    has a grace time to give up by itself, at `signal` or `breathe`; then its worker is ended.
// 4. When the promise is settled, every worker has been ended. It rejects for misuse, and with what `onProgress` throws.
//
//   // experiment.js
//   export function experiment({ seed }, { assets, signal, report }) {
//     const machine = Machine.create({ ...assets, seed }).value
//     machine.run({ instructions: 1e9, signal, onProgress: report })
//     return machine.hash()
//   }
//
//   const module = new URL('./experiment.js', import.meta.url)
//   const jobs = [1, 2, 3].map((seed) => ({ module, name: 'experiment', input: { seed } }))
//   const outcomes = await runJobs(jobs, { host: nodeWorkers(), assets: readAssets() })

import {
  type Accepted,
  accept,
  type CancelSignal,
  CancelSource,
  cancelled,
  type Failure,
  failure,
  onCancel,
  TransplantError,
} from '../base/index.js'
import { shareAssets } from './share-assets.js'
import type { WorkerHost } from './transport.js'
import { WorkerClient } from './worker-client.js'

/** One experiment: a module, the name of its function, and the input. */
export interface Job<Input = unknown> {
  /** An ES module, by its absolute URL. */
  readonly module: string | { readonly href: string }
  /** The function that it exports: a `JobFunction`. */
  readonly name: string
  readonly input: Input
}

/** A job that came to nothing: the code, message and hint of what it threw, and the error itself, with its stack. */
export type JobFailure = Failure

/** What a job came to. */
export type JobOutcome<Value = unknown> = Accepted<Value> | JobFailure

/** How many jobs have finished. */
export interface JobsProgress {
  /** Which job, by its place. */
  readonly job: number
  /** What it reported; undefined when it has ended. */
  readonly value: unknown
  /** Jobs that have ended. */
  readonly finished: number
  /** Jobs in all. */
  readonly total: number
}

/** On what threads jobs run, with which assets. */
export interface JobsOptions {
  readonly host: WorkerHost
  /** Default: as many as the host has cores; never more than jobs. */
  readonly workers?: number
  /** Given to every job: images, the core. Crosses once for each worker, see `shareAssets`. */
  readonly assets?: object
  /** Called for each report and each end of a job; what it throws ends all. */
  readonly onProgress?: (progress: JobsProgress) => void
  readonly signal?: CancelSignal
  /** Wall time that a cancelled job has to give up by itself. Default 2000. */
  readonly graceMilliseconds?: number
}

/**
 * Runs experiments on worker threads; the outcomes stand in the order of the jobs, one that failed as a `JobFailure`. Throws WORKER_COUNT
 * for a number of workers that is none, WORKER_NOT_CLONABLE for assets that cannot cross, and what `onProgress` throws.
 */
export async function runJobs<Value = unknown, Input = unknown>(
  jobs: readonly Job<Input>[],
  options: JobsOptions,
): Promise<JobOutcome<Value>[]> {
  const { host, onProgress, graceMilliseconds } = options
  const count = Math.min(requireCount(options.workers ?? host.cores), jobs.length)
  const assets = options.assets === undefined ? undefined : shareAssets(options.assets)
  const start = (): WorkerClient =>
    new WorkerClient(host, { assets, ...(graceMilliseconds === undefined ? {} : { graceMilliseconds }) })
  const outcomes: JobOutcome<Value>[] = new Array(jobs.length)
  const signal = new CancelSource()
  const listening = onCancel(options.signal, () => signal.cancel())
  let broken: { readonly thrown: unknown } | undefined
  let next = 0
  let finished = 0
  const tell = (job: number, value: unknown): void => {
    try {
      onProgress?.({ job, value, finished, total: jobs.length })
    } catch (thrown) {
      broken ??= { thrown }
      signal.cancel()
    }
  }

  const runOne = async (worker: WorkerClient, index: number, { module, name, input }: Job<Input>) => {
    const url = typeof module === 'string' ? module : module.href
    const onProgress = (value: unknown): void => tell(index, value)
    try {
      const value = await worker.call('job', [url, name, input], { onProgress, signal }).result
      return accept(value as Value)
    } catch (thrown) {
      return failure(thrown as TransplantError)
    }
  }
  const work = async (): Promise<void> => {
    let worker: WorkerClient | undefined
    try {
      for (let index = next++; index < jobs.length; index = next++) {
        let outcome: JobOutcome<Value> | undefined
        if (!signal.aborted) {
          if (worker?.alive !== true) worker = start()
          outcome = await runOne(worker, index, jobs[index] as Job<Input>)
        }
        if (outcome === undefined || signal.aborted) outcome = failure(cancelledJob(outcome))
        outcomes[index] = outcome
        finished++
        tell(index, undefined)
      }
    } finally {
      worker?.dispose()
    }
  }
  await Promise.all(Array.from({ length: count }, work))
  listening.dispose()
  if (broken !== undefined) throw broken.thrown
  return outcomes
}

function cancelledJob(outcome: JobOutcome | undefined): TransplantError {
  if (outcome === undefined) return cancelled('The job was cancelled before it began.')
  const forced = !outcome.ok && outcome.code === 'WORKER_UNRESPONSIVE'
  return cancelled(
    forced ? 'The job was cancelled; it did not answer, and its worker was ended.' : 'The job was cancelled.',
  )
}

function requireCount(workers: number): number {
  if (Number.isInteger(workers) && workers >= 1) return workers
  throw new TransplantError('WORKER_COUNT', `${workers} workers are not possible.`, 'Use an integer from 1.')
}
