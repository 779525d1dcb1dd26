// What comments of the guest kernel demand of whoever calls a function, and which of those functions assert nothing: by the text
// alone. A comment speaks for the function below it; in a header also for the one on its line, or for all up to an empty line if it
// begins with "all" or ends in a colon; `/* ---- queue; rq_lock held ---- */` for each function of its section that is called from
// outside of it; the head of a header that says "All of it" for the whole header.

/** A source or header: `fs/namei.c` and its text. */
export interface KernelFile {
  readonly path: string
  readonly text: string
}

const LOCK = String.raw`(?:[\w.>-]*(?<!b)(?:lock|mutex)|RCU)`
/** Words that say what has to be so when the function is called. */
const DEMANDS: readonly RegExp[] = [
  new RegExp(String.raw`\b${LOCK}(?: is| are| must be| being)? (?:held|taken)\b(?! itself)`, 'i'),
  new RegExp(String.raw`\b(?:with|under|holds?|holding|has|have|owns) (?:the |its |their )?${LOCK}\b`, 'i'),
  new RegExp(`^(?:the )?${LOCK}(?: held)?(?:[.;:]|$)`, 'i'),
  /\b(?:is|are|be|when|while|if) locked\b|^locked\b|"locked"/i,
  /\b(?:interrupts|irqs|preemption)(?: are| is| must be| being)? (?:off|disabled)\b/i,
  /\b(?:without|no) (?:interrupts|preemption)\b/i,
  /\b(?:cannot|must not|may not) be (?:interrupted|preempted)\b/i,
  /\bin atomic context\b|\bmust not sleep\b|\bnot preemptible\b/i,
]
/** Where the words tell of something else: what the function itself does with the lock, or why it needs none. */
const TELLS = /\b(?:takes|drops|releases|gives up) (?:the |its )?[\w>-]*(?:lock|mutex)\b/i

const demands = (comment: string): boolean =>
  comment
    .split(/(?<=[.;:])\s+/)
    .some((sentence) => DEMANDS.some((words) => words.test(sentence)) && !TELLS.test(sentence))
const asserts = (body: string): boolean => /assert|BUG_UNLESS|might_sleep/i.test(body)
const takes = (body: string): boolean => /\b(?:\w*(?:spin|mutex|read|write)_(?:try)?lock\w*|lock_\w+)\(/.test(body)

const plain = (comment: string): string =>
  comment
    .replace(/\n[ \t]*\* ?/g, ' ')
    .replace(/^\s+|\s+$/g, '')
    .replace(/\s+/g, ' ')

interface Defined {
  readonly name: string
  readonly head: string
  readonly body: string
  /** Of the comment right above; '' if there is none. */
  readonly comment: string
  readonly at: number
}

/** The functions that are defined in a text, in clang-format's layout: the head at the margin, the body from `{` to `}` there. */
function definitions(text: string): Defined[] {
  const functions =
    /(?:\/\*((?:(?!\*\/)[\s\S])*)\*\/\n)?((?:^[A-Za-z_][^\n;{}=]*\n)(?:^[ \t]+[^\n;{}]*\n)*)^\{\n((?:[^}\n][^\n]*\n|\n)*)^\}/gm
  return [...text.matchAll(functions)].flatMap((match) => {
    const [, comment = '', head = '', body = ''] = match
    const name = /(\w+)\(/.exec(head.replace(/\b(?:__attribute__|section|aligned)\(+[^)]*\)+/g, ''))?.[1]
    return name === undefined ? [] : [{ name, head, body, comment: plain(comment), at: match.index }]
  })
}

/** The prototypes of a header of which a comment demands something. */
function demandingPrototypes(text: string): string[] {
  const head = text.slice(text.indexOf('/*\n'), text.indexOf('*/'))
  const whole = /\ball of it\b/i.test(plain(head)) && demands(plain(head))
  const names: string[] = []
  for (const group of text.split(/\n\s*\n/)) {
    let lasting = whole
    let above = false
    const pieces =
      /\/\*([\s\S]*?)\*\/|([A-Za-z_][^;{}#/]*?)\b(\w+)\((?:[^;{}/]|\/\*[\s\S]*?\*\/)*?\)[^;{}()]*;([^\n]*)/g
    for (const [, comment, type, name, rest = ''] of group.replace(/^#.*(?:\\\n.*)*$/gm, '').matchAll(pieces)) {
      if (comment !== undefined) {
        const said = plain(comment)
        if (demands(said) && /^all\b|:$/i.test(said)) lasting = true
        above = demands(said)
        continue
      }
      const beside = /\/\*(.*?)\*\//.exec(rest)?.[1]
      const excused = /\btakes [\w>-]*(?:lock|mutex) itself\b/.test(rest)
      if (type !== undefined && name !== undefined && !/typedef|return/.test(type) && !excused)
        if (lasting || above || (beside !== undefined && demands(plain(beside)))) names.push(name)
      above = false
    }
  }
  return names
}

/** The functions of a section, by its heading, that are called from outside of it: those that have to assert what it demands. */
function demandedBySections({ text }: KernelFile, functions: readonly Defined[]): Defined[] {
  const headings = [...text.matchAll(/^\/\* ---- (.*?) ---- \*\/$/gm)]
  return headings.flatMap((heading, index) => {
    if (!demands(heading[1] ?? '')) return []
    const [start, end] = [heading.index, headings[index + 1]?.index ?? text.length]
    const outside = text.slice(0, start) + text.slice(end)
    return functions.filter(
      ({ name, head, at }) =>
        at >= start && at < end && (!head.startsWith('static') || new RegExp(String.raw`\b${name}\b`).test(outside)),
    )
  })
}

/** `fs/namei.c: lookup_locked()`: whose comment demands something, and whose body neither asserts it nor takes the lock; `said`: all. */
export function unasserted(files: readonly KernelFile[]): { readonly said: number; readonly missing: string[] } {
  const defined = files.map((file) => ({ file, functions: definitions(file.text) }))
  const found = new Map<string, string>()
  const look = (path: string, { name, body }: Defined, mayTake = false): void => {
    if (!(mayTake && takes(body))) found.set(`${path}: ${name}()`, body)
  }
  for (const { file, functions } of defined) {
    for (const one of functions) if (demands(one.comment)) look(file.path, one)
    for (const one of demandedBySections(file, functions)) look(file.path, one, true)
    if (!file.path.endsWith('.h')) continue
    for (const name of demandingPrototypes(file.text))
      for (const other of defined)
        for (const one of other.functions)
          if (one.name === name && !one.head.startsWith('static')) look(other.file.path, one)
  }
  const missing = [...found].filter(([, body]) => !asserts(body)).map(([name]) => name)
  return { said: found.size, missing: missing.sort() }
}
