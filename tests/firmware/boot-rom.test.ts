// The boot ROM under QEMU, with a kernel that says what it was given (fixtures/probe.c). The same ROM bytes and the same probe run on
// the project's machine, so what QEMU confirms here is what a kernel may rely on there.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { bzImage } from './fixtures/bzimage.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const rom = join(root, 'images/built/firmware.bin')
const compilerFlags = [
  ...['-m32', '-march=i686', '-mgeneral-regs-only', '-O1', '-ffreestanding', '-nostdlib', '-fno-pic', '-no-pie'],
  ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fcf-protection=none', '-w'],
  ...['-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', '-Wl,-T,tests/firmware/fixtures/probe.ld'],
]

interface Run {
  readonly text: string
  readonly status: number | null
}

function boot(machine: string, cpus: number, megabytes: number, more: readonly string[]): Run {
  const result = spawnSync(
    'qemu-system-x86_64',
    [
      ...['-M', machine, '-accel', 'tcg', '-smp', String(cpus), '-m', String(megabytes), '-bios', rom],
      ...['-display', 'none', '-serial', 'stdio', '-device', 'isa-debug-exit,iobase=0x501,iosize=2', ...more],
    ],
    { encoding: 'utf8', timeout: 30_000 },
  )
  return { text: result.stdout.replaceAll('\r', ''), status: result.status }
}

const memory = (end: string): string[] => [
  'memory 0 98000 ram',
  'memory 98000 9c000 reserved',
  'memory 9c000 9e000 acpi data',
  'memory 9e000 9f000 acpi nvs',
  'memory 9f000 a0000 reserved',
  'memory e0000 100000 reserved',
  `memory 100000 ${end} ram`,
  'memory fffe0000 0 reserved',
]

const acpi = (cpus: number): string[] => [
  ...[
    'rsdp in rom good 1',
    'rsdp good 1',
    'xsdt good 1',
    'fadt good 1',
    'dsdt good 1',
    'pm1a control 604',
    'madt good 1',
  ],
  ...['ioapic fec00000', 'timer input 2', `cpus ${cpus.toString(16)}`, `woken ${(cpus - 1).toString(16)}`, 'end', ''],
]

needs('gcc', 'qemu-system-x86_64')('the boot ROM under QEMU', () => {
  const folder = mkdtempSync(join(tmpdir(), 'boot-rom-'))
  const pvh = join(folder, 'pvh.elf')
  const multiboot = join(folder, 'multiboot.elf')
  const linux = join(folder, 'bzImage')
  const initrd = join(folder, 'initrd')

  beforeAll(() => {
    const source = 'tests/firmware/fixtures/probe.c'
    execFileSync('gcc', [...compilerFlags, source, '-o', join(folder, 'pvh32.elf')], { cwd: root })
    execFileSync('objcopy', ['-I', 'elf32-i386', '-O', 'elf64-x86-64', join(folder, 'pvh32.elf'), pvh])
    execFileSync('gcc', [...compilerFlags, '-DMULTIBOOT', source, '-o', multiboot], { cwd: root })
    execFileSync('gcc', [...compilerFlags, '-DLINUX', source, '-o', join(folder, 'linux.elf')], { cwd: root })
    writeFileSync(linux, bzImage(join(folder, 'linux.elf')))
    writeFileSync(initrd, Buffer.alloc(1000, 'a'))
  })

  // The probe's sum of 1000 letters, computed as it does: sum * 31 + byte, in 32 bits.
  const moduleSum = Array.from({ length: 1000 }, () => 97)
    .reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0)
    .toString(16)

  for (const machine of ['pc', 'microvm,acpi=off']) {
    for (const cpus of [1, 4]) {
      it(`enters a PVH ELF64 kernel on ${machine} with ${cpus} CPU(s), initrd, command line and true tables`, () => {
        const { text, status } = boot(machine, cpus, 64, ['-kernel', pvh, '-initrd', initrd, '-append', 'one two=3'])
        expect(text.split('\n')).toEqual([
          `Transplant firmware 1.0: ${cpus} CPU${cpus === 1 ? '' : 's'}, 64 MiB of RAM`,
          expect.stringMatching(/^firmware: PVH kernel at 0x100000, entry 0x[0-9a-f]+, initrd 1000 bytes$/),
          ...['paging 0', 'tr 18', 'magic 336ec578', 'version 1', 'cmdline one two=3'],
          ...['module bytes 3e8', `module sum ${moduleSum}`, ...memory('4000000'), ...acpi(cpus)],
        ])
        expect(status).toBe(33)
      })
    }
  }

  it('enters a multiboot ELF32 kernel with its module, command line and memory map', () => {
    const { text, status } = boot('pc', 2, 64, ['-kernel', multiboot, '-initrd', initrd, '-append', 'one two=3'])
    expect(text.split('\n')).toEqual([
      'Transplant firmware 1.0: 2 CPUs, 64 MiB of RAM',
      expect.stringMatching(/^firmware: multiboot kernel at 0x100000, entry 0x[0-9a-f]+, 1 modules$/),
      ...['paging 0', 'tr 18', 'magic 2badb002', 'flags 4d', expect.stringMatching(/^cmdline \S+ one two=3$/)],
      ...['module bytes 3e8', `module sum ${moduleSum}`, ...memory('4000000'), ...acpi(2)],
    ])
    expect(status).toBe(33)
  })

  it('enters a Linux image by the 32-bit boot protocol with initrd, command line, memory map and tables', () => {
    const { text, status } = boot('pc', 2, 64, ['-kernel', linux, '-initrd', initrd, '-append', 'one two=3'])
    expect(text.split('\n')).toEqual([
      'Transplant firmware 1.0: 2 CPUs, 64 MiB of RAM',
      'firmware: Linux kernel at 0x100000, protocol 2.15, initrd 1000 bytes',
      ...['paging 0', 'tr 0', 'cs 10', 'signature 53726448', 'loader ff', 'cmdline one two=3'],
      ...['module bytes 3e8', `module sum ${moduleSum}`, ...memory('4000000'), ...acpi(2)],
    ])
    expect(status).toBe(33)
  })

  it('says so when there is no kernel, and leaves with the status of an error', () => {
    const { text, status } = boot('pc', 1, 64, [])
    expect(text).toContain('firmware: no kernel given: name one with --kernel (QEMU: -kernel)\n')
    expect(status).toBe(127)
  })
})
