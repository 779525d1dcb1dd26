// A module is compiled as the kernel is, with what gcc warns of: an error in the project's own patches, shown to whoever writes one.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseElf, readObject } from '../../src/format/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { buildPatchFromC, type CompileRequest, moduleCompilerFlags, readKernelFacts } from '../../src/patch/index.js'
import { buildPatches, compilePatchUnit, Toolchain } from '../../src/toolchain/index.js'
import { kernelWords } from '../../src/toolchain/kernel-sources.js'

const kernelPath = 'images/built/scion-1.0.elf'

const SHADOWS = `#include <linux/module.h>

static int start(void)
{
	int answer = 0;
	{
		int answer = 1;
		(void)answer;
	}
	return answer;
}

module_init(start);
MODULE_LICENSE("GPL");
`

async function build(source: string) {
  const facts = readKernelFacts(new Uint8Array(readFileSync(kernelPath)))
  if (!facts.ok) throw new Error(facts.message)
  const compile = (request: CompileRequest) => compilePatchUnit(request)
  const built = await buildPatchFromC({ sourceName: 'own.c', source, kernel: facts.value, compile, check: false })
  if (!built.ok) throw new Error(`${built.message} ${built.detail}`)
  return built.value
}

/** A tree with one patch and the kernel's headers. */
function treeWith(source: string): { toolchain: Toolchain; out: string } {
  const root = mkdtempSync(join(tmpdir(), 'transplant-flags-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'images/patches'), { recursive: true })
  symlinkSync(join(process.cwd(), 'images/kernel'), join(root, 'images/kernel'))
  writeFileSync(join(root, 'images/patches/own.c'), source)
  return { toolchain: new Toolchain(root), out: join(root, 'out') }
}

describe('the flags of a module', () => {
  it("are the kernel's, but that a warning need not be an error", () => {
    const flags = kernelWords('', 'x.c').filter((word) => /^-[fmOWps]|^-(no|std)/.test(word))
    const missing = flags.filter((flag) => !moduleCompilerFlags.includes(flag))
    expect(missing).toEqual(['-ffile-prefix-map==.', '-frandom-seed=x.c', '-Werror'])
  })

  it('let a sum of signed numbers wrap, as it does in the kernel', async () => {
    const { module } = await build(
      '#include <linux/module.h>\nint wraps(int x);\nint wraps(int x) { return x + 1 < x; }\nMODULE_LICENSE("GPL");\n',
    )
    const elf = parseElf(module)
    const object = elf.ok ? readObject(elf.value) : elf
    if (!object.ok) throw new Error(object.message)
    const code = object.value.sections.find((section) => section.name === '.text')!.data
    const words = (await createDisassembler()).disassemble(code, 0n).map((one) => one.mnemonic)
    // Without -fwrapv the answer is always no, and nothing is compared.
    expect(words.includes('cmp')).toBe(true)
  })
})

describe('what gcc warns of', () => {
  it("is an error in the project's own patches, with its line", async () => {
    const { toolchain, out } = treeWith(SHADOWS)
    const building = buildPatches({ kernelPath, out, toolchain })
    await expect(building).rejects.toThrow(/own\.c:7:21?.*error: declaration of .answer. shadows/s)
    const clean = treeWith(SHADOWS.replace('int answer = 1;', 'int other = 1;').replace('(void)answer', '(void)other'))
    await expect(buildPatches({ ...clean, kernelPath })).resolves.toMatchObject([{ name: 'own' }])
  })

  it('is shown to who writes a patch, with its line, beside the module', async () => {
    const { diagnostics, module } = await build(SHADOWS)
    expect(module.length).toBeGreaterThan(0)
    expect(diagnostics).toMatch(/own\.c:7:.*warning: declaration of .answer. shadows/)
  })
})
