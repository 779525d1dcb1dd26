// Guest addresses as types of their own, so that a physical address is never taken for a linear one.
//
// `PhysAddr` is a number (physical addresses of this machine are below 2^52 and exact in a float64). `VirtAddr` is a
// bigint in canonical unsigned form, 0 <= v < 2^64, so that kernel addresses compare and print as people write them.

import { requireWhole } from './arguments.js'

declare const physBrand: unique symbol
declare const virtBrand: unique symbol

/** A guest-physical address; a number, since RAM and devices lie below 2^52. */
export type PhysAddr = number & { readonly [physBrand]: true }
/** A guest-virtual address, unsigned, 64 bits. */
export type VirtAddr = bigint & { readonly [virtBrand]: true }

/** Bytes of a page. */
export const PAGE_SIZE = 4096

/** `value`, a byte offset from physical 0, as a physical address; throws BAD_ARGUMENT for one that is negative, no whole number, or too large. */
export function physAddr(value: number | bigint): PhysAddr {
  const number = typeof value === 'bigint' ? Number(value) : value
  requireWhole('address', number)
  return number as PhysAddr
}

/** `value` as a linear address: accepts signed forms too (Capstone hands out negative bigint addresses) and wraps them to 64 bits; throws BAD_ARGUMENT. */
export function virtAddr(value: number | bigint): VirtAddr {
  if (typeof value !== 'bigint') requireWhole('address', value, Number.MIN_SAFE_INTEGER)
  return BigInt.asUintN(64, BigInt(value)) as VirtAddr
}

/** The physical address so many bytes further on; throws BAD_ARGUMENT where there is none. */
export function offsetPhys(address: PhysAddr, bytes: number): PhysAddr {
  return physAddr(address + bytes)
}

/** The virtual address so many bytes further on, modulo 2^64. */
export function offsetVirt(address: VirtAddr, bytes: number | bigint): VirtAddr {
  return virtAddr(address + BigInt(bytes))
}

/** Bits 63:47 all equal (4-level paging, SDM 1 3.3.7.1). */
export function isCanonical(address: VirtAddr): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(48, address)) === address
}

/** `0xffffffff81000000`, without padding. */
export function formatAddress(address: PhysAddr | VirtAddr | number | bigint): string {
  return `0x${address.toString(16)}`
}
