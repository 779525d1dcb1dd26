// Which accesses to memory the debug registers look for (SDM 3B 17.2.4), and the host's watchpoints: asked on the slow path of an access. What
// else debug registers do is system/debug.ts.
import { DR7_KIND_SHIFT, DR7_LENGTH_SHIFT } from '../../numbers/registers'
import { ACCESS_WRITE, CpuState } from '../state/state'
import { isPageWatched, noteAccess } from './watchpoints'

/** Bits of `c.debugArmed`. */
export const ARMED_DATA: u32 = 1
export const ARMED_INSTRUCTION: u32 = 2
export const ARMED_IO: u32 = 4
export const ARMED_HOST: u32 = 8

export function debugAddress(c: CpuState, n: u32): u64 {
  return n == 0 ? c.dr0 : n == 1 ? c.dr1 : n == 2 ? c.dr2 : c.dr3
}

// @ts-ignore: decorator
@inline
export function isEnabled(c: CpuState, n: u32): bool {
  return ((<u32>c.dr7 >> (n << 1)) & 3) != 0
}

// @ts-ignore: decorator
@inline
export function kindOf(c: CpuState, n: u32): u32 {
  return (<u32>c.dr7 >> (DR7_KIND_SHIFT + (n << 2))) & 3
}

export function lengthOf(c: CpuState, n: u32): u64 {
  const code = (<u32>c.dr7 >> (DR7_LENGTH_SHIFT + (n << 2))) & 3
  return code == 0 ? 1 : code == 1 ? 2 : code == 2 ? 8 : 4
}

/** Does an armed data breakpoint lie in the page of `linear`, or does the host watch it? */
export function watchesPage(c: CpuState, linear: u64): bool {
  if (c.debugArmed & ARMED_HOST && isPageWatched(linear)) return true
  if ((c.debugArmed & ARMED_DATA) == 0) return false
  for (let n: u32 = 0; n < 4; n++) {
    if (isEnabled(c, n) && (kindOf(c, n) & 1) != 0 && (debugAddress(c, n) ^ linear) >> 12 == 0) return true
  }
  return false
}

/** An access of `size` bytes at `linear` took place: notes the data breakpoints it hits. */
export function checkData(c: CpuState, linear: u64, size: u32, access: u32): void {
  if (c.debugArmed & ARMED_HOST && noteAccess(linear, size, access)) c.attention = 1
  if ((c.debugArmed & ARMED_DATA) == 0) return
  for (let n: u32 = 0; n < 4; n++) {
    if (!isEnabled(c, n)) continue
    const kind = kindOf(c, n)
    if (kind != 3 && (kind != 1 || (access & ACCESS_WRITE) == 0)) continue
    const length = lengthOf(c, n)
    const start = debugAddress(c, n) & ~(length - 1)
    if (linear < start + length && linear + u64(size) > start) {
      c.pendingDebug |= 1 << n
      c.attention = 1
    }
  }
}
