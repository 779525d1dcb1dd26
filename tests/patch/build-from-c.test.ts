// What the compiler is asked to compile, and what is made of its object; the compiler's place is taken by an object from the test.
import { describe, expect, it } from 'vitest'
import { accept } from '../../src/base/index.js'
import { createSection, parseElf, readObject, SHT_PROGBITS, writeObject } from '../../src/format/index.js'
import { buildPatchFromC, type CompileRequest, compileFailed, moduleCompilerFlags } from '../../src/patch/index.js'
import { kernelWith, objectNaming } from './objects.js'

const kernel = kernelWith({ hidden: [0x2000n], printk: [0x1000n] }, { exports: ['printk'] })

function objectBytes(extra: readonly string[] = []): Uint8Array {
  const { object } = objectNaming(['printk', 'hidden'])
  for (const name of extra) object.sections.push(createSection(name, SHT_PROGBITS, 0, 1, new Uint8Array(4)))
  return writeObject(object)
}

async function build(source: string, sourceName = 'my-patch.c', object = objectBytes()) {
  const requests: CompileRequest[] = []
  const result = await buildPatchFromC({
    ...{ sourceName, source, kernel },
    compile: (request) => {
      requests.push(request)
      return accept({ object, diagnostics: 'a warning' })
    },
  })
  return { result, request: requests[0]!, requests }
}

describe('a module from C', () => {
  it('is compiled as one unit that includes the source and says who it is, for which kernel', async () => {
    const { request, requests, result } = await build('module_init(start);\nmodule_exit(stop);\n')
    expect(requests).toHaveLength(1)
    expect(request.source).toBe('module_init(start);\nmodule_exit(stop);\n')
    expect(request.sourceName).toBe('my-patch.c')
    expect(request.unit).toContain('#include "my-patch.c"')
    expect(request.unit).toContain(`MODULE_INFO(vermagic, "${kernel.vermagic}");`)
    expect(request.unit).toContain('.init = init_module')
    expect(request.unit).toContain('.exit = cleanup_module')
    expect(request.flags).toEqual([...moduleCompilerFlags, '-DKBUILD_MODNAME="my_patch"'])
    expect(result).toMatchObject({ ok: true, value: { name: 'my_patch', diagnostics: 'a warning' } })
  })

  it('has an init and an exit only where the source has one', async () => {
    // What the object does not define is not asked for: the source may define it in a file that it includes.
    const { result } = await build(
      '',
      'x.c',
      writeObject(objectNaming(['printk', 'init_module', 'cleanup_module']).object),
    )
    if (!result.ok) throw new Error(result.message)
    const parsed = parseElf(result.value.module)
    const read = parsed.ok ? readObject(parsed.value) : parsed
    if (!read.ok) throw new Error(read.message)
    expect(read.value.symbols.map((symbol) => symbol.name)).toEqual(['printk'])
    expect(read.value.sections.map((one) => one.relocations.flatMap((group) => group.entries).length)).toEqual([1, 1])
  })

  it('names by .klp.sym what the kernel does not export, and drops what is for no loader', async () => {
    const { result } = await build('', 'x.c', objectBytes(['.comment', '.note.GNU-stack', '.BTF', '.note.own', '.com']))
    if (!result.ok) throw new Error(result.message)
    expect(result.value.converted).toEqual([{ object: 'vmlinux', name: 'hidden', position: 0 }])
    expect(result.value.patch).toBeUndefined()
    const parsed = parseElf(result.value.module)
    const read = parsed.ok ? readObject(parsed.value) : parsed
    if (!read.ok) throw new Error(read.message)
    expect(read.value.sections.map((section) => section.name)).toEqual(['.text', '.data', '.note.own', '.com'])
    expect(read.value.symbols.map((symbol) => symbol.name)).toContain('.klp.sym.vmlinux.hidden,0')
  })

  it('is checked where it says that it is a livepatch, unless nobody wants that', async () => {
    const source = 'MODULE_INFO(livepatch, "Y");'
    expect((await build(source)).result).toMatchObject({ ok: false, code: 'bad-module' })
    const unchecked = { sourceName: 'x.c', source, kernel, check: false }
    const compile = () => accept({ object: objectBytes(), diagnostics: '' })
    expect(await buildPatchFromC({ ...unchecked, compile })).toMatchObject({ ok: true })
    expect((await build('// MODULE_INFO(license, "GPL")')).result).toMatchObject({ ok: true })
  })
})

describe('a module that cannot be built', () => {
  it("passes the compiler's words on", async () => {
    const compile = (request: CompileRequest) => compileFailed(request, 'x.c:1: error: no')
    const result = await buildPatchFromC({ sourceName: 'x.c', source: '', kernel, compile })
    expect(result).toMatchObject({ ok: false, code: 'compile-failed', detail: 'x.c:1: error: no' })
  })

  it.each([
    ['not-an-elf', new Uint8Array(64)],
    ['wrong-kind', Uint8Array.from(objectBytes()).fill(2, 16, 17)],
  ])('is refused with %s where the compiler gave something else', async (code, object) => {
    expect((await build('', 'x.c', object)).result).toMatchObject({ ok: false, code })
  })

  it('is refused for a symbol that the kernel does not have', async () => {
    const bytes = writeObject(objectNaming(['nowhere']).object)
    expect((await build('', 'x.c', bytes)).result).toMatchObject({
      ok: false,
      code: 'unknown-symbol',
      symbol: 'nowhere',
    })
  })
})
