// The components of a vCPU's state that XCR0 and the XSAVE area name (SDM 1 13.1).
import { FCW_INITIAL, MXCSR_AT_RESET, XCR0_AVX, XCR0_SSE, XCR0_X87 } from '../../numbers/registers'
import { FX_DP, FX_IP, FX_OFFSET, FX_X87, FX_XMM, XMM_OFFSET, YMM_UPPER_OFFSET } from '../../numbers/sizes'
import { CpuState, MODE_CODE64, MODE_CODE_MASK } from './state'

/** Bytes of the XMM registers that the mode has, and of the upper halves. */
// @ts-ignore: decorator
@inline
export function registerBytes(c: CpuState): u32 {
  return (c.mode & MODE_CODE_MASK) == MODE_CODE64 ? 256 : 128
}

/** Whole vectors only. */
export function isZero(p: usize, bytes: u32): bool {
  let all = v128.load(p)
  for (let i: u32 = 16; i < bytes; i += 16) all = v128.or(all, v128.load(p + i))
  return !v128.any_true(all)
}

/**
 * XINUSE. A component is in use exactly if it differs from its initial configuration, so that nothing but the registers decides what is saved; MXCSR
 * counts with XCR0_SSE.
 */
export function componentsInUse(c: CpuState): u64 {
  const p = changetype<usize>(c)
  const fx = p + FX_OFFSET
  const bytes = registerBytes(c)
  const control = load<u64>(fx) == u64(FCW_INITIAL) && (load<u64>(fx, FX_IP) | load<u64>(fx, FX_DP)) == 0
  const x87 = control && isZero(fx + FX_X87, FX_XMM - FX_X87) ? 0 : XCR0_X87
  const sse = c.mxcsr == MXCSR_AT_RESET && isZero(p + XMM_OFFSET, bytes) ? 0 : XCR0_SSE
  return x87 | sse | (isZero(p + YMM_UPPER_OFFSET, bytes) ? 0 : XCR0_AVX)
}
