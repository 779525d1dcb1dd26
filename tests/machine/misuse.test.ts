// What a machine is asked that it cannot do: a TransplantError that names the range, never an answer as if.
import { describe, expect, it } from 'vitest'
import { physAddr, virtAddr } from '../../src/base/index.js'
import { parseBtf, parseElf, readCpio, readObject } from '../../src/format/index.js'
import { AgentClient } from '../../src/guest/index.js'
import { createAssembler, createDisassembler } from '../../src/isa/index.js'
import { decodeSnapshot, encodeSnapshot, Fork, Machine, MachinePort, Timeline } from '../../src/machine/index.js'
import { buildPatchFromAssembly, checkPatch, readEntryState, readKernelFacts } from '../../src/patch/index.js'
import { read } from '../lab/images.js'

const parts = { coreWasm: read('src/cpu/core.wasm'), firmware: read('images/built/firmware.bin'), memoryBytes: 2 << 20 }

function machine(vcpus: number): Machine {
  const made = Machine.create({ ...parts, vcpus })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

describe('a machine', () => {
  it.each([Number.NaN, -1, 0.5, Number.NEGATIVE_INFINITY])(
    'refuses to run or step for %s instructions',
    (instructions) => {
      const one = machine(1)
      const message = expect.stringContaining(`'instructions' is ${instructions}`)
      expect(() => one.run({ instructions })).toThrowError(expect.objectContaining({ code: 'RUN_LIMIT', message }))
      expect(() => one.step(0, instructions)).toThrowError(expect.objectContaining({ code: 'RUN_LIMIT' }))
      expect(one.now).toBe(0)
    },
  )

  it.each([2, 9, -1, 0.5])('has no vCPU %s of two', (cpu) => {
    const two = machine(2)
    const wrong = expect.objectContaining({ code: 'NO_SUCH_VCPU', message: expect.stringContaining('vCPUs 0 to 1') })
    for (const ask of [() => two.step(cpu), () => two.registers(cpu), () => two.activity(cpu)]) {
      expect(ask).toThrowError(wrong)
    }
  })

  it.each([0, 17, 64, 1.5])('is not made with %s vCPUs', (vcpus) => {
    expect(() => machine(vcpus)).toThrowError(
      expect.objectContaining({ code: 'MACHINE_CONFIGURATION', message: expect.stringContaining('Use 1 to 16.') }),
    )
  })

  it('says what is missing where it is made of nothing', () => {
    const wrong = (name: string) =>
      expect.objectContaining({ code: 'MACHINE_CONFIGURATION', message: expect.stringContaining(`needs '${name}'`) })
    expect(() => Machine.create({} as never)).toThrowError(wrong('coreWasm'))
    expect(() => Machine.create({ coreWasm: parts.coreWasm } as never)).toThrowError(wrong('firmware'))
  })

  it.each([
    ['seed', 1.5],
    ['seed', Number.NaN],
    ['seed', -1],
    ['seed', 1n << 64n],
    ['seed', 'x'],
    ['coreWasm', new Uint8Array(3)],
    ['coreWasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
    ['coreWasm', 'x'],
    ['firmware', 'x'],
    ['kernel', []],
    ['initrd', 'x'],
    ['disk', 'x'],
    ['append', 5],
    ['epoch', -1],
    ['onReset', 'explode'],
    ['coherence', null],
    ['pcTestdev', 'no'],
    ['jit', 'fast'],
  ])('is not made with %s = %s, which it names', (name, value) => {
    const message = expect.stringContaining(`'${name}' `)
    expect(() => Machine.create({ ...parts, [name]: value } as never)).toThrowError(
      expect.objectContaining({ code: 'MACHINE_CONFIGURATION', message, hint: expect.stringMatching(/^(Give|Use) /) }),
    )
  })

  it.each([0, 7, 513])('is not made with a disk of %s bytes', (length) => {
    const message = expect.stringContaining(`A disk of ${length} bytes is not possible`)
    expect(() => Machine.create({ ...parts, disk: new Uint8Array(length) })).toThrowError(
      expect.objectContaining({ code: 'MACHINE_CONFIGURATION', message }),
    )
  })
})

describe('an argument of another kind', () => {
  const any = (value: unknown) => value as never

  it('is named by whatever is asked of a machine', async () => {
    for (const options of [undefined, null, 7]) {
      expect(() => Machine.create(any(options))).toThrowError(
        expect.objectContaining({ code: 'MACHINE_CONFIGURATION' }),
      )
    }
    const one = machine(1)
    const before = one.hash()
    for (const snapshot of [{}, undefined, { configuration: {}, pages: {} }]) {
      const wrong = expect.objectContaining({ code: 'SNAPSHOT_CONFIGURATION' })
      expect(() => one.restore(any(snapshot))).toThrowError(wrong)
      expect(() => Machine.from(any(snapshot), parts.coreWasm)).toThrowError(wrong)
      expect(() => encodeSnapshot(any(snapshot))).toThrowError(wrong)
      expect(() => new Fork(one, any(snapshot))).toThrowError(wrong)
    }
    const asked: Record<string, () => unknown> = {
      length: () => one.readPhysical(0, -1),
      address: () => one.readPhysical(Number.NaN, 1),
      limit: () => one.run(any(1000)),
      seed: () => one.reseed(any('x')),
      meanSlice: () => one.reseed(1, 0),
      channel: () => one.sendConsole(any(2), new Uint8Array(1)),
      bytes: () => one.sendConsole(0, any('text')),
      access: () => one.setWatchpoint(virtAddr(0), 1, any('execute')),
      listener: () => one.onConsole(any(undefined)),
      page: () => one.pageHash(1e9),
      time: () => one.runTo(-1, 0),
      edit: () => one.editState(0, any(undefined)),
      work: () => one.fork().use(any(undefined)),
      machine: () => new Timeline(any({})),
      'position.slices': () => new Timeline(one).goTo(any({ time: 0 })),
      interval: () => new Timeline(one, { interval: 0 }),
      chunk: () => new MachinePort(one, { chunk: 0 }),
      port: () => new AgentClient(any(undefined)),
    }
    for (const [name, ask] of Object.entries(asked)) {
      const message = expect.stringContaining(`'${name}`)
      expect(ask, name).toThrowError(expect.objectContaining({ code: 'BAD_ARGUMENT', message }))
    }
    expect(() => one.setBreakpoint(any(5))).toThrowError(
      expect.objectContaining({ hint: expect.stringContaining('virtAddr') }),
    )
    const port = new MachinePort(one)
    await expect(port.readVirtual(virtAddr(0), -1, { cpu: 0 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(port.translate(any(0), { cpu: 0 })).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    expect(one.hash()).toBe(before)
  })

  it('is named by the readers, the assembler and the disassembler', async () => {
    const [assembler, disassembler] = await Promise.all([createAssembler(), createDisassembler()])
    for (const ask of [
      ...[parseElf, parseBtf, readCpio, readKernelFacts, decodeSnapshot].map((reader) => () => reader(any('text'))),
      () => readObject(any(undefined)),
      () => checkPatch(new Uint8Array(0), any(undefined)),
      () => readEntryState(new Uint8Array(5), any(0)),
      () => assembler.assembleInstruction(any(undefined)),
      () => disassembler.disassemble(any([0x90]), 0n),
      () => disassembler.list(new Uint8Array(1), any(0)),
      () => virtAddr(any('x')),
      () => virtAddr(1.5),
      () => physAddr(-1),
    ]) {
      expect(ask).toThrowError(expect.objectContaining({ code: 'BAD_ARGUMENT', hint: expect.stringMatching(/^Give /) }))
    }
    await expect(buildPatchFromAssembly(any({ source: 1 }))).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  })
})
