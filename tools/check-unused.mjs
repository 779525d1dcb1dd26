// Fails where src/ exports what nothing uses (unused/unused.mjs).

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unusedExports } from './unused/unused.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tree = new Map()
for (const folder of ['src', 'tests', 'tools']) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(ts|mjs)$/.test(entry.name) || /\.d\.ts$|^layouts\.ts$/.test(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    tree.set(relative(root, file), readFileSync(file, 'utf8'))
  }
}

const wrong = unusedExports(tree)
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
