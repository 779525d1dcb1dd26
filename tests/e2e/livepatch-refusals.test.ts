// What the guest's own loader says to a bad patch, when nobody has checked it before: an errno, a message that names what is
// wrong, and a kernel that goes on as if nothing had been asked.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ObjectFile, parseElf, readObject, writeCpio, writeObject } from '../../src/format/index.js'
import { buildPatchFromC, type CompileRequest, readKernelFacts } from '../../src/patch/index.js'
import { compilePatchUnit } from '../../src/toolchain/index.js'
import { needs } from '../needs.js'
import { QemuConsole } from './qemu-console.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kernel = join(root, 'images/built/scion-1.0.elf')
const sample = readFileSync(join(root, 'images/patches/livepatch-sample.c'), 'utf8')
let folder = ''
let guest: QemuConsole

async function build(source: string): Promise<Uint8Array> {
  const facts = readKernelFacts(new Uint8Array(readFileSync(kernel)))
  if (!facts.ok) throw new Error(facts.message)
  const compile = (request: CompileRequest) => compilePatchUnit(request)
  const built = await buildPatchFromC({ sourceName: 'bad.c', source, kernel: facts.value, compile, check: false })
  if (!built.ok) throw new Error(built.message)
  return built.value.module
}

function change(module: Uint8Array, edit: (object: ObjectFile) => void): Uint8Array {
  const parsed = parseElf(module)
  if (!parsed.ok) throw new Error(parsed.message)
  const read = readObject(parsed.value)
  if (!read.ok) throw new Error(read.message)
  edit(read.value)
  return writeObject(read.value)
}

function patchByte(module: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = module.slice()
  copy[offset] = value
  return copy
}

const replaceText = (data: Uint8Array, from: string, to: string) =>
  new Uint8Array(Buffer.from(Buffer.from(data).toString('latin1').replace(from, to), 'latin1'))

needs('gcc', 'qemu-system-x86_64')('a bad module given to the guest itself', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'transplant-refusals-'))
    const good = await build(sample)
    const modules: Record<string, Uint8Array> = {
      truncated: good.subarray(0, good.length - 700),
      stub: good.subarray(0, 40),
      text: new TextEncoder().encode('this is not a module\n'),
      class32: patchByte(good, 4, 1),
      machine: patchByte(good, 18, 3),
      'other-build': change(good, (object) => {
        const info = object.sections.find((section) => section.name === '.modinfo')
        if (info) info.data = replaceText(info.data, 'build-id=', 'build-iD=')
      }),
      relocation: change(good, (object) => {
        const text = object.sections.find((section) => section.name === '.text')
        const entry = text?.relocations[0]?.entries[0]
        if (entry) entry.type = 9
      }),
      symbol: change(good, (object) => {
        for (const symbol of object.symbols) if (symbol.name === 'klp_enable_patch') symbol.name = 'klp_enable_nothing'
      }),
      function: await build(sample.replace('"cmdline_proc_show"', '"no_such_function"')),
      notrace: await build(sample.replace('"cmdline_proc_show"', '"sync_core"')),
      unmarked: change(good, (object) => {
        const info = object.sections.find((section) => section.name === '.modinfo')
        if (info) info.data = replaceText(info.data, 'livepatch=Y', 'livepatcH=Y')
      }),
    }
    const archive = writeCpio([
      { name: 'lib/bad', mode: 0o040755, data: new Uint8Array() },
      ...Object.entries(modules).map(([name, data]) => ({ name: `lib/bad/${name}.ko`, mode: 0o100644, data })),
      { name: 'lib/bad/good.ko', mode: 0o100644, data: good },
    ])
    const initrd = join(folder, 'initrd')
    writeFileSync(initrd, Buffer.concat([readFileSync(join(root, 'images/built/initramfs.cpio')), archive]))
    guest = new QemuConsole({ kernel, initrd, cpus: 2 })
    await guest.waitFor(/[#$] $/)
  }, 60_000)
  afterAll(async () => {
    await guest?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    ['truncated', /truncated: /, 'Invalid module format'],
    ['stub', /truncated: 40 bytes are less than an ELF header/, 'Invalid module format'],
    ['text', /not an ELF file|truncated/, 'Invalid module format'],
    ['class32', /not a little-endian ELF64 file/, 'Invalid module format'],
    ['machine', /e_machine is 3, 62 \(x86-64\) expected/, 'Invalid module format'],
    [
      'other-build',
      /bad: version magic '.*build-iD=[0-9a-f]{40}' should be '.*build-id=[0-9a-f]{40}'/,
      'Invalid module format',
    ],
    ['relocation', /bad: Unknown rela relocation: 9/, 'Invalid module format'],
    ['symbol', /bad: Unknown symbol klp_enable_nothing \(err -2\)/, 'Unknown symbol in module|No such file'],
    ['function', /livepatch: symbol 'no_such_function' not found in symbol table/, 'Invalid (argument|parameters)'],
    ['notrace', /livepatch: failed to find location for function 'sync_core'/, 'Invalid (argument|parameters)'],
    ['unmarked', /module bad is not marked as a livepatch module/, 'Invalid (argument|parameters)'],
  ])('%s is refused by name', async (name, message, errno) => {
    const from = guest.transcript.length
    const result = await guest.run(`insmod /lib/bad/${name}.ko`)
    await guest.run('true')
    const said = guest.transcript.slice(from)
    expect(result.status).not.toBe(0)
    expect(said).toMatch(message)
    expect(said).toMatch(new RegExp(errno))
    const left = await guest.run('ls /sys/module /sys/kernel/livepatch; cat /proc/modules')
    expect(left.output.replace(/.*\n/, '')).not.toMatch(/\bbad\b/)
  })

  it('leaves a kernel that still takes the good one', async () => {
    expect((await guest.run('insmod /lib/bad/good.ko')).status).toBe(0)
    expect((await guest.run('cat /proc/cmdline')).output).toContain('this has been live patched')
    expect(guest.transcript).not.toMatch(/Oops|BUG:|Call Trace/)
  })
})
