// The registers with which a task will go on in user mode: the struct pt_regs at the end of its kernel stack. What a program can
// observe of its own state besides memory begins here.

import { TransplantError } from '../../base/index.js'
import { StructView } from '../struct-view.js'
import type { ScionView } from './find-kernel.js'
import { readLayout } from './layout.js'

const PT_REGS = 'pt_regs'

/** By their names in struct pt_regs: ip, sp, ax, orig_ax ... */
export type UserRegisters = ReadonlyMap<string, bigint>

/**
 * The user-mode registers of a task, by the address of its task_struct. Meaningful for a task that is at the kernel/user boundary, as all
 * are in a frozen kernel. Throws KERNEL_NO_FIELD where BTF lacks a structure, and what `KernelView.read` throws.
 */
export async function readUserRegisters(kernel: ScionView, task: bigint): Promise<UserRegisters> {
  const names = kernel.image.btf.structure(PT_REGS)?.members.map((member) => member.name)
  if (names === undefined) throw new TransplantError('KERNEL_NO_FIELD', `the kernel's BTF has no '${PT_REGS}'.`)
  const size = kernel.sizeof(PT_REGS)
  const stack = await kernel.readField('task_struct', 'stack', task)
  const end = stack + BigInt(readLayout(kernel.image).stackBytes)
  const registers = new StructView(kernel.image.btf, PT_REGS, await kernel.read(end - BigInt(size), size))
  return new Map(names.map((name) => [name, registers.unsigned(name)]))
}
