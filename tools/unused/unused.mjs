// Which exports nothing uses: what src/ exports and no other file names, nor the file itself. In the core, what no other file of the
// CPU imports needs no `export`. By name, over all files: two things of one name are one. Pure: the tree comes as a map.

const CORE = 'src/cpu/core/'
/** The exports of core.wasm. */
const CORE_DOOR = 'src/cpu/core/index.ts'
/** What a package exports is used by others. */
const PUBLIC = /^src\/(?:index|node|format\/index|isa\/index|web\/index)\.ts$/
/** Tables that stand whole, as the processor has them, whoever asks for which part. */
const TABLES = /^src\/cpu\/(?:numbers\/|state-layout\.ts$)/

const EXPORT =
  /^export\s+(?:declare\s+|abstract\s+|async\s+)*(?:function\*?|const|let|class|enum|type|interface)\s+([\w$]+)/gm
const REEXPORT = /\bexport\s+(?:type\s+)?\{[^}]*\}\s*from\s*'[^']*'/g
/** `import { … } from` and `export { … } from`, with what stands in the braces. */
const CLAUSE = /\b(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\b/g
const WORD = /\b[A-Za-z_$][\w$]*/g

const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')

/** The files that have each of the words of `textOf`. */
function filesOf(files, textOf) {
  const found = new Map()
  for (const [path, text] of files) {
    for (const word of new Set(textOf(path, text).match(WORD))) {
      if (!found.has(word)) found.set(word, [])
      found.get(word).push(path)
    }
  }
  return (word, path) => (found.get(word) ?? []).some((other) => other !== path)
}

/** `tree`: the text of each file of src/, tests/ and tools/, by its path. Returns what is wrong, a sentence each. */
export function unusedExports(tree) {
  const files = [...tree].map(([path, text]) => [path, withoutComments(text)])
  const isNamed = filesOf(files, (path, text) => (PUBLIC.test(path) ? text : text.replace(REEXPORT, '')))
  const isImported = filesOf(
    files.filter(([path]) => path.startsWith('src/cpu/')),
    (_, text) => [...text.matchAll(CLAUSE)].map(([, names]) => names).join(' '),
  )
  const wrong = []
  for (const [path, text] of files) {
    if (!path.startsWith('src/') || PUBLIC.test(path) || TABLES.test(path) || path === CORE_DOOR) continue
    const inCore = path.startsWith(CORE)
    for (const [, name] of text.matchAll(EXPORT)) {
      if (inCore ? isImported(name, path) : isNamed(name, path)) continue
      const isOwn = (text.match(WORD) ?? []).filter((word) => word === name).length > 1
      if (!isOwn) wrong.push(`${path}: nothing uses ${name}`)
      else if (inCore) wrong.push(`${path}: nothing imports ${name}: it needs no export`)
    }
  }
  return wrong
}
