// What may differ between the host CPU and the core, and what differs beyond it.
import { REGISTER_BITS } from '../../../src/cpu/index.js'
import { AT, bytesOf, type Outcome, patchesOf, type TestCase, viewOf, WINDOW } from './record.js'

const NAMES = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
]
const { CF, PF, AF, ZF, SF, OF } = REGISTER_BITS
/** Above this address Linux says of every page that it is present, so as to tell nothing of the kernel. */
const KERNEL = 0x7fff_ffff_f000n

/** Flags that the manual leaves undefined (SDM 2, "Flags Affected"), by form. */
const undefinedFlags: readonly (readonly [RegExp, bigint])[] = [
  [/^0f b[cd]$/, CF | PF | AF | SF | OF], // BSF, BSR: all but ZF
  [/^(37|3f)$/, OF | SF | ZF | PF], // AAA, AAS: all but AF and CF
  [/^(27|2f)$/, OF], // DAA, DAS
  [/^d[45]$/, OF | AF | CF], // AAM, AAD
  [/^f3 0f b[cd]$/, PF | AF | SF | OF], // TZCNT, LZCNT
  [/^vex 2\.0 f[235]$/, PF | AF], // ANDN, BLSR and its kin, BZHI
  [/^vex 2\.0 f7$/, PF | AF | SF], // BEXTR
  [/^0f a[45cd]$/, OF | AF], // SHLD, SHRD: OF unless the count is 1
]

function flagMask({ form, parts }: TestCase): bigint {
  let mask = ~0n
  for (const [pattern, flags] of undefinedFlags) if (pattern.test(form)) mask &= ~flags
  // SHLD, SHRD of 16 bits: everything, if the count exceeds them.
  if (/^0f a[45cd]$/.test(form) && parts.prefixes.includes(0x66)) mask &= ~(CF | PF | ZF | SF)
  return mask
}

/** Operands of which processors probe the last byte first, or name the part that faults (SDM 3A 6.15, #PF, leaves it open). */
function namesPageOnly(test: TestCase): boolean {
  if (isVex(test)) return false
  const [op, second] = test.parts.opcode as [number, number | undefined]
  if (op === 0x0f) return second === 0xae || second === 0xc7
  return (op >= 0xd8 && op <= 0xdf) || [0xa6, 0xa7, 0xca, 0xcb, 0xcf].includes(op)
}

/**
 * Masked moves with an address of 32 bits: whether elements beyond 4 GiB are found there or at the beginning differs between processors, and
 * whether the limit is that of the elements or of the whole operand.
 */
const crossesEnd = ({ form, parts, record }: TestCase) =>
  /^vex 2\.1 (2[c-f]|8[ce])$/.test(form) &&
  (parts.prefixes.includes(0x67) || viewOf(record).getUint32(AT.narrow, true) === 1)

/** Bytes of an XSAVE area of x87, SSE and AVX state. */
const XSAVE_AREA = 832n
/** MXCSR.MM, which AMD processors have: misaligned SSE operands. */
const MXCSR_MM = 0x2_0000

const isVex = ({ form }: TestCase) => form.startsWith('vex')

const hex = (value: bigint | number) => value.toString(16)

/** Operands that processors access in parts: the x87 environment and state, 80-bit numbers, decimals, far pointers. */
function isOfParts(op: number, second: number | undefined, group: number): boolean {
  if (op === 0xd9 || op === 0xdd || op === 0xdf) return group === 4 || group === 6
  if (op === 0xff) return group === 3 || group === 5
  return (op === 0xdb && (group === 5 || group === 7)) || op === 0xc4 || op === 0xc5 || (op === 0x0f && second === 0xb2)
}

const isDenied = (trap: number) => trap >= 12 && trap <= 17

/** Faults of one instruction whose order the manual leaves to the processor (SDM 3A table 6-2, note 1), and others that it leaves open. */
function isLeftOpen(test: TestCase, host: Outcome, core: Outcome): boolean {
  const { opcode, prefixes, rest } = test.parts
  const [op, second] = opcode as [number, number | undefined]
  const group = ((rest[0] ?? 0) >> 3) & 7
  const both = isDenied(host.trap) && isDenied(core.trap)
  const traps = [host.trap, core.trap].sort((a, b) => a - b).join()
  // A misaligned access to a page that denies it; a pending x87 exception and an operand outside its segment.
  if (traps === '14,17' || traps === '13,16' || traps === '12,16') return true
  // How much of an undefined instruction is fetched before it is found undefined.
  if (traps === '6,14') return ((host.trap === 14 ? host.error : core.error) & 0x10) !== 0
  // A segment base that carries an address into the other half.
  const based = prefixes.includes(0x64) || prefixes.includes(0x65)
  const otherHalf = based && traps === '13,14' && (host.cr2 | core.cr2) >> 63n === 1n
  // VMASKMOVDQU, as below.
  if (test.form === 'vex 1.1 f7') return isDenied(host.trap) && (both || core.trap === 3)
  if (
    /^(vex 1\.0|0f) ae$/.test(test.form) &&
    group === 2 &&
    traps === '3,13' &&
    viewOf(host.fx).getUint32(24, true) & MXCSR_MM
  )
    return true
  if (crossesEnd(test) && (traps === '13,14' || (traps === '3,14' && host.cr2 >> 32n !== 0n))) return true
  if (isVex(test)) return otherHalf
  if (op === 0x0f) {
    // XRSTOR: whether components are touched that are not loaded, here in a page that follows.
    if (second === 0xae && group === 5 && traps === '3,14' && host.cr2 % 0x1000n < XSAVE_AREA) return true
    // XSAVE and its kin, of an area neither aligned nor there.
    if ((second === 0xae || second === 0xc7) && group >= 4 && traps === '13,14') return true
    // FXSAVE, FXRSTOR: #AC in place of #GP "is implementation-dependent" (2A FXSAVE).
    if (second === 0xae) return traps === '13,17' || traps === '12,17'
    // MASKMOVDQU, MASKMOVQ: whether bytes that are not selected fault (2B MASKMOVDQU).
    if (second === 0xf7) return isDenied(host.trap) && (both || core.trap === 3)
  }
  // CMPS: which operand is read first. POPA: registers before the fault. RETF, IRET: what is read before the selector is looked at.
  if ([0xa6, 0xa7, 0x61, 0xca, 0xcb, 0xcf].includes(op)) return both && (host.trap !== core.trap || op < 0xc0)
  // Far CALL of compatibility code: the stack by the width of the code that calls (2A CALL), or of the code called (some processors).
  if (op === 0xff && group === 3 && traps === '14,14' && host.cr2 === (core.cr2 & 0xffff_ffffn)) return true
  if (isOfParts(op, second, group)) return both && host.trap !== core.trap
  // PUSHA: what is stored before the fault.
  if (op === 0x60) return both
  // CALL: the target before the stack, or after it.
  if (op === 0xff && group === 2) return both && host.trap !== core.trap
  return otherHalf
}

/** x87 state that the manual leaves open: C1 after FCOMI and its kin on some processors; all of it where #XM stops CVTPS2PI and its kin. */
function x87Mask({ parts }: TestCase, host: Outcome): { readonly status: number; readonly whole: boolean } {
  const { opcode, rest } = parts
  const modrm = rest[0] ?? 0
  const ordered = (opcode[0] === 0xdb || opcode[0] === 0xdf) && modrm >= 0xe8 && modrm < 0xf8
  const whole = !(
    host.trap === 19 &&
    opcode[0] === 0x0f &&
    (opcode[1] === 0x2c || opcode[1] === 0x2d || opcode[1] === 0x2a)
  )
  return { status: ordered ? 0xfdff : 0xffff, whole }
}

/** Each difference as one line, host first. */
export function differences(test: TestCase, host: Outcome, core: Outcome): string[] {
  const found: string[] = []
  const check = (name: string, a: bigint | number, b: bigint | number) => {
    if (a !== b) found.push(`${name}: host ${hex(a)}, core ${hex(b)}`)
  }
  if (isLeftOpen(test, host, core)) return found
  check('trap', host.trap, core.trap)
  check('rip', host.rip, core.rip)
  for (let r = 0; r < 16; r++) check(NAMES[r] as string, host.registers[r] as bigint, core.registers[r] as bigint)
  const mask = flagMask(test)
  check('rflags', host.flags & mask, core.flags & mask)
  check('cs', host.selector, core.selector)
  if (host.trap === 14 && core.trap === 14) {
    const pages = (host.cr2 / 0x1000n - core.cr2 / 0x1000n) & 0xf_ffffn
    const otherPart = namesPageOnly(test) && (pages === 1n || pages === 0xf_ffffn)
    const kept = crossesEnd(test) ? 0xffff_ffffn : ~0n
    if (!otherPart && !(namesPageOnly(test) && pages === 0n)) check('cr2', host.cr2 & kept, core.cr2 & kept)
    // Whether the page is present: unknown of the kernel's; another's if it is another part.
    const unknown = otherPart || host.cr2 >= KERNEL ? ~1 : ~0
    check('error', host.error & unknown, core.error & unknown)
  } else check('error', host.error, core.error)
  compareVectors(host.fx, core.fx, x87Mask(test, host), check)
  compareUpper(host.upper, core.upper, check)
  const storesMask = test.parts.opcode[0] === 0x0f && [0xae, 0xc7].includes(test.parts.opcode[1] as number)
  compareWindow(host.window, core.window, (name, a, b) => {
    // Bit 17 of FXSAVE's MXCSR_MASK: misaligned SSE operands, which AMD processors allow.
    if (!(storesMask && a === 2 && b === 0)) check(name, a, b)
  })
  return found
}

type Check = (name: string, a: bigint | number, b: bigint | number) => void

function compareVectors(host: Uint8Array, core: Uint8Array, mask: ReturnType<typeof x87Mask>, check: Check): void {
  const a = viewOf(host)
  const b = viewOf(core)
  check('mxcsr', a.getUint32(24, true), b.getUint32(24, true))
  if (mask.whole) {
    check('fcw', a.getUint16(0, true), b.getUint16(0, true))
    check('fsw', a.getUint16(2, true) & mask.status, b.getUint16(2, true) & mask.status)
    check('tags', a.getUint8(4), b.getUint8(4))
  }
  for (let i = 0; i < (mask.whole ? 8 : 0); i++) {
    check(`st${i} significand`, a.getBigUint64(32 + 16 * i, true), b.getBigUint64(32 + 16 * i, true))
    check(`st${i} upper`, a.getUint16(40 + 16 * i, true), b.getUint16(40 + 16 * i, true))
  }
  for (let i = 0; i < 32; i++) {
    check(`xmm${i >> 1}${i & 1 ? ' high' : ''}`, a.getBigUint64(160 + 8 * i, true), b.getBigUint64(160 + 8 * i, true))
  }
}

function compareUpper(host: Uint8Array, core: Uint8Array, check: Check): void {
  for (let i = 0; i < 32; i++) {
    const name = `ymm${i >> 1} ${i & 1 ? '255:192' : '191:128'}`
    check(name, viewOf(host).getBigUint64(8 * i, true), viewOf(core).getBigUint64(8 * i, true))
  }
}

function compareWindow(host: Uint8Array, core: Uint8Array, check: Check): void {
  if (Buffer.compare(host, core) === 0) return
  for (let i = 0; i < host.length; i++) {
    if (host[i] !== core[i]) check(`[${hex(WINDOW + i)}]`, host[i] as number, core[i] as number)
  }
}

/** The case as text: bytes, registers, what lies in memory. */
export function describeCase(test: TestCase): string {
  const view = viewOf(test.record)
  const bytes = bytesOf(test.parts).map((byte) => byte.toString(16).padStart(2, '0'))
  const registers = NAMES.map((name, i) => [name, view.getBigUint64(AT.registers + 8 * i, true)] as const)
  const lines = [
    `${view.getUint32(AT.narrow, true) ? '32' : '64'}-bit code ${bytes.join(' ')} (form ${test.form}) at ${hex(view.getBigUint64(AT.rip, true))}, rflags ${hex(view.getBigUint64(AT.flags, true))}`,
    registers
      .filter(([, value]) => value !== 0n)
      .map(([name, value]) => `${name}=${hex(value)}`)
      .join(' '),
  ]
  for (const { address, bytes: patch } of patchesOf(test.record))
    lines.push(`[${hex(address)}] = ${Buffer.from(patch).toString('hex')}`)
  const fx = view.getUint16(AT.fx, true)
  lines.push(
    `fcw=${hex(fx)} fsw=${hex(view.getUint16(AT.fx + 2, true))} tags=${hex(view.getUint8(AT.fx + 4))} mxcsr=${hex(view.getUint32(AT.fx + 24, true))}`,
  )
  for (let i = 0; i < 24; i++) {
    const at = AT.fx + 32 + 16 * i
    const low = view.getBigUint64(at, true)
    const high = view.getBigUint64(at + 8, true)
    if (low !== 0n || high !== 0n)
      lines.push(`${i < 8 ? `st${i}` : `xmm${i - 8}`}=${hex(high)}:${low.toString(16).padStart(16, '0')}`)
  }
  return lines.join('\n')
}
