// What happens between the two kernels that no memory shows: vCPUs in user mode, and writes to devices.

import type { Disposable } from '../base/index.js'
import { type DeviceWrite, type GuestPort, requireCapability } from '../machine/index.js'

/** When vCPUs leave and enter user mode, by core events. */
export class ModeWatch implements Disposable {
  lastLeave: number | undefined
  firstEntry: number | undefined
  /** Entries since this was set to 0. */
  userEntries = 0
  /** Entries up to the moment at which the new kernel declared that it resumes. */
  userEntriesBefore = 0
  #resumed = false
  #subscription: Disposable | undefined

  async start(port: GuestPort): Promise<void> {
    this.#subscription = await requireCapability(
      port,
      'modeChanges',
    )(({ from, to, time }) => {
      if (to === 3) {
        this.userEntries++
        if (this.#resumed) this.firstEntry ??= time
      } else if (from === 3) this.lastLeave = time
    })
  }

  resumed(): void {
    this.userEntriesBefore = this.userEntries
    this.#resumed = true
  }

  dispose(): void {
    this.#subscription?.dispose()
  }
}

const COM1 = 0x3f8
const COM2 = 0x2f8
const UART_PORTS = 8
/** Register offsets whose writing sets a UART up: FIFO control, line control, modem control. Data and interrupt enable are use. */
const UART_SETUP = new Set([2, 3, 4])
const VIRTIO_BASE = 0xfeb0_0000
const VIRTIO_END = VIRTIO_BASE + 8 * 0x200
/** virtio-mmio registers that use a running device: QueueNotify, InterruptACK. All others set it up. */
const VIRTIO_USE = new Set([0x50, 0x64])

/** Counts register writes to the UARTs and the disk. */
export class DeviceCounter implements Disposable {
  readonly counts = { uartInitialised: 0, uartWrites: 0, diskInitialised: 0, diskWrites: 0 }
  #subscription: Disposable | undefined

  async start(port: GuestPort): Promise<void> {
    this.#subscription = await requireCapability(port, 'deviceWrites')((write) => this.#count(write))
  }

  dispose(): void {
    this.#subscription?.dispose()
  }

  #count({ space, address }: DeviceWrite): void {
    if (space === 'port') {
      const base = [COM1, COM2].find((port) => address >= port && address < port + UART_PORTS)
      if (base === undefined) return
      this.counts.uartWrites++
      if (UART_SETUP.has(address - base)) this.counts.uartInitialised++
    } else if (address >= VIRTIO_BASE && address < VIRTIO_END) {
      this.counts.diskWrites++
      if (!VIRTIO_USE.has((address - VIRTIO_BASE) % 0x200)) this.counts.diskInitialised++
    }
  }
}
