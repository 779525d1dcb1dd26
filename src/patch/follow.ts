// Loads a patch module into a running guest and follows what the guest does with it, through the guest's port alone.
//
// 1. Nothing is changed from outside: `insmod` runs in the guest; host breakpoints only look.
// 2. The entry of each patched function is read before, each time the guest is about to make all CPUs serialize
//    (text_poke_sync), and after: so each state of the int3 protocol is seen in the guest's memory, not derived.
// 3. Tasks are read when the transition has started and when the kernel is about to complete it; the transition is over when
//    the function that completes it returns. A kernel whose symbols do not name it gives no list; the rest holds.
// 4. A module that the guest refuses is an ordinary result: status and messages say why, the entries are at rest.

import { type Disposable, DisposableStore, formatAddress, TransplantError, virtAddr } from '../base/index.js'
import {
  type AgentClient,
  type CommandResult,
  type KernelView,
  readStragglers,
  readTasks,
  type Task,
} from '../guest/index.js'
import { type Disassembler, formatBytes } from '../isa/index.js'
import type { BreakpointAction, GuestPort } from '../machine/index.js'
import { checkPatch, type PatchedFunction } from './check-patch.js'
import { ENTRY_BYTES, readEntryState } from './entry-bytes.js'
import { readKernelFacts } from './kernel-facts.js'
import type { EntryStage, PatchReport } from './report.js'
import { type PatchState, TransitionWatch } from './transition.js'

/** A module in the guest that is to be followed. */
export interface PatchTarget {
  /** The patch's name as the kernel knows it. */
  readonly name: string
  readonly functions: readonly PatchedFunction[]
  /** Where the module lies in the guest. */
  readonly path: string
  /** A command whose output the patch changes. */
  readonly behaviour?: string
}

/** text_poke_sync() may be inlined; what it calls is not: on_each_cpu(do_sync_core). */
const ON_EACH_CPU = 'on_each_cpu'
const SYNC = 'do_sync_core'
const STARTING = 'klp_start_transition'

/**
 * What a patch module replaces, for following it. Throws KERNEL_IMAGE for a kernel that cannot be read, PATCH_REFUSED for a module that
 * this kernel will not take.
 */
export function patchTarget(module: Uint8Array, kernel: Uint8Array, path: string, behaviour?: string): PatchTarget {
  const facts = readKernelFacts(kernel)
  if (!facts.ok) throw new TransplantError('KERNEL_IMAGE', `${facts.message}.`, facts.hint)
  const checked = checkPatch(module, facts.value)
  if (!checked.ok) throw new TransplantError('PATCH_REFUSED', `${checked.message}.`, checked.hint)
  const { name, functions } = checked.value
  return { name, functions, path, ...(behaviour === undefined ? {} : { behaviour }) }
}

/**
 * Loads a module in the guest and follows its transition to the end; a module that the guest refuses is a report too. Throws
 * TRANSITION_STUCK with the tasks that hold it up, and what `AgentClient.exec` throws.
 */
export async function observePatch(
  { agent }: { readonly agent: AgentClient },
  kernel: KernelView,
  patch: PatchTarget,
  disassembler: Disassembler,
): Promise<PatchReport> {
  const firstLine = agent.console.lines.length
  const behave = async (): Promise<string> =>
    patch.behaviour === undefined ? '' : (await agent.read(patch.behaviour)).trimEnd()
  const before = await behave()
  const follower = new Follower(agent.port, kernel, patch, disassembler)
  await follower.look('before', 0)
  await follower.watch()
  const transitions = await TransitionWatch.start(agent, kernel, (cpu) => follower.complete(cpu))
  const insmod = await agent.exec(`insmod ${patch.path}`)
  let state: PatchState = { enabled: '', inTransition: '' }
  try {
    if (insmod.status === 0) state = await transitions.untilOver(patch.name)
  } catch (error) {
    throw await explainStuck(error, kernel)
  } finally {
    follower.dispose()
    transitions.dispose()
  }
  await follower.look('after', 0)
  const after = await behave()
  return {
    name: patch.name,
    module: patch.path,
    ...outcomeOf(insmod),
    functions: follower.functions(),
    transition: follower.transition(),
    ...state,
    messages: agent.console.messages(firstLine).map((message) => message.text),
    behaviour: { command: patch.behaviour ?? '', before, after, later: after },
  }
}

function outcomeOf(insmod: CommandResult): { readonly status: number; readonly error: string } {
  return { status: insmod.status, error: insmod.stderr.trim() }
}

interface Watched {
  readonly target: PatchedFunction
  readonly address: bigint
  readonly stages: EntryStage[]
}

interface Moment {
  readonly time: number | undefined
  readonly tasks: readonly Task[]
}

/** Looks at entries and tasks at the moments that the kernel's own functions mark. */
class Follower implements Disposable {
  private readonly port: GuestPort
  private readonly kernel: KernelView
  private readonly disassembler: Disassembler
  private readonly watched: readonly Watched[]
  private readonly breakpoints = new DisposableStore()
  private started: Moment | undefined
  private completed: Moment | undefined

  constructor(port: GuestPort, kernel: KernelView, patch: PatchTarget, disassembler: Disassembler) {
    this.port = port
    this.kernel = kernel
    this.disassembler = disassembler
    this.watched = patch.functions.flatMap((target) =>
      target.entry === undefined ? [] : [{ target, address: virtAddr(target.entry + kernel.delta), stages: [] }],
    )
  }

  async look(when: EntryStage['when'], cpu: number): Promise<void> {
    const time = await this.port.capabilities.time?.()
    for (const { address, stages } of this.watched) {
      const bytes = await this.port.readVirtual(virtAddr(address), ENTRY_BYTES, { cpu })
      const text = formatBytes(bytes)
      if (when === 'sync' && stages.at(-1)?.bytes === text) continue
      const listing = listEntry(this.disassembler, bytes, address)
      stages.push({ when, time, state: readEntryState(bytes, address).state, bytes: text, listing })
    }
  }

  async watch(): Promise<void> {
    const sync = this.kernel.address(SYNC)
    await this.at(ON_EACH_CPU, async (cpu) => {
      if ((await this.port.registers(cpu)).rdi === sync) await this.look('sync', cpu)
    })
    await this.at(STARTING, async (cpu) => {
      this.started ??= await this.moment(cpu)
    })
  }

  /** The guest is about to complete a transition. */
  async complete(cpu: number): Promise<void> {
    this.completed ??= await this.moment(cpu)
  }

  private async at(name: string, act: (cpu: number) => Promise<void>): Promise<void> {
    if (!this.kernel.has(name)) return
    const hold = await this.port.setBreakpoint(
      this.kernel.address(name),
      async ({ cpu }): Promise<BreakpointAction> => {
        await act(cpu)
        return 'continue'
      },
    )
    this.breakpoints.add(hold)
  }

  private async moment(cpu: number): Promise<Moment> {
    return { time: await this.port.capabilities.time?.(), tasks: await readTasks(await this.kernel.on(cpu)) }
  }

  functions(): PatchReport['functions'] {
    return this.watched.map(({ target, address, stages }) => ({
      object: target.object,
      name: target.name,
      address: formatAddress(address),
      stages,
    }))
  }

  transition(): PatchReport['transition'] {
    const [from, to] = [this.started?.time, this.completed?.time]
    const ends = new Map(this.completed?.tasks.map((task) => [task.pid, task.patchState]))
    const tasks = (this.started?.tasks ?? []).map((task) => ({
      pid: task.pid,
      comm: task.comm,
      started: task.patchState,
      completed: ends.get(task.pid),
    }))
    return {
      started: from,
      completed: to,
      instructions: from === undefined || to === undefined ? undefined : to - from,
      tasks,
      switched: tasks.filter((task) => task.started === 0 && task.completed === 1).length,
    }
  }

  dispose(): void {
    this.breakpoints.dispose()
  }
}

/** A CPU that meets 0xCC traps before it looks at the bytes behind: they are listed as bytes, not as instructions. */
function listEntry(disassembler: Disassembler, bytes: Uint8Array, address: bigint): string[] {
  if (bytes[0] !== 0xcc) return disassembler.list(bytes, address)
  return [...disassembler.list(bytes.subarray(0, 1), address), `${' '.repeat(18)}${formatBytes(bytes.subarray(1))}`]
}

/** A transition that does not end is explained by the tasks that have not switched. */
async function explainStuck(error: unknown, kernel: KernelView): Promise<unknown> {
  if (!(error instanceof TransplantError) || error.code !== 'AGENT_TIMEOUT') return error
  const stragglers = await readStragglers(await kernel.on(0))
  if (stragglers.length === 0) return error
  const names = stragglers.map((task) => `${task.comm} (pid ${task.pid})`).join(', ')
  return new TransplantError(
    'TRANSITION_STUCK',
    `The transition does not end: ${names} did not switch.`,
    'Look at its stack in the guest (/proc/<pid>/stack), or wake it with a signal.',
  )
}
