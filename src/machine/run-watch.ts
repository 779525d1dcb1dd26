// What a run looks at between two slices when its caller wants to cancel it or to know how far it has come.

import type { RunLimit } from './guest-port.js'

/** Instructions between two reports. */
const INTERVAL = 5_000_000

/** A function to be called between slices with the machine's time: true ends the run. Nothing to watch: undefined. */
export function watchRun(limit: RunLimit, start: number): ((time: number) => boolean) | undefined {
  const { signal, onProgress } = limit
  if (signal === undefined && onProgress === undefined) return undefined
  let next = start + INTERVAL
  return (time) => {
    if (time >= next) {
      next = time + INTERVAL
      onProgress?.({ instructions: time - start, time })
    }
    return signal?.aborted === true
  }
}
