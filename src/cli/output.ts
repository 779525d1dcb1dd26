// How the command line speaks: results on stdout, talk on stderr, colour only for a terminal, one JSON document with
// --json. A failure is one message that names what is wrong and what to do, and an exit code from EXIT_CODES.

import { CommanderError } from 'commander'
import picocolors from 'picocolors'
import { EXIT_CODES, type ExitCode, exitCodeFor, type Refusal, TransplantError } from '../base/index.js'
import { clearProgress } from './progress.js'

const terminal = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb'
export const colors = picocolors.createColors(terminal && process.env['NO_COLOR'] === undefined)

export function say(text: string): void {
  clearProgress()
  process.stderr.write(`${text}\n`)
}

export function print(text: string): void {
  clearProgress()
  process.stdout.write(`${text}\n`)
}

export function printJson(document: { readonly schema: string }): void {
  clearProgress()
  process.stdout.write(`${JSON.stringify(document, jsonValue, 2)}\n`)
}

/** How a command was asked to tell what happened. */
export interface TellFlags {
  readonly json?: boolean
  readonly jsonl?: boolean
}

/** The whole result: as one document (--json), as the last event (--jsonl), or in words. */
export function tellResult(flags: TellFlags, document: { readonly schema: string }, inWords: () => void): void {
  if (flags.json === true) printJson(document)
  else if (flags.jsonl === true) printEvent('result', document)
  else inWords()
}

/** One event of a stream, one line of JSON, as it happens (--jsonl). */
export function printEvent(event: string, more: object): void {
  clearProgress()
  process.stdout.write(`${JSON.stringify({ event, ...more }, jsonValue)}\n`)
}

/** Whether the result is told to a program: then it tells failures too. */
export const isForPrograms = (flags: TellFlags): boolean => flags.json === true || flags.jsonl === true

/** bigint has no JSON form: addresses are written as 0x... texts. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value
}

/** Thrown by a command to end with this exit code; the message, when there is one, goes to stderr. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode
  readonly code: string
  readonly hint: string
  /** The command's own JSON document tells it already. */
  readonly said: boolean

  constructor(exitCode: ExitCode, code: string, message: string, hint = '', more: { readonly said?: boolean } = {}) {
    super(message)
    this.exitCode = exitCode
    this.code = code
    this.hint = hint
    this.said = more.said === true
  }
}

/** The end of a command that something refused. */
export function refused(refusal: Refusal): CommandFailure {
  return new CommandFailure(exitCodeFor(refusal.code), refusal.code, refusal.message, refusal.hint)
}

/** Prints what went wrong and returns the exit code for it. */
export function report(error: unknown, told: TellFlags): number {
  const failure = describe(error)
  if (isForPrograms(told) && !(error instanceof CommandFailure && error.said)) {
    const { code, message, hint, exitCode } = failure
    const document = { schema: 'transplant-error/1', code, message, hint, exitCode }
    if (told.json === true) printJson(document)
    else printEvent('error', document)
  }
  if (!(error instanceof CommanderError)) {
    say(`${colors.red('transplant:')} ${failure.message}`)
    if (failure.hint !== '') say(`  ${failure.hint}`)
  }
  return failure.exitCode
}

/** The command as it was given, to be given again: runs are the same each time. */
function commandLine(): string {
  return ['transplant', ...process.argv.slice(2)]
    .map((word) => (/^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}

function describe(error: unknown): { code: string; message: string; hint: string; exitCode: number } {
  if (error instanceof CommanderError) {
    return { code: 'bad-command-line', message: error.message, hint: 'Try --help.', exitCode: EXIT_CODES.usage }
  }
  if (error instanceof CommandFailure) {
    return { code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode }
  }
  if (error instanceof TransplantError && exitCodeFor(error.code) !== EXIT_CODES.internal) {
    const { sentence, hint, code } = error
    return { code, message: sentence, hint, exitCode: exitCodeFor(code) }
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return {
      ...{ code: 'IO', message: `${error.message}.`, hint: 'Check the path, its permissions and the space left.' },
      exitCode: EXIT_CODES.usage,
    }
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    code: 'INTERNAL',
    message: `internal error: ${text}`,
    hint: `This is a defect in Transplant: please report it with the command that shows it: ${commandLine()}`,
    exitCode: EXIT_CODES.internal,
  }
}
