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

export class Memory {
  #path
  #state = stateOfSources()
  #verdicts = {}

  constructor(folder, fresh) {
    this.#path = join(folder, 'verdicts.json')
    const old = existsSync(this.#path) && !fresh ? JSON.parse(readFileSync(this.#path, 'utf8')) : undefined
    if (old?.state === this.#state) this.#verdicts = old.verdicts
  }
  verdict(key) {
    return this.#verdicts[key]
  }
  keep(key, verdict) {
    this.#verdicts[key] = verdict
    writeFileSync(this.#path, JSON.stringify({ state: this.#state, verdicts: this.#verdicts }))
  }
}
