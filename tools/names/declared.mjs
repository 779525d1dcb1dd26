// What the headers of the kernel declare, and what there is: a prototype has a definition, and an inline function or a macro with
// parameters has a user. Read as text, so that all configurations are looked at. The users are the kernel itself, the programs of the
// guest, and the modules in the tree: what only modules use is there for them, and tests/e2e/modules/api.c shows that it works.

const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/\/\/.*/g, '')
const withoutDirectives = (text) => text.replace(/^[ \t]*#(?:.*\\\n)*.*$/gm, '')
const KEYWORDS = new Set(['if', 'while', 'for', 'switch', 'return', 'sizeof', '__attribute__', 'defined'])

/** The functions and labels that a source defines: C, assembly, or the linker's script. */
function definedIn(path, text) {
  if (/\.(S|s)$/.test(path)) {
    const macros = [...text.matchAll(/^\s*(?:SYM\w*|ENTRY)\((\w+)/gm)]
    return [...text.matchAll(/^(\w+):/gm), ...macros].map((match) => match[1])
  }
  if (path.endsWith('.lds')) return [...text.matchAll(/\b(\w+) = /g)].map((match) => match[1])
  const heads = /^(?![ \t#}]|static inline)[^\n;{}=]*?\b(\w+)\((?:[^;{}\n]|\n[ \t])*\)[^;{}()=]*\n\{/gm
  const plain = [...withoutDirectives(text).matchAll(heads)].map((match) => match[1])
  // #define MAKE(name) int prefix##name(...) { ... }, and MAKE(x) at the margin
  const makers = [...text.matchAll(/^#define (\w+)\(\w+.*\\\n(?:.*\\\n)*?.*?\b(\w+)##\w+\(/gm)]
  const made = makers.flatMap(([, maker, prefix]) =>
    [...text.matchAll(new RegExp(`^${maker}\\((\\w+)`, 'gm'))].map((match) => prefix + match[1]),
  )
  return [...plain, ...made]
}

/** The functions that a text declares at the margin, without a body. */
function declaredIn(text) {
  const prototypes =
    /^(?!static|typedef|return|else)(?:extern )?[A-Za-z_][\w \t\n*]*?[ *\n](\w+)\(((?:[^;{}])*)\)[^;{}()]*(?:__attribute__\(\(.*\)\)\s*)?;/gm
  return [...withoutDirectives(text).matchAll(prototypes)].map((match) => match[1])
}

/** The inline functions of a header, its macros with parameters, and its other names for a function (`#define list_add_rcu list_add`). */
function offeredIn(text) {
  const inlines = [...withoutDirectives(text).matchAll(/^static (?:__always_inline|inline)[^;{}]*?\b(\w+)\(/gm)]
  const macros = [...text.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)\(/gm)]
  const names = [...text.matchAll(/^[ \t]*#[ \t]*define[ \t]+([a-z]\w*)[ \t]+[a-z]\w*$/gm)]
  return [...inlines, ...macros, ...names].map((match) => match[1])
}

/**
 * What is declared and not defined, or offered and not used, as sentences. `kernel`: the kernel's files; `users`: whatever else may use
 * its headers. Both: text by path. `modules`: names that every module defines for itself. `moduleHeaders`: paths of the headers that are
 * modules' as they are the kernel's, where what is declared has to be exported.
 */
export function wrongDeclarations(kernel, users, { modules = new Set(), moduleHeaders = new Set() } = {}) {
  const texts = [...kernel].map(([path, text]) => [path, withoutComments(text)])
  const all = [...texts, ...[...users].map(([path, text]) => [path, withoutComments(text)])]
  const defined = new Set(texts.flatMap(([path, text]) => definedIn(path, text)))
  const counts = new Map()
  const pasted = new Set()
  for (const [, text] of all) {
    for (const [word] of text.matchAll(/\w+/g)) counts.set(word, (counts.get(word) ?? 0) + 1)
    for (const match of text.matchAll(/(\w+)##/g)) pasted.add(match[1])
  }
  const isPasted = (name) => [...pasted].some((prefix) => prefix.length > 2 && name.startsWith(prefix))
  const wrong = []
  const exported = new Set(
    texts.flatMap(([, text]) => [...text.matchAll(/^EXPORT_SYMBOL\w*\((\w+)\)/gm)].map((one) => one[1])),
  )
  for (const [path, text] of texts) {
    const declared = /\.[ch]$/.test(path)
      ? declaredIn(text).filter((name) => !modules.has(name) && !KEYWORDS.has(name))
      : []
    for (const name of declared) {
      if (!defined.has(name)) wrong.push(`${path} declares ${name}(), which nothing defines`)
      else if (moduleHeaders.has(path) && !exported.has(name))
        wrong.push(`${path} declares ${name}() to modules, which nothing exports`)
    }
    if (!path.endsWith('.h')) continue
    const offered = offeredIn(text)
    for (const name of new Set(offered)) {
      const own = offered.filter((one) => one === name).length
      if (counts.get(name) === own && !isPasted(name)) wrong.push(`${path} offers ${name}(), which nothing uses`)
    }
  }
  return wrong
}
