// What the guest sends over its serial ports, gathered into lines before listeners are told.

import { LINE_FEED } from '../base/index.js'
import type { ConsoleChannel, ConsoleOutput } from './guest-port.js'

/** Bytes gathered before listeners are told, at most. */
const LONGEST_LINE = 4096

export class ConsoleLines {
  private readonly bytes: [number[], number[]] = [[], []]
  private readonly onWhole: () => void

  /** `onWhole` is called where a line or a chunk is whole, which is the time to `take` it. */
  constructor(onWhole: () => void) {
    this.onWhole = onWhole
  }

  add(channel: ConsoleChannel, byte: number): void {
    const bytes = this.bytes[channel]
    bytes.push(byte)
    if (byte === LINE_FEED || bytes.length >= LONGEST_LINE) this.onWhole()
  }

  /** What has been gathered at a port; undefined if nothing. */
  take(channel: ConsoleChannel, time: number): ConsoleOutput | undefined {
    const bytes = this.bytes[channel]
    if (bytes.length === 0) return undefined
    this.bytes[channel] = []
    return { channel, bytes: Uint8Array.from(bytes), time }
  }

  clear(): void {
    this.bytes[0] = []
    this.bytes[1] = []
  }
}
