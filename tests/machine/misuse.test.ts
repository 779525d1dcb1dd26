// What a machine is asked that it cannot do: a TransplantError that names the range, never an answer as if.
import { describe, expect, it } from 'vitest'
import { Machine } from '../../src/machine/index.js'
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
})
