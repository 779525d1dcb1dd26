// The examples: each is run as a person runs it, and prints what its last comment says.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'

const folder = join(root, 'examples')

describe('the example', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.mjs')))('%s prints what it says', (name) => {
    const [, promised] = /^\/\/ Prints:\n((?:\/\/ .*\n)+)$/m.exec(readFileSync(join(folder, name), 'utf8')) ?? []
    expect(promised).toBeDefined()
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], {
      cwd: root,
      encoding: 'utf8',
    })
    expect([stdout, stderr, status]).toEqual([promised!.replace(/^\/\/ /gm, ''), '', 0])
  })
})
