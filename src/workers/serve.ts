// The far end: what a worker does with the messages that it gets. A platform's worker entry calls `serve` once, with its
// channel. A worker runs jobs one after the other, or holds one machine; both are tables of calls by name.

import { TransplantError } from '../base/index.js'
import { jobCalls } from './job-server.js'
import { machineCalls } from './machine-server.js'
import { PROTOCOL, type Request, recordError, reviveError, trySend } from './messages.js'
import { SharedSignal } from './shared-signal.js'
import type { Breather, Channel } from './transport.js'

/** What a call gets beside its arguments. */
export interface Call {
  readonly signal: SharedSignal
  progress(value: unknown): void
}

/** A result whose buffers move to the other end. */
export class Moved {
  readonly value: Uint8Array

  constructor(value: Uint8Array) {
    this.value = value
  }
}

// biome-ignore lint/suspicious/noConfusingVoidType: a call may return nothing
export type CallTable = Readonly<Record<string, (call: Call, ...args: never[]) => unknown | void>>

/** This worker's surroundings, for its tables of calls. */
export interface Surroundings extends Breather {
  readonly assets: unknown
  fire(event: string, value: unknown): void
}

/** Answers messages on a worker's side of a channel. */
export function serve(channel: Channel, breather: Breather): void {
  let assets: unknown
  let flag: Int32Array | undefined
  let protocol = 0
  const signals = new Map<number, SharedSignal>()
  let events: [string, unknown][] = []

  /** Events cross before whatever follows them. */
  const send = (message: Parameters<typeof trySend>[1], transfer?: ArrayBufferLike[]) => {
    if (events.length > 0) {
      const gathered = events
      events = []
      trySend(channel, { kind: 'events', events: gathered })
    }
    return trySend(channel, message, transfer)
  }
  const surroundings: Surroundings = {
    get assets() {
      return assets
    },
    breathe: () => breather.breathe(),
    fire: (event, value) => {
      events.push([event, value])
    },
  }
  const machine = machineCalls(surroundings)
  const calls: CallTable = { ...jobCalls(surroundings), ...machine.calls }

  const answer = async ({ id, name, args }: Extract<Request, { kind: 'call' }>): Promise<void> => {
    const signal = new SharedSignal(flag, id)
    signals.set(id, signal)
    try {
      if (protocol !== PROTOCOL) throw otherProtocol(protocol)
      const body = calls[name]
      if (body === undefined) throw new TransplantError('WORKER_CALL', `A worker knows no call '${name}'.`)
      const progress = (value: unknown): void => {
        const failed = send({ kind: 'progress', id, value })
        if (failed !== undefined) throw reviveError(failed)
      }
      const result = await body({ signal, progress }, ...(args as never[]))
      const failed =
        result instanceof Moved
          ? send({ kind: 'result', id, value: result.value }, [result.value.buffer])
          : send({ kind: 'result', id, value: result })
      if (failed !== undefined) send({ kind: 'error', id, error: failed })
    } catch (thrown) {
      send({ kind: 'error', id, error: recordError(thrown, 'JOB_FAILED') })
    } finally {
      signals.delete(id)
    }
  }

  channel.onMessage((message) => {
    const request = message as Request
    switch (request.kind) {
      case 'start':
        ;({ protocol, flag, assets } = request)
        break
      case 'call':
        void answer(request)
        break
      case 'cancel':
        signals.get(request.id)?.cancel()
        break
      case 'listen':
        machine.listen(request.event, request.on)
        break
    }
  })
}

function otherProtocol(protocol: number): TransplantError {
  return new TransplantError(
    'WORKER_PROTOCOL',
    `The worker speaks protocol ${PROTOCOL}, its caller ${protocol}.`,
    'Build both from the same release.',
  )
}
