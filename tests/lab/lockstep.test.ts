// Whole guests in the interpreter and in the JIT: boot, programs, a live patch and an upgrade, with one vCPU and with two, equal at every
// checkpoint. And the comparison itself: a core that is wrong in one place is told from the right one, down to the instruction.

import { describe, expect, it } from 'vitest'
import { changesMachine, describeDivergence, recordChanges, runLockstep } from '../../src/lab/index.js'
import { Machine, type MachineOptions } from '../../src/machine/index.js'
import { shippedAssets } from './images.js'
import { wrongCore } from './wrong-core.js'

function create(options: MachineOptions): Machine {
  const made = Machine.create(options)
  if (!made.ok) throw new Error(made.message)
  return made.value
}

describe('interpreter and JIT in lockstep', () => {
  const workloads = [
    'counter 20 20000 5',
    'fpu 20 3000 5',
    'pipeline 20 4 5',
    'signals 30 1 5',
    'cow 8 16 10',
    'files 20 500 5',
  ]

  for (const vcpus of [1, 2]) {
    it(`are equal through boot, programs, patch and upgrade with ${vcpus} vCPU(s)`, async () => {
      const changes = { assets: shippedAssets(), workloads, machine: { vcpus, seed: 10 + vcpus } }
      const recording = await recordChanges(changes)
      const first = create({ ...changesMachine(changes), jit: 'off' })
      const second = create({ ...changesMachine(changes), jit: { threshold: 50 } })
      const result = runLockstep({
        first,
        second,
        inputs: recording.inputs,
        instructions: recording.end.time,
        every: 1_000_000,
      })
      expect(result.equal ? '' : (await describeDivergence(result)).join('\n')).toBe('')
      expect(result).toMatchObject({ equal: true, hash: recording.end.hash })
      expect(first.poweredOff?.reason).toBe('power-off')
    }, 300_000)
  }

  it('tell a wrong core from a right one, and at which instruction', async () => {
    const { coreWasm, firmware, kernel, initrd } = shippedAssets()
    const options = { firmware, kernel, initrd, memoryBytes: 64 << 20, append: 'console=ttyS0' }
    const result = runLockstep({
      first: create({ ...options, coreWasm }),
      second: create({ ...options, coreWasm: wrongCore() }),
      instructions: 50_000_000,
      every: 1_000_000,
    })
    expect(result.equal).toBe(false)
    if (result.equal) return
    const lines = await describeDivergence(result)
    expect(lines[0]).toBe(`the machines differ after instruction ${result.to}`)
    expect(lines.find((line) => line.endsWith('<- shows after this one'))).toMatch(/cpuid/)
    expect(lines).toContain('  vCPU 0 rcx            000000006c65746e  000000006d65746e')
  })
})
