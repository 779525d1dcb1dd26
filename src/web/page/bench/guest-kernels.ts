// Which kernel runs in a guest of the page: looked for anew whenever it is asked, since an upgrade changes it. A Scion is known by its
// image; a Linux by its own memory, which is searched once, and again where the guest went back to before it was found.

import { TransplantError } from '../../../base/index.js'
import { findKernel, findLinux, type KernelImage, readKernelImage, type ScionView } from '../../../guest/index.js'
import type { MachinePort } from '../../../machine/index.js'
import { type KernelFacts, readKernelFacts } from '../../../patch/index.js'
import type { ListedKernel } from './functions.js'

interface Known {
  readonly image: KernelImage
  readonly file: Uint8Array
  facts?: KernelFacts
}

/** Reading an image takes a while, and each guest has the same. */
const readImages = new WeakMap<Uint8Array, Known | 'none'>()

function readOnce(file: Uint8Array): Known | 'none' {
  const known = readImages.get(file)
  if (known !== undefined) return known
  const read = readKernelImage(file)
  const made = read.ok ? { image: read.value, file } : 'none'
  readImages.set(file, made)
  return made
}

/** Virtual time after which memory is searched for a Linux once more: it may have come further in its boot. */
const SEARCH_EVERY = 500_000_000

export class GuestKernels {
  private files: readonly Uint8Array[]
  private images: readonly Known[] | undefined
  private last: ListedKernel | undefined
  private linux: { readonly view: ListedKernel | undefined; readonly time: number } | undefined

  /** The files of kernels that may run: images without symbols or types are passed over. */
  constructor(files: readonly Uint8Array[]) {
    this.files = files
  }

  /** Another one that may run from now on. */
  add(file: Uint8Array): void {
    this.files = [...this.files, file]
    this.images = undefined
  }

  /** The Scion that runs now; undefined before there is one, and for one that is none of the images. */
  async find(port: MachinePort): Promise<ScionView | undefined> {
    this.images ??= [...new Set(this.files)].map(readOnce).filter((one) => one !== 'none')
    const found = await findKernel(
      port,
      this.images.map(({ image }) => image),
    )
    this.last = found ?? this.last
    return found
  }

  /** The same, or a Linux. */
  async findAny(port: MachinePort): Promise<ListedKernel | undefined> {
    return (await this.find(port)) ?? (await this.findLinux(port))
  }

  private async findLinux(port: MachinePort): Promise<ListedKernel | undefined> {
    const now = await port.capabilities.time()
    const { view, time } = this.linux ?? { view: undefined, time: Number.NEGATIVE_INFINITY }
    if (now < time || (view === undefined && now >= time + SEARCH_EVERY)) {
      // One that was built without types shows nothing of itself.
      this.linux = { view: await findLinux(port).catch(() => undefined), time: now }
    }
    this.last = this.linux?.view ?? this.last
    return this.linux?.view
  }

  /** Entries that can be redirected, as linked; undefined where the kernel does not tell them. */
  patchableIn(kernel: ListedKernel): readonly bigint[] | undefined {
    const isKnown = this.images?.some(({ image }) => image === kernel.image) === true
    return isKnown ? this.factsOf(kernel as ScionView).patchableEntries : undefined
  }

  /** What a patch has to know of a kernel that was found. */
  factsOf(kernel: ScionView): KernelFacts {
    const known = this.images?.find(({ image }) => image === kernel.image)
    if (known === undefined) {
      throw new TransplantError('KERNEL_UNKNOWN', 'The kernel is none of those that may run here.')
    }
    if (known.facts === undefined) {
      const facts = readKernelFacts(known.file)
      if (!facts.ok) throw new TransplantError('KERNEL_IMAGE', `${facts.message}.`, facts.hint)
      known.facts = facts.value
    }
    return known.facts
  }

  /** `symbol+0x12` in the kernel that was found last. */
  nameOf(address: bigint): string | undefined {
    const at = this.last?.functionAt(address)
    if (at === undefined) return undefined
    return at.offset === 0 ? at.symbol.name : `${at.symbol.name}+0x${at.offset.toString(16)}`
  }
}
