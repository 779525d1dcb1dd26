// A rehearsal: the guest is forked, the fork changes its kernel, and what came of it is looked at; the guest itself stands still, and
// nobody in it is asked anything. Only what has gone well there is then done here.

import { panic, TransplantError } from '../base/index.js'
import type { KernelImage, MachineSession } from '../guest/index.js'
import { observeUpgrade, type UpgradeTarget } from './follow.js'
import type { UpgradeReport } from './report.js'

/** What came of the upgrade of a fork. */
export interface Rehearsal {
  /** Hash of the guest's whole state, before the rehearsal and after it. */
  readonly hash: string
  /** Undefined where the fork did not live to tell. */
  readonly upgrade: UpgradeReport | undefined
  /** Of the processes that `UpgradeTarget.pids` names, those that are there in the fork afterwards. */
  readonly alive: readonly number[]
  /** How the fork ended, where it ended: a panic, an oops, a hang until the time limit. */
  readonly ended: string | undefined
}

const ENDINGS: ReadonlySet<string> = new Set([
  'GUEST_PANIC',
  'GUEST_OOPS',
  'GUEST_ENDED',
  'AGENT_TIMEOUT',
  'GUEST_STOPPED',
])
/** How long the fork goes on afterwards, in instructions. */
const GO_ON = 20_000_000

/**
 * Upgrades a fork of the guest. `kernels`: images of those that may run in it. Throws KERNEL_UNKNOWN, and INTERNAL if the guest were
 * another one afterwards.
 */
export async function rehearseUpgrade(
  session: MachineSession,
  kernels: readonly KernelImage[],
  target: UpgradeTarget,
): Promise<Rehearsal> {
  const hash = session.machine.hash()
  const came = await upgradeFork(await session.fork(), kernels, target)
  if (session.machine.hash() !== hash) panic('a rehearsal has changed the guest that it was to spare')
  return { hash, ...came }
}

async function upgradeFork(
  fork: MachineSession,
  kernels: readonly KernelImage[],
  target: UpgradeTarget,
): Promise<Omit<Rehearsal, 'hash'>> {
  try {
    const upgrade = await observeUpgrade(fork, await fork.kernel(kernels), target)
    await fork.agent.runFor(GO_ON)
    const there = new Set((await fork.agent.read('ls /proc')).split(/\s+/))
    return { upgrade, alive: (target.pids ?? []).filter((pid) => there.has(String(pid))), ended: undefined }
  } catch (error) {
    if (!(error instanceof TransplantError) || !ENDINGS.has(error.code)) throw error
    return { upgrade: undefined, alive: [], ended: error.message }
  } finally {
    fork.dispose()
  }
}
