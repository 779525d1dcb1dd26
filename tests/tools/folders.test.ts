import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { read, root } from '../lab/images.js'

const foldersOf = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)

it('each folder of the tests is called after a room, or ARCHITECTURE.md says what it is for', () => {
  const tree = new TextDecoder().decode(read('ARCHITECTURE.md'))
  const [, told = ''] = /^ {4}tests\/ ([\s\S]*?)^ {4}\S/m.exec(tree) ?? []
  const named = new Set([...told.matchAll(/([\w-]+)\//g)].map(([, name]) => name))
  const rooms = new Set(foldersOf('src'))
  const folders = foldersOf('tests')
  expect(folders.filter((name) => !rooms.has(name) && !named.has(name))).toEqual([])
  expect([...named].filter((name) => name === undefined || !folders.includes(name))).toEqual([])
})
