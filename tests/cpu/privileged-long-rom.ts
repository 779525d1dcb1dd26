// A boot ROM of random privileged cases in 64-bit mode, like privileged-rom.ts: gates with IST, far transfers into compatibility code, IRETQ, SYSRET,
// control and debug registers, MSRs, non-canonical addresses, the TLB's instructions.
//
// Only features that Bochs' Broadwell and this processor both have or both lack are touched. A double fault has a stack of its own (IST 1).
import { assemble } from './assemble.js'
import { PUT } from './modes-rom.js'
import { PAD, selector, step } from './privileged-long-steps.js'
import { access, CASE_BYTES, CASES, CASES_PER_ROM, descriptor, Generator, gate, long } from './privileged-rom.js'

const BASE = 0xf0000
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
