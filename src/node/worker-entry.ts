// The far end of a worker under Node: what a thread that nodeWorkers starts does.

import { parentPort } from 'node:worker_threads'
import { Emitter, panic } from '../base/index.js'
import { serve } from '../workers/index.js'

const port = parentPort ?? panic('worker-entry.js was not started as a worker.')
const messages = new Emitter<unknown>()
port.on('message', (message) => messages.fire(message))
serve(
  {
    send: (message, transfer = []) => port.postMessage(message, [...transfer] as ArrayBuffer[]),
    onMessage: messages.event,
  },
  { breathe: () => new Promise((resolve) => setImmediate(resolve)) },
)
