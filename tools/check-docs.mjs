// Fails where a name that the package exports has no doc comment, or one that says nothing, or that keeps from a reader what its numbers count or how
// it fails, in whichever file that happens (docs/docs.mjs, by the TypeScript compiler): whoever
// reads it in an editor has nothing else. The main entry names what it exports, one by one: `export *` would make public whatever a
// room shows its neighbours.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { wrongDocs } from './docs/docs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries = Object.values(exports)
  .flatMap((entry) => entry.types ?? [])
  .map((path) => path.replace(/^\.\/dist\//, 'src/').replace('.d.ts', '.ts'))

const tree = new Map()
for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
  if (!entry.name.endsWith('.ts')) continue
  const path = join(entry.parentPath, entry.name)
  tree.set(relative(root, path), readFileSync(path, 'utf8'))
}

const wrong = wrongDocs(tree, entries)
if (/^export \*/m.test(tree.get('src/index.ts'))) wrong.push('src/index.ts: export *')
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
