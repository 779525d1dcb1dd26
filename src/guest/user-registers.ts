// The registers with which a task will go on in user mode: the struct pt_regs at the top of its kernel stack, in Linux's
// order. What a program can observe of its own state besides memory begins here.

import { readU64 } from '../base/index.js'
import type { KernelView } from './kernel-view.js'

/** struct pt_regs from low to high addresses. */
export const PT_REGS = [
  ...['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8', 'rax', 'rcx', 'rdx', 'rsi', 'rdi'],
  ...['orig_rax', 'rip', 'cs', 'rflags', 'rsp', 'ss'],
] as const

/** THREAD_SIZE: images/kernel/include/asm/page.h. */
const KERNEL_STACK_BYTES = 16384

export type UserRegisters = ReadonlyMap<string, bigint>

/** Meaningful for a task that is at the kernel/user boundary, as all are in a frozen kernel. */
export async function readUserRegisters(kernel: KernelView, task: bigint): Promise<UserRegisters> {
  const stack = await kernel.readField('task_struct', 'stack', task)
  const bytes = await kernel.read(stack + BigInt(KERNEL_STACK_BYTES - 8 * PT_REGS.length), 8 * PT_REGS.length)
  return new Map(PT_REGS.map((name, index) => [name, readU64(bytes, 8 * index)]))
}
