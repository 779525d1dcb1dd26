// Guest RAM page by page: which pages changed, their hashes, and their contents as snapshots share them.
//
// The core lists the pages it stores to; devices and the host mark theirs here (`mark`). Two consumers look at different times, so each has
// marks of its own: for the hash, and for snapshots. `image` is what RAM was at the last capture or restore (page-image.ts); a
// capture copies the pages stored to since, a restore writes those and the ones in which the two images differ. Neither looks at
// any other page, so the cost is linear in changed pages, whatever the size of RAM.

import { hashWords, isZero, PAGE_SIZE } from '../base/index.js'
import type { CpuCore } from '../cpu/index.js'
import { PageImage } from './page-image.js'

const PAGE_WORDS = PAGE_SIZE / 4

/** A set of page numbers that is cheap to fill, to go through and to empty. */
class PageSet {
  private readonly marks: Uint8Array
  list: number[] = []

  constructor(count: number) {
    this.marks = new Uint8Array(count)
  }

  add(page: number): void {
    if (this.marks[page] === 1) return
    this.marks[page] = 1
    this.list.push(page)
  }

  has(page: number): boolean {
    return this.marks[page] === 1
  }

  clear(): void {
    for (const page of this.list) this.marks[page] = 0
    this.list = []
  }
}

export class RamPages {
  /** Pages copied out of RAM by captures and into it by restores, in all. */
  captured = 0
  restored = 0
  private readonly core: CpuCore
  private readonly count: number
  private readonly unhashed: PageSet
  private readonly changed: PageSet
  private readonly hashes: Uint32Array
  private image: PageImage

  constructor(core: CpuCore) {
    this.core = core
    this.count = core.ramBytes / PAGE_SIZE
    this.unhashed = new PageSet(this.count)
    this.changed = new PageSet(this.count)
    this.hashes = new Uint32Array(2 * this.count)
    this.image = PageImage.zeros(this.count)
    // RAM begins as zeros, as the image does; only the hash of such a page has still to be computed, once for all.
    const words = new Uint32Array(PAGE_WORDS)
    hashWords(words, 0, PAGE_WORDS, this.hashes, 0)
    const pairs = new BigUint64Array(this.hashes.buffer)
    pairs.fill(pairs[0] as bigint)
  }

  private markPage(page: number): void {
    this.unhashed.add(page)
    this.changed.add(page)
  }

  /** The host or a device wrote [address, address + length). */
  mark(address: number, length: number): void {
    const first = Math.floor(address / PAGE_SIZE)
    const last = Math.min(this.count - 1, Math.floor((address + length - 1) / PAGE_SIZE))
    for (let page = first; page <= last; page++) this.markPage(page)
  }

  private harvest(): void {
    const dirty = this.core.dirtyPages()
    if (dirty.length === 0) return
    for (const page of dirty) this.markPage(page)
    this.core.exports.clearDirty()
  }

  /** The hashes of all pages, two words each, brought up to date. */
  pageHashes(): Uint32Array {
    this.harvest()
    const { ram } = this.core
    const words = new Uint32Array(ram.buffer, ram.byteOffset, ram.byteLength >>> 2)
    for (const page of this.unhashed.list) hashWords(words, page * PAGE_WORDS, PAGE_WORDS, this.hashes, 2 * page)
    this.unhashed.clear()
    return this.hashes
  }

  capture(): PageImage {
    this.harvest()
    const { list } = this.changed
    if (list.length === 0) return this.image
    const { ram } = this.core
    this.image = this.image.with(list, (page) => {
      const bytes = ram.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
      return isZero(bytes) ? 'zero' : bytes.slice()
    })
    this.captured += list.length
    this.changed.clear()
    return this.image
  }

  /** Puts RAM back to `image`. */
  restore(image: PageImage): void {
    this.harvest()
    const { ram, exports } = this.core
    const put = (page: number): void => {
      const wanted = image.get(page)
      const at = page * PAGE_SIZE
      if (wanted === 'zero') ram.fill(0, at, at + PAGE_SIZE)
      else ram.set(wanted, at)
      exports.ramChanged(at, PAGE_SIZE)
      this.unhashed.add(page)
      this.restored++
    }
    for (const page of this.changed.list) put(page)
    this.image.differences(image, (page) => {
      if (!this.changed.has(page)) put(page)
    })
    this.changed.clear()
    this.image = image
    // What `ramChanged` listed is known here already.
    exports.clearDirty()
  }
}
