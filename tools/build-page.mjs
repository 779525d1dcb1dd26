// Builds the page (src/web/page -> dist/page): static files that any web server can give, and that need no other. Done by npm run build;
// by hand `node tools/build-page.mjs [folder]` puts it where you like. Skipped while it is newer than everything it is made of.
import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { readOptions } from './options.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { positionals } = readOptions(fileURLToPath(import.meta.url), { allowPositionals: true })
const [folder = join(root, 'dist/page')] = positionals

/** When the newest of these files, or of the files in these folders, was written. */
function newest(...paths) {
  const times = paths.map((path) => {
    if (!statSync(path).isDirectory()) return statSync(path).mtimeMs
    const entries = readdirSync(path, { withFileTypes: true })
    return newest(...entries.map(({ name }) => join(path, name)))
  })
  return Math.max(0, ...times)
}

const LICENCES = 'licences.md'
const made = join(folder, 'index.html')
const sources = ['src', 'images/built', 'images/patches', 'package-lock.json', 'tools/build-page.mjs'].map((one) =>
  join(root, one),
)
if (existsSync(made) && statSync(made).mtimeMs >= newest(...sources)) process.exit(0)

await build({
  root: join(root, 'src/web/page'),
  // Relative addresses: the folder may lie anywhere on a server.
  base: './',
  configFile: false,
  // Its warnings are of Node's modules that the engines ask for and a page has not.
  logLevel: 'error',
  worker: { format: 'es' },
  build: {
    outDir: resolve(folder),
    // A folder that a person names may hold more than the page.
    emptyOutDir: positionals.length === 0,
    target: 'es2022',
    // Those that know light-dark(): since May 2024 all.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2048,
    // The licences of what is bundled travel with it.
    license: { fileName: LICENCES },
  },
})

/** Vite's list is of the page's own bundle; these are in the worker's. */
for (const name of ['@alexaltea/capstone-js', '@alexaltea/keystone-js']) {
  const packaged = join(root, 'node_modules', name)
  const { version, license } = JSON.parse(readFileSync(join(packaged, 'package.json'), 'utf8'))
  const text = readFileSync(join(packaged, 'LICENSE'), 'utf8')
  appendFileSync(join(folder, LICENCES), `\n## ${name} - ${version} (${license})\n\n${text}`)
}
copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
