// Which public names say too little of themselves. Pure: the tree comes as a map of paths to texts, so that a test can hand in one of
// its own. Formatted code closes a block at the indentation at which it began: no parser is needed.

import { posix } from 'node:path'

/** The files that a file re-exports from, with the names taken, or undefined for all. */
function sources(file, text) {
  return [...text.matchAll(/^export (?:type )?(\*|\{([^}]*)\}) from '(\.[^']*)'/gm)].map(([, , names, from]) => ({
    file: posix.join(posix.dirname(file), from).replace(/\.js$/, '.ts'),
    names: names?.split(',').map((name) =>
      name
        .replace(/^\s*(type )?/, '')
        .replace(/ as .*/, '')
        .trim(),
    ),
  }))
}

/** Calls `visit` for each file that `file` makes public, with the names of it, or undefined for all. */
function eachPublic(tree, file, wanted, visit) {
  const text = tree.get(file)
  if (text === undefined) throw new Error(`${file} is missing`)
  for (const source of sources(file, text)) {
    const names =
      wanted === undefined ? source.names : (source.names?.filter((name) => wanted.includes(name)) ?? wanted)
    if (names === undefined || names.length > 0) eachPublic(tree, source.file, names, visit)
  }
  visit(file, text, wanted)
}

const DECLARATION = /^export (?:declare |abstract |async )*(class|interface|type|const|function|enum) (\w+)/
/** `name(`, `async name<T>(`, `static name(`, `get name(`, `readonly name?: `. */
const MEMBER =
  /^ {2}((?:(?:static|async|get|set|readonly|override|declare|private|protected|public) )*)(?:readonly )?(\w+)(\??)(<.*?>)?([(:=]| [=!])/

/** The last line of what begins at `start`: a block closes at its own indentation, and what goes on is indented further. */
function endOf(lines, start, indentation) {
  let at = start
  for (;;) {
    if (/[{([]$/.test(lines[at])) {
      const close = lines.findIndex(
        (line, index) => index > at && line.startsWith(indentation) && /[})\]]/.test(line[indentation.length] ?? ''),
      )
      if (close < 0) return lines.length - 1
      at = close
    } else if (lines[at + 1]?.startsWith(`${indentation}  `)) at++
    else return at
  }
}

/** The doc comment that ends on the line above; empty without one. */
function docAbove(lines, at) {
  if (!/\*\/\s*$/.test(lines[at - 1] ?? '')) return ''
  const start = lines.findLastIndex((line, index) => index < at && /^\s*\/\*\*/.test(line))
  return lines.slice(start, at).join('\n')
}

/** Declarations and members of a file, private ones too, each with its text and its doc comment. */
function entriesOf(text) {
  const lines = text.split('\n')
  const found = []
  for (const [at, line] of lines.entries()) {
    const top = /^(?:export )?(?:declare |abstract |async )*(class|interface|type|const|function|enum) (\w+)/.exec(line)
    if (top === null) continue
    const [, kind, name] = top
    const end = endOf(lines, at, '')
    found.push({
      kind,
      name,
      exported: DECLARATION.test(line),
      doc: docAbove(lines, at),
      body: lines.slice(at, end + 1).join('\n'),
    })
    if (kind !== 'class' && kind !== 'interface') continue
    for (let inside = at + 1; inside < end; inside++) {
      const member = MEMBER.exec(lines[inside])
      if (member === null) continue
      const last = endOf(lines, inside, '  ')
      const body = lines.slice(inside, last + 1).join('\n')
      const hidden = /private|protected/.test(member[1])
      const accessor = /\b[gs]et /.test(member[1])
      const call = !accessor && (member[5] === '(' || /^[^\n]*: \(.*\) =>/.test(body) || /^[^\n]*: \(\n/.test(body))
      found.push({
        kind: 'member',
        of: name,
        ofKind: kind,
        name: member[2],
        hidden,
        call,
        doc: docAbove(lines, inside),
        body,
      })
      inside = last
    }
  }
  return found
}

/** What a body does that its caller has to know, without what its own comments and nested text say. */
function failures(entry, all, seen = new Set()) {
  if (seen.has(entry)) return seen.result ?? { throws: false, codes: new Set() }
  seen.add(entry)
  const code = entry.body.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
  const codes = new Set(
    [...code.matchAll(/new TransplantError\(\s*'([A-Z_]+)'|\brefuse\(\s*'([a-z-]+)'/g)].map(([, a, b]) => a ?? b),
  )
  let throws = codes.size > 0 || /\bthrow (?!error\b)|\brequire[A-Z]\w*\(/.test(code)
  for (const other of all) {
    const called =
      other.kind === 'member'
        ? other.of === entry.of && other.hidden && new RegExp(`this\\.${other.name}\\(`).test(code)
        : other.kind === 'function' && !other.exported && new RegExp(`(?<![.\\w])${other.name}\\(`).test(code)
    if (!called || other === entry) continue
    const more = failures(other, all, seen)
    throws ||= more.throws
    for (const one of more.codes) codes.add(one)
  }
  // What it catches it may turn into something else.
  if (/\bcatch \(/.test(code)) codes.clear()
  return { throws, codes }
}

const returnsResult = (entry) => /^[^\n]*\): (?:Promise<)?\w*Result</m.test(entry.body.split('{\n')[0] ?? '')
/** `Throws RUN_LIMIT`, "what `AgentClient.exec` throws", "Refuses a kernel without a note ('no-pvh-note')", `BootRefusalCode`. */
const SAYS =
  /\b[A-Z]+(?:_[A-Z]+)+\b|\b(?:CANCELLED|INTERNAL)\b|what `[^`]+` (?:throws|refuses)|'[a-z]+(?:-[a-z0-9]+)*'|\w+(?:Refusal|RefusalCode)\b/
/** A type names its codes, and another function's comment its own. */
const BY_NAME = /what `[^`]+` (?:throws|refuses)|`\w+Refusal(?:Code)?`/
const saysFailure = (doc, codes) =>
  /\b(?:[Tt]hrows?|[Rr]efus\w*|rejected)\b/.test(doc) &&
  SAYS.test(doc) &&
  [...codes].every((code) => doc.includes(code) || BY_NAME.test(doc))

/** Numbers that each reader knows from their names. */
const PLAIN = new Set(['cpu', 'vcpus', 'pid', 'tgid', 'seed', 'memoryBytes'])
/** Whose fields are named and explained elsewhere. */
const BY_THE_BOOK = /\bSDM\b|\bgABI\b|Documentation\/|each field as/

/** A number, an address or bytes: what it counts, and from where, is not in its type. */
function isMeasure(property, owner) {
  const [head] = property.body.split('\n')
  const measured = /\)?: (?:number|bigint|PhysAddr|VirtAddr|Uint8Array)\b/.test(head)
  return measured && !PLAIN.has(property.name) && !BY_THE_BOOK.test(owner.doc)
}

/** What a class, an interface or an alias builds on: `extends A implements B<C>`, `type X = Promised<A>`. */
function basesOf(entry) {
  const header = entry.kind === 'type' ? entry.body : (/^[^{]*/.exec(entry.body)?.[0] ?? '')
  const [, after = ''] = /(?:extends|implements|=)([\s\S]*)/.exec(header) ?? []
  return after.match(/\b[A-Z]\w*/g) ?? []
}

/** The comment of a member, or the one that an editor shows in its place: that of the class or interface which promises it. */
function docOf(member, byName, seen = new Set()) {
  if (member.doc !== '') return member.doc
  const search = (name) => {
    for (const owner of seen.has(name) ? [] : (byName.get(name) ?? [])) {
      seen.add(name)
      const own = owner.members.find((one) => one.name === member.name)
      if (own !== undefined && own.doc !== '') return own.doc
      for (const base of basesOf(owner.entry)) {
        const doc = search(base)
        if (doc !== '') return doc
      }
    }
    return ''
  }
  return search(member.of)
}

/** One line for each public name that lacks a doc comment, or whose comment keeps from a reader how it fails. */
export function wrongDocs(tree, entries) {
  const parsed = new Map([...tree].map(([file, text]) => [file, entriesOf(text)]))
  const byName = new Map()
  for (const all of parsed.values()) {
    for (const entry of all) {
      if (!['class', 'interface', 'type'].includes(entry.kind)) continue
      const members = all.filter((one) => one.kind === 'member' && one.of === entry.name)
      byName.set(entry.name, [...(byName.get(entry.name) ?? []), { entry, members }])
    }
  }
  const wrong = new Set()
  const check = (file, _text, wanted) => {
    const all = parsed.get(file)
    for (const entry of all) {
      const member = entry.kind === 'member'
      const owner = member ? all.find((one) => one.name === entry.of && one.kind === entry.ofKind) : entry
      if (!owner.exported || entry.hidden || (wanted !== undefined && !wanted.includes(owner.name))) continue
      const callable = member
        ? entry.call
        : entry.kind === 'function' || /^export const \w+ = [^\n]*=>/.test(entry.body)
      if (member && !callable && !isMeasure(entry, owner)) continue
      const name = member ? `${entry.of}.${entry.name}` : entry.name
      const doc = member ? docOf(entry, byName) : entry.doc
      const { throws, codes } = callable ? failures(entry, all) : { throws: false, codes: new Set() }
      if (doc === '') {
        const plain = entry.name === 'dispose' || (entry.name === 'constructor' && !throws)
        if (!plain) wrong.add(`${file}: ${name} has no doc comment`)
      } else if ((throws || (callable && returnsResult(entry))) && !saysFailure(doc, codes)) {
        const which = codes.size === 0 ? '' : ` (${[...codes].join(', ')})`
        wrong.add(`${file}: the doc comment of ${name} does not say how it fails${which}`)
      }
    }
  }
  for (const entry of entries) eachPublic(tree, entry, undefined, check)
  return [...wrong].sort()
}
