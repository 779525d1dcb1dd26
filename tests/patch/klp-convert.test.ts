// Which symbols of a patch become the livepatch core's to resolve, and where their relocations go.
import { expect, it } from 'vitest'
import {
  createSection,
  SHF_ALLOC,
  SHF_RELA_LIVEPATCH,
  SHN_LIVEPATCH,
  SHN_UNDEF,
  SHT_PROGBITS,
} from '../../src/format/index.js'
import { convertLivepatchSymbols } from '../../src/patch/index.js'
import { kernelWith, objectNaming } from './objects.js'

const kernel = kernelWith(
  { exported: [0x1000n], hidden: [0x2000n], twice: [0x3000n, 0x4000n], thrice: [1n, 2n, 3n] },
  { exports: ['exported'] },
)

/** Adds .klp.relocs: who has which symbol, and which of them is meant. */
function stating(names: readonly string[], stated: readonly (readonly [string, string, number])[]) {
  const made = objectNaming(names)
  const text = stated.flat().map((word) => `${word}\0`)
  const section = createSection('.klp.relocs', SHT_PROGBITS, SHF_ALLOC, 1, new TextEncoder().encode(text.join('')))
  const label = { name: 'said', value: 0n, size: 4, type: 1, binding: 0, section }
  made.object.sections.unshift(section)
  made.object.symbols.push(label)
  return made
}

/** For each section: its relocation groups, as names and the symbols of their entries. */
const groups = (object: ReturnType<typeof objectNaming>['object']) =>
  Object.fromEntries(
    object.sections.map((section) => [
      section.name,
      section.relocations.map((group) => [group.name, group.entries.map((entry) => entry.symbol.name)]),
    ]),
  )

it('leaves exported symbols to the loader, and moves the others with all their relocations', () => {
  const { object, symbols } = objectNaming(['exported', 'hidden'])
  const result = convertLivepatchSymbols(object, kernel)
  expect(result).toEqual({ ok: true, value: [{ object: 'vmlinux', name: 'hidden', position: 0 }] })
  expect(symbols.map((symbol) => [symbol.name, symbol.section])).toEqual([
    ['exported', SHN_UNDEF],
    ['.klp.sym.vmlinux.hidden,0', SHN_LIVEPATCH],
  ])
  expect(groups(object)).toEqual({
    '.text': [
      ['.rela.text', ['exported']],
      ['.klp.rela.vmlinux..text', ['.klp.sym.vmlinux.hidden,0']],
    ],
    '.data': [
      ['.rela.data', ['exported']],
      ['.klp.rela.vmlinux..data', ['.klp.sym.vmlinux.hidden,0']],
    ],
  })
  const late = object.sections[0]?.relocations[1]
  expect(late?.flags).toBe(SHF_RELA_LIVEPATCH | SHF_ALLOC)
  expect(late?.entries).toMatchObject([{ offset: 4, addend: -4n }])
})

it('leaves no empty group behind, and an object with nothing to convert as it is', () => {
  const only = objectNaming(['hidden'])
  convertLivepatchSymbols(only.object, kernel)
  expect(groups(only.object)['.text']).toEqual([['.klp.rela.vmlinux..text', ['.klp.sym.vmlinux.hidden,0']]])
  const none = objectNaming(['exported'])
  expect(convertLivepatchSymbols(none.object, kernel)).toEqual({ ok: true, value: [] })
  expect(groups(none.object)['.text']).toEqual([['.rela.text', ['exported']]])
})

it('takes the author at his word: which object, and which of several', () => {
  const { object, symbols } = stating(
    ['twice', 'theirs', 'exported', 'thrice'],
    [
      ['vmlinux', 'twice', 2],
      ['other_module', 'theirs', 0],
      ['vmlinux', 'exported', 1],
      ['vmlinux', 'thrice', 3],
    ],
  )
  expect(convertLivepatchSymbols(object, kernel)).toMatchObject({ ok: true })
  expect(symbols.map((symbol) => symbol.name)).toEqual([
    '.klp.sym.vmlinux.twice,2',
    '.klp.sym.other_module.theirs,0',
    '.klp.sym.vmlinux.exported,1',
    '.klp.sym.vmlinux.thrice,3',
  ])
  expect(groups(object)['.data']).toEqual([
    [
      '.klp.rela.vmlinux..data',
      ['.klp.sym.vmlinux.twice,2', '.klp.sym.vmlinux.exported,1', '.klp.sym.vmlinux.thrice,3'],
    ],
    ['.klp.rela.other_module..data', ['.klp.sym.other_module.theirs,0']],
  ])
  // What was said is not part of the module.
  expect(object.sections.map((section) => section.name)).toEqual(['.text', '.data'])
  expect(object.symbols.map((symbol) => symbol.name)).not.toContain('said')
})

it.each([
  ['no_such_thing', 0, 'unknown-symbol', /no_such_thing.*aa55/],
  ['twice', 0, 'ambiguous-symbol', /twice is there 2 times.*KLP_RELOC_SYMBOL\(vmlinux, twice, 1\.\.2\)/],
  ['thrice', 0, 'ambiguous-symbol', /3 times/],
  ['twice', 3, 'unknown-symbol', /twice,3 is meant, but there are only 2/],
  ['hidden', 2, 'unknown-symbol', /only 1/],
] as const)('refuses %s at position %i: %s', (name, position, code, message) => {
  const { object } = position === 0 ? objectNaming([name]) : stating([name], [['vmlinux', name, position]])
  const result = convertLivepatchSymbols(object, kernel)
  expect(result).toMatchObject({ ok: false, code, symbol: name })
  expect(!result.ok && `${result.message}. ${result.hint}`).toMatch(message)
})
