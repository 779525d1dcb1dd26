// All functions of the shipped kernel, compared with what its sources make: each is found at its place, with its bytes. About 20 s.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseElf } from '../../src/format/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { RunningKernel, readKernelFacts, readUnit } from '../../src/patch/index.js'
import { compileUnits, kernelSources, readObjectFile } from '../../src/toolchain/unit-objects.js'
import { read, root } from '../lab/images.js'
import { needs } from '../needs.js'

needs('gcc')('the shipped kernel', () => {
  it('has every function of its sources, byte for byte, and a name for each of their elements', async () => {
    const image = read('images/built/scion-1.0.elf')
    const [elf, facts] = [parseElf(image), readKernelFacts(image)]
    if (!elf.ok || !facts.ok) throw new Error('the kernel cannot be read')
    const tree = root.replace(/\/$/, '')
    const sources = kernelSources(tree).filter((path) => path.endsWith('.c'))
    const running = new RunningKernel(elf.value, facts.value, sources)
    const folder = mkdtempSync(join(tmpdir(), 'transplant-running-'))
    const requests = sources.map((source) => ({ source, form: 'as-linked' as const }))
    expect(await compileUnits(tree, folder, requests)).toMatchObject({ ok: true })
    const disassembler = await createDisassembler()
    let functions = 0
    for (const source of sources) {
      const unit = readUnit(source, readObjectFile(folder, source, 'as-linked') ?? new Uint8Array(0), disassembler)
      if (!unit.ok) throw new Error(unit.message)
      expect(running.differences(unit.value), source).toEqual([])
      const named = unit.value.elements.filter(({ kind }) => kind !== 'literal' && kind !== 'record')
      expect(
        named.filter((element) => !running.nameOf(unit.value, element)).map((one) => one.name),
        source,
      ).toEqual([])
      functions += named.filter((element) => element.kind === 'function').length
    }
    expect(functions).toBeGreaterThan(1000)
    rmSync(folder, { recursive: true })
  }, 300_000)
})
