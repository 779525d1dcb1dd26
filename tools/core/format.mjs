// Formats the core as biome formats everything else, or with --check says which of its files are not formatted so, and which names in
// them nothing uses (biome.mjs).

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askBiome } from './biome.mjs'

const core = fileURLToPath(new URL('../../src/cpu/core', import.meta.url))
const check = process.argv.includes('--check')

const { formatted, warnings } = askBiome(core)
for (const [file, text] of formatted) {
  if (!check) writeFileSync(join(core, file), text)
  console.error(`${check ? 'not formatted' : 'formatted'}: src/cpu/core/${file}`)
}
if (check && warnings !== '') console.error(warnings)
process.exit(check && (formatted.size > 0 || warnings !== '') ? 1 : 0)
