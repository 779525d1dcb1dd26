// The five bytes of a function's entry through a patch: what they are now, and what they will be at each step.
//
// The order is that of images/kernel/arch/text-patching.c: first byte 0xCC, tail, first byte. Between two steps all CPUs
// are synchronized. Knows bytes and addresses only; who reads them from where is the caller's matter.
import { requireKind } from '../base/index.js'
import { type Disassembler, formatBytes } from '../isa/index.js'
import { nop5 } from './module-layout.js'

/** Bytes of an entry: a NOP, or a call in its place. */
export const ENTRY_BYTES = nop5.length

/** What stands at the entry of a patchable function. */
export type EntryState =
  | { readonly state: 'at-rest' }
  | { readonly state: 'breakpoint' }
  | {
      readonly state: 'call'
      /** The linear address that it calls. */
      readonly target: bigint
    }
  | { readonly state: 'other' }

/**
 * What the five bytes at `address` mean: the NOP of -mfentry, an int3 in its place, a call, or something else. Throws BAD_ARGUMENT for
 * what is no Uint8Array or no bigint.
 */
export function readEntryState(bytes: Uint8Array, address: bigint): EntryState {
  requireKind('bytes', bytes, 'bytes')
  requireKind('address', address, 'address')
  if (nop5.every((byte, i) => bytes[i] === byte)) return { state: 'at-rest' }
  if (bytes[0] === 0xcc) return { state: 'breakpoint' }
  if (bytes[0] === 0xe8 && bytes.length >= ENTRY_BYTES) {
    const displacement = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(1, true)
    return { state: 'call', target: BigInt.asUintN(64, address + BigInt(ENTRY_BYTES + displacement)) }
  }
  return { state: 'other' }
}

/** One step of changing an entry: its bytes, and what they mean. */
export interface EntryStep {
  readonly name: 'before' | 'int3' | 'tail' | 'after'
  /** The five of the entry. */
  readonly bytes: Uint8Array
  /** One line per instruction. */
  readonly listing: readonly string[]
  readonly meaning: string
}

/**
 * The four states that the entry at `address` passes through on its way to `call target`. Throws what `Disassembler.disassemble` throws.
 */
export function explainEntry(disassembler: Disassembler, address: bigint, target: bigint): EntryStep[] {
  const call = new Uint8Array(5)
  call[0] = 0xe8
  new DataView(call.buffer).setInt32(1, Number(BigInt.asIntN(32, target - (address + 5n))), true)
  const int3 = nop5.slice()
  int3[0] = 0xcc
  const tail = call.slice()
  tail[0] = 0xcc
  const step = (name: EntryStep['name'], bytes: Uint8Array, meaning: string): EntryStep => ({
    name,
    bytes,
    // A trapping CPU decodes the first byte only: the tail is listed as bytes, not as instructions.
    listing:
      bytes[0] === 0xcc
        ? [
            ...disassembler.list(bytes.subarray(0, 1), address),
            `                  ${formatBytes(bytes.subarray(1))} (never decoded)`,
          ]
        : disassembler.list(bytes, address),
    meaning,
  })
  return [
    step('before', nop5.slice(), 'the function runs'),
    step('int3', int3, 'a CPU that arrives traps; the handler calls the trampoline'),
    step('tail', tail, 'the same; the displacement is complete'),
    step('after', call, 'the entry calls the trampoline'),
  ]
}
