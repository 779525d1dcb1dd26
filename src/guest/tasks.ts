// The tasks of a running kernel, walked as Linux keeps them: the list `tasks` from init_task links the leaders of thread groups, and
// signal->thread_head the threads of a group.

import { virtAddr } from '../base/index.js'
import type { KernelView } from './kernel-view.js'

/** A task of the guest, as its task_struct has it. */
export interface Task {
  /** Address of its task_struct. */
  readonly address: bigint
  readonly pid: number
  readonly tgid: number
  readonly comm: string
  /** CR3's physical address of its own page tables; undefined for a kernel thread. */
  readonly pgd: bigint | undefined
  /** -1 no transition (or no live patching), 0 unpatched, 1 patched; as /proc/<pid>/patch_state. */
  readonly patchState: number
}

/**
 * All tasks except the idle tasks, in the kernel's order. Throws KERNEL_BAD_LIST when a list does not close, KERNEL_NO_SYMBOL or
 * KERNEL_NO_FIELD for a kernel that keeps its tasks otherwise, and what `KernelView.read` throws.
 */
export async function readTasks(kernel: KernelView): Promise<Task[]> {
  const head = kernel.address('init_task') + BigInt(kernel.field('task_struct', 'tasks').offset)
  const threadHead = BigInt(kernel.field('signal_struct', 'thread_head').offset)
  const list: Task[] = []
  for (const leader of await kernel.readList(head, 'task_struct', 'tasks')) {
    const signal = await kernel.readField('task_struct', 'signal', leader)
    for (const task of await kernel.readList(signal + threadHead, 'task_struct', 'thread_node')) {
      list.push(await readTask(kernel, task))
    }
  }
  return list
}

/** KLP_TRANSITION_IDLE. */
const NO_TRANSITION = -1

/**
 * The tasks, threads among them, that have not come to where the running transition is going: to the patch, away from it, or back. None
 * while no transition runs. Throws KERNEL_NO_SYMBOL for a kernel that has no live patching, and what `readTasks` throws.
 */
export async function readStragglers(kernel: KernelView): Promise<Task[]> {
  const target = (await kernel.readU32(kernel.address('klp_target_state'))) | 0
  if (target === NO_TRANSITION) return []
  return (await readTasks(kernel)).filter((task) => task.patchState === 1 - target)
}

async function readTask(kernel: KernelView, address: bigint): Promise<Task> {
  const signed = async (field: string): Promise<number> =>
    Number(BigInt.asIntN(32, await kernel.readField('task_struct', field, address)))
  const mm = await kernel.readField('task_struct', 'mm', address)
  const comm = kernel.field('task_struct', 'comm')
  return {
    address,
    pid: await signed('pid'),
    tgid: await signed('tgid'),
    comm: await kernel.readText(address + BigInt(comm.offset), comm.size),
    pgd: mm === 0n ? undefined : await readPgd(kernel, mm),
    patchState: kernel.image.btf.field('task_struct', 'patch_state') === undefined ? -1 : await signed('patch_state'),
  }
}

/** mm_struct.pgd is an address of the kernel's; its tables say which frame that is. */
async function readPgd(kernel: KernelView, mm: bigint): Promise<bigint | undefined> {
  const pgd = virtAddr(await kernel.readField('mm_struct', 'pgd', mm))
  const frame = await kernel.port.translate(pgd, { cr3: kernel.cr3 })
  return frame === undefined ? undefined : BigInt(frame)
}
