// Which Scion runs in a guest, and where: the build-id note of each image is looked for in both arenas, which the image names, and
// the per-CPU area that GS points at tells which of two resident kernels is alive.

import { equalBytes } from '../../base/index.js'
import { notes } from '../../format/index.js'
import type { GuestPort } from '../../machine/index.js'
import type { KernelImage } from '../kernel-image.js'
import { KernelView } from '../kernel-view.js'
import { ARENAS, type Arena, readLayout } from './layout.js'

/** A Scion kernel at work. */
export type ScionView = KernelView<KernelImage>

/**
 * A kernel as it will be, or is, in an arena. `cr3`: the register as it is where the kernel's half is mapped; its addresses are read through
 * those tables. Reads nothing of the guest yet. Throws KERNEL_NO_SYMBOL or KERNEL_NO_FIELD for an image that says nothing of its arenas.
 */
export function scionIn(port: GuestPort, image: KernelImage, arena: Arena, cr3: bigint): ScionView {
  const { arenas } = readLayout(image)
  return new KernelView(port, image, arenas[arena].virtual - arenas.A.virtual, cr3)
}

/** Which arena a running kernel is in. */
export function arenaOf(kernel: ScionView): Arena {
  return kernel.delta === 0n ? 'A' : 'B'
}

/**
 * Finds which of these images runs, and where; undefined when none does (yet), nor any memory is mapped where one would lie. Throws what
 * `GuestPort.registers` throws (GUEST_RUNNING), and what `scionIn` throws.
 */
export async function findKernel(port: GuestPort, images: readonly KernelImage[]): Promise<ScionView | undefined> {
  const { cr3, gsBase, kernelGsBase } = await port.registers(0)
  const found: ScionView[] = []
  for (const image of images) {
    const note = notes(image.elf).find((one) => one.name === 'GNU' && one.type === 3)
    const start = image.symbol('__start_notes')
    if (note === undefined || start === undefined) continue
    for (const arena of ARENAS) {
      const view = scionIn(port, image, arena, cr3)
      const length = Number((image.symbol('__stop_notes')?.address ?? start.address) - start.address)
      const bytes = await view.read(start.address + view.delta, length).catch(() => new Uint8Array(0))
      if (containsBytes(bytes, note.description)) found.push(view)
    }
  }
  if (found.length < 2) return found[0]
  return found.find((view) => [gsBase, kernelGsBase].some((base) => lies(view, base)))
}

/** Whether a per-CPU area is this kernel's. */
function lies(view: ScionView, base: bigint): boolean {
  const { arenas, arenaBytes } = readLayout(view.image)
  const { virtual } = arenas[arenaOf(view)]
  return base >= virtual && base < virtual + arenaBytes
}

function containsBytes(area: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= area.length; at++) {
    if (equalBytes(area.subarray(at, at + part.length), part)) return true
  }
  return false
}
