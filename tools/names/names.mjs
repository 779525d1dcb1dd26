// Which names in papers and comments lead nowhere: a path, a function or another name that the tree does not have, an npm script or
// a command line that does not exist. Pure: the tree comes as a map, so that a test can hand in one of its own.

import { posix } from 'node:path'

const SOURCE = /\.(ts|mjs|c|h|S|s|lds|ld|json)$/
const EXTENSIONS = 'ts|mjs|js|c|h|S|s|md|lds|ld|json|wasm'
const WRITTEN_PATH = String.raw`(?<![\w./<*~$-])(?:\.\.?/)*[\w*][\w.*-]*(?:/[\w*][\w.*-]*)*`
/** `livepatch/core.c`, `emit-*.ts`: what ends like a file. */
const FILE = new RegExp(String.raw`${WRITTEN_PATH}\.(?:${EXTENSIONS})\b(?![/(])`, 'g')
/** `demo/`: what ends by a slash. In comments it may be a folder of the guest. */
const FOLDER = new RegExp(String.raw`${WRITTEN_PATH}/(?![\w<*{(])`, 'g')
/** A path from the top of the tree needs neither. */
const ROOTED = /(?<![\w./<~-])(?!images\/build\/)(?:src|images|firmware|tests|tools)\/[\w./*-]*[\w*]/g
const CALL = /(?<![\w.$/-])([A-Za-z_]\w*)\(\)/g
/** `pipe_read`, `readBytes`, `MachinePort`, `PAGE_SIZE`: spelt as in code. Not what a `*` or an `_` at its end makes a pattern of. */
const CODE_WORD =
  /(?<![\w./$-])(?:[a-z]\w*_\w*[a-z0-9]|[a-z]+[A-Z][a-z]\w*|[A-Z][a-z0-9]+[A-Z]\w*[a-z]\w*|[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])(?![\w*/]|\.\w)/g
const TICKED_WORD = /`([A-Za-z_$][\w$]*)`/g
/** `fly(x, y)`: a call with arguments, of a name or of a member. */
const TICKED_CALL = /`(?:await |new )?(?:[\w$]+\.)*([A-Za-z_$][\w$]*)\([^`\n]+\)`/g
/** `Machine.run`, with backticks or without: a member by the name of its type. */
const MEMBER = /(?<![\w.$/-])([A-Z]\w*)\.([a-z]\w*)(?![\w/-])/g
const STRING_OR_COMMENT = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(\/\*[\s\S]*?\*\/|\/\/[^\n]*)/g

function splitComments(text) {
  const comments = []
  const code = text.replace(STRING_OR_COMMENT, (whole, comment) => {
    if (comment === undefined) return whole
    comments.push(comment)
    return ' '
  })
  return { code, comments: comments.join('\n') }
}

/** Every file and folder of the tree, and every ending of its path that begins at a name. */
function endings(files) {
  const found = new Set()
  for (const file of files) {
    for (let path = file; path !== '.'; path = posix.dirname(path)) {
      for (let rest = path; !found.has(rest); rest = rest.slice(rest.indexOf('/') + 1)) found.add(rest)
    }
  }
  return found
}

function pathsIn(file, text) {
  const folders = file.endsWith('.md') ? (text.match(FOLDER) ?? []) : []
  return [...(text.match(FILE) ?? []), ...(text.match(ROOTED) ?? []), ...folders.map((path) => path.slice(0, -1))]
}

/** Says whether `path`, written in `file`, is a path of the tree: from its top, from that file, or the end of one. */
function pathFinder(files) {
  const known = endings(files)
  const whole = (path) => known.has(path) && !path.startsWith('.')
  return (path, file) => {
    if (path.startsWith('.')) return whole(posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts'))
    if (!path.includes('*')) return whole(path)
    const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`)
    return [...known].some((one) => pattern.test(one))
  }
}

/** What of `transplant WORDS` the commander command `program` does not know. */
function unknownInCommand(program, line) {
  let command = program
  const options = [...program.options]
  const words = line.replace(/'[^']*'|"[^"]*"/g, 'quoted').split(/\s+/)
  for (const [at, word] of words.entries()) {
    const next = command.commands.find((one) => one.name() === word)
    if (next !== undefined) {
      command = next
      options.push(...next.options)
    } else if (command.commands.length > 0 && /^[a-z]+$/.test(word)) return words.slice(0, at + 1).join(' ')
    else if (/^--?[a-z]/.test(word) && !options.some((one) => one.long === word || one.short === word)) {
      return `${words.slice(0, at).join(' ')} ${word}`
    }
  }
  return undefined
}

/** Command lines stand in code: indented or fenced at the beginning of a line, or between backticks. */
function commandLines(text, name) {
  const found = text.matchAll(new RegExp(String.raw`(?:^ {4,}|\x60|&& )(?:[A-Z_]+=\S+ )?${name} ([^\n\x60#&]*)`, 'gm'))
  return [...found].map(([, words]) => words.trim().replace(/ {2,}.*/, ''))
}

function checkCommands(text, { scripts, program }, complain) {
  for (const words of commandLines(text, 'npm')) {
    const [verb, script] = words.split(' ')
    const wanted = verb === 'run' ? script : ['start', 'test'].includes(verb) ? verb : undefined
    if (wanted !== undefined && !Object.hasOwn(scripts, wanted)) complain(`npm run ${wanted}`)
  }
  for (const words of commandLines(text, '(?:npx )?transplant')) {
    const unknown = unknownInCommand(program, words)
    if (unknown !== undefined) complain(`transplant ${unknown}`)
  }
}

const TYPE =
  /^(?:export )?(?:declare |abstract )*(?:class|interface|type|const) ([A-Z]\w*)([^\n]*)\n([\s\S]*?)(?=^\S)/gm
const MEMBER_HEAD =
  /^ {2}(?:(?:static|async|get|set|readonly|private|protected|override|declare|abstract) )*\*?([\w$]+)/gm

/** The head of a type behind its own parameters: `<T extends A = B> implements C<T>` gives ` implements C<T>`. */
function withoutParameters(head) {
  if (!head.startsWith('<')) return head
  let depth = 0
  const end = [...head].findIndex((letter, at) => {
    if (letter === '<') depth++
    else if (letter === '>' && head[at - 1] !== '=') depth--
    return depth === 0
  })
  return head.slice(end + 1)
}

/**
 * The members of the classes and interfaces that TypeScript declares, and of aliases and constants that write them out: a map of names to sets.
 * Formatted code has them two spaces in. What builds on another has that one's too; a type that says nothing of its members is not in it.
 */
function membersByType(sources) {
  const types = new Map()
  for (const code of sources) {
    // The end, too, is something at the margin.
    for (const [, name, head, body] of `${code}\n;`.matchAll(TYPE)) {
      const own = new Set([...body.matchAll(MEMBER_HEAD)].map(([, member]) => member))
      // What a class implements it has itself.
      const bases =
        withoutParameters(head)
          .replace(/\bimplements\b.*/, '')
          .match(/\b[A-Z]\w*/g) ?? []
      const known = types.get(name) ?? { own: new Set(), bases: [], open: false }
      for (const member of own) known.own.add(member)
      known.bases.push(...bases)
      known.open ||= !/[{(]$/.test(head)
      types.set(name, known)
    }
  }
  return types
}

/** Whether a type has a member; a type that is not written out may have any. */
function hasMember(types, name, member, seen = new Set()) {
  const type = types.get(name)
  if (type === undefined || type.open || seen.has(name)) return !seen.has(name)
  seen.add(name)
  return type.own.has(member) || type.bases.some((base) => hasMember(types, base, member, seen))
}

/** `SKIP_SYNC1`, where the subject says that it is a MUTANT_POKE_: a constant's name without the beginning that it shares with others. */
function shortForms(words) {
  const short = new Set()
  for (const word of words) {
    if (!/^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(word)) continue
    for (let at = word.indexOf('_'); at >= 0; at = word.indexOf('_', at + 1)) short.add(word.slice(at + 1))
  }
  return short
}

/** Of a changelog what is not released yet: the rest told what was. */
function current(file, text) {
  if (posix.basename(file) !== 'CHANGELOG.md') return text
  return text.split(/^## /m).slice(0, 2).join('## ')
}

/**
 * One line for each name in `tree` (a map of paths to texts) that leads nowhere. Papers (.md) are held to paths, command lines and names
 * in backticks; comments to paths, `name()`, names in backticks and names that are spelt as in code; both to members of types and to what
 * is called with arguments in backticks. `foreign` has what is not ours, and an
 * entry of it that nobody uses is a line too.
 */
export function wrongNames(tree, { foreign, scripts, program }) {
  const isPath = pathFinder([...tree.keys()])
  const words = new Set()
  const texts = []
  const typescript = []
  for (const [file, text] of tree) {
    if (file.endsWith('.md')) texts.push([file, current(file, text)])
    if (!SOURCE.test(file)) continue
    const { code, comments } = splitComments(text)
    for (const word of code.match(/[A-Za-z_$][\w$]*/g) ?? []) words.add(word)
    if (file.endsWith('.ts')) typescript.push(code)
    texts.push([file, comments])
  }
  const short = shortForms(words)
  const types = membersByType(typescript)
  const used = new Set()
  const wrong = new Set()
  for (const [file, text] of texts) {
    const complain = (name) => {
      if (foreign.has(name)) used.add(name)
      else wrong.add(`${file} names ${name}, which does not exist`)
    }
    for (const path of pathsIn(file, text)) if (!isPath(path, file)) complain(path)
    const named = [CALL, TICKED_WORD, TICKED_CALL].flatMap((way) => [...text.matchAll(way)].map(([, name]) => name))
    for (const name of [...named, ...(text.match(CODE_WORD) ?? [])])
      if (!words.has(name) && !short.has(name)) complain(name)
    for (const [whole, owner, member] of text.matchAll(MEMBER)) {
      if (types.has(owner) && !hasMember(types, owner, member)) complain(whole)
    }
    if (file.endsWith('.md')) checkCommands(text, { scripts, program }, complain)
  }
  const idle = [...foreign]
    .filter((name) => !used.has(name))
    .map((name) => `${name} is listed as foreign, and nobody names it`)
  return [...wrong, ...idle]
}
