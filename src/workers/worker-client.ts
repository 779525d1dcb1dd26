// The near end: a worker as something to call. Starts the thread, numbers the calls, hands out their progress and results, and
// knows what to do with a thread that crashes or does not answer.
//
// A call that is cancelled has a grace time in which to end by itself, with whatever it answers then. A worker that stays
// silent is ended, and its calls fail with WORKER_UNRESPONSIVE; after a crash they fail with WORKER_CRASHED.

import { type CancelSignal, type Disposable, Emitter, onCancel, TransplantError, toDisposable } from '../base/index.js'
import { PROTOCOL, type Reply, reviveError, trySend } from './messages.js'
import { createFlag, requestCancel } from './shared-signal.js'
import type { Transfer, WorkerHost, WorkerThread } from './transport.js'

/** What a worker is started with. */
export interface WorkerOptions {
  /** What all calls share (`shareAssets`). */
  readonly assets?: unknown
  /** Wall time that a cancelled call has to end by itself before its worker is ended. Default 2 seconds. */
  readonly graceMilliseconds?: number
}

export interface CallOptions {
  readonly onProgress?: (value: unknown) => void
  readonly signal?: CancelSignal | undefined
  readonly transfer?: Transfer
}

export interface PendingCall {
  readonly result: Promise<unknown>
  /** Asks the call to end early. */
  cancel(): void
}

interface Waiting {
  readonly onProgress: ((value: unknown) => void) | undefined
  resolve(value: unknown): void
  reject(error: TransplantError): void
  grace: Disposable | undefined
}

const DEFAULT_GRACE = 2000

export class WorkerClient implements Disposable {
  private readonly host: WorkerHost
  private readonly thread: WorkerThread
  private readonly flag = createFlag()
  private readonly graceMilliseconds: number
  private readonly waiting = new Map<number, Waiting>()
  private lastCall = 0
  private failure: TransplantError | undefined
  private readonly eventEmitter = new Emitter<readonly [name: string, value: unknown]>()
  readonly onEvent = this.eventEmitter.event

  constructor(host: WorkerHost, options: WorkerOptions = {}) {
    this.host = host
    this.graceMilliseconds = options.graceMilliseconds ?? DEFAULT_GRACE
    this.thread = host.start()
    this.thread.keepAlive(false)
    this.thread.onMessage((message) => this.take(message as Reply))
    this.thread.onEnd((why) => this.fail(new TransplantError('WORKER_CRASHED', `The worker ended: ${why}.`)))
    const { flag } = this
    const failed = trySend(this.thread, { kind: 'start', protocol: PROTOCOL, flag, assets: options.assets })
    if (failed !== undefined) {
      this.dispose()
      throw reviveError(failed)
    }
  }

  /** Whether it can be called: it has neither crashed nor been ended. */
  get alive(): boolean {
    return this.failure === undefined
  }

  call(name: string, args: readonly unknown[], options: CallOptions = {}): PendingCall {
    const id = ++this.lastCall
    const result = new Promise<unknown>((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure)
        return
      }
      const failed = trySend(this.thread, { kind: 'call', id, name, args }, options.transfer)
      if (failed !== undefined) {
        reject(reviveError(failed))
        return
      }
      if (this.waiting.size === 0) this.thread.keepAlive(true)
      this.waiting.set(id, { onProgress: options.onProgress, resolve, reject, grace: undefined })
    })
    const cancel = (): void => this.cancel(id)
    const listening = onCancel(options.signal, cancel)
    return { result: result.finally(() => listening.dispose()), cancel }
  }

  listen(event: string, on: boolean): void {
    if (this.alive) trySend(this.thread, { kind: 'listen', event, on })
  }

  private cancel(id: number): void {
    const call = this.waiting.get(id)
    if (call === undefined || call.grace !== undefined) return
    requestCancel(this.flag, id)
    trySend(this.thread, { kind: 'cancel', id })
    call.grace = this.host.after(this.graceMilliseconds, () => {
      this.thread.terminate()
      const message = `The worker did not answer within ${this.graceMilliseconds} ms of being cancelled, and was ended.`
      this.fail(new TransplantError('WORKER_UNRESPONSIVE', message, 'Look at the signal now and then.'))
    })
  }

  private take(reply: Reply): void {
    if (reply.kind === 'events') {
      for (const event of reply.events) this.eventEmitter.fire(event)
      return
    }
    const call = this.waiting.get(reply.id)
    if (call === undefined) return
    if (reply.kind === 'progress') {
      call.onProgress?.(reply.value)
      return
    }
    this.end(reply.id, call)
    if (reply.kind === 'result') call.resolve(reply.value)
    else call.reject(reviveError(reply.error))
  }

  private end(id: number, call: Waiting): void {
    this.waiting.delete(id)
    call.grace?.dispose()
    if (this.waiting.size === 0) this.thread.keepAlive(false)
  }

  private fail(error: TransplantError): void {
    if (this.failure !== undefined) return
    this.failure = error
    for (const [id, call] of [...this.waiting]) {
      this.end(id, call)
      call.reject(error)
    }
  }

  /** Ends the thread, whatever it does. */
  dispose(): void {
    this.thread.terminate()
    this.fail(new TransplantError('WORKER_ENDED', 'The worker has been ended.'))
  }
}

/** An event of the far end as one of ours; the far end is asked for it only while somebody listens. */
export function forwardedEvent<T>(client: WorkerClient, name: string): (listener: (value: T) => void) => Disposable {
  const emitter = new Emitter<T>()
  let listeners = 0
  client.onEvent(([event, value]) => {
    if (event === name) emitter.fire(value as T)
  })
  return (listener) => {
    if (listeners++ === 0) client.listen(name, true)
    const subscription = emitter.event(listener)
    return toDisposable(() => {
      subscription.dispose()
      if (--listeners === 0) client.listen(name, false)
    })
  }
}
