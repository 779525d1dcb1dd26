// Breakpoints of the core, each there for as long as somebody holds it.

import { type Disposable, toDisposable, type VirtAddr } from '../base/index.js'
import type { CpuCore } from '../cpu/index.js'

export class Breakpoints {
  private readonly holders = new Map<bigint, number>()
  private readonly core: CpuCore

  constructor(core: CpuCore) {
    this.core = core
  }

  set(address: VirtAddr): Disposable {
    const key: bigint = address
    const count = this.holders.get(key) ?? 0
    this.holders.set(key, count + 1)
    if (count === 0) this.tellCore(key, true)
    return toDisposable(() => {
      const left = (this.holders.get(key) ?? 1) - 1
      if (left > 0) this.holders.set(key, left)
      else {
        this.holders.delete(key)
        this.tellCore(key, false)
      }
    })
  }

  /** With these alone, whoever holds others. */
  only<T>(places: Iterable<VirtAddr>, action: () => T): T {
    const wanted = [...new Set(places)]
    for (const held of this.holders.keys()) this.tellCore(held, false)
    for (const place of wanted) this.tellCore(place, true)
    try {
      return action()
    } finally {
      for (const place of wanted) this.tellCore(place, false)
      for (const held of this.holders.keys()) this.tellCore(held, true)
    }
  }

  private tellCore(address: bigint, on: boolean): void {
    this.core.exports.setBreakpoint(Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0, on ? 1 : 0)
  }
}
