// Loads a patch module into a running guest and follows what the guest does with it.
//
// 1. Nothing is changed from outside: `insmod` runs in the guest; host breakpoints only look.
// 2. The entry of each patched function is read before, each time the guest is about to make all CPUs serialize
//    (text_poke_sync), and after: so each state of the int3 protocol is seen in the guest's memory, not derived.
// 3. Tasks are read when the transition has started and when the kernel is about to complete it. A kernel whose symbols
//    do not name these functions gives no task list; the rest holds.
// 4. A module that the guest refuses is an ordinary result: status and messages say why, the entries are at rest.

import { type Disposable, formatAddress, TransplantError, virtAddr } from '../base/index.js'
import { type GuestSession, type KernelView, readTasks, type Task } from '../guest/index.js'
import { type Disassembler, formatBytes } from '../isa/index.js'
import type { BreakpointAction } from '../machine/index.js'
import { checkPatch, type PatchedFunction } from './check-patch.js'
import { readEntryState } from './entry-bytes.js'
import { readKernelFacts } from './kernel-facts.js'
import type { EntryStage, PatchReport } from './report.js'

export interface PatchTarget {
  /** The patch's name as the kernel knows it. */
  readonly name: string
  readonly functions: readonly PatchedFunction[]
  /** Where the module lies in the guest. */
  readonly path: string
  /** A command whose output the patch changes. */
  readonly behaviour?: string
}

const ENTRY_BYTES = 5
/** text_poke_sync() may be inlined; what it calls is not: on_each_cpu(do_sync_core). */
const ON_EACH_CPU = 'on_each_cpu'
const SYNC = 'do_sync_core'
const STARTING = 'klp_start_transition'
/** In this order: the first that the image has. */
const COMPLETING = ['klp_complete_transition', 'klp_synchronize_transition']

interface Watched {
  readonly target: PatchedFunction
  readonly address: bigint
  readonly stages: EntryStage[]
}

/** What a patch module replaces, for following it. Throws PATCH_REFUSED for one that this kernel will not take. */
export function patchTarget(module: Uint8Array, kernel: Uint8Array, path: string, behaviour?: string): PatchTarget {
  const facts = readKernelFacts(kernel)
  if (!facts.ok) throw new TransplantError('KERNEL_IMAGE', `${facts.message}.`)
  const checked = checkPatch(module, facts.kernel)
  if (!checked.ok) throw new TransplantError('PATCH_REFUSED', `${checked.message}.`)
  const { name, functions } = checked.patch
  return { name, functions, path, ...(behaviour === undefined ? {} : { behaviour }) }
}

export async function observePatch(
  session: GuestSession,
  kernel: KernelView,
  patch: PatchTarget,
  disassembler: Disassembler,
): Promise<PatchReport> {
  const { agent, port, console } = session
  const firstLine = console.lines.length
  const behaviour = patch.behaviour
  const before = behaviour === undefined ? '' : await agent.read(behaviour)
  const watched: Watched[] = patch.functions.flatMap((target) =>
    target.entry === undefined ? [] : [{ target, address: virtAddr(target.entry + kernel.delta), stages: [] }],
  )
  const look = async (when: EntryStage['when'], cpu: number): Promise<void> => {
    const time = session.machine.now
    for (const { address, stages } of watched) {
      const bytes = await port.readVirtual(virtAddr(address), ENTRY_BYTES, { cpu })
      const text = formatBytes(bytes)
      if (when === 'sync' && stages.at(-1)?.bytes === text) continue
      stages.push({
        when,
        time,
        state: readEntryState(bytes, address).state,
        bytes: text,
        listing: listEntry(disassembler, bytes, address),
      })
    }
  }
  await look('before', 0)

  let started: { time: number; tasks: Task[] } | undefined
  let completed: { time: number; tasks: Task[] } | undefined
  const breakpoints: Disposable[] = []
  const observe = async (name: string, handler: (cpu: number) => Promise<void>): Promise<void> => {
    breakpoints.push(
      await port.setBreakpoint(kernel.address(name), async ({ cpu }): Promise<BreakpointAction> => {
        await handler(cpu)
        return 'continue'
      }),
    )
  }
  const sync = kernel.address(SYNC)
  await observe(ON_EACH_CPU, async (cpu) => {
    if ((await port.registers(cpu)).rdi === sync) await look('sync', cpu)
  })
  if (kernel.image.symbol(STARTING) !== undefined) {
    await observe(STARTING, async (cpu) => {
      started ??= { time: session.machine.now, tasks: await readTasks(await kernel.on(cpu)) }
    })
  }
  const completing = COMPLETING.find((name) => kernel.image.symbol(name) !== undefined)
  if (completing !== undefined) {
    await observe(completing, async (cpu) => {
      completed ??= { time: session.machine.now, tasks: await readTasks(await kernel.on(cpu)) }
    })
  }

  const files = `/sys/kernel/livepatch/${patch.name}`
  const insmod = await agent.exec(`insmod ${patch.path}`)
  let enabled = ''
  let inTransition = ''
  try {
    // An ordinary module has no such folder, and no transition.
    if (insmod.status === 0 && (await agent.exec(`[ -d ${files} ]`)).status === 0) {
      await agent.read(`while [ "$(cat ${files}/transition)" = 1 ]; do sleep 0.05; done`)
      enabled = (await agent.read(`cat ${files}/enabled`)).trim()
      inTransition = (await agent.read(`cat ${files}/transition`)).trim()
    }
  } catch (error) {
    throw await explainStuck(error, kernel)
  } finally {
    for (const breakpoint of breakpoints) breakpoint.dispose()
  }
  await look('after', 0)
  const after = behaviour === undefined ? '' : await agent.read(behaviour)
  const ends = new Map(completed?.tasks.map((task) => [task.pid, task.patchState]))
  const tasks = (started?.tasks ?? []).map((task) => ({
    pid: task.pid,
    comm: task.comm,
    started: task.patchState,
    completed: ends.get(task.pid),
  }))
  return {
    name: patch.name,
    module: patch.path,
    status: insmod.status,
    error: insmod.stderr.trim(),
    functions: watched.map(({ target, address, stages }) => ({
      object: target.object,
      name: target.name,
      address: formatAddress(address),
      stages,
    })),
    transition: {
      started: started?.time,
      completed: completed?.time,
      instructions: started === undefined || completed === undefined ? undefined : completed.time - started.time,
      tasks,
      switched: tasks.filter((task) => task.started === 0 && task.completed === 1).length,
    },
    enabled,
    inTransition,
    messages: console.messages(firstLine).map((message) => message.text),
    behaviour: { command: behaviour ?? '', before: before.trimEnd(), after: after.trimEnd(), later: after.trimEnd() },
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
  const stragglers = (await readTasks(await kernel.on(0))).filter((task) => task.patchState === 0)
  if (stragglers.length === 0) return error
  const names = stragglers.map((task) => `${task.comm} (pid ${task.pid})`).join(', ')
  return new TransplantError(
    'TRANSITION_STUCK',
    `The transition does not end: ${names} did not switch to the patched functions.`,
    'Look at its stack in the guest (/proc/<pid>/stack), or wake it with a signal.',
  )
}
