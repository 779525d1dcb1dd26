// Which kernel runs in a guest of the page: looked for anew whenever it is asked, since an upgrade changes it.

import { findKernel, type KernelImage, readKernelImage, type ScionView } from '../../../guest/index.js'
import type { GuestPort } from '../../../machine/index.js'

export class GuestKernels {
  private readonly files: readonly Uint8Array[]
  private images: { readonly image: KernelImage; readonly file: Uint8Array }[] | undefined
  private last: ScionView | undefined

  /** The files of kernels that may run: images without symbols or types are passed over. */
  constructor(files: readonly Uint8Array[]) {
    this.files = files
  }

  /** The kernel that runs now; undefined before there is one, and for one that is none of the images. */
  async find(port: GuestPort): Promise<ScionView | undefined> {
    this.last = await findKernel(
      port,
      this.known.map(({ image }) => image),
    )
    return this.last
  }

  /** The file of a kernel that was found. */
  fileOf(kernel: ScionView): Uint8Array | undefined {
    return this.known.find(({ image }) => image === kernel.image)?.file
  }

  /** `symbol+0x12` in the kernel that was found last. */
  nameOf(address: bigint): string | undefined {
    const at = this.last?.functionAt(address)
    if (at === undefined) return undefined
    return at.offset === 0 ? at.symbol.name : `${at.symbol.name}+0x${at.offset.toString(16)}`
  }

  private get known() {
    this.images ??= [...new Set(this.files)].flatMap((file) => {
      const read = readKernelImage(file)
      return read.ok ? [{ image: read.value, file }] : []
    })
    return this.images
  }
}
