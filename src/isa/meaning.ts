// Whether two instructions mean the same: the one that was written, and the one that was read in the bytes made of it.
//
// Both are brought to one form (one name for each condition, implied operands written out, commutative operands in one
// order), then compared operand by operand: registers, sizes, each part of an address, immediates as values of their
// width. Whatever is not known to be the same is different: a false alarm refuses a line, a miss would patch a kernel
// with other code than its author wrote.
import { type MemoryOperand, type Operand, type ParsedInstruction, registerWidth, sizes } from './syntax.js'

const conditions: Readonly<Record<string, string>> = {
  ...{ z: 'e', nz: 'ne', c: 'b', nae: 'b', nc: 'ae', nb: 'ae', na: 'be', nbe: 'a' },
  ...{ nge: 'l', nl: 'ge', ng: 'le', nle: 'g', pe: 'p', po: 'np' },
}

const names: Readonly<Record<string, string>> = {
  ...{
    movabs: 'mov',
    sal: 'shl',
    wait: 'fwait',
    retn: 'ret',
    lret: 'retf',
    lretq: 'retfq',
    icebp: 'int1',
    ud2a: 'ud2',
  },
  ...{ pushf: 'pushfq', popf: 'popfq', iret: 'iretd', xlat: 'xlatb', fcompi: 'fcomip', fucompi: 'fucomip' },
  ...{ loopz: 'loope', loopnz: 'loopne', movsxd: 'movsx', leaveq: 'leave', retq: 'ret', callq: 'call' },
}

const compares = ['eq', 'lt', 'le', 'unord', 'neq', 'nlt', 'nle', 'ord']
const arithmetic = /^f(add|mul|subr?|divr?)$/
const arithmeticPop = /^f(add|mul|subr?|divr?)p$/
const x87Compare = /^(fxch|fu?com(i|p|pp|ip)?|ffree|fcmov\w+)$/
const strings = /^(movs|cmps|stos|lods|scas|ins|outs)[bwdq]$/
/** Whose memory operand has no size of its own: any that is written says nothing. */
const unsized = new Set(['lea'])
const pointers = new Set(['lgdt', 'lidt', 'sgdt', 'sidt'])

const immediate = (value: bigint): Operand => ({ kind: 'immediate', expression: { value }, offset: false })
const register = (name: string): Operand => ({ kind: 'register', name })
const isRegister = (operand: Operand | undefined, name?: RegExp): boolean =>
  operand?.kind === 'register' && (name === undefined || name.test(operand.name))

function canonicalName(name: string): string {
  const [, stem, condition] = /^(j|set|cmov)(\w+)$/.exec(name) ?? []
  if (stem !== undefined && condition !== undefined && conditions[condition] !== undefined) {
    return stem + conditions[condition]
  }
  return names[name] ?? name
}

/** One form for everything that means the same. */
function canonical(parsed: ParsedInstruction): ParsedInstruction {
  const prefixes = parsed.prefixes.map((word) => (word.startsWith('repn') ? 'repne' : word.replace(/^rep.*/, 'rep')))
  let mnemonic = canonicalName(parsed.mnemonic)
  let operands = [...parsed.operands]
  const [, compare, type] = /^cmp(eq|lt|le|unord|neq|nlt|nle|ord)([ps][sd])$/.exec(mnemonic) ?? []
  if (compare !== undefined && operands.length === 2) {
    mnemonic = `cmp${type}`
    operands = [...operands, immediate(BigInt(compares.indexOf(compare)))]
  }
  if (/^p?blendvp?[bsd]$/.test(mnemonic) && operands.length === 2) operands.push(register('xmm0'))
  if (mnemonic === 'imul' && operands.length === 2 && operands[1]?.kind === 'immediate') {
    operands = [operands[0] as Operand, ...operands]
  }
  if (/^(shl|shr|sar|rol|ror|rcl|rcr)$/.test(mnemonic) && operands.length === 1) operands.push(immediate(1n))
  if ((mnemonic === 'xchg' || mnemonic === 'test') && operands.every((one) => one.kind !== 'immediate')) {
    operands.sort((one, other) => sortKey(one).localeCompare(sortKey(other)))
  }
  return { prefixes: [...prefixes].sort(), mnemonic, operands: x87Operands(mnemonic, operands) }
}

const sortKey = (operand: Operand): string => (operand.kind === 'register' ? `r${operand.name}` : 'm')

/** With both registers written out, and the top of the stack left out where it can only be that. */
function x87Operands(mnemonic: string, operands: Operand[]): Operand[] {
  const top = register('st(0)')
  const [first] = operands
  if (arithmetic.test(mnemonic) && operands.length === 1 && isRegister(first)) return [top, first as Operand]
  if (arithmeticPop.test(mnemonic) && operands.length < 2) return [first ?? register('st(1)'), top]
  if (!x87Compare.test(mnemonic)) return operands
  if (operands.length === 0 && !/pp$/.test(mnemonic)) return [register('st(1)')]
  const named = /i|^fcmov/.test(mnemonic) && operands.length === 2
  return named && isRegister(first, /^st\(0\)$/) ? operands.slice(1) : operands
}

/** What differs, or undefined. `read` is all that was found in the bytes. */
export function difference(written: ParsedInstruction, read: readonly ParsedInstruction[]): string | undefined {
  const found = joined(read)
  if (found === undefined) return 'its bytes are no instruction'
  const [one, other] = [canonical(written), canonical(found)]
  if (one.mnemonic !== other.mnemonic) return `its bytes are "${found.mnemonic}"`
  if (one.prefixes.join() !== other.prefixes.join()) return 'its prefix is lost'
  if (strings.test(one.mnemonic) && written.operands.length === 0) {
    return other.operands.some((operand) => isRegister(operand, /mm/))
      ? 'its bytes are a vector instruction'
      : undefined
  }
  if (one.operands.length !== other.operands.length) return 'its bytes have other operands'
  for (const [i, operand] of one.operands.entries()) {
    const problem = operandDifference(one.mnemonic, operand, other.operands, i)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** `fstsw` and the like are WAIT and the instruction that does not wait. */
function joined(read: readonly ParsedInstruction[]): ParsedInstruction | undefined {
  const [first, second, third] = read
  if (first === undefined || second === undefined) return first
  if (third !== undefined || canonicalName(first.mnemonic) !== 'fwait' || !second.mnemonic.startsWith('fn')) {
    return undefined
  }
  return { ...second, mnemonic: `f${second.mnemonic.slice(2)}` }
}

function operandDifference(
  mnemonic: string,
  written: Operand,
  all: readonly Operand[],
  position: number,
): string | undefined {
  const read = all[position]
  if (written.kind === 'register') {
    return read?.kind === 'register' && read.name === written.name ? undefined : `"${written.name}" is lost`
  }
  if (written.kind === 'immediate') {
    if (read?.kind !== 'immediate') return 'its number is lost'
    return immediateDifference(written.expression.value, read.expression.value, widthOf(mnemonic, all, position))
  }
  if (read?.kind !== 'memory') return 'its address is lost'
  return sizeDifference(mnemonic, written, read) ?? addressDifference(written, read)
}

function sizeDifference(mnemonic: string, written: MemoryOperand, read: MemoryOperand): string | undefined {
  if (written.size === undefined || written.size === read.size || unsized.has(mnemonic)) return undefined
  if (read.size === undefined && pointers.has(mnemonic) && [6, 10].includes(written.size)) return undefined
  const name = Object.keys(sizes).find((word) => sizes[word] === written.size)
  return `"${name} ptr" does not fit`
}

function addressDifference(written: MemoryOperand, read: MemoryOperand): string | undefined {
  const [one, other] = [addressOf(written), addressOf(read)]
  if (one.segment !== other.segment) return 'its segment is lost'
  if (one.registers !== other.registers) return `its address reads [${other.registers || 'no register'}]`
  const { value } = written.displacement
  const fits = value === BigInt.asIntN(64, value) || value === BigInt.asUintN(64, value)
  if (!fits || one.displacement !== other.displacement) return 'its displacement does not fit'
  return undefined
}

function addressOf(memory: MemoryOperand): { segment: string; registers: string; displacement: bigint } {
  const factors = new Map<string, number>()
  const add = (name: string | undefined, factor: number): void => {
    if (name !== undefined) factors.set(name, (factors.get(name) ?? 0) + factor)
  }
  add(memory.base, 1)
  add(memory.index, memory.scale)
  const width = registerWidth(memory.base ?? memory.index ?? 'rax') === 4 ? 32 : 64
  const registers = [...factors].map(([name, factor]) => (factor === 1 ? name : `${name}*${factor}`)).sort()
  return {
    // The others have no base in 64-bit mode.
    segment: memory.segment === 'fs' || memory.segment === 'gs' ? memory.segment : '',
    registers: registers.join(' + '),
    displacement: BigInt.asUintN(width, memory.displacement.value),
  }
}

const byteCounts = /^(shl|shr|sar|rol|ror|rcl|rcr|shld|shrd|bt|bts|btr|btc|in|out|int)$/

/** Bits of the immediate at `position`. */
function widthOf(mnemonic: string, operands: readonly Operand[], position: number): number {
  if (byteCounts.test(mnemonic) || operands.some((one) => isRegister(one, /mm\d/))) return 8
  if (mnemonic === 'ret' || mnemonic === 'retf' || mnemonic === 'retfq') return 16
  if (mnemonic === 'enter') return position === 0 ? 16 : 8
  const [first] = operands
  if (first?.kind === 'register') return 8 * (registerWidth(first.name) ?? 8)
  return first?.kind === 'memory' && first.size !== undefined ? 8 * first.size : 64
}

function immediateDifference(written: bigint, read: bigint, width: number): string | undefined {
  const bits = BigInt(width)
  if (written < -(1n << (bits - 1n)) || written >= 1n << bits) return `its number does not fit ${width} bits`
  return BigInt.asUintN(width, written) === BigInt.asUintN(width, read) ? undefined : 'its number does not fit'
}
