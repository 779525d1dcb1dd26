// Live patches as the kernel keeps them: klp_patches links the patches, a patch its objects, an object its functions (Linux's
// include/linux/livepatch.h; Scion keeps the same).

import type { KernelView } from './kernel-view.js'

/** A live patch, as the guest's structures have it. */
export interface LivePatch {
  /** The name of its module. */
  readonly name: string
  readonly enabled: boolean
  /** Tasks are still being switched to it, or away from it. */
  readonly inTransition: boolean
  readonly functions: readonly LivePatchFunction[]
}

/** A function that a live patch replaces. */
export interface LivePatchFunction {
  /** `vmlinux` or a module. */
  readonly object: string
  readonly name: string
  /** Of the entry that is patched, where the kernel runs. */
  readonly oldAddress: bigint
  /** Bytes of the old function. */
  readonly oldSize: bigint
  /** Of the function that is called instead. */
  readonly newAddress: bigint
  /** Its entry leads to the patch. */
  readonly patched: boolean
  /** Tasks may still call the other version. */
  readonly inTransition: boolean
}

/**
 * In the order in which they were loaded. Throws KERNEL_NO_SYMBOL for a kernel without live patching, KERNEL_NO_FIELD where its types say
 * otherwise than include/linux/livepatch.h, KERNEL_BAD_LIST for a list that a guest has broken, and what the port throws.
 */
export async function readLivePatches(kernel: KernelView): Promise<LivePatch[]> {
  const patches: LivePatch[] = []
  const changing = await kernel.readU64(kernel.address('klp_transition_patch'))
  for (const at of await kernel.readList(kernel.address('klp_patches'), 'klp_patch', 'list')) {
    const patch = await kernel.readStruct('klp_patch', at)
    const name = kernel.field('module', 'name')
    patches.push({
      name: await kernel.readText(patch.unsigned('mod') + BigInt(name.offset), name.size),
      enabled: patch.unsigned('enabled') !== 0n,
      inTransition: at === changing,
      functions: await readFunctions(kernel, at),
    })
  }
  return patches
}

async function readFunctions(kernel: KernelView, patch: bigint): Promise<LivePatchFunction[]> {
  const functions: LivePatchFunction[] = []
  const objects = patch + BigInt(kernel.field('klp_patch', 'obj_list').offset)
  for (const object of await kernel.readList(objects, 'klp_object', 'node')) {
    const name = await kernel.readField('klp_object', 'name', object)
    const list = object + BigInt(kernel.field('klp_object', 'func_list').offset)
    for (const at of await kernel.readList(list, 'klp_func', 'node')) {
      const func = await kernel.readStruct('klp_func', at)
      functions.push({
        object: name === 0n ? 'vmlinux' : await kernel.readText(name),
        name: await kernel.readText(func.unsigned('old_name')),
        oldAddress: func.unsigned('old_func'),
        oldSize: func.unsigned('old_size'),
        newAddress: func.unsigned('new_func'),
        patched: func.unsigned('patched') !== 0n,
        inTransition: func.unsigned('transition') !== 0n,
      })
    }
  }
  return functions
}
