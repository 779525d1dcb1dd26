// One run of an upgrade under load, with everything about it drawn from a seed: which programs, when the upgrades come, whether a
// live patch is loaded before, and how the vCPUs interleave. Returns what was wrong, in words; an empty list is a good run.
//
// The guest is booted once for each number of vCPUs; a run restores that snapshot and gives the scheduler another seed, so a run
// costs no boot. What the programs have to print is what they printed in a run without any of this.

import { Random, TransplantError } from '../../base/index.js'
import { concatenateCpio, writeCpio } from '../../format/index.js'
import { type GuestSession, type KernelImage, MachineSession, requireKernelImage } from '../../guest/index.js'
import type { Snapshot } from '../../machine/index.js'
import { observeUpgrade } from '../../upgrade/index.js'
import { type DemoAssets, directory, file, MODULE_PATH } from '../assets.js'
import { finishWorkloads, lastLine, startWorkloads } from '../workloads.js'

/** Each must print the same last line in every run. */
const PROGRAMS: readonly string[] = [
  'counter 60 20000 5',
  'fpu 60 3000 5',
  'pipeline 60 4 5',
  'signals 60 1 5',
  'timers 60 5000',
  'cow 20 16 10',
  'files 60 500 5',
  'spin pipe 2000',
  'spin fork 300',
  'spin faults 2000',
  'keeper 16 3 10',
  'keeper 40 20 1',
  'usertests -q',
  "sh -c 'i=0; while [ $i -lt 12 ]; do seq 1 200 | grep 7 | wc -l; i=$((i+1)); sleep 0.01; done | cat'",
]

/** What a healthy kernel never prints. */
const COMPLAINT = /BUG:|WARNING:|Oops|Kernel panic|general protection|unreliable stack|double free|verification failed/

/** What one run of an exploration is given. */
export interface RunOptions {
  readonly seed: number
  readonly vcpus: number
  /** Instructions of a slice, on average. */
  readonly meanSlice: number
  /** How many, one after another. Default 2. */
  readonly upgrades?: number
}

interface Kernel {
  readonly release: string
  readonly path: string
  readonly bytes: Uint8Array
  readonly image: KernelImage
}

const LIMIT = 20e9
const withoutNumber = (text: string) => text.replace(/pid \d+/, 'pid P')

function choose(random: Random): string[] {
  const chosen = PROGRAMS.filter(() => random.below(2) === 0)
  return chosen.length > 0 ? chosen : [...PROGRAMS]
}

function compiled(core: DemoAssets['coreWasm']): WebAssembly.Module {
  return core instanceof WebAssembly.Module ? core : new WebAssembly.Module(core as Uint8Array<ArrayBuffer>)
}

/** Free pages, in KiB, as the guest says. */
export async function freeMemory(session: GuestSession): Promise<number> {
  return Number(/MemFree:\s+(\d+)/.exec(await session.agent.read('cat /proc/meminfo'))?.[1])
}

/** Upgrades a guest at many instants, each in a fork. */
export class UpgradeExplorer {
  private readonly assets: DemoAssets
  private readonly kernels: readonly Kernel[]
  private readonly snapshots = new Map<number, Promise<Snapshot>>()
  private undisturbed: Promise<ReadonlyMap<string, string>> | undefined

  /** Between the two kernels of `assets`, to and fro. Throws KERNEL_IMAGE for a kernel that cannot be read. */
  constructor(assets: DemoAssets) {
    this.assets = { ...assets, coreWasm: compiled(assets.coreWasm) }
    this.kernels = [
      { release: '1.0', bytes: assets.kernel },
      { release: '1.1', bytes: assets.nextKernel },
    ].map(({ release, bytes }) => ({
      ...{ release, bytes, path: `/boot/scion-${release}`, image: requireKernelImage(bytes, release) },
    }))
  }

  private initrd(): Uint8Array {
    const { initrd, patchModule } = this.assets
    const own = writeCpio([
      directory('lib/modules'),
      file(MODULE_PATH.slice(1), patchModule),
      directory('boot'),
      ...this.kernels.map(({ path, bytes }) => file(path.slice(1), bytes)),
    ])
    return concatenateCpio([initrd, own])
  }

  private async boot(vcpus: number): Promise<Snapshot> {
    const { coreWasm, firmware, kernel } = this.assets
    const options = { coreWasm, firmware, kernel, initrd: this.initrd(), append: 'console=ttyS0', vcpus }
    const booted = await MachineSession.boot({ ...options, onReset: 'stop' }, { limit: LIMIT })
    if (!booted.ok) throw new TransplantError('KERNEL_IMAGE', booted.message, booted.hint)
    const snapshot = booted.value.machine.snapshot()
    booted.value.dispose()
    return snapshot
  }

  /**
   * A guest that has just booted, with a schedule of its own from here on; `meanSlice`: the instructions that a vCPU's turn has on average.
   * Throws KERNEL_IMAGE for a kernel that cannot be booted, and
   * what `AgentClient.connect` throws.
   */
  async guest(vcpus: number, seed: number, meanSlice?: number): Promise<MachineSession> {
    const snapshot = this.snapshots.get(vcpus) ?? this.boot(vcpus)
    this.snapshots.set(vcpus, snapshot)
    const session = await MachineSession.resume(this.assets.coreWasm, await snapshot, { limit: LIMIT })
    session.machine.reseed(seed, meanSlice)
    return session
  }

  private async runUndisturbed(): Promise<ReadonlyMap<string, string>> {
    const session = await this.guest(2, 1)
    const results = await finishWorkloads(session.agent, await startWorkloads(session.agent, PROGRAMS))
    session.dispose()
    return new Map(results.map((one) => [one.command, `${one.status} ${withoutNumber(lastLine(one.output))}`]))
  }

  /** What each program says at its end when nothing happens to the kernel; the first call runs them. Throws what `UpgradeExplorer.guest` throws. */
  expectedResults(): Promise<ReadonlyMap<string, string>> {
    this.undisturbed ??= this.runUndisturbed()
    return this.undisturbed
  }

  /**
   * Upgrades to the kernel that does not run. Says what was wrong; a refusal only if it is one that says when to try again. Throws
   * KERNEL_UNKNOWN, and what `observeUpgrade` throws.
   */
  async upgradeOnce(session: GuestSession, pids: readonly number[]): Promise<string[]> {
    const release = (await session.agent.read('uname -r')).trim()
    const next = this.kernels.find((kernel) => kernel.release !== release)
    if (next === undefined) return [`release ${release} is unknown`]
    let refusal = ''
    for (let attempt = 0; attempt < 40; attempt++) {
      const old = await session.kernel(this.kernels.map((one) => one.image))
      const report = await observeUpgrade(session, old, { path: next.path, image: next.image, pids })
      if (report.status !== 0) {
        refusal = report.messages.find((text) => text.includes('liveupdate: refused:')) ?? ''
        // usertests offers a bad kernel, and a load that fails leaves none
        const unloaded = report.messages.some((text) => text.includes('no kernel is loaded'))
        if (!unloaded && !/is inside vfork|transition of .* is running|cannot be preserved|inside exec/.test(refusal))
          return [`upgrade of ${release}: ${report.error}: ${report.messages.join(' | ')}`]
        await session.agent.runFor(attempt < 20 ? 10_000_000 : 100_000_000)
        continue
      }
      // a program that has ended since has no files
      const wrong: string[] = [
        ...report.missing,
        ...report.filesChanged.filter((text) => !/, is (undefined)?$/.test(text)),
      ]
      for (const one of report.processes) {
        if (one.differences.length > 0 || one.registersChanged > 0)
          wrong.push(`${one.comm} (pid ${one.pid}): ${one.differences.join(', ')}`)
      }
      if (report.switch === undefined) wrong.push('the switch was not observed')
      else if (report.switch.userEntries > 0) wrong.push('a user instruction ran while all were frozen')
      if (report.devices.uartInitialised + report.devices.diskInitialised > 0)
        wrong.push('a device was initialised again')
      return wrong
    }
    return [`release ${release} refuses again and again: ${refusal}`]
  }

  /** One run; what was wrong, in words. Throws what `UpgradeExplorer.guest` throws. */
  async run(options: RunOptions): Promise<string[]> {
    const expected = await this.expectedResults()
    const random = new Random(options.seed).fork('upgrade')
    const session = await this.guest(options.vcpus, options.seed, options.meanSlice)
    const wrong: string[] = []
    const span = () => Math.floor(10 ** (4 + (random.u32() / 2 ** 32) * 4))
    try {
      const workloads = await startWorkloads(session.agent, choose(random))
      await session.agent.runFor(span())
      if (random.below(5) < 2) {
        await session.agent.read(`insmod ${MODULE_PATH}`)
        await session.agent.runFor(span())
      }
      const pids = workloads
        .filter(({ command }) => /^(files|pipeline|timers) /.test(command))
        .map((one) => one.started.pid)
      for (let n = 0; n < (options.upgrades ?? 2) && wrong.length === 0; n++) {
        wrong.push(...(await this.upgradeOnce(session, pids)))
        await session.agent.runFor(span())
      }
      for (const one of await finishWorkloads(session.agent, workloads)) {
        const result = `${one.status} ${withoutNumber(lastLine(one.output))}`
        if (result === expected.get(one.command)) continue
        const failures = one.output.split('\n').filter((line) => /^not ok|DAMAGED|^#/.test(line))
        wrong.push(
          `${one.command}: '${result}', not '${expected.get(one.command)}'; ${failures.slice(0, 6).join(' | ')}`,
        )
      }
      const left = await session.agent.read('ps')
      if (/spin|keeper|cow|pipeline/.test(left)) wrong.push(`processes are left: ${left}`)
    } catch (error) {
      wrong.push(String(error))
      wrong.push(...session.console.lines.slice(-25).map((line) => line.text))
    } finally {
      wrong.push(...session.console.lines.map((line) => line.text).filter((text) => COMPLAINT.test(text)))
      session.dispose()
    }
    return wrong
  }
}
