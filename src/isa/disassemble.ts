// Bytes to instructions, by Capstone. Promises canonical addresses: Capstone's BigInt addresses come back
// signed in 64-bit mode, so they are wrapped to unsigned here and nowhere else. A byte that starts no
// instruction becomes a one-byte `(bad)` entry, so that a listing always covers the bytes it was given. Where Capstone and a
// processor disagree, the processor is right (encoding.ts).
// Must not know what the bytes belong to.
import type { CapstoneDecoder } from '@alexaltea/capstone-js'
import { requireKind } from '../base/index.js'
import { type Reading, readingOf, secondReading } from './encoding.js'
import { readEngine } from './engine-files.js'

/** One instruction as text; `(bad)` and a single byte where there is none. */
export interface Instruction {
  /** Where it lies, unsigned, 64 bits. */
  readonly address: bigint
  /** 1 to 15. */
  readonly bytes: Uint8Array
  readonly mnemonic: string
  readonly operands: string
}

/** Bytes to text, as `createDisassembler` makes it. */
export interface Disassembler {
  /**
   * Decodes all of `bytes` as 64-bit code placed at `address`; a byte that begins no instruction is one of its own. Throws BAD_ARGUMENT
   * for what is no Uint8Array or no bigint.
   */
  disassemble(bytes: Uint8Array, address: bigint): Instruction[]
  /** One line per instruction: address, bytes, text. Throws what `disassemble` throws: BAD_ARGUMENT. */
  list(bytes: Uint8Array, address: bigint): string[]
}

/** Most bytes of one instruction (SDM 2A 2.3.11). */
export const LONGEST_INSTRUCTION = 15

let decoder: Promise<CapstoneDecoder> | undefined

/** Its script costs a tenth of a second: read where something is disassembled, not where this module is imported. */
async function loadDecoder(): Promise<CapstoneDecoder> {
  const [{ default: load }, wasmBinary] = await Promise.all([import('@alexaltea/capstone-js'), readEngine('capstone')])
  const engine = await load({ wasmBinary })
  return new engine.Capstone(engine.ARCH_X86, engine.MODE_64)
}

/** Capstone in 64-bit mode. Loaded and instantiated once. Throws ENGINE_MISSING where the package that carries it is not there. */
export async function createDisassembler(): Promise<Disassembler> {
  decoder ??= loadDecoder()
  const capstone = await decoder
  const disassemble = (bytes: Uint8Array, address: bigint): Instruction[] => {
    requireKind('bytes', bytes, 'bytes')
    requireKind('address', address, 'address')
    const result: Instruction[] = []
    for (let offset = 0; offset < bytes.length; ) {
      const at = BigInt.asUintN(64, address + BigInt(offset))
      const found = decodeOne(capstone, bytes.subarray(offset, offset + LONGEST_INSTRUCTION), at) ?? {
        ...{ address: at, bytes: bytes.slice(offset, offset + 1), mnemonic: '(bad)', operands: '' },
      }
      result.push(found)
      offset += found.bytes.length
    }
    return result
  }
  return {
    disassemble,
    list: (bytes, address) => disassemble(bytes, address).map(formatInstruction),
  }
}

/** `ffffffff80001234  e8 01 02 03 04           call 0xffffffff8503143a` */
export function formatInstruction(instruction: Instruction): string {
  const address = instruction.address.toString(16).padStart(16, '0')
  return `${address}  ${formatBytes(instruction.bytes).padEnd(24)} ${`${instruction.mnemonic} ${instruction.operands}`.trim()}`
}

/** `0f 1f 44 00 00` */
export function formatBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** The instruction that `bytes` begin with; undefined where they begin none. */
function decodeOne(capstone: CapstoneDecoder, bytes: Uint8Array, address: bigint): Instruction | undefined {
  const reading = readingOf(bytes)
  if (reading !== undefined) return decodeAs(capstone, reading, bytes, address)
  const found = byCapstone(capstone, bytes, address)
  if (found !== undefined) return found
  const second = secondReading(bytes)
  return second === undefined ? undefined : decodeAs(capstone, second, bytes, address)
}

function decodeAs(
  capstone: CapstoneDecoder,
  reading: Reading,
  bytes: Uint8Array,
  address: bigint,
): Instruction | undefined {
  if (reading.kind === 'bad') return undefined
  if (reading.kind === 'word') {
    const found = byCapstone(capstone, bytes, address)
    return found === undefined ? undefined : { ...found, operands: `word ${found.operands}` }
  }
  const found = byCapstone(capstone, reading.bytes, address + BigInt(reading.dropped))
  const length = (found?.bytes.length ?? 0) + reading.dropped
  if (found === undefined || length > LONGEST_INSTRUCTION) return undefined
  return { ...found, address, bytes: bytes.slice(0, length), mnemonic: reading.mnemonic ?? found.mnemonic }
}

/** Capstone throws where the first byte starts no instruction; that is an answer here, not a failure. */
function byCapstone(capstone: CapstoneDecoder, bytes: Uint8Array, address: bigint): Instruction | undefined {
  try {
    const [found] = capstone.disasm(bytes, BigInt.asUintN(64, address), 1)
    if (found === undefined) return undefined
    const { mnemonic, op_str: operands } = found
    return { address: BigInt.asUintN(64, found.address), bytes: Uint8Array.from(found.bytes), mnemonic, operands }
  } catch {
    return undefined
  }
}
