// The boot ROM and a kernel on the whole machine: what tests/firmware checks under QEMU, here on ours, and both compared.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { Machine, type MachineOptions, type StopReason } from '../../src/machine/index.js'
import { bzImage } from '../firmware/fixtures/bzimage.js'
import { needs } from '../needs.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const romPath = join(root, 'images/built/firmware.bin')
const coreWasm = new WebAssembly.Module(readFileSync(join(root, 'src/cpu/core.wasm')))
const firmware = new Uint8Array(readFileSync(romPath))
const MIB = 1024 * 1024

function boot(options: Partial<MachineOptions>): { text: string; stop: StopReason } {
  const made = Machine.create({ coreWasm, firmware, memoryBytes: 64 * MIB, onReset: 'stop', ...options })
  if (!made.ok) throw new Error(made.message)
  let text = ''
  made.value.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += new TextDecoder().decode(bytes)
  })
  const stop = made.value.run({ instructions: 100_000_000 })
  return { text: text.replaceAll('\r', ''), stop }
}

describe('the firmware', () => {
  it('says what it found and ends with a message when there is no kernel', () => {
    const { text, stop } = boot({ vcpus: 3 })
    expect(text).toMatch(/^Transplant firmware [\d.]+: 3 CPUs, 64 MiB of RAM\nfirmware: /)
    expect(stop).toEqual({ reason: 'exit', status: 127 })
  })
})

needs('gcc')('a kernel entered by the firmware', () => {
  const folder = mkdtempSync(join(tmpdir(), 'machine-boot-'))
  const paths = {
    pvh: join(folder, 'pvh.elf'),
    multiboot: join(folder, 'multiboot.elf'),
    linux: join(folder, 'bzImage'),
  }
  const initrd = new Uint8Array(1000).fill(97)

  beforeAll(() => {
    const flags = [
      ...[
        '-m32',
        '-march=i686',
        '-mgeneral-regs-only',
        '-O1',
        '-ffreestanding',
        '-nostdlib',
        '-fno-pic',
        '-no-pie',
        '-w',
      ],
      ...['-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fcf-protection=none', '-Wl,--build-id=none'],
      ...['-Wl,--no-warn-rwx-segments', '-Wl,-T,tests/firmware/fixtures/probe.ld', 'tests/firmware/fixtures/probe.c'],
    ]
    execFileSync('gcc', [...flags, '-o', join(folder, 'pvh32.elf')], { cwd: root })
    execFileSync('objcopy', ['-I', 'elf32-i386', '-O', 'elf64-x86-64', join(folder, 'pvh32.elf'), paths.pvh])
    execFileSync('gcc', [...flags, '-DMULTIBOOT', '-o', paths.multiboot], { cwd: root })
    execFileSync('gcc', [...flags, '-DLINUX', '-o', join(folder, 'linux.elf')], { cwd: root })
    writeFileSync(paths.linux, bzImage(join(folder, 'linux.elf')))
    writeFileSync(join(folder, 'initrd'), initrd)
  })

  const onOurs = (protocol: keyof typeof paths, vcpus: number): { text: string; stop: StopReason } =>
    boot({ kernel: new Uint8Array(readFileSync(paths[protocol])), initrd, append: 'one two=3', vcpus })

  it('finds its command line, initrd and tables, by PVH, by Multiboot and by the protocol of Linux', () => {
    for (const protocol of ['pvh', 'multiboot', 'linux'] as const) {
      const { text, stop } = onOurs(protocol, 2)
      expect(text).toMatch(/cmdline (kernel )?one two=3\nmodule bytes 3e8\n/)
      expect(text).toMatch(/cpus 2\nwoken 1\nend\n$/)
      expect(stop).toEqual({ reason: 'exit', status: 33 })
    }
  })

  needs('qemu-system-x86_64')('against QEMU', () => {
    for (const protocol of ['pvh', 'multiboot', 'linux'] as const) {
      for (const cpus of [1, 4]) {
        it(`sees by ${protocol} with ${cpus} CPU(s) the very machine it sees there`, () => {
          const qemu = spawnSync(
            'qemu-system-x86_64',
            [
              ...['-M', 'pc', '-accel', 'tcg', '-smp', String(cpus), '-m', '64', '-bios', romPath, '-display', 'none'],
              ...['-serial', 'stdio', '-device', 'isa-debug-exit,iobase=0x501,iosize=2', '-kernel', paths[protocol]],
              ...['-initrd', join(folder, 'initrd'), '-append', 'one two=3'],
            ],
            { encoding: 'utf8', timeout: 30_000 },
          )
          // QEMU puts the kernel's path before a Multiboot command line. How many CPUs the probe sees woken there depends
          // on the host's load, since it waits a number of loops; here that number is exact, and checked as such.
          const woken = `woken ${cpus - 1}`
          const expected = qemu.stdout
            .replaceAll('\r', '')
            .replace(/cmdline \S+ one/, protocol !== 'multiboot' ? '$&' : 'cmdline kernel one')
            .replace(/woken \d+/, woken)
          const { text, stop } = onOurs(protocol, cpus)
          expect(text).toBe(expected)
          expect(stop).toEqual({ reason: 'exit', status: qemu.status })
        })
      }
    }
  })
})
