// What a write to a device is: for those who watch a guest and ask whether it uses its devices or sets them up.

import { UART_PORT_COUNT, UART_PORTS, UART_SETUP_REGISTERS } from './devices/uart.js'
import {
  VIRTIO_MMIO_BASE,
  VIRTIO_MMIO_BYTES,
  VIRTIO_MMIO_SLOTS,
  VIRTIO_MMIO_USE_REGISTERS,
} from './devices/virtio-mmio.js'
import type { DeviceWrite } from './guest-port.js'

/** Which device a write reaches, and whether it sets the device up or merely uses it. */
export interface WriteMeaning {
  readonly device: 'uart' | 'virtio'
  readonly setsUp: boolean
}

/** The meaning of a write to a UART or to a virtio-mmio slot; undefined for any other device. */
export function meaningOfWrite({ space, address }: DeviceWrite): WriteMeaning | undefined {
  if (space === 'port') {
    const base = UART_PORTS.find((port) => address >= port && address < port + UART_PORT_COUNT)
    return base === undefined ? undefined : { device: 'uart', setsUp: UART_SETUP_REGISTERS.has(address - base) }
  }
  const offset = address - VIRTIO_MMIO_BASE
  if (offset < 0 || offset >= VIRTIO_MMIO_SLOTS * VIRTIO_MMIO_BYTES) return undefined
  return { device: 'virtio', setsUp: !VIRTIO_MMIO_USE_REGISTERS.has(offset % VIRTIO_MMIO_BYTES) }
}
