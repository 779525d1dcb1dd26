// Framing of gdb's remote serial protocol (gdb's manual, appendix "gdb Remote Serial Protocol", "Overview"), for both ends of it:
//
//   $data#sum     a packet; sum is two hexadecimal digits, the bytes' sum modulo 256; } escapes a byte, xor 20H; X*n repeats X
//   + -           the packet came well, or has to come again
//   03H           from the debugger, alone: interrupt
//
// Takes bytes in pieces of any size. Knows no packet's meaning.

import { concatBytes, encodeText } from '../base/index.js'

/** What a reader of packets has found in the bytes. */
export type PacketEvent =
  | { readonly kind: 'packet'; readonly data: Uint8Array }
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'again' }
  | { readonly kind: 'interrupt' }
  /** A packet whose checksum is wrong. */
  | { readonly kind: 'damaged' }

export const ACKNOWLEDGE = encodeText('+')
export const SEND_AGAIN = encodeText('-')
export const INTERRUPT = Uint8Array.of(3)

const [DOLLAR, HASH, STAR, PLUS, MINUS, ESCAPE, PERCENT] = [0x24, 0x23, 0x2a, 0x2b, 0x2d, 0x7d, 0x25]
const ESCAPED: ReadonlySet<number> = new Set([DOLLAR, HASH, STAR, ESCAPE])
const FLIP = 0x20
/** `X*n` stands for X and then n - 29 more of it. */
const REPEAT_BIAS = 29

const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0)

/** A packet as it goes over the line: $, escaped contents, #, checksum. */
export function encodePacket(data: Uint8Array): Uint8Array {
  const body = Uint8Array.from([...data].flatMap((byte) => (ESCAPED.has(byte) ? [ESCAPE, byte ^ FLIP] : [byte])))
  return concatBytes(Uint8Array.of(DOLLAR), body, encodeText(`#${sumOf(body).toString(16).padStart(2, '0')}`))
}

/** Data as it was before escapes and repetitions. */
function decodeBody(body: Uint8Array): Uint8Array {
  const data: number[] = []
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number
    if (byte === ESCAPE) data.push((body[++at] ?? 0) ^ FLIP)
    else if (byte === STAR && data.length > 0) {
      const last = data[data.length - 1] as number
      for (let left = (body[++at] ?? REPEAT_BIAS) - REPEAT_BIAS; left > 0; left--) data.push(last)
    } else data.push(byte)
  }
  return Uint8Array.from(data)
}

/** Finds packets of gdb's remote protocol in bytes that come in pieces. */
export class PacketReader {
  private pending: Uint8Array = new Uint8Array(0)
  private readonly limit: number

  /** A packet of more than `limit` bytes is forgotten. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit
  }

  /** What these bytes complete. Bytes between packets that mean nothing are skipped. */
  feed(bytes: Uint8Array): PacketEvent[] {
    this.pending = concatBytes(this.pending, bytes)
    const events: PacketEvent[] = []
    let at = 0
    for (; at < this.pending.length; at++) {
      const byte = this.pending[at]
      if (byte === PLUS) events.push({ kind: 'acknowledged' })
      else if (byte === MINUS) events.push({ kind: 'again' })
      else if (byte === INTERRUPT[0]) events.push({ kind: 'interrupt' })
      else if (byte === DOLLAR || byte === PERCENT) {
        const end = this.pending.indexOf(HASH, at)
        if (end < 0 || end + 2 >= this.pending.length) break
        const body = this.pending.subarray(at + 1, end)
        const sum = Number.parseInt(String.fromCharCode(...this.pending.subarray(end + 1, end + 3)), 16)
        // A notification (%) is an offer that a debugger may leave alone.
        if (byte === DOLLAR) {
          if (sum === sumOf(body)) events.push({ kind: 'packet', data: decodeBody(body) })
          else events.push({ kind: 'damaged' })
        }
        at = end + 2
      }
    }
    this.pending = this.pending.slice(at)
    if (this.pending.length > this.limit) {
      this.pending = new Uint8Array(0)
      events.push({ kind: 'damaged' })
    }
    return events
  }
}
