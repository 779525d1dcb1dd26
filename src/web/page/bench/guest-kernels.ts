// Which kernel runs in a guest of the page: looked for anew whenever it is asked, since an upgrade changes it.

import { TransplantError } from '../../../base/index.js'
import { findKernel, type KernelImage, readKernelImage, type ScionView } from '../../../guest/index.js'
import type { GuestPort } from '../../../machine/index.js'
import { type KernelFacts, readKernelFacts } from '../../../patch/index.js'

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

export class GuestKernels {
  private files: readonly Uint8Array[]
  private images: Known[] | undefined
  private last: ScionView | undefined

  /** The files of kernels that may run: images without symbols or types are passed over. */
  constructor(files: readonly Uint8Array[]) {
    this.files = files
  }

  /** Another one that may run from now on. */
  add(file: Uint8Array): void {
    this.files = [...this.files, file]
    this.images = undefined
  }

  /** The kernel that runs now; undefined before there is one, and for one that is none of the images. */
  async find(port: GuestPort): Promise<ScionView | undefined> {
    this.last = await findKernel(
      port,
      this.known.map(({ image }) => image),
    )
    return this.last
  }

  /** What a patch has to know of a kernel that was found. */
  factsOf(kernel: ScionView): KernelFacts {
    const known = this.known.find(({ image }) => image === kernel.image)
    if (known === undefined)
      throw new TransplantError('KERNEL_UNKNOWN', 'The kernel is none of those that may run here.')
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

  private get known(): readonly Known[] {
    this.images ??= [...new Set(this.files)].map(readOnce).filter((one) => one !== 'none')
    return this.images
  }
}
