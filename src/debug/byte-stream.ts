// What this room needs of a platform: a connection that carries bytes both ways. src/node makes one of a socket.

import type { Event } from '../base/index.js'

/** A two-way stream of bytes, such as a socket. */
export interface ByteStream {
  /** Sends bytes, in order; dropped without a word once the stream has ended. */
  send(bytes: Uint8Array): void
  readonly onBytes: Event<Uint8Array>
  /** It ended, by whichever side; nothing arrives afterwards. */
  readonly onEnd: Event<void>
  /** Ends it from this side. */
  close(): void
}
