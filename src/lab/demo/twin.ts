// The twin: the same machine with the same programs, neither patched nor upgraded, by which a demonstration is judged. It shares
// nothing with the first machine, so it may run beside it in a worker; its outcome is the same.

import { CancelSource, TransplantError } from '../../base/index.js'
import { MachineSession } from '../../guest/index.js'
import type { MachineOptions } from '../../machine/index.js'
import { type JobFunction, runJobs, type WorkerHost } from '../../workers/index.js'
import { finishWorkloads, startWorkloads, type WorkloadResult } from '../workloads.js'
import type { DemoReport } from './report.js'

export interface Outcome {
  readonly results: readonly WorkloadResult[]
  readonly machine: DemoReport['machine']
}

type Breathe = (() => void | Promise<void>) | undefined

/** Instructions that one command in the guest may take. */
const LIMIT = 30e9

export async function runTwin(
  machineOptions: MachineOptions,
  commands: readonly string[],
  breathe: Breathe,
): Promise<Outcome> {
  const session = await bootSession(machineOptions, breathe)
  const workloads = await startWorkloads(session.agent, commands)
  const results = await finishWorkloads(session.agent, workloads)
  const outcome = await endSession(session, results)
  session.dispose()
  return outcome
}

/** `runTwin` as a job. */
export const twinJob: JobFunction<readonly string[], Outcome, MachineOptions> = (commands, { assets, breathe }) =>
  runTwin(assets, commands, () => breathe())

/** Begins `runTwin` in a worker. */
export function startTwin(
  host: WorkerHost,
  machineOptions: MachineOptions,
  commands: readonly string[],
): { outcome(): Promise<Outcome>; cancel(): void } {
  const signal = new CancelSource()
  const job = { module: new URL('./twin.js', import.meta.url), name: 'twinJob', input: commands }
  const running = runJobs<Outcome>([job], { host, workers: 1, assets: machineOptions, signal })
  return {
    outcome: async () => {
      const [outcome] = await running
      if (outcome?.ok === true) return outcome.value
      throw outcome?.error
    },
    cancel: () => signal.cancel(),
  }
}

export async function bootSession(machineOptions: MachineOptions, breathe: Breathe): Promise<MachineSession> {
  const booted = await MachineSession.boot(machineOptions, {
    limit: LIMIT,
    ...(breathe === undefined ? {} : { breathe: () => breathe() }),
  })
  if (!booted.ok) throw new TransplantError('KERNEL_IMAGE', `${booted.message}`, booted.hint)
  return booted.value
}

export async function endSession(session: MachineSession, results: readonly WorkloadResult[]): Promise<Outcome> {
  const { machine } = session
  const stop = await session.agent.shutDown()
  return {
    results,
    machine: {
      vcpus: machine.vcpus,
      memoryBytes: machine.memoryBytes,
      seed: String(machine.configuration.seed),
      time: machine.now,
      instructions: machine.statistics.instructions,
      hash: machine.hash(),
      end: stop.reason,
    },
  }
}
