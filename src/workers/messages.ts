// What crosses between the two ends. This is a contract: a change of any shape here raises PROTOCOL.
//
//   near -> far   start                       once, first: what calls share
//                 call, cancel, listen
//   far -> near   progress*, then result or error, for each call; events as they happen, before what follows them
//
// Everything is a structured clone. An error crosses as a record, because a clone would lose its code.

import { type ErrorCode, TransplantError } from '../base/index.js'
import type { Channel } from './transport.js'

export const PROTOCOL = 1

export type Request =
  | {
      readonly kind: 'start'
      readonly protocol: number
      readonly flag: Int32Array | undefined
      readonly assets: unknown
    }
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'listen'; readonly event: string; readonly on: boolean }

export type Reply =
  | { readonly kind: 'progress'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorRecord }
  | { readonly kind: 'events'; readonly events: readonly (readonly [name: string, value: unknown])[] }

export interface ErrorRecord {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly stack: string | undefined
}

/** Any thrown thing as data. An error that has a code of its own keeps it; what has none gets `code`. */
export function recordError(thrown: unknown, code: string): ErrorRecord {
  if (!(thrown instanceof Error)) return { code, message: String(thrown), hint: '', stack: undefined }
  const own = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
  const hint = 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : ''
  const named = own === undefined && thrown.name !== 'Error' ? `${thrown.name}: ${thrown.message}` : thrown.message
  // A TransplantError's message ends with its hint, which the constructor on the other side adds again.
  const message = hint !== '' && named.endsWith(` ${hint}`) ? named.slice(0, -hint.length - 1) : named
  return { code: own ?? code, message, hint, stack: thrown.stack }
}

/** The error again. One that a job threw may have a code that is none of ours; it stays what it was. */
export function reviveError(record: ErrorRecord): TransplantError {
  const error = new TransplantError(record.code as ErrorCode, record.message, record.hint)
  if (record.stack !== undefined) error.stack = record.stack
  return error
}

/** Sends `message`; if a part of it cannot be cloned, the error record of that, without having sent anything. */
export function trySend(
  channel: Channel,
  message: Request | Reply,
  transfer?: readonly ArrayBufferLike[],
): ErrorRecord | undefined {
  try {
    channel.send(message, transfer)
    return undefined
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    return {
      code: 'WORKER_NOT_CLONABLE',
      message: `A value cannot cross to another thread: ${why}`,
      hint: 'Pass plain data: numbers, texts, bigints, byte arrays, and arrays or objects of them.',
      stack: undefined,
    }
  }
}
