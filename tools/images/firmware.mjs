// Builds firmware/ to images/built/firmware.bin: 128 KiB that end at 4 GiB (firmware/README.md).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildFolder, builtFolder, compile, run, WARNINGS } from './toolchain.mjs'

const romSize = 128 * 1024

const sources = [
  'reset.S',
  'boot.c',
  'memory.c',
  'console.c',
  'fw_cfg.c',
  'memory-map.c',
  'platform.c',
  'acpi.c',
  'payload.c',
  'pvh.c',
  'linux.c',
  'multiboot.c',
]

const flags = [
  ...['-m32', '-march=i686', '-mgeneral-regs-only', '-Os', '-std=gnu11', ...WARNINGS],
  ...['-ffreestanding', '-nostdlib', '-fno-pic', '-fno-pie', '-fno-stack-protector', '-fomit-frame-pointer'],
  ...['-fno-asynchronous-unwind-tables', '-fcf-protection=none', '-Ifirmware'],
]

export function buildFirmware() {
  const objects = sources.map((source) => compile('firmware', `firmware/${source}`, flags))
  const elf = join(buildFolder, 'firmware/firmware.elf')
  const image = join(builtFolder, 'firmware.bin')
  run('ld', ['-m', 'elf_i386', '-nostdlib', '--build-id=none', '-T', 'firmware/firmware.ld', '-o', elf, ...objects])
  run('objcopy', ['-O', 'binary', '-j', '.text', '-j', '.real', '-j', '.reset', elf, image])
  const bytes = readFileSync(image)
  if (bytes.length !== romSize) throw new Error(`firmware.bin has ${bytes.length} bytes instead of ${romSize}`)
  // objcopy copies the ELF file's execute permission; a ROM image is data.
  writeFileSync(image, bytes, { mode: 0o644 })
  return [image]
}
