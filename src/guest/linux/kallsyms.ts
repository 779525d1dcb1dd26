// The symbols of a running Linux kernel, from its own kallsyms tables (scripts/kallsyms.c of any kernel from 6.1 on):
//
//   names           for each symbol, by address: a length (one byte, or two if the first has bit 7), then so many bytes
//   token_index     a byte's token, as its offset in token_table; a symbol's tokens are its type letter and its name
//   offsets         32 bits for each symbol; relative_base is added. Where per-CPU symbols are absolute, offsets that are not negative
//                   are addresses themselves, and negative ones count down from relative_base - 1.

import { decodeText, readI32, readU16, readU32, readU64, type VirtAddr, virtAddr } from '../../base/index.js'
import type { KernelSymbol } from '../symbols.js'

/** Addresses of the tables. */
export interface KallsymsTables {
  readonly names: bigint
  readonly numSyms: bigint
  readonly tokenTable: bigint
  readonly tokenIndex: bigint
  readonly offsets: bigint
  readonly relativeBase: bigint
}

export type ReadMemory = (address: bigint, length: number) => Promise<Uint8Array>

const PIECE = 65_536
const TOKENS = 256
const LONG_NAME = 0x80

/** Reads the symbol table that a Linux kernel carries in its memory. */
export async function readKallsyms(read: ReadMemory, tables: KallsymsTables): Promise<KernelSymbol[]> {
  const count = readU32(await read(tables.numSyms, 4), 0)
  const base = readU64(await read(tables.relativeBase, 8), 0)
  const names = await readNames(read, tables, count)
  const offsets = await read(tables.offsets, 4 * count)
  const absolutePerCpu = names.some((_, index) => readI32(offsets, 4 * index) < 0)
  const addressOf = (index: number): VirtAddr => {
    const offset = readI32(offsets, 4 * index)
    if (!absolutePerCpu) return virtAddr(base + BigInt(offset >>> 0))
    return virtAddr(offset < 0 ? base - 1n - BigInt(offset) : BigInt(offset))
  }
  return names.map((name, index) => {
    const address = addressOf(index)
    const next = index + 1 < count ? addressOf(index + 1) : address
    const size = next > address ? Number(next - address) : 0
    return { name: name.slice(1), address, size, isFunction: /^[tTwW]/.test(name) }
  })
}

/** Each symbol's type letter and name. */
async function readNames(read: ReadMemory, tables: KallsymsTables, count: number): Promise<string[]> {
  const tokens = await readTokens(read, tables)
  const names: string[] = []
  let bytes: Uint8Array = new Uint8Array(0)
  let at = 0
  let taken = tables.names
  const need = async (length: number): Promise<void> => {
    if (at + length <= bytes.length) return
    const more = await read(taken, PIECE)
    taken += BigInt(PIECE)
    const rest = bytes.subarray(at)
    const joined = new Uint8Array(rest.length + more.length)
    joined.set(rest)
    joined.set(more, rest.length)
    bytes = joined
    at = 0
  }
  while (names.length < count) {
    // The longest name and its length.
    await need(2 + LONG_NAME * LONG_NAME)
    let length = bytes[at++] as number
    if (length >= LONG_NAME) length = (length & (LONG_NAME - 1)) | ((bytes[at++] as number) << 7)
    let name = ''
    for (const byte of bytes.subarray(at, at + length)) name += tokens[byte]
    at += length
    names.push(name)
  }
  return names
}

async function readTokens(read: ReadMemory, { tokenTable, tokenIndex }: KallsymsTables): Promise<string[]> {
  const index = await read(tokenIndex, 2 * TOKENS)
  const last = readU16(index, 2 * (TOKENS - 1))
  // The last token is a few characters; a page holds it and what stands behind the table.
  const table = await read(tokenTable, last + 64)
  return Array.from({ length: TOKENS }, (_, token) => {
    const from = readU16(index, 2 * token)
    return decodeText(table.subarray(from, table.indexOf(0, from)))
  })
}
