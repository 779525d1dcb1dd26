// Fails where a header of the kernel or of the programs declares what nothing defines, where one of the kernel offers an inline
// function or a macro that nothing uses, or where an export has no user (names/declared.mjs).

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { undefinedInPrograms, wrongDeclarations } from './names/declared.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What modules define, each for itself, by module_init() and module_exit(). */
const MODULES = new Set(['init_module', 'cleanup_module', '__this_module'])

/** The headers that have nothing but what Linux offers to modules too. */
const MODULE_HEADERS = new Set(
  [
    ...['bitops', 'bug', 'completion', 'ctype', 'delay', 'err', 'kobject', 'list', 'module', 'mutex', 'preempt'],
    ...['proc_fs', 'random', 'rcupdate', 'rwsem', 'seq_file', 'spinlock', 'string', 'sysfs', 'timer', 'vmalloc'],
    ...['wait', 'workqueue'],
  ].map((name) => `images/kernel/include/linux/${name}.h`),
)

const read = (...folders) =>
  new Map(
    folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.(c|h|S|lds|mjs)$/.test(path))
        .map((path) => [join(folder, path), readFileSync(join(root, folder, path), 'utf8')]),
    ),
  )

const kernel = read('images/kernel', 'firmware')
const users = read('images/patches', 'tests/e2e/modules')
const programs = read('images/user')
const wrong = wrongDeclarations(kernel, users, { programs, modules: MODULES, moduleHeaders: MODULE_HEADERS })
wrong.push(...undefinedInPrograms(programs))
for (const line of wrong) console.error(`wrong: ${line}`)
process.exit(wrong.length === 0 ? 0 : 1)
