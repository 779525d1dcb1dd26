// Builds images/kernel to images/built/scion-<release>.elf.
//
// Every *.c and *.S under images/kernel is part of the kernel, in order of path. Steps: compile what has changed; link without a
// symbol table; link again with it (tools/images/kallsyms.mjs) until it describes the image it is in; add the types (BTF); fill in
// the checksum of the handover note. The linker keeps the relocations, by which the image can be moved to the other arena.
//
// A release above 1.0 is images/releases/<release>/*.patch, applied in order to a copy of the sources. `--define NAME=VALUE` (and
// `--suffix NAME`) builds a variant of its own, for mutants that the tests must catch; `--replace SOURCE=FILE` compiles FILE in the place
// of SOURCE (images/kernel/...), whose own object stays as it is. Same sources, same gcc: same bytes.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildFolder, builtFolder, root, run } from './toolchain.mjs'

/** What every C file of the kernel and of its modules is compiled with. */
export const KERNEL_CFLAGS = [
  ...['-std=gnu11', '-O2', '-ffreestanding', '-nostdlib', '-fno-pic', '-fno-pie', '-mcmodel=kernel', '-mno-red-zone'],
  ...['-mgeneral-regs-only', '-fno-stack-protector', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'],
  ...['-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-fno-strict-aliasing', '-fwrapv', '-fno-common'],
  ...['-fno-delete-null-pointer-checks', '-nostdinc', '-Wall', '-Wno-unused-parameter', '-Wno-format-truncation'],
]
const fentry = ['-pg', '-mfentry', '-mnop-mcount', '-mrecord-mcount']

/** All files below `folder` with one of the endings, as sorted paths relative to `base`. */
function filesBelow(base, folder, endings) {
  const found = []
  for (const entry of readdirSync(join(base, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...filesBelow(base, path, endings))
    else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path)
  }
  return found.sort()
}

/** The sources of a release: the working tree, or a copy of it with the release's patches applied. */
function sourcesOf(release) {
  if (release === '1.0') return root
  const patches = join(root, 'images/releases', release)
  if (!existsSync(patches)) throw new Error(`there is no images/releases/${release}`)
  const copy = join(buildFolder, `source-${release}`)
  const stamp = join(buildFolder, `source-${release}.new`)
  rmSync(stamp, { recursive: true, force: true })
  cpSync(join(root, 'images/kernel'), join(stamp, 'images/kernel'), { recursive: true })
  cpSync(join(root, 'firmware'), join(stamp, 'firmware'), { recursive: true })
  for (const file of readdirSync(patches).sort()) {
    if (file.endsWith('.patch'))
      run('patch', ['-p1', '-s', '--no-backup-if-mismatch', '-i', join(patches, file)], { cwd: stamp })
  }
  // Unchanged files keep their time, so that only what differs is compiled again.
  for (const file of filesBelow(stamp, '.', [''])) {
    const target = join(copy, file)
    const bytes = readFileSync(join(stamp, file))
    if (existsSync(target) && readFileSync(target).equals(bytes)) continue
    mkdirSync(join(target, '..'), { recursive: true })
    writeFileSync(target, bytes)
  }
  for (const file of filesBelow(copy, '.', [''])) if (!existsSync(join(stamp, file))) rmSync(join(copy, file))
  rmSync(stamp, { recursive: true })
  return copy
}

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY

/** True if the object is newer than all it was made from (gcc's dependency file), and was made with the same arguments. */
function isFresh(tree, object, args) {
  if (!existsSync(object) || !existsSync(`${object}.d`) || !existsSync(`${object}.args`)) return false
  if (readFileSync(`${object}.args`, 'utf8') !== args.join(' ')) return false
  const made = modified(object)
  const inputs = readFileSync(`${object}.d`, 'utf8').replaceAll('\\\n', ' ').split(/\s+/).slice(1)
  return inputs.filter((path) => path !== '').every((path) => modified(join(tree, path)) <= made)
}

/** The command that makes an object, or none if it is fresh. A file in the source's place gets an object of its own. */
function planOne(tree, folder, source, defines, file) {
  const object = join(folder, `${source.replaceAll('/', '-')}${file ? '.replaced' : ''}.o`)
  const language = source.endsWith('.S') ? ['-Wa,--noexecstack'] : fentry
  const includes = ['-Iimages/kernel/include', '-Ifirmware']
  const args = [
    `-ffile-prefix-map=${tree}=.`,
    `-frandom-seed=${source}`,
    ...KERNEL_CFLAGS,
    ...language,
    ...includes,
    ...defines,
  ]
  if (file) {
    // It includes what the source includes, and what it says of itself is the source's name.
    const place = [`-ffile-prefix-map=${dirname(file)}=${dirname(source)}`, '-iquote', dirname(source)]
    return { object, args, command: [...args, ...place, '-c', file, '-o', object] }
  }
  if (isFresh(tree, object, args)) return { object }
  return { object, args, command: [...args, '-MMD', '-MF', `${object}.d`, '-c', source, '-o', object] }
}

/** Runs the compilers, two at a time; the first failure ends the build after those that run. */
async function compileAll(tree, plans) {
  const queue = plans.filter((plan) => plan.command)
  let failed = false
  const worker = async () => {
    for (let plan = queue.shift(); plan && !failed; plan = queue.shift()) {
      const { object, args, command } = plan
      const status = await new Promise((resolve) => {
        const options = { cwd: tree, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, LC_ALL: 'C' } }
        const child = spawn('gcc', command, options)
        child.on('error', () => resolve(-1))
        child.on('close', resolve)
      })
      if (status === 0) writeFileSync(`${object}.args`, args.join(' '))
      else failed = true
    }
  }
  await Promise.all([worker(), worker()])
  if (failed) throw new Error('the kernel does not compile (it needs gcc 12)')
}

/** One unit that includes every header: its BTF describes every structure the kernel's parts share. */
function buildTypes(tree, folder, defines) {
  const headers = filesBelow(tree, 'images/kernel/include', ['.h']).map((path) =>
    relative('images/kernel/include', path),
  )
  writeFileSync(join(folder, 'types.c'), `${headers.map((path) => `#include <${path}>`).join('\n')}\n`)
  const includes = [`-I${join(tree, 'images/kernel/include')}`, `-I${join(tree, 'firmware')}`]
  const args = [...KERNEL_CFLAGS, '-gbtf', '-fno-eliminate-unused-debug-types', ...includes, ...defines]
  // Inside the folder and without its name: a path would get into the bytes.
  const inside = { cwd: folder }
  // gcc puts the unit's absolute path into the types; this one is the same everywhere.
  run('gcc', [...args, '-c', '/proc/self/cwd/types.c', '-o', 'types.o'], inside)
  run('objcopy', ['-O', 'binary', '-j', '.BTF', '--set-section-flags', '.BTF=alloc', 'types.o', 'types.btf'], inside)
  const types = join(folder, 'types.btf')
  writeFileSync(types, canonicalTypes(readFileSync(types)))
  const section = '.section .BTF, "a", @progbits\n.incbin "types.btf"\n.section .note.GNU-stack, "", @progbits\n'
  writeFileSync(join(folder, 'types-section.S'), section)
  run('gcc', ['-c', 'types-section.S', '-o', 'types-section.o'], inside)
  return join(folder, 'types-section.o')
}

// Bytes that follow a record's 12, by BTF kind: a fixed number, and a number per element (a name, if any, comes first in each).
const BTF_TAIL = {
  1: [4, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  17: [4, 0],
  19: [0, 12],
}
const BTF_KIND_FUNC = 12
const BTF_KIND_VAR = 14
const BTF_KIND_DATASEC = 15

/**
 * The types alone, in gcc's order, with their names in order of use. gcc lists functions and variables behind them in the
 * order of a hash of addresses, which differs from run to run.
 */
function canonicalTypes(btf) {
  const header = btf.readUInt32LE(4)
  const [typeOffset, typeLength, stringOffset] = [8, 12, 16].map((at) => btf.readUInt32LE(at))
  const strings = btf.subarray(header + stringOffset)
  const text = (at) => strings.toString('latin1', at, strings.indexOf(0, at))
  const offsets = new Map([['', 0]])
  const names = ['']
  let size = 1
  const rename = (at) => {
    const name = text(btf.readUInt32LE(at))
    if (!offsets.has(name)) {
      offsets.set(name, size)
      names.push(name)
      size += name.length + 1
    }
    btf.writeUInt32LE(offsets.get(name), at)
  }
  let at = header + typeOffset
  let end = at
  const limit = at + typeLength
  while (at < limit) {
    const info = btf.readUInt32LE(at + 4)
    const [kind, count] = [(info >>> 24) & 31, info & 0xffff]
    const [fixed, each] = BTF_TAIL[kind] ?? [0, 0]
    const dropped = kind === BTF_KIND_FUNC || kind === BTF_KIND_VAR || kind === BTF_KIND_DATASEC
    if (!dropped) {
      if (end !== at) throw new Error('BTF: a type behind the functions')
      rename(at)
      for (let i = 0; i < (each ? count : 0); i++) rename(at + 12 + i * each)
      end = at + 12 + fixed + count * each
    }
    at += 12 + fixed + (each ? count * each : 0)
  }
  const table = Buffer.from(`${names.join('\0')}\0`, 'latin1')
  const head = Buffer.from(btf.subarray(0, header))
  const types = btf.subarray(header + typeOffset, end)
  head.writeUInt32LE(0, 8)
  head.writeUInt32LE(types.length, 12)
  head.writeUInt32LE(types.length, 16)
  head.writeUInt32LE(table.length, 20)
  return Buffer.concat([head, types, table])
}

const NOTE_OWNER = Buffer.from('Scion\0\0\0', 'latin1')
const NOTE_CRC_OFFSET = 0x48

function crc32(chunks) {
  let crc = 0xffffffff
  for (const chunk of chunks) {
    for (const byte of chunk) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    }
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** Puts the checksum of all PT_LOAD bytes into the handover note (include/abi/handover.h), if the image has one. */
function fillChecksum(path) {
  const image = readFileSync(path)
  const owner = image.indexOf(NOTE_OWNER)
  if (owner < 12 || image.readUInt32LE(owner - 12) !== 6 || image.readUInt32LE(owner - 4) !== 1) return
  const field = owner + NOTE_OWNER.length + NOTE_CRC_OFFSET
  image.writeUInt32LE(0, field)
  const segments = []
  const table = Number(image.readBigUInt64LE(32))
  for (let i = 0; i < image.readUInt16LE(56); i++) {
    const header = table + i * image.readUInt16LE(54)
    if (image.readUInt32LE(header) !== 1) continue
    const offset = Number(image.readBigUInt64LE(header + 8))
    segments.push(image.subarray(offset, offset + Number(image.readBigUInt64LE(header + 32))))
  }
  image.writeUInt32LE(crc32(segments), field)
  writeFileSync(path, image)
}

function link(tree, folder, objects, output, symbols) {
  const table = symbols ? [compileTable(folder, symbols)] : []
  run('ld', [
    ...[
      '-m',
      'elf_x86_64',
      '-nostdlib',
      '-static',
      '-z',
      'max-page-size=4096',
      '--no-warn-rwx-segments',
      '--build-id=sha1',
    ],
    ...['--emit-relocs', '-T', join(tree, 'images/kernel/kernel.lds'), '-o', output, ...objects, ...table],
  ])
}

function compileTable(folder, source) {
  writeFileSync(join(folder, 'kallsyms-table.S'), source)
  run('gcc', ['-c', 'kallsyms-table.S', '-o', 'kallsyms-table.o'], { cwd: folder })
  return join(folder, 'kallsyms-table.o')
}

/** Links until the symbol table in the image is the image's own: the third link at the latest. */
async function linkWithSymbols(tree, folder, objects, output) {
  const { kallsymsAssembly } = await import('./kallsyms.mjs')
  let table = ''
  for (let pass = 0; pass < 5; pass++) {
    link(tree, folder, objects, output, table)
    const next = kallsymsAssembly(new Uint8Array(readFileSync(output)))
    if (next === table) return
    table = next
  }
  throw new Error('the kernel symbol table does not settle')
}

/** Builds one kernel; gives its path. `replace` maps a source, by its path in the tree, to the file that is compiled in its place. */
export async function buildOneKernel({ release = '1.0', defines = [], suffix = '', output, replace = {} } = {}) {
  const name = `scion-${release}${suffix}`
  const tree = sourcesOf(release)
  const folder = join(buildFolder, name)
  mkdirSync(folder, { recursive: true })
  const macros = defines.map((define) => `-D${define}`)
  const sources = [...filesBelow(tree, 'images/kernel', ['.c', '.S']), 'firmware/handover.S']
  const unknown = Object.keys(replace).filter((source) => !sources.includes(source))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is no source of the kernel`)
  const plans = sources.map((source) => planOne(tree, folder, source, macros, replace[source]))
  await compileAll(tree, plans)
  const objects = [...plans.map((plan) => plan.object), buildTypes(tree, folder, macros)]
  const linked = join(folder, 'kernel.elf')
  await linkWithSymbols(tree, folder, objects, linked)
  const image = output ?? join(builtFolder, `${name}.elf`)
  cpSync(linked, image)
  fillChecksum(image)
  return image
}

/** The releases there are: 1.0, and each folder of images/releases that has patches. */
function releases() {
  const folder = join(root, 'images/releases')
  const patched = existsSync(folder)
    ? readdirSync(folder).filter((name) => readdirSync(join(folder, name)).some((file) => file.endsWith('.patch')))
    : []
  return ['1.0', ...patched.sort()]
}

export async function buildKernel() {
  const images = []
  for (const release of releases()) images.push(await buildOneKernel({ release }))
  return images
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2)
  const values = (flag) => args.flatMap((word, i) => (word === flag ? [args[i + 1]] : []))
  const output = values('--out')[0]
  const options = { release: values('--release')[0], defines: values('--define'), suffix: values('--suffix')[0] }
  const replace = Object.fromEntries(values('--replace').map((pair) => pair.split('=')))
  console.log(await buildOneKernel({ ...options, replace, ...(output ? { output } : {}) }))
}
