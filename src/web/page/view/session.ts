// A guest as the page keeps it: what the worker last said of it, and what its console has printed.

import type { PatchText, SessionInfo, Status } from '../protocol.js'
import { State } from './dom.js'

interface Piece {
  readonly time: number
  readonly bytes: Uint8Array
}

/** So much of a console is kept for drawing it again. */
const TRANSCRIPT_BYTES = 1 << 20

/** What a console has printed, each piece at its virtual time: going back in time takes the later ones away. */
export class Transcript {
  private pieces: Piece[] = []
  private length = 0

  add(time: number, bytes: Uint8Array): void {
    this.pieces.push({ time, bytes })
    this.length += bytes.length
    while (this.length > TRANSCRIPT_BYTES && this.pieces.length > 1) {
      this.length -= this.pieces.shift()?.bytes.length ?? 0
    }
  }

  cutAfter(time: number): void {
    this.pieces = this.pieces.filter((piece) => piece.time <= time)
    this.length = this.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0)
  }

  get all(): readonly Uint8Array[] {
    return this.pieces.map(({ bytes }) => bytes)
  }

  copy(): Transcript {
    const copy = new Transcript()
    copy.pieces = [...this.pieces]
    copy.length = this.length
    return copy
  }
}

export class Session {
  readonly info: SessionInfo
  /** What its tab says. */
  readonly name: string
  readonly status = new State<Status | undefined>(undefined)
  readonly transcript: Transcript
  /** Of the patches that were assembled for it. */
  readonly sources: PatchText[]

  /** `parent`: the guest that it is another future of. */
  constructor(info: SessionInfo, name: string, parent?: Session) {
    this.info = info
    this.name = name
    this.transcript = parent?.transcript.copy() ?? new Transcript()
    this.sources = [...(parent?.sources ?? [])]
  }

  get id(): number {
    return this.info.session
  }
}
