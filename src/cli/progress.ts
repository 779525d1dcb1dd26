// What a person at a terminal sees of work that takes longer than a second: one line on standard error, which goes away before anything
// else is said.

import type { RunProgress } from '../machine/index.js'

/** Where a line of progress goes. */
export interface ProgressStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Wall time before the first line, and between two, in milliseconds. */
const PATIENCE = 1000
const EVERY = 100

let lineOn: ProgressStream | undefined

/** Takes the line away, if there is one. */
export function clearProgress(): void {
  lineOn?.write('\r\x1b[K')
  lineOn = undefined
}

/** Tells how far a guest has come; elsewhere than at a terminal it says nothing. */
export class Progress {
  private readonly what: string
  private readonly stream: ProgressStream
  private readonly clock: () => number
  private readonly shown: boolean
  private next: number

  constructor(what: string, stream: ProgressStream = process.stderr, clock = () => performance.now()) {
    this.what = what
    this.stream = stream
    this.clock = clock
    this.shown = stream.isTTY === true && process.env['TERM'] !== 'dumb'
    this.next = clock() + PATIENCE
  }

  /** To be called now and then. */
  tell({ time }: Pick<RunProgress, 'time'>): void {
    const now = this.clock()
    if (!this.shown || now < this.next) return
    this.next = now + EVERY
    lineOn = this.stream
    this.stream.write(`\r\x1b[K${this.what}: ${(time / 1e9).toFixed(3)} s of virtual time`)
  }
}
