// The page's transport, on threads that look like Web Workers.

import type { WorkerHost } from '../../dist/index.js'
import { webWorkers } from '../../dist/web/index.js'
import { WebWorker } from './web-worker.mjs'

const entry = new URL('../../dist/web/worker-entry.js', import.meta.url)

export function pageWorkers(): WorkerHost {
  return webWorkers(() => new WebWorker(entry) as unknown as Worker)
}
