// The handlers of a port's breakpoints, by address. Several at one address are called in the order in which they were set.

import { type Disposable, toDisposable, type VirtAddr } from '../base/index.js'
import type { BreakpointHandler, BreakpointHit } from './guest-port.js'

export class BreakpointHandlers {
  private readonly handlers = new Map<bigint, BreakpointHandler[]>()

  add(address: VirtAddr, handler: BreakpointHandler): Disposable {
    // A wrapper of its own tells two registrations of one function apart.
    const entry: BreakpointHandler = (hit) => handler(hit)
    this.handlers.set(address, [...(this.handlers.get(address) ?? []), entry])
    return toDisposable(() => {
      const left = (this.handlers.get(address) ?? []).filter((other) => other !== entry)
      if (left.length === 0) this.handlers.delete(address)
      else this.handlers.set(address, left)
    })
  }

  /** True to stop: one said so, or there is none. All are called, whatever the first ones say. */
  async call(hit: BreakpointHit): Promise<boolean> {
    const handlers = this.handlers.get(hit.address) ?? []
    let stop = handlers.length === 0
    for (const handler of [...handlers]) if ((await handler(hit)) === 'stop') stop = true
    return stop
  }
}
