// A job inside its worker: the module imported, its function called with the input and a context.

import { TransplantError } from '../base/index.js'
import type { RunProgress } from '../machine/index.js'
import type { CallTable, Surroundings } from './serve.js'
import type { SharedSignal } from './shared-signal.js'

/** What a job gets beside its input. */
export interface JobContext<Assets = unknown> {
  /** What all jobs share: bytes in shared memory, the core compiled once. Read only. */
  readonly assets: Assets
  /** Turns when the jobs are cancelled, also in the midst of `machine.run({ signal })`. */
  readonly signal: SharedSignal
  /** Tells the caller how far the job is; any plain data. Also `onProgress` of a run. */
  readonly report: (progress: unknown) => void
  /** For a MachinePort or a MachineSession: reports its progress, and ends the job when it is cancelled. */
  readonly breathe: (progress?: RunProgress) => Promise<void>
}

/** Jobs have the same result in whichever worker they run, after whatever other job: they share nothing but `assets`. */
export type JobFunction<Input = unknown, Value = unknown, Assets = unknown> = (
  input: Input,
  context: JobContext<Assets>,
) => Value | Promise<Value>

export function jobCalls(surroundings: Surroundings): CallTable {
  return {
    job: async (call, module: string, name: string, input: unknown) => {
      const body = await load(module, name)
      const { signal } = call
      const report = (progress: unknown): void => call.progress(progress)
      const breathe = async (progress?: RunProgress): Promise<void> => {
        if (progress !== undefined) report(progress)
        await surroundings.breathe()
        signal.throwIfAborted()
      }
      signal.throwIfAborted()
      return body(input, { assets: surroundings.assets, signal, report, breathe })
    },
  }
}

async function load(module: string, name: string): Promise<JobFunction> {
  let exported: Record<string, unknown>
  try {
    exported = await import(/* @vite-ignore */ module)
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new TransplantError('JOB_MODULE', `The job's module '${module}' cannot be imported: ${why}.`, MODULE_HINT)
  }
  const body = exported[name]
  if (typeof body === 'function') return body as JobFunction
  throw new TransplantError('JOB_MODULE', `The module '${module}' exports no function '${name}'.`, MODULE_HINT)
}

const MODULE_HINT = "Give an absolute URL: new URL('./experiment.js', import.meta.url)."
