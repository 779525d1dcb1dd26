// Where things are in the structures that a patch module carries, as the kernel's own types have them: images/kernel/include/linux/
// module.h and livepatch.h. And the names that modules go by.

import type { Btf } from '../format/index.js'
import { requireField, requireSize } from '../guest/index.js'

/** Sizes and offsets in bytes. */
export interface ModuleLayout {
  /** struct module, in .gnu.linkonce.this_module. */
  readonly moduleStruct: {
    readonly size: number
    readonly name: number
    readonly nameBytes: number
    readonly init: number
    readonly exit: number
  }
  readonly klpFunc: {
    readonly size: number
    readonly oldName: number
    readonly newFunc: number
    readonly oldSympos: number
  }
  readonly klpObject: { readonly size: number; readonly name: number; readonly funcs: number }
  readonly klpPatch: { readonly size: number; readonly mod: number; readonly objs: number; readonly replace: number }
}

/** Throws KERNEL_NO_FIELD for a kernel that knows no modules or no live patches. */
export function readModuleLayout(btf: Btf): ModuleLayout {
  const at = (structure: string, field: string): number => requireField(btf, structure, field).offset
  return {
    moduleStruct: {
      size: requireSize(btf, 'module'),
      name: at('module', 'name'),
      nameBytes: requireField(btf, 'module', 'name').size,
      init: at('module', 'init'),
      exit: at('module', 'exit'),
    },
    klpFunc: {
      size: requireSize(btf, 'klp_func'),
      oldName: at('klp_func', 'old_name'),
      newFunc: at('klp_func', 'new_func'),
      oldSympos: at('klp_func', 'old_sympos'),
    },
    klpObject: {
      size: requireSize(btf, 'klp_object'),
      name: at('klp_object', 'name'),
      funcs: at('klp_object', 'funcs'),
    },
    klpPatch: {
      size: requireSize(btf, 'klp_patch'),
      mod: at('klp_patch', 'mod'),
      objs: at('klp_patch', 'objs'),
      replace: at('klp_patch', 'replace'),
    },
  }
}

export const thisModuleSection = '.gnu.linkonce.this_module'

/** The five bytes of a patchable entry at rest: `nop dword ptr [rax + rax]`. */
export const nop5 = Uint8Array.of(0x0f, 0x1f, 0x44, 0x00, 0x00)

/** A module's name as the kernel knows it: the file's stem with `-` turned into `_`. */
export function moduleName(fileName: string): string {
  const stem = fileName.replace(/^.*\//, '').replace(/\.[^.]*$/, '')
  return stem.replace(/[^A-Za-z0-9_]/g, '_')
}
