// Another kernel under running programs: asked for in the guest, done by the guest, watched from here. When each phase ended is what
// the kernels' own messages say, at the instants at which they were printed.

import { type AgentClient, type ConsoleLine, type KernelImage, type ScionView, scionIn } from '../../../guest/index.js'
import type { BreakpointAction, Machine, Snapshot } from '../../../machine/index.js'
import { observeUpgrade } from '../../../upgrade/index.js'
import type { Phase, UpgradeView } from '../protocol.js'
import { mapFrames } from './memory-map.js'

const FROZEN = 'liveupdate_mark_frozen'
const RESUME = 'liveupdate_mark_resume'

/** How each phase ends, in the order of the phases. */
const ENDS: readonly (readonly [name: string, end: RegExp, says: string])[] = [
  ['load', /kexec_file: .* loaded/, 'the next kernel is checked, laid out and relocated in the other arena'],
  ['prepare', /liveupdate: prepared/, 'what cannot be carried would be refused here, by name'],
  ['freeze', /liveupdate: frozen/, 'tasks come to the boundary of user mode; each class writes its records'],
  ['jump', /Scion version/, 'a stub that belongs to neither kernel jumps, on the same page tables'],
  ['boot', /smp: Brought up/, 'the new kernel reads every record, then boots on its own arena'],
  ['adopt', /liveupdate: verified/, 'frames, address spaces, tasks and files are taken over and counted'],
  ['resume', /has taken over/, 'the programs go on at their next instruction'],
]

/** The phases, as far as the kernels came. */
export function phasesOf(start: number, lines: readonly ConsoleLine[]): Phase[] {
  const phases: Phase[] = []
  let from = start
  let line = 0
  for (const [name, end, says] of ENDS) {
    const at = lines.findIndex(({ text }, i) => i >= line && end.test(text))
    const to = lines[at]?.time
    if (to === undefined) break
    phases.push({ name, says, from, to })
    from = to
    line = at
  }
  return phases
}

/** Runs the upgrade to its end, or to its refusal. */
export async function upgrade(
  { machine, agent }: { readonly machine: Machine; readonly agent: AgentClient },
  old: ScionView,
  next: { readonly path: string; readonly image: KernelImage },
): Promise<UpgradeView> {
  const start = machine.now
  const firstLine = agent.console.lines.length
  const place = scionIn(agent.port, next.image, old.delta === 0n ? 'B' : 'A', old.cr3)
  let frozen: Snapshot | undefined
  let map: Uint8Array | undefined
  const holds = [
    await agent.port.setBreakpoint(old.address(FROZEN), () => {
      frozen ??= machine.snapshot()
      return 'continue'
    }),
    await agent.port.setBreakpoint(place.address(RESUME), async ({ cpu }): Promise<BreakpointAction> => {
      if (frozen !== undefined) map ??= await mapFrames(await place.on(cpu), frozen.pages, machine.snapshot().pages)
      return 'continue'
    }),
  ]
  try {
    const report = await observeUpgrade({ agent }, old, next)
    return { report, phases: phasesOf(start, agent.console.lines.slice(firstLine)), map }
  } finally {
    for (const hold of holds) hold.dispose()
  }
}
