// Fails where a declaration that the package exports has no doc comment in its .d.ts: whoever reads it there has nothing else.
//
// Looks at every file that the entries of package.json reach (`export ... from`), at top-level declarations only. The main entry names
// what it exports, one by one: `export *` would make public whatever a room shows its neighbours.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const entries = Object.values(exports).flatMap((entry) => entry.types ?? [])

/** The files that `file` re-exports from, with the names taken, or undefined for all. */
function sources(file, text) {
  return [...text.matchAll(/export (?:type )?(\*|\{([^}]*)\}) from '(\.[^']*)'/g)].map(([, , names, from]) => ({
    file: join(dirname(file), from).replace(/\.js$/, '.d.ts'),
    names: names?.split(',').map((name) =>
      name
        .replace(/^\s*(type )?/, '')
        .replace(/ as .*/, '')
        .trim(),
    ),
  }))
}

function undocumented(file, wanted, found) {
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`)
  const text = readFileSync(file, 'utf8')
  for (const source of sources(file, text)) {
    const names =
      wanted === undefined ? source.names : (source.names?.filter((name) => wanted.includes(name)) ?? wanted)
    if (names === undefined || names.length > 0) undocumented(source.file, names, found)
  }
  const declaration =
    /(\*\/\s*)?^export (?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) (\w+)/gm
  for (const [, comment, name] of text.matchAll(declaration)) {
    if (comment === undefined && (wanted === undefined || wanted.includes(name))) {
      found.add(`${relative(root, file).replace(/^dist/, 'src').replace('.d.ts', '.ts')}: ${name}`)
    }
  }
  return found
}

const missing = new Set(entries.flatMap((entry) => [...undocumented(join(root, entry), undefined, new Set())]))
for (const one of [...missing].sort()) console.error(`${one} has no doc comment`)
if (/^export \*/m.test(readFileSync(join(root, 'src/index.ts'), 'utf8'))) missing.add('src/index.ts: export *')
if (missing.size > 0) process.exit(1)
