// A difference in words: what differs where it was noticed, and, by living the last stretch again in lockstep, the instruction after which
// it shows first, with registers and memory of both.

import type { JitOption } from '../../src/cpu/index.js'
import { describeDivergence, runLockstep } from '../../src/lab/index.js'
import type { Difference } from './companion.js'
import { Player } from './player.js'

/** Checkpoints on the way through the stretch, before its end is narrowed. */
const PARTS = 8

function executor(jit: JitOption): string {
  return jit === 'off'
    ? 'interpreter'
    : `compiled code (${typeof jit === 'object' ? `threshold ${jit.threshold}` : jit})`
}

export async function describeDifference(difference: Difference): Promise<string> {
  const { items, from, to, history, jit } = difference
  const { station } = history.recall()
  const lines = [
    `interpreter and compiled code differ between instruction ${from} and ${to} of this core`,
    `first: ${executor(jit.first)}; second: ${executor(jit.second)}, cut and switched at random`,
    '',
    'noticed: of the first, of the second',
    ...items.map((item) => `  ${item}`),
    '',
  ]
  const [first, second] = [new Player(difference, 'first'), new Player(difference, 'second')]
  const every = Math.max(1, Math.ceil(first.length / PARTS))
  const result = runLockstep({ first, second, instructions: first.length, every })
  if (result.equal) lines.push(`it did not show again when run from instruction ${station.instructions} on`)
  else {
    if (station.instructions > 0) lines.push(`counted from instruction ${station.instructions} of this core on:`)
    lines.push(...(await describeDivergence(result)))
  }
  return lines.join('\n')
}
