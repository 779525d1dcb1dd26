// The signal of one call, as its worker sees it. A worker in the midst of a synchronous run receives no message, so the
// number of the call to cancel is also in memory that both threads share: `aborted` reads it. Because the flag names a call,
// one that comes late cancels nothing else.
//
// The store in `requestCancel` is ordered before the message that follows it, and the load here sees it without one. Where
// memory cannot be shared (a page that is not cross-origin isolated) the message alone arrives, between two slices.

import { CancelSource, cancelled } from '../base/index.js'

/** Room for the number of the call that is to be cancelled, or undefined where threads cannot share memory. */
export function createFlag(): Int32Array | undefined {
  return typeof SharedArrayBuffer === 'undefined' ? undefined : new Int32Array(new SharedArrayBuffer(4))
}

export function requestCancel(flag: Int32Array | undefined, call: number): void {
  if (flag !== undefined) Atomics.store(flag, 0, call)
}

/** A CancelSignal that another thread sees. */
export class SharedSignal extends CancelSource {
  private readonly flag: Int32Array | undefined
  private readonly call: number

  constructor(flag: Int32Array | undefined, call: number) {
    super()
    this.flag = flag
    this.call = call
  }

  /** Its listeners are told when the message arrives. */
  override get aborted(): boolean {
    return super.aborted || (this.flag !== undefined && Atomics.load(this.flag, 0) === this.call)
  }

  /** For work that has a good place to give up. */
  throwIfAborted(): void {
    if (this.aborted) throw cancelled('The job was cancelled.')
  }
}
