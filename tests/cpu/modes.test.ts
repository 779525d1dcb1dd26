// From the reset vector to long mode: the ROM of modes-rom.ts prints the same here and under QEMU, and both print what modes.golden.txt says.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CpuCore, EXIT_HALT, EXIT_SHUTDOWN, EXIT_WAIT_SIPI, LINE_INIT, noDevices } from '../../src/cpu/index.js'
import { needs } from '../needs.js'
import { assemble } from './assemble.js'
import { coreModule } from './harness.js'
import { modesRom } from './modes-rom.js'

const golden = readFileSync(fileURLToPath(new URL('modes.golden.txt', import.meta.url)), 'utf8')

function bootOurs(rom: Uint8Array, slice: number): { text: string; exit: number; retired: number } {
  let text = ''
  const core = new CpuCore(
    coreModule(),
    {
      ...noDevices(),
      portWrite: (_cpu, port, _size, value) => {
        if (port === 0x3f8) text += String.fromCharCode(value & 255)
      },
    },
    2,
    16 << 20,
  )
  core.mapRom(0xffff0000, rom)
  core.mapRom(0xf0000, rom)
  let exit = 0
  let retired = 0
  while (exit === 0 && retired < 2_000_000) {
    exit = core.run(0, slice)
    retired += core.exports.retired()
  }
  return { text, exit, retired }
}

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
    expect(state.getUint32(556, true)).toBe(0xf000)
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
    const folder = mkdtempSync(join(tmpdir(), 'modes-'))
    const bios = join(folder, 'rom.bin')
    const output = join(folder, 'output.txt')
    writeFileSync(bios, modesRom())
    const run = spawnSync(
      'qemu-system-x86_64',
      [
        '-accel',
        'tcg',
        '-M',
        'pc',
        '-cpu',
        'max',
        '-m',
        '16',
        '-display',
        'none',
        '-serial',
        'none',
        '-chardev',
        `file,id=out,path=${output}`,
        '-device',
        'isa-debugcon,iobase=0x3f8,chardev=out',
        '-no-reboot',
        '-bios',
        bios,
        '-device',
        'isa-debug-exit,iobase=0x501,iosize=2',
      ],
      { timeout: 60_000 },
    )
    // A debug console in COM1's place: unlike a UART it drops no byte.
    expect(readFileSync(output, 'latin1')).toBe(golden)
    expect(run.status).toBe(33)
  })
})
