// Where things are in the structures a patch module carries: the contract that images/kernel/include/linux/module.h and
// livepatch.h state in their offset comments and static assertions. Numbers only; nothing else may restate them.

/** struct module, in .gnu.linkonce.this_module. */
export const moduleStruct = { size: 1024, name: 8, nameBytes: 56, init: 64, exit: 72 } as const
/** struct klp_func. */
export const klpFunc = { size: 256, oldName: 0, newFunc: 8, oldSympos: 16 } as const
/** struct klp_object. */
export const klpObject = { size: 256, name: 0, funcs: 8 } as const
/** struct klp_patch. */
export const klpPatch = { size: 256, mod: 0, objs: 8, states: 16, replace: 24 } as const

export const thisModuleSection = '.gnu.linkonce.this_module'

/** The five bytes of a patchable entry at rest: `nop dword ptr [rax + rax]`. */
export const nop5 = Uint8Array.of(0x0f, 0x1f, 0x44, 0x00, 0x00)

/** A module's name as the kernel knows it: the file's stem with `-` turned into `_`. */
export function moduleName(fileName: string): string {
  const stem = fileName.replace(/^.*\//, '').replace(/\.[^.]*$/, '')
  return stem.replace(/[^A-Za-z0-9_]/g, '_')
}
