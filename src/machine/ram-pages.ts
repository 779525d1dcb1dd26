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
  private readonly hashes: Uint32Array
  private readonly pages: Page[]

  constructor(core: CpuCore) {
    this.core = core
    this.count = core.ramBytes / PAGE_SIZE
    this.hashStale = new Uint8Array(this.count).fill(1)
    this.copyStale = new Uint8Array(this.count).fill(1)
    this.hashes = new Uint32Array(2 * this.count)
    this.pages = new Array(this.count).fill('zero')
  }

  /** The host or a device wrote [address, address + length). */
  mark(address: number, length: number): void {
    const first = Math.floor(address / PAGE_SIZE)
    const last = Math.min(this.count - 1, Math.floor((address + length - 1) / PAGE_SIZE))
    for (let page = first; page <= last; page++) {
      this.hashStale[page] = 1
      this.copyStale[page] = 1
    }
  }

  private harvest(): void {
    const pointer = this.core.exports.dirtyMap() >>> 0
    const dirty = new Uint8Array(this.core.ram.buffer, pointer, this.count)
    for (let page = 0; page < this.count; page++) {
      if (dirty[page] === 0) continue
      this.hashStale[page] = 1
      this.copyStale[page] = 1
    }
    this.core.exports.clearDirty()
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
    const ram = this.core.ram
    for (let page = 0; page < this.count; page++) {
      if (this.copyStale[page] === 0) continue
      const bytes = ram.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
      this.pages[page] = isZero(bytes) ? 'zero' : bytes.slice()
      this.copyStale[page] = 0
    }
    return this.pages.slice()
  }

  /** Puts RAM back to `image`; returns how many pages had to be written. */
  restore(image: PageImage): number {
    this.harvest()
    const ram = this.core.ram
    let written = 0
    for (let page = 0; page < this.count; page++) {
      const wanted = image[page] ?? 'zero'
      if (this.copyStale[page] === 0 && this.pages[page] === wanted) continue
      const at = page * PAGE_SIZE
      if (wanted === 'zero') ram.fill(0, at, at + PAGE_SIZE)
      else ram.set(wanted, at)
      this.core.exports.ramChanged(at, PAGE_SIZE)
      this.pages[page] = wanted
      this.copyStale[page] = 0
      this.hashStale[page] = 1
      written++
    }
    this.core.exports.clearDirty()
    return written
  }
}
