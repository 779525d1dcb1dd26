// Hardware task switching: the ROM of tasks-rom.ts prints the same here and under QEMU, and both print what tasks.golden.txt says.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { EXIT_HALT } from '../../src/cpu/index.js'
import { needs } from '../needs.js'
import { bootOurs, bootQemu } from './rom-machines.js'
import { GDT, SystemMachine, TSS } from './system-machine.js'
import { tasksRom } from './tasks-rom.js'

const golden = readFileSync(fileURLToPath(new URL('tasks.golden.txt', import.meta.url)), 'utf8')

describe('hardware tasks', () => {
  it('are entered by CALL, JMP, interrupts and exceptions and left by IRET and JMP, however the run is sliced', () => {
    const whole = bootOurs(tasksRom(false), 1_000_000)
    expect(whole.text).toBe(golden)
    expect(whole.exit).toBe(EXIT_HALT)
    expect(bootOurs(tasksRom(false), 1)).toEqual(whole)
  })

  it('report an absent stack as #SS, trap by the T bit before the first instruction, and may be of 16 bits', () => {
    const { text } = bootOurs(tasksRom(true), 1_000_000)
    expect(text.split('\n').slice(golden.split('\n').length - 2)).toEqual([
      '0000000C 00000098 000F6000 00000008 00004600 00000000 ',
      '00000001 00000000 000F6000 00000008 00004600 00000000 ',
      '00008000 00020001 00040003 00067000 00080007 00A00010 00100010 00000000 00284603 Z',
      '',
    ])
  })

  it('do not exist in long mode: #GP of the selector, and #GP(0) for IRET with NT', () => {
    const machine = new SystemMachine()
    machine.setQuad(GDT + 0x38, 0x0000890000000067n | (BigInt(TSS) << 16n))
    // JMP FAR [200000H]
    machine.place('.byte 0xff, 0x2c, 0x25, 0x00, 0x00, 0x20, 0x00')
    machine.setQuad(0x200000, 0x0038_0000_0000n)
    machine.enter(0)
    expect(machine.run()).toMatchObject({ vector: 13, errorCode: 0x38 })
    machine.place('pushfq\nor qword ptr [rsp], 0x4000\npopfq\niretq')
    machine.enter(0)
    expect(machine.run()).toMatchObject({ vector: 13, errorCode: 0 })
  })
})

needs('qemu-system-x86_64')('the same tasks under QEMU', () => {
  it('print the same, but for the EIP that a fault in the new task pushes', () => {
    // QEMU adds the offset of the switching instruction in its block to the new EIP.
    const comparable = (text: string): string =>
      text.replace(/^(000000\w\w \w+ )000F6\w\w\w( \w+ 00004600)/gm, '$1EIP$2')
    const run = bootQemu(tasksRom(false))
    expect(comparable(run.text)).toBe(comparable(golden))
    expect(run.status).toBe(33)
  })
})
