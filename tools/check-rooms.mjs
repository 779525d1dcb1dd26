// Shows the rooms of src/ and the imports between them, and fails on a wrong one (rooms/rooms.mjs): an import that goes up, that goes
// sideways, that enters a room (or an inner folder of one) by another file than its door; and on a file or a folder
// that lies where no rule knows it. The TypeScript project
// references refuse the first two at compile time; this draws the picture, and refuses the third.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { directLooks } from './rooms/looks.mjs'
import { checkRooms } from './rooms/rooms.mjs'

const source = fileURLToPath(new URL('../src', import.meta.url))
const tree = new Map()
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.parentPath.includes('/.')) continue
  const file = join(entry.parentPath, entry.name)
  tree.set(relative(source, file), /\.(ts|md)$/.test(file) ? readFileSync(file, 'utf8') : '')
}

const { arrows, wrong } = checkRooms(tree)
for (const [arrow, count] of [...arrows].sort()) console.log(`${arrow.padEnd(24)}${count}`)
wrong.push(...directLooks(tree))
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
