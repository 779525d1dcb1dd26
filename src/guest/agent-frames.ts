// The frames of the agent's serial line, as bytes and as values: images/user/agent/PROTOCOL.md, the host's side.
//
//   TA1 <verb> <id> <length> <crc>\n  <payload>  \n
//
// `FrameReader` takes bytes as they come, in pieces of any size, and gives whole frames whose checksum holds. What lies
// between frames, and frames that are damaged, are skipped to the next line that begins with `TA1 `, and counted. Knows
// no guest and no verbs.

import { concatBytes, crc32, decodeText, encodeText, LINE_FEED } from '../base/index.js'

/** One message between host and agent. */
export interface AgentFrame {
  readonly verb: string
  readonly id: number
  readonly payload: Uint8Array
}

/** Most payload bytes in one frame towards the guest. */
export const FRAME_PAYLOAD_LIMIT = 2048
const HEADER = /^TA1 ([a-z]+) (\d{1,10}) (\d{1,6}) ([0-9a-f]{8})$/
/** The longest header line; a longer one is noise. */
const HEADER_LIMIT = 64

/** A frame as it goes over the serial line. */
export function encodeFrame(verb: string, id: number, payload: Uint8Array): Uint8Array {
  const sum = crc32(payload).toString(16).padStart(8, '0')
  return concatBytes(encodeText(`TA1 ${verb} ${id} ${payload.length} ${sum}\n`), payload, Uint8Array.of(LINE_FEED))
}

/** Finds whole frames in bytes that come in pieces. */
export class FrameReader {
  private pending: Uint8Array = new Uint8Array(0)
  private skippedCount = 0

  /** Lines of noise and damaged frames so far. */
  get skipped(): number {
    return this.skippedCount
  }

  /** The frames that these bytes complete. */
  feed(bytes: Uint8Array): AgentFrame[] {
    this.pending = concatBytes(this.pending, bytes)
    const frames: AgentFrame[] = []
    for (;;) {
      const lineEnd = this.pending.indexOf(LINE_FEED)
      if (lineEnd < 0) {
        if (this.pending.length > HEADER_LIMIT) this.drop(this.pending.length)
        return frames
      }
      const match = lineEnd <= HEADER_LIMIT ? HEADER.exec(decodeText(this.pending.subarray(0, lineEnd))) : null
      if (match === null) {
        this.drop(lineEnd + 1)
        continue
      }
      const [, verb = '', id = '', length = '', sum = ''] = match
      const start = lineEnd + 1
      const end = start + Number(length)
      if (this.pending.length <= end) return frames
      const payload = this.pending.slice(start, end)
      const whole = this.pending[end] === LINE_FEED && crc32(payload) === Number.parseInt(sum, 16)
      if (whole) {
        frames.push({ verb, id: Number(id), payload })
        this.pending = this.pending.slice(end + 1)
      } else this.drop(start)
    }
  }

  private drop(count: number): void {
    this.pending = this.pending.slice(count)
    this.skippedCount++
  }
}
