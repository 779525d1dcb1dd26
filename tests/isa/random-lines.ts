// Lines of assembly at random: every way to write an address, every width, immediates at their boundaries.

import { Random } from '../../src/base/index.js'

const by = (width: number, number: number): string => {
  const old = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'][number]
  if (old === undefined) return `r${number}${{ 1: 'b', 2: 'w', 4: 'd', 8: '' }[width]}`
  if (width === 1) return number < 4 ? `${old[0]}l` : `${old}l`
  return { 2: '', 4: 'e', 8: 'r' }[width] + old
}
const sizeName: Readonly<Record<number, string>> = {
  1: 'byte',
  2: 'word',
  4: 'dword',
  8: 'qword',
  10: 'tbyte',
  16: 'xmmword',
}

const boundaries = [
  0n,
  1n,
  5n,
  9n,
  10n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
]
const wide = [
  0xffffffffn,
  0x100000000n,
  0xffffffff7fffffffn,
  0xffffffff80000000n,
  0xfffffffffffffff0n,
  0xffffffffffffffffn,
  0x7fffffffffffffffn,
  0x8000000000000000n,
]

const groups = {
  alu: 'add or adc sbb and sub xor cmp mov test',
  unary: 'inc dec neg not mul imul div idiv',
  shifts: 'shl sal shr sar rol ror rcl rcr',
  bits: 'bt bts btr btc',
  twoRegisters: 'imul bsf bsr cmove cmovnae cmovg popcnt lzcnt tzcnt',
  exchange: 'xchg xadd cmpxchg',
  stack: 'push pop call jmp',
  vector: 'movaps movups movdqa movdqu addps mulpd xorps pxor paddd pand psubq punpcklbw pshufb pmulld pcmpeqb',
  scalar: 'addss mulsd cvtss2sd cvtsd2ss sqrtsd ucomiss comisd movss movsd',
  shuffles: 'pshufd shufps shufpd palignr pshuflw roundps cmpps cmpsd pblendw',
  x87Memory: 'fld fst fstp fadd fsub fmul fdiv fsubr fdivr fild fist fistp fisttp fcom fcomp fiadd fisub',
  x87Registers:
    'fadd fsub fsubr fmul fdiv fdivr faddp fsubp fsubrp fmulp fdivp fdivrp fxch fcom fcomp fcomi fucomi fcomip fucomip fucom fucomp fld fst fstp ffree fcmove',
  system:
    'invlpg prefetchnta prefetcht0 prefetchw clflush fxsave fxrstor lgdt lidt sgdt sidt ltr lldt sldt str smsw lmsw verr verw fnstcw fldcw fnstsw fnstenv ldmxcsr stmxcsr cmpxchg8b cmpxchg16b movnti nop',
  bare: 'ret retf lret lretq retfq leave nop hlt cli sti cld std clc stc cmc cpuid rdtsc rdtscp rdmsr wrmsr swapgs syscall sysretq sysexitq iretq iretd iret pushfq popfq pushf popf cbw cwde cdqe cwd cdq cqo lahf sahf int3 int1 ud2 pause lfence mfence sfence wbinvd invd clts emms endbr64 xgetbv xlatb movsb movsw movsd movsq stosb stosq lodsd scasw cmpsb cmpsq insb outsd stac clac monitor mwait fninit fnclex fwait fld1 fldz fabs fchs fsqrt fsin fprem fcompp fucompp rdpmc rsm sysenter sysret sysexit',
}

export class RandomLines {
  private readonly random: Random
  private readonly words: Record<keyof typeof groups, string[]>

  constructor(seed: number) {
    this.random = new Random(seed)
    this.words = Object.fromEntries(Object.entries(groups).map(([name, words]) => [name, words.split(' ')])) as never
  }

  private below(limit: number): number {
    return this.random.below(limit)
  }

  private one<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  private number(): string {
    const value = this.one(this.below(4) === 0 ? wide : boundaries) + BigInt(this.below(3)) - 1n
    if (this.below(3) === 0 && value > 0n) return `-${this.below(2) === 0 ? value : `0x${value.toString(16)}`}`
    if (value < 0n) return `${value}`
    return this.one([`${value}`, `0x${value.toString(16)}`, `0x${value.toString(16).toUpperCase()}`])
  }

  private register(width: number): string {
    if (width === 1 && this.below(6) === 0) return this.one(['ah', 'ch', 'dh', 'bh'])
    return by(width, this.below(16))
  }

  private plus(): string {
    const number = this.number()
    return number.startsWith('-') ? ` - ${number.slice(1)}` : this.one([` + ${number}`, `+${number}`])
  }

  private address(): string {
    const width = this.below(10) === 0 ? 4 : 8
    const [base, index] = [by(width, this.below(16)), by(width, this.below(16))]
    const scaled = this.one([`${index}*${this.one([1, 2, 4, 8])}`, `${this.one([2, 4, 8])}*${index}`, index])
    switch (this.below(9)) {
      case 0:
        return `[${this.number()}]`
      case 1:
        return `[${base}]`
      case 2:
        return `[${base}${this.plus()}]`
      case 3:
        return `[${base} + ${scaled}]`
      case 4:
        return `[${scaled} + ${base}${this.plus()}]`
      case 5:
        return `[${index}*${this.one([2, 4, 8])}${this.plus()}]`
      case 6:
        return `[${width === 4 && this.below(2) === 0 ? 'eip' : 'rip'}${this.plus()}]`
      case 7:
        return `[${base} + ${this.one([1, 8, 16])}${this.plus()}]`
      default:
        return `[${this.number()} + ${base}]`
    }
  }

  private memory(width: number, named = this.below(3) > 0): string {
    const segment = this.below(4) === 0 ? `${this.one(['fs', 'gs', 'gs', 'ds', 'es', 'ss', 'cs'])}:` : ''
    return `${named ? `${sizeName[width]} ptr ` : ''}${segment}${this.address()}`
  }

  private either(width: number): string {
    return this.below(2) === 0 ? this.register(width) : this.memory(width)
  }

  private xmm(): string {
    return `xmm${this.below(16)}`
  }

  next(): string {
    const width = this.one([1, 2, 4, 8])
    const other = this.below(12) === 0 ? this.one([1, 2, 4, 8]) : width
    const kind = this.one(Object.keys(groups) as (keyof typeof groups)[])
    const word = this.one(this.words[kind])
    const lock = this.below(12) === 0 ? this.one(['lock ', 'lock ', 'rep ', 'repne ']) : ''
    switch (kind) {
      case 'alu':
        return `${lock}${word} ${this.one([
          () => `${this.register(width)}, ${this.either(other)}`,
          () => `${this.memory(width)}, ${this.register(other)}`,
          () => `${this.register(width)}, ${this.number()}`,
          () => `${this.memory(width)}, ${this.number()}`,
        ])()}`
      case 'unary':
        return `${lock}${word} ${this.either(width)}`
      case 'shifts':
        return `${word} ${this.either(width)}${this.one([', 1', ', cl', `, ${this.number()}`, ''])}`
      case 'bits':
        return `${lock}${word} ${this.either(width)}, ${this.one([this.register(other), this.number()])}`
      case 'twoRegisters':
        return `${word} ${this.register(width)}, ${this.either(other)}`
      case 'exchange':
        return `${lock}${word} ${this.either(width)}, ${this.register(other)}`
      case 'stack':
        return `${word} ${this.one([this.either(width), this.memory(8), this.register(8), this.number()])}`
      case 'vector':
        return `${word} ${this.xmm()}, ${this.one([this.xmm(), this.memory(16)])}`
      case 'scalar':
        return `${word} ${this.xmm()}, ${this.one([this.xmm(), this.memory(this.one([4, 8]))])}`
      case 'shuffles':
        return `${word} ${this.xmm()}, ${this.one([this.xmm(), this.memory(16)])}, ${this.number()}`
      case 'x87Memory':
        return `${word} ${this.memory(this.one([2, 4, 8, 10]))}`
      case 'x87Registers':
        return `${word} ${this.one([`st(${this.below(8)})`, `st(${this.below(8)}), st(0)`, `st(0), st(${this.below(8)})`, `st, st(${this.below(8)})`, ''])}`
      case 'system':
        return `${word} ${this.one([this.memory(width, false), this.either(width)])}`
      case 'bare':
        return `${this.below(6) === 0 ? this.one(['rep ', 'repz ', 'repne ', 'lock ']) : ''}${word}`
    }
  }
}
