// A boot ROM that walks through the processor's modes and prints what it sees on COM1: the same bytes run here and under QEMU.
//
// Reset vector -> real mode (interrupts, divide error) -> 32-bit protected mode (exceptions, privilege level 3, virtual-8086) -> 32-bit paging
// with 4 MiB pages -> PAE -> long mode (page fault, SYSCALL, compatibility code, IST) -> HLT after a final line.
// Only what QEMU 7.2's TCG models as the manual says is printed: it checks no segment limits, pushes RF differently, leaves P clear in the error
// code of a reserved bit, and counts 16 to a vector in the error code of a missing gate in long mode. Those are tested elsewhere.
// Keystone reads numbers as hexadecimal, with or without 0x; here all have it.
import { assemble } from './assemble.js'

const ROM_BYTES = 0x10000
const BASE = 0xf0000

// Low RAM: 0x500 where to go on after an exception, 0x504 with which stack; 0x800 IDT; 0x1000 IDT64; 0x3000 TSS; 0x7000.. stacks; 0x10000.. page tables.
const REAL = `
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7000
  mov word ptr [0x84], 0x800
  mov word ptr [0x86], 0xf000
  mov word ptr [0x0], 0x840
  mov word ptr [0x2], 0xf000
  sti
  int 0x21
  cli
  mov al, 0x52
  mov dx, 0x3f8
  out dx, al
  xor bx, bx
  div bx
  mov al, 0x44
  out dx, al
  .byte 0x2e, 0x0f, 0x01, 0x16, 0x00, 0x3f
  mov eax, cr0
  or al, 1
  mov cr0, eax
  .byte 0x66, 0xea
  .long 0xf1000
  .word 0x8
`

// INT 0x21: prints I if IF was pushed set and is now clear. IRET.
const REAL_INT = `
  push bp
  mov bp, sp
  pushf
  pop ax
  test ax, 0x200
  jnz bad
  mov ax, [bp + 6]
  test ax, 0x200
  jz bad
  mov al, 0x49
  jmp out
bad:
  mov al, 0x58
out:
  mov dx, 0x3f8
  out dx, al
  pop bp
  iret
`

// Divide error: the pushed IP is that of DIV; skips it.
const REAL_DIVIDE = `
  push bp
  mov bp, sp
  add word ptr [bp + 2], 2
  mov al, 0x30
  mov dx, 0x3f8
  out dx, al
  pop bp
  iret
`

export const PUT32 = 0xf1800
export const STUBS32 = 0xf1a00
export const COMMON32 = 0xf1900

/** EAX as eight digits and a blank. */
export const PUT = (bits: 32 | 64) => `
  push ${bits === 32 ? 'ecx' : 'rcx'}
  push ${bits === 32 ? 'edx' : 'rdx'}
  push ${bits === 32 ? 'ebx' : 'rbx'}
  mov ebx, eax
  mov ecx, 8
  mov edx, 0x3f8
next:
  rol ebx, 4
  mov eax, ebx
  and eax, 0xf
  add eax, 0x30
  cmp eax, 0x3a
  jb digit
  add eax, 7
digit:
  out dx, al
  dec ecx
  jnz next
  mov al, 0x20
  out dx, al
  pop ${bits === 32 ? 'ebx' : 'rbx'}
  pop ${bits === 32 ? 'edx' : 'rdx'}
  pop ${bits === 32 ? 'ecx' : 'rcx'}
  ret
`

/** Prints vector, code, EIP, CS, flags and, from another level, ESP and SS; goes on at [0x500] with stack [0x504]. */
export const HANDLER32 = `
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov edi, 0xf1800
  mov eax, [esp]
  call edi
  mov eax, [esp + 4]
  call edi
  mov eax, [esp + 8]
  call edi
  movzx eax, word ptr [esp + 0xc]
  call edi
  mov eax, [esp + 0x10]
  and eax, 0x27700
  call edi
  test dword ptr [esp + 0x10], 0x20000
  jnz outer
  test byte ptr [esp + 0xc], 3
  jz done
outer:
  mov eax, [esp + 0x14]
  call edi
  movzx eax, word ptr [esp + 0x18]
  call edi
  test dword ptr [esp + 0x10], 0x20000
  jz done
  movzx eax, word ptr [esp + 0x1c]
  call edi
  movzx eax, word ptr [esp + 0x20]
  call edi
  mov eax, gs
  call edi
done:
  mov eax, cr2
  call edi
  mov al, 0xa
  mov edx, 0x3f8
  out dx, al
  mov esp, [0x504]
  jmp dword ptr [0x500]
`

/** Expects an exception in `text`; goes on behind it. */
let label = 0
export function expectFault(text: string): string {
  label++
  return `
  call here${label}
here${label}:
  pop eax
  add eax, after${label} - here${label}
  mov [0x500], eax
  mov [0x504], esp
  ${text}
after${label}:
`
}

const PROTECTED = `
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x7800
  xor ebx, ebx
  mov edi, 0x800
fill:
  mov eax, ebx
  shl eax, 4
  add eax, 0xf1a00
  mov ecx, eax
  and eax, 0xffff
  or eax, 0x80000
  mov [edi], eax
  and ecx, 0xffff0000
  or ecx, 0x8e00
  cmp ebx, 0x30
  jnz kernel
  or ecx, 0x6000
kernel:
  mov [edi + 4], ecx
  add edi, 8
  inc ebx
  cmp ebx, 0x40
  jb fill
  lidt [0xf3f08]
  mov dword ptr [0x3004], 0x7c00
  mov dword ptr [0x3008], 0x10
  mov word ptr [0x3066], 0x68
  mov edi, 0x2000
  mov esi, 0xf3e00
  mov ecx, 0x40
  cld
  .byte 0xf3, 0xa5
  lgdt [0xf3f10]
  mov ax, 0x28
  ltr ax
  mov edi, 0xf1800
  str eax
  call edi
  mov eax, cr0
  call edi
  sidt [0x600]
  mov eax, [0x602]
  call edi
  lar eax, ebx
  mov ecx, 0x10
  lar eax, ecx
  and eax, 0xf0ff00
  call edi
  lsl eax, ecx
  call edi
  ${expectFault('xor ecx, ecx\ndiv ecx')}
  ${expectFault('int 0x30')}
  ${expectFault('int3')}
  ${expectFault('ud2')}
  ${expectFault('mov eax, 0xf8\nmov ds, ax')}
  ${expectFault('mov eax, 0x2b\nmov fs, ax')}
  ${expectFault('mov eax, 0x38\nmov gs, ax')}
  ${expectFault('int 0x50')}
  ${expectFault('pushfd\nor dword ptr [esp], 0x100\npopfd\nnop\nnop')}
  ${expectFault(`
  push 0x23
  push 0x7000
  push 0x3002
  push 0x1b
  push 0xf1c00
  iretd`)}
  ${expectFault(`
  push 0x23
  push 0x7000
  push 0x202
  push 0x1b
  push 0xf1c10
  iretd`)}
  ${expectFault(`
  push 0x23
  push 0x7000
  push 0x2
  push 0x1b
  push 0xf1c20
  iretd`)}
  ${expectFault(`
  push 0x1111
  push 0x2222
  push 0x3333
  push 0x4444
  push 0x700
  push 0x6000
  push 0x20202
  push 0xf000
  push 0x1c30
  iretd`)}
  ${expectFault(`
  push 0x1111
  push 0x2222
  push 0x3333
  push 0x4444
  push 0x700
  push 0x6000
  push 0x23202
  push 0xf000
  push 0x1c30
  iretd`)}
  mov eax, 0xf4000
  call eax
  mov edi, 0x10000
  mov eax, 0x83
big:
  mov [edi], eax
  add edi, 4
  add eax, 0x400000
  jnc big
  mov dword ptr [0x10004], 0x11027
  mov edi, 0x11000
  mov ecx, 0x400
  mov eax, 0x400005
small:
  mov [edi], eax
  add edi, 4
  add eax, 0x1000
  dec ecx
  jnz small
  and dword ptr [0x11004], 0xfffffffe
  or dword ptr [0x11008], 2
  and dword ptr [0x1100c], 0xfffffffb
  mov eax, 0x10000
  mov cr3, eax
  mov eax, 0x10
  mov cr4, eax
  mov eax, 0x80010001
  mov cr0, eax
  jmp paged
paged:
  ${expectFault('mov eax, [0x401234]')}
  ${expectFault('mov byte ptr [0x400010], 1')}
  ${expectFault('mov byte ptr [0x4ffffff], 1\nmov byte ptr [0x401fff], 1')}
  mov edi, 0xf1800
  mov byte ptr [0x402000], 1
  mov al, [0x403000]
  mov eax, [0x11000]
  call edi
  mov eax, [0x11008]
  call edi
  mov eax, [0x1100c]
  call edi
  mov eax, [0x1004c]
  call edi
  ${expectFault(`
  push 0x23
  push 0x7000
  push 0x2
  push 0x1b
  push 0xf1c40
  or dword ptr [0x10000], 4
  mov eax, cr3
  mov cr3, eax
  iretd`)}
  mov eax, 0x1
  mov cr0, eax
  jmp flat
flat:
  mov edi, 0x12000
  mov ecx, 0x1800
  xor eax, eax
  rep stosd
  mov dword ptr [0x12000], 0x13001
  mov dword ptr [0x12008], 0x14001
  mov dword ptr [0x13000], 0x83
  mov dword ptr [0x13008], 0x400081
  mov dword ptr [0x1300c], 0x80000000
  mov dword ptr [0x14000], 0x15023
  mov dword ptr [0x15008], 0x800005
  mov dword ptr [0x15010], 0x801007
  mov dword ptr [0x15014], 0x100
  mov eax, 0x12000
  mov cr3, eax
  mov eax, 0x20
  mov cr4, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x800
  wrmsr
  mov eax, 0x80010001
  mov cr0, eax
  jmp pae
pae:
  ${expectFault('mov byte ptr [0x200004], 1')}
  ${expectFault('mov eax, 0x200000\njmp eax')}
  ${expectFault('mov eax, [0x600000]')}
  ${expectFault('mov eax, [0x80000000]')}
  ${expectFault('mov eax, [0x40001000]')}
  ${expectFault('mov eax, [0x40000000]')}
  mov eax, 0x1
  mov cr0, eax
  jmp leave
leave:
  mov edi, 0x16000
  mov ecx, 0x1000
  xor eax, eax
  rep stosd
  mov dword ptr [0x16000], 0x17027
  mov dword ptr [0x17000], 0x18027
  mov dword ptr [0x17008], 0x83
  mov dword ptr [0x18000], 0x87
  mov dword ptr [0x18008], 0x19027
  mov dword ptr [0x19000], 0x200001
  mov dword ptr [0x19008], 0x201005
  mov dword ptr [0x1900c], 0x80000000
  mov eax, 0x16000
  mov cr3, eax
  mov eax, 0x6a0
  mov cr4, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x901
  wrmsr
  mov eax, 0x80010001
  mov cr0, eax
  rdmsr
  mov edi, 0xf1800
  call edi
  .byte 0xea
  .long 0xf2000
  .word 0x30
`

/** Called in flat 32-bit mode at CPL 0: call gate with parameters, SYSENTER, LDT, 16-bit code, OUTS and the odd instructions. */
const LEGACY = `
  mov dword ptr [0x2048], 0x84800
  mov dword ptr [0x204c], 0xfec02
  mov dword ptr [0x2050], 0xffff
  mov dword ptr [0x2054], 0x9b0f
  ${expectFault(`
  push 0x23
  push 0x7000
  push 0x2
  push 0x1b
  push 0xf4c00
  iretd`)}
  mov ecx, 0x174
  mov eax, 0x8
  xor edx, edx
  wrmsr
  inc ecx
  mov eax, 0x7900
  wrmsr
  inc ecx
  mov eax, 0xf4a00
  wrmsr
  ${expectFault(`
  push 0x23
  push 0x7000
  push 0x202
  push 0x1b
  push 0xf4c20
  iretd`)}
  mov dword ptr [0x2058], 0x5000001f
  mov dword ptr [0x205c], 0x8200
  mov dword ptr [0x5008], 0x1234ffff
  mov dword ptr [0x500c], 0x4f9200
  mov eax, 0x58
  lldt ax
  mov edi, 0xf1800
  sldt eax
  call edi
  mov eax, 0xc
  mov gs, ax
  lsl eax, eax
  call edi
  mov eax, [0x500c]
  call edi
  ${expectFault('mov eax, 0x24\nmov gs, ax')}
  mov edi, 0xf1800
  mov word ptr [0x600], 0x10
  mov ecx, 0x3
  arpl [0x600], cx
  setz al
  movzx eax, al
  call edi
  mov eax, [0x600]
  call edi
  mov dword ptr [0x604], 0x10
  mov dword ptr [0x608], 0x20
  mov ecx, 0x20
  bound ecx, [0x604]
  ${expectFault('mov ecx, 0x21\nbound ecx, [0x604]')}
  mov al, 0x7f
  add al, 0x1
  ${expectFault('mov al, 0x7f\nadd al, 0x1\ninto')}
  xor eax, eax
  into
  mov dword ptr [0x604], 0x12345678
  mov dword ptr [0x608], 0x10
  les esi, [0x604]
  mov eax, esi
  mov edi, 0xf1800
  call edi
  mov eax, es
  call edi
  mov dword ptr [0x608], 0xf8
  ${expectFault('les esi, [0x604]')}
  mov esi, 0xf4d00
  mov ecx, 0x6
  mov edx, 0x3f8
  cld
  rep outsb
  mov eax, ecx
  mov edi, 0xf1800
  call edi
  smsw eax
  call edi
  .byte 0x9a
  .long 0x4d10
  .word 0x50
  mov edi, 0xf1800
  call edi
  mov eax, ecx
  call edi
  ${expectFault('.byte 0xea\n.long 0x0\n.word 0x1b')}
  ${expectFault('push 0x0\npush 0x0\nretf')}
  mov dword ptr [0x2058], 0x30000067
  mov dword ptr [0x205c], 0x8900
  ret
`

const CALL_GATE = `
  mov edi, 0xf1800
  mov eax, [esp]
  call edi
  mov eax, [esp + 0x4]
  call edi
  mov eax, [esp + 0x8]
  call edi
  mov eax, [esp + 0xc]
  call edi
  mov eax, [esp + 0x10]
  call edi
  mov eax, [esp + 0x14]
  call edi
  mov eax, cs
  call edi
  mov eax, ss
  call edi
  mov eax, esp
  call edi
  .byte 0xca, 0x08, 0x00
`

const SYSENTER = `
  mov edi, 0xf1800
  mov eax, cs
  call edi
  mov eax, ss
  call edi
  mov eax, esp
  call edi
  pushfd
  pop eax
  and eax, 0x7700
  call edi
  mov edx, 0xf4c40
  mov ecx, 0x6f00
  sti
  .byte 0x0f, 0x35
`
const USER_GATE = 'push 0x1234\npush 0x5678\n.byte 0x9a\n.long 0x0\n.word 0x4b\nmov eax, esp\nint 0x30'
const USER_SYSENTER = '.byte 0x0f, 0x34'
const USER_AFTER_SYSEXIT = 'mov eax, ss\nint 0x30'
/** 16-bit code behind a far call with 32-bit operands. */
const CODE16 = 'mov ecx, 0xabcd1234\nmov eax, 0x55\nmov ax, cs\n.byte 0x66, 0xcb'

const USER32 = ['cli\nint 0x30', 'nop\nint3', 'hlt'] as const
const VIRTUAL = 'push ax\nint 0x30'
const USER_PAGED = '.byte 0x36\nmov eax, [0x403000]\nint 0x30'

const COMMON64 = 0xf2900
const STUBS64 = 0xf2a00
const PUT64 = 0xf2800

const HANDLER64 = `
  mov rbp, rsp
  mov edi, 0xf2800
  mov rax, [rbp]
  call rdi
  mov rax, [rbp + 8]
  call rdi
  mov rax, [rbp + 0x10]
  call rdi
  mov rax, [rbp + 0x18]
  call rdi
  mov rax, [rbp + 0x20]
  and eax, 0x7700
  call rdi
  mov rax, [rbp + 0x28]
  call rdi
  mov rax, [rbp + 0x30]
  call rdi
  mov rax, cr2
  call rdi
  mov eax, ss
  call rdi
  lea eax, [ebp + 0]
  call rdi
  mov al, 0xa
  mov edx, 0x3f8
  out dx, al
  mov ebx, 0x500
  mov rsp, [rbx + 8]
  jmp qword ptr [rbx]
`

function expectFault64(text: string): string {
  label++
  return `
  lea rax, [rip + after${label}]
  mov [0x500], rax
  mov [0x508], rsp
  ${text}
after${label}:
`
}

function iret64(rip: string, cs: string, flags: string, ss = '0x23'): string {
  return `push ${ss}\npush 0x7008\npush ${flags}\npush ${cs}\npush ${rip}\niretq`
}

const LONG = `
  xor eax, eax
  mov ss, ax
  mov ds, ax
  mov esp, 0x7800
  xor ebx, ebx
  mov edi, 0x1000
fill:
  mov eax, ebx
  shl eax, 4
  add eax, 0xf2a00
  mov ecx, eax
  and eax, 0xffff
  or eax, 0x300000
  mov [rdi], eax
  and ecx, 0xffff0000
  or ecx, 0x8e00
  cmp ebx, 0x30
  jnz kernel
  or ecx, 0x6000
kernel:
  cmp ebx, 6
  jnz plain
  or ecx, 1
plain:
  mov [rdi + 4], ecx
  mov qword ptr [rdi + 8], 0
  add edi, 0x10
  inc ebx
  cmp ebx, 0x40
  jb fill
  .byte 0x0f, 0x01, 0x1c, 0x25, 0x18, 0x3f, 0x0f, 0x00
  mov qword ptr [0x3004], 0x7c08
  mov qword ptr [0x3024], 0x7e08
  mov qword ptr [0x2060], 0
  and byte ptr [0x205d], 0xfd
  mov eax, 0x58
  ltr ax
  mov edi, 0xf2800
  mov rax, cr4
  call rdi
  mov ecx, 0xc0000080
  rdmsr
  call rdi
  ${expectFault64('mov eax, [0x201000]')}
  ${expectFault64('mov rax, [0x202000]')}
  ${expectFault64('mov byte ptr [0x200008], 1')}
  ${expectFault64('movabs rax, 0x800000000000\nmov rax, [rax]')}
  ${expectFault64('ud2')}
  ${expectFault64('mov eax, 0x201000\njmp rax')}
  ${expectFault64('int 0x30')}
  ${expectFault64('int 0x31\nint 0x50')}
  ${expectFault64('mov eax, 0xf8\nmov ds, ax')}
  ${expectFault64('pushfq\nor qword ptr [rsp], 0x100\npopfq\nnop\nnop')}
  ${expectFault64(iret64('0xf2c00', '0x43', '0x3202', '0x23'))}
  ${expectFault64(iret64('0xf2c10', '0x43', '0x202', '0x23'))}
  ${expectFault64(iret64('0xf2c20', '0x1b', '0x202', '0x23'))}
  ${expectFault64(iret64('0xf2c20', '0x43', '0x202', '0x0'))}
  ${expectFault64(iret64('0xf2c20', '0x40', '0x202', '0x23'))}
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, 0x330030
  wrmsr
  mov ecx, 0xc0000082
  mov eax, 0xf2c80
  xor edx, edx
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0x300
  wrmsr
  ${expectFault64(iret64('0xf2c30', '0x43', '0x346', '0x23'))}
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
const USER64 = [
  'mov eax, 0x1234\nint 0x30',
  'mov rax, [0x200000]',
  'inc eax\ninc eax\nint 0x30',
  'syscall\nnop\nint 0x30',
] as const
/** SYSCALL's entry: prints RCX, R11, CS and returns by SYSRET to the INT behind. */
const SYSCALL = `
  mov r15, rcx
  mov r14, r11
  mov rbx, rsp
  mov esp, 0x7b00
  mov edi, 0xf2800
  mov rax, r15
  call rdi
  mov rax, r14
  and eax, 0x7700
  call rdi
  mov eax, cs
  call rdi
  mov eax, ss
  call rdi
  pushfq
  pop rax
  and eax, 0x7700
  call rdi
  mov rsp, rbx
  mov rcx, r15
  mov r11, 0x202
  .byte 0x48, 0x0f, 0x07
`

export function modesRom(): Uint8Array {
  const rom = new Uint8Array(ROM_BYTES)
  const place = (text: string, offset: number, bits: 16 | 32 | 64, room: number) => {
    const code = assemble(text, bits === 16 ? offset : BASE + offset, bits)
    if (code.length > room) throw new Error(`code at ${offset.toString(16)} is ${code.length} bytes, room for ${room}`)
    rom.set(code, offset)
  }
  rom.set([0xea, 0, 0, 0, 0xf0], 0xfff0)
  place(REAL, 0, 16, 0x800)
  place(REAL_INT, 0x800, 16, 0x40)
  place(REAL_DIVIDE, 0x840, 16, 0x40)
  place(PROTECTED, 0x1000, 32, 0x800)
  place(LEGACY, 0x4000, 32, 0x800)
  place(CALL_GATE, 0x4800, 32, 0x200)
  place(SYSENTER, 0x4a00, 32, 0x200)
  place(USER_GATE, 0x4c00, 32, 0x20)
  place(USER_SYSENTER, 0x4c20, 32, 0x20)
  place(USER_AFTER_SYSEXIT, 0x4c40, 32, 0x20)
  rom.set(new TextEncoder().encode('outsb '), 0x4d00)
  place(CODE16, 0x4d10, 16, 0x40)
  place(PUT(32), PUT32 - BASE, 32, 0x100)
  place(HANDLER32, COMMON32 - BASE, 32, 0x100)
  place(LONG, 0x2000, 64, 0x800)
  place(PUT(64), PUT64 - BASE, 64, 0x100)
  place(HANDLER64, COMMON64 - BASE, 64, 0x100)
  for (let v = 0; v < 0x40; v++) {
    const code = [8, 10, 11, 12, 13, 14, 17].includes(v)
    for (const [stubs, common] of [
      [STUBS32, COMMON32],
      [STUBS64, COMMON64],
    ] as const) {
      if (v >= 0x20 && v < 0x30) continue
      const at = stubs - BASE + 16 * v
      const bytes = [...(code ? [] : [0x6a, 0]), 0x6a, v, 0xe9]
      const from = stubs + 16 * v + bytes.length + 4
      const relative = common - from
      rom.set([...bytes, relative & 255, (relative >> 8) & 255, (relative >> 16) & 255, (relative >> 24) & 255], at)
    }
  }
  USER32.forEach((text, i) => {
    place(text, 0x1c00 + 16 * i, 32, 16)
  })
  place(VIRTUAL, 0x1c30, 16, 16)
  place(USER_PAGED, 0x1c40, 32, 16)
  USER64.forEach((text, i) => {
    place(text, 0x2c00 + 16 * i, 64, 16)
  })
  place(SYSCALL, 0x2c80, 64, 0x180)
  const view = new DataView(rom.buffer)
  // GDT: null, code32, data, user code32, user data, TSS, code64, (absent data), user code64, spare, spare, TSS64 (16 bytes).
  const gdt = [
    0n,
    0x00cf9b000000ffffn,
    0x00cf93000000ffffn,
    0x00cffb000000ffffn,
    0x00cff3000000ffffn,
    0x0000890030000067n,
    0x00af9b000000ffffn,
    0x00cf13000000ffffn,
    0x00affb000000ffffn,
    0n,
    0n,
    0x0000890030000067n,
    0n,
  ]
  gdt.forEach((d, i) => {
    view.setBigUint64(0x3e00 + 8 * i, d, true)
  })
  const pointer = (offset: number, limit: number, base: number) => {
    view.setUint16(offset, limit, true)
    view.setUint32(offset + 2, base, true)
  }
  pointer(0x3f00, 0xff, BASE + 0x3e00)
  pointer(0x3f08, 0x1ff, 0x800)
  pointer(0x3f10, 0x67, 0x2000)
  pointer(0x3f18, 0x3ff, 0x1000)
  return rom
}
