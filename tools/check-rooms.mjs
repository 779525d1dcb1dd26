// Shows the rooms of src/ and the imports between them, and fails on a wrong one: an import that goes up, that goes
// sideways, or that enters a room (or an inner folder of one) by another file than its index.ts. The TypeScript project
// references refuse the first two at compile time; this draws the picture, and refuses the third.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src', import.meta.url))
const levels = [
  ['base'],
  ['format'],
  ['isa'],
  ['cpu'],
  ['machine'],
  ['guest', 'workers'],
  ['patch', 'upgrade', 'debug'],
  ['lab'],
  ['node', 'toolchain'],
  ['cli', 'web'],
]
/** Rooms whose inner folders are rooms too. */
const inner = new Set(['debug', 'guest', 'lab', 'patch', 'upgrade'])
/** The rooms of the CPU core, lowest first, and the arrows between them that run upward all the same; its README says why. */
const coreRooms = ['state', 'memory', 'blocks', 'decode', 'system', 'vector', 'x87', 'execute']
const coreUpward = new Set(['memory -> blocks', 'memory -> system', 'blocks -> decode', 'vector -> x87'])
const levelOf = new Map(levels.flatMap((rooms, level) => rooms.map((room) => [room, level])))

const arrows = new Map()
const wrong = []

function checkCore(path, file) {
  const from = coreRooms.indexOf(path.split('/')[2])
  if (from < 0) return
  for (const match of readFileSync(file, 'utf8').matchAll(/from\s*'\.\.\/(\w+)\//g)) {
    const to = coreRooms.indexOf(match[1])
    if (to > from && !coreUpward.has(`${coreRooms[from]} -> ${coreRooms[to]}`))
      wrong.push(
        `${path} imports from ${match[1]}: in the core imports go down too, but for those that its README lists`,
      )
  }
}

for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.d.ts')) continue
  const file = join(entry.parentPath ?? entry.path, entry.name)
  const path = relative(source, file)
  const room = path.split('/')[0]
  if (path.startsWith('cpu/core/')) checkCore(path, file)
  if (path.startsWith('cpu/core/') || !levelOf.has(room)) continue
  for (const match of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)) {
    const target = relative(source, resolve(dirname(file), match[1]))
    const other = target.split('/')[0]
    if (other === room) {
      const [from, to] = [dirname(path), dirname(target)]
      const enters = inner.has(room) && to !== from && to !== room && !target.endsWith('/index.js')
      if (enters) wrong.push(`${path} imports ${target}: enter a folder by its index.ts`)
      continue
    }
    if (!levelOf.has(other)) {
      wrong.push(`${path} imports ${target}, which is in no room`)
      continue
    }
    arrows.set(`${room} -> ${other}`, (arrows.get(`${room} -> ${other}`) ?? 0) + 1)
    if (levelOf.get(other) >= levelOf.get(room)) wrong.push(`${path} imports ${target}: imports go down only`)
    else if (target !== `${other}/index.js`) wrong.push(`${path} imports ${target}: enter a room by its index.ts`)
  }
}

for (const [arrow, count] of [...arrows].sort()) console.log(`${arrow.padEnd(24)}${count}`)
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
