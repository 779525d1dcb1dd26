// Subscriptions to the events of the core. Each has a mask of its own; the core is told their union, so that nobody silences or
// wakes another.

import { type Disposable, toDisposable } from '../base/index.js'
import type { CoreEvent } from './guest-port.js'

interface Watcher {
  readonly mask: number
  readonly listener: (event: CoreEvent) => void
}

/** Events of the CPU core, for observers that ask for them. */
export class CoreEvents {
  private watchers: readonly Watcher[] = []
  private readonly setMask: (mask: number) => void

  constructor(setMask: (mask: number) => void) {
    this.setMask = setMask
  }

  get mask(): number {
    return this.watchers.reduce((union, { mask }) => union | mask, 0)
  }

  watch(mask: number, listener: (event: CoreEvent) => void): Disposable {
    const watcher = { mask, listener }
    this.change([...this.watchers, watcher])
    return toDisposable(() => this.change(this.watchers.filter((other) => other !== watcher)))
  }

  fire(event: CoreEvent): void {
    for (const { mask, listener } of this.watchers) if ((mask & event.kind) !== 0) listener(event)
  }

  private change(watchers: readonly Watcher[]): void {
    const before = this.mask
    this.watchers = watchers
    if (this.mask !== before) this.setMask(this.mask)
  }
}
