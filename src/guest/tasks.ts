// The tasks of a running Scion kernel, walked as Linux keeps them: the circular list `tasks` that starts at init_task.

import { TransplantError } from '../base/index.js'
import type { KernelView } from './kernel-view.js'

export interface Task {
  /** Address of its task_struct. */
  readonly address: bigint
  readonly pid: number
  readonly tgid: number
  readonly comm: string
  /** CR3's physical address of its own page tables; undefined for a kernel thread. */
  readonly pgd: bigint | undefined
  /** -1 no transition, 0 unpatched, 1 patched; as /proc/<pid>/patch_state. */
  readonly patchState: number
}

/** More tasks than any guest here has: a longer walk means a broken list. */
const TASK_LIMIT = 65_536
/** KLP_TRANSITION_IDLE. */
const NO_TRANSITION = -1

/** All thread group leaders except the idle tasks, in the kernel's order. Throws KERNEL_BAD_LIST when the list does not close. */
export async function readTasks(kernel: KernelView): Promise<Task[]> {
  const tasks = BigInt(kernel.field('task_struct', 'tasks').offset)
  return readList(kernel, kernel.address('init_task') + tasks, tasks)
}

/**
 * The tasks, threads among them, that have not come to where the running transition is going: to the patch, away from it, or back. None
 * while no transition runs.
 */
export async function readStragglers(kernel: KernelView): Promise<Task[]> {
  const target = (await kernel.readU32(kernel.address('klp_target_state'))) | 0
  if (target === NO_TRANSITION) return []
  const head = BigInt(kernel.field('signal_struct', 'thread_head').offset)
  const node = BigInt(kernel.field('task_struct', 'thread_node').offset)
  const stragglers: Task[] = []
  for (const leader of await readTasks(kernel)) {
    const signal = await kernel.readField('task_struct', 'signal', leader.address)
    const threads = await readList(kernel, signal + head, node)
    stragglers.push(...threads.filter((task) => task.patchState === 1 - target))
  }
  return stragglers
}

/** The tasks of a list: `head` is its head, `node` the place of the link in a task. */
async function readList(kernel: KernelView, head: bigint, node: bigint): Promise<Task[]> {
  const list: Task[] = []
  for (let at = await kernel.readU64(head); at !== head; at = await kernel.readU64(at)) {
    if (list.length >= TASK_LIMIT) {
      throw new TransplantError('KERNEL_BAD_LIST', `a task list does not close after ${TASK_LIMIT} tasks.`)
    }
    list.push(await readTask(kernel, at - node))
  }
  return list
}

async function readTask(kernel: KernelView, address: bigint): Promise<Task> {
  const mm = await kernel.readField('task_struct', 'mm', address)
  const comm = kernel.field('task_struct', 'comm')
  return {
    address,
    pid: Number(BigInt.asIntN(32, await kernel.readField('task_struct', 'pid', address))),
    tgid: Number(BigInt.asIntN(32, await kernel.readField('task_struct', 'tgid', address))),
    comm: await kernel.readText(address + BigInt(comm.offset), comm.size),
    pgd: mm === 0n ? undefined : await readPgd(kernel, mm),
    patchState: Number(BigInt.asIntN(32, await kernel.readField('task_struct', 'patch_state', address))),
  }
}

/** mm_struct.pgd is an address in the direct map. */
async function readPgd(kernel: KernelView, mm: bigint): Promise<bigint> {
  return (await kernel.readField('mm_struct', 'pgd', mm)) - DIRECT_MAP
}

export const DIRECT_MAP = 0xffff_8880_0000_0000n
