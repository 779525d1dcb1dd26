// Cancelling: what long work looks at, and what it throws when it gives up. An AbortSignal is a CancelSignal; so is the
// signal that a job in a worker receives, which turns without the worker's event loop (workers/shared-signal.ts).

import { TransplantError } from './errors.js'

export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What became of work that was cancelled; nothing that it computed counts. */
export function cancelled(message: string): TransplantError {
  return new TransplantError('CANCELLED', message, 'Start it again for a whole result.')
}

/** Calls `listener` once when the signal turns, or at once if it has. Dispose to listen no more. */
export function onCancel(signal: CancelSignal | undefined, listener: () => void): { dispose(): void } {
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
