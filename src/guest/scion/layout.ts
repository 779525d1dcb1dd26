// What an image says of itself beyond its types: images/kernel/include/abi/layout.h.

import { type PhysAddr, physAddr, TransplantError, type VirtAddr, virtAddr } from '../../base/index.js'
import { loadedBytes } from '../../format/index.js'
import type { KernelImage } from '../kernel-image.js'
import { requireSize, StructView } from '../struct-view.js'

/** The two places for a kernel; which of them it runs in changes with each upgrade. */
export type Arena = 'A' | 'B'
/** The two arenas of Scion. */
export const ARENAS: readonly Arena[] = ['A', 'B']

/** Where a Scion kernel lies. */
export interface KernelLayout {
  readonly arenas: Readonly<Record<Arena, { readonly virtual: VirtAddr; readonly physical: PhysAddr }>>
  readonly arenaBytes: bigint
  /** Bytes of a kernel stack. */
  readonly stackBytes: number
  readonly handoverRoot: PhysAddr
  readonly handoverMagic: bigint
}

const SYMBOL = 'kernel_layout'

/** Throws KERNEL_NO_SYMBOL for an image that does not say it. */
export function readLayout(image: KernelImage): KernelLayout {
  const address = image.symbol(SYMBOL)?.address
  const bytes = address && loadedBytes(image.elf, address, requireSize(image.btf, SYMBOL))
  if (bytes === undefined) {
    throw new TransplantError('KERNEL_NO_SYMBOL', `the kernel has no symbol '${SYMBOL}'.`, 'Is it a Scion image?')
  }
  const layout = new StructView(image.btf, SYMBOL, bytes)
  const arena = (name: string) => ({
    virtual: virtAddr(layout.unsigned(`arena_${name}_virt`)),
    physical: physAddr(layout.unsigned(`arena_${name}_phys`)),
  })
  return {
    arenas: { A: arena('a'), B: arena('b') },
    arenaBytes: layout.unsigned('arena_size'),
    stackBytes: layout.number('thread_size'),
    handoverRoot: physAddr(layout.unsigned('handover_root')),
    handoverMagic: layout.unsigned('handover_root_magic'),
  }
}
