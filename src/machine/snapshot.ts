// A snapshot: a whole machine at one instant, in memory.
//
// Promises: immutable; it shares with every other snapshot of its machine, and with those it was restored from, each page that is the same
// (page-image.ts). So taking one costs the pages stored to since the last snapshot or restore, going to one costs those and the pages in
// which the two differ, and keeping a thousand costs their changed pages and a few kilobytes of state each.
// Any machine with as many vCPUs of the same kind and as much RAM can be moved to it; what differs in the configuration (a seed, say) stays the machine's.

import { requireKind, TransplantError } from '../base/index.js'
import type { Configuration } from './configuration.js'
import { PageImage } from './page-image.js'

/** An instant of a machine; one file restores it. */
export interface Snapshot {
  readonly configuration: Configuration
  /** Virtual time, in instructions. */
  readonly time: number
  readonly pages: PageImage
  /** What the guest has written to its disk; undefined without one. */
  readonly disk: PageImage | undefined
  /** vCPUs, devices, clock and scheduler. */
  readonly state: Uint8Array
}

/** The memory that snapshots take. */
export interface Footprint {
  /** Different pages of RAM and blocks of the disk. */
  readonly pages: number
  /** Of pages, of the trees over them, and of state. */
  readonly bytes: number
}

/** What snapshots take together: whatever several of them share is counted once. */
export function footprint(snapshots: Iterable<Snapshot>): Footprint {
  const images: PageImage[] = []
  const states = new Set<Uint8Array>()
  for (const { pages, disk, state } of snapshots) {
    images.push(pages)
    if (disk !== undefined) images.push(disk)
    states.add(state)
  }
  const { pages, bytes } = PageImage.footprint(images)
  return { pages, bytes: [...states].reduce((sum, state) => sum + state.length, bytes) }
}

/** Throws SNAPSHOT_CONFIGURATION for what is no snapshot. */
export function requireSnapshot(snapshot: Snapshot): void {
  const hint = 'Give what snapshot() or decodeSnapshot() has given.'
  const code = 'SNAPSHOT_CONFIGURATION'
  requireKind('snapshot', snapshot, 'object', code, hint)
  requireKind('snapshot.configuration', snapshot.configuration, 'object', code, hint)
  requireKind('snapshot.pages', snapshot.pages, 'object', code, hint)
  requireKind('snapshot.state', snapshot.state, 'bytes', code, hint)
}

/** Guards against a snapshot of a machine with another shape. */
export function requireSameShape(configuration: Configuration, snapshot: Snapshot): void {
  requireSnapshot(snapshot)
  const { memoryBytes, vcpus, cpu, disk, pcTestdev } = snapshot.configuration
  if (
    memoryBytes === configuration.memoryBytes &&
    vcpus === configuration.vcpus &&
    cpu === configuration.cpu &&
    disk?.length === configuration.disk?.length &&
    pcTestdev === configuration.pcTestdev
  )
    return
  throw new TransplantError(
    'SNAPSHOT_CONFIGURATION',
    `The snapshot is of a machine with ${vcpus} vCPUs of ${cpu}, ${memoryBytes} bytes of RAM and ${disk === undefined ? 'no disk' : `a disk of ${disk.length} bytes`}${pcTestdev ? ', with pc-testdev' : ''}.`,
    'Create the machine with Machine.from(snapshot, coreWasm).',
  )
}
