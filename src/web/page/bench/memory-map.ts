// What became of each frame of RAM in an upgrade, as one byte a frame: from the preserved-frame bitmap of the handover, and from the
// two instants at which the old kernel has said its last word and the new one its first. Only read.

import { PAGE_SIZE, type PhysAddr, physAddr } from '../../../base/index.js'
import { ARENAS, arenaOf, readLayout, readTasks, type ScionView } from '../../../guest/index.js'
import type { Snapshot } from '../../../machine/index.js'
import { readHandover } from '../../../upgrade/index.js'
import { FRAME_KINDS, type FrameKind } from '../protocol.js'

type PageImage = Snapshot['pages']

const numberOf = (kind: FrameKind): number => FRAME_KINDS.indexOf(kind)

/**
 * One byte a frame, an index into FRAME_KINDS. `kernel` is the new one, at the instant `resumed`: later the pages of the handover are
 * others'. undefined where there is none.
 */
export async function mapFrames(
  kernel: ScionView,
  frozen: PageImage,
  resumed: PageImage,
): Promise<Uint8Array | undefined> {
  const handover = await readHandover(kernel.port, kernel.image)
  if (!handover.ok) return undefined
  const root = handover.value
  const map = new Uint8Array(frozen.count)
  for (const [page] of resumed.present()) map[page] = numberOf('left')
  paintArenas(map, kernel)
  const written: number[] = []
  resumed.differences(frozen, (page) => written.push(page))
  for (const page of written) if (map[page] !== numberOf('new-kernel')) map[page] = numberOf('rebuilt')
  await paintDescriptorTables(map, kernel)
  const bitmap = await kernel.port.readPhysical(root.bitmap, Math.ceil(root.ramFrames / 8))
  for (let page = 0; page < Math.min(root.ramFrames, map.length); page++) {
    if (((bitmap[page >> 3] as number) >> (page & 7)) & 1) map[page] = numberOf('kept')
  }
  return map
}

/** The images of both kernels: the loaded part of each arena; what lies behind it there are its pages like any other. */
function paintArenas(map: Uint8Array, kernel: ScionView): void {
  const { arenas } = readLayout(kernel.image)
  const [start, end] = [kernel.image.symbol('_text'), kernel.image.symbol('_end')]
  if (start === undefined || end === undefined) return
  const frames = Math.ceil(Number(end.address - start.address) / PAGE_SIZE)
  for (const arena of ARENAS) {
    const first = Number(arenas[arena].physical) / PAGE_SIZE
    map.fill(numberOf(arena === arenaOf(kernel) ? 'new-kernel' : 'old-kernel'), first, first + frames)
  }
}

/** Open files under the same numbers: in new tables. */
async function paintDescriptorTables(map: Uint8Array, kernel: ScionView): Promise<void> {
  for (const { address } of await readTasks(kernel)) {
    const files = await kernel.readField('task_struct', 'files', address)
    const at: PhysAddr | undefined = files === 0n ? undefined : await translate(kernel, files)
    if (at !== undefined) map[Math.floor(at / PAGE_SIZE)] = numberOf('re-hashed')
  }
}

async function translate(kernel: ScionView, address: bigint): Promise<PhysAddr | undefined> {
  const physical = await kernel.port.translate(address as Parameters<typeof kernel.port.translate>[0], {
    cr3: kernel.cr3,
  })
  return physical === undefined ? undefined : physAddr(physical)
}
