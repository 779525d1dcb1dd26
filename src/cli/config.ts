// The configuration file: values for options that a person would give each time. What is on the command line wins.
//
//   { "smp": 4, "run": { "timeout": 60 }, "patch load": { "memory": 256 } }
//
// A value at the top is for every command that has the option; one under a command's words is for that command, and wins over it.
// The file is $TRANSPLANT_CONFIG, else $XDG_CONFIG_HOME/transplant/config.json, else ~/.config/transplant/config.json.

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { decodeText, didYouMean, EXIT_CODES } from '../base/index.js'
import { readReplaceable } from './files.js'
import { CommandFailure } from './output.js'

const LARGEST = 64 * 1024

type Values = Readonly<Record<string, unknown>>

/** Where the file is looked for. */
export function configPath(): string {
  const { TRANSPLANT_CONFIG: named, XDG_CONFIG_HOME: base } = process.env
  return (
    named ?? join(base !== undefined && base !== '' ? base : join(homedir(), '.config'), 'transplant', 'config.json')
  )
}

/** Gives the options of each command that runs the file's values, where the command line is silent. */
export function useConfig(program: Command): void {
  program.hook('preAction', (_program, command) => {
    const path = configPath()
    if (process.env['TRANSPLANT_CONFIG'] === undefined && !existsSync(path)) return
    const values = readValues(path)
    const commands = commandsOf(program)
    refuseUnknown(path, values, commands)
    const words = [...commands].find(([, one]) => one === command)?.[0] ?? ''
    const own = values[words]
    for (const [name, value] of [...Object.entries(values), ...(isValues(own) ? Object.entries(own) : [])]) {
      const option = isValues(value) ? undefined : optionOf(command, name)
      if (option === undefined || command.getOptionValueSource(option.attributeName()) === 'cli') continue
      const takesValue = option.required || option.optional
      const fits = takesValue ? typeof value === 'string' || typeof value === 'number' : typeof value === 'boolean'
      if (!fits) {
        throw wrong(
          path,
          `'${name}' is ${JSON.stringify(value)}`,
          takesValue ? 'Give a text or a number.' : 'Give true or false.',
        )
      }
      command.setOptionValueWithSource(option.attributeName(), takesValue ? String(value) : value, 'config')
    }
  })
}

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const optionOf = (command: Command, name: string) => command.options.find(({ long }) => long === `--${name}`)

function wrong(path: string, what: string, hint: string): CommandFailure {
  return new CommandFailure(EXIT_CODES.usage, 'bad-config', `the configuration file '${path}' is wrong: ${what}.`, hint)
}

function readValues(path: string): Values {
  const text = decodeText(readReplaceable(path, LARGEST))
  try {
    const read: unknown = JSON.parse(text)
    if (isValues(read)) return read
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw wrong(path, `it is no JSON (${error.message})`, 'Correct it, or move it away.')
  }
  throw wrong(path, 'it is no object', 'Begin it with {.')
}

/** Every command by its words: 'run', 'patch load'. */
function commandsOf(program: Command, before = ''): Map<string, Command> {
  return new Map(
    program.commands.flatMap((one) => {
      const words = before === '' ? one.name() : `${before} ${one.name()}`
      return [[words, one] as const, ...commandsOf(one, words)]
    }),
  )
}

/** A word that says nothing anywhere is a mistake. */
function refuseUnknown(path: string, values: Values, commands: ReadonlyMap<string, Command>): void {
  const longNames = (some: Iterable<Command>): string[] =>
    [...some].flatMap(({ options }) => options.flatMap(({ long }) => long?.slice(2) ?? []))
  const check = (name: string, known: readonly string[], where: string): void => {
    if (known.includes(name)) return
    throw wrong(path, `there is no ${where} '${name}'`, didYouMean(name, known) || 'Look at --help.')
  }
  for (const [name, value] of Object.entries(values)) {
    if (!isValues(value)) {
      check(name, longNames(commands.values()), 'option')
      continue
    }
    check(name, [...commands.keys()], 'command')
    const command = commands.get(name)
    for (const inner of Object.keys(value)) if (command) check(inner, longNames([command]), `option of ${name}`)
  }
}
