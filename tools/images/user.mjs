// Builds images/user/: the library, each program as a static ELF64 file, and images/built/initramfs.cpio that holds them. A file
// bin/x.c or workloads/x.c is the program /bin/x; a folder of sources (sh, agent, keeper, usertests, spin) is the program of its name.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeCpio } from '../../dist/format/index.js'
import { buildFolder, builtFolder, compile, root, run, WARNINGS } from './toolchain.mjs'

const sourceFolder = 'images/user'

const flags = () => [
  ...['-O2', '-std=gnu11', ...WARNINGS, '-ffreestanding', '-nostdinc'],
  ...[
    '-isystem',
    run('gcc', ['-print-file-name=include']).trim(),
    `-I${sourceFolder}/include`,
    '-Iimages/kernel/include/uapi',
  ],
  ...['-fno-pic', '-fno-pie', '-fno-stack-protector', '-fcf-protection=none', '-fno-asynchronous-unwind-tables'],
  ...['-ffunction-sections', '-fdata-sections', '-fno-tree-loop-distribute-patterns'],
]

const sources = (folder) =>
  readdirSync(join(root, sourceFolder, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => `${sourceFolder}/${folder}/${name}`)

function link(name, objects) {
  const program = join(buildFolder, 'user/bin', name)
  mkdirSync(join(buildFolder, 'user/bin'), { recursive: true })
  run('ld', [
    ...['-m', 'elf_x86_64', '-static', '-nostdlib', '--gc-sections', '--build-id=none', '-s', '-z', 'noexecstack'],
    ...['-z', 'max-page-size=4096', '-T', `${sourceFolder}/user.ld`, '-o', program, ...objects],
  ])
  return program
}

/** Builds all programs; returns name -> path. */
function buildPrograms() {
  const options = flags()
  // The kernels of spin are compiled as in the flat images (benchmark.mjs): integers stay integers.
  const kernelOptions = [...options, '-fno-tree-vectorize']
  const object = (source) => compile('user', source, source.includes('/spin/') ? kernelOptions : options)
  const library = sources('lib').map(object)
  const programs = new Map()
  for (const folder of ['bin', 'workloads']) {
    for (const source of sources(folder)) {
      const name = basename(source).replace(/\.[cS]$/, '')
      programs.set(name, link(name, [object(source), ...library]))
    }
  }
  for (const folder of ['sh', 'agent', 'keeper', 'usertests', 'spin']) {
    programs.set(folder, link(folder, [...sources(folder).map(object), ...library]))
  }
  return programs
}

const directory = (name) => ({ name, mode: 0o040755, data: new Uint8Array() })
const file = (name, data, mode = 0o100644) => ({ name, mode, data })
const symbolicLink = (name, target) => ({ name, mode: 0o120777, data: Buffer.from(target) })
const device = (name, major, minor, mode = 0o020666) => ({
  name,
  mode,
  data: new Uint8Array(),
  device: { major, minor },
})

export function buildUser() {
  const programs = buildPrograms()
  const etc = join(root, sourceFolder, 'etc')
  const entries = [
    ...['bin', 'dev', 'etc', 'lib', 'proc', 'sys', 'tmp', 'root', 'usr', 'usr/share', 'mnt'].map(directory),
    device('dev/console', 5, 1),
    device('dev/tty', 5, 0),
    device('dev/ttyS0', 4, 64),
    device('dev/ttyS1', 4, 65),
    device('dev/null', 1, 3),
    device('dev/zero', 1, 5),
    device('dev/kmsg', 1, 11),
    ...readdirSync(etc)
      .sort()
      .map((name) => file(`etc/${name}`, readFileSync(join(etc, name)))),
    ...[...programs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, path]) => file(`bin/${name}`, readFileSync(path), 0o100755)),
    symbolicLink('bin/[', 'test'),
    symbolicLink('bin/resize', 'stty'),
    symbolicLink('init', 'bin/init'),
  ]
  const archive = join(builtFolder, 'initramfs.cpio')
  writeFileSync(archive, writeCpio(entries))
  return [archive]
}
