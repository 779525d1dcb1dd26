// The options of a script: its own first comment is its help. What it does not know is a sentence and exit code 2.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

/** As parseArgs gives them. `script` is the path of the script that asks. */
export function readOptions(script, config) {
  try {
    const parsed = parseArgs({ ...config, options: { ...config.options, help: { type: 'boolean', short: 'h' } } })
    if (!parsed.values.help) return parsed
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
    process.stderr.write(`${error.message}\n--help says what there is.\n`)
    process.exit(2)
  }
  const [comment] = /^(?:#!.*\n)?((?:\/\/.*\n)+)/.exec(readFileSync(script, 'utf8'))?.slice(1) ?? ['']
  process.stdout.write(comment.replace(/^\/\/ ?/gm, ''))
  process.exit(0)
}
