// A file with a seal: magic | format u32 | checksum | body. A foreign file, one of another format and a damaged one are told apart before
// anything of the body is used.

import { encodeText, equalBytes, hashBytes, StateReader, StateWriter, TransplantError } from '../base/index.js'

/** What a file is. */
export type Opened<T> =
  | { readonly is: 'foreign' }
  | { readonly is: 'other-format'; readonly format: number }
  | { readonly is: 'damaged'; readonly why: string }
  | { readonly is: 'whole'; readonly value: T }

const HEADER_BYTES = 12

/** The bytes of a file around a body; `magic` is eight ASCII characters. */
export function seal(magic: string, format: number, body: Uint8Array): Uint8Array {
  const writer = new StateWriter(body.length + 64)
  writer.raw(encodeText(magic))
  writer.u32(format)
  writer.string(hashBytes(body))
  writer.blob(body)
  return writer.finish()
}

/** What `read` makes of the body of a file, if it is one of these formats and whole. `read` throws STATE_* for what it cannot be. */
export function openSealed<T>(
  file: Uint8Array,
  magic: string,
  formats: readonly number[],
  read: (body: StateReader, format: number) => T,
): Opened<T> {
  if (file.length < HEADER_BYTES || !equalBytes(file.subarray(0, 8), encodeText(magic))) return { is: 'foreign' }
  const reader = new StateReader(file, 8)
  const format = reader.u32()
  if (!formats.includes(format)) return { is: 'other-format', format }
  try {
    const hash = reader.string()
    const bytes = reader.blob()
    if (hashBytes(bytes) !== hash) return { is: 'damaged', why: 'its contents do not match its checksum' }
    return { is: 'whole', value: read(new StateReader(bytes), format) }
  } catch (error) {
    if (!(error instanceof TransplantError && error.code.startsWith('STATE_'))) throw error
    return { is: 'damaged', why: error.sentence.replace(/\.$/, '') }
  }
}
