// How `transplant run` ends with a guest that cannot go on: the sentence, the screen, the exit code.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { flatKernel } from '../machine/flat-kernel.js'
import { folder, transplant } from './command.js'

describe('a guest that cannot go on', () => {
  beforeAll(() => {
    const text = 'mov dword ptr [0xb8000], 0x07690748\n'
    writeFileSync(join(folder, 'halted'), flatKernel(`${text}cli\nhlt`))
    writeFileSync(join(folder, 'faulting'), flatKernel(`${text}lidt [0x100000]\nud2`))
  })

  it('that halted with interrupts off is stuck: who, where, exit code 6, and its screen', () => {
    const { status, stdout, stderr } = transplant(['run', 'halted', '--smp', '1'])
    expect(status).toBe(6)
    expect(stdout).not.toContain('Hi')
    expect(stderr).toMatch(/vCPU 0 halted before 0x10002c with interrupts off/)
    expect(stderr).toContain('--vga')
    expect(transplant(['run', 'halted', '--smp', '1', '--vga'])).toMatchObject({
      status: 6,
      stdout: expect.stringMatching(/\nHi\n$/),
    })
  })

  it.each([
    ['the keyboard controller', 'mov al, 0xfe\nout 0x64, al'],
    ['CF9H', 'mov dx, 0xcf9\nmov al, 6\nout dx, al'],
    ['port 92H', 'mov al, 1\nout 0x92, al'],
  ])('that resets itself by %s ends with 0, as both helps say', (_how, text) => {
    writeFileSync(join(folder, 'resetting'), flatKernel(text))
    const { status, stderr } = transplant(['run', 'resetting', '--smp', '1'])
    expect(stderr).toContain('the guest was reset')
    expect(status).toBe(0)
    expect(transplant(['--help']).stdout).toMatch(/^ *0 .*resets itself/m)
    expect(transplant(['run', '--help']).stdout).toContain('0 power-off or reset')
  })

  it('with a triple fault names vCPU, RIP and vectors, and ends with 7', () => {
    const { status, stderr } = transplant(['run', 'faulting', '--smp', '1'])
    expect(status).toBe(7)
    expect(stderr).toMatch(/triple fault on vCPU 0 at RIP 0x10003[0-9a-f]: #UD/)
  })
})
