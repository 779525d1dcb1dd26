// Formats the core as biome formats everything else, or with --check says which of its files are not formatted so. AssemblyScript is
// TypeScript but for decorators of functions, which biome does not read: they are comments while it looks.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const core = join(root, 'src/cpu/core')
const check = process.argv.includes('--check')
const HIDDEN = '// hidden decorator: '

const copy = mkdtempSync(join(root, 'src/cpu/.formatting-'))
let wrong = []
try {
  cpSync(core, copy, { recursive: true })
  const files = readdirSync(copy, { recursive: true }).filter((file) => file.endsWith('.ts'))
  for (const file of files) {
    const source = readFileSync(join(copy, file), 'utf8')
    writeFileSync(join(copy, file), source.replace(/^( *)@/gm, `$1${HIDDEN}@`))
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['format', '--write', '--vcs-use-ignore-file=false', copy]
  const done = spawnSync(process.execPath, [biome, ...options], { cwd: root, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(done.stderr + done.stdout)
  wrong = files.filter((file) => {
    const formatted = readFileSync(join(copy, file), 'utf8').replaceAll(HIDDEN, '')
    if (formatted === readFileSync(join(core, file), 'utf8')) return false
    if (!check) writeFileSync(join(core, file), formatted)
    return true
  })
} finally {
  rmSync(copy, { recursive: true })
}
for (const file of wrong) console.error(`${check ? 'not formatted' : 'formatted'}: src/cpu/core/${file}`)
process.exit(check && wrong.length > 0 ? 1 : 0)
