// Fails where a paper or a comment names what does not exist: a path, a function, an npm script, a command line (names/names.mjs).
// What is rightly named and not ours stands in names/foreign.txt.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProgram } from '../dist/cli/program.js'
import { wrongNames } from './names/names.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Not written by hand: these may be named, but nothing in them is read. */
const GENERATED = new Set(['node_modules', 'dist', '.git', '.bench', 'build'])

function read(folder, tree) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !GENERATED.has(entry.name)) read(path, tree)
    else tree.set(path, /\.(ts|mjs|c|h|S|s|lds|ld|json|md)$/.test(path) ? readFileSync(join(root, path), 'utf8') : '')
  }
  return tree
}

/** What a build makes exists, built or not: .gitignore names it. */
const made = readFileSync(join(root, '.gitignore'), 'utf8')
  .split('\n')
  .filter((line) => /^[\w./-]+$/.test(line))
  .map((line) => line.replace(/\/$/, ''))
const tree = read('', new Map(made.map((path) => [path, ''])))

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const foreign = readFileSync(join(root, 'tools/names/foreign.txt'), 'utf8').split('\n')
const wrong = wrongNames(tree, {
  foreign: new Set(foreign.filter((line) => line !== '' && !line.startsWith('#'))),
  scripts,
  program: createProgram(),
})
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
