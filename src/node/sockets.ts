// Byte streams (src/debug) over sockets: of this machine's file system, or TCP.

import { connect, type Socket } from 'node:net'
import { Emitter, TransplantError } from '../base/index.js'
import type { ByteStream } from '../debug/index.js'

/** A path of a socket, or a TCP port of this machine or another. */
export type Address = { readonly path: string } | { readonly port: number; readonly host?: string }

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
    close: () => socket.destroy(),
  }
}
