// The command line as one tree, with what all commands share: help that begins with examples, suggestions for a mistyped
// word, exit codes.

import { Command } from 'commander'
import { readPackageVersion } from './assets.js'
import { addDemoCommand } from './demo.js'
import { addPatchCommand } from './patch.js'
import { addRunCommand } from './run.js'
import { addUpgradeCommand } from './upgrade.js'

const EXAMPLES = `Examples:
  transplant demo                                the whole path: boot, live patch, live upgrade, verification
  transplant run                                 a shell in the guest; Ctrl-A x quits
  transplant run --exec 'uname -r'               one command in the guest
  transplant patch build fix.c -o fix.ko         a patch module from C (or from assembly: fix.s)
  transplant patch load fix.ko                   load it into a running guest and watch its transition
  transplant upgrade                             change the kernel under running programs
`

const EXIT_CODE_HELP = `
Exit codes: 0 ok; 1 a check did not hold; 2 the command line or a file is wrong; 3 nothing to change; 4 skipped, something
is missing; 5 refused: not patchable, not upgradable; 6 timeout, or a transition or the guest is stuck (nothing can wake
it); 7 the guest panicked or was reset; 70 a defect in Transplant. \`run --exec\` ends with the status of the guest's command.`

export function createProgram(): Command {
  const program = new Command('transplant')
    .description('A small x86-64 kernel, live-patched and live-upgraded while it runs.')
    .version(readPackageVersion(), '-V, --version')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODE_HELP)
  settle(program)
  addRunCommand(program)
  addDemoCommand(program)
  addPatchCommand(program)
  addUpgradeCommand(program)
  for (const command of program.commands) {
    settle(command)
    for (const nested of command.commands) settle(nested)
  }
  return program
}

function settle(command: Command): void {
  command
    .showSuggestionAfterError(true)
    .showHelpAfterError('Try --help.')
    .exitOverride()
    .configureHelp({ sortSubcommands: false })
}
