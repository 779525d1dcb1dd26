// kallsyms tables of either form, and long names, without a kernel.

import { describe, expect, it } from 'vitest'
import { encodeText } from '../../../src/base/index.js'
import { readKallsyms, Vmcoreinfo } from '../../../src/guest/index.js'

const PLACES = {
  names: 0x1000n,
  numSyms: 0x200n,
  tokenTable: 0x300n,
  tokenIndex: 0x800n,
  offsets: 0x40000n,
  relativeBase: 0x210n,
}
const BASE = 0xffff_ffff_8100_0000n

/** Memory with the tables of these symbols: each a list of tokens, the type letter first, and its offset as it is stored. */
function tables(
  tokens: readonly string[],
  symbols: readonly { readonly tokens: readonly number[]; readonly offset: number }[],
) {
  const memory = new Uint8Array(0x80000)
  const view = new DataView(memory.buffer)
  const at = (place: bigint, index = 0): number => Number(place) + index
  view.setUint32(at(PLACES.numSyms), symbols.length, true)
  view.setBigUint64(at(PLACES.relativeBase), BASE, true)
  let end = 0
  for (let token = 0; token < 256; token++) {
    view.setUint16(at(PLACES.tokenIndex, 2 * token), end, true)
    const text = encodeText(`${tokens[token] ?? ''}\0`)
    memory.set(text, at(PLACES.tokenTable, end))
    end += text.length
  }
  let name = 0
  symbols.forEach((symbol, index) => {
    const { length } = symbol.tokens
    const prefix = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
    memory.set([...prefix, ...symbol.tokens], at(PLACES.names, name))
    name += prefix.length + length
    view.setInt32(at(PLACES.offsets, 4 * index), symbol.offset, true)
  })
  return readKallsyms(async (address, length) => memory.slice(Number(address), Number(address) + length), PLACES)
}

describe('kallsyms', () => {
  it('are read where per-CPU symbols are absolute and the others count down', async () => {
    const symbols = await tables(
      ['D', 'T', 'one', 't', 'two_', 'd'],
      [
        { tokens: [0, 2], offset: 0x40 },
        { tokens: [1, 2], offset: -1 },
        { tokens: [3, 4, 2], offset: -0x101 },
        { tokens: [5, 4], offset: -0x201 },
      ],
    )
    expect(symbols).toEqual([
      { name: 'one', address: 0x40n, size: Number(BASE - 0x40n), isFunction: false },
      { name: 'one', address: BASE, size: 0x100, isFunction: true },
      { name: 'two_one', address: BASE + 0x100n, size: 0x100, isFunction: true },
      { name: 'two_', address: BASE + 0x200n, size: 0, isFunction: false },
    ])
  })

  it('are read where all count from the base, and with a name of more than 127 tokens', async () => {
    const symbols = await tables(
      ['T', 'x'],
      [
        { tokens: [0, 1], offset: 0 },
        { tokens: [0, ...new Array<number>(300).fill(1)], offset: 0x10 },
        { tokens: [0, 1, 1], offset: 0x30 },
      ],
    )
    expect(symbols.map((symbol) => [symbol.name.length, symbol.address, symbol.size])).toEqual([
      [1, BASE, 0x10],
      [300, BASE + 0x10n, 0x20],
      [2, BASE + 0x30n, 0],
    ])
  })
})

it('VMCOREINFO tells release, place and tables, and names what it does not tell', () => {
  const lines = [
    'OSRELEASE=6.1.0',
    'BUILD-ID=aa',
    'SYMBOL(swapper_pg_dir)=ffffffff92a10000',
    'NUMBER(phys_base)=2097152',
    'KERNELOFFSET=10000000',
  ]
  const info = new Vmcoreinfo(`${lines.join('\n')}\n`)
  expect([info.release, info.buildId, info.kernelOffset]).toEqual(['6.1.0', 'aa', 0x1000_0000n])
  expect(info.kernelTables).toBe(0x12a1_0000n + 0x20_0000n)
  expect(() => info.symbol('kallsyms_names')).toThrow("Linux 6.1.0 does not tell where 'kallsyms_names' is")
})
