// The programs that are at work while the kernel changes under them, and what they leave behind: the bytes each one
// printed, into a file of its own, and its exit status. Every figure is the guest's.

import { decodeText } from '../base/index.js'
import type { AgentClient, StartedCommand } from '../guest/index.js'

/** NAME ROUNDS STEPS PAUSE-MS: long enough to span a patch's transition (1 s between two tries) and an upgrade. */
export const WORKLOADS: readonly string[] = [
  'counter 150 20000 20',
  'fpu 150 3000 20',
  'pipeline 150 4 20',
  'signals 300 1 10',
  'timers 300 10000',
  'cow 40 16 70',
  'files 150 500 20',
]

const OUTPUT_FOLDER = '/tmp/out'

/** A program that runs while the kernel is changed. */
export interface Workload {
  readonly command: string
  readonly started: StartedCommand
  readonly output: string
}

/** What such a program came to. */
export interface WorkloadResult {
  readonly command: string
  readonly pid: number
  readonly status: number | undefined
  readonly output: string
}

/** Starts programs through the agent and waits until each is at work. */
export async function startWorkloads(agent: AgentClient, commands: readonly string[]): Promise<Workload[]> {
  await agent.read(`mkdir ${OUTPUT_FOLDER}`)
  const list: Workload[] = []
  for (const [index, command] of commands.entries()) {
    const output = `${OUTPUT_FOLDER}/${index}`
    // exec: the program itself is the process that the agent has started and will wait for.
    list.push({ command, output, started: await agent.start(`exec ${command} >${output} 2>&1`) })
  }
  return list
}

/** How many are still at work. */
export function runningWorkloads(workloads: readonly Workload[]): number {
  return workloads.filter((workload) => workload.started.result === undefined).length
}

/** Waits for all of them and reads what they wrote. */
export async function finishWorkloads(agent: AgentClient, workloads: readonly Workload[]): Promise<WorkloadResult[]> {
  const results: WorkloadResult[] = []
  for (const { command, started, output } of workloads) {
    const { status } = await agent.wait(started)
    results.push({ command, pid: started.pid, status, output: decodeText(await agent.get(output)) })
  }
  return results
}

/** The last line of a text that is not empty. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}
