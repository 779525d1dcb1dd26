#!/usr/bin/env node
// The command `transplant`: reads the command line and hands over to one command. Everything that fails ends here, as one
// message and one exit code (output.ts).

import { CommanderError } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { reasonOf } from './files.js'
import { report, say } from './output.js'
import { createProgram, withoutHelpOfUnknown } from './program.js'

// A reader that goes away (`transplant demo | head`) is no failure; results that cannot be written are one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok)
  say(`transplant: cannot write standard output: ${reasonOf(error)}.`)
  process.exit(EXIT_CODES.usage)
})
// Talk that nobody can be told changes no result.
process.stderr.on('error', () => {})

const words = process.argv.slice(2)
const told = { json: words.includes('--json'), jsonl: words.includes('--jsonl') }
try {
  const program = createProgram()
  await program.parseAsync(withoutHelpOfUnknown(program, words), { from: 'user' })
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed its message; help and version end with 0, all else is a wrong command line.
    process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage
    if (error.exitCode !== 0 && (told.json || told.jsonl)) report(error, told)
  } else process.exitCode = report(error, told)
}
// A terminal in raw mode or a pending read must not hold the process.
process.stdin.unref?.()
