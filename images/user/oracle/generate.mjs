// SPDX-License-Identifier: GPL-2.0-or-later
// The instruction forms that oracle.c executes, one short routine each, and the table of them, as assembly text.
//
// Promises: the same text each time. Operands by convention: RAX first operand, RCX second, [RSI] memory source and
// destination, [RDI] second buffer, RBX and RDX free; XMM0 and XMM1; ST(0), ST(1). `flags` names those that the manual
// defines after the form; the others are not compared.
import { constants, extendedForms } from './extended-forms.mjs'

const CF = 1
const PF = 4
const AF = 0x10
const ZF = 0x40
const SF = 0x80
const OF = 0x800
const ALL = CF | PF | AF | ZF | SF | OF

const forms = []
/** One form. Its name is its instruction, unless given. `approximate`: results differ between processors; run by name only. */
function form(code, { kind = 'INTEGER', flags = ALL, cases = 40, name, approximate = false } = {}) {
  const text = name ?? code
  if (forms.some((f) => f.name === text)) throw new Error(`form twice: ${text}`)
  forms.push({ name: text, code, kind, flags, cases, approximate })
}

const sizes = [8, 16, 32, 64]
const pointer = { 8: 'byte ptr', 16: 'word ptr', 32: 'dword ptr', 64: 'qword ptr', 128: 'xmmword ptr' }
const register = {
  a: { 8: 'al', 16: 'ax', 32: 'eax', 64: 'rax' },
  b: { 8: 'bl', 16: 'bx', 32: 'ebx', 64: 'rbx' },
  c: { 8: 'cl', 16: 'cx', 32: 'ecx', 64: 'rcx' },
  d: { 8: 'dl', 16: 'dx', 32: 'edx', 64: 'rdx' },
  bp: { 8: 'bpl', 16: 'bp', 32: 'ebp', 64: 'rbp' },
  r9: { 8: 'r9b', 16: 'r9w', 32: 'r9d', 64: 'r9' },
  r13: { 8: 'r13b', 16: 'r13w', 32: 'r13d', 64: 'r13' },
}
const immediates = {
  8: [0, 1, -1, 0x7f, -128],
  16: [1, -1, 0x7fff, -32768, 0x80],
  32: [1, -128, 0x7fffffff, -2147483648, 0x80],
  64: [1, -1, 0x7fffffff, -2147483648, 0x80],
}
const conditions = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g']

function mem(size, address = 'rsi') {
  return `${pointer[size]} [${address}]`
}

// ---- Two operands, all flags ----------------------------------------------------------------------------------------
for (const op of ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp', 'test']) {
  const flags = ['or', 'and', 'xor', 'test'].includes(op) ? ALL & ~AF : ALL
  for (const size of sizes) {
    const a = register.a[size]
    const c = register.c[size]
    form(`${op} ${a}, ${c}`, { flags })
    if (op !== 'test') form(`{load} ${op} ${a}, ${c}`, { flags })
    form(`${op} ${register.r9[size]}, ${register.r13[size]}`, { flags })
    form(`${op} ${register.bp[size]}, ${register.r9[size]}`, { flags, cases: 20 })
    if (op !== 'test') form(`${op} ${a}, ${mem(size)}`, { flags })
    form(`${op} ${mem(size)}, ${c}`, { flags })
    form(`${op} ${mem(size, 'rsi + 7')}, ${register.r9[size]}`, { flags, cases: 20 })
    if (!['cmp', 'test'].includes(op)) form(`lock ${op} ${mem(size)}, ${c}`, { flags, cases: 20 })
    for (const i of immediates[size]) {
      form(`${op} ${a}, ${i}`, { flags, cases: 20 })
      form(`${op} ${register.r9[size]}, ${i}`, { flags, cases: 16 })
      form(`${op} ${mem(size)}, ${i}`, { flags, cases: 20 })
    }
  }
  form(`${op} ah, cl`, { flags })
  form(`${op} bl, ch`, { flags })
  form(`${op} dh, bh`, { flags })
}

// Chains that use flags produced by one another.
for (const size of sizes) {
  const [a, c, d, b] = [register.a[size], register.c[size], register.d[size], register.b[size]]
  form(`add ${a}, ${c}; adc ${d}, ${b}; sbb ${c}, ${d}`)
  form(`sub ${a}, ${c}; inc ${d}; adc ${b}, ${b}; setc cl`)
  form(`cmp ${a}, ${c}; lahf; mov r8, rax; pushfq; pop r10; and r10, 0x8d5`, { name: `cmp ${a}, ${c}; lahf; pushfq` })
  form(`neg ${a}; rcl ${c}, 1; rcr ${d}, 1; adc ${b}, 0`, { flags: ALL })
  form(`add ${a}, ${c}; dec ${d}; pushfq; pop r10; and r10, 0x8d5; seto r11b; setp r12b; setbe r13b; setle r14b`, {
    name: `add ${a}, ${c}; dec ${d}; all conditions`,
  })
}

// ---- One operand ----------------------------------------------------------------------------------------------------
for (const op of ['inc', 'dec', 'neg', 'not']) {
  for (const size of sizes) {
    form(`${op} ${register.a[size]}`)
    form(`${op} ${register.r13[size]}`, { cases: 20 })
    form(`${op} ${mem(size)}`)
    form(`lock ${op} ${mem(size, 'rsi + 5')}`, { cases: 20 })
  }
  form(`${op} ah`)
}
for (const size of sizes) {
  for (const op of ['mul', 'imul']) {
    form(`${op} ${register.c[size]}`, { flags: CF | OF, cases: 80 })
    form(`${op} ${mem(size)}`, { flags: CF | OF })
  }
  for (const op of ['div', 'idiv']) {
    form(`${op} ${register.c[size]}`, { flags: 0, cases: 100 })
    form(`${op} ${mem(size)}`, { flags: 0 })
    const narrow =
      op === 'div'
        ? size === 8
          ? 'xor ah, ah'
          : `xor ${register.d[size]}, ${register.d[size]}`
        : { 8: 'cbw', 16: 'cwd', 32: 'cdq', 64: 'cqo' }[size]
    form(`${narrow}; ${op} ${register.c[size]}`, { flags: 0, cases: 80 })
    form(`${narrow}; ${op} ${register.r9[size]}`, { flags: 0 })
  }
  if (size !== 8) {
    const a = register.a[size]
    form(`imul ${a}, ${register.c[size]}`, { flags: CF | OF, cases: 80 })
    form(`imul ${a}, ${mem(size)}`, { flags: CF | OF })
    for (const i of [3, -1, -128, 0x7f, 1000, size === 16 ? -32768 : -2147483648]) {
      form(`imul ${a}, ${register.c[size]}, ${i}`, { flags: CF | OF, cases: 20 })
      form(`imul ${register.r9[size]}, ${mem(size)}, ${i}`, { flags: CF | OF, cases: 16 })
    }
  }
}
form('div ah', { flags: 0 })
form('mul ch', { flags: CF | OF })

// ---- Shifts and rotates ---------------------------------------------------------------------------------------------
for (const op of ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sar']) {
  const rotate = op[0] === 'r'
  for (const size of sizes) {
    const one = rotate ? ALL : ALL & ~AF
    let many = rotate ? ALL & ~OF : ALL & ~(AF | OF)
    form(`${op} ${register.a[size]}, 1`, { flags: one })
    form(`${op} ${mem(size)}, 1`, { flags: one })
    for (const count of new Set([2, 7, size - 1])) {
      form(`${op} ${register.a[size]}, ${count}`, { flags: many, cases: 20 })
      form(`${op} ${mem(size)}, ${count}`, { flags: many, cases: 16 })
    }
    for (const count of [0, 32, 64]) {
      // Masked to 0 (or to 32 for quadwords).
      if (!(size === 64 && count === 32)) form(`${op} ${register.r9[size]}, ${count}`, { flags: ALL, cases: 16 })
    }
    if (size < 32 && !rotate) many &= ~CF
    form(`${op} ${register.a[size]}, cl`, { flags: many, cases: 100 })
    form(`${op} ${register.r13[size]}, cl`, { flags: many, cases: 40 })
    form(`${op} ${mem(size)}, cl`, { flags: many, cases: 60 })
    form(`and ecx, 1; ${op} ${register.d[size]}, cl`, { flags: 0, cases: 20 })
    if (size < 32) form(`${op} ${register.a[size]}, 17`, { flags: many, cases: 20 })
  }
  form(`${op} ah, cl`, { flags: rotate ? CF | ZF | SF | PF : ZF | SF | PF })
}
for (const op of ['shld', 'shrd']) {
  for (const size of [16, 32, 64]) {
    form(`${op} ${register.a[size]}, ${register.d[size]}, 1`, { flags: ALL & ~AF })
    for (const count of [0, 3, size - 1]) {
      const flags = count === 0 ? ALL : ALL & ~(AF | OF)
      form(`${op} ${register.a[size]}, ${register.d[size]}, ${count}`, { flags, cases: 20 })
      form(`${op} ${mem(size)}, ${register.r9[size]}, ${count}`, { flags, cases: 20 })
    }
    const bound = size === 16 ? 'and cl, 0xef; ' : ''
    form(`${bound}${op} ${register.a[size]}, ${register.d[size]}, cl`, {
      flags: size === 16 ? 0 : ALL & ~(AF | OF),
      cases: 80,
    })
    form(`${bound}${op} ${mem(size)}, ${register.d[size]}, cl`, {
      flags: size === 16 ? 0 : ALL & ~(AF | OF),
      cases: 40,
    })
  }
}

// ---- Bits -----------------------------------------------------------------------------------------------------------
for (const op of ['bt', 'bts', 'btr', 'btc']) {
  for (const size of [16, 32, 64]) {
    const flags = CF | ZF
    form(`${op} ${register.a[size]}, ${register.c[size]}`, { flags })
    for (const i of [0, 5, size - 1, 77]) {
      form(`${op} ${register.a[size]}, ${i}`, { flags, cases: 16 })
      form(`${op} ${mem(size)}, ${i}`, { flags, cases: 16 })
    }
    form(`movsx ecx, cl; movsx rcx, cl; add rsi, 24; ${op} ${mem(size)}, ${register.c[size]}`, {
      flags: CF,
      name: `${op} ${mem(size)}, ${register.c[size]}`,
    })
    if (op !== 'bt') form(`lock ${op} ${mem(size)}, ${size - 3}`, { flags, cases: 16 })
  }
}
for (const size of [16, 32, 64]) {
  const c = register.c[size]
  for (const op of ['bsf', 'bsr']) {
    form(`bts rcx, ${size - 1}; ${op} ${register.a[size]}, ${c}`, { flags: ZF })
    form(`or ${mem(size)}, 1; ${op} ${register.a[size]}, ${mem(size)}`, { flags: ZF })
    form(`xor ecx, ecx; ${op} ${register.a[size]}, ${c}; mov eax, 0`, { flags: ZF, cases: 16 })
  }
  form(`popcnt ${register.a[size]}, ${c}`)
  form(`popcnt ${register.a[size]}, ${mem(size)}`)
}
form('bswap eax')
form('bswap rax')
form('bswap r13')

// ---- Moves ----------------------------------------------------------------------------------------------------------
for (const size of sizes) {
  const [a, c] = [register.a[size], register.c[size]]
  form(`mov ${a}, ${c}`, { cases: 16 })
  form(`mov ${register.r9[size]}, ${mem(size)}`, { cases: 16 })
  form(`mov ${mem(size, 'rsi + 3')}, ${register.r13[size]}`, { cases: 16 })
  form(`mov ${mem(size)}, ${size === 8 ? -3 : -300}`, { cases: 16 })
  form(`mov ${register.r9[size]}, ${size === 8 ? 0x81 : size === 16 ? 0x8123 : 0x81234567}`, { cases: 16 })
  form(`xchg ${a}, ${c}`, { cases: 16 })
  form(`xchg ${register.r9[size]}, ${register.d[size]}`, { cases: 16 })
  form(`xchg ${mem(size)}, ${c}`, { cases: 16 })
  form(`xadd ${a}, ${c}`)
  form(`xadd ${a}, ${a}`, { cases: 16 })
  form(`xadd ${mem(size)}, ${c}`)
  form(`lock xadd ${mem(size)}, ${register.r9[size]}`, { cases: 16 })
  form(`cmpxchg ${register.d[size]}, ${c}`)
  form(`cmpxchg ${mem(size)}, ${c}`)
  form(`mov ${a}, ${mem(size)}; lock cmpxchg ${mem(size)}, ${c}`)
  form(`mov ${mem(size)}, ${a}; cmpxchg ${mem(size)}, ${c}`)
}
form('movabs rax, 0x123456789abcdef0', { cases: 8 })
form('mov ah, cl', { cases: 8 })
form('mov bh, dh', { cases: 8 })
form('mov byte ptr [rsi], ch', { cases: 8 })
form('xchg ah, al', { cases: 8 })
form('xchg eax, eax', { cases: 8 })
form('.byte 0x87, 0xc0', { cases: 8, name: 'xchg eax, eax (87)' })
form('.byte 0x41, 0x90', { cases: 8, name: 'xchg r8d, eax' })
for (const [to, from] of [
  [16, 8],
  [32, 8],
  [64, 8],
  [32, 16],
  [64, 16],
]) {
  for (const op of ['movzx', 'movsx']) {
    form(`${op} ${register.a[to]}, ${register.c[from]}`, { cases: 16 })
    form(`${op} ${register.r9[to]}, ${mem(from)}`, { cases: 16 })
  }
}
form('movzx eax, ch', { cases: 16 })
form('movsx eax, dh', { cases: 16 })
form('movsxd rax, ecx', { cases: 16 })
form('movsxd rax, dword ptr [rsi]', { cases: 16 })
for (const cc of conditions) {
  form(`set${cc} al`, { cases: 24 })
  form(`set${cc} byte ptr [rsi]`, { cases: 12 })
  for (const size of [16, 32, 64]) form(`cmov${cc} ${register.a[size]}, ${register.c[size]}`, { cases: 24 })
  form(`cmov${cc} eax, dword ptr [rsi]`, { cases: 12 })
  form(`j${cc} 1f; not rax; 1: lea rcx, [rcx + 1]`, { cases: 24 })
  for (const size of sizes)
    form(`cmp ${register.a[size]}, ${register.c[size]}; j${cc} 1f; not rbx; 1: nop`, {
      cases: 24,
      name: `cmp ${register.a[size]}, ${register.c[size]}; j${cc}`,
    })
}
for (const op of ['cbw', 'cwde', 'cdqe', 'cwd', 'cdq', 'cqo', 'lahf', 'sahf', 'cmc', 'clc', 'stc', 'cld', 'std', 'nop'])
  form(op, { cases: 24 })
for (const address of [
  'rax + rcx',
  'rax + rcx*8 - 5',
  'rbp + r13*2',
  'r13',
  'r12 + 0x7fffffff',
  'rcx*4 - 0x80000000',
  'eax + ecx*2',
  'r9d - 1',
]) {
  for (const size of [16, 32, 64]) form(`lea ${register.d[size]}, [${address}]`, { cases: 12 })
}
form('lea rax, [rsi + 8]; mov rbx, [rax + 8]; and ecx, 3; mov rdx, [rax + rcx*8]', { name: 'indexed loads' })
form('and r9d, 7; mov al, [rsi + r9]; mov [rsi + r9*8], al', { name: 'indexed bytes' })
form('mov eax, dword ptr [rip + 1f]; jmp 2f; 1: .long 0x12345678; 2: nop', { cases: 8, name: 'RIP-relative load' })
form('mov rbx, rsi; and al, 31; xlatb', { cases: 16 })

// ---- Stack, calls ---------------------------------------------------------------------------------------------------
form('push rax; pop rcx', { cases: 8 })
form('push ax; pop cx', { cases: 8 })
form('push -5; pop rcx; push 0x12345678; pop rdx; push qword ptr [rsi]; pop qword ptr [rsi + 8]', {
  cases: 8,
  name: 'push and pop forms',
})
form('push rax; pushfq; pop rcx; and rcx, 0xcd5; popfq; pushfq; pop rdx; and rdx, 0xcd5; push 0x202; popfq', {
  flags: 0,
  name: 'pushfq and popfq',
})
form('mov rax, rsp; push rsp; pop rcx; sub rcx, rax; mov eax, 0', { cases: 8, flags: ALL, name: 'push rsp' })
form('mov rax, rsp; enter 32, 0; mov rcx, rbp; leave; sub rax, rsp; sub rcx, rsp', {
  cases: 8,
  name: 'enter and leave',
})
form('mov rbp, rsp; mov rax, rsp; enter 16, 2; mov rcx, rsp; leave; sub rax, rsp; sub rcx, rsp; xor ebp, ebp', {
  cases: 8,
  name: 'enter with two levels',
})
form('call 1f; jmp 2f; 1: add rax, rcx; ret; 2: nop', { cases: 12, name: 'call and ret' })
form('lea rbx, [rip + 1f]; call rbx; jmp 2f; 1: sub rax, rcx; ret; 2: xor ebx, ebx', {
  cases: 12,
  name: 'indirect call',
  flags: ALL & ~AF,
})
form('push rax; push rcx; call 1f; jmp 2f; 1: ret 16; 2: nop', { cases: 8, name: 'ret imm16' })
form('and ecx, 15; inc ecx; 1: add rax, rcx; loop 1b', { cases: 16, name: 'loop' })
form('and ecx, 15; inc ecx; 1: dec rax; test al, 7; loopne 1b', { cases: 16, name: 'loopne', flags: ALL & ~AF })
form('and ecx, 15; inc ecx; 1: dec rax; test al, 1; loope 1b', { cases: 16, name: 'loope', flags: ALL & ~AF })
form('jrcxz 1f; not rax; 1: nop', { cases: 12, name: 'jrcxz' })
form('jecxz 1f; not rax; 1: nop', { cases: 24, name: 'jecxz' })
form('mov rdx, rax; mov rax, [rsi]; lock cmpxchg8b [rsi]', { cases: 24 })
form('mov eax, [rsi]; mov edx, [rsi + 4]; lock cmpxchg8b [rsi]', { cases: 24 })
form('cmpxchg16b [rsi]', { cases: 24 })
form('mov rax, [rsi]; mov rdx, [rsi + 8]; lock cmpxchg16b [rsi]', { cases: 24 })
form('cmpxchg16b [rsi + 8]', { cases: 8 })

// ---- Strings --------------------------------------------------------------------------------------------------------
for (const [suffix] of [['b'], ['w'], ['d'], ['q']]) {
  for (const op of ['movs', 'stos', 'lods', 'scas', 'cmps']) {
    form(`${op}${suffix}`, { kind: 'STRING', cases: 24 })
    if (op === 'scas' || op === 'cmps') {
      for (const rep of ['repe', 'repne']) {
        // The flags of an empty repetition are those before it.
        form(`${rep} ${op}${suffix}`, { kind: 'STRING', cases: 40 })
      }
    } else if (suffix === 'b' || suffix === 'w') form(`rep ${op}${suffix}`, { kind: 'STRING', cases: 40 })
    else form(`and ecx, 3; rep ${op}${suffix}`, { kind: 'STRING', cases: 40, flags: ALL & ~AF })
  }
}
for (const f of forms) {
  // Long elements must stay inside the two buffers.
  if (f.kind === 'STRING' && /rep(e|ne) (scas|cmps)[dq]/.test(f.code)) {
    f.code = `push rax; pushfq; and ecx, 3; popfq; pop rax; ${f.code}`
  }
}
form('mov ecx, 5; addr32 rep stosb', { kind: 'STRING', cases: 12 })

// ---- Faults ---------------------------------------------------------------------------------------------------------
for (const code of [
  'ud2',
  'hlt',
  'int3',
  'cli',
  'in al, dx',
  'out dx, al',
  'mov rax, cr0',
  'wbinvd',
  'lgdt [rsi]',
  'ltr ax',
  'invlpg [rsi]',
  'rdmsr',
  'wrmsr',
  'clts',
  'sysretq',
]) {
  form(code, { cases: 4, flags: 0 })
}
for (const [name, bytes] of [
  ['06', '0x06'],
  ['0e', '0x0e'],
  ['27', '0x27'],
  ['37', '0x37'],
  ['60', '0x60'],
  ['82', '0x82, 0xc0, 1'],
  ['9a', '0x9a'],
  ['ce', '0xce'],
  ['d4', '0xd4, 10'],
  ['d6', '0xd6'],
  ['ea', '0xea'],
  ['0f 04', '0x0f, 0x04'],
  ['0f 0a', '0x0f, 0x0a'],
  ['0f ff', '0x0f, 0xff, 0xc0'],
  ['lock nop', '0xf0, 0x90'],
  ['lock mov', '0xf0, 0x89, 0x06'],
  ['lock add register', '0xf0, 0x01, 0xc8'],
  ['lea register', '0x8d, 0xc0'],
  ['c7 /1', '0xc7, 0xc8, 0, 0, 0, 0'],
  ['fe /2', '0xfe, 0xd0'],
  ['ff /7', '0xff, 0xf8'],
  ['8c /6', '0x8c, 0xf0'],
  ['lock cmp', '0xf0, 0x39, 0x06'],
  ['0f b9', '0x0f, 0xb9, 0xc0'],
  ['16 bytes', '0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90'],
]) {
  form(`.byte ${bytes}`, { cases: 2, flags: 0, name: `undefined: ${name}` })
}
form('mov rdx, 0x8000000000000000; mov rax, [rdx]', { cases: 4, name: 'load, not canonical' })
form('mov rdx, 0x800000000000; mov [rdx], rax', { cases: 4, name: 'store, not canonical' })
form('mov rdx, 0x7fffffffffff; mov eax, [rdx]', { cases: 4, name: 'load across the canonical end' })
for (const code of [
  'mov rax, [rbx]',
  'mov rax, [rbx - 4]',
  'mov [rbx - 4], rax',
  'mov [rbx - 1], ax',
  'add [rbx - 2], ecx',
  'add [rbx - 4], ecx',
  'push qword ptr [rbx - 1]',
  'xchg [rbx - 3], ecx',
  'movups xmm1, [rbx - 8]',
  'movups [rbx - 8], xmm0',
  'movups [rbx - 16], xmm0',
  'lock xadd [rbx - 7], rax',
  'cmpxchg [rbx], rcx',
  'inc byte ptr [rbx]',
  'mov rdi, rbx; sub rdi, 5; mov ecx, 9; rep stosb',
  'lea rsi, [rbx - 6]; lea rdi, [rbx - 32]; mov ecx, 5; rep movsw',
  'lea rdi, [rbx - 8]; mov ecx, 9; rep movsd',
  'lea rsi, [rbx - 8]; lea rdi, [rbx - 24]; mov ecx, 4; repe cmpsq',
  'mov rsp, rbx; push rax; add rsp, 8; pop rcx',
  'shl dword ptr [rbx - 1], cl',
  'bts dword ptr [rbx - 4], 7',
  'imul eax, [rbx - 2], 7',
  'cmovne eax, [rbx]',
  'test [rbx - 1], cx',
]) {
  form(code, { kind: 'PAGE', cases: 6, flags: 0 })
}
for (const code of [
  'movaps xmm0, [rsi + 8]',
  'movapd [rsi + 1], xmm0',
  'movdqa xmm0, [rsi + 4]',
  'addps xmm0, [rsi + 8]',
  'paddb xmm0, [rsi + 1]',
  'movntps [rsi + 8], xmm0',
  'sqrtpd xmm0, [rsi + 8]',
]) {
  form(code, { kind: 'VECTOR', cases: 3, flags: 0 })
}

// ---- SSE: integers --------------------------------------------------------------------------------------------------
const packed =
  `punpcklbw punpcklwd punpckldq packsswb pcmpgtb pcmpgtw pcmpgtd packuswb punpckhbw punpckhwd punpckhdq packssdw
  pcmpeqb pcmpeqw pcmpeqd psrlw psrld psrlq paddq pmullw psubusb psubusw pminub pand paddusb paddusw pmaxub pandn pavgb psraw psrad
  pavgw pmulhuw pmulhw psubsb psubsw pminsw por paddsb paddsw pmaxsw pxor psllw pslld psllq pmuludq pmaddwd psadbw psubb psubw psubd
  psubq paddb paddw paddd`
    .trim()
    .split(/\s+/)
const shifts = ['psrlw', 'psrld', 'psrlq', 'psraw', 'psrad', 'psllw', 'pslld', 'psllq']
for (const op of [...packed, 'punpcklqdq', 'punpckhqdq']) {
  form(`${op} xmm0, xmm1`, { kind: 'VECTOR', cases: 60 })
  form(`${op} xmm2, [rsi + 16]`, { kind: 'VECTOR', cases: 20 })
  if (shifts.includes(op)) {
    form(`pand xmm1, [rip + mask_63]; ${op} xmm0, xmm1`, { kind: 'VECTOR', cases: 40 })
    for (const i of [0, 1, 7, 15, 16, 31, 32, 63, 64, 255]) form(`${op} xmm0, ${i}`, { kind: 'VECTOR', cases: 8 })
  }
}
for (const op of [
  'unpcklps',
  'unpckhps',
  'unpcklpd',
  'unpckhpd',
  'andps',
  'andnps',
  'orps',
  'xorps',
  'andpd',
  'andnpd',
  'orpd',
  'xorpd',
]) {
  form(`${op} xmm0, xmm1`, { kind: 'VECTOR', cases: 20 })
  form(`${op} xmm3, [rsi]`, { kind: 'VECTOR', cases: 10 })
}
for (const i of [0, 0x1b, 0xe4, 0x4e, 0x93, 0xff]) {
  for (const op of ['pshufd', 'pshufhw', 'pshuflw', 'shufps', 'shufpd']) {
    form(`${op} xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 8 })
    form(`${op} xmm2, [rsi], ${i}`, { kind: 'VECTOR', cases: 4 })
  }
  form(`pinsrw xmm0, ecx, ${i}`, { kind: 'VECTOR', cases: 8 })
  form(`pinsrw xmm0, word ptr [rsi + 3], ${i}`, { kind: 'VECTOR', cases: 4 })
  form(`pextrw eax, xmm1, ${i}`, { kind: 'VECTOR', cases: 8 })
  form(`psrldq xmm0, ${i}`, { kind: 'VECTOR', cases: 6 })
  form(`pslldq xmm0, ${i}`, { kind: 'VECTOR', cases: 6 })
}
for (const i of [1, 8, 15, 16]) {
  form(`psrldq xmm1, ${i}`, { kind: 'VECTOR', cases: 6 })
  form(`pslldq xmm1, ${i}`, { kind: 'VECTOR', cases: 6 })
}
for (const code of [
  'movaps xmm0, xmm1',
  'movups xmm0, [rsi + 3]',
  'movups [rsi + 3], xmm0',
  'movaps xmm0, [rsi]',
  'movaps [rsi], xmm1',
  'movapd xmm0, xmm1',
  'movapd xmm2, [rsi]',
  'movupd xmm2, [rsi + 1]',
  'movdqa xmm0, xmm1',
  'movdqa xmm0, [rsi]',
  'movdqa [rsi], xmm0',
  'movdqu xmm0, [rsi + 5]',
  'movdqu [rsi + 5], xmm0',
  'movss xmm0, xmm1',
  'movss xmm0, [rsi]',
  'movss [rsi], xmm0',
  'movsd xmm0, xmm1',
  'movsd xmm0, qword ptr [rsi]',
  'movsd qword ptr [rsi], xmm0',
  'movlps xmm0, [rsi]',
  'movlps [rsi], xmm0',
  'movhps xmm0, [rsi]',
  'movhps [rsi], xmm0',
  'movlpd xmm0, [rsi]',
  'movlpd [rsi], xmm0',
  'movhpd xmm0, [rsi]',
  'movhpd [rsi], xmm0',
  'movhlps xmm0, xmm1',
  'movlhps xmm0, xmm1',
  'movd xmm0, ecx',
  'movq xmm0, rcx',
  'movd eax, xmm1',
  'movq rax, xmm1',
  'movd xmm0, [rsi]',
  'movd [rsi], xmm0',
  'movq xmm0, [rsi]',
  'movq [rsi], xmm0',
  'movq xmm0, xmm1',
  '{store} movq xmm0, xmm1',
  '{store} movaps xmm0, xmm1',
  '{store} movups xmm0, xmm1',
  '{store} movdqa xmm0, xmm1',
  '{store} movss xmm0, xmm1',
  '{store} movsd xmm0, xmm1',
  'movntps [rsi], xmm0',
  'movntpd [rsi], xmm0',
  'movntdq [rsi], xmm0',
  'movnti [rsi], ecx',
  'movnti [rsi], rcx',
  'movmskps eax, xmm1',
  'movmskpd eax, xmm1',
  'pmovmskb eax, xmm1',
  'maskmovdqu xmm0, xmm1',
  'movaps xmm8, xmm1; paddb xmm8, xmm0; movaps xmm0, xmm8',
  'mov r9, rcx; movq xmm9, r9; movq xmm2, xmm9',
  'sfence',
  'lfence',
  'mfence',
  'prefetcht0 [rsi]',
  'clflush [rsi]',
])
  form(code, { kind: 'VECTOR', cases: 16 })

// ---- SSE: floating point --------------------------------------------------------------------------------------------
for (const op of ['add', 'sub', 'mul', 'div', 'min', 'max']) {
  form(`${op}ps xmm0, xmm1`, { kind: 'SINGLE', cases: 300 })
  form(`${op}ps xmm2, [rsi]`, { kind: 'SINGLE', cases: 60 })
  form(`${op}ss xmm0, xmm1`, { kind: 'SINGLE', cases: 400 })
  form(`${op}ss xmm2, [rsi + 4]`, { kind: 'SINGLE', cases: 60 })
  form(`${op}pd xmm0, xmm1`, { kind: 'DOUBLE', cases: 300 })
  form(`${op}pd xmm2, [rsi]`, { kind: 'DOUBLE', cases: 60 })
  form(`${op}sd xmm0, xmm1`, { kind: 'DOUBLE', cases: 400 })
  form(`${op}sd xmm2, [rsi + 8]`, { kind: 'DOUBLE', cases: 60 })
}
for (const [kind, p, s] of [
  ['SINGLE', 'ps', 'ss'],
  ['DOUBLE', 'pd', 'sd'],
]) {
  form(`sqrt${p} xmm0, xmm1`, { kind, cases: 200 })
  form(`sqrt${s} xmm0, xmm1`, { kind, cases: 300 })
  form(`sqrt${s} xmm0, [rsi]`, { kind, cases: 60 })
  for (let i = 0; i < 8; i++) {
    form(`cmp${p} xmm0, xmm1, ${i}`, { kind, cases: 60 })
    form(`cmp${s} xmm0, xmm1, ${i}`, { kind, cases: 60 })
    form(`cmp${s} xmm0, [rsi], ${i}`, { kind, cases: 20 })
  }
  for (const op of ['comi', 'ucomi']) {
    form(`${op}${s} xmm0, xmm1`, { kind, cases: 200 })
    form(`${op}${s} xmm0, [rsi]`, { kind, cases: 40 })
    form(`movaps xmm1, xmm0; ${op}${s} xmm0, xmm1`, { kind, cases: 40 })
  }
  for (const op of ['cvtt', 'cvt']) {
    for (const size of [32, 64]) {
      form(`${op}${s}2si ${register.a[size]}, xmm1`, { kind, cases: 200 })
      form(`${op}${s}2si ${register.r9[size]}, [rsi]`, { kind, cases: 40 })
    }
    form(`${op}${p}2dq xmm0, xmm1`, { kind, cases: 200 })
    form(`${op}${p}2dq xmm0, [rsi]`, { kind, cases: 40 })
  }
  for (const size of [32, 64]) {
    form(`cvtsi2${s} xmm0, ${register.c[size]}`, { kind: 'CONVERT', cases: 200 })
    form(`cvtsi2${s} xmm0, ${mem(size)}`, { kind: 'CONVERT', cases: 40 })
  }
  form(`cvtdq2${p} xmm0, xmm1`, { kind: 'CONVERT', cases: 200 })
  form(`cvtdq2${p} xmm0, [rsi]`, { kind: 'CONVERT', cases: 40 })
}
form('cvtps2pd xmm0, xmm1', { kind: 'SINGLE', cases: 200 })
form('cvtps2pd xmm0, [rsi]', { kind: 'SINGLE', cases: 40 })
form('cvtss2sd xmm0, xmm1', { kind: 'SINGLE', cases: 200 })
form('cvtss2sd xmm0, [rsi]', { kind: 'SINGLE', cases: 40 })
form('cvtpd2ps xmm0, xmm1', { kind: 'DOUBLE', cases: 300 })
form('cvtpd2ps xmm0, [rsi]', { kind: 'DOUBLE', cases: 40 })
form('cvtsd2ss xmm0, xmm1', { kind: 'DOUBLE', cases: 300 })
form('cvtsd2ss xmm0, [rsi]', { kind: 'DOUBLE', cases: 40 })
form('ldmxcsr [rsi]; ldmxcsr [rdi]', { kind: 'VECTOR', cases: 12, flags: 0 })
form('and dword ptr [rsi], 0xffff; ldmxcsr [rsi]; stmxcsr [rsi + 4]', { kind: 'VECTOR', cases: 24, flags: 0 })

extendedForms(form, register, mem)

// EMMS, and CVTPI2PS from memory, differ between makers in whether they set TOP; after another MMX instruction it is 0.
// ---- MMX ------------------------------------------------------------------------------------------------------------
for (const op of packed) {
  form(`${op} mm0, mm1`, { kind: 'MMX', cases: 30 })
  form(`${op} mm2, [rsi]`, { kind: 'MMX', cases: 10 })
  if (shifts.includes(op)) for (const i of [0, 1, 15, 33, 64]) form(`${op} mm0, ${i}`, { kind: 'MMX', cases: 6 })
}
for (const code of [
  'movd mm0, ecx',
  'movq mm0, rcx',
  'movd eax, mm1',
  'movq rax, mm1',
  'movq mm0, mm1',
  'movq mm0, [rsi]',
  'movq [rsi], mm1',
  'movd [rsi], mm1',
  'movntq [rsi], mm1',
  'pshufw mm0, mm1, 0x1b',
  'pshufw mm0, [rsi], 0x93',
  'pinsrw mm0, ecx, 6',
  'pextrw eax, mm1, 3',
  'pmovmskb eax, mm1',
  'maskmovq mm0, mm1',
  'movq mm0, mm1; emms',
  'movq2dq xmm0, mm1',
  'movdq2q mm0, xmm1',
  'cvtpi2ps xmm0, mm1',
  'cvtpi2pd xmm0, mm1',
  'movq mm0, mm1; cvtpi2pd xmm0, [rsi]',
  'movq mm0, mm1; cvtpi2ps xmm0, [rsi]',
  'cvtps2pi mm0, xmm1',
  'cvttps2pi mm0, xmm1',
  'cvtpd2pi mm0, xmm1',
  'cvttpd2pi mm0, [rsi]',
])
  form(code, { kind: 'MMX', cases: 30 })

// ---- x87 ------------------------------------------------------------------------------------------------------------
for (const op of ['fadd', 'fmul', 'fsub', 'fsubr', 'fdiv', 'fdivr']) {
  form(`${op} st, st(1)`, { kind: 'X87', cases: 300, flags: 0 })
  form(`${op} st(1), st`, { kind: 'X87', cases: 60, flags: 0 })
  form(`${op}p st(1), st`, { kind: 'X87', cases: 100, flags: 0 })
  form(`${op} dword ptr [rsi]`, { kind: 'X87', cases: 80, flags: 0 })
  form(`${op} qword ptr [rsi]`, { kind: 'X87', cases: 80, flags: 0 })
  form(`${op.replace('f', 'fi')} dword ptr [rsi]`, { kind: 'X87_INTEGER', cases: 40, flags: 0 })
  form(`${op.replace('f', 'fi')} word ptr [rsi]`, { kind: 'X87_INTEGER', cases: 40, flags: 0 })
}
for (const code of [
  'fcom st(1)',
  'fcomp st(1)',
  'fcompp',
  'fucom st(1)',
  'fucomp st(1)',
  'fucompp',
  'ftst',
  'fxam',
  'fsqrt',
  'frndint',
  'fabs',
  'fchs',
  'fscale',
  'fprem',
  'fprem1',
  'fxtract',
  'fxch st(1)',
  'fxch st(6)',
  'fld st(1)',
  'fld st(5)',
  'fst st(3)',
  'fstp st(1)',
  'fstp st',
  'ffree st(1)',
  'fincstp',
  'fdecstp',
  'fnclex',
  'fninit',
  'fnop',
  'fld1',
  'fldz',
  'fldpi',
  'fldl2e',
  'fldl2t',
  'fldlg2',
  'fldln2',
  'fwait',
  'fcom dword ptr [rsi]',
  'fcomp qword ptr [rsi]',
  'fld dword ptr [rsi]',
  'fld qword ptr [rsi]',
  'fld tbyte ptr [rsi]',
  'fst dword ptr [rsi + 8]',
  'fstp dword ptr [rsi + 8]',
  'fst qword ptr [rsi + 8]',
  'fstp qword ptr [rsi + 8]',
  'fstp tbyte ptr [rsi + 8]',
  'fist word ptr [rsi]',
  'fist dword ptr [rsi]',
  'fistp word ptr [rsi]',
  'fistp dword ptr [rsi]',
  'fistp qword ptr [rsi]',
  'fbstp [rsi]',
  'fnstcw [rsi]',
  'fnstsw [rsi]',
  'fnstsw ax',
])
  form(code, {
    kind: 'X87',
    cases: /fsqrt|frndint|fscale|fprem|fxtract|fst|fist|fbstp|fld .*ptr/.test(code) ? 200 : 60,
    flags: 0,
  })
for (const code of ['fcomi st, st(1)', 'fcomip st, st(1)', 'fucomi st, st(1)', 'fucomip st, st(1)'])
  form(code, { kind: 'X87', cases: 100, flags: CF | ZF | PF })
for (const cc of ['b', 'e', 'be', 'u', 'nb', 'ne', 'nbe', 'nu'])
  form(`fcmov${cc} st, st(1)`, { kind: 'X87', cases: 24 })
for (const code of [
  'fild word ptr [rsi]',
  'fild dword ptr [rsi]',
  'fild qword ptr [rsi]',
  'fbld [rsi]',
  'ficom word ptr [rsi]',
  'ficomp dword ptr [rsi]',
  'fldcw [rsi]',
]) {
  form(code, { kind: 'X87_INTEGER', cases: 60, flags: 0 })
}
form('fadd st, st(1); fmul st, st(2)', {
  kind: 'X87',
  cases: 100,
  flags: 0,
  name: 'fadd, then fmul: a pending exception',
})
form('fdiv st, st(1); fwait', { kind: 'X87', cases: 60, flags: 0, name: 'fdiv, then fwait' })
form('fdiv st, st(1); fnstsw ax; fnclex; fld1', { kind: 'X87', cases: 60, flags: 0, name: 'fdiv, fnstsw, fnclex' })
form('fnstenv [rsi]; fldenv [rsi]; mov qword ptr [rsi + 12], 0; mov qword ptr [rsi + 20], 0', {
  kind: 'X87',
  cases: 24,
  flags: 0,
  name: 'fnstenv and fldenv',
})

// FXSAVE's image: control, status, tags, MXCSR, ST and XMM0..3, folded into registers (pointers and opcode are left out).
for (const suffix of ['', '64']) {
  const image = `lea rdx, [rsp - 1024]; and rdx, -64; fxsave${suffix} [rdx]`
  const fold =
    'mov rcx, [rdx]; shl rcx, 16; mov r8d, [rdx + 24]; xor eax, eax; mov r9d, 32; 1: rol rax, 7; xor rax, [rdx + r9]; add r9d, 8; cmp r9d, 224; jb 1b; xor edx, edx'
  form(`${image}; ${fold}`, { kind: 'X87', cases: 60, flags: 0, name: `fxsave${suffix}` })
  form(
    `${image}; not qword ptr [rdx + 160]; xor byte ptr [rdx + 40], 0x55; xor byte ptr [rdx + 3], 0x08; xor byte ptr [rdx + 4], 0x11; fxrstor${suffix} [rdx]; xor edx, edx`,
    {
      kind: 'X87',
      cases: 60,
      flags: 0,
      name: `fxrstor${suffix}`,
    },
  )
}
form('fxsave [rbx - 1024]; or dword ptr [rbx - 1000], 0x10000; fxrstor [rbx - 1024]', {
  kind: 'PAGE',
  cases: 2,
  flags: 0,
  name: 'fxrstor with a reserved bit of MXCSR',
})
form('fxsave [rbx - 1016]', { kind: 'PAGE', cases: 2, flags: 0, name: 'fxsave, not aligned' })

// ---- Approximations -------------------------------------------------------------------------------------------------
for (const code of ['f2xm1', 'fyl2x', 'fyl2xp1', 'fptan', 'fpatan', 'fsin', 'fcos', 'fsincos'])
  form(code, { kind: 'X87', cases: 2000, flags: 0, approximate: true })
for (const code of ['rcpps xmm0, xmm1', 'rsqrtps xmm0, xmm1', 'rcpss xmm0, xmm1', 'rsqrtss xmm0, xmm1'])
  form(code, { kind: 'SINGLE', cases: 200, flags: 0, approximate: true })

// ---- Text -----------------------------------------------------------------------------------------------------------
/** The text of the assembly file with one case for each form. */
export function generate() {
  const lines = [
    '// SPDX-License-Identifier: GPL-2.0-or-later',
    '// Generated by generate.mjs.',
    '.intel_syntax noprefix',
    '.section .rodata',
    '.balign 16',
    'mask_63: .quad 63, 0',
    ...constants,
    '.text',
  ]
  const kinds = ['INTEGER', 'STRING', 'VECTOR', 'SINGLE', 'DOUBLE', 'X87', 'X87_INTEGER', 'MMX', 'PAGE', 'CONVERT']
  forms.forEach((f, i) => {
    lines.push(`f${i}: ${f.code}`, '\tret')
  })
  lines.push('.section .rodata')
  forms.forEach((f, i) => {
    lines.push(`n${i}: .asciz "${f.name}"`)
  })
  lines.push('.balign 8', '.globl forms, form_count', 'forms:')
  forms.forEach((f, i) => {
    const kind = kinds.indexOf(f.kind)
    if (kind < 0) throw new Error(`unknown kind ${f.kind}`)
    lines.push(`.quad n${i}, f${i}; .long ${kind}, ${f.flags}, ${f.cases}, ${f.approximate ? 1 : 0}`)
  })
  lines.push(`form_count: .long ${forms.length}`, '.section .note.GNU-stack, "", @progbits', '')
  return lines.join('\n')
}
