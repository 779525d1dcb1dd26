// A boot ROM of random privileged cases in 32-bit protected mode: each gets fresh tables, a few random descriptors and gates, and a short random
// sequence of transfers and segment loads at level 0 or 3, or in virtual-8086 mode; whatever happens ends in a handler that prints the machine's state.
//
// The same seed gives the same ROM, so what it prints can be compared with another processor's. A double fault goes to a task of its own.
import { assemble } from './assemble.js'
import { COMMON32, PUT, PUT32, STUBS32 } from './modes-rom.js'

const BASE = 0xf0000
export const CASES = 0x4000
export const CASE_BYTES = 0x100
export const CASES_PER_ROM = (0xf000 - CASES) / CASE_BYTES

const REAL = `
  cli
  .byte 0x2e, 0x0f, 0x01, 0x16, 0x00, 0x3f
  mov eax, cr0
  or al, 1
  mov cr0, eax
  .byte 0x66, 0xea
  .long 0xf1000
  .word 0x8
`

// 5f0: address of the case. Tables: 800 IDT, 2000 GDT, 2800 LDT, 3000 TSS, 3100 TSS of the double-fault task, 3200 and 3300 TSSs to go to.
const LOOP = `
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x7800
  mov dword ptr [0x5f0], 0xf4000
  mov word ptr [0x2e00], 0x30cd
  mov word ptr [0x3e00], 0x30cd
  mov word ptr [0x1e2e00], 0x30cd
loop:
  cld
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x7800
  mov ebx, [0x5f0]
  cmp ebx, 0xff000
  jae finish
  mov edi, 0x2000
  mov esi, 0xf3000
  mov ecx, 0x12
  .byte 0xf3, 0xa5
  mov esi, ebx
  mov ecx, 0x18
  .byte 0xf3, 0xa5
  mov edi, 0x2800
  mov ecx, 0x8
  .byte 0xf3, 0xa5
  mov edi, 0x800
  mov esi, 0xf3200
  mov ecx, 0x80
  .byte 0xf3, 0xa5
  mov edi, 0x988
  lea esi, [ebx + 0x80]
  mov ecx, 0x8
  .byte 0xf3, 0xa5
  mov edi, 0x3000
  mov esi, 0xf3400
  mov ecx, 0x100
  .byte 0xf3, 0xa5
  lgdt [0xf3f10]
  lidt [0xf3f08]
  mov ax, 0x40
  lldt ax
  mov ax, 0x28
  ltr ax
  clts
  mov eax, [ebx + 0xf8]
  mov [0x5f4], eax
  mov eax, [ebx + 0xfc]
  mov [0x5f8], eax
  lea ecx, [ebx + 0xa0]
  mov [0x5fc], ecx
  xor eax, eax
  mov fs, ax
  mov gs, ax
  mov edx, 0x3
  mov esi, 0x6
  mov edi, 0x7
  mov ebp, 0x7600
  cmp dword ptr [0x5f8], 0x0
  jnz user
  push dword ptr [0x5f4]
  popfd
  jmp ecx
user:
  test byte ptr [0x5f8], 0x2
  jz flat
  push 0x40
  push 0x2000
  push 0x100
  push 0xf000
  push 0x700
  push 0x600
  or dword ptr [0x5f4], 0x20000
  push dword ptr [0x5f4]
  push 0xf000
  movzx ecx, cx
  push ecx
  iretd
flat:
  push 0x23
  push 0x7000
  push dword ptr [0x5f4]
  push 0x1b
  push ecx
  mov ax, 0x23
  mov ds, ax
  mov es, ax
  iretd
finish:
  mov al, 0x5a
  mov edx, 0x3f8
  out dx, al
  mov al, 0xa
  out dx, al
  mov al, 0x10
  mov edx, 0x501
  out dx, al
  hlt
`

/** Prints vector, code, EIP, CS, flags, the two words above, ESP, SS, DS, ES, FS, GS, EAX, EBX, ECX, TR, LDTR; then the next case. */
const HANDLER = `
  .byte 0x0f, 0xa8, 0x0f, 0xa0, 0x06, 0x1e
  push ecx
  push ebx
  push eax
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov edi, 0xf1800
  mov eax, [esp + 0x1c]
  call edi
  mov eax, [esp + 0x20]
  call edi
  mov eax, [esp + 0x24]
  call edi
  movzx eax, word ptr [esp + 0x28]
  call edi
  mov eax, [esp + 0x2c]
  and eax, 0x277d5
  call edi
  test byte ptr [esp + 0x28], 0x3
  jz inner
  mov eax, [esp + 0x30]
  call edi
  movzx eax, word ptr [esp + 0x34]
  call edi
inner:
  movzx eax, sp
  call edi
  mov eax, ss
  call edi
  pop eax
  call edi
  pop eax
  call edi
  pop eax
  call edi
  pop eax
  movzx eax, ax
  call edi
  pop eax
  movzx eax, ax
  call edi
  pop eax
  movzx eax, ax
  call edi
  pop eax
  movzx eax, ax
  call edi
  str eax
  call edi
  sldt eax
  call edi
  mov al, 0xa
  mov edx, 0x3f8
  out dx, al
  add dword ptr [0x5f0], 0x100
  mov eax, 0xf1037
  jmp eax
`

/** The task of the double fault: the EIP, CS and flags that the other task was left with. */
const DOUBLE = `
  mov edi, 0xf1800
  mov eax, 0x8
  call edi
  mov eax, [0x3020]
  call edi
  movzx eax, word ptr [0x304c]
  call edi
  movzx eax, word ptr [0x3050]
  call edi
  movzx eax, word ptr [0x3100]
  call edi
  mov al, 0xa
  mov edx, 0x3f8
  out dx, al
  add dword ptr [0x5f0], 0x100
  mov eax, 0xf1037
  jmp eax
`

const RANDOM_SELECTORS = 12

export class Generator {
  private state: number

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 12345) >>> 0
  }

  below(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.state / 0x1_0000_0000) * n)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** Mostly one of the useful, sometimes anything. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }
}

export function descriptor(base: number, limit: number, access: number, flags: number): bigint {
  const low = (limit & 0xffff) | ((base & 0xffff) << 16)
  const high =
    ((base >>> 16) & 0xff) | (access << 8) | (((limit >>> 16) & 15) << 16) | (flags << 20) | (base & 0xff00_0000)
  return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n)
}

export function gate(selector: number, offset: number, access: number, count: number): bigint {
  const low = (offset & 0xffff) | (selector << 16)
  const high = (count & 31) | (access << 8) | (offset & 0xffff_0000)
  return BigInt(low >>> 0) | (BigInt(high >>> 0) << 32n)
}

/** Where any code segment lands: INT 30H, at this offset from base 0 and, 16 bits wide, from base F0000H. */
const PAD = 0xf2e00

function selector(g: Generator): number {
  const rpl = g.chance(60) ? g.pick([0, 3]) : g.below(4)
  if (g.chance(25)) return g.pick([0, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40]) | rpl
  if (g.chance(20)) return (8 * g.below(5)) | 4 | rpl
  return (0x48 + 8 * g.below(RANDOM_SELECTORS)) | rpl
}

export function access(g: Generator, type: number): number {
  return (g.chance(88) ? 0x80 : 0) | ((g.chance(70) ? g.pick([0, 3]) : g.below(4)) << 5) | type
}

function randomDescriptor(g: Generator): bigint {
  const kind = g.below(100)
  const base = g.pick([0, 0, 0, 0xf0000, 0x1000])
  if (kind < 35) {
    const limit = g.pick([0xfffff, 0xfffff, 0xffff, 0x2e01, 0x10])
    return descriptor(base, limit, access(g, 0x18 + g.below(8)), g.pick([0xc, 0xc, 0x4, 0x0, 0x8]))
  }
  if (kind < 65) {
    const limit = g.pick([0xfffff, 0xfffff, 0xffff, 0x7000, 0x10, 0])
    return descriptor(base, limit, access(g, 0x10 + g.below(8)), g.pick([0xc, 0xc, 0x4, 0x0, 0x8]))
  }
  if (kind < 85) {
    const offset = g.pick([PAD, PAD, 0x2e00, 0x50000000])
    return gate(selector(g), offset, access(g, g.pick([0xc, 0xc, 0x4])), g.chance(50) ? g.below(4) : 0)
  }
  if (kind < 90) return gate(g.pick([0x38, 0x38, 0x28, 0, 0x10]), 0, access(g, 5), 0)
  if (kind < 96)
    return descriptor(g.pick([0x3200, 0x3300]), g.pick([0x67, 0x67, 0x66]), access(g, g.pick([9, 9, 11])), 0)
  return descriptor(0x2800, 0x1f, access(g, g.below(16)), 0)
}

function interruptGate(g: Generator): bigint {
  const type = g.chance(85) ? g.pick([14, 15, 6, 7]) : g.pick([5, 0, 12, 9])
  return gate(type === 5 ? 0x38 : selector(g), g.pick([PAD, PAD, 0x2e00]), access(g, type), 0)
}

export const word = (value: number): number[] => [value & 255, (value >>> 8) & 255]
export const long = (value: number): number[] => [...word(value), ...word(value >>> 16)]
const push = (value: number): number[] => [0x68, ...long(value)]
const loadAx = (value: number): number[] => [0xb8, ...long(value)]

function step(g: Generator, user: boolean): number[] {
  const s = selector(g)
  const target = g.pick([PAD, PAD, 0x2e00])
  const flags = (g.chance(50) ? 0x2 : g.pick([0x3002, 0x102, 0x4002, 0x1002, 0x10002, 0xcd7])) & ~0x200
  switch (g.below(22)) {
    case 0:
    case 1:
      return [0xea, ...long(target), ...word(s)]
    case 2:
    case 3:
    case 4:
      return [...push(0x1111), ...push(0x2222), 0x9a, ...long(target), ...word(s)]
    case 5:
      return [...push(selector(g)), ...push(0x7000), ...push(s), ...push(target), 0xcb]
    case 6:
      return [...push(selector(g)), ...push(0x7000), ...push(s), ...push(target), 0xca, g.pick([0, 4, 8]), 0]
    case 7:
    case 8:
      return [...push(selector(g)), ...push(0x7000), ...push(flags), ...push(s), ...push(target), 0xcf]
    case 9:
    case 10:
      return [0xcd, g.pick([0x31, 0x32, 0x33, 0x34])]
    case 11:
    case 12:
      return [...loadAx(s), 0x8e, g.pick([0xd8, 0xc0, 0xe0, 0xe8])]
    case 13:
      return [...loadAx(s), 0x8e, 0xd0]
    case 14:
      return [...push(s), ...g.pick([[0x07], [0x1f], [0x17], [0x0f, 0xa1], [0x0f, 0xa9]])]
    case 15: {
      // LAR, LSL, VERR, VERW; the flags are printed.
      const opcode = g.pick([
        [0x0f, 0x02, 0xd8, 0x81, 0xe3, 0x00, 0xff, 0xf0, 0x00],
        [0x0f, 0x03, 0xd8],
        [0x0f, 0x00, 0xe0],
        [0x0f, 0x00, 0xe8],
      ])
      return [...loadAx(s), ...opcode]
    }
    case 16:
      return [...loadAx(s), 0x0f, 0x00, user ? 0xd0 : g.pick([0xd0, 0xd8])]
    case 17: {
      // An access through whatever segment is loaded.
      const prefix = g.pick([[], [0x26], [0x64], [0x65], [0x2e]])
      const address = g.pick([0, 0x10, 0xffff, 0x6fff, 0x7001])
      return [...prefix, ...g.pick([[0xa1], [0xa3], [0xa2]]), ...long(address)]
    }
    case 18:
      return [
        ...push(s),
        ...push(flags),
        ...g.pick([[0x9d], [0xfa], [0xfb, 0xfa], user ? [0xf4] : [0x90], [0xe4, 0xee], [0x0f, 0x06]]),
      ]
    case 19: // LSS, LDS, LES, LFS, LGS of a pointer on the stack
      return [
        ...push(s),
        ...push(0x7000),
        ...g.pick([[0x0f, 0xb2], [0xc5], [0xc4], [0x0f, 0xb4], [0x0f, 0xb5]]),
        0x1c,
        0x24,
      ]
    case 20: // 16-bit IRET, RETF and far CALL
      return [...push((s << 16) | 0x2e00), 0x66, 0xcb]
    default: // ARPL, BOUND, ENTER-like use of the stack
      return g.pick([
        [...loadAx(s), 0x63, 0xc2],
        [0xcc],
        [0xf1],
        [0x6a, 0x7f, 0x80, 0x04, 0x24, 0x01, 0xce],
        [0x0f, 0x0b],
      ])
  }
}

/** A step in virtual-8086 mode: what IOPL guards, interrupts, far transfers, segment loads, and what is undefined or forbidden there. */
function virtualStep(g: Generator): number[] {
  const pushWord = (value: number): number[] => [0x68, ...word(value)]
  const flags = g.pick([0x2, 0x102, 0x4002, 0xcd7, 0x3002, 0x7fd7]) & ~0x200
  const segment = g.pick([0xf000, 0, 0x700, 0x1234, 0xffff])
  const offset = g.pick([0x2e00, 0x2e00, 0xffff])
  switch (g.below(16)) {
    case 0:
    case 1:
    case 2:
      return [0xcd, g.pick([0x31, 0x32, 0x33, 0x34, 0x30])]
    case 3:
      return g.pick([[0xfa], [0xfb, 0xfa], [0xf4], [0xcc], [0xf1], [0x9c], [0x66, 0x9c]])
    case 4:
      return [...pushWord(flags), 0x9d, 0x9c, 0x58]
    case 5:
      return [0x66, 0x68, ...long(flags | 0x40000), 0x66, 0x9d, 0x66, 0x9c, 0x66, 0x58]
    case 6:
      return [...pushWord(flags), ...pushWord(segment), ...pushWord(offset), 0xcf]
    case 7:
      return [...pushWord(segment), ...pushWord(offset), 0xcb]
    case 8:
      return [g.pick([0xea, 0x9a]), ...word(offset), ...word(segment)]
    case 9:
    case 10:
      return [0xb8, ...word(segment), 0x8e, g.pick([0xd8, 0xc0, 0xe0, 0xe8, 0xd0])]
    case 11:
      return [g.pick([0xa1, 0xa3]), ...word(g.pick([0x500, 0x700, 0xffff]))]
    case 12:
      return g.pick([[0xe4, 0x08], [0xe6, 0xee], [0xe5, 0x0f], [0xec], [0x6c], [0x6e]])
    case 13: // LAR, SLDT, ARPL, LLDT: not recognized
      return g.pick([
        [0x0f, 0x02, 0xd8],
        [0x0f, 0x00, 0xc0],
        [0x63, 0xc2],
        [0x0f, 0x00, 0xd0],
      ])
    case 14:
      return g.pick([
        [0x0f, 0x20, 0xc0],
        [0x0f, 0x06],
        [0x0f, 0x01, 0xe0],
        [0x0f, 0x01, 0xf0],
        [0x0f, 0x21, 0xc0],
        [0x0f, 0x32],
        [0x0f, 0x09],
      ])
    default:
      return [0xb0, 0x7f, 0x04, 0x01, 0xce]
  }
}

/** `virtual`: the cases of level 3 run in virtual-8086 mode. */
export function privilegedRom(seed: number, virtual = false): Uint8Array {
  const rom = new Uint8Array(0x10000)
  const place = (text: string, offset: number, bits: 16 | 32, room: number) => {
    const code = assemble(text, bits === 16 ? offset : BASE + offset, bits)
    if (code.length > room) throw new Error(`code at ${offset.toString(16)} is ${code.length} bytes, room for ${room}`)
    rom.set(code, offset)
  }
  rom.set([0xea, 0, 0, 0, 0xf0], 0xfff0)
  place(REAL, 0, 16, 0x100)
  place(LOOP, 0x1000, 32, 0x800)
  place(PUT(32), PUT32 - BASE, 32, 0x100)
  place(HANDLER, COMMON32 - BASE, 32, 0x100)
  place(DOUBLE, 0x2800, 32, 0x100)
  rom.set([0xcd, 0x30], PAD - BASE)
  rom.set([0xcd, 0x30], 0x3e00)
  const view = new DataView(rom.buffer)
  for (let v = 0; v < 0x40; v++) {
    const code = [8, 10, 11, 12, 13, 14, 17].includes(v)
    const bytes = [...(code ? [] : [0x6a, 0]), 0x6a, v, 0xe9]
    const relative = COMMON32 - (STUBS32 + 16 * v + bytes.length + 4)
    rom.set([...bytes, ...long(relative)], STUBS32 - BASE + 16 * v)
    const entry = v === 8 ? gate(0x30, 0, 0x85, 0) : gate(8, STUBS32 + 16 * v, v === 0x30 ? 0xee : 0x8e, 0)
    view.setBigUint64(0x3200 + 8 * v, entry, true)
  }
  const gdt = [
    0n,
    0x00cf9b000000ffffn,
    0x00cf93000000ffffn,
    0x00cffb000000ffffn,
    0x00cff3000000ffffn,
    0x0000890030000067n, // 28 TSS
    0x0000890031000067n, // 30 double fault
    0x0000890032000067n, // 38 a task
    0x000082002800001fn, // 40 LDT
  ]
  gdt.forEach((d, i) => {
    view.setBigUint64(0x3000 + 8 * i, d, true)
  })
  const task = (at: number, eip: number, esp: number, selectors: readonly number[]) => {
    view.setUint32(0x3400 + at + 4, 0x7c00, true)
    view.setUint32(0x3400 + at + 8, 0x10, true)
    view.setUint32(0x3400 + at + 12, 0x7d00, true)
    view.setUint32(0x3400 + at + 16, 0x49, true)
    view.setUint32(0x3400 + at + 20, 0x7e00, true)
    view.setUint32(0x3400 + at + 24, 0x52, true)
    view.setUint32(0x3400 + at + 0x20, eip, true)
    view.setUint32(0x3400 + at + 0x24, 2, true)
    view.setUint32(0x3400 + at + 0x38, esp, true)
    selectors.forEach((s, i) => {
      view.setUint32(0x3400 + at + 0x48 + 4 * i, s, true)
    })
    view.setUint16(0x3400 + at + 0x66, 0x68, true)
  }
  task(0, 0, 0, [])
  task(0x100, 0xf2800, 0x7400, [0x10, 8, 0x10, 0x10, 0x10, 0x10])
  task(0x200, PAD, 0x7300, [0x10, 8, 0x10, 0x10, 0x10, 0x10])
  task(0x300, PAD, 0x7200, [0x23, 0x1b, 0x23, 0x23, 0x5b, 0x63])
  const g = new Generator(seed)
  for (let n = 0; n < CASES_PER_ROM; n++) {
    const at = CASES + n * CASE_BYTES
    for (let i = 0; i < RANDOM_SELECTORS + 4; i++) view.setBigUint64(at + 8 * i, randomDescriptor(g), true)
    for (let i = 0; i < 4; i++) view.setBigUint64(at + 0x80 + 8 * i, interruptGate(g), true)
    const user = g.chance(50)
    const next = (): number[] => (virtual && user ? virtualStep(g) : step(g, user))
    const code = next()
    while (code.length < 50 && g.chance(60)) code.push(...next())
    rom.set([...code, 0xcd, 0x30], at + 0xa0)
    view.setUint32(at + 0xf8, g.pick([0x2, 0x2, 0x3002, 0x1002, 0x102]), true)
    view.setUint32(at + 0xfc, user ? (virtual ? 3 : 1) : 0, true)
  }
  const pointer = (offset: number, limit: number, base: number) => {
    view.setUint16(offset, limit, true)
    view.setUint32(offset + 2, base, true)
  }
  pointer(0x3f00, 0x47, BASE + 0x3000)
  pointer(0x3f08, 0x1ff, 0x800)
  pointer(0x3f10, 0xa7, 0x2000)
  return rom
}
