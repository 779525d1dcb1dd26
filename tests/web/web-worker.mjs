// The interface of a Web Worker, as HTML has it (messages wait until the module has run; an uncaught error is told and does not
// end the worker), over Node's threads: so that the page's transport is tested on real threads without a browser.

import { isMainThread, parentPort, Worker as Thread, workerData } from 'node:worker_threads'

export class WebWorker {
  onmessage = null
  onerror = null
  onmessageerror = null
  thread

  constructor(url) {
    this.thread = new Thread(new URL(import.meta.url), { workerData: { entry: url.href } })
    this.thread.on('message', ({ data, error }) => {
      if (error === undefined) this.onmessage?.({ data })
      else this.onerror?.({ message: error })
    })
    this.thread.on('error', (error) => this.onerror?.({ message: error.message }))
  }

  postMessage(data, transfer) {
    this.thread.postMessage(data, transfer)
  }

  terminate() {
    void this.thread.terminate()
  }
}

if (!isMainThread && workerData?.entry !== undefined) {
  globalThis.self = globalThis
  globalThis.postMessage = (data, { transfer = [] } = {}) => parentPort.postMessage({ data }, transfer)
  process.on('uncaughtException', (error) => parentPort.postMessage({ error: `Uncaught ${error}` }))
  await import(workerData.entry)
  parentPort.on('message', (data) => globalThis.onmessage?.({ data }))
}
