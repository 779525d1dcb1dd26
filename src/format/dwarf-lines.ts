// DWARF's line table: which line of which source an address comes from. Source: DWARF 5, section 6.2; versions 2 to 4 differ in how
// directories and files are listed. Sections come as they are, not compressed; .debug_info is not needed.

import { accept, type Result, refuse } from '../base/index.js'

/** The sections that hold a line table; the two of strings are there where `line` refers to them. */
export interface LineSections {
  /** .debug_line */
  readonly line: Uint8Array
  /** .debug_line_str */
  readonly lineStrings?: Uint8Array
  /** .debug_str */
  readonly strings?: Uint8Array
}

/** A place in a source. */
export interface SourceLine {
  /** As the compiler was given it: relative to where it ran, or absolute. */
  readonly file: string
  /** From 1 on. */
  readonly line: number
}

interface Row extends SourceLine {
  readonly address: bigint
  /** The first address after a sequence of rows: nothing is known from here on. */
  readonly end: boolean
}

/** Lines by address. */
export class SourceLines {
  private readonly rows: readonly Row[]

  /** Of rows in any order. */
  constructor(rows: readonly Row[]) {
    // Where one sequence ends and the next begins, the end comes first.
    const order = (a: Row, b: Row) =>
      a.address < b.address ? -1 : a.address > b.address ? 1 : Number(b.end) - Number(a.end)
    this.rows = [...rows].sort(order)
  }

  /** The line that an address comes from; undefined where the table does not say. */
  at(address: bigint): SourceLine | undefined {
    let low = 0
    let high = this.rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.rows[middle]!.address <= address) low = middle + 1
      else high = middle
    }
    const row = this.rows[low - 1]
    return row === undefined || row.end ? undefined : { file: row.file, line: row.line }
  }
}

/** Thrown while reading; parseSourceLines makes a refusal of it. */
class Unreadable extends Error {}

/** Reads a line table of DWARF 2 to 5. Refuses a damaged one, or one of another version ('bad-dwarf'). */
export function parseSourceLines(sections: LineSections): Result<SourceLines, 'bad-dwarf'> {
  const rows: Row[] = []
  try {
    const all = new Cursor(sections.line)
    while (!all.done) {
      const wide = all.u32()
      if (wide === 0xffff_ffff) throw new Unreadable('it is 64-bit DWARF')
      readUnit(all.take(wide), sections, rows)
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return refuse('bad-dwarf', `the line table cannot be read: ${error.message}`, 'Build the file again with -g.')
  }
  return accept(new SourceLines(rows))
}

/** What the header of a unit says. */
interface Unit {
  readonly files: readonly string[]
  readonly least: number
  readonly lineBase: number
  readonly lineRange: number
  readonly opcodeBase: number
  /** Arguments of the standard opcodes, by opcode. */
  readonly lengths: readonly number[]
}

function readUnit(unit: Cursor, sections: LineSections, rows: Row[]): void {
  const version = unit.u16()
  if (version < 2 || version > 5) throw new Unreadable(`it has version ${version}`)
  if (version === 5 && (unit.u8() !== 8 || unit.u8() !== 0))
    throw new Unreadable('its addresses are not flat and 64-bit')
  const header = unit.take(unit.u32())
  const least = header.u8()
  if (version >= 4) header.u8() // operations in an instruction, of VLIW machines
  header.u8() // whether rows are statements at first
  const lineBase = (header.u8() << 24) >> 24
  const lineRange = header.u8()
  const opcodeBase = header.u8()
  if (lineRange === 0) throw new Unreadable('its line_range is 0')
  const lengths = [0]
  for (let opcode = 1; opcode < opcodeBase; opcode++) lengths.push(header.u8())
  const files = version === 5 ? readFiles5(header, sections) : readFiles(header)
  runProgram(unit, { files, least, lineBase, lineRange, opcodeBase, lengths }, rows)
}

const join = (folder: string | undefined, name: string): string =>
  folder === undefined || folder === '' || name.startsWith('/') ? name : `${folder}/${name}`

/** Versions 2 to 4: both lists from 1 on, folder 0 is where the compiler ran. */
function readFiles(header: Cursor): string[] {
  const folders = ['']
  for (let text = header.text(); text !== ''; text = header.text()) folders.push(text)
  const files = ['']
  for (let name = header.text(); name !== ''; name = header.text()) {
    files.push(join(folders[header.uleb()], name))
    header.uleb() // time
    header.uleb() // size
  }
  return files
}

const PATH = 1
const DIRECTORY_INDEX = 2

/** Version 5: both lists from 0 on, and each says how its entries are written. */
function readFiles5(header: Cursor, sections: LineSections): string[] {
  const folders = readEntries(header, sections)
  return readEntries(header, sections).map(({ path, folder }) => join(folder === 0 ? '' : folders[folder]?.path, path))
}

function readEntries(header: Cursor, sections: LineSections): { path: string; folder: number }[] {
  const formats = Array.from({ length: header.u8() }, () => [header.uleb(), header.uleb()] as const)
  const count = header.uleb()
  if (count > header.left) throw new Unreadable('it lists more files than it has bytes')
  return Array.from({ length: count }, () => {
    const entry = { path: '', folder: 0 }
    for (const [content, form] of formats) {
      const value = readForm(header, form, sections)
      if (content === PATH && typeof value === 'string') entry.path = value
      if (content === DIRECTORY_INDEX && typeof value === 'number') entry.folder = value
    }
    return entry
  })
}

// How values are written, of DWARF 5's table 7.6 what 6.2.4.1 allows here.
const DW_FORM_data2 = 0x05
const DW_FORM_data4 = 0x06
const DW_FORM_string = 0x08
const DW_FORM_block = 0x09
const DW_FORM_data1 = 0x0b
const DW_FORM_strp = 0x0e
const DW_FORM_udata = 0x0f
const DW_FORM_data16 = 0x1e
const DW_FORM_line_strp = 0x1f

function readForm(header: Cursor, form: number, { lineStrings, strings }: LineSections): string | number | undefined {
  switch (form) {
    case DW_FORM_string:
      return header.text()
    case DW_FORM_strp:
      return textAt(strings, header.u32(), '.debug_str')
    case DW_FORM_line_strp:
      return textAt(lineStrings, header.u32(), '.debug_line_str')
    case DW_FORM_data1:
      return header.u8()
    case DW_FORM_data2:
      return header.u16()
    case DW_FORM_data4:
      return header.u32()
    case DW_FORM_udata:
      return header.uleb()
    case DW_FORM_block:
      header.take(header.uleb())
      return undefined
    case DW_FORM_data16:
      header.take(16)
      return undefined
    default:
      throw new Unreadable(`it uses form ${form}`)
  }
}

function textAt(section: Uint8Array | undefined, offset: number, name: string): string {
  if (section === undefined) throw new Unreadable(`it needs ${name}, which is not there`)
  return new Cursor(section, offset).text()
}

/** Runs the program of a unit (6.2.5); each row it emits goes to `rows`. */
function runProgram(program: Cursor, unit: Unit, rows: Row[]): void {
  const { files, least, lineBase, lineRange, opcodeBase, lengths } = unit
  let address = 0n
  let file = 1
  let line = 1
  const emit = (end: boolean): void => {
    rows.push({ address, file: files[file] ?? '', line, end })
  }
  const advance = (operations: number): void => {
    address += BigInt(operations) * BigInt(least)
  }
  while (!program.done) {
    const opcode = program.u8()
    if (opcode >= opcodeBase) {
      const special = opcode - opcodeBase
      advance(Math.floor(special / lineRange))
      line += lineBase + (special % lineRange)
      emit(false)
    } else if (opcode === 0) {
      const extended = program.take(program.uleb())
      const what = extended.u8()
      if (what === 1) {
        emit(true)
        ;[address, file, line] = [0n, 1, 1]
      } else if (what === 2) address = extended.u64()
    } else if (opcode === 1) emit(false)
    else if (opcode === 2) advance(program.uleb())
    else if (opcode === 3) line += program.sleb()
    else if (opcode === 4) file = program.uleb()
    else if (opcode === 8) advance(Math.floor((255 - opcodeBase) / lineRange))
    else if (opcode === 9) address += BigInt(program.u16())
    else for (let left = lengths[opcode] ?? 0; left > 0; left--) program.uleb()
  }
}

/** Reads little-endian values one after the other; throws Unreadable at the end. */
class Cursor {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  get done(): boolean {
    return this.at >= this.bytes.length
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  private next(count: number): number {
    const at = this.at
    if (count > this.left) throw new Unreadable('it ends in the middle of a value')
    this.at += count
    return at
  }

  u8(): number {
    return this.view.getUint8(this.next(1))
  }

  u16(): number {
    return this.view.getUint16(this.next(2), true)
  }

  u32(): number {
    return this.view.getUint32(this.next(4), true)
  }

  u64(): bigint {
    return this.view.getBigUint64(this.next(8), true)
  }

  take(count: number): Cursor {
    const at = this.next(count)
    return new Cursor(this.bytes.subarray(at, at + count))
  }

  text(): string {
    const end = this.bytes.indexOf(0, this.at)
    if (end < 0) throw new Unreadable('it ends in the middle of a name')
    const length = end - this.at
    const at = this.next(length + 1)
    return new TextDecoder().decode(this.bytes.subarray(at, at + length))
  }

  uleb(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw new Unreadable('a number in it is too large')
      if (byte < 0x80) return value
    }
  }

  sleb(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (value > Number.MAX_SAFE_INTEGER) throw new Unreadable('a number in it is too large')
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - scale * 128
    }
  }
}
