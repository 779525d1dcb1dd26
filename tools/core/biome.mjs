// The core before biome. AssemblyScript is TypeScript but for decorators of functions, which biome does not read: they are comments
// while it looks, in a copy.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const HIDDEN = '// hidden decorator: '
/** What of biome's rules means the same in AssemblyScript, where `==` compares and a u32 is no number. */
const RULES = ['noUnusedImports', 'noUnusedVariables', 'noUnusedFunctionParameters', 'noUnusedPrivateClassMembers']

function biome(...words) {
  const program = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['--vcs-use-ignore-file=false', '--max-diagnostics=none', '--colors=off']
  return spawnSync(process.execPath, [program, ...words, ...options], { cwd: root, encoding: 'utf8' })
}

/**
 * The files of a folder as biome would have them: `formatted`, the text of each that is not formatted, by its path below the folder; and
 * `warnings`, what biome says of names that nothing uses, '' if it says nothing.
 */
export function askBiome(folder) {
  const copy = mkdtempSync(join(root, 'src/cpu/.formatting-'))
  try {
    cpSync(folder, copy, { recursive: true })
    const files = readdirSync(copy, { recursive: true }).filter((file) => file.endsWith('.ts'))
    for (const file of files) {
      const source = readFileSync(join(copy, file), 'utf8')
      writeFileSync(join(copy, file), source.replace(/^( *)@/gm, `$1${HIDDEN}@`))
    }
    const linted = biome('lint', '--error-on-warnings', ...RULES.map((rule) => `--only=correctness/${rule}`), copy)
    const done = biome('format', '--write', copy)
    if (done.status !== 0) throw new Error(done.stderr + done.stdout)
    const formatted = new Map()
    for (const file of files) {
      const text = readFileSync(join(copy, file), 'utf8').replaceAll(HIDDEN, '')
      if (text !== readFileSync(join(folder, file), 'utf8')) formatted.set(file, text)
    }
    const words = (linted.stdout + linted.stderr).replaceAll(copy.slice(root.length), 'src/cpu/core')
    return { formatted, warnings: linted.status === 0 ? '' : words }
  } finally {
    rmSync(copy, { recursive: true })
  }
}
