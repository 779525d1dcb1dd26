// Which public names say too little of themselves: what they are, what their numbers count, and how they fail.

import { failuresOf } from './failures.mjs'
import { docOf, functionOf, hasModifier, isHidden, openProgram, SyntaxKind } from './program.mjs'

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
/** One word is enough where it is a unit, or a family of constants (STT_*). */
const UNIT = /^(?:bytes|bits|instructions|nanoseconds|milliseconds|microseconds|seconds)$/i

const wordsOf = (doc) => doc.match(/[\w$-]+/g) ?? []
/** Does a comment say anything? A letter, or the name once more, does not. */
const saysNothing = (doc) => {
  const words = wordsOf(doc)
  return words.length < 2 && !UNIT.test(words[0] ?? '') && !(words[0] ?? '').includes('_')
}

/** A number, an address or bytes: what it counts, and from where, is not in its type. */
const MEASURE = /^(?:number|bigint|PhysAddr|VirtAddr|Uint8Array)\b/
const measures = (type) => type !== undefined && MEASURE.test(type.getText())

const MEMBERS = new Set([
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.PropertySignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.Constructor,
])

/** Members of a class or an interface, and those that a type alias writes out. */
function membersOf(declaration) {
  if (declaration.members !== undefined && declaration.kind !== SyntaxKind.EnumDeclaration)
    return declaration.members.filter((member) => MEMBERS.has(member.kind))
  if (declaration.kind !== SyntaxKind.TypeAliasDeclaration) return []
  const found = []
  const visit = (node) => {
    if (node.kind === SyntaxKind.TypeLiteral) found.push(...node.members.filter((member) => MEMBERS.has(member.kind)))
    else if ([SyntaxKind.UnionType, SyntaxKind.IntersectionType, SyntaxKind.ParenthesizedType].includes(node.kind))
      node.forEachChild(visit)
  }
  visit(declaration.type)
  return found
}

const nameOf = (member) => (member.kind === SyntaxKind.Constructor ? 'constructor' : member.name.getText())

/** The declared signature of what can be called; undefined of what cannot. */
function signatureOf(declaration) {
  const made = functionOf(declaration)
  if (made !== undefined) return made
  if (declaration.kind === SyntaxKind.MethodSignature) return declaration
  return declaration.type?.kind === SyntaxKind.FunctionType ? declaration.type : undefined
}

const returnsResult = (signature) => /^(?:Promise<)?\w*Result</.test(signature.type?.getText() ?? '')

/** The comment of a member, or the one that an editor shows in its place: that of the class or interface which promises it. */
function inheritedDoc(program, member, owner, seen = new Set()) {
  const own = docOf(member)
  if (own !== '' || seen.has(owner)) return own
  seen.add(owner)
  const names = []
  const collect = (node) => {
    if (node.kind === SyntaxKind.Identifier) names.push(node)
    node.forEachChild(collect)
  }
  for (const clause of owner.heritageClauses ?? []) collect(clause)
  if (owner.kind === SyntaxKind.TypeAliasDeclaration) collect(owner.type)
  for (const base of names.flatMap((name) => program.targetsOf(name))) {
    const promised = membersOf(base).find((one) => nameOf(one) === nameOf(member)) ?? member
    const doc = inheritedDoc(program, promised, base, seen)
    if (doc !== '') return doc
  }
  return ''
}

/** The numbers among the parameters that the comment does not speak of; a `PhysAddr` says of itself what it is. */
function unsaidParameters(signature, doc) {
  return signature.parameters
    .filter(({ type }) => measures(type) && !/Addr\b/.test(type.getText()))
    .filter(({ name }) => name.kind === SyntaxKind.Identifier && !PLAIN.has(name.text) && !UNIT.test(name.text))
    .map(({ name }) => name.text)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(doc))
}

/** One line for each public name of `entries` (paths) that lacks a doc comment, or whose comment keeps something from a reader. */
export function wrongDocs(tree, entries) {
  const program = openProgram(tree, entries)
  const failures = failuresOf(program)
  const wrong = new Set()

  const check = (declaration, name, doc, owner) => {
    const complain = (what) => wrong.add(`${program.pathOf(declaration)}: ${what}`)
    const signature = signatureOf(declaration)
    const accessor = declaration.kind === SyntaxKind.GetAccessor
    const called = signature !== undefined && !accessor
    const { throws, codes, through } = failures(declaration)
    if (doc === '') {
      const quiet = ['dispose', 'constructor'].includes(nameOf(declaration)) && !throws
      const plain = owner !== undefined && !called && !(measures(declaration.type) && isMeasure(declaration, owner))
      if (!quiet && !(plain && !throws)) complain(`${name} has no doc comment`)
      return
    }
    if (saysNothing(doc)) complain(`the doc comment of ${name} says nothing`)
    if (signature === undefined) return
    if (throws || codes.size > 0 || (called && returnsResult(signature))) {
      const which = codes.size === 0 ? '' : ` (${[...codes].join(', ')})`
      const way = through === undefined || through.length === 0 ? '' : `, through ${through.join(', ')}`
      if (!saysFailure(doc, codes)) complain(`the doc comment of ${name} does not say how it fails${which}${way}`)
    }
    for (const parameter of called ? unsaidParameters(signature, doc) : [])
      complain(`the doc comment of ${name} does not say what ${parameter} counts`)
  }
  const isMeasure = (member, owner) => !PLAIN.has(nameOf(member)) && !BY_THE_BOOK.test(docOf(owner))

  try {
    for (const entry of entries) {
      for (const [name, declarations] of program.exportsOf(entry)) {
        const documented = declarations.find((one) => docOf(one) !== '')
        for (const declaration of declarations) {
          check(declaration, name, docOf(documented ?? declaration), undefined)
          for (const member of membersOf(declaration)) {
            if (isHidden(member) || hasModifier(member, SyntaxKind.DeclareKeyword)) continue
            check(member, `${name}.${nameOf(member)}`, inheritedDoc(program, member, declaration), declaration)
          }
        }
      }
    }
  } finally {
    program.close()
  }
  return [...wrong].sort()
}
