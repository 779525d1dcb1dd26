// Where a source can be changed a little, and how: mutation operators on the level of tokens, for C, GNU assembler and TypeScript. They
// know the languages' surface only, no file's text, so that they go on working when a file is written anew.
//
// A place is { operator, function, line, start, end, text }: bytes start..end of the source become `text`.

const comparisons = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
  '===': '!==',
  '!==': '===',
}

/** Words that look like a call where none is, and calls that only say something. */
const NO_CALL =
  /^(if|while|for|switch|return|sizeof|asm|function|super|(?:list|klp)_for_each\w*|for_each\w*|DEFINE_\w+|LIST_HEAD|EXPORT_SYMBOL\w*|MODULE_\w+|module_\w*param\w*|pr_\w+|printk|seq_\w+|cpu_relax|smp_\w?mb|barrier)$/

/** The source with comments, texts and preprocessor lines blanked out; every other byte where it was. */
export function codeOf(source, language) {
  const blank = (text) => text.replace(/[^\n]/g, ' ')
  const quoted = '"(?:[^"\\\\\\n]|\\\\.)*"|\'(?:[^\'\\\\\\n]|\\\\.)*\''
  const parts = {
    c: `/\\*[\\s\\S]*?\\*/|//[^\\n]*|^[ \\t]*#(?:[^\\n\\\\]|\\\\[\\s\\S])*|${quoted}`,
    asm: '/\\*[\\s\\S]*?\\*/|^#[^\\n]*',
    ts: `/\\*[\\s\\S]*?\\*/|//[^\\n]*|${quoted}|\`(?:[^\`\\\\]|\\\\.)*\`|(?<=[(,=|&]\\s*)/(?![*/])(?:[^/\\\\\\n[]|\\\\.|\\[(?:[^\\]\\\\\\n]|\\\\.)*\\])+/[a-z]*`,
  }
  return source.replace(new RegExp(parts[language], 'gm'), blank)
}

/** Where the bracket that opens at `open` closes; -1 if it does not. */
function closing(code, open) {
  let depth = 0
  for (let at = open; at < code.length; at++) {
    if ('([{'.includes(code[at])) depth++
    else if (')]}'.includes(code[at]) && --depth === 0) return at
  }
  return -1
}

/** The functions of a C file in kernel style or of a TypeScript file: [{ name, start, end }]. */
export function functionsOf(code, language) {
  const head = {
    c: /^(?!static const|struct|enum|union|extern|typedef)[A-Za-z_][\w\s*]*?\b(\w+)\([^;{}]*\)\s*\n\{/gm,
    asm: /^(\w+):/gm,
    ts: /^(?:export )?(?:async )?function (\w+)|^ {2}(?:private |readonly |async |static |get |set )*(#?\w+)\([^\n]*\{$/gm,
  }[language]
  const found = []
  for (const match of code.matchAll(head)) {
    const name = match[1] ?? match[2]
    if (language === 'asm') {
      found.push({ name, start: match.index, end: code.length })
      continue
    }
    let open = code.indexOf('{', match.index + match[0].length - (match[0].endsWith('{') ? 1 : 0))
    if (language === 'ts') {
      const list = closing(code, code.indexOf('(', match.index))
      const body = /\{\n/.exec(code.slice(list))
      open = body ? list + body.index : -1
    }
    const end = open < 0 ? -1 : closing(code, open)
    if (end > 0) found.push({ name, start: match.index, end: end + 1 })
  }
  // A label ends where the next one begins.
  if (language === 'asm') {
    found.forEach((one, i) => {
      one.end = found[i + 1]?.start ?? code.length
    })
  }
  return found
}

function* conditions(code) {
  for (const match of code.matchAll(/\bif \(/g)) {
    const open = match.index + 3
    const end = closing(code, open)
    if (end > 0) yield { operator: 'negate condition', start: open, end: end + 1, wrap: ['(!', ')'] }
  }
}

function* comparisonsOf(code) {
  for (const match of code.matchAll(/(?<=[\w)\]] )(===|!==|<=|>=|==|!=|<|>)(?= [\w(&*!'"-])/g)) {
    const [was] = match
    yield { operator: 'swap comparison', start: match.index, end: match.index + was.length, text: comparisons[was] }
  }
  for (const match of code.matchAll(/(?<=\s)(&&|\|\|)(?=\s)/g)) {
    const text = match[0] === '&&' ? '||' : '&&'
    yield { operator: 'swap and, or', start: match.index, end: match.index + 2, text }
  }
}

function* numbers(code) {
  for (const match of code.matchAll(
    /(?<=[-+*/<>=(,?:&|] )(\d{1,3})(n?)(?=[;),\s\]])|(?<=[[(])(\d{1,3})(n?)(?=[\],)])/g,
  )) {
    const value = match[1] ?? match[3]
    const text = `${Number(value) + 1}${match[2] ?? match[4] ?? ''}`
    yield { operator: 'change constant', start: match.index, end: match.index + match[0].length, text }
  }
}

function* returns(code) {
  const other = (value) => {
    if (value === 'true') return 'false'
    if (value === 'false') return 'true'
    if (value === '0') return '-5'
    if (value === 'ret' || /^-E(?!NOMEM)\w+$/.test(value)) return '0'
    return undefined
  }
  for (const match of code.matchAll(/(?<=\breturn )(true|false|0|ret|-E\w+)(?=;|\n)/g)) {
    const text = other(match[0])
    if (text !== undefined)
      yield { operator: 'replace returned value', start: match.index, end: match.index + match[0].length, text }
  }
}

function* calls(code, end) {
  for (const match of code.matchAll(/(?<=^[ \t]+)([A-Za-z_]\w*(?:(?:->|\.)#?\w+)*)\(/gm)) {
    const word = match[1]
    if (NO_CALL.test(word)) continue
    const close = closing(code, match.index + word.length)
    const rest = close < 0 ? null : end.exec(code.slice(close + 1))
    if (rest) yield { operator: 'drop call', start: match.index, end: close + 1 + rest[0].length, text: ';' }
  }
}

function* assignments(code, end) {
  const target = '(?:\\*?[A-Za-z_]\\w*(?:(?:->|\\.)#?\\w+|\\[[^\\]\\n]*\\])*)'
  const statement = new RegExp(
    `(?<=^[ \\t]+)(?:${target} (?:\\|\\||&&|[-+|&])?= [^;{}\\n]*|${target}(?:\\+\\+|--))${end}`,
    'gm',
  )
  for (const match of code.matchAll(statement)) {
    yield { operator: 'drop assignment', start: match.index, end: match.index + match[0].length, text: ';' }
  }
}

function* instructions(code) {
  for (const match of code.matchAll(/^\t(?!ret\b|call\b)[a-z]+q?(?:[ \t][^\n]*)?$/gm)) {
    yield { operator: 'drop instruction', start: match.index, end: match.index + match[0].length, text: '' }
  }
}

const operatorsOf = {
  c: (code) => [
    ...conditions(code),
    ...comparisonsOf(code),
    ...numbers(code),
    ...returns(code),
    ...calls(code, /^;/),
    ...assignments(code, ';'),
  ],
  asm: (code) => [...instructions(code)],
  ts: (code) => [
    ...conditions(code),
    ...comparisonsOf(code),
    ...numbers(code),
    ...returns(code),
    ...calls(code, /^(?=\n)/),
    ...assignments(code, '(?=\\n)'),
  ],
}

export const languageOf = (file) => (file.endsWith('.S') ? 'asm' : file.endsWith('.ts') ? 'ts' : 'c')
const lineAt = (source, at) => source.slice(0, at).split('\n').length

/** Every place of a source, in order. */
export function placesOf(source, file) {
  const language = languageOf(file)
  const code = codeOf(source, language)
  const functions = functionsOf(code, language)
  const places = []
  for (const { wrap, ...place } of operatorsOf[language](code)) {
    const owner = functions.findLast((one) => one.start <= place.start && place.end <= one.end)
    if (!owner) continue
    const text = wrap ? wrap[0] + source.slice(place.start, place.end) + wrap[1] : place.text
    places.push({ ...place, text, function: owner.name, line: lineAt(source, place.start) })
  }
  return places.sort((a, b) => a.start - b.start || (a.operator < b.operator ? -1 : 1))
}

/** The one place in `functionName` that `pattern` matches, changed to `replacement`; undefined if it is not there. */
export function placeByAnchor(source, file, functionName, pattern, replacement) {
  const language = languageOf(file)
  const owner = functionsOf(codeOf(source, language), language).find((one) => one.name === functionName)
  const match = owner && pattern.exec(source.slice(owner.start, owner.end))
  if (!match) return undefined
  const start = owner.start + match.index
  return {
    operator: 'by hand',
    function: functionName,
    line: lineAt(source, start),
    start,
    end: start + match[0].length,
    text: match[0].replace(pattern, replacement),
  }
}

export const apply = (source, { start, end, text }) => source.slice(0, start) + text + source.slice(end)
