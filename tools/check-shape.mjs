// Checks what a reader can hold at once, and one way to say a thing (shape/shape.mjs), over all sources: AssemblyScript, C,
// style sheets, tools and tests too.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { wrongShapes } from './shape/shape.mjs'
import { TABLE_FILES, TABLES, VERDICT_FILES } from './shape/tables.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

const tree = new Map()
for (const folder of ['src', 'tools', 'tests', 'images', 'firmware']) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (/\bimages\/(build|built)\b/.test(entry.parentPath)) continue
    if (!entry.isFile() || !/\.(ts|mjs|c|h|S|css|html)$/.test(entry.name) || entry.name === 'layouts.ts') continue
    const file = join(entry.parentPath, entry.name)
    tree.set(relative(root, file), readFileSync(file, 'utf8'))
  }
}

const wrong = wrongShapes(tree, { tables: TABLES, tableFiles: TABLE_FILES, verdictFiles: VERDICT_FILES })
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
