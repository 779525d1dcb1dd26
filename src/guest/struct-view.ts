// One structure's bytes, read by the names of its fields: BTF says where each lies.

import { decodeText, TransplantError } from '../base/index.js'
import {
  BTF_KIND_ARRAY,
  BTF_KIND_ENUM,
  BTF_KIND_ENUM64,
  BTF_KIND_INT,
  BTF_KIND_PTR,
  BTF_KIND_STRUCT,
  BTF_KIND_UNION,
  type Btf,
  type BtfField,
  type BtfType,
} from '../format/index.js'

/** Throws KERNEL_NO_FIELD. */
export function requireField(btf: Btf, structure: string, path: string): BtfField {
  const field = btf.field(structure, path)
  if (field !== undefined) return field
  throw new TransplantError(
    'KERNEL_NO_FIELD',
    `the kernel's BTF has no field '${structure}.${path}'.`,
    'Is the image the one that runs?',
  )
}

/** Throws KERNEL_NO_FIELD. */
export function requireSize(btf: Btf, structure: string): number {
  const size = btf.sizeof(structure)
  if (size !== undefined) return size
  throw new TransplantError('KERNEL_NO_FIELD', `the kernel's BTF has no structure '${structure}'.`)
}

/**
 * A value as its type says: an integer or a pointer is a bigint, an enumerator its name (its number where it has none), an array of
 * characters the text up to a NUL, another array an array, a structure or union an object by the names of its members.
 */
export type StructValue = bigint | string | readonly StructValue[] | { readonly [member: string]: StructValue }

/** A structure in guest memory, its members by name. */
export class StructView {
  private readonly btf: Btf
  private readonly structure: string
  /** All of it, as it was read. */
  readonly bytes: Uint8Array

  constructor(btf: Btf, structure: string, bytes: Uint8Array) {
    this.btf = btf
    this.structure = structure
    this.bytes = bytes
  }

  /** Whether the type has such a member; `path` may lead into inner structures ('se.on_rq'). */
  has(path: string): boolean {
    return this.btf.field(this.structure, path) !== undefined
  }

  /** An integer, a pointer or a bit-field, zero-extended. Throws KERNEL_NO_FIELD. */
  unsigned(path: string): bigint {
    const { offset, size, bits } = requireField(this.btf, this.structure, path)
    const value = littleEndian(this.bytes, offset, size)
    return bits === undefined ? value : BigInt.asUintN(bits.size, value >> BigInt(bits.offset))
  }

  /** The same, sign-extended. Throws KERNEL_NO_FIELD. */
  signed(path: string): bigint {
    const { size, bits } = requireField(this.btf, this.structure, path)
    return BigInt.asIntN(bits?.size ?? 8 * size, this.unsigned(path))
  }

  /** The same as a number. Throws KERNEL_NO_FIELD. */
  number(path: string): number {
    return Number(this.signed(path))
  }

  /** Characters up to a NUL or the field's end. Throws KERNEL_NO_FIELD. */
  text(path: string): string {
    const { offset, size } = requireField(this.btf, this.structure, path)
    return textOf(this.bytes.subarray(offset, offset + size))
  }

  /** All of it, by the types of the kernel. */
  values(): { readonly [member: string]: StructValue } {
    const type = this.btf.structure(this.structure)
    return type === undefined ? {} : readMembers(this.btf, type, this.bytes)
  }
}

function littleEndian(bytes: Uint8Array, offset: number, size: number): bigint {
  let value = 0n
  for (let at = offset + size - 1; at >= offset; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0)
  return value
}

function readMembers(btf: Btf, type: BtfType, bytes: Uint8Array): { readonly [member: string]: StructValue } {
  const result: Record<string, StructValue> = {}
  for (const { name, type: id, bitOffset, bitSize } of type.members) {
    const offset = Math.floor(bitOffset / 8)
    const member = btf.resolve(id)
    if (member === undefined) continue
    if (bitSize > 0) {
      const held = littleEndian(bytes, offset, Math.ceil((bitOffset - 8 * offset + bitSize) / 8))
      result[name] = BigInt.asUintN(bitSize, held >> BigInt(bitOffset - 8 * offset))
      continue
    }
    const value = readValue(btf, member, bytes.subarray(offset, offset + btf.typeSize(id)))
    // The members of an anonymous structure or union are those of the one around it.
    if (name === '') Object.assign(result, value)
    else result[name] = value
  }
  return result
}

function readValue(btf: Btf, type: BtfType, bytes: Uint8Array): StructValue {
  switch (type.kind) {
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return readMembers(btf, type, bytes)
    case BTF_KIND_ARRAY: {
      const element = btf.resolve(type.target)
      const size = btf.typeSize(type.target)
      if (element === undefined || size === 0) return []
      if (element.kind === BTF_KIND_INT && size === 1 && element.name === 'char') return textOf(bytes)
      return Array.from({ length: type.count }, (_, i) =>
        readValue(btf, element, bytes.subarray(i * size, (i + 1) * size)),
      )
    }
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64: {
      const value = littleEndian(bytes, 0, type.size)
      const same = (one: bigint): boolean => BigInt.asUintN(8 * type.size, one) === value
      return [...type.enumerators].find(([, one]) => same(one))?.[0] ?? value
    }
    case BTF_KIND_PTR:
      return littleEndian(bytes, 0, 8)
    default: {
      const value = littleEndian(bytes, 0, type.size)
      return /unsigned|_Bool|^char$/.test(type.name) ? value : BigInt.asIntN(8 * type.size, value)
    }
  }
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end))
}
