// The tree as the TypeScript compiler sees it: names lead to declarations, whichever file has them. The tree comes as a map of paths to
// texts, so that a test can hand in one of its own; what it takes from packages is not needed for this.

import { SyntaxKind } from 'typescript/unstable/ast'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API, SymbolFlags } from 'typescript/unstable/sync'

const OPTIONS = { module: 'nodenext', target: 'es2022', lib: ['es2023'], types: [], strict: true }

/** A function, or what may be called like one. */
export const FUNCTIONS = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
])

/** Opens a tree at some of its files; `close` ends the compiler. */
export function openProgram(tree, entries) {
  const files = Object.fromEntries([...tree].map(([path, text]) => [`/${path}`, text]))
  const config = { compilerOptions: OPTIONS, files: entries.map((path) => `/${path}`) }
  const fs = createVirtualFileSystem({ ...files, '/tsconfig.json': JSON.stringify(config) })
  const api = new API({ cwd: '/', fs })
  const [project] = api.updateSnapshot({ openProjects: ['/tsconfig.json'] }).getProjects()
  const { program, checker } = project
  const targets = new Map()

  const unalias = (symbol) => (symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
  /** The declarations of a symbol that lie in the tree. */
  const declarationsOf = (symbol) =>
    (unalias(symbol).declarations ?? []).filter((one) => one.path in files).map((one) => one.resolve(project))

  return {
    close: () => api.close(),
    /** The declarations of the property that a part of a destructuring pattern takes. */
    takenBy(element) {
      const type = checker.getTypeAtLocation(element.parent)
      const name = (element.propertyName ?? element.name).text
      const property = type === undefined ? undefined : checker.getPropertyOfType(type, name)
      return property === undefined ? [] : declarationsOf(property)
    },
    fileAt: (path) => program.getSourceFile(`/${path}`),
    /** The path of a node's file, as in the tree. */
    pathOf: (node) => node.getSourceFile().fileName.slice(1),
    /** What a file exports, itself or from others: a map of names to declarations. */
    exportsOf(path) {
      const file = program.getSourceFile(`/${path}`)
      if (file === undefined) throw new Error(`${path} is missing`)
      const module = checker.getSymbolAtLocation(file)
      const all = module === undefined ? [] : checker.getExportsOfModule(module)
      return new Map(all.map((symbol) => [symbol.name, declarationsOf(symbol)]))
    },
    /** The declarations that names lead to; asks for all names of a file at once, which is what makes it fast. */
    targetsOf(name) {
      const file = name.getSourceFile()
      if (!targets.has(file)) {
        const names = []
        const collect = (node) => {
          if (node.kind === SyntaxKind.Identifier) names.push(node)
          node.forEachChild(collect)
        }
        collect(file)
        const symbols = checker.getSymbolAtLocation(names)
        targets.set(file, new Map(names.map((node, index) => [node, symbols[index]])))
      }
      const symbol = targets.get(file).get(name)
      return symbol === undefined ? [] : declarationsOf(symbol)
    },
  }
}

/** The declared function behind a declaration: itself, or what a constant or a property holds. */
export function functionOf(declaration) {
  if (FUNCTIONS.has(declaration.kind)) return declaration
  const { initializer } = declaration
  return initializer !== undefined && FUNCTIONS.has(initializer.kind) ? initializer : undefined
}

/** The doc comment of a declaration, in one line without its stars; empty without one. */
export function docOf(declaration) {
  const { parent } = declaration
  const holder = declaration.kind === SyntaxKind.VariableDeclaration ? parent.parent : declaration
  const text = holder.jsDoc?.at(-1)?.getText() ?? ''
  return text
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/\n\s*\* ?/g, ' ')
    .trim()
}

export const hasModifier = (node, ...kinds) => (node.modifiers ?? []).some(({ kind }) => kinds.includes(kind))
/** Not to be reached from outside its class. */
export const isHidden = (member) => hasModifier(member, SyntaxKind.PrivateKeyword, SyntaxKind.ProtectedKeyword)
export { SyntaxKind }
