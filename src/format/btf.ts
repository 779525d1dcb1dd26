// BTF, the BPF Type Format: the types of a kernel image, read from its .BTF section, so that the host can find
// `task_struct.pid` in any build without knowing its layout. Source: the kernel's Documentation/bpf/btf.rst. Reads what
// a C compiler emits for a kernel (kinds 1 to 19); does no I/O and knows nothing of guests.

import { accept, decodeText, type Refusal, type Result, refuse, requireKind } from '../base/index.js'

const MAGIC = 0xeb9f

/** BTF: kind of a type. */
export const BTF_KIND_INT = 1
/** BTF: kind of a type. */
export const BTF_KIND_PTR = 2
/** BTF: kind of a type. */
export const BTF_KIND_ARRAY = 3
/** BTF: kind of a type. */
export const BTF_KIND_STRUCT = 4
/** BTF: kind of a type. */
export const BTF_KIND_UNION = 5
/** BTF: kind of a type. */
export const BTF_KIND_ENUM = 6
/** BTF: kind of a type. */
export const BTF_KIND_FWD = 7
/** BTF: kind of a type. */
export const BTF_KIND_TYPEDEF = 8
/** BTF: kind of a type. */
export const BTF_KIND_VOLATILE = 9
/** BTF: kind of a type. */
export const BTF_KIND_CONST = 10
/** BTF: kind of a type. */
export const BTF_KIND_RESTRICT = 11
/** BTF: kind of a type. */
export const BTF_KIND_FUNC = 12
/** BTF: kind of a type. */
export const BTF_KIND_FUNC_PROTO = 13
/** BTF: kind of a type. */
export const BTF_KIND_VAR = 14
/** BTF: kind of a type. */
export const BTF_KIND_DATASEC = 15
/** BTF: kind of a type. */
export const BTF_KIND_FLOAT = 16
/** BTF: kind of a type. */
export const BTF_KIND_DECL_TAG = 17
/** BTF: kind of a type. */
export const BTF_KIND_TYPE_TAG = 18
/** BTF: kind of a type. */
export const BTF_KIND_ENUM64 = 19

/** A member of a structure or union, as BTF has it (Linux's Documentation/bpf/btf.rst). */
export interface BtfMember {
  readonly name: string
  readonly type: number
  /** Offset from the start of the structure, in bits. */
  readonly bitOffset: number
  /** Width in bits of a bit-field; 0 for an ordinary member. */
  readonly bitSize: number
}

/** One type as BTF has it (Linux's Documentation/bpf/btf.rst). */
export interface BtfType {
  readonly id: number
  readonly kind: number
  readonly name: string
  /** Bytes, for kinds that have a size; else 0. */
  readonly size: number
  /** The type pointed at, aliased, qualified, returned, or the element type of an array; else 0 (void). */
  readonly target: number
  /** Elements of an array. */
  readonly count: number
  readonly members: readonly BtfMember[]
  /** Enumerators by name. */
  readonly enumerators: ReadonlyMap<string, bigint>
}

/** Where a field lies: the answer to "offsetof(struct, a.b.c)" with the size of that field. */
export interface BtfField {
  /** Bytes from the start of the structure. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  /** Number of its type. */
  readonly type: number
  /** Of a bit-field: `offset` and `size` are then whole bytes that hold it, and this is where it lies in them. */
  readonly bits?: { readonly offset: number; readonly size: number }
}

interface Found {
  readonly bitOffset: number
  readonly bitSize: number
  readonly type: number
}

/** The types of a BTF section, by number and by name. */
export class Btf {
  readonly types: readonly BtfType[]
  private readonly byName = new Map<string, BtfType>()

  constructor(types: readonly BtfType[]) {
    this.types = types
    for (const type of types) {
      const named = type.kind === BTF_KIND_STRUCT || type.kind === BTF_KIND_UNION
      if (type.name !== '' && named && !this.byName.has(type.name)) this.byName.set(type.name, type)
    }
  }

  /** The structure or union of that tag. */
  structure(name: string): BtfType | undefined {
    return this.byName.get(name)
  }

  /** The structure's size in bytes, or undefined when there is none of that tag. */
  sizeof(name: string): number | undefined {
    return this.byName.get(name)?.size
  }

  /** Follows typedefs and qualifiers from type `id`, its number in the section, to the type that has a size; undefined where none has. */
  resolve(id: number): BtfType | undefined {
    let type = this.types[id]
    for (let depth = 0; type !== undefined && depth < 32; depth++) {
      switch (type.kind) {
        case BTF_KIND_TYPEDEF:
        case BTF_KIND_VOLATILE:
        case BTF_KIND_CONST:
        case BTF_KIND_RESTRICT:
        case BTF_KIND_TYPE_TAG:
          type = this.types[type.target]
          break
        default:
          return type
      }
    }
    return type
  }

  /** Bytes that a value of type `id`, its number in the section, takes. */
  typeSize(id: number): number {
    const type = this.resolve(id)
    if (type === undefined) return 0
    if (type.kind === BTF_KIND_PTR) return 8
    if (type.kind === BTF_KIND_ARRAY) return type.count * this.typeSize(type.target)
    return type.size
  }

  /** The field at a dotted path ("thread.sp"); anonymous structures and unions are searched through. */
  field(structure: string, path: string): BtfField | undefined {
    let type = this.structure(structure)
    let bit = 0
    let last: Found | undefined
    for (const name of path.split('.')) {
      last = type === undefined ? undefined : this.member(type, name)
      if (last === undefined) return undefined
      bit += last.bitOffset
      type = this.resolve(last.type)
    }
    if (last === undefined) return undefined
    const offset = Math.floor(bit / 8)
    if (last.bitSize === 0) return { offset, size: this.typeSize(last.type), type: last.type }
    const bits = { offset: bit - 8 * offset, size: last.bitSize }
    return { offset, size: Math.ceil((bits.offset + bits.size) / 8), type: last.type, bits }
  }

  private member(structure: BtfType, name: string): Found | undefined {
    for (const { name: own, bitOffset, bitSize, type } of structure.members) {
      if (own === name) return { bitOffset, bitSize, type }
      if (own !== '') continue
      const inner = this.resolve(type)
      const found = inner === undefined ? undefined : this.member(inner, name)
      if (found !== undefined) return { ...found, bitOffset: bitOffset + found.bitOffset }
    }
    return undefined
  }

  /** The enumerators of `enum name`, or undefined when there is none of that tag. */
  enumeration(name: string): ReadonlyMap<string, bigint> | undefined {
    const isEnum = (kind: number): boolean => kind === BTF_KIND_ENUM || kind === BTF_KIND_ENUM64
    return this.types.find((type) => type.name === name && isEnum(type.kind))?.enumerators
  }
}

/** Why BTF cannot be read. */
export type BtfRefusalCode = 'not-btf' | 'bad-btf'

const badBtf = (why: string): Refusal<'bad-btf'> => refuse('bad-btf', `bad BTF: ${why}`, 'Build the image again.')

/**
 * Parses the contents of a .BTF section (Linux's Documentation/bpf/btf.rst), little endian. Refuses what does not begin like one
 * ('not-btf'), or whose tables do not hold together ('bad-btf'). Throws BAD_ARGUMENT for what is no Uint8Array.
 */
export function parseBtf(bytes: Uint8Array): Result<Btf, BtfRefusalCode> {
  requireKind('bytes', bytes, 'bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 24 || view.getUint16(0, true) !== MAGIC) {
    return refuse('not-btf', 'not BTF: the magic eb9f is missing', 'Compile with -gbtf.')
  }
  const headerBytes = view.getUint32(4, true)
  const typeStart = headerBytes + view.getUint32(8, true)
  const typeEnd = typeStart + view.getUint32(12, true)
  const stringStart = headerBytes + view.getUint32(16, true)
  const stringEnd = stringStart + view.getUint32(20, true)
  if (typeEnd > bytes.length || stringEnd > bytes.length) {
    return badBtf(`its sections end beyond its ${bytes.length} bytes`)
  }
  const reader = new RecordReader(bytes, typeStart, stringStart, stringEnd)
  const types: BtfType[] = [{ ...EMPTY, id: 0, kind: 0, name: 'void' }]
  while (reader.at + 12 <= typeEnd) {
    const { kind, name, ...record } = reader.head()
    const known = KINDS[kind]
    if (known === undefined) return badBtf(`type ${types.length} has the unknown kind ${kind}`)
    const [behind, read] = known
    const next = reader.at + behind(record.length)
    if (next > typeEnd) return badBtf(`type ${types.length} ends beyond the section of the types`)
    types.push({ ...EMPTY, id: types.length, kind, name, ...read(reader, record) })
    reader.at = next
  }
  return accept(new Btf(types))
}

const EMPTY = { size: 0, target: 0, count: 0, members: [], enumerators: new Map<string, bigint>() } as const

/** The head of a record, which each kind reads in its own way. */
interface RecordHead {
  readonly sizeOrType: number
  /** Elements that follow. */
  readonly length: number
  readonly kindFlag: boolean
}

type Contents = Partial<Omit<BtfType, 'id' | 'kind' | 'name'>>

/** A place in the section, and the names. */
class RecordReader {
  at: number
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly stringStart: number
  private readonly stringEnd: number

  constructor(bytes: Uint8Array, at: number, stringStart: number, stringEnd: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.stringStart = stringStart
    this.stringEnd = stringEnd
  }

  head(): RecordHead & { readonly kind: number; readonly name: string } {
    const name = this.name()
    const info = this.u32()
    const kind = (info >>> 24) & 0x1f
    return { kind, name, sizeOrType: this.u32(), length: info & 0xffff, kindFlag: info >>> 31 === 1 }
  }

  u32(): number {
    this.at += 4
    return this.view.getUint32(this.at - 4, true)
  }

  i32(): number {
    return this.u32() | 0
  }

  i64(): bigint {
    this.at += 8
    return this.view.getBigInt64(this.at - 8, true)
  }

  name(): string {
    const from = this.stringStart + this.u32()
    let to = from
    while (to < this.stringEnd && this.bytes[to] !== 0) to++
    return decodeText(this.bytes.subarray(from, to))
  }
}

const sized = (_: RecordReader, { sizeOrType }: RecordHead): Contents => ({ size: sizeOrType })
const pointing = (_: RecordReader, { sizeOrType }: RecordHead): Contents => ({ target: sizeOrType })

function readArray(reader: RecordReader): Contents {
  const target = reader.u32()
  reader.at += 4
  return { target, count: reader.u32() }
}

function readMembers(reader: RecordReader, { sizeOrType, length, kindFlag }: RecordHead): Contents {
  const members = Array.from({ length }, () => {
    const [name, type, offset] = [reader.name(), reader.u32(), reader.u32()]
    return {
      ...{ name, type },
      bitOffset: kindFlag ? offset & 0xffffff : offset,
      bitSize: kindFlag ? offset >>> 24 : 0,
    }
  })
  return { size: sizeOrType, members }
}

function readEnumerators(value: (reader: RecordReader) => bigint) {
  return (reader: RecordReader, { sizeOrType, length }: RecordHead): Contents => {
    const enumerators = new Map(Array.from({ length }, () => [reader.name(), value(reader)] as const))
    return { size: sizeOrType, enumerators }
  }
}

const each = (bytes: number) => (length: number) => length * bytes
const fixed = (bytes: number) => () => bytes

/** By kind: bytes behind the head of a record, and what the record says. */
const KINDS: Readonly<
  Record<number, readonly [(length: number) => number, (reader: RecordReader, head: RecordHead) => Contents]>
> = {
  [BTF_KIND_INT]: [fixed(4), sized],
  [BTF_KIND_FLOAT]: [fixed(0), sized],
  [BTF_KIND_PTR]: [fixed(0), pointing],
  [BTF_KIND_TYPEDEF]: [fixed(0), pointing],
  [BTF_KIND_VOLATILE]: [fixed(0), pointing],
  [BTF_KIND_CONST]: [fixed(0), pointing],
  [BTF_KIND_RESTRICT]: [fixed(0), pointing],
  [BTF_KIND_TYPE_TAG]: [fixed(0), pointing],
  [BTF_KIND_FUNC]: [fixed(0), pointing],
  [BTF_KIND_FWD]: [fixed(0), () => ({})],
  [BTF_KIND_ARRAY]: [fixed(12), readArray],
  [BTF_KIND_STRUCT]: [each(12), readMembers],
  [BTF_KIND_UNION]: [each(12), readMembers],
  [BTF_KIND_ENUM]: [each(8), readEnumerators((reader) => BigInt(reader.i32()))],
  [BTF_KIND_ENUM64]: [each(12), readEnumerators((reader) => reader.i64())],
  [BTF_KIND_FUNC_PROTO]: [each(8), pointing],
  [BTF_KIND_VAR]: [fixed(4), pointing],
  [BTF_KIND_DATASEC]: [each(12), sized],
  [BTF_KIND_DECL_TAG]: [fixed(4), pointing],
}
