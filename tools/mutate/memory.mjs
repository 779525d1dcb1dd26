// What is known already: verdicts by mutant, valid for one state of sources, tests and tools.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../images/toolchain.mjs'

/** A hash of everything that a verdict depends on. */
function stateOfSources() {
  const hash = createHash('sha256')
  const add = (path) => {
    const entries = readdirSync(join(root, path), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = `${path}/${entry.name}`
      if (entry.isDirectory()) add(inside)
      else hash.update(inside).update(readFileSync(join(root, inside)))
    }
  }
  for (const path of ['images/kernel', 'images/user', 'src', 'tools']) add(path)
  for (const room of ['e2e', 'lab', 'livepatch', 'modules', 'patch']) add(`tests/${room}`)
  return hash.digest('hex')
}

/** The verdicts kept in `folder`; `fresh` forgets them. */
export function openMemory(folder, fresh) {
  const path = join(folder, 'verdicts.json')
  const state = stateOfSources()
  const old = existsSync(path) && !fresh ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  const verdicts = old?.state === state ? old.verdicts : {}
  return {
    verdict: (key) => verdicts[key],
    keep(key, verdict) {
      verdicts[key] = verdict
      writeFileSync(path, JSON.stringify({ state, verdicts }))
    },
  }
}
