// A boot ROM of random privileged cases in 64-bit mode, like privileged-rom.ts: gates with IST, far transfers into compatibility code, IRETQ, SYSRET,
// control and debug registers, MSRs, non-canonical addresses, the TLB's instructions.
//
// Only features that Bochs' Broadwell and this processor both have or both lack are touched. A double fault has a stack of its own (IST 1).
import { assemble } from './assemble.js'
import { PUT } from './modes-rom.js'
import { access, CASE_BYTES, CASES, CASES_PER_ROM, descriptor, Generator, gate, long, word } from './privileged-rom.js'

const BASE = 0xf0000
const PAD = 0xf2e00
const COMMON = 0xf2900
const STUBS = 0xf2a00
const PUT64 = 0xf2800
const LOOP = 0xf1200

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

const ENTER = `
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov dword ptr [0x5f0], 0xf4000
  mov word ptr [0x2e00], 0x30cd
  mov word ptr [0x3e00], 0x30cd
  mov word ptr [0x1e2e00], 0x30cd
  mov edi, 0x10000
  mov ecx, 0x1000
  xor eax, eax
  cld
  .byte 0xf3, 0xab
  mov dword ptr [0x10000], 0x11027
  mov dword ptr [0x11000], 0x12027
  mov edi, 0x12000
  mov eax, 0xe7
  mov ecx, 0x200
fill:
  mov [edi], eax
  add edi, 0x8
  add eax, 0x200000
  dec ecx
  jnz fill
  mov eax, 0x10000
  mov cr3, eax
  mov eax, 0x100a0
  mov cr4, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x901
  wrmsr
  mov eax, 0x80010031
  mov cr0, eax
  .byte 0xea
  .long 0xf1200
  .word 0x38
`

const COPY = '.byte 0xf3, 0xa5'
const LOOP64 = `
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x7800
  xor eax, eax
  mov dr7, rax
  mov cr8, rax
  mov eax, 0x80010031
  mov cr0, rax
  mov eax, 0x10000
  mov cr3, rax
  mov eax, 0x100a0
  mov cr4, rax
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, 0x100038
  wrmsr
  inc ecx
  mov eax, 0xf2e00
  xor edx, edx
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0x4600
  wrmsr
  cld
  mov ebx, [0x5f0]
  cmp ebx, 0xff000
  jae finish
  mov edi, 0x2000
  mov esi, 0xf3000
  mov ecx, 0x14
  ${COPY}
  mov esi, ebx
  mov ecx, 0x18
  ${COPY}
  mov edi, 0x800
  mov esi, 0xf3200
  mov ecx, 0x100
  ${COPY}
  mov edi, 0xb10
  lea esi, [rbx + 0x60]
  mov ecx, 0x10
  ${COPY}
  mov edi, 0x3000
  mov esi, 0xf3800
  mov ecx, 0x1a
  ${COPY}
  .byte 0x0f, 0x01, 0x14, 0x25, 0x20, 0x3f, 0x0f, 0x00
  .byte 0x0f, 0x01, 0x1c, 0x25, 0x10, 0x3f, 0x0f, 0x00
  mov ax, 0x40
  lldt ax
  mov ax, 0x28
  ltr ax
  xor eax, eax
  mov fs, ax
  mov gs, ax
  mov eax, [rbx + 0xf8]
  mov r9d, eax
  mov eax, [rbx + 0xfc]
  lea ecx, [rbx + 0xa0]
  mov edx, 0x3
  mov esi, 0x6
  mov edi, 0x7
  mov ebp, 0x7600
  test eax, eax
  jnz user
  push r9
  popfq
  jmp rcx
user:
  push 0x23
  push 0x7000
  push r9
  push 0x1b
  push rcx
  mov ax, 0x23
  mov ds, ax
  mov es, ax
  iretq
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

const HANDLER = `
  mov r10d, eax
  mov r11d, ebx
  mov rbp, rsp
  mov r8, ds
  mov r9, es
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  xor eax, eax
  mov dr7, rax
  mov edi, 0xf2800
  mov rax, [rbp]
  call rdi
  mov rax, [rbp + 8]
  call rdi
  mov rax, [rbp + 0x14]
  call rdi
  mov rax, [rbp + 0x10]
  call rdi
  mov rax, [rbp + 0x18]
  call rdi
  mov rax, [rbp + 0x20]
  and eax, 0x277c5
  call rdi
  mov rax, [rbp + 0x28]
  call rdi
  mov rax, [rbp + 0x30]
  call rdi
  mov eax, ebp
  call rdi
  mov eax, ss
  call rdi
  mov eax, r8d
  call rdi
  mov eax, r9d
  call rdi
  mov eax, fs
  call rdi
  mov eax, gs
  call rdi
  mov eax, r10d
  call rdi
  mov eax, r11d
  call rdi
  str eax
  call rdi
  sldt eax
  call rdi
  mov al, 0xa
  mov edx, 0x3f8
  out dx, al
  add dword ptr [0x5f0], 0x100
  mov eax, 0xf1200
  jmp rax
`

const push = (value: number): number[] => [0x68, ...long(value)]
const loadRax = (value: bigint): number[] => [
  0x48,
  0xb8,
  ...long(Number(value & 0xffffffffn)),
  ...long(Number((value >> 32n) & 0xffffffffn)),
]

const ADDRESSES = [
  0x7000n,
  0x500n,
  0x800000000000n,
  0x7ffffffff000n,
  0xffff7fffffffffffn,
  0xffff800000000000n,
  0x8000000000000000n,
  0xfffffffffffffffcn,
  0x40001000n,
] as const

function selector(g: Generator): number {
  const rpl = g.chance(60) ? g.pick([0, 3]) : g.below(4)
  if (g.chance(30)) return g.pick([0, 0x08, 0x10, 0x18, 0x20, 0x28, 0x38, 0x40, 0x30]) | rpl
  return (0x50 + 8 * g.below(12)) | rpl
}

function randomPair(g: Generator): [bigint, bigint] {
  const kind = g.below(100)
  if (kind < 70) return [segment(g), segment(g)]
  if (kind < 92) {
    const low = gate(selector(g), g.pick([PAD, PAD, 0x2e00]), access(g, g.pick([0xc, 0xc, 0xc, 0x4])), 0)
    return [low, g.chance(85) ? 0n : g.pick([0x8000n, 0x1f00_00000000n, 0xffff8000n, 0x1000n])]
  }
  return [descriptor(0x3000, 0x67, access(g, g.below(16)), 0), g.pick([0n, 0n, 0xffff8000n, 0x12345678n])]
}

function segment(g: Generator): bigint {
  const limit = g.pick([0xfffff, 0xfffff, 0xffff, 0x2e01])
  return g.chance(55)
    ? descriptor(
        g.pick([0, 0, 0xf0000]),
        limit,
        access(g, 0x18 + g.below(8)),
        g.pick([0xa, 0xa, 0xa, 0xc, 0xe, 0x8, 0x2]),
      )
    : descriptor(g.pick([0, 0, 0x1000]), limit, access(g, 0x10 + g.below(8)), g.pick([0xc, 0xc, 0xa, 0x4]))
}

function interruptGate(g: Generator): [bigint, bigint] {
  const type = g.chance(88) ? g.pick([14, 15]) : g.pick([5, 6, 12, 7])
  const low = gate(
    g.chance(40) ? 0x38 : selector(g),
    g.pick([PAD, PAD, 0x2e00]),
    access(g, type),
    g.chance(50) ? 0 : g.below(8),
  )
  return [low, g.chance(90) ? 0n : g.pick([0x8000n, 0xffff8000n])]
}

const FAR_FRAME = [0x48, 0x83, 0xec, 0x10]

function step(g: Generator): number[] {
  const s = selector(g)
  const target = g.pick([PAD, PAD, 0x2e00])
  const flags = (g.chance(50) ? 0x2 : g.pick([0x3002, 0x102, 0x4002, 0x1002, 0x10002, 0x20002, 0xcd7])) & ~0x200
  const address = g.pick(ADDRESSES)
  switch (g.below(24)) {
    case 0:
    case 1:
    case 2: {
      // Far JMP and CALL, m16:32 and m16:64.
      const pointer = [...FAR_FRAME, 0xc7, 0x04, 0x24, ...long(target), 0x66, 0xc7, 0x44, 0x24, 0x04, ...word(s)]
      if (g.chance(60)) return [...pointer, 0xff, g.pick([0x2c, 0x1c]), 0x24]
      return [
        ...push(s),
        ...(g.chance(80) ? push(target) : [...loadRax(address), 0x50]),
        0x48,
        0xff,
        g.pick([0x2c, 0x1c]),
        0x24,
      ]
    }
    case 3:
    case 4: {
      const top = g.chance(80) ? push(0x7000) : [...loadRax(address), 0x50]
      const rip = g.chance(80) ? push(target) : [...loadRax(g.pick(ADDRESSES)), 0x50]
      return [...push(selector(g)), ...top, ...push(s), ...rip, 0x48, ...g.pick([[0xcb], [0xca, 8, 0], [0xca, 0, 0]])]
    }
    case 5:
    case 6:
    case 7: {
      const top = g.chance(80) ? push(0x7000) : [...loadRax(address), 0x50]
      const rip = g.chance(80) ? push(target) : [...loadRax(g.pick(ADDRESSES)), 0x50]
      return [...push(selector(g)), ...top, ...push(flags), ...push(s), ...rip, 0x48, 0xcf]
    }
    case 8:
    case 9:
    case 10:
      return [0xcd, g.pick([0x31, 0x32, 0x33, 0x34])]
    case 11:
    case 12:
      return [0xb8, ...long(s), 0x8e, g.pick([0xd8, 0xc0, 0xe0, 0xe8, 0xd0])]
    case 13: {
      const opcode = g.pick([
        [0x0f, 0x02, 0xd8, 0x81, 0xe3, 0, 0xff, 0xf0, 0],
        [0x0f, 0x03, 0xd8],
        [0x0f, 0, 0xe0],
        [0x0f, 0, 0xe8],
      ])
      return [0xb8, ...long(s), ...opcode]
    }
    case 14:
      return [0xb8, ...long(s), 0x0f, 0x00, g.pick([0xd0, 0xd8])]
    case 15: // load, store, PUSH, POP, CALL, JMP, LGDT, INVLPG by any address
      return [
        ...loadRax(address),
        ...g.pick([
          [0x48, 0x8b, 0x18],
          [0x48, 0x89, 0x18],
          [0x48, 0x94, 0x50],
          [0x48, 0x94, 0x58],
          [0x48, 0x95, 0x48, 0x8b, 0x5d, 0x00],
          [0xff, 0xe0],
          [0xff, 0xd0],
          [0x50, 0xc3],
          [0x0f, 0x01, 0x38],
          [0x0f, 0x01, 0x10],
          [0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf3, 0x48, 0x0f, 0xae, 0xc3],
        ]),
      ]
    case 16: {
      // WRMSR and RDMSR.
      const msr = g.pick([0xc0000082, 0xc0000083, 0xc0000101, 0xc0000102, 0x175, 0x176, 0xc0000080, 0x277])
      const value =
        msr === 0xc0000080
          ? g.pick([0xd01n, 0x501n, 0xc01n, 0xf01n, 0x901n, 0x100000d01n])
          : msr === 0x277
            ? g.pick([0x0007040600070406n, 0x2n, 0x0700000000000000n])
            : address
      return [
        ...loadRax(value),
        0x48,
        0x89,
        0xc2,
        0x48,
        0xc1,
        0xea,
        0x20,
        0xb9,
        ...long(msr),
        0x0f,
        0x30,
        0x0f,
        0x32,
        0x89,
        0xc3,
      ]
    }
    case 17: {
      // CR4, CR0, CR3, CR8 and back.
      const [n, value] = g.pick([
        [4, 0x100a0n | g.pick([4n, 8n, 0x10n, 0x100n, 0x600n, 0x20000n, 0x1000n, 0x80000n, 0x800000n, 0x100000000n])],
        [4, g.pick([0x10080n, 0x10020n, 0x100a4n])],
        [
          0,
          0x80010031n ^
            g.pick([
              1n,
              2n,
              4n,
              8n,
              0x10n,
              0x20n,
              0x10000n,
              0x40000n,
              0x20000000n,
              0x40001000n,
              0x60000000n,
              0x100000000n,
            ]),
        ],
        [3, 0x10000n | g.pick([0n, 1n, 0x18n, 0x8000000000000000n, 0x10000000000000n, 0x10000000000n])],
        [8, g.pick([0n, 16n, 0x100000000n])],
      ] as const)
      const reg = 0xc0 | ((n & 7) << 3)
      const rex = n === 8 ? [0x44] : []
      return [...loadRax(value), ...rex, 0x0f, 0x22, reg, ...rex, 0x0f, 0x20, reg | 3]
    }
    case 18: {
      const n = g.pick([0, 3, 4, 5, 6, 7])
      const value = g.pick([
        0n,
        0x400n,
        0xffff0ff0n,
        0x2000n,
        0xffffffffn & ~0x2055n,
        0x100000000n,
        0x8000000000000000n,
      ])
      const reg = 0xc0 | (n << 3)
      return [...loadRax(value), 0x0f, 0x23, reg, 0x0f, 0x21, reg | 3]
    }
    case 19: {
      // SYSCALL; SYSRET and SYSEXIT to any address.
      if (g.chance(30)) return [0x0f, 0x05]
      const to = g.chance(50) ? BigInt(PAD) : address
      const r11 = [0x49, 0xc7, 0xc3, ...long(flags & ~0x100)]
      return g.chance(60)
        ? [
            ...loadRax(to),
            0x48,
            0x89,
            0xc1,
            ...r11,
            ...g.pick([
              [0x48, 0x0f, 0x07],
              [0x0f, 0x07],
            ]),
          ]
        : [...loadRax(to), 0x48, 0x89, 0xc2, 0x0f, 0x01, 0xf8]
    }
    case 20: {
      // INVPCID: type in RAX, descriptor on the stack.
      const first = g.pick([0n, 0n, 1n, 0x1000n])
      return [
        ...loadRax(address),
        0x50,
        ...loadRax(first),
        0x50,
        0xb8,
        ...long(g.below(5)),
        0x66,
        0x0f,
        0x38,
        0x82,
        0x04,
        0x24,
      ]
    }
    case 21:
      return [
        ...push(flags),
        ...g.pick([[0x9d], [0x66, 0x9d], [0xfa], [0xe4, 0xee], [0x0f, 0x06], [0x0f, 0x31, 0x31, 0xc0]]),
      ]
    case 22:
      return [
        ...push(s),
        ...g.pick([
          [0x0f, 0xa1],
          [0x0f, 0xa9],
          [0x66, 0x0f, 0xa1],
        ]),
      ]
    default:
      return g.pick([
        [0xcc],
        [0xf1],
        [0xce],
        [0x0f, 0x0b],
        [0x06],
        [0x9a],
        [0x8e, 0xc8],
        [0xea],
        [0x0f, 0x34],
        [0x0f, 0x20, 0xc8],
        [0x62],
      ])
  }
}

export function privilegedLongRom(seed: number): Uint8Array {
  const rom = new Uint8Array(0x10000)
  const place = (text: string, offset: number, bits: 16 | 32 | 64, room: number) => {
    const code = assemble(text, bits === 16 ? offset : BASE + offset, bits)
    if (code.length > room) throw new Error(`code at ${offset.toString(16)} is ${code.length} bytes, room for ${room}`)
    rom.set(code, offset)
  }
  rom.set([0xea, 0, 0, 0, 0xf0], 0xfff0)
  place(REAL, 0, 16, 0x100)
  place(ENTER, 0x1000, 32, 0x200)
  place(LOOP64, LOOP - BASE, 64, 0x800)
  place(PUT(64), PUT64 - BASE, 64, 0x100)
  place(HANDLER, COMMON - BASE, 64, 0x100)
  rom.set([0xcd, 0x30], PAD - BASE)
  rom.set([0xcd, 0x30], 0x3e00)
  const view = new DataView(rom.buffer)
  for (let v = 0; v < 0x40; v++) {
    const code = [8, 10, 11, 12, 13, 14, 17].includes(v)
    const bytes = [...(code ? [] : [0x6a, 0]), 0x6a, v, 0xe9]
    const relative = COMMON - (STUBS + 16 * v + bytes.length + 4)
    rom.set([...bytes, ...long(relative)], STUBS - BASE + 16 * v)
    view.setBigUint64(0x3200 + 16 * v, gate(0x38, STUBS + 16 * v, v === 0x30 ? 0xee : 0x8e, v === 8 ? 1 : 0), true)
  }
  const gdt = [
    0n,
    0x00cf9b000000ffffn,
    0x00cf93000000ffffn,
    0x00affb000000ffffn,
    0x00cff3000000ffffn,
    0x0000890030000067n, // 28 TSS
    0n,
    0x00af9b000000ffffn, // 38 64-bit code
    0x000082002800001fn, // 40 LDT
    0n,
  ]
  gdt.forEach((d, i) => {
    view.setBigUint64(0x3000 + 8 * i, d, true)
  })
  const stacks = [0x7c00n, 0x7d00n, 0x7e08n, 0n, 0x7f00n, 0x6f08n, 0x6f80n, 0x6e00n, 0x6d00n, 0x6c00n, 0x6b00n]
  stacks.forEach((value, i) => {
    view.setBigUint64(0x3804 + 8 * i, value, true)
  })
  view.setUint16(0x3866, 0x68, true)
  const g = new Generator(seed)
  for (let n = 0; n < CASES_PER_ROM; n++) {
    const at = CASES + n * CASE_BYTES
    const pair = (offset: number, [low, high]: readonly [bigint, bigint]): void => {
      view.setBigUint64(at + offset, low, true)
      view.setBigUint64(at + offset + 8, high, true)
    }
    for (let i = 0; i < 6; i++) pair(16 * i, randomPair(g))
    for (let i = 0; i < 4; i++) pair(0x60 + 16 * i, interruptGate(g))
    const user = g.chance(40)
    const code = step(g)
    while (code.length < 40 && g.chance(55)) code.push(...step(g))
    rom.set([...code, 0xcd, 0x30], at + 0xa0)
    view.setUint32(at + 0xf8, g.pick([0x2, 0x2, 0x3002, 0x1002, 0x102]), true)
    view.setUint32(at + 0xfc, user ? 1 : 0, true)
  }
  const pointer = (offset: number, limit: number, base: number) => {
    view.setUint16(offset, limit, true)
    view.setUint32(offset + 2, base, true)
  }
  pointer(0x3f00, 0x4f, BASE + 0x3000)
  pointer(0x3f10, 0x3ff, 0x800)
  pointer(0x3f20, 0xaf, 0x2000)
  return rom
}
