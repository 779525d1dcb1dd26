// The Linux kernel that runs in a guest, known by its own memory alone: VMCOREINFO says where it lies, kallsyms what is where, and
// the BTF that /sys/kernel/btf/vmlinux shows, how its structures are laid out. No image is needed, and none is trusted.

import { TransplantError, virtAddr } from '../../base/index.js'
import { type Btf, parseBtf } from '../../format/index.js'
import type { GuestPort } from '../../machine/index.js'
import { KernelView, type KnownKernel } from '../kernel-view.js'
import { SymbolTable } from '../symbols.js'
import { readKallsyms } from './kallsyms.js'
import { findVmcoreinfo, type Vmcoreinfo } from './vmcoreinfo.js'

/** Symbols have the addresses at which they are. */
export class LinuxKernel extends SymbolTable implements KnownKernel {
  readonly btf: Btf
  readonly info: Vmcoreinfo

  constructor(symbols: ConstructorParameters<typeof SymbolTable>[0], btf: Btf, info: Vmcoreinfo) {
    super(symbols)
    this.btf = btf
    this.info = info
  }

  get buildId(): string {
    return this.info.buildId
  }

  get release(): string {
    return this.info.release
  }
}

/** A running Linux kernel seen through a port: its symbols, types and log as it tells of them itself. */
export type LinuxView = KernelView<LinuxKernel>

/** undefined where no Linux has come so far in its boot; throws KERNEL_NO_BTF for one that was built without. */
export async function findLinux(port: GuestPort): Promise<LinuxView | undefined> {
  const info = await findVmcoreinfo(port)
  if (info === undefined) return undefined
  const cr3 = info.kernelTables
  const read = (address: bigint, length: number) => port.readVirtual(virtAddr(address), length, { cr3 })
  const symbols = await readKallsyms(read, {
    names: info.symbol('kallsyms_names'),
    numSyms: info.symbol('kallsyms_num_syms'),
    tokenTable: info.symbol('kallsyms_token_table'),
    tokenIndex: info.symbol('kallsyms_token_index'),
    offsets: info.symbol('kallsyms_offsets'),
    relativeBase: info.symbol('kallsyms_relative_base'),
  })
  const place = (name: string): bigint | undefined => symbols.find((symbol) => symbol.name === name)?.address
  const [start, stop] = [place('__start_BTF'), place('__stop_BTF')]
  const parsed = start && stop ? parseBtf(await read(start, Number(stop - start))) : undefined
  if (parsed?.ok !== true) {
    const why = parsed?.message ?? 'its kallsyms has no __start_BTF'
    const hint = 'Use a kernel with CONFIG_DEBUG_INFO_BTF and CONFIG_KALLSYMS_ALL.'
    throw new TransplantError('KERNEL_NO_BTF', `Linux ${info.release} shows no BTF: ${why}.`, hint)
  }
  return new KernelView(port, new LinuxKernel(symbols, parsed.value, info), 0n, cr3)
}
