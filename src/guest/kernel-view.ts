// A kernel that runs in a guest: its symbols where they are now, its memory, its structures by BTF. Which kernel it is, and where it
// lies, is found by scion/ and linux/. Everything here reads; the guest must be stopped.

import { PAGE_SIZE, readU32, readU64, TransplantError, type VirtAddr, virtAddr } from '../base/index.js'
import type { Btf } from '../format/index.js'
import type { GuestPort } from '../machine/index.js'
import { requireField, requireSize, StructView } from './struct-view.js'
import type { KernelSymbol, SymbolAt } from './symbols.js'

/** What is known of a kernel by its build, from its image or from its own memory. */
export interface KnownKernel {
  /** The symbol of that name, where the build put it; the first of several. */
  symbol(name: string): KernelSymbol | undefined
  /** The function that holds an address of the build. */
  functionAt(address: bigint): SymbolAt | undefined
  readonly btf: Btf
  readonly buildId: string
}

/** More entries than any list here has: a longer one is broken. */
const LIST_LIMIT = 65_536

/** A running kernel seen through a port: addresses and types of its image where it lies now. */
export class KernelView<Facts extends KnownKernel = KnownKernel> {
  readonly port: GuestPort
  readonly image: Facts
  /** How far it lies from where its symbols say. */
  readonly delta: bigint
  /** CR3 of tables that map the kernel. */
  readonly cr3: bigint

  constructor(port: GuestPort, image: Facts, delta: bigint, cr3: bigint) {
    this.port = port
    this.image = image
    this.delta = delta
    this.cr3 = cr3
  }

  /**
   * The same kernel through the tables that a vCPU uses now: those of a process that has ended may be gone. Throws GUEST_NO_CPU,
   * GUEST_RUNNING.
   */
  async on(cpu: number): Promise<KernelView<Facts>> {
    return new KernelView(this.port, this.image, this.delta, (await this.port.registers(cpu)).cr3)
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

  /** Whether the kernel has a symbol of that name. */
  has(name: string): boolean {
    return this.image.symbol(name) !== undefined
  }

  /** The kernel function that holds an address of the running kernel. */
  functionAt(address: bigint): SymbolAt | undefined {
    return this.image.functionAt(address - this.delta)
  }

  /**
   * Reads kernel memory through the view's own tables: `length` bytes from the linear `address` on. Throws what `GuestPort.readVirtual` throws: GUEST_NOT_MAPPED,
   * GUEST_NO_MEMORY, GUEST_RUNNING.
   */
  read(address: bigint, length: number): Promise<Uint8Array> {
    return this.port.readVirtual(virtAddr(address), length, { cr3: this.cr3 })
  }

  /** The 64 bits at the linear `address`, little-endian. Throws what `KernelView.read` throws. */
  async readU64(address: bigint): Promise<bigint> {
    return readU64(await this.read(address, 8), 0)
  }

  /** The 32 bits at the linear `address`, little-endian, unsigned. Throws what `KernelView.read` throws. */
  async readU32(address: bigint): Promise<number> {
    return readU32(await this.read(address, 4), 0)
  }

  /** The NUL-terminated text at an address, at most `limit` bytes, each one character. Throws what `KernelView.read` throws. */
  async readText(address: bigint, limit = 256): Promise<string> {
    let text = ''
    while (text.length < limit) {
      // Never read across a page boundary that the text may not reach.
      const room = PAGE_SIZE - Number(address & BigInt(PAGE_SIZE - 1))
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
    return requireField(this.image.btf, structure, path)
  }

  /** Bytes of a structure, by BTF. Throws KERNEL_NO_FIELD. */
  sizeof(structure: string): number {
    return requireSize(this.image.btf, structure)
  }

  /**
   * The whole structure at the linear `address`, to be read by the names of its fields. Throws KERNEL_NO_FIELD for one that BTF does not have, and what
   * `KernelView.read` throws.
   */
  async readStruct(structure: string, address: bigint): Promise<StructView> {
    return new StructView(this.image.btf, structure, await this.read(address, this.sizeof(structure)))
  }

  /**
   * An integer field of 1, 2, 4 or 8 bytes of the structure at the linear `address`, zero-extended; `path` may lead into inner structures ('se.on_rq'). Throws KERNEL_NO_FIELD, and
   * what `KernelView.read` throws.
   */
  async readField(structure: string, path: string, address: bigint): Promise<bigint> {
    const { offset, size } = this.field(structure, path)
    const bytes = await this.read(address + BigInt(offset), size)
    return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
  }

  /**
   * The structures on a circular `list_head`, by the field that links them. Throws KERNEL_BAD_LIST when the list does not return to its
   * head, KERNEL_NO_FIELD, and what `KernelView.read` throws.
   */
  async readList(head: bigint, structure: string, link: string): Promise<bigint[]> {
    const offset = BigInt(this.field(structure, link).offset)
    const list: bigint[] = []
    for (let at = await this.readU64(head); at !== head; at = await this.readU64(at)) {
      list.push(at - offset)
      if (list.length < LIST_LIMIT) continue
      throw new TransplantError('KERNEL_BAD_LIST', `the list of ${structure} does not return to its head.`)
    }
    return list
  }
}
