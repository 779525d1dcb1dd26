// Breakpoints of the core, each there for as long as somebody holds it.

import { type Disposable, toDisposable, type VirtAddr } from '../base/index.js'
import type { CpuCore } from '../cpu/index.js'

export class Breakpoints {
  private readonly holders = new Map<VirtAddr, number>()
  /** What the core stops at: what is held, or what `only` says. */
  private inForce: ReadonlySet<VirtAddr> = new Set()
  private isOverruled = false
  private readonly core: CpuCore

  constructor(core: CpuCore) {
    this.core = core
  }

  set(address: VirtAddr): Disposable {
    this.hold(address, 1)
    return toDisposable(() => this.hold(address, -1))
  }

  /** With these alone, whoever holds others. */
  only<T>(places: Iterable<VirtAddr>, action: () => T): T {
    const [before, wasOverruled] = [this.inForce, this.isOverruled]
    this.isOverruled = true
    this.put(new Set(places))
    try {
      return action()
    } finally {
      this.isOverruled = wasOverruled
      this.put(wasOverruled ? before : new Set(this.holders.keys()))
    }
  }

  private hold(address: VirtAddr, change: number): void {
    const count = (this.holders.get(address) ?? 0) + change
    if (count > 0) this.holders.set(address, count)
    else this.holders.delete(address)
    if (!this.isOverruled) this.put(new Set(this.holders.keys()))
  }

  private put(places: ReadonlySet<VirtAddr>): void {
    for (const place of this.inForce) if (!places.has(place)) this.tellCore(place, false)
    for (const place of places) if (!this.inForce.has(place)) this.tellCore(place, true)
    this.inForce = places
  }

  private tellCore(address: bigint, on: boolean): void {
    this.core.exports.setBreakpoint(Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0, on ? 1 : 0)
  }
}
