// What the headers of the kernel declare, and what there is: a prototype has a definition, and an inline function or a macro with
// parameters has a user, an exported function too. Read as text, so that all configurations are looked at. The users are the kernel
// itself, the programs of the guest, and the modules in the tree: what only modules use is there for them, and api.c and entries.c of
// tests/e2e/modules show that it works.

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

const PROTOTYPE =
  /^(?!static|typedef|return|else)(?:extern )?[A-Za-z_][\w \t\n*]*?[ *\n](\w+)\(((?:[^;{}])*)\)[^;{}()]*(?:__attribute__\(\(.*\)\)\s*)?;/gm

/** The functions that a text declares at the margin, without a body. */
const declaredIn = (text) => [...withoutDirectives(text).matchAll(PROTOTYPE)].map((match) => match[1])

const EXPORT = /^EXPORT_SYMBOL\w*\((\w+)\);?/gm
/** The line of a definition that names it: what is left of it in a recursive call is no use either. */
const HEAD = /^(?![ \t#}]|static)[^\n;{}=()]*\b\w+\((?:[^;{}\n]|\n[ \t])*\)[^;{}()=]*\n\{/gm

/** How often each word stands in these texts where it is not declared, defined or exported, and not between quotes. */
function usesIn(texts) {
  const uses = new Map()
  for (const text of texts) {
    const rest = text
      .replace(PROTOTYPE, ' ')
      .replace(HEAD, ' ')
      .replace(EXPORT, ' ')
      .replace(/"(?:\\.|[^"\\\n])*"/g, ' ')
    for (const [word] of rest.matchAll(/\w+/g)) uses.set(word, (uses.get(word) ?? 0) + 1)
  }
  return uses
}

/** The variables that a text declares as another file's. */
const variablesIn = (text) =>
  [...withoutDirectives(text).matchAll(/^extern (?![^;]*\()[^;]*;/gm)].flatMap(([line]) =>
    [...line.matchAll(/\b(\w+)(?:\[[^\]]*\])*\s*(?:__attribute__\(\(.*\)\)\s*)?(?=[,;])/g)].map((match) => match[1]),
  )

/** Whether one of the files defines it: at the margin, by a macro, by an assembly label (of a generator too), or the linker's script. */
function definesVariable(name, files) {
  const array = String.raw`(?:\[[^\]]*\])*`
  const inC = [
    String.raw`^(?!extern|static|typedef|return)\w(?:[^;{}()]*,)?[^;{}()=,]*?[ \t*]${name}${array}\s*(?:__\w+(?:\(.*\))?\s*)*[=;,]`,
    String.raw`^\}[^;{}=\n]*\b${name}${array}\s*[=;]`,
    String.raw`^[A-Z]\w*\((?:[^();]*,\s*)?${name}\b`,
  ].map((words) => new RegExp(words, 'm'))
  const elsewhere = new RegExp(String.raw`\b${name}(?::| = )|\b(?:SYM\w*|ENTRY|PROVIDE\w*)\(${name}\b`)
  return files.some(([path, text]) =>
    /\.[ch]$/.test(path)
      ? inC.some((words) => words.test(text)) || madeVariables(text).includes(name)
      : elsewhere.test(text),
  )
}

/** #define MAKE(name) ... const struct ops prefix##name = ..., and MAKE(x) at the margin. */
const madeVariables = (text) =>
  [...text.matchAll(/^#define (\w+)\(\w+.*\\\n(?:.*\\\n)*?.*?\b(\w+)##\w+ = /gm)].flatMap(([, maker, prefix]) =>
    [...text.matchAll(new RegExp(`^${maker}\\((\\w+)`, 'gm'))].map((match) => prefix + match[1]),
  )

/** Declared where a module does not see it. */
const isKernelOnly = (text, name) =>
  [...text.matchAll(/^#ifndef MODULE\n([\s\S]*?)^#endif/gm)].some(([, part]) => declaredIn(part).includes(name))

/** The inline functions of a header, its macros with parameters, and its other names for a function (`#define list_add_rcu list_add`). */
function offeredIn(text) {
  const inlines = [...withoutDirectives(text).matchAll(/^static (?:__always_inline|inline)[^;{}]*?\b(\w+)\(/gm)]
  const macros = [...text.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)\(/gm)]
  const names = [...text.matchAll(/^[ \t]*#[ \t]*define[ \t]+([a-z]\w*)[ \t]+[a-z]\w*$/gm)]
  return [...inlines, ...macros, ...names].map((match) => match[1])
}

/**
 * What is declared and not defined, or offered or exported and not used, as sentences. `kernel`: the kernel's files; `users`: the modules
 * in the tree; `programs`: those of the guest, which use its headers but nothing that it exports. All: text by path. `modules`: names
 * that every module defines for itself. `moduleHeaders`: paths of the headers that are modules' as they are the kernel's, where what is
 * declared has to be exported, unless it stands between `#ifndef MODULE` and `#endif`.
 */
export function wrongDeclarations(
  kernel,
  users,
  { programs = new Map(), modules = new Set(), moduleHeaders = new Set() } = {},
) {
  const clean = (files) => [...files].map(([path, text]) => [path, withoutComments(text)])
  const texts = clean(kernel)
  const linked = [...texts, ...clean(users)]
  const all = [...linked, ...clean(programs)]
  const defined = new Set(texts.flatMap(([path, text]) => definedIn(path, text)))
  const counts = new Map()
  const pasted = new Set()
  for (const [, text] of all) {
    for (const [word] of text.matchAll(/\w+/g)) counts.set(word, (counts.get(word) ?? 0) + 1)
    for (const match of text.matchAll(/(\w+)##/g)) pasted.add(match[1])
  }
  const isPasted = (name) => [...pasted].some((prefix) => prefix.length > 2 && name.startsWith(prefix))
  const wrong = []
  const exported = new Set(texts.flatMap(([, text]) => [...text.matchAll(EXPORT)].map((one) => one[1])))
  const uses = usesIn(linked.map(([, text]) => text))
  for (const name of exported)
    if (!uses.has(name)) wrong.push(`${name} is exported, and neither the kernel nor a module uses it`)
  for (const [path, text] of texts) {
    const declared = /\.[ch]$/.test(path)
      ? declaredIn(text).filter((name) => !modules.has(name) && !KEYWORDS.has(name))
      : []
    for (const name of declared) {
      if (!defined.has(name)) wrong.push(`${path} declares ${name}(), which nothing defines`)
      else if (moduleHeaders.has(path) && !exported.has(name) && !isKernelOnly(text, name))
        wrong.push(`${path} declares ${name}() to modules, which nothing exports`)
    }
    for (const name of /\.[ch]$/.test(path) ? variablesIn(text) : [])
      if (!modules.has(name) && !definesVariable(name, texts))
        wrong.push(`${path} declares ${name}, which nothing defines`)
    if (!path.endsWith('.h')) continue
    const offered = offeredIn(text)
    for (const name of new Set(offered)) {
      const own = offered.filter((one) => one === name).length
      if (counts.get(name) === own && !isPasted(name)) wrong.push(`${path} offers ${name}(), which nothing uses`)
    }
  }
  return wrong
}

/** What the headers and sources of the guest's programs, text by path, declare and do not define. */
export const undefinedInPrograms = (programs) =>
  wrongDeclarations(programs, new Map()).filter((line) => line.endsWith(', which nothing defines'))
