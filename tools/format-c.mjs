// Formats the C of firmware, images (kernel, programs, patches, releases) and tests by .clang-format, or with --check says which
// files are not formatted so. Versions of clang-format differ in what they do: the one asked is Debian 12's; where there is none,
// nothing is said, unless TRANSPLANT_REQUIRE_ALL is set.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const VERSION = 14
const check = process.argv.includes('--check')

const formatter = [`clang-format-${VERSION}`, 'clang-format'].find((command) =>
  spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.includes(`version ${VERSION}.`),
)
if (formatter === undefined) {
  const needed = !check || process.env['TRANSPLANT_REQUIRE_ALL'] !== undefined
  if (needed) console.error(`clang-format ${VERSION} is needed: apt install clang-format-${VERSION}`)
  process.exit(needed ? 1 : 0)
}
const files = ['firmware', 'images', 'tests'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => /\.[ch]$/.test(file) && !/^images\/(build|built)\//.test(file)),
)
const options = check ? ['--dry-run', '--Werror'] : ['-i']
const { status, stderr } = spawnSync(formatter, [...options, ...files], { cwd: root, encoding: 'utf8' })
const wrong = new Set([...stderr.matchAll(/^(\S+?):\d+:\d+: error/gm)].map((match) => match[1]))
for (const file of wrong) console.error(`not formatted: ${file} (npm run format:c)`)
if (wrong.size === 0) process.stderr.write(stderr)
process.exit(status ?? 1)
