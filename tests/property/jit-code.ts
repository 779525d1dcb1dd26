// Machine code as a list of lines that can be taken apart: what the generator of fuzzed programs writes and the shrinker removes from.
//
// Promises: any subset of the lines, in order, can be laid out again. A label is a line of its own; branches are written short where
// they reach and long otherwise; LOOP and JRCXZ, which have no long form, become NOPs when they do not reach. Nothing here looks at
// what the code means, so a program with half of its lines missing is as good a program as any.

/** A field to be filled in with an address: of a label, or a fixed one. */
export interface Target {
  readonly label?: string
  readonly address?: number
  readonly plus: number
  /** Where the field stands in the line's bytes. */
  readonly at: number
  readonly size: 4 | 8
  /** Counted from the end of the line (RIP-relative). */
  readonly relative: boolean
}

export interface Line {
  readonly bytes: readonly number[]
  readonly target?: Target
  /** Names the place where it stands. */
  readonly label?: string
  readonly branch?: { readonly short?: readonly number[]; readonly long?: readonly number[]; readonly label: string }
  /** What follows begins this many bytes before a page's end; control jumps over the gap. */
  readonly beforePageEnd?: number
  /** Offset of a 32-bit immediate that counts a loop's rounds. */
  readonly rounds?: number
}

export interface Layout {
  readonly bytes: Uint8Array
  /** Where each line begins. */
  readonly addresses: readonly number[]
  readonly labels: ReadonlyMap<string, number>
}

const PAGE = 0x1000
const JUMP_BYTES = 5

export function little(value: number | bigint, bytes: number): number[] {
  const wide = BigInt.asUintN(64, BigInt(value))
  return Array.from({ length: bytes }, (_, i) => Number((wide >> BigInt(8 * i)) & 0xffn))
}

function gap(line: Line, at: number): number {
  if (line.beforePageEnd === undefined) return 0
  const room = (PAGE - ((at + JUMP_BYTES + line.beforePageEnd) % PAGE)) % PAGE
  return JUMP_BYTES + room
}

function sizeOf(line: Line, at: number, long: boolean): number {
  if (line.branch !== undefined) {
    const form = long ? (line.branch.long ?? line.branch.short) : (line.branch.short ?? line.branch.long)
    return (form?.length ?? 0) + (long && line.branch.long !== undefined ? 4 : line.branch.short === undefined ? 4 : 1)
  }
  return line.bytes.length + gap(line, at)
}

export function layOut(lines: readonly Line[], base: number): Layout {
  const long = lines.map((line) => line.branch !== undefined && line.branch.short === undefined)
  const addresses: number[] = []
  const labels = new Map<string, number>()
  for (let changed = true; changed; ) {
    changed = false
    let at = base
    lines.forEach((line, i) => {
      addresses[i] = at
      if (line.label !== undefined) labels.set(line.label, at)
      at += sizeOf(line, at, long[i] as boolean)
    })
    addresses[lines.length] = at
    lines.forEach((line, i) => {
      if (line.branch === undefined || long[i] === true) return
      const distance = (labels.get(line.branch.label) ?? base) - (addresses[i + 1] as number)
      if (distance < -128 || distance > 127) {
        long[i] = true
        changed = true
      }
    })
  }
  const bytes = new Uint8Array((addresses[lines.length] as number) - base)
  lines.forEach((line, i) => {
    const start = (addresses[i] as number) - base
    const end = (addresses[i + 1] as number) - base
    bytes.set(written(line, start + base, end + base, labels, long[i] as boolean, base), start)
  })
  return { bytes, addresses, labels }
}

function written(
  line: Line,
  start: number,
  end: number,
  labels: ReadonlyMap<string, number>,
  long: boolean,
  base: number,
): number[] {
  if (line.branch !== undefined) {
    const distance = (labels.get(line.branch.label) ?? base) - end
    if (!long) return [...(line.branch.short ?? []), distance & 255]
    if (line.branch.long === undefined) return new Array(end - start).fill(0x90)
    return [...line.branch.long, ...little(distance, 4)]
  }
  if (line.beforePageEnd !== undefined) {
    const room = end - start - JUMP_BYTES
    return [0xe9, ...little(room, 4), ...new Array(room).fill(0xcc)]
  }
  const bytes = [...line.bytes]
  if (line.target !== undefined) {
    const { label, address, plus, at, size, relative } = line.target
    const place = (label === undefined ? (address ?? 0) : (labels.get(label) ?? base)) + plus
    bytes.splice(at, size, ...little(relative ? place - end : place, size))
  }
  return bytes
}

// Encoding ////////////////////////////////////////////////////////////////////////////////////////////////////////////

export type Size = 1 | 2 | 4 | 8
export interface MemoryOperand {
  readonly base?: number
  readonly index?: number
  readonly scale?: number
  readonly displacement: number
  /** RIP-relative to a label or a fixed address; `displacement` is added. */
  readonly label?: string
  readonly address?: number
  readonly prefix?: readonly number[]
}
/** A register number, AH to BH as 16 to 19, or memory. */
export type Place = number | MemoryOperand
export const AH = 16

export interface Form {
  readonly prefix?: readonly number[]
  /** Operand size: gives 66, REX.W, and the rule for byte registers. */
  readonly size: Size
  readonly opcode: readonly number[]
  readonly reg: number
  readonly place: Place
  readonly immediate?: readonly number[]
}

/** The low three bits and the fourth of a register number; AH to BH have the numbers of SPL to DIL. */
function split(register: number): { low: number; high: number } {
  return register >= AH ? { low: register - AH + 4, high: 0 } : { low: register & 7, high: register >> 3 }
}

export function encode(form: Form): Line {
  const { size, opcode, place, immediate = [] } = form
  const reg = split(form.reg)
  const highByte = form.reg >= AH || (typeof place === 'number' && place >= AH)
  const operand = typeof place === 'number' ? registerOperand(place, reg.low) : memoryOperand(place, reg.low)
  const rex = (size === 8 ? 8 : 0) | (reg.high << 2) | operand.rex
  const needed = rex !== 0 || (size === 1 && !highByte)
  const prefixes = [
    ...(typeof place === 'number' ? [] : (place.prefix ?? [])),
    ...(size === 2 ? [0x66] : []),
    ...(form.prefix ?? []),
    ...(needed && !highByte ? [0x40 | rex] : []),
  ]
  const bytes = [...prefixes, ...opcode, ...operand.bytes, ...immediate]
  if (typeof place === 'number' || (place.label === undefined && place.address === undefined)) return { bytes }
  const { label, address, displacement } = place
  const where = label === undefined ? { address: address ?? 0 } : { label }
  return {
    bytes,
    target: { ...where, plus: displacement, at: prefixes.length + opcode.length + 1, size: 4, relative: true },
  }
}

function registerOperand(register: number, reg: number): { bytes: number[]; rex: number } {
  const { low, high } = split(register)
  return { bytes: [0xc0 | (reg << 3) | low], rex: high }
}

function memoryOperand(place: MemoryOperand, reg: number): { bytes: number[]; rex: number } {
  const { base, index, scale = 0, displacement } = place
  if (place.label !== undefined || place.address !== undefined) return { bytes: [(reg << 3) | 5, 0, 0, 0, 0], rex: 0 }
  const rex = ((base ?? 0) >> 3) | (((index ?? 0) >> 3) << 1)
  const sib = (scale << 6) | (((index ?? 4) & 7) << 3) | ((base ?? 5) & 7)
  if (base === undefined) return { bytes: [(reg << 3) | 4, sib, ...little(displacement, 4)], rex }
  const short = displacement >= -128 && displacement <= 127
  const mod = displacement === 0 && (base & 7) !== 5 ? 0 : short ? 1 : 2
  const tail = mod === 0 ? [] : little(displacement, mod === 1 ? 1 : 4)
  if (index === undefined && (base & 7) !== 4) return { bytes: [(mod << 6) | (reg << 3) | (base & 7), ...tail], rex }
  return { bytes: [(mod << 6) | (reg << 3) | 4, sib, ...tail], rex }
}

export function raw(...bytes: number[]): Line {
  return { bytes }
}

/** MOV of a 64-bit constant, or of a label's address. */
export function constant(register: number, value: bigint | string, plus = 0): Line {
  const bytes = [0x48 | (register >> 3), 0xb8 | (register & 7), ...little(typeof value === 'bigint' ? value : 0, 8)]
  if (typeof value === 'bigint') return { bytes }
  return { bytes, target: { label: value, plus, at: 2, size: 8, relative: false } }
}

/** A conditional jump to a label. */
export function jumpIf(condition: number, label: string): Line {
  return { bytes: [], branch: { short: [0x70 | condition], long: [0x0f, 0x80 | condition], label } }
}
