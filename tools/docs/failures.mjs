// How a function may fail, by what it throws itself and by what it calls, in whichever file. A call under a `catch` that does not throw
// on is not counted. What an interface promises is taken from its comment.

import { docOf, FUNCTIONS, functionOf, hasModifier, isHidden, SyntaxKind } from './program.mjs'

/** What fails by nature: an invariant that does not hold, and the makers of errors and refusals. */
const OF_THEMSELVES = new Set(['panic', 'TransplantError', 'refuse'])
/** Checks of arguments. */
const ARGUMENTS = 'src/base/arguments.ts'
const PROMISES_FAILURE = /\b(?:[Tt]hrows|[Rr]eject(?:s|ed))\b/

/** The text of `new TransplantError('CODE', ...)` or `refuse('code', ...)`. */
const codeIn = ({ arguments: [first] = [] }) => (first?.kind === SyntaxKind.StringLiteral ? first.text : undefined)

/** Is this `throw error` of the `catch` around it? */
const throwsOn = (clause) => {
  const name = clause.variableDeclaration?.name.getText()
  let found = false
  const visit = (node) => {
    if (node.kind === SyntaxKind.ThrowStatement && name !== undefined && node.expression.getText() === name)
      found = true
    node.forEachChild(visit)
  }
  visit(clause.block)
  return found
}

/** `promise.catch(...)`: whatever the promise fails by ends there. */
const isCaught = (node) =>
  node.kind === SyntaxKind.CallExpression &&
  node.expression.kind === SyntaxKind.PropertyAccessExpression &&
  node.expression.name.text === 'catch'

/** An argument, but of `onBytes(...)`, which keeps it for later; or a function that is called where it stands. */
function isHandedOn(node) {
  let { parent } = node
  while (parent.kind === SyntaxKind.ParenthesizedExpression) parent = parent.parent
  if (parent.kind === SyntaxKind.NewExpression) return true
  return parent.kind === SyntaxKind.CallExpression && !/(?:^|\.)on[A-Z]\w*$/.test(parent.expression.getText())
}

/** What stands in one function: its codes, whether it throws, and the names by which it calls others. */
function factsOf(body) {
  const facts = { throws: false, codes: new Set(), calls: [] }
  const caught = new Set()
  const visit = (node) => {
    if (node.kind === SyntaxKind.TryStatement && node.catchClause !== undefined) {
      if (throwsOn(node.catchClause)) {
        caught.add(node.catchClause.variableDeclaration.name.getText())
        visit(node.tryBlock)
      }
      visit(node.catchClause.block)
      if (node.finallyBlock !== undefined) visit(node.finallyBlock)
      return
    }
    if (node.kind === SyntaxKind.ThrowStatement && !caught.has(node.expression.getText())) facts.throws = true
    if (isCaught(node)) {
      for (const argument of node.arguments) visit(argument)
      return
    }
    if (node.kind === SyntaxKind.NewExpression || node.kind === SyntaxKind.CallExpression) {
      const called = node.expression
      const name = called.kind === SyntaxKind.PropertyAccessExpression ? called.name : called
      if (name.text === 'TransplantError' || name.text === 'refuse') {
        const code = codeIn(node)
        if (code !== undefined) facts.codes.add(code)
      }
      if (name.kind === SyntaxKind.Identifier) facts.calls.push(name)
    } else if (node.kind === SyntaxKind.PropertyAccessExpression && node.name.kind === SyntaxKind.Identifier)
      facts.calls.push(node.name)
    // What is made here and called later fails then; what is handed to a call may be called by it.
    node.forEachChild((child) => {
      if (!FUNCTIONS.has(child.kind) || isHandedOn(child)) visit(child)
    })
  }
  visit(body)
  return facts
}

/** Of a class: its constructor and what its fields begin with. */
function constructionOf(declaration) {
  return declaration.members.filter(
    (member) =>
      member.kind === SyntaxKind.Constructor ||
      (member.kind === SyntaxKind.PropertyDeclaration &&
        !hasModifier(member, SyntaxKind.StaticKeyword) &&
        member.initializer !== undefined &&
        !FUNCTIONS.has(member.initializer.kind)),
  )
}

/** Part of its caller's own file or class: its codes are its caller's to tell. */
const isNear = (target, from) =>
  target.getSourceFile() === from.getSourceFile() &&
  (isHidden(target) ||
    (target.kind === SyntaxKind.FunctionDeclaration && !hasModifier(target, SyntaxKind.ExportKeyword)) ||
    (target.kind === SyntaxKind.VariableDeclaration && !hasModifier(target.parent.parent, SyntaxKind.ExportKeyword)))

/** A way to ask how functions of a program fail. */
export function failuresOf(program) {
  const known = new Map()
  const factsAt = (node) => {
    if (!known.has(node)) {
      const { throws, codes, calls } = factsOf(node)
      const targets = [...new Set(calls.flatMap((name) => program.targetsOf(name)))]
      known.set(node, { throws, codes, targets })
    }
    return known.get(node)
  }
  /** What a target runs: functions, or nothing but a promise. */
  const partsOf = (target) => {
    if (target.kind === SyntaxKind.ClassDeclaration) return constructionOf(target)
    const made = functionOf(target)
    return made === undefined ? [] : [made]
  }
  const promises = (target) =>
    [SyntaxKind.MethodSignature, SyntaxKind.PropertySignature].includes(target.kind) &&
    PROMISES_FAILURE.test(docOf(target))

  return (declaration) => {
    const result = { throws: false, codes: new Set(), through: undefined }
    const seen = new Set()
    const visit = (target, near, way) => {
      for (const part of partsOf(target)) {
        if (seen.has(part)) continue
        seen.add(part)
        const facts = factsAt(part)
        if (near) for (const code of facts.codes) result.codes.add(code)
        if (facts.throws && !result.throws) {
          result.throws = true
          result.through = way
        }
        for (const next of facts.targets) {
          const name = next.name?.getText()
          if (OF_THEMSELVES.has(name)) continue
          // Whoever hands on what it has checked itself has nothing to tell of another's arguments.
          if (!near && /^require[A-Z]/.test(name) && program.pathOf(next) === ARGUMENTS) continue
          if (promises(next) && !result.throws) {
            result.throws = true
            result.through = [...way, name]
          }
          if (next !== target) visit(next, near && isNear(next, target), [...way, name])
        }
      }
    }
    visit(declaration, true, [])
    return result
  }
}
