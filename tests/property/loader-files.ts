// Damaged modules and programs: a good ELF file, and edits that know its fields. A field gets a value at a boundary, or another field's;
// two fields change places; a header is given twice; a sum is made to wrap; a name becomes none; the file ends early. Which edits a case
// has follows from seed and number alone, and an edit says of itself what it does.

import { Random } from '../../src/base/index.js'

/** A number in the file. `kind` is its name without the index: fields of one kind can stand in for each other. */
interface Field {
  readonly name: string
  readonly kind: string
  readonly at: number
  readonly size: 1 | 2 | 4 | 8
}

export interface Edit {
  readonly what: string
  readonly at: number
  readonly bytes: Uint8Array
  /** The file's length from here on. */
  readonly length?: number
  /** Changes what the module's own code does or is: what that does then is no loader's fault. */
  readonly wild: boolean
}

export interface Base {
  readonly name: string
  readonly bytes: Uint8Array
}

type Layout = readonly (readonly [name: string, size: 1 | 2 | 4 | 8])[]

const fileHeader: Layout = [
  ...([1, 1, 1, 1, 1, 1, 1, 1, 8] as const).map((size, i) => [`e_ident[${i}]`, size] as const),
  ['e_type', 2],
  ['e_machine', 2],
  ['e_version', 4],
  ['e_entry', 8],
  ['e_phoff', 8],
  ['e_shoff', 8],
  ['e_flags', 4],
  ['e_ehsize', 2],
  ['e_phentsize', 2],
  ['e_phnum', 2],
  ['e_shentsize', 2],
  ['e_shnum', 2],
  ['e_shstrndx', 2],
]
const sectionHeader: Layout = [
  ['sh_name', 4],
  ['sh_type', 4],
  ['sh_flags', 8],
  ['sh_addr', 8],
  ['sh_offset', 8],
  ['sh_size', 8],
  ['sh_link', 4],
  ['sh_info', 4],
  ['sh_addralign', 8],
  ['sh_entsize', 8],
]
const programHeader: Layout = [
  ['p_type', 4],
  ['p_flags', 4],
  ['p_offset', 8],
  ['p_vaddr', 8],
  ['p_paddr', 8],
  ['p_filesz', 8],
  ['p_memsz', 8],
  ['p_align', 8],
]
const symbol: Layout = [
  ['st_name', 4],
  ['st_info', 1],
  ['st_other', 1],
  ['st_shndx', 2],
  ['st_value', 8],
  ['st_size', 8],
]
/** r_info in its two halves. */
const relocation: Layout = [
  ['r_offset', 8],
  ['r_type', 4],
  ['r_sym', 4],
  ['r_addend', 8],
]
const moduleHead: Layout = [
  ['state', 8],
  ['name', 8],
  ['name+8', 8],
  ['name+48', 8],
  ['init', 8],
  ['exit', 8],
]

const SHT_SYMTAB = 2
const SHT_STRTAB = 3
const SHT_RELA = 4

const names = [
  '',
  '.',
  '..',
  'a/b',
  'a\nb',
  '/',
  'vmlinux',
  '.modinfo',
  '__param',
  '__ksymtab',
  '__mcount_loc',
  '__dyndbg',
  '.klp.rela.',
  '%s%s%s%s',
]
const boundaries = [
  0n,
  1n,
  2n,
  3n,
  7n,
  8n,
  0x7fn,
  0x80n,
  0xffn,
  0x1000n,
  0x7fffn,
  0xff20n,
  0xffffn,
  1n << 20n,
  0x100000n,
  0x7fffffffn,
]
const large = [
  0x80000000n,
  0xffffffffn,
  1n << 47n,
  (1n << 47n) - 0x1000n,
  1n << 63n,
  (1n << 63n) - 1n,
  -1n,
  -8n,
  -16n,
  -4096n,
]
const kernel = [0xffffffff80000000n, 0xffffffff81000000n, 0xffff888000000000n, 0xffffffffa0000000n]

/** The fields of a file, the parts that can be given twice, and its strings. */
export class Shape {
  readonly fields: Field[] = []
  readonly headers: { readonly what: string; readonly at: number; readonly size: number }[] = []
  readonly texts: { readonly what: string; readonly at: number; readonly length: number }[] = []
  readonly borders: number[] = [0, 4, 16, 63, 64]
  readonly base: Base
  private readonly view: DataView
  private readonly wildFields = new Set<Field>()

  constructor(base: Base) {
    this.base = base
    this.view = new DataView(base.bytes.buffer, base.bytes.byteOffset, base.bytes.length)
    this.record('', 0, fileHeader)
    const programs = this.number(0x20)
    for (let i = 0; i < this.view.getUint16(0x38, true); i++)
      this.header(`ph[${i}].`, programs + i * 56, 56, programHeader)
    const count = this.view.getUint16(0x3c, true)
    for (let i = 0; i < count; i++) this.section(i)
  }

  private number(at: number): number {
    return Number(this.view.getBigUint64(at, true))
  }

  private record(prefix: string, at: number, layout: Layout, wild = false): void {
    let place = at
    for (const [name, size] of layout) {
      const field = { name: prefix + name, kind: name, at: place, size }
      this.fields.push(field)
      if (wild) this.wildFields.add(field)
      place += size
    }
  }

  private header(prefix: string, at: number, size: number, layout: Layout, wild = false): void {
    this.record(prefix, at, layout, wild)
    this.headers.push({ what: prefix.slice(0, -1), at, size })
    if (layout === programHeader) {
      this.borders.push(at, at + size, this.number(at + 8), this.number(at + 8) + this.number(at + 32))
    }
  }

  private section(i: number): void {
    const at = this.number(0x28) + i * 64
    const [type, offset, size] = [this.view.getUint32(at + 4, true), this.number(at + 24), this.number(at + 32)]
    // Without its relocations the module's code goes anywhere.
    this.header(`sh[${i}].`, at, 64, sectionHeader, type === SHT_RELA)
    this.borders.push(at, offset, offset + size)
    const rows = (bytes: number, name: string, layout: Layout, wild: boolean) => {
      for (let k = 0; k < size / bytes; k++) this.record(`${name}[${k}].`, offset + k * bytes, layout, wild)
    }
    if (type === SHT_SYMTAB) rows(24, 'symbol', symbol, true)
    if (type === SHT_RELA) rows(24, `rela${i}`, relocation, true)
    if (type === SHT_STRTAB) this.strings(`strings ${i}`, offset, size)
    if (size === 1024 && this.view.getUint32(at + 4, true) === 1) this.record('this_module.', offset, moduleHead)
  }

  private strings(what: string, from: number, size: number): void {
    for (let at = from; at < from + size; ) {
      const end = this.base.bytes.indexOf(0, at)
      if (end > at)
        this.texts.push({
          what: `${what}: "${String.fromCharCode(...this.base.bytes.subarray(at, end))}"`,
          at,
          length: end - at,
        })
      at = end + 1
    }
  }

  read(field: Field): bigint {
    const { at, size } = field
    if (size === 8) return this.view.getBigUint64(at, true)
    return BigInt(
      size === 4 ? this.view.getUint32(at, true) : size === 2 ? this.view.getUint16(at, true) : this.view.getUint8(at),
    )
  }

  /** What a section holds, and where it goes, is what the module's code is and may do: that is for its code to know. */
  private isWild(field: Field): boolean {
    return /^sh_(flags|offset|type)$/.test(field.kind) || this.wildFields.has(field)
  }

  write(field: Field, value: bigint): Edit {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true)
    const what = `${field.name} = 0x${BigInt.asUintN(field.size * 8, value).toString(16)}`
    return { what, at: field.at, bytes: bytes.subarray(0, field.size), wild: this.isWild(field) }
  }
}

type Mutator = (shape: Shape, random: Random) => Edit[]

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)] as T

/** Headers as often as the many symbols and relocations. */
function someField(shape: Shape, random: Random): Field {
  const field = pick(random, shape.fields)
  return /^(symbol|rela)/.test(field.name) && random.below(3) > 0 ? someField(shape, random) : field
}

const mutators: readonly Mutator[] = [
  (shape, random) => [shape.write(someField(shape, random), pick(random, boundaries))],
  (shape, random) => [shape.write(someField(shape, random), pick(random, large))],
  (shape, random) => [shape.write(someField(shape, random), pick(random, kernel))],
  (shape, random) => {
    const field = someField(shape, random)
    return [
      shape.write(field, shape.read(field) + pick(random, [1n, -1n, 8n, -8n, 24n, 64n, 4096n, -4096n, 1n << 32n])),
    ]
  },
  (shape, random) => {
    const field = someField(shape, random)
    return [shape.write(field, shape.read(field) ^ (1n << BigInt(random.below(field.size * 8))))]
  },
  (shape, random) => [shape.write(someField(shape, random), BigInt(shape.base.bytes.length + random.between(-64, 64)))],
  // another field's value, and two that change places
  (shape, random) => {
    const field = someField(shape, random)
    const other = pick(
      random,
      shape.fields.filter((one) => one.kind === field.kind),
    )
    const edits = [shape.write(field, shape.read(other))]
    return random.below(2) === 0 ? edits : [...edits, shape.write(other, shape.read(field))]
  },
  (shape, random) => {
    const [to, from] = [pick(random, shape.headers), pick(random, shape.headers)]
    if (to.size !== from.size) return []
    const bytes = shape.base.bytes.slice(from.at, from.at + from.size)
    return [{ what: `${to.what} = ${from.what}`, at: to.at, bytes, wild: true }]
  },
  // an offset and a size whose sum wraps to something small
  (shape, random) => {
    const offsets = shape.fields.filter((field) => /sh_offset|p_offset|p_vaddr/.test(field.kind))
    const offset = pick(random, offsets)
    const size = shape.fields.find(
      (field) => field.at === offset.at + (offset.kind === 'sh_offset' ? 8 : offset.kind === 'p_offset' ? 24 : 24),
    )
    if (size === undefined) return []
    const value = pick(random, [-16n, -4096n, -1n, 1n << 63n])
    return [shape.write(offset, value), shape.write(size, BigInt(random.below(0x2000)) - value)]
  },
  (shape, random) => {
    if (shape.texts.length === 0) return []
    const text = pick(random, shape.texts)
    const name = pick(random, names).slice(0, text.length)
    const bytes = new Uint8Array(text.length)
    for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i)
    return [{ what: `${text.what} is "${name}"`, at: text.at, bytes, wild: true }]
  },
  (shape, random) => {
    const field = shape.fields.find((one) => one.name === 'this_module.name')
    if (field === undefined) return []
    const bytes = new TextEncoder().encode(`${pick(random, names)}\0`)
    return [{ what: `this_module.name = "${pick(random, names)}"`, at: field.at, bytes, wild: false }]
  },
  (shape, random) => {
    const length = Math.min(
      Math.max(0, pick(random, shape.borders) + random.between(-1, 1)),
      shape.base.bytes.length - 1,
    )
    return [{ what: `the file ends at ${length}`, at: 0, bytes: new Uint8Array(0), length, wild: false }]
  },
]

/** Edits of case `number`: one to three of them, of which later ones win. */
export function editsOf(shape: Shape, seed: number, number: number): Edit[] {
  const random = new Random((BigInt(seed) << 32n) | BigInt(number)).fork(shape.base.name)
  const edits: Edit[] = []
  const wanted = pick(random, [1, 1, 1, 2, 3])
  while (edits.length < wanted) edits.push(...pick(random, mutators)(shape, random))
  return edits
}

export function edited(base: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const copy = base.slice()
  let { length } = copy
  for (const edit of edits) {
    copy.set(edit.bytes.subarray(0, Math.max(0, copy.length - edit.at)), edit.at)
    if (edit.length !== undefined) length = edit.length
  }
  return copy.subarray(0, length)
}

/** A program that exits with 7, in the parts real ones have: text, data with .bss, a note, and headers that say where they are. */
export function sampleProgram(type: 2 | 3): Uint8Array {
  const bytes = new Uint8Array(0x3000)
  const view = new DataView(bytes.buffer)
  const base = type === 2 ? 0x400000 : 0
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  bytes.set([0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05], 0x1000) // mov edi, 7; mov eax, 60; syscall
  const words: [number, number, number][] = [
    [16, 2, type],
    [18, 2, 62],
    [20, 4, 1],
    [24, 8, base + 0x1000],
    [32, 8, 64],
    [52, 2, 64],
    [54, 2, 56],
    [56, 2, 5],
  ]
  const segments = [
    [6, 4, 64, 280, 280, 8],
    [1, 4, 0, 0x200, 0x200, 0x1000],
    [1, 5, 0x1000, 0x10, 0x10, 0x1000],
    [1, 6, 0x2000, 0x800, 0x3000, 0x1000],
    [0x6474e551, 6, 0, 0, 0, 16],
  ]
  segments.forEach(([kind = 0, flags = 0, offset = 0, file = 0, memory = 0, align = 0], i) => {
    const at = 64 + i * 56
    words.push([at, 4, kind], [at + 4, 4, flags], [at + 8, 8, offset], [at + 16, 8, base + offset])
    words.push([at + 32, 8, file], [at + 40, 8, memory], [at + 48, 8, align])
  })
  for (const [at, size, value] of words) {
    if (size === 2) view.setUint16(at, value, true)
    else if (size === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
  }
  return bytes
}
