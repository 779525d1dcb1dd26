// Two machines for a boot ROM that prints on COM1: ours, one vCPU with nothing but that port, and QEMU's TCG.
//
// Promises: the ROM (64 KiB) lies at F0000 and below 4 GiB; each returns everything printed. Ours ends at HLT, QEMU at the ROM's write to the
// debug exit port 0x501 (status 2 n + 1). A debug console stands in COM1's place there: unlike a UART it drops no byte.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CpuCore, noDevices } from '../../src/cpu/index.js'
import { coreModule } from './harness.js'

export function bootOurs(rom: Uint8Array, slice: number): { text: string; exit: number; retired: number } {
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

export function bootQemu(rom: Uint8Array): { text: string; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'rom-'))
  const bios = join(folder, 'rom.bin')
  const output = join(folder, 'output.txt')
  writeFileSync(bios, rom)
  const machine = ['-accel', 'tcg', '-M', 'pc', '-cpu', 'max', '-m', '16', '-display', 'none', '-serial', 'none']
  const console = ['-chardev', `file,id=out,path=${output}`, '-device', 'isa-debugcon,iobase=0x3f8,chardev=out']
  const exit = ['-no-reboot', '-device', 'isa-debug-exit,iobase=0x501,iosize=2']
  const run = spawnSync('qemu-system-x86_64', [...machine, ...console, ...exit, '-bios', bios], { timeout: 20_000 })
  return { text: readFileSync(output, 'latin1'), status: run.status }
}
