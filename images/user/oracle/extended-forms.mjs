// SPDX-License-Identifier: GPL-2.0-or-later
// The forms of SSE3, SSSE3, SSE4.1 and SSE4.2 for generate.mjs: what the baseline x86-64-v2 has beyond SSE2.
//
// Promises: `extendedForms` calls `form` once for each, with the operand conventions of generate.mjs; `constants` is what they name.

/** Lines for the read-only section. */
export const constants = [
  'bytes_03: .fill 16, 1, 0x03',
  'bytes_83: .fill 16, 1, 0x83',
  'words_8003: .fill 8, 2, 0x8003',
  'bytes_0f: .fill 16, 1, 0x0f',
]

export function extendedForms(form, register, mem) {
  for (const code of [
    'movddup xmm0, xmm1',
    'movddup xmm2, [rsi + 3]',
    'lddqu xmm0, [rsi + 5]',
    'movntdqa xmm0, [rsi + 16]',
  ])
    form(code, { kind: 'VECTOR', cases: 12 })
  for (const op of ['movshdup', 'movsldup']) {
    form(`${op} xmm0, xmm1`, { kind: 'VECTOR', cases: 12 })
    form(`${op} xmm2, [rsi + 16]`, { kind: 'VECTOR', cases: 8 })
  }
  for (const op of ['addsub', 'hadd', 'hsub']) {
    for (const [kind, p] of [
      ['SINGLE', 'ps'],
      ['DOUBLE', 'pd'],
    ]) {
      form(`${op}${p} xmm0, xmm1`, { kind, cases: 300 })
      form(`${op}${p} xmm2, [rsi]`, { kind, cases: 60 })
    }
  }
  for (const size of ['word', 'dword', 'qword']) form(`fisttp ${size} ptr [rsi]`, { kind: 'X87', cases: 200, flags: 0 })

  const ssse3 =
    'pabsb pabsw pabsd pshufb phaddw phaddd phaddsw phsubw phsubd phsubsw pmaddubsw pmulhrsw psignb psignw psignd'.split(
      ' ',
    )
  const sse4 =
    'packusdw pcmpeqq pcmpgtq pmaxsb pmaxsd pmaxuw pmaxud pminsb pminsd pminuw pminud pmuldq pmulld phminposuw'.split(
      ' ',
    )
  for (const op of [...ssse3, ...sse4]) {
    form(`${op} xmm0, xmm1`, { kind: 'VECTOR', cases: 60 })
    form(`${op} xmm2, [rsi + 16]`, { kind: 'VECTOR', cases: 20 })
  }
  for (const op of ssse3) {
    form(`${op} mm0, mm1`, { kind: 'MMX', cases: 40 })
    form(`${op} mm2, [rsi]`, { kind: 'MMX', cases: 10 })
  }
  form('movq xmm1, xmm0; pcmpgtq xmm0, xmm1', { kind: 'VECTOR', cases: 20 })
  form('pand xmm1, [rip + bytes_0f]; pshufb xmm0, xmm1', { kind: 'VECTOR', cases: 20 })
  for (let i = 0; i < 34; i++) form(`palignr xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
  form('palignr xmm0, xmm1, 255', { kind: 'VECTOR', cases: 4 })
  form('palignr xmm2, [rsi], 5', { kind: 'VECTOR', cases: 8 })
  for (let i = 0; i < 18; i++) form(`palignr mm0, mm1, ${i}`, { kind: 'MMX', cases: 4 })
  form('palignr mm0, mm1, 200', { kind: 'MMX', cases: 4 })
  form('palignr mm2, [rsi], 3', { kind: 'MMX', cases: 8 })
  for (const sign of ['sx', 'zx']) {
    for (const widths of ['bw', 'bd', 'bq', 'wd', 'wq', 'dq']) {
      form(`pmov${sign}${widths} xmm0, xmm1`, { kind: 'VECTOR', cases: 12 })
      form(`pmov${sign}${widths} xmm2, [rsi + 3]`, { kind: 'VECTOR', cases: 8 })
    }
  }
  for (const op of ['pblendvb', 'blendvps', 'blendvpd']) {
    form(`${op} xmm2, xmm1, xmm0`, { kind: 'VECTOR', cases: 30 })
    form(`${op} xmm0, xmm1, xmm0`, { kind: 'VECTOR', cases: 12 })
    form(`${op} xmm2, [rsi + 16], xmm0`, { kind: 'VECTOR', cases: 12 })
  }
  for (let i = 0; i < 16; i++) {
    form(`blendps xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 3 })
    form(`pblendw xmm0, xmm1, ${i * 17}`, { kind: 'VECTOR', cases: 3 })
    form(`pblendw xmm0, [rsi], ${(i * 73) & 255}`, { kind: 'VECTOR', cases: 3 })
  }
  for (let i = 0; i < 5; i++) form(`blendpd xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
  form('blendps xmm2, [rsi], 0xf5', { kind: 'VECTOR', cases: 6 })
  form('blendpd xmm2, [rsi], 0xf2', { kind: 'VECTOR', cases: 6 })
  for (let i = 0; i < 9; i++) {
    form(`mpsadbw xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 30 })
    form(`mpsadbw xmm2, [rsi], ${i}`, { kind: 'VECTOR', cases: 8 })
  }
  form('ptest xmm0, xmm1', { kind: 'VECTOR', cases: 40 })
  form('ptest xmm2, [rsi]', { kind: 'VECTOR', cases: 20 })
  form('movaps xmm1, xmm0; ptest xmm0, xmm1', { kind: 'VECTOR', cases: 12 })
  form('movaps xmm1, xmm0; pandn xmm1, xmm2; ptest xmm0, xmm1', { kind: 'VECTOR', cases: 12 })
  form('pxor xmm1, xmm1; ptest xmm0, xmm1', { kind: 'VECTOR', cases: 6 })
  for (const i of [0, 1, 2, 3, 5, 7, 15, 254]) {
    form(`pinsrb xmm0, ecx, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`pinsrb xmm0, byte ptr [rsi + 3], ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`pinsrd xmm0, ecx, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`pinsrd xmm0, dword ptr [rsi + 3], ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`pinsrq xmm0, r9, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`pinsrq xmm0, qword ptr [rsi + 3], ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`pextrb eax, xmm1, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`pextrb byte ptr [rsi + 3], xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`.byte 0x66, 0x0f, 0x3a, 0x15, 0xc8, ${i}`, { kind: 'VECTOR', cases: 6, name: `pextrw eax, xmm1, ${i} (3A)` })
    form(`pextrw word ptr [rsi + 3], xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`pextrd eax, xmm1, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`pextrd dword ptr [rsi + 3], xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`pextrq r9, xmm1, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`pextrq qword ptr [rsi + 3], xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
    form(`extractps r9d, xmm1, ${i}`, { kind: 'VECTOR', cases: 6 })
    form(`extractps dword ptr [rsi + 3], xmm1, ${i}`, { kind: 'VECTOR', cases: 4 })
  }
  for (let i = 0; i < 64; i++) {
    form(`insertps xmm0, xmm1, ${(i << 2) | (i & 3)}`, { kind: 'VECTOR', cases: 3 })
    form(`insertps xmm0, dword ptr [rsi + 3], ${(i << 2) | (i & 3)}`, { kind: 'VECTOR', cases: 2 })
  }
  for (const i of [0x00, 0x0f, 0x11, 0x31, 0x3f, 0x71, 0x7f, 0x81, 0xb4, 0xc8, 0xf1, 0xff]) {
    form(`dpps xmm0, xmm1, ${i}`, { kind: 'SINGLE', cases: i === 0xff ? 400 : 120 })
    form(`dpps xmm2, [rsi], ${i}`, { kind: 'SINGLE', cases: 20 })
  }
  for (const i of [0x00, 0x01, 0x13, 0x22, 0x31, 0x32, 0x33, 0xff]) {
    form(`dppd xmm0, xmm1, ${i}`, { kind: 'DOUBLE', cases: i === 0x33 ? 400 : 100 })
    form(`dppd xmm2, [rsi], ${i}`, { kind: 'DOUBLE', cases: 20 })
  }
  for (let i = 0; i < 17; i++) {
    for (const [kind, p, s] of [
      ['SINGLE', 'ps', 'ss'],
      ['DOUBLE', 'pd', 'sd'],
    ]) {
      form(`round${p} xmm0, xmm1, ${i}`, { kind, cases: 80 })
      form(`round${s} xmm0, xmm1, ${i}`, { kind, cases: 80 })
      form(`round${p} xmm2, [rsi], ${i}`, { kind, cases: 10 })
      form(`round${s} xmm2, [rsi], ${i}`, { kind, cases: 10 })
    }
  }
  // Strings: few different elements, so that some are equal and some are null; lengths on both sides of what fits.
  for (let i = 0; i < 129; i++) {
    const few = `pand xmm0, [rip + bytes_03]; pand xmm1, [rip + ${i & 1 ? 'words_8003' : 'bytes_83'}]`
    const lengths = 'and eax, 31; sub eax, 12; and edx, 31; sub edx, 12'
    for (const op of ['pcmpistri', 'pcmpistrm'])
      form(`${few}; ${op} xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 10, name: `${op} ${i}` })
    for (const op of ['pcmpestri', 'pcmpestrm'])
      form(`${few}; ${lengths}; ${op} xmm0, xmm1, ${i}`, { kind: 'VECTOR', cases: 10, name: `${op} ${i}` })
  }
  for (const [i, op] of ['pcmpistri', 'pcmpistrm', 'pcmpestri', 'pcmpestrm'].entries()) {
    form(`${op} xmm0, xmm1, ${i * 8 + 4}`, { kind: 'VECTOR', cases: 30 })
    form(`${op} xmm1, [rsi + 3], 0x1a`, { kind: 'VECTOR', cases: 20 })
    form(`.byte 0x66, 0x48, 0x0f, 0x3a, ${0x60 + (((i + 2) & 3) ^ 1)}, 0xc1, 0x18`, {
      kind: 'VECTOR',
      cases: 30,
      name: `${op} with REX.W`,
    })
  }
  form('movsx rax, al; movsx rdx, dl; .byte 0x66, 0x48, 0x0f, 0x3a, 0x61, 0xc1, 0x08', {
    kind: 'VECTOR',
    cases: 30,
    name: 'pcmpestri, 64-bit lengths',
  })
  for (const [a, size] of [
    ['eax', 8],
    ['eax', 16],
    ['eax', 32],
    ['rax', 8],
    ['rax', 64],
  ]) {
    form(`crc32 ${a}, ${register.c[size]}`, { cases: 30 })
    form(`crc32 ${a === 'eax' ? 'r9d' : 'r9'}, ${register.r13[size]}`, { cases: 12 })
    form(`crc32 ${a}, ${mem(size, 'rsi + 3')}`, { cases: 12 })
  }
  form('crc32 eax, ch', { cases: 12 })
  for (const code of [
    'pshufb xmm0, [rsi + 8]',
    'haddps xmm0, [rsi + 4]',
    'addsubpd xmm0, [rsi + 8]',
    'movshdup xmm0, [rsi + 8]',
    'movntdqa xmm0, [rsi + 8]',
    'ptest xmm0, [rsi + 1]',
    'pblendvb xmm1, [rsi + 1], xmm0',
    'roundps xmm0, [rsi + 4], 0',
    'dppd xmm0, [rsi + 8], 0x33',
    'palignr xmm0, [rsi + 8], 3',
    'mpsadbw xmm0, [rsi + 8], 3',
  ]) {
    form(code, { kind: 'VECTOR', cases: 3, flags: 0 })
  }
  for (const code of [
    'movddup xmm0, [rbx - 8]',
    'movddup xmm0, [rbx - 7]',
    'lddqu xmm0, [rbx - 15]',
    'pmovzxbw xmm0, [rbx - 8]',
    'pmovzxbd xmm0, [rbx - 3]',
    'pmovsxbq xmm0, [rbx - 2]',
    'pmovsxbq xmm0, [rbx - 1]',
    'pshufb mm0, [rbx - 4]; emms',
    'pinsrb xmm0, byte ptr [rbx], 3',
    'pinsrd xmm0, dword ptr [rbx - 2], 1',
    'pextrb byte ptr [rbx - 1], xmm0, 3',
    'pextrb byte ptr [rbx], xmm0, 3',
    'pextrw word ptr [rbx - 1], xmm0, 3',
    'pextrq qword ptr [rbx - 4], xmm0, 1',
    'extractps dword ptr [rbx - 4], xmm0, 1',
    'insertps xmm0, dword ptr [rbx - 3], 0',
    'pcmpistri xmm0, [rbx - 15], 0',
    'roundsd xmm0, qword ptr [rbx - 7], 0',
    'crc32 eax, dword ptr [rbx - 1]',
    'crc32 rax, byte ptr [rbx]',
  ]) {
    form(code, { kind: 'PAGE', cases: 6, flags: 0 })
  }
  for (const [name, bytes] of [
    ['0f 38 10', '0x0f, 0x38, 0x10, 0xc1'],
    ['f3 0f 38 00', '0xf3, 0x0f, 0x38, 0x00, 0xc1'],
    ['f2 0f 38 1c', '0xf2, 0x0f, 0x38, 0x1c, 0xc1'],
    ['66 f2 0f 38 1c', '0x66, 0xf2, 0x0f, 0x38, 0x1c, 0xc1'],
    ['66 0f 38 2a register', '0x66, 0x0f, 0x38, 0x2a, 0xc1'],
    ['66 0f 38 0c', '0x66, 0x0f, 0x38, 0x0c, 0xc1'],
    ['0f 38 40', '0x0f, 0x38, 0x40, 0xc1'],
    ['0f 3a 08', '0x0f, 0x3a, 0x08, 0xc1, 1'],
    ['66 0f 3a 43', '0x66, 0x0f, 0x3a, 0x43, 0xc1, 1'],
    ['66 0f 3a 64', '0x66, 0x0f, 0x3a, 0x64, 0xc1, 1'],
    ['f2 0f f0 register', '0xf2, 0x0f, 0xf0, 0xc1'],
    ['0f 7c', '0x0f, 0x7c, 0xc1'],
    ['f3 0f d0', '0xf3, 0x0f, 0xd0, 0xc1'],
    ['f2 0f 16', '0xf2, 0x0f, 0x16, 0xc1'],
    ['lock crc32', '0xf0, 0xf2, 0x0f, 0x38, 0xf1, 0x06'],
    ['lock pshufb', '0xf0, 0x66, 0x0f, 0x38, 0x00, 0x06'],
    ['d9 /1', '0xd9, 0x0e'],
  ]) {
    form(`.byte ${bytes}`, { cases: 2, flags: 0, name: `undefined: ${name}` })
  }
}
