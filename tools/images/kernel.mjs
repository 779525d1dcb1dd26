// Builds the kernels: images/kernel as it stands is Scion 1.0; a later version is a copy of it with the patches of
// images/releases/<version>/ applied in order. `buildVariant` builds one with extra -D definitions (the mutants that the
// tests must catch).
//
// The link is repeated until the symbol table that the image carries describes itself (kallsyms.mjs). The handover
// checksum is filled in last. Promises: the same sources, version and gcc give the same bytes, wherever they lie.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { buildFolder, builtFolder, root, run } from './toolchain.mjs'
import { kallsymsAssembly } from './kallsyms.mjs'

const firmware = join(root, 'firmware')

/** What every C file of the kernel and of its modules is compiled with. */
export const KERNEL_CFLAGS = [
  '-std=gnu11',
  '-O2',
  '-Wall',
  '-ffreestanding',
  '-nostdinc',
  '-fno-pic',
  '-fno-pie',
  '-mcmodel=kernel',
  '-mno-red-zone',
  '-mgeneral-regs-only',
  '-fcf-protection=none',
  '-fno-stack-protector',
  '-fno-omit-frame-pointer',
  '-fno-optimize-sibling-calls',
  '-fno-asynchronous-unwind-tables',
  '-fno-strict-aliasing',
  '-fno-common',
  '-fno-jump-tables',
  '-fno-delete-null-pointer-checks',
  '-Wno-address-of-packed-member',
]
/** The 5-byte NOP at each function's entry, and the list of them. */
const TRACE_CFLAGS = ['-pg', '-mfentry', '-mnop-mcount', '-mrecord-mcount']

function filesBelow(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

/** Runs many compilers, two at a time. */
async function runAll(commands) {
  const queue = [...commands]
  let failed = false
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [command, args, cwd] = next
      const status = await new Promise((resolve) => {
        const child = spawn(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, LC_ALL: 'C' } })
        child.on('error', () => resolve(-1))
        child.on('close', resolve)
      })
      if (status !== 0) failed = true
    }
  }
  await Promise.all([worker(), worker()])
  if (failed) throw new Error('the kernel does not compile')
}

/** One unit that names every header: its BTF describes all structures that headers declare. */
function btfUnit(source) {
  const include = join(source, 'include')
  const headers = filesBelow(join(include, 'linux'), /\.h$/)
    .concat(filesBelow(join(include, 'asm'), /\.h$/), filesBelow(join(include, 'abi'), /\.h$/))
    .map((path) => relative(include, path))
  return `${headers.map((header) => `#include <${header}>`).join('\n')}\n`
}

/**
 * @param {{ version?: string, defines?: string[], name?: string, output?: string }} options
 * @returns {Promise<string>} the path of the image
 */
export async function buildVariant({ version = '1.0', defines = [], name = `scion-${version}`, output } = {}) {
  const work = join(buildFolder, 'kernel', name)
  mkdirSync(work, { recursive: true })
  let source = join(root, 'images/kernel')
  if (version !== '1.0') {
    const copy = join(work, 'source')
    rmSync(copy, { recursive: true, force: true })
    cpSync(source, copy, { recursive: true })
    const series = join(root, 'images/releases', version)
    for (const file of readdirSync(series).sort()) {
      if (file.endsWith('.patch')) run('patch', ['-p1', '-s', '--no-backup-if-mismatch', '-d', copy, '-i', join(series, file)])
    }
    source = copy
  }
  const flags = [
    ...KERNEL_CFLAGS,
    `-I${join(source, 'include')}`,
    `-I${firmware}`,
    `-ffile-prefix-map=${source}=.`,
    `-ffile-prefix-map=${root}=.`,
    ...defines.map((define) => `-D${define}`),
  ]

  const stamp = JSON.stringify(flags)
  const stampFile = join(work, 'flags.json')
  const sameFlags = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp
  const newestHeader = Math.max(
    ...[...filesBelow(source, /\.h$/), ...filesBelow(firmware, /\.h$/)].map((path) => statSync(path).mtimeMs),
  )
  const fresh = (object, input) =>
    sameFlags && existsSync(object) && statSync(object).mtimeMs > Math.max(statSync(input).mtimeMs, newestHeader)

  const inputs = [...filesBelow(source, /\.(c|S)$/), join(firmware, 'handover.S')]
  const objects = []
  const commands = []
  for (const input of inputs) {
    const label = input.startsWith(source) ? relative(source, input) : relative(root, input)
    const object = join(work, `${label.replaceAll('/', '-')}.o`)
    objects.push(object)
    if (fresh(object, input)) continue
    const own = input.endsWith('.c') ? TRACE_CFLAGS : ['-D__ASSEMBLER__', '-Wa,--noexecstack']
    commands.push(['gcc', [...flags, `-frandom-seed=${label}`, ...own, '-c', input, '-o', object], work])
  }
  await runAll(commands)
  writeFileSync(stampFile, stamp)

  const btfSource = join(work, 'btf.c')
  writeFileSync(btfSource, btfUnit(source))
  run('gcc', [...flags, '-frandom-seed=btf', '-gbtf', '-fno-eliminate-unused-debug-types', '-c', btfSource, '-o', join(work, 'btf-unit.o')])
  run('objcopy', ['-O', 'binary', '--only-section=.BTF', '--set-section-flags', '.BTF=alloc', join(work, 'btf-unit.o'), join(work, 'btf.bin')])
  writeFileSync(join(work, 'btf.S'), `.section .BTF, "a", @progbits\n.incbin "${join(work, 'btf.bin')}"\n.section .note.GNU-stack, "", @progbits\n`)
  run('gcc', ['-c', join(work, 'btf.S'), '-o', join(work, 'btf.o')])
  objects.push(join(work, 'btf.o'))

  const image = join(work, `${name}.elf`)
  const link = (table) => {
    const tableObject = join(work, 'kallsyms.o')
    writeFileSync(join(work, 'kallsyms.S'), table)
    run('gcc', ['-c', join(work, 'kallsyms.S'), '-o', tableObject])
    run('ld', [
      '-nostdlib',
      '-static',
      '--emit-relocs',
      '--build-id=sha1',
      '-z',
      'noexecstack',
      '-z',
      'max-page-size=4096',
      '--no-warn-rwx-segments',
      '-T',
      join(source, 'kernel.ld'),
      '-o',
      image,
      ...objects,
      tableObject,
    ])
    return readFileSync(image)
  }
  const empty =
    '.section .kallsyms, "a", @progbits\n.balign 16\n.globl kallsyms_count\nkallsyms_count: .long 0\n' +
    '.globl kallsyms_table\nkallsyms_table:\n.globl kallsyms_names\nkallsyms_names:\n.section .note.GNU-stack, "", @progbits\n'
  let table = kallsymsAssembly(link(empty))
  for (let pass = 0; ; pass++) {
    const next = kallsymsAssembly(link(table))
    if (next === table) break
    if (pass === 4) throw new Error('the symbol table does not settle')
    table = next
  }
  const target = output ?? image
  const bytes = readFileSync(image)
  fillChecksum(bytes)
  writeFileSync(target, bytes)
  return target
}

/** CRC-32 of the file bytes of all PT_LOAD segments, the field itself taken as zero (include/abi/handover.h). */
function fillChecksum(bytes) {
  const owner = Buffer.from('Scion\0', 'latin1')
  for (let at = bytes.indexOf(owner); at >= 0; at = bytes.indexOf(owner, at + 1)) {
    const nameBytes = bytes.readUInt32LE(at - 12)
    const type = bytes.readUInt32LE(at - 4)
    if (nameBytes !== owner.length || type !== 1) continue
    const description = at + ((nameBytes + 3) & ~3)
    const field = description + 0x48
    bytes.writeUInt32LE(0, field)
    bytes.writeUInt32LE(checksum(bytes), field)
    return
  }
}

function checksum(bytes) {
  const table = new Uint32Array(256).map((_, n) => {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c >>> 0
  })
  let crc = 0xffffffff
  const headers = Number(bytes.readBigUInt64LE(32))
  const count = bytes.readUInt16LE(56)
  for (let i = 0; i < count; i++) {
    const at = headers + i * 56
    if (bytes.readUInt32LE(at) !== 1) continue
    const offset = Number(bytes.readBigUInt64LE(at + 8))
    const size = Number(bytes.readBigUInt64LE(at + 32))
    for (let j = offset; j < offset + size; j++) crc = table[(crc ^ bytes[j]) & 255] ^ (crc >>> 8)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** Every released version, into images/built. */
export async function buildKernel() {
  const releases = join(root, 'images/releases')
  const versions = ['1.0', ...(existsSync(releases) ? readdirSync(releases).sort() : [])]
  const built = []
  for (const version of versions) {
    if (version !== '1.0' && !readdirSync(join(releases, version)).some((file) => file.endsWith('.patch'))) continue
    built.push(await buildVariant({ version, output: join(builtFolder, `scion-${version}.elf`) }))
  }
  return built
}
