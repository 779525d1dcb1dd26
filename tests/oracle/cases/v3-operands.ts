// Operands and state that only instructions of x86-64-v3 have: XSAVE areas, indices of gathers, sums that cancel, numbers near those of 16 bits.
import { type Draft, integer, pick } from './draft.js'
import { AT, isWritable, PAGE, type Parts, setPatch, WINDOW, ZEROS } from './record.js'

/** Components that a host's XCR0 may have and the core's has not: MPX, AVX-512, protection keys, AMX, APX. */
export const HOST_COMPONENTS = 0xe_02f8n
/** One that no XCR0 has: PASID is a supervisor's. */
const NO_COMPONENT = 0x400

/** The components that XSAVE is asked for, without the host's own, and an area whose header may lie among zeros. */
export function saveOperands({ random, registers, targets }: Draft): void {
  registers[0] = random.below(4) === 0 ? integer(random) : BigInt(random.below(8))
  if (random.below(3) !== 0) targets[0] = BigInt(WINDOW + PAGE * pick(random, [1, 2, 5, 7]) + ZEROS - 512)
  else if (random.below(4) !== 0) targets[0] = (targets[0] as bigint) & ~63n
}

/** A header, valid or nearly, and an MXCSR. */
export function saveArea({ random, targets }: Draft, record: Uint8Array): void {
  const header = new Uint8Array(32)
  const fields = new DataView(header.buffer)
  fields.setUint32(0, random.below(8) | (random.below(12) === 0 ? NO_COMPONENT : 0), true)
  if (random.below(2) === 0) {
    fields.setUint32(8, pick(random, [7, 7, 7, random.below(8), 7 | NO_COMPONENT]), true)
    fields.setUint32(12, 0x8000_0000, true)
  }
  if (random.below(16) === 0) header[8 + random.below(24)] = 1
  const control = new Uint8Array(32)
  new DataView(control.buffer).setUint32(
    8,
    random.below(8) === 0 ? random.below(0x1_0000_0000) : random.below(0x1_0000),
    true,
  )
  const at = Number(targets[0])
  if (isWritable(at + 512, 32)) setPatch(record, 0, at + 512, header)
  if (isWritable(at + 16, 32)) setPatch(record, 1, at + 16, control)
}

/** Small indices in the register that a gather takes them from. */
export function gatherState({ random, rex }: Draft, parts: Parts, view: DataView): void {
  const index = (((parts.rest[1] ?? 0) >> 3) & 7) | ((rex & 2) << 2)
  const isWide = ((parts.opcode.at(-1) as number) & 1) !== 0
  for (let i = 0; i < 8; i++) {
    const at = (i < 4 ? AT.fx + 160 : AT.upper) + 16 * index + 4 * (i & 3)
    const value = random.below(6) === 0 ? random.below(0x8000) - 0x4000 : random.below(64) - 16
    if (!isWide) view.setInt32(at, value, true)
    else if (i & 1) view.setBigInt64(at - 4, BigInt(value), true)
  }
}

/** Offset in a record of the quadword that holds bits 64 * i and up of YMM register r. */
const quadword = (r: number, i: number) => (i < 2 ? AT.fx + 160 : AT.upper - 16) + 16 * r + 8 * i

/** Of FMA: addends that all but cancel the product, in what kind of elements ever. */
export function fusedState({ random, rex }: Draft, parts: Parts, second: number, view: DataView): void {
  const modrm = parts.rest[0] ?? 0
  if (modrm < 0xc0) return
  const opcode = parts.opcode.at(-1) as number
  const first = ((modrm >> 3) & 7) | ((rex & 4) << 1)
  const third = (modrm & 7) | ((rex & 1) << 3)
  const [a, b, c] = { 9: [first, third, second], 10: [second, first, third], 11: [second, third, first] }[
    opcode >> 4
  ] as [number, number, number]
  const doubles = random.below(2) === 0
  const sign = random.below(2) === 0 ? -1 : 1
  for (let i = 0; i < 4; i++) {
    const [x, y, z] = [quadword(a, i), quadword(b, i), quadword(c, i)]
    if (doubles) view.setFloat64(z, sign * view.getFloat64(x, true) * view.getFloat64(y, true), true)
    for (const j of doubles ? [] : [0, 4])
      view.setFloat32(z + j, sign * view.getFloat32(x + j, true) * view.getFloat32(y + j, true), true)
  }
}

/** Singles around the range of numbers of 16 bits, in the register that they are converted from. */
export function halfState({ random, rex }: Draft, parts: Parts, view: DataView): void {
  const source = (((parts.rest[0] ?? 0) >> 3) & 7) | ((rex & 4) << 1)
  for (let i = 0; i < 8; i++) {
    const fraction =
      random.below(2) === 0 ? random.below(1 << 23) : pick(random, [0, 0x1000, 0x2000, 0x3000, 0x7f_f000, 0x7f_ffff])
    const value = ((random.below(2) << 31) | ((0x64 + random.below(0x2d)) << 23) | fraction) >>> 0
    view.setUint32(quadword(source, i >> 1) + 4 * (i & 1), value, true)
  }
}
