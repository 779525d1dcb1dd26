// Help of one command: begins with its own examples and ends with its own exit codes.

import type { Command } from 'commander'

export interface Help {
  /** Lines as they are typed, each with what it does. */
  readonly examples: readonly string[]
  /** Paragraphs between the options and the exit codes. */
  readonly more?: string
  readonly exitCodes: string
}

export function explain(command: Command, { examples, more, exitCodes }: Help): Command {
  return command
    .addHelpText('before', `Examples:\n${examples.map((line) => `  ${line}\n`).join('')}`)
    .addHelpText('after', `${more === undefined ? '' : `\n${more}\n`}\nExit codes: ${exitCodes}`)
}
