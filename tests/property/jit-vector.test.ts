// Vector instructions compiled and interpreted: every form on the same operands, with the same registers, memory, flags and MXCSR behind it.
//
// A guest loop does the work: it takes one record of operands after the other, executes the form, and stores everything that it left. The
// same loop runs on a core that compiles each block at its second execution, and on one that interprets; what they stored must be the
// same bytes. Exceptions are masked here; unmasked ones are tried by the fuzzer and by the host CPU's oracle.
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { EXIT_HALT, STATE_HALTED } from '../../src/cpu/index.js'
import { CODE, FlatMachine } from '../cpu/harness.js'
import { type Form, vectorForms } from './vector-forms.js'

const INPUT = 0x400000
const OUTPUT = 0x480000
const RECORD = 64
const RESULT = 128
const RECORDS = 128

/** LDMXCSR [rsi]; MOV RAX, [rsi+8]; MOV RDX, RAX; MOVDQA XMM1, [rsi+16]; XMM2, [rsi+32]; XMM0, XMM2; CMP EAX, EDX-1 for flags. */
const BEFORE = [
  ...[0x0f, 0xae, 0x16],
  ...[0x48, 0x8b, 0x46, 0x08],
  ...[0x48, 0x89, 0xc2],
  ...[0x66, 0x0f, 0x6f, 0x4e, 0x10],
  ...[0x66, 0x0f, 0x6f, 0x56, 0x20],
  ...[0x66, 0x0f, 0x6f, 0xc2],
  ...[0x8d, 0x58, 0xff],
  ...[0x39, 0xd8],
]
/** Carry, zero and the others as the form left them; everything to the result record; on to the next one. */
const AFTER = [
  ...[0x0f, 0x92, 0x47, 0x04], // setb [rdi+4]
  ...[0x0f, 0x94, 0x47, 0x05], // setz
  ...[0x0f, 0x98, 0x47, 0x06], // sets
  ...[0x0f, 0x97, 0x47, 0x07], // seta
  ...[0x0f, 0x9a, 0x47, 0x60], // setp [rdi+96]
  ...[0x0f, 0x90, 0x47, 0x61], // seto
  ...[0x9f, 0x88, 0x67, 0x62], // lahf; mov [rdi+98], ah
  ...[0x0f, 0xae, 0x1f], // stmxcsr [rdi]
  ...[0x48, 0x89, 0x47, 0x08], // mov [rdi+8], rax
  ...[0x66, 0x0f, 0x7f, 0x4f, 0x10], // movdqa [rdi+16], xmm1
  ...[0x66, 0x0f, 0x7f, 0x57, 0x20], // [rdi+32], xmm2
  ...[0x66, 0x0f, 0x7f, 0x47, 0x30], // [rdi+48], xmm0
  ...[0x48, 0x89, 0x57, 0x40], // mov [rdi+64], rdx
  ...[0x48, 0x83, 0xc6, RECORD], // add rsi, 64
  ...[0x48, 0x81, 0xc7, RESULT, 0, 0, 0], // add rdi, 128
  ...[0x48, 0xff, 0xc9], // dec rcx
]

function program(form: Form): Uint8Array {
  const body = [...BEFORE, ...form.bytes, ...AFTER]
  const jump = -(body.length + 6)
  const code = Uint8Array.from([...body, 0x0f, 0x85, 0, 0, 0, 0])
  new DataView(code.buffer).setInt32(body.length + 2, jump, true)
  return code
}

const DOUBLES = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0xbff8000000000000n,
  0x4008000000000000n,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x8010000000000001n,
  0x0020000000000000n,
  0x001fffffffffffffn,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0xfff8000000001234n,
  0x7ff0000000000001n,
  0x41dfffffffc00000n,
  0x41dfffffffe00000n,
  0xc1e0000000000000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x3fe0000000000000n,
  0x3fdfffffffffffffn,
  0x5fe0000000000000n,
  0x1ff0000000000000n,
  0x36a0000000000000n,
  0x3810000000000000n,
  0x380fffffffffffffn,
  0x47efffffe0000000n,
  0x47effffff0000000n,
  0x4340000000000001n,
  0x3ca0000000000000n,
]
const SINGLES = [
  0x00000000, 0x80000000, 0x3f800000, 0xbfc00000, 0x40400000, 0x00000001, 0x807fffff, 0x00800000, 0x80800001,
  0x01000000, 0x00ffffff, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc01234, 0x7f800001,
  0x4effffff, 0x4f000000, 0xcf000000, 0x5f000000, 0xdf000000, 0x3f000000, 0x3effffff, 0x5f800000, 0x1f800000,
  0x4b800001, 0x33000000, 0x7effffff,
]
/** Ordinary, with and without sticky flags; every rounding; flush to zero; denormals are zeros. Half of the records have PE sticky and nothing else. */
const CONTROLS = [
  0x1f80, 0x1fa0, 0x1fa0, 0x1fa0, 0x1fa0, 0x1fbf, 0x1f82, 0x3fa0, 0x5fa0, 0x7fa0, 0x9fa0, 0x1fe0, 0xffe0, 0x1fc0,
]

function vector(random: Random, view: DataView, at: number): void {
  switch (random.below(6)) {
    case 0:
      for (let i = 0; i < 16; i += 4) view.setUint32(at + i, random.u32(), true)
      return
    case 1:
      for (let i = 0; i < 16; i += 8) view.setBigUint64(at + i, DOUBLES[random.below(DOUBLES.length)] as bigint, true)
      return
    case 2:
      for (let i = 0; i < 16; i += 4) view.setUint32(at + i, SINGLES[random.below(SINGLES.length)] as number, true)
      return
    case 3:
      for (let i = 0; i < 16; i += 8) view.setFloat64(at + i, (random.below(2000) - 1000) / (1 + random.below(9)), true)
      return
    case 4:
      for (let i = 0; i < 16; i += 4) view.setFloat32(at + i, (random.below(2000) - 1000) / (1 + random.below(9)), true)
      return
    default: {
      // Small numbers, as counts of shifts and as bytes.
      for (let i = 0; i < 16; i++) view.setUint8(at + i, random.below(3) === 0 ? random.below(256) : 0)
      if (random.below(2) === 0) view.setBigUint64(at, BigInt(random.below(70)), true)
    }
  }
}

function records(seed: number): Uint8Array {
  const random = new Random(seed)
  const bytes = new Uint8Array(RECORDS * RECORD)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < RECORDS; i++) {
    const at = i * RECORD
    view.setUint32(at, CONTROLS[random.below(CONTROLS.length)] as number, true)
    vector(random, view, at + 8)
    for (const operand of [16, 32, 48]) vector(random, view, at + operand)
    // Often the same kind, or the same number, in both.
    if (random.below(8) === 0) bytes.copyWithin(at + 48, at + 16, at + 32)
    if (random.below(2) === 0) bytes.copyWithin(at + 32, at + 48, at + 64)
  }
  return bytes
}

const codeOf = (i: number): number => CODE + 0x100 * i

function run(machine: FlatMachine, form: Form, input: Uint8Array, at: number): Uint8Array {
  const { core } = machine
  core.writeRam(INPUT, input)
  core.writeRam(OUTPUT, new Uint8Array(RECORDS * RESULT))
  machine.set({ rip: BigInt(at), rcx: BigInt(RECORDS), rsi: BigInt(INPUT), rdi: BigInt(OUTPUT), rbx: 0n })
  core.state(0).setUint32(STATE_HALTED, 0, true)
  const outcome = machine.run()
  expect([form.text, outcome.vector, outcome.exit]).toEqual([form.text, undefined, EXIT_HALT])
  return core.readRam(OUTPUT, RECORDS * RESULT)
}

function firstDifference(
  form: Form,
  input: Uint8Array,
  compiled: Uint8Array,
  interpreted: Uint8Array,
): string | undefined {
  const at = compiled.findIndex((byte, i) => byte !== interpreted[i])
  if (at < 0) return undefined
  const record = Math.floor(at / RESULT)
  const text = (bytes: Uint8Array, size: number): string =>
    Buffer.from(bytes.subarray(record * size, (record + 1) * size)).toString('hex')
  return `${form.text}: byte ${at % RESULT}\n${text(input, RECORD)}\n${text(compiled, RESULT)}\n${text(interpreted, RESULT)}`
}

describe('compiled vector instructions', () => {
  it('leave what the interpreter leaves, for every form, on ordinary and extreme operands, whatever MXCSR says', () => {
    const forms = vectorForms()
    const compiling = new FlatMachine()
    compiling.core.setJit({ threshold: 1 })
    const interpreting = new FlatMachine()
    interpreting.core.setJit('off')
    // All code is there before the first run: a processor may go on with what it had fetched, and that is not compiled.
    for (const machine of [compiling, interpreting]) {
      for (const [i, form] of forms.entries()) machine.load(program(form), codeOf(i))
    }
    const differences: string[] = []
    forms.forEach((form, i) => {
      const input = records(i)
      const before = compiling.core.compilerStatistics.regions
      const compiled = run(compiling, form, input, codeOf(i))
      expect([form.text, compiling.core.compilerStatistics.regions > before]).toEqual([form.text, true])
      const difference = firstDifference(form, input, compiled, run(interpreting, form, input, codeOf(i)))
      if (difference !== undefined) differences.push(difference)
    })
    expect(differences.slice(0, 8).join('\n'), `${differences.length} forms differ`).toBe('')
    expect(forms.length * RECORDS).toBeGreaterThan(100_000)
  }, 120_000)

  it('raise #NM and #UD where the system has forbidden them, with everything before them done', () => {
    // L: inc rax; paddd xmm0, xmm1; dec rcx; jnz L; mov crN, rbx; mov ecx, 1000; jmp L
    const loop = [0x48, 0xff, 0xc0, 0x66, 0x0f, 0xfe, 0xc1, 0x48, 0xff, 0xc9, 0x75, 0xf4]
    for (const [register, value, vector] of [
      [0, 0x8001_003bn, 7],
      [0, 0x8001_0037n, 6],
      [4, 0x1_04a0n, 6],
    ] as const) {
      const machine = new FlatMachine()
      machine.core.setJit({ threshold: 1 })
      const forbid = [0x0f, 0x22, 0xc3 | (register << 3), 0xb9, 0xe8, 0x03, 0, 0]
      machine.load(Uint8Array.from([...loop, ...forbid, 0xeb, 0x100 - loop.length - forbid.length - 2]))
      machine.core.setXmm(0, 1, 1n, 0n)
      machine.set({ rcx: 1000n, rbx: value })
      const outcome = machine.run()
      expect(machine.core.compilerStatistics.regions).toBeGreaterThan(0)
      expect([outcome.vector, outcome.rip, machine.get('rax')]).toEqual([vector, BigInt(CODE + 3), 1001n])
      expect(machine.core.xmm(0, 0)).toEqual([1000n, 0n])
    }
  })
})
