// Watchpoints of the core: ranges of linear addresses, each watched for as long as somebody holds it.

import { type Disposable, TransplantError, toDisposable, type VirtAddr } from '../base/index.js'
import { type CpuCore, WATCH_READ, WATCH_WRITE } from '../cpu/index.js'
import type { WatchedAccess } from './guest-port.js'

/** A range of linear addresses, and which accesses to it matter. */
export interface Watched {
  /** The linear address of the first byte. */
  readonly address: VirtAddr
  /** Bytes. */
  readonly length: number
  readonly access: WatchedAccess
}

const KINDS: Readonly<Record<WatchedAccess, number>> = {
  read: WATCH_READ,
  write: WATCH_WRITE,
  access: WATCH_READ | WATCH_WRITE,
}

export class Watchpoints {
  private readonly core: CpuCore
  private all: readonly Watched[] = []

  constructor(core: CpuCore) {
    this.core = core
  }

  set(watched: Watched): Disposable {
    const next = [...this.all, watched]
    if (!this.put(next)) {
      this.put(this.all)
      const hint = 'Delete one, or watch a larger range.'
      throw new TransplantError(
        'GUEST_WATCHPOINTS',
        `There are ${this.all.length} watchpoints, and no room for more.`,
        hint,
      )
    }
    this.all = next
    return toDisposable(() => {
      this.all = this.all.filter((one) => one !== watched)
      this.put(this.all)
    })
  }

  /** With these alone, whoever holds others. */
  only<T>(watched: readonly Watched[], action: () => T): T {
    const held = this.all
    this.all = watched
    this.put(watched)
    try {
      return action()
    } finally {
      this.all = held
      this.put(held)
    }
  }

  /** The one that a vCPU has left the core for. */
  take(): Watched {
    return this.all[this.core.exports.takeWatchpoint()] as Watched
  }

  /** False where there is no room for so many. */
  private put(watched: readonly Watched[]): boolean {
    const { exports } = this.core
    const fits = watched.every(({ address, length, access }, index) => {
      const [low, high] = [Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0]
      return exports.setWatchpoint(index, low, high, length, KINDS[access]) !== 0
    })
    if (fits) exports.setWatchpointCount(watched.length)
    return fits
  }
}
