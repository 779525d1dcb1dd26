// Kernel stacks of tasks, unwound from outside: by ORC tables where the kernel has them (orc.ts), else by frame pointers.
//
// A task that does not run is unwound from where it was switched away: struct inactive_task_frame lies at thread.sp. One that runs is
// unwound from its vCPU's registers; in user mode it has no kernel stack.

import type { KernelView } from './kernel-view.js'
import { OrcUnwinder } from './orc.js'
import type { Task } from './tasks.js'

/** Where a frame is, and what leads to its caller. */
export interface Frame {
  readonly ip: bigint
  readonly sp: bigint
  readonly bp: bigint
  /** `ip` is the instruction itself, not a return address behind a call. */
  readonly exact: boolean
}

/** The frames of a task's kernel stack, and whether they can be relied on. */
export interface TaskStack {
  /** 'asleep': switched away; 'kernel', 'user': on a vCPU. */
  readonly where: 'asleep' | 'kernel' | 'user'
  /** From the innermost call on; `symbol+0x..` as Linux prints it, or an address that is in no known function. */
  readonly calls: readonly string[]
  /** Whether the unwinding came to the stack's end. */
  readonly complete: boolean
}

/** Follows the frames of a kernel stack. */
export interface Unwinder {
  /** The caller of a frame; 'end' at the stack's end, undefined where it cannot be told. */
  caller(frame: Frame): Promise<Frame | 'end' | undefined>
}

const FRAME_LIMIT = 64

/**
 * Unwinds the kernel stack of a task: by ORC tables where the kernel has them, else by frame pointers, and at most 64 frames. A stack that
 * cannot be followed to its end is told as far as it could be (`complete`). Throws KERNEL_NO_FIELD for a kernel whose types do not say where
 * a stack begins, and, where that cannot be read, what `KernelView.read` throws.
 */
export async function readStack(kernel: KernelView, task: Task): Promise<TaskStack> {
  const start = await startOf(kernel, task)
  if (start === 'user') return { where: 'user', calls: [], complete: true }
  const unwinder: Unwinder = kernel.has('__start_orc_unwind_ip') ? new OrcUnwinder(kernel) : new FramePointers(kernel)
  const calls: string[] = []
  let frame: Frame | 'end' | undefined = start.frame
  while (typeof frame === 'object' && calls.length < FRAME_LIMIT) {
    calls.push(nameOf(kernel, frame))
    frame = await unwinder.caller(frame).catch(() => undefined)
  }
  return { where: start.where, calls, complete: frame === 'end' }
}

async function startOf(
  kernel: KernelView,
  { address }: Task,
): Promise<'user' | { readonly where: 'asleep' | 'kernel'; readonly frame: Frame }> {
  if ((await kernel.readField('task_struct', 'on_cpu', address)) !== 0n) {
    const stack = await kernel.readField('task_struct', 'stack', address)
    for (let cpu = 0; cpu < kernel.port.vcpus; cpu++) {
      const { rip, rsp, rbp, cpl } = await kernel.port.registers(cpu)
      const onStack = rsp >= stack && rsp < stack + STACK_ROOM
      if (cpl === 0 && onStack) return { where: 'kernel', frame: { ip: rip, sp: rsp, bp: rbp, exact: true } }
    }
    return 'user'
  }
  const sp = await kernel.readField('task_struct', 'thread.sp', address)
  const saved = await kernel.readStruct('inactive_task_frame', sp)
  const frame = {
    ip: saved.unsigned('ret_addr'),
    sp: sp + BigInt(saved.bytes.length),
    bp: saved.unsigned('bp'),
    exact: false,
  }
  return { where: 'asleep', frame }
}

/** No kernel stack is larger. */
const STACK_ROOM = 32_768n

function nameOf(kernel: KernelView, { ip, exact }: Frame): string {
  // A call that never returns may be a function's last instruction: its return address is already the next one's.
  const at = kernel.functionAt(exact ? ip : ip - 1n)
  return at === undefined ? `0x${ip.toString(16)}` : `${at.symbol.name}+0x${(at.offset + (exact ? 0 : 1)).toString(16)}`
}

/**
 * RBP points at the caller's RBP, and above it lies the return address. Entry code leaves an odd RBP: there lies, one byte below, the
 * struct pt_regs of what was interrupted.
 */
class FramePointers implements Unwinder {
  private readonly kernel: KernelView

  constructor(kernel: KernelView) {
    this.kernel = kernel
  }

  async caller({ sp, bp }: Frame): Promise<Frame | 'end' | undefined> {
    if (bp === 0n) return 'end'
    if ((bp & 1n) !== 0n) {
      const saved = await this.kernel.readStruct('pt_regs', bp - 1n)
      if ((saved.unsigned('cs') & 3n) === 3n) return 'end'
      return { ip: saved.unsigned('ip'), sp: saved.unsigned('sp'), bp: saved.unsigned('bp'), exact: true }
    }
    if (bp < sp || bp > sp + STACK_ROOM || bp % 8n !== 0n) return undefined
    const ip = await this.kernel.readU64(bp + 8n)
    return { ip, sp: bp + 16n, bp: await this.kernel.readU64(bp), exact: false }
  }
}
