// The functions of the running kernel, and their bytes as they are now: only read, through the guest's port.

import { virtAddr } from '../../../base/index.js'
import type { KernelView, KnownKernel, SymbolTable } from '../../../guest/index.js'
import { type Disassembler, formatBytes } from '../../../isa/index.js'
import type { GuestPort } from '../../../machine/index.js'
import { ENTRY_BYTES, readEntryState } from '../../../patch/index.js'
import type { Entry, FunctionList, ListedInstruction } from '../protocol.js'

/** A listing shows no more. */
const LONGEST = 4096

/** A kernel whose functions can be listed. */
export type ListedKernel = KernelView<KnownKernel & SymbolTable>

/** All functions where they lie now, by name. `patchableEntries`: as linked; undefined where the kernel does not tell. */
export function listFunctions(
  kernel: ListedKernel,
  patchableEntries: readonly bigint[] | undefined,
  known: string,
): FunctionList {
  const key = `${kernel.image.buildId} ${kernel.delta}`
  if (key === known) return { key, functions: undefined }
  const patchable = patchableEntries && new Set(patchableEntries)
  const functions = kernel.image.functions
    .filter(({ size }) => size > 0)
    .map(({ name, address, size }) => ({
      name,
      address: virtAddr(address + kernel.delta),
      size,
      patchable: patchable?.has(address),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return { key, functions }
}

/** The five bytes at each address; empty where nothing is mapped. */
export function readEntries(port: GuestPort, addresses: readonly bigint[]): Promise<Entry[]> {
  return Promise.all(
    addresses.map(async (address) => {
      const bytes = await port.readVirtual(virtAddr(address), ENTRY_BYTES, { cpu: 0 }).catch(() => undefined)
      if (bytes === undefined) return { bytes: '', state: 'other' as const }
      return { bytes: formatBytes(bytes), state: readEntryState(bytes, address).state }
    }),
  )
}

/** Instructions as they are in memory now; a CPU that meets 0xCC at the entry decodes nothing behind it until the next one. */
export async function readListing(
  port: GuestPort,
  disassembler: Disassembler,
  address: bigint,
  length: number,
  nameOf: (address: bigint) => string | undefined,
): Promise<ListedInstruction[]> {
  const bytes = await port.readVirtual(virtAddr(address), Math.min(length, LONGEST), { cpu: 0 })
  const entry = readEntryState(bytes, address).state === 'breakpoint' ? ENTRY_BYTES : 0
  const listed = [
    ...disassembler.disassemble(bytes.subarray(0, entry === 0 ? 0 : 1), address),
    ...disassembler.disassemble(bytes.subarray(entry), address + BigInt(entry)),
  ]
  const lines = listed.map((one) => ({
    address: one.address.toString(16),
    bytes: formatBytes(one.bytes),
    text: `${one.mnemonic} ${withName(one.operands, nameOf)}`.trim(),
  }))
  if (entry === 0) return lines
  const rest = { address: (address + 1n).toString(16), bytes: formatBytes(bytes.subarray(1, ENTRY_BYTES)) }
  return [lines[0] as ListedInstruction, { ...rest, text: '(not decoded)' }, ...lines.slice(1)]
}

/** Behind the address that a call or jump goes to stands whose it is. */
function withName(operands: string, nameOf: (address: bigint) => string | undefined): string {
  const name = /^0x[0-9a-f]+$/.test(operands) ? nameOf(BigInt(operands)) : undefined
  return name === undefined ? operands : `${operands} <${name}>`
}
