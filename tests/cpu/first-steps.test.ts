// The smallest promises of the core: code runs, counts are exact, faults are precise, cuts do not matter.
import { describe, expect, it } from 'vitest'
import { EXIT_BUDGET, EXIT_HALT } from '../../src/cpu/index.js'
import { CODE, DATA, execute, FlatMachine } from './harness.js'

describe('first steps', () => {
  it('adds two registers and halts', () => {
    const { machine, outcome } = execute([0x48, 0x01, 0xd8], { rax: 5n, rbx: 7n })
    expect(outcome.vector).toBeUndefined()
    expect(outcome.exit).toBe(EXIT_HALT)
    expect(machine.get('rax')).toBe(12n)
    expect(outcome.retired).toBe(2)
  })

  it('retires exactly the budget, however it is sliced', () => {
    // l: add rax,rbx; xor [rdi],rax; dec rcx; jnz l
    const code = Uint8Array.from([0x48, 0x01, 0xd8, 0x48, 0x31, 0x07, 0x48, 0xff, 0xc9, 0x75, 0xf5])
    const results = [1, 2, 3, 7, 1000].map((slice) => {
      const machine = new FlatMachine()
      machine.load(code)
      machine.set({ rax: 1n, rbx: 0x123456789abcdefn, rcx: 1000n, rdi: BigInt(DATA) })
      let left = 777
      while (left > 0) {
        const n = Math.min(slice, left)
        expect(machine.core.run(0, n)).toBe(EXIT_BUDGET)
        expect(machine.core.exports.retired()).toBe(n)
        left -= n
      }
      return [
        machine.get('rax'),
        machine.get('rcx'),
        machine.get('rip'),
        machine.get('rflags'),
        machine.core.readRam(DATA, 8).join(),
      ]
    })
    for (const result of results) expect(result).toEqual(results[0])
  })

  it('reports a divide error at the instruction, with nothing changed', () => {
    const { machine, outcome } = execute([0x90, 0x48, 0xf7, 0xf3], { rax: 1n, rbx: 0n, rdx: 0n })
    expect(outcome.vector).toBe(0)
    expect(outcome.rip).toBe(BigInt(CODE + 1))
    expect(machine.get('rax')).toBe(1n)
    expect(outcome.retired).toBe(1)
  })

  it('raises #UD on UD2 and #GP on a 16-byte instruction', () => {
    expect(execute([0x0f, 0x0b]).outcome.vector).toBe(6)
    expect(execute([...Array(15).fill(0x66), 0x90]).outcome.vector).toBe(13)
    expect(execute([...Array(14).fill(0x66), 0x90]).outcome.vector).toBeUndefined()
  })

  it('sees its own store into the next instruction at once', () => {
    // mov byte [rip+1], 0x42 (into the immediate of the next: mov eax, 0x11)
    const { machine } = execute([0xc6, 0x05, 0x01, 0x00, 0x00, 0x00, 0x42, 0xb8, 0x11, 0x00, 0x00, 0x00])
    expect(machine.get('rax')).toBe(0x42n)
  })

  it('raises #PF with the address in CR2 and commits nothing of a store that crosses into a missing page', () => {
    const { machine, outcome } = execute([0x48, 0x89, 0x07], { rdi: 0xfffffcn, rax: 0x1122334455667788n })
    expect(outcome.vector).toBe(14)
    expect(machine.get('cr2')).toBe(0x1000000n)
    expect(outcome.errorCode).toBe(2)
    expect([...machine.core.readRam(0xfffffc, 4)]).toEqual([0, 0, 0, 0])
  })
})
