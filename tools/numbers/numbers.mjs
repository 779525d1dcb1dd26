// Each number of the CPU once: a name that src/cpu/numbers exports has no second definition, no constant stands in two files of the
// CPU, and the bits of a register have names wherever they are tested or set. Pure: the tree comes as a map, so that a test can hand
// in one of its own.

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

const REGISTER = String.raw`\b(?:cr0|cr4|efer|eflags|rflags|xcr0|dr6|dr7|mxcsr)\b`
const NUMBER = String.raw`(?:0x[\da-f_]+|\d+)n?\b`
/** A number that a register is tested by, combined with or set to, on either side of it. */
const BARE = [
  new RegExp(String.raw`${REGISTER}\)?\s*(?:[&|^]=?|[=!]==?|=)\s*~?\(?\s*(${NUMBER})`),
  new RegExp(String.raw`(${NUMBER})\)?\s*[&|^]\s*~?\(?\s*(?:<\w+>)?(?:\w+\.)*${REGISTER}`),
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
  return list === null ? [] : list[1].split(',').map((name) => [name.trim(), ''])
}

/** A number however it is written: `0xffff_ffff` and `4294967295n` are the same. What goes on in the next line is taken as it stands. */
function numberIn(text) {
  try {
    return String(runInNewContext(text.replace(/\b(?:0x[\da-f_]+|\d[\d_]*)(?!n)\b/gi, '$&n')))
  } catch {
    return text
  }
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
        if (!path.startsWith(CPU) || number === '' || !/^[A-Z]/.test(name)) continue
        const constant = `${name} = ${numberIn(number)}`
        const first = said.get(constant) ?? path
        said.set(constant, first)
        if (first !== path) wrong.push(`${at}: ${name} is in ${first} already`)
      }
      for (const pattern of LOOKS.test(path) ? BARE : []) {
        const number = pattern.exec(line)?.[1]
        if (number === undefined || WIDTHS.has(number)) continue
        wrong.push(`${at}: ${number} beside a register: name its bits, as ${NUMBERS}registers.ts does`)
      }
    }
  }
  return wrong
}
