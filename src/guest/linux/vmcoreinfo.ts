// VMCOREINFO: what a Linux kernel tells of itself for those who read its memory from outside (Documentation/admin-guide/kdump/
// vmcoreinfo.rst). It is text in one page that begins with OSRELEASE=; so it is found by looking at the beginning of each page,
// without a symbol, and says where the kernel lies under KASLR and, from 6.0 on, where kallsyms is.

import { decodeText, PAGE_SIZE, type PhysAddr, physAddr, TransplantError } from '../../base/index.js'
import type { GuestPort } from '../../machine/index.js'

const BEGINNING = 'OSRELEASE='
/** Where the kernel maps its own image, __START_KERNEL_map. */
const KERNEL_MAP = 0xffff_ffff_8000_0000n
/** Kernels lie above it, so that is where to begin. */
const FIRST = 16 << 20

/** What a Linux kernel tells of itself for crash dumps: offsets, sizes, symbols. */
export class Vmcoreinfo {
  private readonly lines: ReadonlyMap<string, string>

  constructor(text: string) {
    this.lines = new Map(
      text.split('\n').flatMap((line) => {
        const at = line.indexOf('=')
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
      }),
    )
  }

  get release(): string {
    return this.lines.get('OSRELEASE') ?? ''
  }

  get buildId(): string {
    return this.lines.get('BUILD-ID') ?? ''
  }

  /** How far KASLR has moved the kernel from its link address. */
  get kernelOffset(): bigint {
    return BigInt(`0x${this.lines.get('KERNELOFFSET') ?? '0'}`)
  }

  /** The address of a symbol in the running kernel. Throws KERNEL_NO_SYMBOL where the kernel does not tell it. */
  symbol(name: string): bigint {
    const value = this.lines.get(`SYMBOL(${name})`)
    if (value !== undefined) return BigInt(`0x${value}`)
    throw new TransplantError(
      'KERNEL_NO_SYMBOL',
      `Linux ${this.release} does not tell where '${name}' is.`,
      'Kernels from 6.0 on tell it.',
    )
  }

  /** CR3 of the kernel's own page tables: a task in user mode may run on others that do not map the kernel. */
  get kernelTables(): bigint {
    const physicalBase = BigInt(this.lines.get('NUMBER(phys_base)') ?? '0')
    return this.symbol('swapper_pg_dir') - KERNEL_MAP + physicalBase
  }
}

/** undefined where no Linux has come so far that it tells. */
export async function findVmcoreinfo(port: GuestPort): Promise<Vmcoreinfo | undefined> {
  const from = Math.min(FIRST, port.memoryBytes)
  return (await search(port, from, port.memoryBytes)) ?? (await search(port, 0, from))
}

async function search(port: GuestPort, from: number, to: number): Promise<Vmcoreinfo | undefined> {
  for (let at = from; at < to; at += PAGE_SIZE) {
    if ((await textAt(port, physAddr(at), BEGINNING.length)) !== BEGINNING) continue
    const text = await textAt(port, physAddr(at), PAGE_SIZE)
    if (text.includes('SYMBOL(swapper_pg_dir)=')) return new Vmcoreinfo(text.slice(0, text.indexOf('\0')))
  }
  return undefined
}

/** Holes in the memory hold no text. */
async function textAt(port: GuestPort, address: PhysAddr, length: number): Promise<string> {
  return decodeText(await port.readPhysical(address, length).catch(() => new Uint8Array(0)))
}
