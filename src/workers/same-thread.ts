// Workers that are none: both ends in the caller's thread, for where threads cannot be had and for comparing. Values are
// cloned as between threads, so that a job sees and gives the same. What runs cannot be ended from outside; it is left alone.

import { type Disposable, Emitter } from '../base/index.js'
import { serve } from './serve.js'
import type { Transfer, WorkerHost, WorkerThread } from './transport.js'

/** A host of one core in this thread, with the application's way to breathe and to wait. */
export function sameThread(application: {
  breathe(): Promise<void>
  after(milliseconds: number, action: () => void): Disposable
}): WorkerHost {
  return { cores: 1, start: () => startHere(application), ...application }
}

function startHere(application: { breathe(): Promise<void> }): WorkerThread {
  const toFar = new Emitter<unknown>()
  const toNear = new Emitter<unknown>()
  const carrier =
    (emitter: Emitter<unknown>) =>
    (message: unknown, transfer: Transfer = []) => {
      const copy = structuredClone(message, { transfer: [...transfer] })
      // Later, as between threads; promise jobs keep the order.
      Promise.resolve().then(() => emitter.fire(copy))
    }
  serve({ send: carrier(toNear), onMessage: toFar.event }, application)
  return {
    send: carrier(toFar),
    onMessage: toNear.event,
    onEnd: new Emitter<string>().event,
    keepAlive: () => {},
    terminate: () => {
      toFar.dispose()
      toNear.dispose()
    },
  }
}
