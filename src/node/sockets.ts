// Byte streams (src/debug) over sockets: of this machine's file system, or TCP.

import { connect, createServer, type Socket } from 'node:net'
import { type Disposable, Emitter, TransplantError, toDisposable } from '../base/index.js'
import type { ByteStream } from '../debug/index.js'

/** A path of a socket, or a TCP port of this machine or another. */
export type Address =
  | { readonly path: string }
  | {
      /** TCP, 0 to 65535; 0: any that is free. */
      readonly port: number
      readonly host?: string
    }

/** Throws CONNECTION_REFUSED, with the reason. */
export async function connectStream(address: Address): Promise<ByteStream> {
  const socket = connect('path' in address ? address : { host: '127.0.0.1', ...address })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', ({ message }) =>
      reject(new TransplantError('CONNECTION_REFUSED', `No connection: ${message}.`)),
    )
  })
  return streamOf(socket)
}

/** Where others may connect. */
export interface Listening extends Disposable {
  /** The port that was given, or that was free. */
  readonly port: number
}

/** Streams to whoever connects to a TCP port, 0 for a free one; host: this machine alone. Throws CONNECTION_REFUSED. */
export async function listenStreams(
  address: { readonly port: number; readonly host?: string },
  onStream: (stream: ByteStream) => void,
): Promise<Listening> {
  const server = createServer((socket) => onStream(streamOf(socket)))
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(new TransplantError('CONNECTION_REFUSED', `Nobody can connect: ${message}.`, 'Is the port in use?')),
    )
    server.listen({ host: '127.0.0.1', ...address }, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return { port, ...toDisposable(() => server.close()) }
}

function streamOf(socket: Socket): ByteStream {
  const bytes = new Emitter<Uint8Array>()
  const end = new Emitter<void>()
  socket.setNoDelay(true)
  socket.on('data', (data) => bytes.fire(new Uint8Array(data)))
  // An error is followed by 'close'.
  socket.on('error', () => {})
  socket.on('close', () => end.fire())
  return {
    onBytes: bytes.event,
    onEnd: end.event,
    send: (data) => {
      if (!socket.destroyed) socket.write(data)
    },
    // What was sent still arrives.
    close: () => socket.destroySoon(),
  }
}
