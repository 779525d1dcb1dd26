// Workers by node:worker_threads. The near side; worker-entry.ts is the far one.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Emitter, toDisposable } from '../base/index.js'
import { sameThread, type WorkerHost, type WorkerThread } from '../workers/index.js'

const ENTRY = new URL('./worker-entry.js', import.meta.url)

const application = {
  breathe: (): Promise<void> => new Promise((resolve) => setImmediate(resolve)),
  after: (milliseconds: number, action: () => void) => {
    const timer = setTimeout(action, milliseconds)
    return toDisposable(() => clearTimeout(timer))
  },
}

/** Threads of this process, as many at once as there are cores. */
export function nodeWorkers(): WorkerHost {
  return { ...application, cores: availableParallelism(), start: startThread }
}

/** No threads: everything in this one, for comparing, and for where threads cannot be had. */
export function nodeThread(): WorkerHost {
  return sameThread(application)
}

function startThread(): WorkerThread {
  const worker = new Worker(ENTRY)
  const messages = new Emitter<unknown>()
  const end = new Emitter<string>()
  let ended = false
  const finish = (why: string): void => {
    if (ended) return
    ended = true
    end.fire(why)
  }
  worker.on('message', (message) => messages.fire(message))
  worker.on('messageerror', (error) => finish(`a message cannot be read: ${error.message}`))
  worker.on('error', (error) => finish(error instanceof Error ? error.message : String(error)))
  worker.on('exit', (code) => finish(`it exited with code ${code}`))
  return {
    send: (message, transfer = []) => worker.postMessage(message, [...transfer] as ArrayBuffer[]),
    onMessage: messages.event,
    onEnd: end.event,
    keepAlive: (on) => {
      if (on) worker.ref()
      else worker.unref()
    },
    terminate: () => {
      ended = true
      messages.dispose()
      void worker.terminate()
    },
  }
}
