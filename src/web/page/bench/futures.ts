// Many futures of one instant: the vCPUs interleave otherwise, and each sees rewritten code as late as the seed decides. A sound kernel
// stumbles in none of them.

import { decodeText } from '../../../base/index.js'
import { describeStop, type Machine, type Snapshot } from '../../../machine/index.js'

/** A future in which the kernel complained. */
export interface Stumble {
  readonly seed: number
  /** Instructions that a vCPU runs in a turn, in the mean. */
  readonly meanSlice: number
  /** What the console said of it, or how the machine ended. */
  readonly said: readonly string[]
  /** All that was printed in it. */
  readonly console: string
  /** In what way: the complaint without what differs from one future to the next. */
  readonly kind: string
  /** Where it ended. */
  readonly end: Snapshot
}

/** A switch after every instruction, or after some: each finds other faults. */
const SLICES = [1, 2, 5, 20, 100]
const COMPLAINT = /Oops|BUG:|panic|int3:|invalid opcode|general protection|WARNING:|segfault/i
const SHOWN = 6

/** Moves the machine: its owner puts it back. */
export function tryFutures(
  machine: Machine,
  count: number,
  time: number,
): { readonly tried: number; readonly stumbles: readonly Stumble[] } {
  const start = machine.snapshot()
  const stumbles: Stumble[] = []
  for (let seed = 1; seed <= count; seed++) {
    machine.restore(start)
    const meanSlice = SLICES[seed % SLICES.length] as number
    machine.reseed(seed, meanSlice)
    let text = ''
    const hearing = machine.onConsole(({ channel, bytes }) => {
      if (channel === 0) text += decodeText(bytes)
    })
    const stop = machine.run({ instructions: time })
    hearing.dispose()
    const lines = text.split('\n').map((line) => line.trim())
    const at = lines.findIndex((line) => COMPLAINT.test(line))
    const ended = stop.reason === 'limit' || stop.reason === 'idle' ? [] : [`${describeStop(stop)}.`]
    if (at < 0 && ended.length === 0) continue
    const said = at < 0 ? ended : lines.slice(at, at + SHOWN)
    const kind = (said[0] ?? '').replace(/^\[.*?\] /, '').replace(/[\da-f]{8,}.*/, '')
    stumbles.push({ seed, meanSlice, said, kind, console: text, end: machine.snapshot() })
  }
  return { tried: count, stumbles }
}
