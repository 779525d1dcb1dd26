// Arguments of what the package offers, checked where a wrong one would end in an error that names nothing, or be taken in
// silence. TypeScript's types say the same; callers in JavaScript, and values that come out of JSON, do not go by them.

import type { ErrorCode } from './error-codes.js'
import { TransplantError } from './errors.js'

/** By their tags, which are the same for values of another realm (a frame's, a test runner's). */
const tagged =
  (tag: string) =>
  (value: unknown): boolean =>
    Object.prototype.toString.call(value) === `[object ${tag}]`

const kinds = {
  bytes: { holds: tagged('Uint8Array'), hint: 'Give a Uint8Array.' },
  text: { holds: (value: unknown) => typeof value === 'string', hint: 'Give a string.' },
  flag: { holds: (value: unknown) => typeof value === 'boolean', hint: 'Give true or false.' },
  address: { holds: (value: unknown) => typeof value === 'bigint', hint: 'Give a bigint: virtAddr(value) makes one.' },
  function: { holds: (value: unknown) => typeof value === 'function', hint: 'Give a function.' },
  object: { holds: (value: unknown) => typeof value === 'object' && value !== null, hint: 'Give an object.' },
} as const

/** What an argument is to be. */
export type ArgumentKind = keyof typeof kinds

/** `a string`, `null`; a number itself. */
export function describeValue(value: unknown): string {
  if (value === null || ['undefined', 'number', 'bigint', 'boolean'].includes(typeof value)) return String(value)
  const name = typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`
}

/** Throws `code` where `value` is not of its kind. */
export function requireKind(
  name: string,
  value: unknown,
  kind: ArgumentKind,
  code: ErrorCode = 'BAD_ARGUMENT',
  hint: string = kinds[kind].hint,
): void {
  if (!kinds[kind].holds(value)) throw new TransplantError(code, `'${name}' is ${describeValue(value)}.`, hint)
}

/** Throws `code` where `value` is no whole number from `least` to `most`. */
export function requireWhole(
  name: string,
  value: number,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
  code: ErrorCode = 'BAD_ARGUMENT',
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`
  throw new TransplantError(code, `'${name}' is ${describeValue(value)}.`, `Give a whole number ${range}.`)
}

/** Throws `code` where `value` is none of `choices`. */
export function requireOneOf(
  name: string,
  value: unknown,
  choices: readonly (string | number)[],
  code: ErrorCode = 'BAD_ARGUMENT',
): void {
  if ((choices as readonly unknown[]).includes(value)) return
  const shown = typeof value === 'string' ? `'${value}'` : describeValue(value)
  throw new TransplantError(code, `'${name}' is ${shown}.`, `Use ${choices.join(' or ')}.`)
}

/** Throws `code` where `value` is no seed: a whole number below 2^64. */
export function requireSeed(value: number | bigint, code: ErrorCode = 'BAD_ARGUMENT'): void {
  const whole = typeof value === 'bigint' || Number.isInteger(value)
  if (whole && value >= 0 && value < 2 ** 64) return
  throw new TransplantError(code, `'seed' is ${describeValue(value)}.`, 'Give a whole number from 0 to 2^64 - 1.')
}
