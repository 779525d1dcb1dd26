// The tasks of the running kernel, where they are in a transition, and one task's kernel stack: only read.

import { formatAddress } from '../../../base/index.js'
import {
  type KernelView,
  type LivePatch,
  readLivePatches,
  readStack,
  readStragglers,
  readTasks,
} from '../../../guest/index.js'
import type { TaskRow, TaskView } from '../protocol.js'

/** All tasks, and the stacks of those that hold a transition up and of the chosen one. */
export async function readTaskView(kernel: KernelView, chosen: number | undefined): Promise<TaskView> {
  const tasks = await readTasks(kernel)
  // A Linux may be built without live patching.
  const patches = kernel.has('klp_patches') ? await readLivePatches(kernel) : []
  const stragglers = patches.length > 0 ? await readStragglers(kernel) : []
  const late = new Set(stragglers.map(({ pid }) => pid))
  const rows: TaskRow[] = []
  for (const task of tasks) {
    const stack = await readStack(kernel, task)
    const isShown = late.has(task.pid) || task.pid === chosen
    rows.push({
      ...{ pid: task.pid, comm: task.comm, patchState: task.patchState, where: stack.where },
      isKernelThread: task.pgd === undefined,
      isStraggler: late.has(task.pid),
      stack: isShown ? stack.calls.map((call) => nameOf(call, patches)) : undefined,
    })
  }
  const patch = patches.find(({ functions }) => functions.some((one) => one.inTransition))
  return { rows, transition: patch && { patch: patch.name, enabling: patch.enabled } }
}

/** A function of a module that a patch replaces is in no image: the patch says where it is. */
function nameOf(call: string, patches: readonly LivePatch[]): string {
  if (!call.startsWith('0x')) return call
  const address = BigInt(call)
  for (const { functions } of patches) {
    for (const { name, object, oldAddress, oldSize } of functions) {
      const offset = address - oldAddress
      if (offset >= 0n && offset < oldSize) return `${name}+0x${offset.toString(16)} [${object}]`
    }
  }
  return formatAddress(address)
}
