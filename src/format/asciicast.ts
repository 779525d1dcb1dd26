// asciicast v2, the file format of asciinema's players: a header as JSON, then one event a line. Source: asciinema's documentation,
// "asciicast v2".

/** What the header says. */
export interface CastOptions {
  /** Columns of the terminal; default 80. */
  readonly columns?: number
  /** Rows of the terminal; default 24. */
  readonly rows?: number
  readonly title?: string
}

/** 'o': the terminal shows it; 'i': typed; 'm': a mark with a label, where players stop. */
export type CastEventKind = 'o' | 'i' | 'm'

/**
 * Writes a cast, event by event, at the times that it is given: without a clock of its own, so that the same run gives the same bytes.
 * Characters that come in pieces are put together.
 */
export class CastWriter {
  private readonly lines: string[] = []
  private readonly decoders = { o: new TextDecoder(), i: new TextDecoder(), m: new TextDecoder() }

  constructor({ columns = 80, rows = 24, title }: CastOptions = {}) {
    this.lines.push(
      JSON.stringify({ version: 2, width: columns, height: rows, ...(title === undefined ? {} : { title }) }),
    )
  }

  /** An event, `seconds` from the beginning; bytes are UTF-8. Times must not go back. */
  event(seconds: number, kind: CastEventKind, bytes: Uint8Array): void {
    const text = this.decoders[kind].decode(bytes, { stream: true })
    // Microseconds, as asciinema writes them.
    if (text !== '') this.lines.push(JSON.stringify([Math.round(seconds * 1e6) / 1e6, kind, text]))
  }

  /** The file up to now. */
  finish(): string {
    return `${this.lines.join('\n')}\n`
  }
}
