// The worker of the page: answers calls of the laboratory in the order in which they come in.

import { TransplantError } from '../../../base/index.js'
import type { Call, Message } from '../protocol.js'
import { PageLaboratory } from './laboratory.js'

const send = (message: Message): void => self.postMessage(message)
const laboratory = new PageLaboratory((event) => send({ kind: 'event', event }))

self.onmessage = async ({ data: { id, method, args } }: MessageEvent<Call>) => {
  try {
    const act = laboratory[method] as (...args: readonly unknown[]) => unknown
    send({ kind: 'answer', id, value: await act.apply(laboratory, [...args]) })
  } catch (error) {
    const known = error instanceof TransplantError
    const message = known ? error.sentence : error instanceof Error ? error.message : String(error)
    send({ kind: 'failure', id, code: known ? error.code : '', message, hint: known ? error.hint : '' })
  }
}
