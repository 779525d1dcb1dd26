// Workers by the page's Web Workers. The near side; worker-entry.ts is the far one.
//
// A page that is cross-origin isolated (COOP same-origin, COEP require-corp) shares memory with them, so that images are not
// copied and a cancel reaches a job in mid-run. Any other page works with copies and messages.

import { Emitter, toDisposable } from '../base/index.js'
import type { WorkerHost, WorkerThread } from '../workers/index.js'
import { breathe } from './breathe.js'

/** Bundlers know this form; give your own where yours does not. */
const startEntry = (): Worker => new Worker(new URL('./worker-entry.js', import.meta.url), { type: 'module' })

/** Threads of a page, for `runJobs` and `RemoteMachine`. */
export function webWorkers(create: () => Worker = startEntry): WorkerHost {
  return {
    cores: globalThis.navigator?.hardwareConcurrency ?? 1,
    start: () => startThread(create()),
    breathe,
    after: (milliseconds, action) => {
      const timer = setTimeout(action, milliseconds)
      return toDisposable(() => clearTimeout(timer))
    },
  }
}

function startThread(worker: Worker): WorkerThread {
  const messages = new Emitter<unknown>()
  const end = new Emitter<string>()
  let ended = false
  // An error that nobody caught leaves a Web Worker running, but not whole: it is ended, as Node ends its threads.
  const finish = (why: string): void => {
    if (ended) return
    ended = true
    worker.terminate()
    end.fire(why)
  }
  worker.onmessage = ({ data }) => {
    if (!ended) messages.fire(data)
  }
  worker.onmessageerror = () => finish('a message cannot be read')
  worker.onerror = ({ message }) => finish(message ?? 'its script cannot be loaded')
  return {
    send: (message, transfer = []) => worker.postMessage(message, [...transfer] as ArrayBuffer[]),
    onMessage: messages.event,
    onEnd: end.event,
    keepAlive: () => {},
    terminate: () => {
      ended = true
      worker.terminate()
    },
  }
}
