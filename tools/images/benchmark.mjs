// Builds the kernels of images/user/spin/ as flat images: images/built/kernels-64.bin and kernels-32.bin, the same C for a CPU in
// long mode and for one in protected mode. flat/start.S says how they are laid out and called.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildFolder, builtFolder, compile, root, run, WARNINGS } from './toolchain.mjs'

const sourceFolder = 'images/user/spin'

const flags = (bits) => [
  ...[`-m${bits}`, '-O2', '-std=gnu11', ...WARNINGS, '-ffreestanding', '-nostdinc'],
  ...['-isystem', run('gcc', ['-print-file-name=include']).trim(), `-I${sourceFolder}`],
  ...['-fno-pic', '-fno-pie', '-fno-stack-protector', '-fcf-protection=none', '-fno-asynchronous-unwind-tables'],
  ...['-msse2', '-mfpmath=sse', '-mno-red-zone', '-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'],
]

const sources = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => /\.[cS]$/.test(name) && name !== 'main.c')
    .sort()
    .map((name) => `${folder}/${name}`)

function buildFlat(bits) {
  const target = `kernels-${bits}`
  const files = [...sources(sourceFolder), ...sources(`${sourceFolder}/flat`), `${sourceFolder}/flat/main.c`]
  const wanted = files.filter((file) => bits === 32 || !file.endsWith('/serial.c'))
  const objects = wanted.map((source) => compile(target, source, flags(bits)))
  const program = join(buildFolder, target, 'flat.elf')
  const format = bits === 64 ? 'elf_x86_64' : 'elf_i386'
  run('ld', [
    ...['-m', format, '-static', '-nostdlib', '--build-id=none', '-z', 'noexecstack', '--no-warn-rwx-segments'],
    ...['-T', `${sourceFolder}/flat/flat.ld`, '-o', program, ...objects],
  ])
  const image = join(builtFolder, `${target}.bin`)
  run('objcopy', ['-O', 'binary', program, image])
  return image
}

export function buildBenchmark() {
  return [buildFlat(64), buildFlat(32)]
}
