// Memory as `x` and `xp` of QEMU's monitor print it: `x /8xw 0xffffffff80000000`, `x /5i $rip`.

import { concatBytes, formatAddress, TransplantError, type VirtAddr, virtAddr } from '../base/index.js'
import type { Disassembler } from '../isa/index.js'
import { LONGEST_INSTRUCTION } from '../isa/index.js'

/** What of memory is to be shown, and how. */
export interface DumpFormat {
  readonly count: number
  /** x hexadecimal, d signed, u unsigned, o octal, c character, i instructions */
  readonly as: string
  /** Bytes of a unit. */
  readonly size: number
}

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, g: 8 }
/** Units that one command prints at most. */
const MOST = 4096
const ROW_BYTES = 16

/** `/8xw`; what is left out is one hexadecimal word. undefined: it is no format. */
export function parseDumpFormat(text: string): DumpFormat | undefined {
  const [, count, letters = ''] = /^\/(\d*)([a-z]*)$/.exec(text) ?? []
  if (count === undefined || !/^[xduoci]?[bhwg]?$|^[bhwg][xduoci]$/.test(letters)) return undefined
  const as = /[xduoci]/.exec(letters)?.[0] ?? 'x'
  const size = SIZES[/[bhwg]/.exec(letters)?.[0] ?? (as === 'c' ? 'b' : 'w')] as number
  return { count: Math.min(Number(count === '' ? 1 : count), MOST), as, size }
}

/** The lines of a dump; `read` throws where nothing is. Before that, what there is. */
export async function dumpMemory(
  read: (at: VirtAddr, length: number) => Promise<Uint8Array>,
  at: bigint,
  format: DumpFormat,
  disassembler: () => Promise<Disassembler>,
): Promise<string> {
  if (format.as === 'i') return (await instructions(read, at, format.count, await disassembler())).join('\n')
  const bytes = await read(virtAddr(at), format.count * format.size)
  const perRow = Math.max(1, Math.floor(ROW_BYTES / format.size) / (format.as === 'x' || format.size < 4 ? 1 : 2))
  const rows: string[] = []
  for (let unit = 0; unit < format.count; unit += perRow) {
    const units = Array.from({ length: Math.min(perRow, format.count - unit) }, (_, i) =>
      show(bytes.subarray((unit + i) * format.size, (unit + i + 1) * format.size), format),
    )
    rows.push(`${formatAddress(BigInt.asUintN(64, at + BigInt(unit * format.size)))}: ${units.join(' ')}`)
  }
  return rows.join('\n')
}

function show(bytes: Uint8Array, { as, size }: DumpFormat): string {
  const value = bytes.reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n)
  if (as === 'd') return String(BigInt.asIntN(8 * size, value))
  if (as === 'u') return String(value)
  if (as === 'o') return `0${value.toString(8)}`
  if (as === 'c')
    return value >= 32n && value < 127n
      ? `'${String.fromCharCode(Number(value))}'`
      : `'\\x${value.toString(16).padStart(2, '0')}'`
  return `0x${value.toString(16).padStart(2 * size, '0')}`
}

async function instructions(
  read: (at: VirtAddr, length: number) => Promise<Uint8Array>,
  from: bigint,
  count: number,
  disassembler: Disassembler,
): Promise<string[]> {
  const lines: string[] = []
  for (let at = from; lines.length < count; ) {
    const bytes = await untilUnmapped(read, at, LONGEST_INSTRUCTION)
    const [first] = disassembler.disassemble(bytes, at)
    const [line] = disassembler.list(bytes, at)
    if (first === undefined || line === undefined) break
    lines.push(line)
    at += BigInt(first.bytes.length)
  }
  return lines
}

/** An instruction may be the last of what is mapped. Throws where not even its first byte is. */
async function untilUnmapped(
  read: (at: VirtAddr, length: number) => Promise<Uint8Array>,
  at: bigint,
  length: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let i = 0; i < length; i++) {
    const byte = await read(virtAddr(BigInt.asUintN(64, at + BigInt(i))), 1).catch((error: unknown) => {
      if (error instanceof TransplantError && i > 0) return undefined
      throw error
    })
    if (byte === undefined) break
    parts.push(byte)
  }
  return concatBytes(...parts)
}
