// Bits of the local APIC's registers, which of them can be written (SDM 3A 11.4 to 11.6, 11.12).

export const SVR_ENABLE = 1 << 8
export const LVT_LEVEL = 1 << 15
export const LVT_MASKED = 1 << 16
export const LVT_TIMER = 0
export const LVT_LINT0 = 3
export const LVT_ERROR = 5

/** Of the low half of the interrupt command register. */
export const COMMAND_WRITABLE = 0xc_cfff

export const ERROR_SEND_VECTOR = 1 << 5
export const ERROR_RECEIVE_VECTOR = 1 << 6
export const ERROR_REGISTER = 1 << 7

/** Which bits of each LVT register can be written: timer, thermal, performance, LINT0, LINT1, error. */
export const LVT_WRITABLE = [0x7_00ff, 0x1_07ff, 0x1_07ff, 0x1_a7ff, 0x1_a7ff, 0x1_00ff] as const
/** Delivery status and Remote IRR. */
const LVT_READ_ONLY = 0x5000

/** Bits that x2APIC mode allows to be written, by register; a missing one is read-only or not there (table 11-6). */
export const X2APIC_WRITABLE = new Map<number, number>([
  [0x80, 0xff],
  [0xb0, 0],
  [0xf0, 0x1ff],
  [0x280, 0],
  ...LVT_WRITABLE.map((bits, i): [number, number] => [0x320 + 16 * i, bits | LVT_READ_ONLY]),
  [0x380, 0xffff_ffff],
  [0x3e0, 0xb],
])

export const X2APIC_SELF_IPI = 0x83f
