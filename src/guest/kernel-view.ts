// A running kernel seen through GuestPort: its symbols where they really are, its structures by their BTF layout.
//
// A Scion kernel lives in one of two arenas of the kernel's virtual range. It is linked for arena A; in arena B all its
// addresses are ARENA_DISTANCE higher. Which image runs, and in which arena, is read from the guest: the build-id note is
// compared at both places, and the per-CPU area that GS points at tells which of two resident kernels is alive.
// Everything here reads; the guest must be stopped.

import { equalBytes, readU32, readU64, TransplantError, type VirtAddr, virtAddr } from '../base/index.js'
import { notes } from '../format/index.js'
import type { GuestPort } from '../machine/index.js'
import type { KernelImage, SymbolAt } from './kernel-image.js'

export const ARENA_A = 0xffff_ffff_8000_0000n
export const ARENA_B = 0xffff_ffff_a000_0000n
export const ARENA_DISTANCE = ARENA_B - ARENA_A

export type Arena = 'A' | 'B'

export class KernelView {
  readonly port: GuestPort
  readonly image: KernelImage
  readonly arena: Arena
  /** CR3 of tables that map the kernel. Every address space does. */
  readonly cr3: bigint

  constructor(port: GuestPort, image: KernelImage, arena: Arena, cr3: bigint) {
    this.port = port
    this.image = image
    this.arena = arena
    this.cr3 = cr3
  }

  /** The same kernel through the tables that a vCPU uses now: those of a process that has ended may be gone. */
  async on(cpu: number): Promise<KernelView> {
    return new KernelView(this.port, this.image, this.arena, (await this.port.registers(cpu)).cr3)
  }

  get delta(): bigint {
    return this.arena === 'A' ? 0n : ARENA_DISTANCE
  }

  /** Where a symbol is now. Throws KERNEL_NO_SYMBOL. */
  address(name: string): VirtAddr {
    const symbol = this.image.symbol(name)
    if (symbol === undefined) {
      throw new TransplantError(
        'KERNEL_NO_SYMBOL',
        `the kernel has no symbol '${name}'.`,
        'Is the image the one that runs?',
      )
    }
    return virtAddr(symbol.address + this.delta)
  }

  has(name: string): boolean {
    return this.image.symbol(name) !== undefined
  }

  /** The kernel function that holds an address of the running kernel. */
  functionAt(address: bigint): SymbolAt | undefined {
    return this.image.functionAt(address - this.delta)
  }

  read(address: bigint, length: number): Promise<Uint8Array> {
    return this.port.readVirtual(virtAddr(address), length, { cr3: this.cr3 })
  }

  async readU64(address: bigint): Promise<bigint> {
    return readU64(await this.read(address, 8), 0)
  }

  async readU32(address: bigint): Promise<number> {
    return readU32(await this.read(address, 4), 0)
  }

  /** The NUL-terminated text at an address, at most `limit` bytes. */
  async readText(address: bigint, limit = 256): Promise<string> {
    let text = ''
    while (text.length < limit) {
      // Never read across a page boundary that the text may not reach.
      const room = 4096 - Number(address & 4095n)
      const bytes = await this.read(address, Math.min(room, 64))
      for (const byte of bytes) {
        if (byte === 0) return text
        text += String.fromCharCode(byte)
      }
      address += BigInt(bytes.length)
    }
    return text
  }

  /** Offset and size of a field, by BTF. Throws KERNEL_NO_FIELD. */
  field(structure: string, path: string): { readonly offset: number; readonly size: number } {
    const field = this.image.btf.field(structure, path)
    if (field === undefined) {
      throw new TransplantError('KERNEL_NO_FIELD', `the kernel's BTF has no field '${structure}.${path}'.`)
    }
    return field
  }

  /** An integer field of 1, 2, 4 or 8 bytes, zero-extended. */
  async readField(structure: string, path: string, address: bigint): Promise<bigint> {
    const { offset, size } = this.field(structure, path)
    const bytes = await this.read(address + BigInt(offset), size)
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
    return value
  }
}

/** Finds which of these images runs, and where. undefined when none does (yet). */
export async function findKernel(port: GuestPort, images: readonly KernelImage[]): Promise<KernelView | undefined> {
  const { cr3, gsBase, kernelGsBase } = await port.registers(0)
  const found: KernelView[] = []
  for (const image of images) {
    const note = notes(image.elf).find((one) => one.name === 'GNU' && one.type === 3)
    const start = image.symbol('__start_notes')
    if (note === undefined || start === undefined) continue
    for (const arena of ['A', 'B'] as const) {
      const view = new KernelView(port, image, arena, cr3)
      const length = Number((image.symbol('__stop_notes')?.address ?? start.address) - start.address)
      const bytes = await view.read(start.address + view.delta, length).catch(() => new Uint8Array(0))
      if (containsBytes(bytes, note.description)) found.push(view)
    }
  }
  if (found.length < 2) return found[0]
  const alive = [gsBase, kernelGsBase].find((base) => base >= ARENA_A)
  if (alive === undefined) return undefined
  return found.find((view) => view.arena === (alive < ARENA_B ? 'A' : 'B'))
}

function containsBytes(area: Uint8Array, part: Uint8Array): boolean {
  for (let at = 0; at + part.length <= area.length; at++) {
    if (equalBytes(area.subarray(at, at + part.length), part)) return true
  }
  return false
}
