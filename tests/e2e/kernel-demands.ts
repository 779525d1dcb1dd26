// What comments of the guest kernel demand of whoever calls a function, and which of those functions do not assert it: by the text
// alone. The vocabulary is controlled: a comment that brings a lock, interrupts, preemption or RCU together with a word that demands
// is answered by an assertion that names the same lock, or looks at the same state of the CPU.
//
// A comment speaks for the function below it, an empty line between or not; in its body for what follows, where taking the lock answers
// it too; in a header also for the one on its line, or for all up to an empty line if it begins with "all" or ends in a colon;
// `/* ---- queue; rq_lock held ---- */` for each function of its section that is called from outside of it; the head of a header that
// says "All of it" for the whole header.

/** A source or header: `fs/namei.c` and its text. */
export interface KernelFile {
  readonly path: string
  readonly text: string
}

/** What has to be so: a lock by the last part of its name ('' if the comment gives it none), or what the CPU must not do meanwhile. */
type Demand = { readonly lock: string } | { readonly off: 'interrupts' | 'preemption' }

const LOCK = String.raw`(?<lock>(?:[\w.>-]*(?<!\bun|b)(?:lock|mutex)|RCU))`
/** Words that demand a lock. */
const LOCK_DEMANDS: readonly RegExp[] = [
  new RegExp(
    String.raw`\b${LOCK}(?: is| are| must be| has to be| have to be| being)? (?:held|taken)\b(?! itself)`,
    'gi',
  ),
  new RegExp(
    String.raw`\b(?:with|under|holds?|holding|has|have|owns|needs?|requires?|wants|inside(?: of)?|within) (?:the |its |their |(?:the )?\w+'s )?${LOCK}\b`,
    'gi',
  ),
  new RegExp(
    String.raw`\b(?:serialised|serialized|protected|guarded|covered) (?:by|with) (?:the |its |their |(?:the )?\w+'s )?${LOCK}\b`,
    'gi',
  ),
  new RegExp(`^(?:the )?${LOCK}(?: held)?(?:[.;:]|$)`, 'gi'),
  /\b(?:is|are|be|when|while|if) locked\b|^locked\b(?!:)|"locked"/gi,
]
const INTERRUPTS = [
  /\b(?:interrupts|irqs)(?: are| is| must be| have to be| has to be| being)? (?:off|disabled)\b/i,
  /\b(?:without|no) (?:interrupts?|irqs?)\b(?! is)/i,
  /\b(?:cannot|must not|may not) be interrupted\b/i,
  /\b(?:disabled|off) (?:interrupts|irqs)\b/i,
]
const PREEMPTION = [
  /\bpreemption(?: is| must be| has to be| being)? (?:off|disabled)\b/i,
  /\b(?:without|no) preemption\b/i,
  /\b(?:cannot|must not|may not) be preempted\b/i,
  /\bin atomic context\b|\bmust not sleep\b|\bnot preemptible\b/i,
  /\brcu_read_lock\(\)/,
]
/** Where the words tell of something else: what the function itself does with the lock, or why it needs none. */
const TELLS = /\b(?:takes|drops|releases|gives up) (?:the |its )?[\w>-]*(?:lock|mutex)\b/i

function demandsOf(comment: string): Demand[] {
  return comment
    .split(/(?<=[.;:])\s+/)
    .filter((sentence) => !TELLS.test(sentence))
    .flatMap((sentence): Demand[] => {
      const locks = LOCK_DEMANDS.flatMap((words) => [...sentence.matchAll(words)]).map(
        (match) => match.groups?.['lock'] ?? '',
      )
      return [
        ...locks.map((name): Demand => (/^rcu/i.test(name) ? { off: 'preemption' } : { lock: ownName(name) })),
        ...(INTERRUPTS.some((words) => words.test(sentence)) ? [{ off: 'interrupts' } as const] : []),
        ...(PREEMPTION.some((words) => words.test(sentence)) ? [{ off: 'preemption' } as const] : []),
      ]
    })
}

/** `tty->lock` is a lock of the name `lock`; "the lock", "Queue lock" have none. */
const ownName = (said: string): string => (/^(?:lock|mutex)$/i.test(said) ? '' : (/\w+$/.exec(said)?.[0] ?? ''))

const ASSERTION =
  /\b(?:lockdep_assert_\w+|mm_assert_held|DEBUG_ASSERT|(?:ASSERT|BUG_UNLESS)_CONSTRAINT|assert_spin_locked|might_sleep)\(/g

/** The assertions in a text, each with what is between its parentheses. */
function assertionsIn(text: string): string[] {
  return [...text.matchAll(ASSERTION)].map(({ index, 0: name }) => {
    let depth = 1
    let end = index + name.length
    for (; depth > 0 && end < text.length; end++) depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0
    return text.slice(index, end)
  })
}

/** Assertions whose condition looks at nothing, so that they always hold: `fs/namei.c: DEBUG_ASSERT(1)`. */
export function constantAssertions(files: readonly KernelFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    assertionsIn(text)
      .filter((one) => /^(?:DEBUG_ASSERT|ASSERT_CONSTRAINT|BUG_UNLESS_CONSTRAINT)\(/.test(one))
      .filter((one) => {
        const condition = one.replace(/^\w+\(/, '').replace(/"(?:\\.|[^"\\])*"/g, '')
        return !/(?!\b(?:true|false|sizeof|NULL|int|long|char|short|unsigned|void|struct)\b)\b[A-Za-z_]\w*/.test(
          condition,
        )
      })
      .map((one) => `${path}: ${one}`),
  )
}

function answers(demand: Demand, assertion: string): boolean {
  if ('lock' in demand) {
    const isOfLock = /\b(?:lockdep_assert_held|mm_assert_held|lockdep_is_held|assert_spin_locked|\w+_is_locked)\(/.test(
      assertion,
    )
    return isOfLock && (demand.lock === '' || new RegExp(String.raw`\b${demand.lock}\b`).test(assertion))
  }
  if (/(?<!!)\birqs_disabled\(\)|lockdep_assert_irqs_disabled/.test(assertion)) return true
  return (
    demand.off === 'preemption' &&
    /!preemptible\(\)|(?<!!)\b(?:in_atomic\(\)|preempt_count\(\))|lockdep_assert_preemption_disabled/.test(assertion)
  )
}
/** Whether the code makes it so itself: takes that lock, or any if the comment names none; turns interrupts or preemption off. */
function takes(code: string, demand: Demand): boolean {
  if ('lock' in demand) {
    const calls = [...code.matchAll(/\b(?:\w*(?:spin|mutex|read|write)_(?:try)?lock\w*|lock_\w+)\([^;]*/g)].map(String)
    const helper = `lock_${demand.lock.replace(/_lock$/, '')}(`
    return calls.some((call) => call.includes(demand.lock) || call.startsWith(helper))
  }
  const off = demand.off === 'interrupts' ? [] : ['preempt_disable', String.raw`\w*spin_lock`, 'rcu_read_lock']
  return new RegExp(
    String.raw`\b(?:local_irq_(?:save|disable|enable)|\w*spin_lock_irq\w*${off.map((one) => `|${one}`).join('')})\(`,
  ).test(code)
}

/** The locks that a comment names as they are called in code, whatever it says of them. */
const locksNamed = (comment: string): string[] =>
  [
    ...comment.matchAll(
      /\b\w+->(lock|mutex)\b|(?<![\w.>])(?!(?:spin|mutex|read|write|rcu_read)_)(\w+_(?:lock|mutex))\b(?!\()/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? '')

const plain = (comment: string): string =>
  comment
    .replace(/\n[ \t]*\/\/ ?/g, ' ')
    .replace(/\n[ \t]*\* ?/g, ' ')
    .replace(/^\s+|\s+$/g, '')
    .replace(/\s+/g, ' ')
const COMMENT = /\/\*((?:(?!\*\/)[\s\S])*)\*\/|\/\/([^\n]*(?:\n[ \t]*\/\/[^\n]*)*)/g
const commentsIn = (text: string): string[] =>
  [...text.matchAll(COMMENT)].map((match) => plain(match[1] ?? match[2] ?? ''))

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
    /(?:(?:^\/\*((?:(?!\*\/)[\s\S])*)\*\/|^\/\/([^\n]*(?:\n\/\/[^\n]*)*))\n\n?)?((?:^[A-Za-z_][^\n;{}=]*\n)(?:^[ \t]+[^\n;{}]*\n)*)^\{\n((?:[^}\n][^\n]*\n|\n)*)^\}/gm
  return [...text.matchAll(functions)].flatMap((match) => {
    const [, block, lines, head = '', body = ''] = match
    const comment = plain(block ?? lines ?? '')
    const name = /(\w+)\(/.exec(head.replace(/\b(?:__attribute__|section|aligned)\(+[^)]*\)+/g, ''))?.[1]
    // A heading speaks for its section.
    const own = /^----/.test(comment) ? '' : comment
    return name === undefined ? [] : [{ name, head, body, comment: own, at: match.index }]
  })
}

/** The prototypes of a header of which a comment demands something, and what. */
function demandingPrototypes(text: string): [string, Demand[]][] {
  const head = plain(text.slice(text.indexOf('/*\n') + 2, text.indexOf('*/')))
  const whole = /\ball of it\b/i.test(head) ? demandsOf(head) : []
  const found: [string, Demand[]][] = []
  for (const group of text.split(/\n\s*\n/)) {
    let lasting = whole
    let above: Demand[] = []
    const pieces =
      /\/\*([\s\S]*?)\*\/|([A-Za-z_][^;{}#/]*?)\b(\w+)\((?:[^;{}/]|\/\*[\s\S]*?\*\/)*?\)[^;{}()]*;([^\n]*)/g
    for (const [, comment, type, name, rest = ''] of group.replace(/^#.*(?:\\\n.*)*$/gm, '').matchAll(pieces)) {
      if (comment !== undefined) {
        const said = plain(comment)
        above = demandsOf(said)
        if (above.length > 0 && /^all\b|:$/i.test(said)) lasting = above
        continue
      }
      const beside = demandsOf(plain(/\/\*(.*?)\*\//.exec(rest)?.[1] ?? ''))
      const excused = /\btakes [\w>-]*(?:lock|mutex) itself\b/.test(rest)
      if (type !== undefined && name !== undefined && !/typedef|return/.test(type) && !excused)
        found.push([name, [...lasting, ...above, ...beside]])
      above = []
    }
  }
  return found.filter(([, demands]) => demands.length > 0)
}

/** The functions of a section, by its heading, that are called from outside of it: those that have to assert what it demands. */
function demandedBySections({ text }: KernelFile, functions: readonly Defined[]): [Defined, Demand[]][] {
  const headings = [...text.matchAll(/^\/\* ---- (.*?) ---- \*\/$/gm)]
  return headings.flatMap((heading, index) => {
    const demands = demandsOf(heading[1] ?? '')
    if (demands.length === 0) return []
    const [start, end] = [heading.index, headings[index + 1]?.index ?? text.length]
    const outside = text.slice(0, start) + text.slice(end)
    return functions
      .filter(
        ({ name, head, at }) =>
          at >= start && at < end && (!head.startsWith('static') || new RegExp(String.raw`\b${name}\b`).test(outside)),
      )
      .map((one): [Defined, Demand[]] => [one, demands])
  })
}

/** What a function asserts, by itself or by a function of its file that does nothing else and is called `assert_...()`. */
function assertionsOf(code: string, functions: readonly Defined[]): string[] {
  const helpers = functions.filter(({ name }) => /^assert_/.test(name) && code.includes(`${name}(`))
  return [...assertionsIn(code), ...helpers.flatMap((helper) => assertionsIn(helper.body))]
}

/**
 * `fs/namei.c: lookup_locked()`: a comment demands what the body does not assert (nor takes, where that answers it); `said`: how many
 * functions something is demanded of.
 */
export function unasserted(files: readonly KernelFile[]): { readonly said: number; readonly missing: string[] } {
  const defined = files.map((file) => ({ file, functions: definitions(file.text) }))
  const said = new Set<string>()
  const missing = new Set<string>()
  const look = (at: (typeof defined)[number], { name, body }: Defined, demands: readonly Demand[], mayTake = false) => {
    if (demands.length === 0) return
    const where = `${at.file.path}: ${name}()`
    const code = body.replace(COMMENT, ' ')
    const assertions = assertionsOf(code, at.functions)
    said.add(where)
    const isMet = (demand: Demand) =>
      (mayTake && takes(code, demand)) || assertions.some((assertion) => answers(demand, assertion))
    if (!demands.every(isMet)) missing.add(where)
  }
  for (const one of defined) {
    const { file, functions } = one
    for (const found of functions) {
      look(one, found, demandsOf(found.comment))
      for (const name of locksNamed(found.comment))
        if (!new RegExp(String.raw`\b${name}\b`).test(found.body.replace(COMMENT, ' ')))
          look(one, found, [{ lock: name }])
      look(one, found, commentsIn(found.body).flatMap(demandsOf), true)
    }
    for (const [found, demands] of demandedBySections(file, functions)) look(one, found, demands, true)
    if (!file.path.endsWith('.h')) continue
    for (const [name, demands] of demandingPrototypes(file.text))
      for (const other of defined)
        for (const found of other.functions)
          if (found.name === name && !found.head.startsWith('static')) look(other, found, demands)
  }
  return { said: said.size, missing: [...missing].sort() }
}
