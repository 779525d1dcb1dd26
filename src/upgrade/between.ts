// What happens between the two kernels that no memory shows: vCPUs in user mode, and writes to devices.

import type { Disposable } from '../base/index.js'
import { type DeviceWrite, type GuestPort, meaningOfWrite, requireCapability } from '../machine/index.js'

/** When vCPUs leave and enter user mode, by core events. */
export class ModeWatch implements Disposable {
  lastLeave: number | undefined
  firstEntry: number | undefined
  /** Entries since this was set to 0. */
  userEntries = 0
  /** Entries up to the moment at which the new kernel declared that it resumes. */
  userEntriesBefore = 0
  private hasResumed = false
  private subscription: Disposable | undefined

  async start(port: GuestPort): Promise<void> {
    this.subscription = await requireCapability(
      port,
      'modeChanges',
    )(({ from, to, time }) => {
      if (to === 3) {
        this.userEntries++
        if (this.hasResumed) this.firstEntry ??= time
      } else if (from === 3) this.lastLeave = time
    })
  }

  resumed(): void {
    this.userEntriesBefore = this.userEntries
    this.hasResumed = true
  }

  dispose(): void {
    this.subscription?.dispose()
  }
}

/** Counts register writes to the UARTs and the disk. */
export class DeviceCounter implements Disposable {
  readonly counts = { uartInitialised: 0, uartWrites: 0, diskInitialised: 0, diskWrites: 0 }
  private subscription: Disposable | undefined

  async start(port: GuestPort): Promise<void> {
    this.subscription = await requireCapability(port, 'deviceWrites')((write) => this.count(write))
  }

  dispose(): void {
    this.subscription?.dispose()
  }

  private count(write: DeviceWrite): void {
    const meaning = meaningOfWrite(write)
    if (meaning?.device === 'uart') {
      this.counts.uartWrites++
      if (meaning.setsUp) this.counts.uartInitialised++
    } else if (meaning?.device === 'virtio') {
      this.counts.diskWrites++
      if (meaning.setsUp) this.counts.diskInitialised++
    }
  }
}
