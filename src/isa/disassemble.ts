// Bytes to instructions, by Capstone. Promises canonical addresses: Capstone's BigInt addresses come back
// signed in 64-bit mode, so they are wrapped to unsigned here and nowhere else. A byte that starts no
// instruction becomes a one-byte `(bad)` entry, so that a listing always covers the bytes it was given.
// Must not know what the bytes belong to.
import type { CapstoneDecoder } from '@alexaltea/capstone-js'

export interface Instruction {
  readonly address: bigint
  readonly bytes: Uint8Array
  readonly mnemonic: string
  readonly operands: string
}

export interface Disassembler {
  /** Decodes all of `bytes` as 64-bit code placed at `address`. */
  disassemble(bytes: Uint8Array, address: bigint): Instruction[]
  /** One line per instruction: address, bytes, text. */
  list(bytes: Uint8Array, address: bigint): string[]
}

let decoder: Promise<CapstoneDecoder> | undefined

/** Its script costs a tenth of a second: read where something is disassembled, not where this module is imported. */
async function loadDecoder(): Promise<CapstoneDecoder> {
  const { default: loadCapstone } = await import('@alexaltea/capstone-js')
  const engine = await loadCapstone()
  return new engine.Capstone(engine.ARCH_X86, engine.MODE_64)
}

/** Capstone in 64-bit mode. Loaded and instantiated once. */
export async function createDisassembler(): Promise<Disassembler> {
  decoder ??= loadDecoder()
  const capstone = await decoder
  const disassemble = (bytes: Uint8Array, address: bigint): Instruction[] => {
    const result: Instruction[] = []
    let offset = 0
    while (offset < bytes.length) {
      for (const found of decodeRun(capstone, bytes.subarray(offset), address + BigInt(offset))) {
        result.push(found)
        offset += found.bytes.length
      }
      if (offset < bytes.length) {
        result.push({
          address: BigInt.asUintN(64, address + BigInt(offset)),
          bytes: bytes.slice(offset, offset + 1),
          mnemonic: '(bad)',
          operands: '',
        })
        offset += 1
      }
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

function decodeRun(capstone: CapstoneDecoder, bytes: Uint8Array, address: bigint): Instruction[] {
  return decodeOrNothing(capstone, bytes, address).map((found) => ({
    address: BigInt.asUintN(64, found.address),
    bytes: Uint8Array.from(found.bytes),
    mnemonic: found.mnemonic,
    operands: found.op_str,
  }))
}

/** Capstone throws where the first byte starts no instruction; that is an answer here, not a failure. */
function decodeOrNothing(capstone: CapstoneDecoder, bytes: Uint8Array, address: bigint) {
  try {
    return capstone.disasm(Array.from(bytes), BigInt.asUintN(64, address))
  } catch {
    return []
  }
}
