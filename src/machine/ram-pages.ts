// Guest RAM page by page: which pages changed, their hashes, and their contents as snapshots share them.
//
// The core marks pages it stores to; devices and the host mark theirs here (`mark`). Two consumers look at different
// times, so each has marks of its own: `hashStale` for the hash, `copyStale` for snapshots. A snapshot in memory is an
// array of page objects; pages unchanged since the last capture or restore are the same objects, so a capture or restore
// costs only what changed.

import { hashWords, isZero, PAGE_SIZE } from '../base/index.js'
import type { CpuCore } from '../cpu/index.js'

/** A page's bytes, or `zero` for one that is all zeros. Never written to. */
export type Page = Uint8Array | 'zero'
export type PageImage = readonly Page[]

const PAGE_WORDS = PAGE_SIZE / 4

export class RamPages {
  private readonly core: CpuCore
  private readonly count: number
  private readonly hashStale: Uint8Array
  private readonly copyStale: Uint8Array
  /** The pages marked in `copyStale`, each once: most captures and restores concern few of many. */
  private staleList: number[]
  private readonly hashes: Uint32Array
  private pages: Page[]
  /** The image `pages` was last made equal to; its pages need no comparison. */
  private lastImage: PageImage | undefined

  constructor(core: CpuCore) {
    this.core = core
    this.count = core.ramBytes / PAGE_SIZE
    this.hashStale = new Uint8Array(this.count).fill(1)
    this.copyStale = new Uint8Array(this.count).fill(1)
    this.staleList = Array.from({ length: this.count }, (_, page) => page)
    this.hashes = new Uint32Array(2 * this.count)
    this.pages = new Array(this.count).fill('zero')
  }

  private markPage(page: number): void {
    this.hashStale[page] = 1
    if (this.copyStale[page] === 0) {
      this.copyStale[page] = 1
      this.staleList.push(page)
    }
  }

  /** The host or a device wrote [address, address + length). */
  mark(address: number, length: number): void {
    const first = Math.floor(address / PAGE_SIZE)
    const last = Math.min(this.count - 1, Math.floor((address + length - 1) / PAGE_SIZE))
    for (let page = first; page <= last; page++) this.markPage(page)
  }

  private harvest(): void {
    const pointer = this.core.exports.dirtyMap() >>> 0
    const { buffer } = this.core.ram
    // RAM is a multiple of 64 KiB, so the map is a multiple of 16 bytes; it is scanned a word at a time.
    const words = new Uint32Array(buffer, pointer, this.count >>> 2)
    const dirty = new Uint8Array(buffer, pointer, this.count)
    let any = false
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue
      any = true
      for (let page = 4 * word; page < 4 * word + 4; page++) if (dirty[page] !== 0) this.markPage(page)
    }
    if (any) this.core.exports.clearDirty()
  }

  /** The hashes of all pages, two words each, brought up to date. */
  pageHashes(): Uint32Array {
    this.harvest()
    const { ram } = this.core
    const words = new Uint32Array(ram.buffer, ram.byteOffset, ram.byteLength >>> 2)
    for (let page = 0; page < this.count; page++) {
      if (this.hashStale[page] === 0) continue
      hashWords(words, page * PAGE_WORDS, PAGE_WORDS, this.hashes, 2 * page)
      this.hashStale[page] = 0
    }
    return this.hashes
  }

  capture(): PageImage {
    this.harvest()
    if (this.staleList.length === 0 && this.lastImage !== undefined) return this.lastImage
    const { ram } = this.core
    for (const page of this.staleList) {
      const bytes = ram.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
      this.pages[page] = isZero(bytes) ? 'zero' : bytes.slice()
      this.copyStale[page] = 0
    }
    this.staleList = []
    this.lastImage = this.pages.slice()
    return this.lastImage
  }

  /** Puts RAM back to `image`; returns how many pages had to be written. */
  restore(image: PageImage): number {
    this.harvest()
    const { ram } = this.core
    let written = 0
    const put = (page: number): void => {
      const wanted = image[page] ?? 'zero'
      const at = page * PAGE_SIZE
      if (wanted === 'zero') ram.fill(0, at, at + PAGE_SIZE)
      else ram.set(wanted, at)
      this.core.exports.ramChanged(at, PAGE_SIZE)
      this.pages[page] = wanted
      this.hashStale[page] = 1
      written++
    }
    for (const page of this.staleList) put(page)
    if (image !== this.lastImage) {
      for (let page = 0; page < this.count; page++) {
        if (this.copyStale[page] === 0 && this.pages[page] !== (image[page] ?? 'zero')) put(page)
      }
    }
    for (const page of this.staleList) this.copyStale[page] = 0
    this.staleList = []
    this.lastImage = image
    // What `ramChanged` marked above is known here already.
    this.core.exports.clearDirty()
    return written
  }
}
