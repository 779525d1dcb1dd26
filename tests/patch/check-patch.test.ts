// Would this kernel take this patch? Modules made by the assembler, and the same ones changed in one respect.
import { describe, expect, it } from 'vitest'
import {
  type ObjectFile,
  parseElf,
  R_X86_64_64,
  readObject,
  SHN_LIVEPATCH,
  STB_WEAK,
  writeObject,
} from '../../src/format/index.js'
import { buildPatchFromAssembly, checkPatch } from '../../src/patch/index.js'
import { kernelWith } from './objects.js'

const kernel = kernelWith(
  {
    first: [0x1000n],
    second: [0x2000n],
    with_endbr: [0x3000n],
    twice: [0x4000n, 0x5000n],
    hidden: [0x6000n],
    untraced: [0x7000n],
    near_miss: [0x8000n],
    klp_enable_patch: [0x9000n],
    seq_printf: [0xa000n],
  },
  {
    exports: ['klp_enable_patch', 'seq_printf'],
    entries: [0x1000n, 0x2000n, 0x3004n, 0x4000n, 0x5000n, 0x6000n, 0x8003n],
  },
)

const body = '\n  push rbp\n  mov rbp, rsp\n  call hidden\n  call seq_printf\n  pop rbp\n  ret\n'
async function build(source: string, name = 'a-patch.s'): Promise<Uint8Array> {
  const result = await buildPatchFromAssembly({ sourceName: name, source, kernel })
  if (!result.ok) throw new Error(result.message)
  return result.value.module
}
function objectOf(module: Uint8Array): ObjectFile {
  const parsed = parseElf(module)
  if (!parsed.ok) throw new Error(parsed.message)
  const read = readObject(parsed.value)
  if (!read.ok) throw new Error(read.message)
  return read.value
}
function change(module: Uint8Array, edit: (object: ObjectFile) => void): Uint8Array {
  const object = objectOf(module)
  edit(object)
  return writeObject(object)
}
const section = (object: ObjectFile, name: string) => {
  const found = object.sections.find((one) => one.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}
const reword = (from: string, to: string) => (object: ObjectFile) => {
  const info = section(object, '.modinfo')
  const text = Buffer.from(info.data).toString('latin1').replace(from, to)
  info.data = new Uint8Array(Buffer.from(text, 'latin1'))
  info.size = info.data.length
}
const rename = (from: RegExp, to: string) => (object: ObjectFile) => {
  for (const symbol of object.symbols) symbol.name = symbol.name.replace(from, to)
}

describe('a patch that fits', () => {
  it('is told with all its functions: of the kernel with entry and size, of modules by name', async () => {
    const source = `.patch first${body}.patch mod_a:anything${body}.patch twice,2${body}.patch mod_b:other,3${body}.patch with_endbr${body}`
    const checked = checkPatch(await build(source), kernel)
    expect(checked).toEqual({
      ok: true,
      value: {
        name: 'a_patch',
        vermagic: kernel.vermagic,
        replace: false,
        functions: [
          { object: 'vmlinux', name: 'first', position: 0, entry: 0x1000n, size: 16 },
          { object: 'vmlinux', name: 'twice', position: 2, entry: 0x5000n, size: 17 },
          { object: 'vmlinux', name: 'with_endbr', position: 0, entry: 0x3004n, size: 16 },
          { object: 'mod_a', name: 'anything', position: 0 },
          { object: 'mod_b', name: 'other', position: 3 },
        ],
      },
    })
  })

  it('may replace the patches before it, may name a symbol weakly, and may be of two functions', async () => {
    const module = await build(`.replace\n.patch first${body}.patch second${body}`)
    expect(checkPatch(module, kernel)).toMatchObject({
      value: { replace: true, functions: [{ name: 'first' }, { name: 'second', entry: 0x2000n }] },
    })
    const weak = change(module, (object) => {
      for (const symbol of object.symbols)
        if (symbol.name === 'seq_printf') Object.assign(symbol, { name: 'nothing', binding: STB_WEAK })
    })
    expect(checkPatch(weak, kernel)).toMatchObject({ ok: true })
    expect(checkPatch(module, kernelWith({ first: [0x1000n] }))).toMatchObject({ ok: false })
  })

  it('may take the first of several by number, not the one before the first', async () => {
    expect(checkPatch(await build(`.patch twice,1${body}`), kernel)).toMatchObject({
      value: { functions: [{ position: 1, entry: 0x4000n, size: 16 }] },
    })
  })
})

describe('a patch that does not fit', () => {
  const sound = build(`.patch first${body}`)
  it.each([
    ['an executable', 'wrong-kind', (module: Uint8Array) => Uint8Array.from(module).fill(2, 16, 17), /e_type|ET_REL/],
    ['of another machine', 'wrong-kind', (module: Uint8Array) => Uint8Array.from(module).fill(3, 18, 19), /./],
    ['no ELF file', 'not-an-elf', (module: Uint8Array) => Uint8Array.from(module).fill(0, 0, 4), /./],
    ['cut', 'truncated', (module: Uint8Array) => module.subarray(0, module.length - 1), /Build the module again/],
  ] as const)('is refused: %s (%s)', async (_what, code, edit, message) => {
    const refusal = checkPatch(edit(await sound), kernel)
    expect(refusal).toMatchObject({ ok: false, code })
    expect(!refusal.ok && `${refusal.message}. ${refusal.hint}`).toMatch(message)
  })

  it.each<[string, string, (object: ObjectFile) => void, RegExp]>([
    ['no module', 'bad-module', (o) => Object.assign(section(o, '.gnu.linkonce.this_module'), { name: '.x' }), /1024/],
    [
      'a structure of another size',
      'bad-module',
      (o) => Object.assign(section(o, '.gnu.linkonce.this_module'), { data: new Uint8Array(1016), size: 1016 }),
      /1024 bytes/,
    ],
    ['no .modinfo', 'no-modinfo', (o) => o.sections.splice(o.sections.indexOf(section(o, '.modinfo')), 1), /modinfo/],
    ['another build', 'other-build', reword('build-id=aa55', 'build-id=aa56'), /aa56.*aa55.*Build it again/],
    ['no vermagic', 'other-build', reword('vermagic=', 'vermagiX='), /was built for ''/],
    ['not marked', 'not-a-livepatch', reword('livepatch=Y', 'livepatX=Y'), /MODULE_INFO\(livepatch/],
    ['an unknown symbol', 'unknown-symbol', rename(/^seq_printf$/, 'seq_nothing'), /seq_nothing is not exported/],
    ['a livepatch symbol not there', 'unknown-symbol', rename(/vmlinux\.hidden/, 'vmlinux.hiding'), /hiding/],
    ['a livepatch symbol without a number', 'bad-module', rename(/hidden,0$/, 'hidden'), /<position>/],
    ['a livepatch symbol with a word for a number', 'bad-module', rename(/hidden,0$/, 'hidden,x'), /<position>/],
  ])('is refused: %s (%s)', async (_what, code, edit, message) => {
    const refusal = checkPatch(change(await sound, edit), kernel)
    expect(refusal).toMatchObject({ ok: false, code })
    expect(!refusal.ok && `${refusal.message}. ${refusal.hint}`).toMatch(message)
  })

  it('is refused for a relocation type that the kernel does not know, and not for the seven that it knows', async () => {
    for (let type = 0; type < 43; type++) {
      const module = change(await sound, (object) => {
        for (const entry of section(object, '.text').relocations.flatMap((group) => group.entries)) entry.type = type
      })
      const known = [0, 1, 2, 4, 10, 11, 24].includes(type)
      const checked = checkPatch(module, kernel)
      expect(checked.ok, `type ${type}`).toBe(known)
      if (!checked.ok) expect(checked).toMatchObject({ code: 'unknown-relocation' })
    }
  })

  it('does not refuse livepatch symbols of modules, which may come later', async () => {
    const module = change(await sound, rename(/vmlinux\.hidden/, 'some_module.hiding'))
    expect(objectOf(module).symbols.some((one) => one.section === SHN_LIVEPATCH)).toBe(true)
    expect(checkPatch(module, kernel)).toMatchObject({ ok: true })
  })

  it.each([
    ['nothing', 'unknown-function', /nothing is not in kernel aa55/],
    ['twice', 'ambiguous-symbol', /twice is there 2 times. Set .old_sympos to 1..2/],
    ['twice,3', 'unknown-function', /twice,3: there are only 2/],
    ['first,2', 'unknown-function', /only 1/],
    ['untraced', 'not-patchable', /7000/],
    ['near_miss', 'not-patchable', /8000/],
  ])('is refused for its function %s: %s', async (name, code, message) => {
    const built = await buildPatchFromAssembly({ sourceName: 'p.s', source: `.patch ${name}${body}`, kernel })
    expect(built).toMatchObject({ ok: false, code, symbol: name.replace(/,.*/, '') })
    expect(!built.ok && `${built.message}. ${built.hint}`).toMatch(message)
  })

  it('is refused for a function whose pointer to a name is missing', async () => {
    const module = change(await build(`.patch first${body}.patch second${body}`), (object) => {
      const data = section(object, '.data.livepatch')
      for (const group of data.relocations)
        group.entries = group.entries.filter((entry) => entry.offset !== 256 || entry.type !== R_X86_64_64)
    })
    expect(checkPatch(module, kernel)).toMatchObject({ ok: false, code: 'bad-patch', message: /no old_name/ })
  })
})
