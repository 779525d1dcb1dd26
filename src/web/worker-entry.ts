// The far end of a worker in a page: what a Web Worker that webWorkers starts does.

import { Emitter } from '../base/index.js'
import { serve } from '../workers/index.js'
import { breathe } from './breathe.js'

const messages = new Emitter<unknown>()
self.onmessage = ({ data }) => messages.fire(data)
serve(
  {
    send: (message, transfer = []) => self.postMessage(message, { transfer: [...transfer] as ArrayBuffer[] }),
    onMessage: messages.event,
  },
  { breathe },
)
