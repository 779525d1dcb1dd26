// Cancelling: what long work looks at, and what it throws when it gives up. An AbortSignal is a CancelSignal; so is the
// signal that a job in a worker receives, which turns without the worker's event loop (workers/shared-signal.ts).

import { TransplantError } from './errors.js'
import { type Disposable, Emitter } from './events.js'

/** What says that a run is no longer wanted; an AbortSignal is one. */
export interface CancelSignal {
  /** Whether it has turned; it never turns back. */
  readonly aborted: boolean
  /** Calls `listener` when the signal turns; a second time for the same listener changes nothing, as in the DOM. */
  addEventListener(type: 'abort', listener: () => void): void
  /** Calls it no more. */
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What became of work that was cancelled; nothing that it computed counts. */
export function cancelled(message: string): TransplantError {
  return new TransplantError('CANCELLED', message, 'Start it again for a whole result.')
}

/** Calls `listener` once when the signal turns, or at once if it has. Dispose to listen no more. */
export function onCancel(signal: CancelSignal | undefined, listener: () => void): Disposable {
  if (signal === undefined) return { dispose() {} }
  if (signal.aborted) {
    listener()
    return { dispose() {} }
  }
  const once = (): void => {
    signal.removeEventListener('abort', once)
    listener()
  }
  signal.addEventListener('abort', once)
  return { dispose: () => signal.removeEventListener('abort', once) }
}

/** A signal and its switch, for where there is no AbortController: the rooms that know neither Node nor the DOM. */
export class CancelSource implements CancelSignal {
  private turned = false
  private readonly emitter = new Emitter<void>()
  private readonly listeners = new Map<() => void, Disposable>()

  get aborted(): boolean {
    return this.turned
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.listeners.has(listener)) this.listeners.set(listener, this.emitter.event(listener))
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.get(listener)?.dispose()
    this.listeners.delete(listener)
  }

  /** Turns the signal and calls its listeners; a second time does nothing. */
  cancel(): void {
    if (this.turned) return
    this.turned = true
    this.emitter.fire()
  }
}
