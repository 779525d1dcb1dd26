// The handover as the host reads it: the root page and the preserved-frame bitmap that the old kernel left for the new
// one (images/kernel/include/abi/handover.h). Where a field lies is what the image's types say. The host never repairs or completes anything here: it reports what it finds.

import { accept, PAGE_SIZE, type PhysAddr, physAddr, type Result, readU64, refuse } from '../base/index.js'
import { type Btf, handoverNote } from '../format/index.js'
import { type KernelImage, readLayout, requireField, requireSize, StructView } from '../guest/index.js'
import type { GuestPort } from '../machine/index.js'

/** How far a handover has come. */
export type HandoverStatus = 'empty' | 'frozen' | 'refused' | 'adopted'

/** One class of the handover: its records. */
export interface HandoverComponent {
  /** "scion-task-v3": the component and the version of its records. */
  readonly compatible: string
  /** Physical address of the first page of records; 0 without any. */
  readonly firstBlock: PhysAddr
  /** Of all records. */
  readonly bytes: number
  /** How many records it has. */
  readonly count: number
}

/** Where the handover begins in physical memory. */
export interface HandoverRoot {
  readonly compatible: string
  readonly fromRelease: string
  readonly toRelease: string
  /** Upgrades since power-up, this one included. */
  readonly number: number
  /** Physical base of the arena of the kernel that wrote it. */
  readonly fromArena: PhysAddr
  /** Physical base of the arena of the kernel that it was written for. */
  readonly toArena: PhysAddr
  /** Frames that the bitmap covers. */
  readonly ramFrames: number
  /** Physical address of the bitmap, a bit for each frame. */
  readonly bitmap: PhysAddr
  /** Frames of 4 KiB that stay where they are. */
  readonly preservedFrames: number
  readonly status: HandoverStatus
  /** Why the new kernel refused; empty if it did not. */
  readonly refusal: string
  readonly components: readonly HandoverComponent[]
}

/** Why a handover cannot be read. */
export type HandoverRefusal = 'no-handover' | 'unknown-handover' | 'bad-handover'

const ROOT = 'handover_root_ser'
const COMPONENT = 'handover_component_ser'
const STATUS_PREFIX = 'HANDOVER_STATUS_'

/** The contract that an image keeps, by the note that makes it a possible successor; undefined without one. */
export function handoverContract(image: KernelImage): string | undefined {
  const note = handoverNote(image.elf)
  return note && new StructView(image.btf, 'handover_note', note.description).text('compatible')
}

/**
 * The root page that lies in a guest's memory, by the types of an image of the same contract. Refuses where no kernel has written one
 * ('no-handover'), where it is of another contract ('unknown-handover'), or claims more than it holds ('bad-handover'). Throws
 * KERNEL_NO_FIELD for types that lack it, and what `GuestPort.readPhysical` throws.
 */
export async function readHandover(
  port: GuestPort,
  image: KernelImage,
): Promise<Result<HandoverRoot, HandoverRefusal>> {
  const { btf } = image
  const { handoverRoot, handoverMagic } = readLayout(image)
  const page = await port.readPhysical(handoverRoot, PAGE_SIZE)
  if (readU64(page, requireField(btf, ROOT, 'magic').offset) !== handoverMagic) {
    return refuse('no-handover', 'no kernel has written a handover root page', 'Start an upgrade in the guest first.')
  }
  const root = new StructView(btf, ROOT, page)
  const compatible = root.text('compatible')
  const known = handoverContract(image)
  if (compatible !== known) {
    return refuse(
      'unknown-handover',
      `the root page is '${compatible}', and the image knows '${known ?? 'none'}'`,
      'Read it with an image of the kernel that wrote it.',
    )
  }
  const components = readComponents(btf, root)
  if (components === undefined) {
    const count = root.unsigned('components')
    return refuse(
      'bad-handover',
      `the root page claims ${count} components; so many do not fit`,
      'The page is damaged.',
    )
  }
  return accept({
    compatible,
    fromRelease: root.text('from_release'),
    toRelease: root.text('to_release'),
    number: root.number('number'),
    fromArena: physAddr(root.unsigned('from_arena')),
    toArena: physAddr(root.unsigned('to_arena')),
    ramFrames: root.number('ram_frames'),
    bitmap: physAddr(root.unsigned('bitmap')),
    preservedFrames: root.number('preserved_frames'),
    status: statusName(btf, root.unsigned('status')),
    refusal: root.text('refusal'),
    components,
  })
}

/** undefined where more are claimed than the page holds. */
function readComponents(btf: Btf, root: StructView): HandoverComponent[] | undefined {
  const size = requireSize(btf, COMPONENT)
  const { offset, size: room } = requireField(btf, ROOT, 'component')
  const count = Number(root.unsigned('components'))
  if (count * size > room) return undefined
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size
    const one = new StructView(btf, COMPONENT, root.bytes.subarray(at, at + size))
    return {
      compatible: one.text('compatible'),
      firstBlock: physAddr(one.unsigned('first_block')),
      bytes: one.number('bytes'),
      count: one.number('count'),
    }
  })
}

function statusName(btf: Btf, value: bigint): HandoverStatus {
  const found = [...(btf.enumeration('handover_status') ?? [])].find(([, number]) => number === value)
  return (found?.[0].slice(STATUS_PREFIX.length).toLowerCase() ?? 'empty') as HandoverStatus
}
