// A recording in which everything happens that this sandbox is for: boot, programs at work, a live patch under them, an upgrade under
// them, and their end. Made for comparing executors of instructions: it can be given again to any machine, without the agent.

import { TransplantError } from '../../base/index.js'
import { MachineSession, requireKernelImage } from '../../guest/index.js'
import { Machine, type MachineOptions, Recorder, type Recording } from '../../machine/index.js'
import { patchTarget, TransitionWatch } from '../../patch/index.js'
import { type DemoAssets, MODULE_PATH, NEXT_KERNEL_PATH, withDemoFiles } from '../assets.js'
import { finishWorkloads, startWorkloads, WORKLOADS } from '../workloads.js'

/** What is recorded, and with which parts. */
export interface ChangesOptions {
  readonly assets: DemoAssets
  readonly workloads?: readonly string[]
  /** What else the machine is made of: vCPUs, seed, memory. */
  readonly machine?: Partial<MachineOptions>
}

const RUN_IN = 10_000_000
const LIMIT = 30e9

/** The options that a machine needs to take such a recording again. */
export function changesMachine({ assets, machine = {} }: ChangesOptions): MachineOptions {
  return {
    coreWasm: assets.coreWasm,
    firmware: assets.firmware,
    kernel: assets.kernel,
    initrd: withDemoFiles(assets.initrd, assets.patchModule, assets.nextKernel),
    append: 'console=ttyS0',
    memoryBytes: 64 << 20,
    onReset: 'stop',
    ...machine,
  }
}

/**
 * Records a guest from power-up to power-off: boot, programs, a live patch, an upgrade. Throws where the guest did not take the patch or
 * the upgrade, since a recording of less would prove less: KERNEL_IMAGE, PATCH_REFUSED, UPGRADE_MISSING, and what `AgentClient.exec`
 * throws.
 */
export async function recordChanges(options: ChangesOptions): Promise<Recording> {
  const created = Machine.create(changesMachine(options))
  if (!created.ok) throw new TransplantError('KERNEL_IMAGE', created.message, created.hint)
  const recorder = new Recorder(created.value)
  const session = new MachineSession(created.value, { limit: LIMIT })
  const { agent } = session
  await session.connect()
  const release = await agent.read('uname -r')
  const workloads = await startWorkloads(agent, options.workloads ?? WORKLOADS)
  await agent.runFor(RUN_IN)
  const { kernel, patchModule } = options.assets
  const { name } = patchTarget(patchModule, kernel, MODULE_PATH)
  const view = await session.kernel([requireKernelImage(kernel, 'the kernel')])
  const transitions = await TransitionWatch.start(agent, view)
  await agent.read(`insmod ${MODULE_PATH}`)
  await transitions.untilOver(name)
  transitions.dispose()
  await agent.runFor(RUN_IN)
  await agent.read(`kexec -l ${NEXT_KERNEL_PATH}`)
  await agent.exec('kexec -e')
  if ((await agent.read('uname -r')) === release)
    throw new TransplantError('UPGRADE_MISSING', `The guest still runs ${release.trim()} after its upgrade.`)
  await agent.runFor(RUN_IN)
  await finishWorkloads(agent, workloads)
  await agent.shutDown()
  session.dispose()
  return recorder.finish()
}
