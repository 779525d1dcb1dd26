// How things fail. Three kinds, never mixed:
//
//   an expected refusal      a value: `{ ok: false, code, message, ... }` (`Refusal`), for the caller to show or act on
//   misuse or failing I/O    a thrown `TransplantError` with a stable `code` and the next step in `hint`
//   a broken invariant       `panic`: a thrown `TransplantError` with code 'INTERNAL', naming what should have held
//
// Codes are part of the public interface (error-codes.ts): refusals are kebab-case ('no-pvh-note'), errors UPPER_CASE ('RUN_LIMIT').

import type { ErrorCode, RefusalCode } from './error-codes.js'

/** An expected refusal, as a value. */
export interface Refusal<Code extends RefusalCode = RefusalCode> {
  readonly ok: false
  readonly code: Code
  /** One sentence that names what is wrong, with the values involved. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

/** The result of something that was possible. */
export interface Accepted<T> {
  readonly ok: true
  readonly value: T
}

/** A value, or the refusal of it; `ok` tells which. */
export type Result<T, Code extends RefusalCode = RefusalCode> = Accepted<T> | Refusal<Code>

/** A value as an accepted result. */
export function accept<T>(value: T): Accepted<T> {
  return { ok: true, value }
}

/** A refusal as a value; `more`: facts that some kind of refusal has besides, a line number say. */
export function refuse<Code extends RefusalCode, More extends object = object>(
  code: Code,
  message: string,
  hint: string,
  more?: More,
): Refusal<Code> & More {
  return { ok: false, code, message, hint, ...(more as More) }
}

/** Misuse, or input and output that failed: thrown, with a stable code and the next step. */
export class TransplantError extends Error {
  readonly code: ErrorCode
  readonly hint: string

  constructor(code: ErrorCode, message: string, hint = '') {
    super(hint === '' ? message : `${message} ${hint}`)
    this.name = 'TransplantError'
    this.code = code
    this.hint = hint
  }

  /** The message without its hint. */
  get sentence(): string {
    return this.hint === '' ? this.message : this.message.slice(0, -this.hint.length).trimEnd()
  }
}

/** An error that was thrown, as a value: for who gathers outcomes of which some have failed. */
export interface Failure {
  readonly ok: false
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  /** The error itself, with its stack. */
  readonly error: TransplantError
}

/** A thrown error as a value. */
export function failure(error: TransplantError): Failure {
  const { code, message, hint } = error
  return { ok: false, code, message, hint, error }
}

/** Throws INTERNAL: an invariant of Transplant does not hold. */
export function panic(message: string): never {
  throw new TransplantError(
    'INTERNAL',
    message,
    'This is a defect in Transplant: please report it with the seed of the run.',
  )
}
