// The demonstration: boot Scion 1.0 with several programs at work, live-patch it under them, replace it by Scion 1.1 under
// them, let them finish, and judge the result by a twin that was neither patched nor upgraded.
//
// Nothing here is scripted: what the guest does is decided by the guest's kernel, each figure is read from guest or
// machine, and each check names the figures it rests on (checks.ts). The twin is the same machine, seed and input
// up to the moment at which the first one is looked into, so that the programs have the same process numbers.

import type { Disposable } from '../../base/index.js'
import { type GuestSession, requireKernelImage } from '../../guest/index.js'
import { createDisassembler } from '../../isa/index.js'
import type { MachineOptions } from '../../machine/index.js'
import { observePatch, type PatchReport, patchTarget } from '../../patch/index.js'
import { observeUpgrade, type UpgradeReport } from '../../upgrade/index.js'
import type { WorkerHost } from '../../workers/index.js'
import { type DemoAssets, MODULE_PATH, NEXT_KERNEL_PATH, withDemoFiles } from '../assets.js'
import { finishWorkloads, lastLine, runningWorkloads, startWorkloads, WORKLOADS } from '../workloads.js'
import { judgeDemo } from './checks.js'
import type { BootReport, DemoReport, ProgramReport } from './report.js'
import { bootSession, endSession, type Outcome, runTwin, startTwin } from './twin.js'

/** The steps of the demonstration, in order. */
export type DemoStep = 'boot' | 'programs' | 'patch' | 'upgrade' | 'finish' | 'twin'

/** One step of the demonstration, as it happens. */
export interface DemoProgress {
  readonly step: DemoStep
  /** Virtual time of the machine that works on it. */
  readonly time: number
  readonly text: string
}

/** What the demonstration runs with. */
export interface DemoOptions {
  readonly assets: DemoAssets
  /** Default 1. */
  readonly seed?: number | bigint
  /** Default 2. */
  readonly vcpus?: number
  /** Bytes of RAM. Default: a machine's. */
  readonly memoryBytes?: number
  /** Command lines of programs that are at work meanwhile. Default: one of each kind. */
  readonly workloads?: readonly string[]
  /** Called at each step, while the guest stands still. */
  readonly onProgress?: (progress: DemoProgress) => void
  /** Called now and then, for an application that has to stay responsive. */
  readonly breathe?: () => void | Promise<void>
  /** Threads: the twin runs on one, beside the first machine. Without them it runs afterwards. */
  readonly workers?: WorkerHost
}

const BEHAVIOUR = 'cat /proc/version'
/** How long the programs run before, between and after the two changes. */
const RUN_IN = 40_000_000

/**
 * Boots, live-patches, live-upgrades and verifies a guest beside an undisturbed twin; whether all held is in the report. Throws
 * KERNEL_IMAGE and PATCH_REFUSED for assets that do not fit together, TRANSITION_STUCK, and what `AgentClient.exec` throws.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { assets } = options
  const commands = options.workloads ?? WORKLOADS
  const machineOptions: MachineOptions = {
    coreWasm: assets.coreWasm,
    firmware: assets.firmware,
    kernel: assets.kernel,
    initrd: withDemoFiles(assets.initrd, assets.patchModule, assets.nextKernel),
    append: 'console=ttyS0',
    vcpus: options.vcpus ?? 2,
    seed: options.seed ?? 1,
    onReset: 'stop',
    ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
  }
  const { main, twin } = await runBoth(options, machineOptions, commands)
  options.onProgress?.({
    step: 'twin',
    time: twin.machine.time,
    text: `the twin, neither patched nor upgraded, has finished its ${twin.results.length} programs`,
  })
  const programs = main.results.map((result, index): ProgramReport => {
    const other = twin.results[index]
    return {
      command: result.command,
      pid: result.pid,
      status: result.status,
      bytes: result.output.length,
      result: lastLine(result.output),
      sameAsTwin: other !== undefined && other.output === result.output && other.status === result.status,
    }
  })
  const report = {
    schema: 'transplant-demo/1' as const,
    machine: main.machine,
    boot: main.boot,
    patch: main.patch,
    upgrade: main.upgrade,
    programs,
    twin: twin.machine,
  }
  const checks = judgeDemo(report, { atWork: main.atWork, complaints: main.complaints })
  return { ...report, ok: checks.every((check) => check.ok), checks }
}

/** One after the other, or side by side where there are workers: neither sees anything of the other. */
async function runBoth(
  options: DemoOptions,
  machineOptions: MachineOptions,
  commands: readonly string[],
): Promise<{ readonly main: ChangedOutcome; readonly twin: Outcome }> {
  const beside = options.workers && startTwin(options.workers, machineOptions, commands)
  try {
    const main = await runChanged(options, machineOptions, commands)
    return { main, twin: await (beside?.outcome() ?? runTwin(machineOptions, commands, options.breathe)) }
  } finally {
    beside?.cancel()
  }
}

interface ChangedOutcome extends Outcome {
  readonly boot: BootReport
  readonly patch: PatchReport
  readonly upgrade: UpgradeReport
  readonly atWork: {
    readonly patch: number
    readonly patched: number
    readonly upgrade: number
    readonly upgraded: number
  }
  readonly complaints: readonly string[]
}

async function runChanged(
  options: DemoOptions,
  machineOptions: MachineOptions,
  commands: readonly string[],
): Promise<ChangedOutcome> {
  const { assets } = options
  const image = requireKernelImage(assets.kernel, 'the kernel')
  const nextImage = requireKernelImage(assets.nextKernel, 'the next kernel')
  const target = patchTarget(assets.patchModule, assets.kernel, MODULE_PATH, BEHAVIOUR)
  const disassembler = await createDisassembler()
  const session = await bootSession(machineOptions, options.breathe)
  const { agent, machine } = session
  const tell = (step: DemoStep, text: string): void => options.onProgress?.({ step, time: machine.now, text })
  tell('boot', `the agent answers: ${session.agentName}`)
  const bootTime = machine.now
  const workloads = await startWorkloads(agent, commands)
  await agent.runFor(RUN_IN)
  tell('programs', `${runningWorkloads(workloads)} programs at work`)
  const boot: BootReport = {
    release: (await agent.read('uname -r')).trim(),
    version: (await agent.read(BEHAVIOUR)).trim(),
    buildId: image.buildId,
    agent: session.agentName,
    time: bootTime,
  }

  const steps = follow(session, (text) => tell('patch', text))
  const atPatch = runningWorkloads(workloads)
  const observed = await observePatch(session, await session.kernel([image]), target, disassembler)
  const patched = runningWorkloads(workloads)
  steps.dispose()
  await agent.runFor(RUN_IN)
  const later = (await agent.read(BEHAVIOUR)).trimEnd()
  const patch: PatchReport = { ...observed, behaviour: { ...observed.behaviour, later } }

  const upgradeSteps = follow(session, (text) => tell('upgrade', text))
  const atUpgrade = runningWorkloads(workloads)
  const pids = workloads
    .filter(({ command }) => /^(files|pipeline|timers) /.test(command))
    .map(({ started }) => started.pid)
  const upgrade = await observeUpgrade(session, await session.kernel([image]), {
    path: NEXT_KERNEL_PATH,
    image: nextImage,
    pids,
  })
  const upgraded = runningWorkloads(workloads)
  upgradeSteps.dispose()

  const results = await finishWorkloads(agent, workloads)
  tell('finish', `${results.length} programs have finished`)
  const outcome = await endSession(session, results)
  const complaints = session.console.lines.map((line) => line.text).filter((text) => COMPLAINT.test(text))
  session.dispose()
  return {
    ...outcome,
    boot,
    patch,
    upgrade,
    atWork: { patch: atPatch, patched, upgrade: atUpgrade, upgraded },
    complaints,
  }
}

/** What a healthy kernel never prints. */
const COMPLAINT = /BUG:|WARNING:|Oops|Kernel panic|general protection|unreliable stack/

/** Passes the kernel's own messages on while something happens. */
function follow(session: GuestSession, tell: (text: string) => void): Disposable {
  return session.console.onLine(({ text }) => {
    const message = /\]\s((?:livepatch|liveupdate|kho|kexec_file|kexec|demo): .*)$/.exec(text)?.[1]
    if (message !== undefined) tell(message)
  })
}
