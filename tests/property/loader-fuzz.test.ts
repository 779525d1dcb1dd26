// Both loaders of the guest, given damaged files: no oops, no warning, nothing left behind, no lock held, no byte of the kernel changed,
// and the next good file is taken. TRANSPLANT_FUZZ_LOADERS (JSON, from `npm run fuzz:loaders`) says how many instead. About 100 s.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseElf, readCpio } from '../../src/format/index.js'
import { read } from '../lab/images.js'
import { type Base, type Edit, sampleProgram } from './loader-files.js'
import { fuzzLoader, type Kind, LoaderGuest } from './loader-runs.js'

const wanted = JSON.parse(process.env['TRANSPLANT_FUZZ_LOADERS'] ?? '{}') as {
  seed?: number
  modules?: number
  programs?: number
  base?: string
  from?: number
}
const long = process.env['TRANSPLANT_FUZZ_LOADERS'] !== undefined
const seed = wanted.seed ?? 1

function shippedTrue(): Uint8Array {
  const archive = readCpio(read('images/built/initramfs.cpio'))
  if (!archive.ok) throw new Error(archive.code)
  const entry = archive.value.find((one) => one.name === 'bin/true')
  if (entry === undefined) throw new Error('the initramfs has no /bin/true')
  return entry.data
}

const bases: Record<Kind, readonly Base[]> = {
  module: ['klp-target', 'klp-callbacks', 'demo'].map((name) => ({
    name,
    bytes: read(`images/built/patches/${name}.ko`),
  })),
  program: [
    { name: 'sample', bytes: sampleProgram(2) },
    { name: 'sample-pie', bytes: sampleProgram(3) },
    { name: 'true', bytes: shippedTrue() },
  ],
}

describe.each([
  ['module', wanted.modules ?? 5000],
  ['program', wanted.programs ?? 5000],
] as const)('the %s loader', (kind, count) => {
  const chosen = bases[kind].filter((base) => wanted.base === undefined || base.name === wanted.base)
  const share = Math.ceil(count / Math.max(1, chosen.length))

  it.skipIf(count === 0).each(chosen)(
    `refuses or takes ${share} files made from $name, and nothing else happens`,
    async (base) => {
      const guest = await LoaderGuest.prepare(kind, base)
      const from = wanted.from ?? 0
      const tally = await fuzzLoader(guest, seed, from, from + share)
      guest.dispose()
      if (long) {
        const { cases, accepted, refused, own } = tally
        console.log(
          `${kind} ${base.name}: ${cases} cases, ${accepted} accepted, ${refused} refused, ${own} with code of their own that faults`,
        )
      }
      expect(tally.wrong).toEqual([])
      if (share > 500) expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(share / 50)
    },
    long ? 24 * 3600_000 : 300_000,
  )
})

describe('one field of a module', () => {
  const bytes = read('images/built/patches/demo.ko')
  const parsed = parseElf(bytes)
  if (!parsed.ok) throw new Error(parsed.message)
  const { sections } = parsed.value
  const index = (name: string): number => sections.findIndex((section) => section.name === name)
  const self = index('.gnu.linkonce.this_module')
  const late = sections.findIndex((section) => section.name.startsWith('.klp.rela.'))
  const symtab = index('.symtab')
  const kernelText = [`sh[0].sh_addr`, 0xffffffff80000000n, `sh[0].sh_size`, 0x100000n] as const
  const text = (value: string): bigint =>
    new DataView(new TextEncoder().encode(value.padEnd(8, '\0')).buffer).getBigUint64(0, true)
  let guest: LoaderGuest

  beforeAll(async () => {
    guest = await LoaderGuest.prepare('module', { name: 'demo', bytes })
  })
  afterAll(() => guest.dispose())

  it.each<readonly [string, ...(string | bigint)[]]>([
    ['nobody may mean header 0: names', 'e_shstrndx', 0n],
    ['nobody may mean header 0: symbols', `sh[${symtab}].sh_link`, 0n],
    ['nobody may mean header 0: a target', `sh[${index('.rela.text')}].sh_info`, 0n],
    ['header 0 as the kernel text', `sh[${index('.rela.text')}].sh_info`, 0n, ...kernelText],
    ['late relocations of what is not loaded', `sh[${late}].sh_info`, BigInt(symtab)],
    ['symbol 0 as a livepatch symbol', 'symbol[0].st_shndx', 0xff20n],
    ['a late relocation of symbol 0', `rela${late}[0].r_sym`, 0n],
    ['struct module that cannot be written', `sh[${self}].sh_flags`, 2n],
    ['struct module as text', `sh[${self}].sh_flags`, 6n],
    ['a name that is a folder above', 'this_module.name', text('..')],
    ['a name that is a path', 'this_module.name', text('a/b')],
    ['a name of two lines', 'this_module.name', text('a\nb')],
    ['a sum that wraps', 'sh[1].sh_offset', -4096n, 'sh[1].sh_size', 4200n],
    ['a symbol table under the section headers', `sh[${symtab}].sh_offset`, BigInt(parsed.value.sections.length)],
  ])('%s: ENOEXEC, and nothing has happened', async (_name, ...changes) => {
    const edits: Edit[] = []
    for (let i = 0; i < changes.length; i += 2) {
      const field = guest.shape.fields.find((one) => one.name === changes[i])
      if (field === undefined) throw new Error(`no field ${changes[i]}`)
      edits.push({ ...guest.shape.write(field, changes[i + 1] as bigint), wild: false })
    }
    expect(await guest.run(edits)).toEqual({ wrong: [], result: 8, own: false })
  })

  it('may be code of its init that faults: the task ends, the module stays to be seen, no lock is held', async () => {
    const init = parsed.value.symbols.find((symbol) => symbol.name === 'init_module')
    const code = sections[init?.section ?? 0]
    if (init === undefined || code === undefined) throw new Error('the module has no init')
    // behind the site: xor eax, eax; jmp rax
    const jump = Uint8Array.of(0x31, 0xc0, 0xff, 0xe0)
    const edit: Edit = { what: 'jump to 0', at: code.offset + Number(init.value) + 5, bytes: jump, wild: true }
    expect(await guest.run([edit])).toEqual({ wrong: [], result: -11, own: true })
    expect(await guest.read('lsmod')).toMatch(/^demo /m)
    expect(await guest.read('cat /proc/modules')).toMatch(/^demo \d+ 1 - Loading /m)
    expect(await guest.read('insmod /tmp/good.ko; lsmod')).toMatch(/^klp_target /m)
  })
})

describe('the judge', () => {
  it('sees a file that breaks something', async () => {
    const guest = await LoaderGuest.prepare('module', { name: 'demo', bytes: read('images/built/patches/demo.ko') })
    // A file that is not what the case says it is: the probe's answer must not be taken for one.
    const nothing: Edit = { what: 'nothing', at: 4096, bytes: new Uint8Array(0), wild: false }
    expect(await guest.run([nothing])).toEqual({ wrong: [], result: 0, own: false })
    guest.dispose()
  })
})
