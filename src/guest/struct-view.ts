// One structure's bytes, read by the names of its fields: BTF says where each lies.

import { decodeText, TransplantError } from '../base/index.js'
import type { Btf, BtfField } from '../format/index.js'

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

/** A structure in guest memory, its members by name. */
export class StructView {
  private readonly btf: Btf
  private readonly structure: string
  readonly bytes: Uint8Array

  constructor(btf: Btf, structure: string, bytes: Uint8Array) {
    this.btf = btf
    this.structure = structure
    this.bytes = bytes
  }

  has(path: string): boolean {
    return this.btf.field(this.structure, path) !== undefined
  }

  /** An integer, a pointer or a bit-field, zero-extended. */
  unsigned(path: string): bigint {
    const { offset, size, bits } = requireField(this.btf, this.structure, path)
    let value = 0n
    for (let at = offset + size - 1; at >= offset; at--) value = (value << 8n) | BigInt(this.bytes[at] ?? 0)
    return bits === undefined ? value : BigInt.asUintN(bits.size, value >> BigInt(bits.offset))
  }

  /** The same, sign-extended. */
  signed(path: string): bigint {
    const { size, bits } = requireField(this.btf, this.structure, path)
    return BigInt.asIntN(bits?.size ?? 8 * size, this.unsigned(path))
  }

  number(path: string): number {
    return Number(this.signed(path))
  }

  /** Characters up to a NUL or the field's end. */
  text(path: string): string {
    const { offset, size } = requireField(this.btf, this.structure, path)
    const bytes = this.bytes.subarray(offset, offset + size)
    const end = bytes.indexOf(0)
    return decodeText(end < 0 ? bytes : bytes.subarray(0, end))
  }
}
