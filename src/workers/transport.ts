// What this room needs of a platform: threads that take messages, and a clock for those that do not answer. Node's
// worker_threads (src/node), a page's Web Workers (src/web) and the caller's own thread (same-thread.ts) serve it alike.
//
// 1. Messages arrive in the order in which they were sent. They are structured clones; `transfer` moves buffers.
// 2. A thread ends once: `onEnd` says why, and nothing arrives after it.
// 3. The far end calls `serve` (serve.ts) with its channel and answers; it never speaks first.

import type { Disposable, Event } from '../base/index.js'

/** Buffers that move with a message instead of being copied. */
export type Transfer = readonly ArrayBufferLike[]

/** A way to another thread. */
export interface Channel {
  /** Sends a structured clone. What cannot be cloned throws the platform's own error, and nothing is sent. */
  send(message: unknown, transfer?: Transfer): void
  readonly onMessage: Event<unknown>
}

/** A worker, from outside. */
export interface WorkerThread extends Channel {
  /** It crashed or ended by itself; the text says how. Not fired after `terminate`. */
  readonly onEnd: Event<string>
  /** Whether it keeps the process alive: only while it has something to do. */
  keepAlive(on: boolean): void
  /** Ends it at once, whatever it does. */
  terminate(): void
}

/** Lets others work: resolves when they have. */
export interface Breather {
  /** Lets the thread's event loop have a turn. */
  breathe(): Promise<void>
}

/** Makes threads; Node and pages each have one. */
export interface WorkerHost extends Breather {
  /** How many threads run at once. */
  readonly cores: number
  /** A new thread, whose module calls `serve`. */
  start(): WorkerThread
  /** Calls `action` after that much wall time; for threads that do not answer, never for results. */
  after(milliseconds: number, action: () => void): Disposable
}
