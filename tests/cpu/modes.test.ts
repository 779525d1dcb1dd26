// From the reset vector to long mode: the ROM of modes-rom.ts prints the same here and under QEMU, and both print what modes.golden.txt says.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CpuCore, EXIT_HALT, EXIT_SHUTDOWN, EXIT_WAIT_SIPI, LINE_INIT, noDevices } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { needs } from '../needs.js'
import { assemble } from './assemble.js'
import { coreModule } from './harness.js'
import { modesRom } from './modes-rom.js'
import { bootOurs, bootQemu } from './rom-machines.js'

const golden = readFileSync(fileURLToPath(new URL('modes.golden.txt', import.meta.url)), 'utf8')

describe('the modes of the processor', () => {
  it('are walked from the reset vector to long mode with exact exceptions, however the run is sliced', () => {
    const whole = bootOurs(modesRom(), 1_000_000)
    expect(whole.text).toBe(golden)
    expect(whole.exit).toBe(EXIT_HALT)
    expect(bootOurs(modesRom(), 1)).toEqual(whole)
    expect(bootOurs(modesRom(), 7)).toEqual(whole)
  })

  it('begin with the state of SDM 3A table 9-1, and with waiting for SIPI on the other vCPUs', () => {
    const core = new CpuCore(coreModule(), noDevices(), 2, 16 << 20)
    const state = core.state(0)
    expect([
      core.register(0, 'rip'),
      core.register(0, 'csBase'),
      core.register(0, 'rflags'),
      core.register(0, 'cr0'),
    ]).toEqual([0xfff0n, 0xffff0000n, 2n, 0x60000010n])
    expect([
      core.register(0, 'dr6'),
      core.register(0, 'dr7'),
      core.register(0, 'efer'),
      core.register(0, 'cr4'),
    ]).toEqual([0xffff0ff0n, 0x400n, 0n, 0n])
    expect(state.getUint32(CPU_STATE.csSelector, true)).toBe(0xf000)
    expect(core.run(1, 10)).toBe(EXIT_WAIT_SIPI)
    // SIPI: CS = vector << 8; INIT puts it back to waiting.
    core.writeRam(0x12000, assemble('mov ax, cs\nhlt', 0, 16))
    core.exports.startup(1, 0x12)
    expect(core.run(1, 10)).toBe(EXIT_HALT)
    expect(core.register(1, 'rax')).toBe(0x1200n)
    core.exports.setLine(1, LINE_INIT, 1)
    expect(core.run(1, 10)).toBe(EXIT_WAIT_SIPI)
    expect(core.register(1, 'rax')).toBe(0n)
  })

  it('keep segment limits in real mode: #GP beyond FFFF, and a shutdown without an interrupt table', () => {
    const core = new CpuCore(coreModule(), noDevices(), 1, 16 << 20)
    const rom = new Uint8Array(0x10000)
    rom.set([0xea, 0, 0, 0, 0xf0], 0xfff0)
    rom.set(
      assemble(
        'mov sp, 0x7000\nmov word ptr [0x34], 0x100\nmov word ptr [0x36], 0xf000\nmov bx, 0xffff\nmov ax, [bx]\nhlt',
        0,
        16,
      ),
      0,
    )
    rom.set(assemble('pop dx\nhlt', 0x100, 16), 0x100)
    core.mapRom(0xffff0000, rom)
    core.mapRom(0xf0000, rom)
    expect(core.run(0, 100)).toBe(EXIT_HALT)
    expect(core.register(0, 'rdx') & 0xffffn).toBe(0x12n)
    expect(core.register(0, 'rip')).toBe(0x102n)
    const empty = new CpuCore(coreModule(), noDevices(), 1, 16 << 20)
    rom.set(assemble('lidt cs:[0x200]\nint3', 0, 16), 0)
    empty.mapRom(0xffff0000, rom)
    empty.mapRom(0xf0000, rom)
    expect(empty.run(0, 100)).toBe(EXIT_SHUTDOWN)
  })
})

needs('qemu-system-x86_64')('the same ROM under QEMU', () => {
  it('prints the same', () => {
    const run = bootQemu(modesRom())
    expect(run.text).toBe(golden)
    expect(run.status).toBe(33)
  })
})
