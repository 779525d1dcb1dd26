// What this room needs of a platform: a connection that carries bytes both ways. src/node makes one of a socket.

import type { Event } from '../base/index.js'

/** A two-way stream of bytes, such as a socket. */
export interface ByteStream {
  send(bytes: Uint8Array): void
  readonly onBytes: Event<Uint8Array>
  /** It ended, by whichever side; nothing arrives afterwards. */
  readonly onEnd: Event<void>
  close(): void
}
