// What a kernel asks before it protects itself against leaks by speculation: nothing leaks here, and it is told so (SDM 4, table 2-2).

import { describe, expect, it } from 'vitest'
import { EXIT_HALT } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { CODE, CR4_BASE, SystemMachine, TABLES } from './system-machine.js'

const RDCL_NO = 1
const IBRS_ALL = 2

function run(text: string): { readonly exit: number; readonly rax: bigint; readonly rdx: bigint } {
  const machine = new SystemMachine()
  machine.place(`${text}\nhlt`)
  machine.enter(0, { cr4: CR4_BASE, cr3: BigInt(TABLES) })
  machine.core.state(0).setBigUint64(CPU_STATE.rip, BigInt(CODE), true)
  const exit = machine.core.run(0, 100)
  return { exit, rax: machine.core.register(0, 'rax'), rdx: machine.core.register(0, 'rdx') }
}

describe('speculation', () => {
  it('is said to leak nothing: no second page table and no thunks are needed', () => {
    const leaf = run('mov eax, 7\nxor ecx, ecx\ncpuid')
    expect(leaf.rdx & (1n << 29n)).not.toBe(0n)
    const told = run('mov ecx, 0x10a\nrdmsr')
    expect(told.exit).toBe(EXIT_HALT)
    expect(Number(told.rax) & (RDCL_NO | IBRS_ALL)).toBe(RDCL_NO | IBRS_ALL)
  })

  it('is controlled by a register that keeps what is written, and a command that does nothing', () => {
    const text =
      'mov ecx, 0x48\nmov eax, 3\nxor edx, edx\nwrmsr\nmov ecx, 0x49\nmov eax, 1\nwrmsr\nmov ecx, 0x48\nxor eax, eax\nrdmsr'
    expect(run(text)).toEqual({ exit: EXIT_HALT, rax: 3n, rdx: 0n })
  })
})
