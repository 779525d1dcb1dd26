// Makes cases from a seed: a form, prefixes in any order, operands that share registers with their address, addresses around the ends of pages and of
// the canonical halves, and a state in which every comparison, tag and mask goes both ways.
import type { Random } from '../../../src/base/index.js'
import type { CpuModel } from '../../../src/cpu/index.js'
import { type Draft, integer, MASK32, MASK64, pick } from './draft.js'
import { type Form, weightedForms } from './forms.js'
import {
  AT,
  bytesOf,
  CODE,
  FS_BASE,
  GS_BASE,
  isWritable,
  PAGE,
  PAGE_KINDS,
  type Parts,
  RECORD_BYTES,
  setPatch,
  type TestCase,
  viewOf,
  WINDOW,
  WINDOW_BYTES,
  withParts,
} from './record.js'
import { weightedV3Forms } from './v3-forms.js'
import { fusedState, gatherState, HOST_COMPONENTS, halfState, saveArea, saveOperands } from './v3-operands.js'
import { vexPrefix, vexPrefixes } from './vex.js'

const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]
const RBX = 3
const RSP = 4
const RBP = 5
const RSI = 6
const RDI = 7
const RCX = 1

/** Around the end of a page, inside one, or at an end of the canonical halves. */
function target(random: Random, narrow: boolean): bigint {
  const kind = random.below(10)
  if (kind < 5)
    return BigInt(
      WINDOW +
        PAGE * random.below(PAGE_KINDS.length + 1) -
        random.below(random.below(4) === 0 ? 520 : 34) +
        random.below(4),
    )
  if (kind < 8 || narrow) {
    const at = WINDOW + PAGE * pick(random, [1, 2, 5, 7]) + random.below(PAGE - 600)
    return BigInt(random.below(2) === 0 ? at & ~15 : at)
  }
  if (kind === 8)
    return (
      (0x8000_0000_0000n - BigInt(random.below(random.below(4) === 0 ? 520 : 34)) + BigInt(random.below(3))) & MASK64
    )
  return pick(random, [0xffff_8000_0000_0000n - BigInt(1 + random.below(34)), 1n << 63n, 0x0606_0606_0606_0606n])
}

function prefixesOf(random: Random, form: Form, narrow: boolean): number[] {
  const prefixes: number[] = form.mandatory ? [form.mandatory] : []
  const insert = (prefix: number) => prefixes.splice(random.below(prefixes.length + 1), 0, prefix)
  const nearBranch = !narrow && (form.tail.startsWith('rel') || [0xc2, 0xc3, 0xff].includes(form.opcode[0] as number))
  if (!nearBranch && random.below(5) === 0) insert(0x66)
  if (random.below(5) === 0) insert(0x67)
  if (random.below(form.lockable ? 3 : 40) === 0) insert(0xf0)
  if (random.below(6) === 0) insert(pick(random, SEGMENT_PREFIXES))
  if (random.below(12) === 0) insert(pick(random, SEGMENT_PREFIXES))
  // Addresses of 16 bits reach the window only from the bases of FS and GS.
  if (narrow && form.modrm && prefixes.includes(0x67)) prefixes.push(pick(random, [0x64, 0x65]))
  const repeatable = form.opcode[0] !== 0x0f || form.mandatory !== 0
  if (repeatable && form.implicit !== 'string' && random.below(16) === 0 && form.opcode[0] !== 0x90)
    insert(form.mandatory === 0 ? pick(random, [0xf2, 0xf3]) : form.mandatory)
  if (!narrow && random.below(10) === 0) insert(0x40 | random.below(16))
  return prefixes
}

/** The register and the displacement that make [base + index * scale + displacement] the offset. */
function solve(
  draft: Draft,
  base: number | undefined,
  index: number | undefined,
  scale: bigint,
  displacement: bigint,
  offset: bigint,
): void {
  const { registers, random } = draft
  const mask = draft.addressSize === 64 ? MASK64 : MASK32
  const rest =
    offset - displacement - (index === undefined || index === base ? 0n : (registers[index] as bigint) * scale)
  const solved = base ?? index
  if (solved === undefined) return
  const factor = base === undefined ? scale : index === base ? scale + 1n : 1n
  const value = factor === 1n ? rest & mask : (rest / factor) & mask
  const upper = draft.addressSize === 64 || draft.narrow || random.below(2) === 0 ? 0n : integer(random) & ~MASK32
  registers[solved] = upper | value
}

function displacementBytes(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((BigInt.asUintN(64, value) >> BigInt(8 * i)) & 0xffn))
}

/** Base and index of an address of 16 bits, by ModRM.rm. */
const SHORT_ADDRESSES = [[RBX, RSI], [RBX, RDI], [RBP, RSI], [RBP, RDI], [RSI], [RDI], [RBP], [RBX]] as const

/** ModRM and displacement of a memory operand with an address of 16 bits, which wraps; the registers' upper halves do not count. */
function shortOperand({ random, registers }: Draft, low: number, offset: bigint): number[] {
  const rm = random.below(8)
  const size = random.below(3)
  if (size === 0 && rm === 6) return [low | 6, ...displacementBytes(offset, 2)]
  const displacement = BigInt.asIntN(8 * size, integer(random))
  const [base, index] = SHORT_ADDRESSES[rm] as readonly [number, number?]
  const rest = offset - displacement - (index === undefined ? 0n : (registers[index] as bigint))
  registers[base] = ((registers[base] as bigint) & ~0xffffn) | (rest & 0xffffn)
  return [low | rm | (size << 6), ...displacementBytes(displacement, size)]
}

/** ModRM, SIB and displacement of a memory operand; `after`: immediate bytes behind it, for RIP-relative ones; `before`: those in front. */
function memoryOperand(draft: Draft, reg: number, before: number, after: number): number[] {
  const { random, narrow, rex } = draft
  const at = draft.targets[0] as bigint
  const segment = draft.prefixes.filter((prefix) => SEGMENT_PREFIXES.includes(prefix)).at(-1)
  const lastBased = draft.prefixes.filter((prefix) => prefix === 0x64 || prefix === 0x65).at(-1)
  const based = narrow ? segment : lastBased
  const offset = at - (based === 0x64 ? BigInt(FS_BASE) : based === 0x65 ? BigInt(GS_BASE) : 0n)
  const low = (reg & 7) << 3
  if (draft.addressSize === 16) return shortOperand(draft, low, offset)
  const size = pick(random, [0, 1, 4])
  const displacement =
    size === 0 ? 0n : size === 1 ? BigInt(random.below(256) - 128) : BigInt.asIntN(32, integer(random))
  const bytes = displacementBytes(displacement, size)
  const mod = size === 0 ? 0 : size === 1 ? 0x40 : 0x80
  if (random.below(16) === 0) {
    // No base, or RIP.
    const absolute = narrow ? offset : offset - BigInt(CODE_AT(draft) + before + 5 + after)
    return [low | 5, ...displacementBytes(absolute, 4)]
  }
  if (random.below(3) === 0) {
    const base = pickBase(draft, reg) & 7
    const index = random.below(8)
    const baseRegister = base | ((rex & 1) << 3)
    const indexRegister = index | ((rex & 2) << 2)
    const scale = random.below(4)
    const none = base === 5 && mod === 0
    const extra = none ? BigInt.asIntN(32, integer(random)) : displacement
    solve(
      draft,
      none ? undefined : baseRegister,
      indexRegister === RSP ? undefined : indexRegister,
      1n << BigInt(scale),
      extra,
      offset,
    )
    return [low | 4 | mod, (scale << 6) | (index << 3) | base, ...(none ? displacementBytes(extra, 4) : bytes)]
  }
  const rm = pickBase(draft, reg) & 7
  const register = rm | ((rex & 1) << 3)
  if (rm === 4) {
    solve(draft, register, undefined, 1n, displacement, offset)
    return [low | 4 | mod, 0x24, ...bytes]
  }
  if (rm === 5 && mod === 0) {
    solve(draft, register, undefined, 1n, 0n, offset)
    return [low | 5 | 0x40, 0]
  }
  solve(draft, register, undefined, 1n, displacement, offset)
  return [low | rm | mod, ...bytes]
}

/** ModRM, SIB and displacement with a vector index (VSIB), whose elements `gatherState` makes small. */
function gatherOperand(draft: Draft, reg: number): number[] {
  const { random, narrow, rex } = draft
  const base = random.below(8)
  const size = base === 5 ? 1 : pick(random, [0, 1, 4])
  const displacement = size === 0 ? 0n : BigInt(random.below(256) - 128)
  const segment = draft.prefixes.filter((prefix) => (narrow ? SEGMENT_PREFIXES : [0x64, 0x65]).includes(prefix)).at(-1)
  const offset =
    (draft.targets[0] as bigint) - (segment === 0x64 ? BigInt(FS_BASE) : segment === 0x65 ? BigInt(GS_BASE) : 0n)
  solve(draft, base | ((rex & 1) << 3), undefined, 1n, displacement, offset)
  const mod = size === 0 ? 0 : size === 1 ? 0x40 : 0x80
  const sib = (random.below(4) << 6) | (random.below(8) << 3) | base
  return [((reg & 7) << 3) | 4 | mod, sib, ...displacementBytes(displacement, size)]
}

/** Often a register that the instruction changes. */
function pickBase({ random, form }: Draft, reg: number): number {
  const kind = random.below(4)
  if (kind === 0) return reg
  if (kind === 1) return form.implicit === 'stack' ? RSP : 0
  return random.below(8)
}

/** Where the instruction begins: in the middle of the page, or so that it ends in the next one. */
const CODE_AT = (draft: Draft) => (draft as Draft & { at: number }).at

function immediate(draft: Draft): number[] {
  const { random, form } = draft
  const word = draft.operandSize === 2 ? 2 : 4
  const random8 = () =>
    random.below(3) === 0 ? random.below(256) : pick(random, [0, 1, 2, 3, 7, 31, 32, 63, 64, 0x80, 0xff])
  switch (form.tail) {
    case 'b':
      return [random8()]
    case 'w':
      return [random.below(64), 0]
    case 'wb':
      return [random.below(64), random.below(4) === 0 ? 0x10 : 0, pick(random, [0, 0, 1, 2, 3, 5, 31, 32, 33])]
    case 'z':
      return displacementBytes(integer(random), word)
    case 'v':
      return displacementBytes(integer(random), draft.operandSize)
    case 'moffs':
      return displacementBytes(draft.targets[0] as bigint, draft.addressSize / 8)
    case 'rel8':
      return [random.below(24)]
    case 'relz':
      return displacementBytes(BigInt(random.below(24)), draft.narrow ? word : 4)
    default:
      return []
  }
}

function implicitOperands(draft: Draft): void {
  const { random, form, registers } = draft
  const mask = draft.addressSize === 64 ? MASK64 : MASK32
  const set = (register: number, value: bigint) => {
    const upper = draft.narrow || mask === MASK64 || random.below(2) === 0 ? 0n : integer(random) & ~MASK32
    registers[register] = (value & mask) | upper
  }
  if (form.implicit === 'string') {
    set(RSI, target(random, draft.narrow))
    set(
      RDI,
      random.below(4) === 0 ? (registers[RSI] as bigint) + BigInt(random.below(32) - 16) : target(random, draft.narrow),
    )
    if (random.below(8) !== 0) set(RCX, BigInt(random.below(random.below(4) === 0 ? 6000 : 24)))
  }
  if (form.implicit === 'xlat') set(RBX, target(random, draft.narrow) - (registers[0] as bigint & 0xffn))
  if (form.implicit === 'masked') set(RDI, target(random, draft.narrow))
  if (form.implicit === 'stack' || form.implicit === 'frame') {
    registers[RSP] = target(random, draft.narrow) + (random.below(2) === 0 ? BigInt(8 * random.below(5)) : 0n)
    registers[RSP] = (registers[RSP] as bigint) & MASK64
    if (form.implicit === 'frame') registers[RBP] = target(random, draft.narrow)
  }
}

function single(random: Random): number {
  const exponent = pick(random, [0, 1, 0x7e, 0x7f, 0x80, 0x9d, 0xfe, 0xff, random.below(256)])
  const fraction = random.below(2) === 0 ? random.below(1 << 23) : pick(random, [0, 1, 0x40_0000, 0x7f_ffff])
  return ((random.below(2) << 31) | (exponent << 23) | fraction) >>> 0
}

/** Of 16 bytes: singles, doubles or integers. */
function lanes(random: Random, view: DataView, at: number): void {
  const kind = random.below(4)
  for (let i = 0; i < 4; i++) {
    if (kind === 0) view.setUint32(at + 4 * i, single(random), true)
    else if (kind === 1) {
      const exponent = pick(random, [0, 1, 0x3fe, 0x3ff, 0x41e, 0x43d, 0x7fe, 0x7ff, random.below(2048)])
      view.setUint32(
        at + 4 * i,
        i & 1
          ? ((random.below(2) << 31) | (exponent << 20) | random.below(1 << 20)) >>> 0
          : random.below(2) * random.below(0x1_0000_0000),
        true,
      )
    } else view.setUint32(at + 4 * i, Number(integer(random) & MASK32), true)
  }
}

function extended(random: Random, view: DataView, at: number): void {
  const exponent = pick(random, [
    0,
    1,
    0x3ffe,
    0x3fff,
    0x4000,
    0x401e,
    0x403d,
    0x403e,
    0x403f,
    0x7ffe,
    0x7fff,
    0x3fff - 70 + random.below(140),
  ])
  const top = exponent === 0 ? random.below(4) === 0 : random.below(24) !== 0
  view.setUint32(at, random.below(2) === 0 ? 0 : random.below(0x1_0000_0000), true)
  view.setUint32(
    at + 4,
    ((top ? 0x8000_0000 : 0) | (random.below(3) === 0 ? 0 : random.below(0x8000_0000))) >>> 0,
    true,
  )
  view.setUint16(at + 8, exponent | (random.below(2) << 15), true)
}

function vectorState(random: Random, view: DataView): void {
  const at = AT.fx
  const control = 0x40 | pick(random, [0x33f, 0x33f, 0x33f, 0x3f, 0x23f, 0xf3f, 0x73f, 0xb3f, 0x300 | random.below(64)])
  let status = (random.below(8) << 11) | (random.below(2) === 0 ? random.below(0x8000) & 0x4700 : 0)
  if (random.below(8) === 0) status |= random.below(64) & (random.below(4) === 0 ? 0x3f : control)
  if (status & ~control & 0x3f) status |= 0x8080
  view.setUint16(at, control, true)
  view.setUint16(at + 2, status, true)
  view.setUint8(at + 4, pick(random, [0xff, 0xff, 0, random.below(256), random.below(256)]))
  const masks = random.below(4) === 0 ? random.below(64) << 7 : 0x1f80
  view.setUint32(at + 24, masks | (random.below(4) << 13) | (random.below(8) === 0 ? 0x8040 : 0), true)
  const mmx = random.below(4) === 0
  for (let i = 0; i < 8; i++) {
    extended(random, view, at + 32 + 16 * i)
    if (mmx) view.setUint16(at + 40 + 16 * i, 0xffff, true)
  }
  for (let i = 0; i < 16; i++) lanes(random, view, at + 160 + 16 * i)
}

/** The upper halves, which are in use, all or none. */
function upperState(random: Random, view: DataView, cpu: CpuModel): void {
  view.setUint32(AT.header, cpu === 'x86-64-v3' ? 7 : 3, true)
  if (cpu === 'x86-64-v3' && random.below(8) !== 0) for (let i = 0; i < 16; i++) lanes(random, view, AT.upper + 16 * i)
}

/** Bytes for the operand: equal to the accumulator, a number of some format, a far pointer, or an FXSAVE image that may be loaded. */
function operandBytes(draft: Draft, view: DataView): Uint8Array {
  const { random, registers } = draft
  const bytes = new Uint8Array(32)
  const patch = new DataView(bytes.buffer)
  switch (random.below(6)) {
    case 0:
      patch.setBigUint64(0, registers[0] as bigint, true)
      patch.setBigUint64(8, registers[2] as bigint, true)
      if (random.below(2) === 0) patch.setUint32(4, Number((registers[2] as bigint) & MASK32), true)
      break
    case 1:
      extended(random, patch, 0)
      break
    case 2:
      patch.setBigUint64(0, integer(random), true)
      patch.setUint16(draft.operandSize, pick(random, [0, 3, 0x2b, 0x23, 0xffff, 0x2a, 0xfff8]), true)
      break
    case 3:
      for (let i = 0; i < 10; i++) bytes[i] = random.below(10) | (random.below(10) << 4)
      bytes[9] = random.below(2) << 7
      break
    case 4:
      for (let i = 0; i < 32; i++) bytes[i] = view.getUint8(AT.fx + i)
      break
    default:
      lanes(random, patch, 0)
      lanes(random, patch, 16)
  }
  return bytes
}

/** Combinations in which processors differ, or which would take this program away. */
function isExcluded(parts: Parts, narrow: boolean, cpu: CpuModel): boolean {
  const { prefixes, opcode, rest, rex } = parts
  const op = opcode[0] as number
  const modrm = rest[0] ?? 0
  const group = (modrm >> 3) & 7
  const last = rex ?? prefixes.at(-1) ?? 0
  const wide = !narrow && (last & 0xf8) === 0x48
  const repeat = prefixes.filter((prefix) => prefix === 0xf2 || prefix === 0xf3).at(-1)
  if (wide && ((op === 0xff && (group === 3 || group === 5)) || (op === 0x0f && opcode[1] === 0xb2))) return true
  if (op === 0x90 && repeat !== undefined) return true
  // ARPL in a code segment, where it would not store.
  if (op === 0x63 && narrow && prefixes.includes(0x2e)) return true
  // LOOPE and LOOPNE with F2H and F3H.
  if ((op === 0xe0 || op === 0xe1) && repeat !== undefined) return true
  // MOVSXD of 16 bits; aliases of FSTP.
  if (op === 0x63 && !narrow && prefixes.includes(0x66) && !wide) return true
  if (op === 0xd9 && modrm >= 0xd8 && modrm < 0xe0) return true
  // Approximations: F2XM1 ... FPATAN, FYL2XP1, FSINCOS, FSIN, FCOS.
  if (op === 0xd9 && modrm >= 0xf0 && [0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff].includes(modrm)) return true
  if (op !== 0x0f) return false
  const second = opcode[1] as number
  // CVTPI2PS from memory: whether it is an MMX instruction.
  if (second === 0x2a && repeat === undefined && modrm < 0xc0) return true
  // TZCNT and LZCNT, SSE4a, CLFLUSHOPT, what 66H, F2H and F3H make of 0F AE.
  if ((second === 0xbc || second === 0xbd) && repeat !== undefined && cpu === 'x86-64-v2') return true
  if (second === 0xae && (repeat !== undefined || prefixes.includes(0x66))) return true
  if (second === 0xc7 && (repeat !== undefined || prefixes.includes(0x66))) return true
  if (second === 0x2b && repeat !== undefined) return true
  if (second >= 0x18 && second <= 0x1f && repeat !== undefined) return true
  return narrow && prefixes.includes(0x67) && opcode.length > 3
}

export function generate(random: Random, cpu: CpuModel): TestCase {
  for (;;) {
    const test = attempt(random, cpu)
    if (test !== undefined) return test
  }
}

function attempt(random: Random, cpu: CpuModel): TestCase | undefined {
  const narrow = random.below(4) === 0
  const form = pick(random, cpu === 'x86-64-v3' ? weightedV3Forms : weightedForms)
  if (!form.modes.includes(narrow ? 32 : 64)) return undefined
  const vex = form.vex === undefined ? undefined : vexPrefix(random, form.vex, narrow)
  const prefixes = vex === undefined ? prefixesOf(random, form, narrow) : vexPrefixes(random, narrow)
  const isRexed = () => random.below(vex === undefined ? 2 : 60) === 0
  const rex = !narrow && isRexed() ? 0x40 | random.below(16) : undefined
  const wide = rex !== undefined && (rex & 8) !== 0
  const short = prefixes.includes(0x66)
  const addressSize = prefixes.includes(0x67) ? (narrow ? 16 : 32) : narrow ? 32 : 64
  const registers = Array.from({ length: 16 }, () => (narrow ? integer(random) & MASK32 : integer(random)))
  registers[RSP] = BigInt(WINDOW + PAGE * 2 + 8 * random.below(32))
  const at = CODE + 0x100 + random.below(16)
  const operandSize = wide ? 8 : short ? 2 : 4
  const draft: Draft & { at: number } = {
    random,
    cpu,
    form,
    narrow,
    prefixes,
    rex: vex?.extensions ?? rex ?? 0,
    second: vex?.second ?? 0,
    registers,
    addressSize,
    operandSize,
    targets: [target(random, narrow)],
    at,
  }
  implicitOperands(draft)
  if (form.implicit === 'xsave') saveOperands(draft)
  const reg = form.groups === undefined ? random.below(8) : pick(random, form.groups)
  const opcode = [...(vex?.bytes ?? []), ...form.opcode]
  const tail = immediate(draft)
  const rest: number[] = []
  if (form.modrm) {
    const register = form.operand === 'r' || (form.operand === 'rm' && random.below(4) === 0)
    const before = prefixes.length + (rex === undefined ? 0 : 1) + opcode.length
    if (form.implicit === 'gather') rest.push(...gatherOperand(draft, reg))
    else if (register) rest.push(0xc0 | (reg << 3) | random.below(8))
    else
      rest.push(
        ...memoryOperand(draft, form.groups === undefined ? reg | ((draft.rex & 4) << 1) : reg, before, tail.length),
      )
  }
  rest.push(...tail)
  const parts: Parts = { prefixes, rex, opcode, rest }
  const code = bytesOf(parts)
  // XSAVE of what the host has besides: an address may have come into RAX.
  const others = form.implicit === 'xsave' && ((registers[0] as bigint) & HOST_COMPONENTS) !== 0n
  if (code.length > 24 || others || isExcluded(parts, narrow, cpu)) return undefined
  return compose(draft, parts, code, random.below(24) === 0)
}

function compose(draft: Draft & { at: number }, parts: Parts, code: readonly number[], crossing: boolean): TestCase {
  const { random, form, narrow, registers } = draft
  const record = new Uint8Array(RECORD_BYTES)
  const view = viewOf(record)
  registers.forEach((value, i) => {
    view.setBigUint64(AT.registers + 8 * i, narrow ? value & MASK32 : value & MASK64, true)
  })
  const flags =
    0x202 |
    (random.below(0x1000) & 0x8d5) |
    (random.below(4) === 0 ? 0x400 : 0) |
    (random.below(4) === 0 ? 0x4_0000 : 0)
  view.setBigUint64(AT.flags, BigInt(flags), true)
  view.setBigUint64(AT.rip, BigInt(crossing ? CODE + PAGE - 1 - random.below(code.length) : draft.at), true)
  view.setUint32(AT.narrow, narrow ? 1 : 0, true)
  vectorState(random, view)
  upperState(random, view, draft.cpu)
  if (form.implicit === 'gather') gatherState(draft, parts, view)
  if (form.implicit === 'fused' && random.below(3) === 0) fusedState(draft, parts, draft.second, view)
  if (form.name === 'vex 3.1 1d' && random.below(2) === 0) halfState(draft, parts, view)
  const patched = Number(draft.targets[0])
  if (form.implicit === 'xsave') saveArea(draft, record)
  else if (patched >= WINDOW && patched + 32 < WINDOW + WINDOW_BYTES && isWritable(patched, 32))
    setPatch(record, 0, patched, operandBytes(draft, view))
  return withParts({ form: form.name, parts, record }, parts)
}
