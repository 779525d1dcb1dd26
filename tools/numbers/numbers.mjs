// Each number once: a name that src/cpu/numbers exports has no second definition, no constant stands in two files of src/, a case has no
// name that is only a comment, and the bits of a register and the size of a page have their names wherever they are meant. Pure: the tree
// comes as a map, so that a test can hand in one of its own.

import { runInNewContext } from 'node:vm'

const CPU = 'src/cpu/'
const NUMBERS = 'src/cpu/numbers/'
/** Numbers and what joins them, without any name. */
const LITERAL = String.raw`[-+~(\s]*(?:0[xX][\da-fA-F_]+|\d[\d_]*)n?(?:[-+*|&^<>()~\s]|(?:0[xX][\da-fA-F_]+|\b\d[\d_]*)n?)*`
/** `const NAME: type = 5`, also with `export`, in any place. */
const DEFINITION = new RegExp(String.raw`\b(?:const|let|var)\s+(\w+)\s*(?::\s*[\w.]+\s*)?=(${LITERAL})(?:;|//|$)`)
/** `const [A, B] = [1, 2]`. */
const LIST = new RegExp(String.raw`\b(?:const|let|var)\s+\[([\w,\s]+)\]\s*=\s*\[((?:${LITERAL},?)+)\]`)
/** A member of an object or enum; only names of several words, since a short one is something else's too. */
const MEMBER = new RegExp(String.raw`^\s*(?:readonly\s+)?([A-Z]\w*_\w+)\s*[:=](${LITERAL})(?:,|;|//|$)`)

/** Also as part of a longer name, as that of a saved CR0. */
const REGISTER = String.raw`(?:\b|(?<=[a-z\d]))(?:[cC]r[04]|[eE]fer|[eErR]flags|[xX]cr0|[dD]r[67]|[mM]xcsr)(?:[A-Z]\w*)?\b`
const NUMBER = String.raw`(?:0x[\da-f_]+|\d+)n?\b`
/** What a register is tested by, combined with or set to, on either side of it: a number, or one of these names. */
function besideRegister(registers, names) {
  const name = names.length === 0 ? '(?!)' : String.raw`\b(?:${names.join('|')})\b`
  return [
    new RegExp(String.raw`(?:${registers})\)?\s*(?:[&|^]=?|[=!]==?|=|>>>?)\s*~?\(?\s*(${NUMBER}|${name})`),
    new RegExp(String.raw`(${NUMBER})\)?\s*[&|^]\s*~?\(?\s*(?:<\w+>)?(?:\w+\.)*(?:${registers})`),
    new RegExp(String.raw`(${name})\s*&\s*~?(?:<\w+>)?(?:\w+\.)*(?:${registers})`),
  ]
}
/** `const flags = state.getUint32(OFFSETS.rflags)`: the register by another name, in this file. */
const ALIAS = new RegExp(String.raw`\b(?:const|let)\s+(\w+)(?:\s*:\s*\w+)?\s*=[^=<>?&|{[]*${REGISTER}[^=<>?&|{[]*$`)

/** `case 3: // CC_AE` */
const NAMED_CASE = /\bcase\s+(?:0x[\da-f]+|\d+)n?:.*\/\/\s*([A-Z]\w*_\w+)/i
/** The size of a page as a number: in what aligns, reads or writes, beside a number of pages, or as the mask of an offset. */
const PAGE = [
  /\b(?:align(?:Up|Down)|(?:read|write)(?:Physical|Virtual))\(.*?,[^,]*\b(4096|0x1000)n?\b/,
  /\b(?:\w*(?:[pP]age|[fF]rame)s?)\s*[*/%]\s*(4096|0x1000)n?\b/,
  /&\s*~?(4095|0xfff)n?\b/,
]
/** Nothing, and what only cuts a register to a width. */
const WIDTHS = new Set(['0', '0n', '0xffff', '0xffffffff', '0xffff_ffff', '0xffff_ffffn', '0xffffffffn'])
/** Where bits are asked for: tests say what the manual says. */
const LOOKS = /^src\//

/** Text without comments, line by line as it was. */
function withoutComments(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
    .split('\n')
}

/** The names that a line gives to numbers, with what it says of each. */
function definitions(line) {
  const definition = DEFINITION.exec(line) ?? MEMBER.exec(line)
  if (definition !== null) return [[definition[1], definition[2].trim()]]
  const list = LIST.exec(line)
  if (list === null) return []
  const numbers = list[2].split(',')
  return list[1].split(',').map((name, i) => [name.trim(), (numbers[i] ?? '').trim()])
}

/** A number however it is written: `0xffff_ffff` and `4294967295n` are the same. What goes on in the next line is taken as it stands. */
function numberIn(text) {
  try {
    return String(runInNewContext(text.replace(/\b(?:0x[\da-f_]+|\d[\d_]*)(?!n)\b/gi, '$&n')))
  } catch {
    return text
  }
}

/** Numbers in the text of one file of src/ that have a name elsewhere, or should: a sentence each. */
function unnamed(path, text) {
  const wrong = []
  const lines = withoutComments(text)
  const aliases = lines.flatMap((line) => ALIAS.exec(line)?.[1] ?? [])
  const registers = [REGISTER, ...aliases.map((name) => String.raw`(?<![.\w])${name}\b`)].join('|')
  const own = lines
    .flatMap(definitions)
    .flatMap(([name, number]) => (number !== '' && /^[A-Z]/.test(name) ? [name] : []))
  const patterns = besideRegister(registers, own)
  for (const [index, line] of lines.entries()) {
    const at = `${path}:${index + 1}`
    for (const pattern of patterns) {
      const number = pattern.exec(line)?.[1]
      if (number === undefined || WIDTHS.has(number)) continue
      wrong.push(`${at}: ${number} beside a register: name its bits, as ${NUMBERS}registers.ts does`)
    }
    const size = path.startsWith(CPU) ? undefined : PAGE.map((pattern) => pattern.exec(line)?.[1]).find(Boolean)
    if (size !== undefined) wrong.push(`${at}: ${size} is the size of a page: PAGE_SIZE of src/base`)
  }
  for (const [index, line] of text.split('\n').entries()) {
    const name = NAMED_CASE.exec(line)?.[1]
    if (name !== undefined) wrong.push(`${path}:${index + 1}: ${name} is a comment: make it the case`)
  }
  return wrong
}

/** `tree`: the text of each file, by its path. Returns what is wrong, a sentence each. */
export function wrongNumbers(tree) {
  const wrong = []
  const homes = new Map()
  for (const [path, text] of tree) {
    if (!path.startsWith(NUMBERS)) continue
    for (const [, name] of text.matchAll(/^export const (\w+)/gm)) {
      if (homes.has(name)) wrong.push(`${path}: ${name} is in ${homes.get(name)} already`)
      else homes.set(name, path)
    }
  }
  const said = new Map()
  for (const [path, text] of tree) {
    if (path.startsWith(NUMBERS)) continue
    for (const [index, line] of withoutComments(text).entries()) {
      const at = `${path}:${index + 1}`
      for (const [name, number] of definitions(line)) {
        if (homes.has(name)) wrong.push(`${at}: ${name} has a home: take it from ${homes.get(name)}`)
        if (!LOOKS.test(path) || number === '' || !/^[A-Z]/.test(name)) continue
        const constant = `${name} = ${numberIn(number)}`
        const first = said.get(constant) ?? path
        said.set(constant, first)
        if (first !== path) wrong.push(`${at}: ${name} is in ${first} already`)
      }
    }
    if (LOOKS.test(path)) wrong.push(...unnamed(path, text))
  }
  return wrong
}
