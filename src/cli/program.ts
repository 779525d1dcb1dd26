// The command line as one tree, with what all commands share: help that begins with examples, suggestions for a mistyped
// word, exit codes.

import { Command } from 'commander'
import { EXIT_CODES, type ExitName } from '../base/index.js'
import { readPackageVersion } from './assets.js'
import { addCompletionCommand } from './completion.js'
import { useConfig } from './config.js'
import { addDemoCommand } from './demo.js'
import { addLabCommand } from './lab.js'
import { addPatchCommand } from './patch.js'
import { addRunCommand } from './run.js'
import { addSnapshotCommand } from './snapshot.js'
import { addSymbolsCommand } from './symbols.js'
import { addUpgradeCommand } from './upgrade.js'
import { addWebCommand } from './web.js'

const EXAMPLES = `Examples:
  transplant demo                                the whole path: boot, live patch, live upgrade, verification
  transplant run                                 a shell in the guest; Ctrl-A x quits
  transplant run --exec 'uname -r'               one command in the guest
  transplant patch build fix.diff                a patch module from a diff (or from C, or assembly)
  transplant patch load fix.ko                   load it into a running guest and watch its transition
  transplant upgrade                             change the kernel under running programs
  transplant symbols '*_sys_*'                   what the kernel has, and what of it can be patched
  transplant snapshot save booted                a guest as a file, to go on from
  transplant web                                 all of it in a page of your browser
`

/** What each exit code says, for a person. */
const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: 'ok; a guest of `run` that powers off or resets itself too',
  failed: 'a check did not hold',
  usage: 'the command line or a file is wrong, or an output cannot be written',
  noChange: 'nothing to change',
  skipped: 'skipped, something is missing',
  refused: 'refused: not patchable, not upgradable',
  timeout: 'timeout, or a transition or the guest is stuck (nothing can wake it)',
  guestPanic: 'the guest panicked, oopsed or ended in a triple fault, or ended before it answered',
  diverged: 'a replay diverged from its recording',
  internal: 'a defect in Transplant',
}

const EXIT_CODE_HELP = `
Exit codes:
${Object.entries(EXIT_CODES)
  .map(([name, code]) => `${String(code).padStart(4)}  ${EXIT_MEANINGS[name as ExitName]}`)
  .join('\n')}
\`run --exec\` ends with the status of the guest's command.`

const CONFIG_HELP = `
Options that you give each time may stand in ~/.config/transplant/config.json (or $XDG_CONFIG_HOME, or the file that
$TRANSPLANT_CONFIG names): { "smp": 4, "patch load": { "memory": 256 } }. What is on the command line wins.`

export function createProgram(): Command {
  const program = new Command('transplant')
    .description('A small x86-64 kernel, live-patched and live-upgraded while it runs.')
    .version(readPackageVersion(), '-V, --version')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', CONFIG_HELP)
    .addHelpText('after', EXIT_CODE_HELP)
  settle(program)
  addRunCommand(program)
  addDemoCommand(program)
  addPatchCommand(program)
  addUpgradeCommand(program)
  addLabCommand(program)
  addSnapshotCommand(program)
  addSymbolsCommand(program)
  addWebCommand(program)
  addCompletionCommand(program)
  useConfig(program)
  for (const command of program.commands) {
    settle(command)
    for (const nested of command.commands) settle(nested)
  }
  return program
}

/**
 * The words for commander. Asked for the help of a command that it does not know it shows the one above's: it is given that
 * command alone, which is an error with a suggestion.
 */
export function withoutHelpOfUnknown(program: Command, words: readonly string[]): string[] {
  const path: string[] = []
  let command = program
  for (const word of words) {
    if (command.commands.length === 0) break
    if (word.startsWith('-') || word === 'help') continue
    path.push(word)
    const next = command.commands.find((one) => one.name() === word)
    if (next === undefined) return path
    command = next
  }
  return [...words]
}

function settle(command: Command): void {
  command
    .showSuggestionAfterError(true)
    .showHelpAfterError('Try --help.')
    .exitOverride()
    .configureHelp({ sortSubcommands: false })
}
