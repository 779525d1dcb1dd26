// A boot ROM about hardware tasks: the same bytes run here and under QEMU, and print what every task sees on COM1.
//
// Reset vector -> 32-bit protected mode -> CALL, JMP and interrupts to tasks by TSS and task gate, back by IRET and JMP; busy bits, NT, back link,
// CR0.TS, error codes on the new stack; user and virtual-8086 tasks; CR3 and LDT of the new task; refusals before and after the switch.
// What QEMU 7.2 does not do as the manual says is a part of its own: it ignores the T bit, reads the registers of a 16-bit TSS from wrong
// offsets, and says #NP of a stack that is not present.
import { assemble } from './assemble.js'
import { COMMON32, expectFault, HANDLER32, PUT, PUT32, STUBS32 } from './modes-rom.js'

const BASE = 0xf0000
const GDT = 0x2000
const MAIN = 0x28
const TASK = 0x30
const TASK_TSS = 0x3100

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

const print = (...values: string[]): string => values.map((value) => `mov eax, ${value}\ncall edi`).join('\n')
// Keystone reads numbers as hexadecimal, with or without 0x.
const hex = (value: number): string => `0x${value.toString(16)}`
const far = (opcode: 0x9a | 0xea, selector: number): string => `.byte ${hex(opcode)}\n.long 0x0\n.word ${hex(selector)}`
const line = 'mov al, 0xa\nmov edx, 0x3f8\nout dx, al'

/** The state of the main task, and of the descriptors and back link. */
const REPORT = `
  mov edi, 0xf1800
  str eax
  call edi
  pushfd
  pop eax
  and eax, 0x7700
  call edi
  mov eax, cr0
  and eax, 0x8
  call edi
  clts
  ${print('[0x202c]', '[0x2034]', '[0x3100]', '[0x3120]', '[0x3124]', 'ebp', 'esp')}
  ${line}
`

/** Fresh descriptors, TSSs and TR; the main task's segments. */
const RESET = `
  cld
  mov edi, ${hex(GDT)}
  mov esi, 0xf3000
  mov ecx, 0x580
  .byte 0xf3, 0xa5
  lgdt [0xf3f10]
  xor eax, eax
  lldt ax
  mov ax, ${hex(MAIN)}
  ltr ax
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov fs, ax
  mov gs, ax
  mov esp, 0x77fc
  mov ebp, 0x5555
  clts
  mov edi, 0xf1800
`

const reset = 'mov eax, 0xf2800\ncall eax'
/** A transfer whose fault may come in the new task: afterwards everything is fresh again. */
const refused = (text: string): string => `${expectFault(text)}\nmov esp, 0x77fc\n${reset}`
const call = (selector: number): string => far(0x9a, selector)

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
  mov ebp, 0x5555
  cld
  mov edi, ${hex(GDT)}
  mov esi, 0xf3000
  mov ecx, 0x580
  .byte 0xf3, 0xa5
  lgdt [0xf3f10]
  mov ax, ${hex(MAIN)}
  ltr ax
  mov edi, 0xf1800
  mov ecx, 0xf5000
  call ecx
  mov ecx, 0xf8000
  call ecx
  mov ecx, 0xf9000
  call ecx
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

const GOOD = `
  ${call(TASK)}
  ${REPORT}
  ${call(TASK)}
  ${REPORT}
  ${far(0xea, 0x38)}
  ${REPORT}
  mov dword ptr [0x988], 0x300000
  mov dword ptr [0x98c], 0x8500
  stc
  int 0x31
  ${REPORT}
  mov dword ptr [0x868], 0x300000
  mov dword ptr [0x86c], 0x8500
  mov dword ptr [0x3120], 0xf6400
  mov eax, 0xf8
  mov fs, ax
  nop
  ${REPORT}
  mov dword ptr [0x868], 0x81ad0
  mov dword ptr [0x86c], 0xf8e00
  ${reset}
  ${expectFault(far(0xea, 0x50))}
  mov esp, 0x77fc
  str eax
  call edi
  ${reset}
  ${expectFault(far(0xea, 0x70))}
  mov esp, 0x77fc
  str eax
  call edi
  ${reset}
  mov dword ptr [0x3160], 0x68
  mov dword ptr [0x3154], 0xc
  ${call(TASK)}
  ${REPORT}
  mov dword ptr [0x10000], 0x83
  mov dword ptr [0x11000], 0x83
  mov dword ptr [0x301c], 0x10000
  mov dword ptr [0x311c], 0x11000
  mov eax, 0x10000
  mov cr3, eax
  mov eax, 0x10
  mov cr4, eax
  mov eax, 0x80000001
  mov cr0, eax
  ${call(TASK)}
  ${REPORT}
  mov eax, cr3
  call edi
  mov eax, 0x1
  mov cr0, eax
  ret
`

const user = (text: string): string => refused(`push 0x23\npush 0x7000\npush 0x2\npush 0x1b\npush ${text}\niretd`)

const REFUSALS = `
  ${reset}
  ${refused(call(MAIN))}
  ${refused(call(0x58))}
  ${refused(call(0x60))}
  ${refused(call(0x80))}
  ${refused(call(0x88))}
  ${refused(call(0x34))}
  ${user('0xf6500')}
  ${user('0xf6510')}
  ${user('0xf6520')}
  ${refused(`mov dword ptr [0x988], 0x300000\nmov dword ptr [0x98c], 0x500\nint 0x31`)}
  ${refused(`mov dword ptr [0x988], 0x280000\nmov dword ptr [0x98c], 0x8500\nint 0x31`)}
  ${refused(`push 0x4002\npopfd\nmov word ptr [0x3000], 0x30\niretd`)}
  ${refused(`push 0x4002\npopfd\nmov word ptr [0x3000], 0x10\niretd`)}
  ${refused(`push 0x4002\npopfd\nmov word ptr [0x3000], 0x0\niretd`)}
  ${refused(`mov word ptr [0x3160], 0x10\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x3160], 0x4\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x314c], 0x0\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x314c], 0x10\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x314c], 0x90\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x3150], 0x0\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x3150], 0x8\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x3154], 0x98\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x3158], 0x28\n${call(TASK)}`)}
  ${refused(`mov word ptr [0x315c], 0x3f8\n${call(TASK)}`)}
  ret
`

const ONLY_OURS = `
  ${reset}
  ${refused(`mov word ptr [0x3150], 0x98\n${call(TASK)}`)}
  ${expectFault(`mov word ptr [0x3164], 0x1\n${call(TASK)}`)}
  mov esp, 0x77f8
  mov eax, dr6
  and eax, 0xe00f
  call edi
  ${reset}
  ${call(0x48)}
  mov edi, 0xf1800
  ${print(...Array.from({ length: 8 }, (_, i) => `[${hex(0x600 + 4 * i)}]`))}
  ret
`
/** A 16-bit task. */
const NARROW = `
  ${['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di', 'es', 'cs', 'ss', 'ds', 'fs', 'gs'].map((r, i) => `mov word ptr [${hex(0x600 + 2 * i)}], ${r}`).join('\n')}
  pushf
  pop word ptr [0x61c]
  mov ax, [0x3200]
  mov [0x61e], ax
  iret
`

/** The task: prints what it was given, goes back by IRET; the next time by IRET again, then by JMP, then by IRET for ever. */
const SEE = `
  ${print('ebx', 'ecx', 'esi', 'ebp', 'esp', 'cs', 'ss', 'ds', 'fs', '[0x3100]')}
  str eax
  call edi
  sldt eax
  call edi
  mov eax, cr3
  call edi
  pushfd
  pop eax
  and eax, 0x7701
  call edi
  mov eax, cr0
  and eax, 8
  call edi
  clts
  mov eax, [0x3024]
  and eax, 0x27701
  call edi
  ${print('[0x3020]', '[0x3038]', '[0x303c]', '[0x304c]', '[0x202c]', '[0x2034]')}
  ${line}
`
const TASK_CODE = `
  ${SEE}
  iretd
  inc ebx
  ${SEE}
  iretd
  ${SEE}
  ${far(0xea, MAIN)}
again:
  ${SEE}
  iretd
  jmp again
`
/** Entered by an exception with error code: prints it, moves the other task behind the instruction. */
const FAULT_TASK = `
  pop eax
  call edi
  mov dword ptr [0x3120], 0x0
  add dword ptr [0x3020], 0x2
  ${SEE}
  iretd
`

interface TaskImage {
  readonly at: number
  readonly eip: number
  readonly flags: number
  readonly esp: number
  readonly segments: readonly number[]
}

/** `all`: with the part that QEMU is no judge of. */
export function tasksRom(all: boolean): Uint8Array {
  const rom = new Uint8Array(0x10000)
  const place = (text: string, offset: number, bits: 16 | 32, room: number) => {
    const code = assemble(text, bits === 16 ? offset : BASE + offset, bits)
    if (code.length > room) throw new Error(`code at ${offset.toString(16)} is ${code.length} bytes, room for ${room}`)
    rom.set(code, offset)
  }
  rom.set([0xea, 0, 0, 0, 0xf0], 0xfff0)
  place(REAL, 0, 16, 0x100)
  place(PROTECTED, 0x1000, 32, 0x800)
  place(PUT(32), PUT32 - BASE, 32, 0x100)
  place(HANDLER32, COMMON32 - BASE, 32, 0x100)
  for (let v = 0; v < 0x40; v++) {
    const code = [8, 10, 11, 12, 13, 14, 17].includes(v)
    const bytes = [...(code ? [] : [0x6a, 0]), 0x6a, v, 0xe9]
    const relative = COMMON32 - (STUBS32 + 16 * v + bytes.length + 4)
    rom.set([...bytes, relative & 255, (relative >> 8) & 255, (relative >> 16) & 255, 0xff], STUBS32 - BASE + 16 * v)
  }
  place(`pop ebx\n${RESET}\njmp ebx`, 0x2800, 32, 0x100)
  place(GOOD, 0x5000, 32, 0x1000)
  place(REFUSALS, 0x8000, 32, 0x1000)
  place(all ? ONLY_OURS : 'ret', 0x9000, 32, 0x1000)
  place(NARROW, 0x6580, 16, 0x80)
  place(TASK_CODE, 0x6000, 32, 0x400)
  place(FAULT_TASK, 0x6400, 32, 0x100)
  place(call(TASK), 0x6500, 32, 16)
  place(call(0x38), 0x6510, 32, 16)
  place('int 0x31', 0x6520, 32, 16)
  place('mov eax, esi\nint 0x30', 0x6540, 32, 16)
  place('mov ax, bx\nint 0x30', 0x6560, 16, 16)
  const view = new DataView(rom.buffer)
  const gdt = [
    0n,
    0x00cf9b000000ffffn, // 08 code
    0x00cf93000000ffffn, // 10 data
    0x00cffb000000ffffn, // 18 user code
    0x00cff3000000ffffn, // 20 user data
    0x0000890030000067n, // 28 TSS of the main task
    0x0000890031000067n, // 30 TSS of the other
    0x0000850000300000n, // 38 task gate to it
    0x0000e50000300000n, // 40 the same for level 3
    0x000081003200002bn, // 48 16-bit TSS
    0x0000890033000067n, // 50 TSS of a task at level 3
    0x0000090031000067n, // 58 not present
    0x0000890031000066n, // 60 too short
    0x000082003400000fn, // 68 LDT
    0x0000890035000067n, // 70 TSS of a virtual-8086 task
    0n,
    0x0000850000580000n, // 80 task gate to what is not present
    0x0000050000300000n, // 88 task gate that is not present
    0x00cf1b000000ffffn, // 90 code that is not present
    0x00cf13000000ffffn, // 98 data that is not present
    0x00009b0f0000ffffn, // a0 16-bit code
  ]
  gdt.forEach((d, i) => {
    view.setBigUint64(0x3000 + 8 * i, d, true)
  })
  const low = (address: number): number => 0x3000 + address - GDT
  const task = ({ at, eip, flags, esp, segments }: TaskImage) => {
    view.setUint32(low(at + 0x20), eip, true)
    view.setUint32(low(at + 0x24), flags, true)
    for (let n = 0; n < 8; n++) view.setUint32(low(at + 0x28 + 4 * n), n === 4 ? esp : 0x1110 * (n + 1), true)
    segments.forEach((selector, n) => {
      view.setUint32(low(at + 0x48 + 4 * n), selector, true)
    })
    view.setUint32(low(at + 4), 0x7c00, true)
    view.setUint32(low(at + 8), 0x10, true)
    view.setUint32(low(at + 0x44), PUT32, true)
    view.setUint16(low(at + 0x66), 0x68, true)
  }
  task({ at: 0x3000, eip: 0, flags: 2, esp: 0, segments: [] })
  task({ at: TASK_TSS, eip: 0xf6000, flags: 0x602, esp: 0x7400, segments: [0x10, 8, 0x10, 0x10, 0x10, 0x10] })
  task({ at: 0x3300, eip: 0xf6540, flags: 0x3202, esp: 0x7000, segments: [0x23, 0x1b, 0x23, 0x23, 0x23, 0x23] })
  task({
    at: 0x3500,
    eip: 0x6560,
    flags: 0x23202,
    esp: 0x700,
    segments: [0x1111, 0xf000, 0x600, 0x2222, 0x3333, 0x4444],
  })
  const narrow = [0x6580, 0x0603, 1, 2, 3, 4, 0x7000, 6, 7, 8, 0x10, 0xa0, 0x10, 0x10, 0x68]
  narrow.forEach((word, n) => {
    view.setUint16(low(0x320e + 2 * n), word, true)
  })
  view.setBigUint64(low(0x3408), 0x00cf93000000ffffn, true)
  const pointer = (offset: number, limit: number, base: number) => {
    view.setUint16(offset, limit, true)
    view.setUint32(offset + 2, base, true)
  }
  pointer(0x3f00, 0xff, BASE + 0x3000)
  pointer(0x3f08, 0x1ff, 0x800)
  pointer(0x3f10, 0xff, GDT)
  return rom
}
