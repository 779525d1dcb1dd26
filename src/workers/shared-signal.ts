// The signal of one call, as its worker sees it. A worker in the midst of a synchronous run receives no message, so the
// number of the call to cancel is also in memory that both threads share: `aborted` reads it. Because the flag names a call,
// one that comes late cancels nothing else.
//
// The store in `requestCancel` is ordered before the message that follows it, and the load here sees it without one. Where
// memory cannot be shared (a page that is not cross-origin isolated) the message alone arrives, between two slices.

import { type CancelSignal, cancelled, Emitter } from '../base/index.js'

/** Room for the number of the call that is to be cancelled, or undefined where threads cannot share memory. */
export function createFlag(): Int32Array | undefined {
  return typeof SharedArrayBuffer === 'undefined' ? undefined : new Int32Array(new SharedArrayBuffer(4))
}

export function requestCancel(flag: Int32Array | undefined, call: number): void {
  if (flag !== undefined) Atomics.store(flag, 0, call)
}

export class SharedSignal implements CancelSignal {
  private readonly flag: Int32Array | undefined
  private readonly call: number
  private told = false
  private readonly emitter = new Emitter<void>()
  private readonly listeners = new Map<() => void, { dispose(): void }>()

  constructor(flag: Int32Array | undefined, call: number) {
    this.flag = flag
    this.call = call
  }

  get aborted(): boolean {
    return this.told || (this.flag !== undefined && Atomics.load(this.flag, 0) === this.call)
  }

  /** For work that has a good place to give up. */
  throwIfAborted(): void {
    if (this.aborted) throw cancelled('The job was cancelled.')
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.listeners.has(listener)) this.listeners.set(listener, this.emitter.event(listener))
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.get(listener)?.dispose()
    this.listeners.delete(listener)
  }

  /** The message has arrived. */
  tell(): void {
    if (this.told) return
    this.told = true
    this.emitter.fire()
  }
}
