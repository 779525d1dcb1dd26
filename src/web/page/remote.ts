// The page's end of the worker: each method of the laboratory, promised.

import type { Answer, BenchEvent, Call, Laboratory, Message, Method } from './protocol.js'

export type RemoteLaboratory = {
  readonly [M in Method]: (...args: Parameters<Laboratory[M]>) => Promise<Answer<M>>
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** What the worker could not do, in its words. */
export class BenchError extends Error {
  readonly hint: string
  /** Of the worker's error; empty where it had none. */
  readonly code: string

  constructor(message: string, hint: string, code = '') {
    super(message)
    this.hint = hint
    this.code = code
  }
}

/** Speaks to the worker; `onEvent` hears what it tells unasked, `onEnd` that it is no more. */
export function connectLaboratory(
  worker: Worker,
  onEvent: (event: BenchEvent) => void,
  onEnd: (why: string) => void,
): RemoteLaboratory {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  worker.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'event') return onEvent(data.event)
    const one = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.kind === 'answer') one?.resolve(data.value)
    else one?.reject(new BenchError(data.message, data.hint, data.code))
  }
  worker.onerror = ({ message }) => {
    for (const one of waiting.values()) one.reject(new BenchError(`The worker has ended: ${message}.`, ''))
    waiting.clear()
    onEnd(message)
  }
  const call = (method: Method, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const message: Call = { id: ++lastId, method, args }
      waiting.set(message.id, { resolve, reject })
      worker.postMessage(message)
    })
  return new Proxy({} as RemoteLaboratory, {
    get: (_target, method) =>
      // A promise's `then` is looked for where the laboratory itself is awaited.
      method === 'then' ? undefined : (...args: unknown[]) => call(method as Method, args),
  })
}
