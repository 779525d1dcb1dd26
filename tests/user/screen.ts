// A terminal's screen, as far as the guest draws on it: what a person sees after the bytes have come. It wraps lines as a VT100 does:
// the character in the last column leaves the cursor there, and the next one goes to the row below.

/** Characters that take two columns, of those that tests type. */
const WIDE = /[\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{1f300}-\u{1faff}]/u

export class Screen {
  readonly columns: number
  private readonly rows: string[][] = [[]]
  private row = 0
  private column = 0
  private sequence = ''

  constructor(columns = 80) {
    this.columns = columns
  }

  write(text: string): void {
    for (const character of text) this.take(character)
  }

  /** The rows from the first to the last that something was written to, without spaces at their ends. */
  get text(): string {
    const rows = this.rows.map((row) => Array.from(row, (cell) => cell ?? ' ').join(''))
    return rows.map((row) => row.trimEnd()).join('\n')
  }

  /** The row of the cursor, with a bar where the cursor stands. */
  get cursorRow(): string {
    const row = Array.from(this.rows[this.row] ?? [], (cell) => cell ?? ' ')
    while (row.length < this.column) row.push(' ')
    return `${row.slice(0, this.column).join('')}|${row.slice(this.column).join('').trimEnd()}`
  }

  private take(character: string): void {
    if (this.sequence !== '') this.continueSequence(character)
    else if (character === '\x1b') this.sequence = character
    else if (character === '\r') this.column = 0
    else if (character === '\n') this.moveTo(this.row + 1)
    else if (character === '\b') this.column = Math.max(0, this.column - 1)
    else if (character >= ' ') this.put(WIDE.test(character) ? [character, ''] : [character])
    else throw new Error(`the screen does not know ${JSON.stringify(character)}`)
  }

  private put(cells: readonly string[]): void {
    if (this.column + cells.length > this.columns) {
      this.moveTo(this.row + 1)
      this.column = 0
    }
    for (const cell of cells) {
      const row = this.rows[this.row]
      if (row) row[this.column++] = cell
    }
  }

  private moveTo(row: number): void {
    while (this.rows.length <= row) this.rows.push([])
    this.row = Math.max(0, row)
  }

  private continueSequence(character: string): void {
    this.sequence += character
    if (!/[A-Za-z]|^.[78]$/.test(this.sequence)) return
    const sequence = this.sequence.slice(1)
    const count = Number(/^\[(\d+)/.exec(sequence)?.[1] ?? 1)
    this.sequence = ''
    if (sequence === '[J') this.eraseBelow()
    else if (sequence === '[2J') this.rows.splice(0, this.rows.length, [])
    else if (sequence === '[H') this.row = this.column = 0
    else if (/^\[\d*A$/.test(sequence)) this.moveTo(this.row - count)
    else if (/^\[\d*B$/.test(sequence)) this.moveTo(this.row + count)
    else if (/^\[\d*C$/.test(sequence)) this.column = Math.min(this.columns - 1, this.column + count)
    // Where the cursor was is kept and brought back, and asked for from a far corner: nothing that is seen.
    else if (!/^(7|8|\[999;999H|\[6n)$/.test(sequence)) {
      throw new Error(`the screen does not know ${JSON.stringify(sequence)}`)
    }
  }

  private eraseBelow(): void {
    this.rows.length = this.row + 1
    this.rows[this.row]?.splice(this.column)
  }
}
