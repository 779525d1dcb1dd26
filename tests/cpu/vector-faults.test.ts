// When vector and x87 instructions may not run, or may not finish: availability, alignment, numeric and page faults.

import { describe, expect, it } from 'vitest'
import { STATE_XMM } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { FX_OFFSET, FX_STATUS, FX_TAGS } from '../../src/cpu/numbers/sizes.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, type Outcome } from './harness.js'

const CR0 = 0x80010033n
const CR4 = 0x106a0n
const EM = 4n
const MP = 2n
const NE = 0x20n
const TS = 8n
const OSFXSR = 0x200n
const OSXMMEXCPT = 0x400n
const RAM_END = 0x1000000

interface Options {
  readonly cr0?: bigint
  readonly cr4?: bigint
  readonly mxcsr?: number
  readonly rdi?: bigint
}

function machineFor(code: string, options: Options): FlatMachine {
  const machine = new FlatMachine()
  machine.core.exports.synchronize(0)
  const state = machine.core.state(0)
  state.setBigUint64(CPU_STATE.cr0, options.cr0 ?? CR0, true)
  state.setBigUint64(CPU_STATE.cr4, options.cr4 ?? CR4, true)
  state.setUint32(CPU_STATE.mxcsr, options.mxcsr ?? 0x1f80, true)
  machine.core.exports.stateChanged(0)
  machine.set({ rdi: options.rdi ?? BigInt(DATA) })
  machine.load(assemble(code, CODE))
  return machine
}

function run(code: string, options: Options = {}): Outcome {
  return machineFor(code, options).run()
}

function xmm(machine: FlatMachine, register: number): bigint[] {
  const state = machine.core.state(0)
  return [state.getBigUint64(STATE_XMM + 16 * register, true), state.getBigUint64(STATE_XMM + 16 * register + 8, true)]
}

describe('availability of SSE', () => {
  const instructions = [
    'addps xmm0, xmm1',
    'movups xmm0, [rdi]',
    'paddb xmm1, xmm2',
    'cvtsi2sd xmm0, rax',
    'ldmxcsr [rdi]',
    'movd eax, xmm0',
    'comiss xmm0, xmm1',
    'haddps xmm0, xmm1',
    'lddqu xmm0, [rdi]',
    'pshufb xmm0, xmm1',
    'ptest xmm0, [rdi]',
    'dpps xmm0, xmm1, 51',
    'roundsd xmm0, [rdi], 4',
    'pinsrd xmm0, [rdi], 1',
    'pextrb eax, xmm0, 1',
    'pcmpistri xmm0, [rdi], 0',
  ]
  for (const code of instructions) {
    it(`${code}: #UD without CR4.OSFXSR or with CR0.EM, #NM with CR0.TS`, () => {
      expect(run(code, { cr4: CR4 & ~OSFXSR }).vector).toBe(6)
      expect(run(code, { cr0: CR0 | EM }).vector).toBe(6)
      expect(run(code, { cr0: CR0 | EM | TS }).vector).toBe(6)
      expect(run(code, { cr0: CR0 | TS })).toMatchObject({ vector: 7, rip: BigInt(CODE) })
    })
  }

  it('leaves MOVNTI, CRC32, POPCNT, fences and prefetches alone', () => {
    for (const code of [
      'movnti [rdi], eax',
      'crc32 eax, ecx',
      'popcnt eax, [rdi]',
      'sfence',
      'lfence',
      'mfence',
      'prefetcht0 [rdi]',
    ]) {
      expect(run(code, { cr0: CR0 | TS | EM, cr4: CR4 & ~OSFXSR }).vector, code).toBeUndefined()
    }
  })
})

describe('availability of the x87 and MMX', () => {
  it('raises #NM for x87 instructions with CR0.TS or CR0.EM, and for FWAIT only with MP and TS', () => {
    for (const code of ['fld1', 'fninit', 'fnstsw ax', 'fnstcw [rdi]', 'fisttp dword ptr [rdi]']) {
      expect(run(code, { cr0: CR0 | TS }).vector, code).toBe(7)
      expect(run(code, { cr0: CR0 | EM }).vector, code).toBe(7)
    }
    expect(run('fwait', { cr0: CR0 | TS | MP }).vector).toBe(7)
    expect(run('fwait', { cr0: (CR0 & ~MP) | TS }).vector).toBeUndefined()
  })

  it('raises #UD for MMX with CR0.EM, #NM with CR0.TS, and needs no CR4.OSFXSR', () => {
    for (const code of ['paddb mm0, mm1', 'pshufb mm0, mm1', 'palignr mm0, [rdi], 3']) {
      expect(run(code, { cr0: CR0 | EM }).vector, code).toBe(6)
      expect(run(code, { cr0: CR0 | TS }).vector, code).toBe(7)
      expect(run(code, { cr4: CR4 & ~OSFXSR }).vector, code).toBeUndefined()
    }
  })

  it('raises #NM for FXSAVE and FXRSTOR with CR0.TS or CR0.EM', () => {
    for (const code of ['fxsave [rdi]', 'fxrstor [rdi]']) {
      expect(run(code, { cr0: CR0 | TS }).vector, code).toBe(7)
      expect(run(code, { cr0: CR0 | EM }).vector, code).toBe(7)
    }
  })
})

describe('numeric exceptions', () => {
  const divide = 'mov eax, 0x3f800000; movd xmm0, eax; pxor xmm1, xmm1; divss xmm0, xmm1'

  it('raises #XM for an unmasked exception, sets the flag, and leaves the destination', () => {
    const machine = machineFor(divide, { mxcsr: 0x1f80 & ~0x200 })
    expect(machine.run().vector).toBe(19)
    expect(xmm(machine, 0)).toEqual([0x3f800000n, 0n])
    expect(machine.core.state(0).getUint32(CPU_STATE.mxcsr, true) & 0x3f).toBe(4)
  })

  it('raises #UD instead if the system has not set CR4.OSXMMEXCPT', () => {
    expect(run(divide, { mxcsr: 0x1f80 & ~0x200, cr4: CR4 & ~OSXMMEXCPT }).vector).toBe(6)
  })

  it('raises #MF at the next waiting x87 instruction, not at the failing one', () => {
    const unmask = 'mov word ptr [rdi], 0x37b; fldcw [rdi]; fld1; fldz; fdivp st(1), st'
    const before = assemble(`fninit; ${unmask}; fnstsw ax; nop; nop`, CODE).length
    const outcome = run(`fninit; ${unmask}; fnstsw ax; nop; nop; fld1`, { cr0: CR0 | NE })
    expect(outcome.vector).toBe(16)
    expect(outcome.rip).toBe(BigInt(CODE + before))
    expect(run(`fninit; ${unmask}; fnclex; fld1`).vector).toBeUndefined()
  })
})

describe('alignment', () => {
  it('raises #GP(0) for aligned 16-byte operands that are not, and for FXSAVE', () => {
    for (const code of [
      'movaps xmm0, [rdi]',
      'movdqa [rdi], xmm0',
      'addps xmm0, [rdi]',
      'pxor xmm0, [rdi]',
      'movntps [rdi], xmm0',
      'cvtdq2ps xmm0, [rdi]',
      'movshdup xmm0, [rdi]',
      'pabsb xmm0, [rdi]',
      'movntdqa xmm0, [rdi]',
      'pblendvb xmm1, [rdi], xmm0',
      'roundpd xmm0, [rdi], 0',
      'fxsave [rdi]',
    ]) {
      expect(run(code, { rdi: BigInt(DATA + 8) }), code).toMatchObject({ vector: 13, errorCode: 0, rip: BigInt(CODE) })
    }
  })

  it('does not ask it of the unaligned and the short forms', () => {
    for (const code of [
      'movups xmm0, [rdi]',
      'movdqu [rdi], xmm0',
      'lddqu xmm0, [rdi]',
      'movddup xmm0, [rdi]',
      'pmovzxbw xmm0, [rdi]',
      'roundss xmm0, [rdi], 0',
      'pcmpestrm xmm0, [rdi], 0',
      'addss xmm0, [rdi]',
      'movq xmm0, [rdi]',
      'cvtps2pd xmm0, [rdi]',
      'movlps xmm0, [rdi]',
    ]) {
      expect(run(code, { rdi: BigInt(DATA + 9) }).vector, code).toBeUndefined()
    }
  })
})

describe('page faults', () => {
  it('stores nothing of 16 bytes whose second page is absent', () => {
    const at = RAM_END - 8
    const machine = machineFor('pcmpeqd xmm0, xmm0; movups [rdi], xmm0', { rdi: BigInt(at) })
    expect(machine.run().vector).toBe(14)
    expect(machine.core.readRam(at, 8)).toEqual(new Uint8Array(8))
  })

  it('leaves the x87 stack and memory as they were', () => {
    for (const [code, bytes] of [
      ['fstp tbyte ptr [rdi]', 10],
      ['fstp qword ptr [rdi]', 8],
      ['fistp dword ptr [rdi]', 4],
      ['fbstp [rdi]', 10],
      ['fnstenv [rdi]', 28],
      ['fnsave [rdi]', 108],
    ] as const) {
      const at = RAM_END - (bytes >> 1)
      const machine = machineFor(`fninit; fld1; ${code}`, { rdi: BigInt(at) })
      expect(machine.run().vector, code).toBe(14)
      expect(machine.core.readRam(at, bytes >> 1), code).toEqual(new Uint8Array(bytes >> 1))
      const state = machine.core.state(0)
      expect(
        [
          state.getUint16(FX_OFFSET, true),
          state.getUint16(FX_OFFSET + FX_STATUS, true),
          state.getUint8(FX_OFFSET + FX_TAGS),
        ],
        code,
      ).toEqual([0x37f, 0x3800, 0x80])
    }
  })

  it('saves nothing with FXSAVE into an absent page', () => {
    const at = RAM_END - 256
    const machine = machineFor('pcmpeqd xmm0, xmm0; fxsave [rdi]', { rdi: BigInt(at) })
    expect(machine.run().vector).toBe(14)
    expect(machine.core.readRam(at, 256)).toEqual(new Uint8Array(256))
  })
})

describe('FXSAVE', () => {
  it('writes 416 bytes and leaves the software area', () => {
    const machine = machineFor('fninit; fld1; pcmpeqd xmm15, xmm15; fxsave64 [rdi]', {})
    machine.core.writeRam(DATA, new Uint8Array(512).fill(0xaa))
    expect(machine.run().vector).toBeUndefined()
    const image = machine.core.readRam(DATA, 512)
    const view = new DataView(image.buffer, image.byteOffset)
    expect(view.getUint16(0, true)).toBe(0x37f)
    expect(view.getUint16(2, true)).toBe(0x3800)
    expect(image[4]).toBe(0x80)
    expect(view.getUint32(24, true)).toBe(0x1f80)
    expect(view.getUint32(28, true)).toBe(0xffff)
    expect(view.getBigUint64(32, true)).toBe(0x8000000000000000n)
    expect(view.getUint16(40, true)).toBe(0x3fff)
    expect(image.slice(400, 416)).toEqual(new Uint8Array(16).fill(255))
    expect(image.slice(416)).toEqual(new Uint8Array(96).fill(0xaa))
  })

  it('refuses an image with a reserved bit of MXCSR', () => {
    expect(run('fxsave [rdi]; mov dword ptr [rdi + 0x18], 0x10000; fxrstor [rdi]')).toMatchObject({
      vector: 13,
      errorCode: 0,
    })
    expect(run('mov dword ptr [rdi], 0x10000; ldmxcsr [rdi]')).toMatchObject({ vector: 13, errorCode: 0 })
  })
})

describe('CPUID', () => {
  it('announces the baseline x86-64-v2 and nothing of what comes after it', () => {
    const machine = machineFor('mov eax, 1; cpuid', {})
    machine.run()
    const ecx = machine.get('rcx')
    const bits = (...numbers: number[]) => numbers.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n)
    const baseline = bits(0, 9, 13, 19, 20, 23)
    expect(ecx & baseline).toBe(baseline)
    // PCLMULQDQ, FMA, MOVBE, AES, XSAVE, AVX, F16C, RDRAND
    expect(ecx & bits(1, 12, 22, 25, 26, 28, 29, 30)).toBe(0n)
  })
})
