// The int3 protocol under every interleaving we can afford: the guest is stopped where it is about to rewrite entries that programs on
// all vCPUs keep calling, and from that one snapshot the run goes on again and again, each time with another schedule (a switch after
// every few instructions) and another choice of how late each vCPU sees the new bytes. A sound kernel must not stumble in any of them.

import { decodeText, panic, TransplantError } from '../../base/index.js'
import { MachineSession, requireKernelImage, type StartedCommand } from '../../guest/index.js'
import { Machine, type MachineOptions, MachinePort, type Snapshot } from '../../machine/index.js'
import { patchTarget, TransitionWatch } from '../../patch/index.js'
import { type DemoAssets, MODULE_PATH, withDemoFiles } from '../assets.js'

/** A rewriting of code that an exploration makes. */
export interface Poke {
  readonly coreWasm: MachineOptions['coreWasm']
  readonly name: 'enabling' | 'disabling'
  readonly snapshot: Snapshot
}

/** A run in which something went wrong, and how to repeat it. */
export interface Stumble {
  readonly poke: Poke['name']
  readonly seed: number
  /** Instructions of a slice, on average. */
  readonly meanSlice: number
  /** What the console said of it, or how the machine ended. */
  readonly said: string
}

/** How long a run goes on: well past the last write of a batch and the 4095 instructions for which it may be seen late. */
const RUN = 400_000
/** Instructions that one command in the guest may take. */
const LIMIT = 4e9
/** The callers run until the run ends. */
const CALLING = 'spin syscall 100000000000'
const SLICES = [1, 2, 5, 20, 100]
/** gcc may keep a part of the function by another name. */
const POKING = ['poke_batch_run', 'poke_batch_run.part.0']
const WRONG = /Oops|BUG:|panic|int3:|invalid opcode|general protection|page fault|WARNING:|segfault|killed/i

/**
 * Boots, keeps every vCPU calling getppid, and takes the guest as it is when the entries are about to be rewritten: when the patch comes,
 * and when it goes. Throws KERNEL_NO_SYMBOL where the kernel does not say what rewrites them, KERNEL_IMAGE where it cannot be read or
 * booted, PATCH_REFUSED, and what `AgentClient.exec` throws.
 */
export async function findPokes(assets: DemoAssets, vcpus: number, disabling: boolean): Promise<Poke[]> {
  const { coreWasm, firmware, kernel, patchModule } = assets
  const image = requireKernelImage(kernel, 'the kernel')
  const rewriting = POKING.map((name) => image.symbol(name)).find((one) => one !== undefined)
  if (rewriting === undefined) throw new TransplantError('KERNEL_NO_SYMBOL', `the kernel has no ${POKING[0]}.`)
  const { name } = patchTarget(patchModule, kernel, MODULE_PATH)
  const initrd = withDemoFiles(assets.initrd, patchModule, assets.nextKernel)
  const booted = await MachineSession.boot(
    { coreWasm, firmware, kernel, initrd, vcpus, memoryBytes: 64 << 20, onReset: 'stop' },
    { limit: LIMIT },
  )
  if (!booted.ok) throw new TransplantError('KERNEL_IMAGE', booted.message, booted.hint)
  const session = booted.value
  const { agent, port, machine } = session
  // What a kernel that cannot rewrite soundly makes of the command is for the runs to show: it is not waited for here.
  const pokedBy = async (command: string): Promise<{ snapshot: Snapshot; started: StartedCommand }> => {
    let found: Snapshot | undefined
    let waiting = false
    const hold = await port.setBreakpoint(rewriting.address, () => {
      found ??= machine.snapshot()
      return waiting ? 'stop' : 'continue'
    })
    const started = await agent.start(command)
    waiting = true
    await agent.runUntil(() => found !== undefined, `to rewrite code for '${command}'`)
    hold.dispose()
    return { snapshot: found ?? panic(`'${command}' rewrites nothing`), started }
  }
  for (let i = 0; i < vcpus; i++) await agent.start(CALLING)
  const transitions = await TransitionWatch.start(agent, await session.kernel([image]))
  const { snapshot, started } = await pokedBy(`insmod ${MODULE_PATH}`)
  const pokes: Poke[] = [{ coreWasm, name: 'enabling', snapshot }]
  if (disabling) {
    await agent.wait(started)
    await transitions.untilOver(name)
    const { snapshot } = await pokedBy(`echo 0 > /sys/kernel/livepatch/${name}/enabled`)
    pokes.push({ coreWasm, name: 'disabling', snapshot })
  }
  transitions.dispose()
  session.dispose()
  return pokes
}

/** One run from the snapshot, on a machine of its own; undefined if nothing went wrong. Throws INTERNAL or CORE_ABORT for a defect of ours. */
export async function runPoke({ coreWasm, name, snapshot }: Poke, seed: number): Promise<Stumble | undefined> {
  const machine = new Machine({ ...snapshot.configuration, seed: BigInt(seed) }, coreWasm)
  machine.restore(snapshot)
  const meanSlice = SLICES[seed % SLICES.length] as number
  machine.reseed(seed, meanSlice)
  const port = new MachinePort(machine)
  let text = ''
  port.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += decodeText(bytes)
  })
  const stop = await port.run({ instructions: RUN })
  const said = stop.reason === 'limit' ? WRONG.exec(text)?.[0] : JSON.stringify(stop)
  return said === undefined ? undefined : { poke: name, seed, meanSlice, said }
}
