// What a reader can hold at once, and one way to say a thing: sizes of functions and files, hidden members, failures. Pure: the
// tree comes as a map, so that a test can hand in one of its own.

const FUNCTION_LINES = 80
const FILE_LINES = 500
const UNLESS = 'or declare it a table in tools/shape/tables.mjs'

/** `#count`, `static #count = 0`, `async *#rest(`: a member that is hidden by its name. */
const HASH_MEMBER = /^\s+(?:(?:static|readonly|async|get|set|accessor|declare|override) +)*\*?#[a-zA-Z_$][\w$]*/
/** An error without a code: `Error` itself, or one of the language's own. */
const BARE_ERROR = /\bnew (?:Eval|Range|Reference|Syntax|Type|URI|Aggregate)?Error\(/
/** Something thrown that is no error at all: text, a number, an object made on the spot. */
const NO_ERROR = /(?:\bthrow\s+|\bPromise\.reject\()(?:['"`{[\d]|(?:undefined|null|true|false)\b)/
/** A result made by hand, with a value or by the name alone; `readonly ok: false` is a type's, and `const { ok } = result` reads one. */
const HAND_MADE = /(?<!readonly )\bok: |[{,]\s*ok\s*(?:,(?!.*\} (?:=|of) )|\}(?! (?:=|of) ))|^\s*ok,$/
/** Where results are made. */
const RESULTS = 'src/base/errors.ts'

/** Formatted code closes a block at the indentation at which it began: no parser is needed. */
function checkFunctions(path, lines, rules) {
  const open =
    /^(\s*)(?:export |default |async |private |static |override |get |set )*(?:function\*? )?([\w$]+)(?:<.*)?\(.*\{$|^(\s*)(?:export |static |private |protected |override |readonly )*(?:const |let )?([\w$]+)[?!]?(?::.*| =.*)(?:=> |function.*)\{$/
  for (const [index, line] of lines.entries()) {
    let match = open.exec(line)
    let start = index
    if (match === null && /^\s*\)(?:: .*)? (?:=> )?\{$/.test(line)) {
      // A header of several lines: its beginning is the line above with the same indentation.
      const indentation = /^\s*/.exec(line)[0]
      start = lines.findLastIndex(
        (one, at) => at < index && one.startsWith(indentation) && /^\S/.test(one.slice(indentation.length)),
      )
      match =
        /^(\s*)(?:export |default |async |private |protected |static |override |readonly )*(?:function\*? |const |let )?([\w$]+)/.exec(
          lines[start] ?? '',
        )
    }
    if (match === null) continue
    const [indentation, name] = [match[1] ?? match[3], match[2] ?? match[4]]
    if (['if', 'for', 'while', 'switch', 'catch', 'return', 'describe', 'needs', 'it'].includes(name)) continue
    const end = lines.findIndex((one, at) => at > index && one.startsWith(`${indentation}}`))
    checkLength(path, name, end - start + 1, rules)
  }
}

function checkLength(path, name, count, { tables, complain, excuse }) {
  if (count <= FUNCTION_LINES) return
  excuse(`${path}: ${name}`)
  if (!tables.has(`${path}: ${name}`))
    complain(`${path}: ${name} has ${count} lines; at most ${FUNCTION_LINES}, ${UNLESS}`)
}

/** In C a body begins and ends at the margin, and its head is what stands above it from there on. */
function checkCFunctions(path, lines, rules) {
  for (const [index, line] of lines.entries()) {
    if (line !== '{') continue
    const start = lines.findLastIndex((one, at) => at < index && /^\S/.test(one))
    const end = lines.findIndex((one, at) => at > index && one.startsWith('}'))
    const head = lines.slice(start, index).join(' ')
    const name = /^[A-Z]\w*DEFINE\w*\((\w+)/.exec(head)?.[1] ?? /(\w+)\(/.exec(head)?.[1] ?? head
    checkLength(path, name, end - start + 1, rules)
  }
}

/** The rules for one line each: which files, what is wrong, and what to write. */
const LINE_RULES = [
  {
    files: /\.(ts|mjs)$/,
    wrong: HASH_MEMBER,
    instead: 'hides a member by #; say private, as everywhere (or close over it in a script)',
  },
  {
    files: /^src\/(?!cpu\/core\/)/,
    wrong: BARE_ERROR,
    instead: 'throws an error without a code; use TransplantError, or panic() for a broken invariant',
  },
  {
    files: /^src\/(?!cpu\/core\/)/,
    wrong: NO_ERROR,
    instead: 'throws what is no error; use TransplantError, or panic() for a broken invariant',
  },
  {
    files: /^src\/(?!cpu\/core\/|base\/errors\.ts$).*(?<!\.d)\.ts$/,
    wrong: HAND_MADE,
    unless: 'verdictFiles',
    instead: `makes a result by hand; use accept(), refuse() or failure() of ${RESULTS}`,
  },
]

/** One line for each thing of `tree` (a map of paths to texts) that is wrong. */
export function wrongShapes(tree, { tables, tableFiles, verdictFiles = new Set() }) {
  const lists = { verdictFiles }
  const wrong = []
  const excused = new Set()
  const complain = (line) => wrong.push(line)
  const excuse = (name) => excused.add(name)
  for (const [path, text] of tree) {
    const lines = text.trimEnd().split('\n')
    if (lines.length > FILE_LINES) {
      excuse(path)
      if (!tableFiles.has(path)) complain(`${path} has ${lines.length} lines; at most ${FILE_LINES}, ${UNLESS}`)
    }
    const check = /\.[chS]$/.test(path) ? checkCFunctions : /\.(ts|mjs)$/.test(path) ? checkFunctions : undefined
    check?.(path, lines, { tables, complain, excuse })
    for (const rule of LINE_RULES) {
      if (!rule.files.test(path)) continue
      for (const [index, line] of lines.entries()) {
        if (/^\s*(?:\/\/|\/?\*)/.test(line) || !rule.wrong.test(line)) continue
        excuse(path)
        if (!lists[rule.unless]?.has(path)) complain(`${path}:${index + 1}: ${rule.instead}`)
      }
    }
  }
  // A list that names what is short now, or gone, excuses something else one day.
  for (const name of [...tables, ...tableFiles, ...verdictFiles])
    if (!excused.has(name)) complain(`${name} needs no excuse any more: take it off the list`)
  return wrong
}
