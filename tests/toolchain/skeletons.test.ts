// Patches begun by hand: of functions from all over the kernel, each compiles and replaces what it is for. About 10 s.
import { expect, it } from 'vitest'
import { buildPatchFromC, readKernelFacts } from '../../src/patch/index.js'
import { compilePatchUnit, newPatch } from '../../src/toolchain/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'

const kernel = read('images/built/scion-1.0.elf')

needs('gcc')('a patch begun in C', () => {
  it('compiles without a warning and replaces its function, one in thirteen of the kernel', async () => {
    const facts = readKernelFacts(kernel)
    if (!facts.ok) throw new Error(facts.message)
    const { symbols, patchableEntries } = facts.value
    const names = [...symbols.values()].flatMap(([only, ...more]) =>
      only?.isFunction && more.length === 0 && patchableEntries.includes(only.address) && !/\./.test(only.name)
        ? [only.name]
        : [],
    )
    const wrong: string[] = []
    let known = 0
    const tried = names.filter((_, i) => i % 13 === 0)
    for (const name of tried) {
      const begun = newPatch(kernel, { name, position: 0, language: 'c' })
      if (!begun.ok) throw new Error(begun.message)
      if (begun.value.includes(' of images/kernel/')) known++
      const compile = (request: Parameters<typeof compilePatchUnit>[0]) => compilePatchUnit(request)
      const built = await buildPatchFromC({ sourceName: 'begun.c', source: begun.value, kernel: facts.value, compile })
      const replaced = built.ok ? built.value.patch?.functions.map((one) => one.name) : []
      if (!built.ok || built.value.diagnostics !== '' || replaced?.[0] !== name) wrong.push(name)
    }
    expect(wrong).toEqual([])
    // What macros make has no text of its own.
    expect(known).toBeGreaterThan(tried.length * 0.9)
  }, 300_000)

  it('takes the words of a system call apart', () => {
    const begun = newPatch(kernel, { name: '__x64_sys_kill', position: 0, language: 'c' })
    expect(begun.ok && begun.value).toContain('\tpid_t pid = (pid_t)regs->di;\n\tint sig = (int)regs->si;\n')
  })
})
