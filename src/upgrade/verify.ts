// Verification of an upgrade from outside: every process before the last and after the first user instruction. What a
// program can observe of its memory must be the same: the bytes of each page, the frame that each page lies in, and each
// page-table entry with its accessed and dirty bits. Compares values that guest/ has read; decides nothing itself.

import {
  compareProcessImages,
  type ImageDifference,
  type KernelView,
  type ProcessImage,
  readProcessImage,
  readTasks,
} from '../guest/index.js'

/** A process at one of the two marks: memory and registers. */
export interface ProcessSnapshot {
  readonly pid: number
  readonly comm: string
  readonly image: ProcessImage
}

/** All processes (not threads of one address space, not kernel threads) of the running kernel. */
export async function snapshotProcesses(kernel: KernelView): Promise<ProcessSnapshot[]> {
  const snapshots: ProcessSnapshot[] = []
  for (const task of await readTasks(kernel)) {
    if (task.pgd === undefined || task.pid !== task.tgid) continue
    snapshots.push({ pid: task.pid, comm: task.comm, image: await readProcessImage(kernel.port, task.pgd) })
  }
  return snapshots
}

/** What of a process has changed between the marks. */
export interface ProcessVerdict {
  readonly pid: number
  readonly comm: string
  /** User pages mapped before the upgrade. */
  readonly pages: number
  /** Pages of page tables. */
  readonly tables: number
  /** Whose bytes differ. */
  readonly pagesChanged: number
  /** That lie in another frame. */
  readonly pagesCopied: number
  /** That are mapped on one side only. */
  readonly pagesUnmatched: number
  /** Page-table entries that are not the same, accessed and dirty bits included. */
  readonly entriesChanged: number
  /** The first few differences, in words. */
  readonly differences: readonly string[]
}

/** What of all processes has changed between the marks. */
export interface UpgradeVerdict {
  readonly ok: boolean
  readonly processes: readonly ProcessVerdict[]
  /** Processes that only one side has. */
  readonly missing: readonly string[]
}

/** Differences of a process that a report names. */
export const DIFFERENCES_SHOWN = 5

/** Compares processes before and after an upgrade. */
export function compareProcesses(
  before: readonly ProcessSnapshot[],
  after: readonly ProcessSnapshot[],
): UpgradeVerdict {
  const others = new Map(after.map((snapshot) => [snapshot.pid, snapshot]))
  const missing: string[] = []
  const processes: ProcessVerdict[] = []
  for (const snapshot of before) {
    const other = others.get(snapshot.pid)
    others.delete(snapshot.pid)
    if (other === undefined) {
      missing.push(`${snapshot.comm} (pid ${snapshot.pid}) is gone after the upgrade`)
      continue
    }
    const difference = compareProcessImages(snapshot.image, other.image)
    processes.push({
      pid: snapshot.pid,
      comm: snapshot.comm,
      pages: snapshot.image.pages.length,
      tables: snapshot.image.tables.tables.length,
      pagesChanged: difference.changed.length,
      pagesCopied: difference.moved.length,
      pagesUnmatched: difference.unmatched.length,
      entriesChanged: difference.entries.length,
      differences: inWords(difference),
    })
  }
  for (const snapshot of others.values()) {
    missing.push(`${snapshot.comm} (pid ${snapshot.pid}) was not there before the upgrade`)
  }
  const ok =
    processes.length > 0 &&
    missing.length === 0 &&
    processes.every((one) => one.pagesChanged + one.pagesCopied + one.pagesUnmatched + one.entriesChanged === 0)
  return { ok, processes, missing }
}

function inWords(difference: ImageDifference): string[] {
  const hex = (value: bigint) => `0x${value.toString(16)}`
  return [
    ...difference.changed.map((page) => `page ${hex(page)} has other bytes`),
    ...difference.moved.map((page) => `page ${hex(page)} lies in another frame`),
    ...difference.unmatched.map((page) => `page ${hex(page)} is mapped on one side only`),
    ...difference.entries.map(
      (one) => `level ${one.level} entry for ${hex(one.virtual)} was ${hex(one.before)}, is ${hex(one.after)}`,
    ),
  ].slice(0, DIFFERENCES_SHOWN)
}
