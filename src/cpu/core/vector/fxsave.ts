// FXSAVE and FXRSTOR: the 512-byte image of the x87, MMX and SSE state (SDM 1 10.5).
//
// Promises: the exact layouts of the 64-bit form (REX.W: 64-bit instruction and data pointers) and of the other
// (32-bit pointers and selectors; the selectors are zero, as on processors with CPUID.7.EBX[13]). XMM8..15 move in
// 64-bit mode only. All or nothing on a fault. Bytes 464..511 belong to software and are not written.
//
// The vCPU keeps its x87 registers at FX_OFFSET in the same layout, but in PHYSICAL order: register i of the image is
// physical register (TOP + i) & 7. The abridged tag byte is in physical order in both.
import {
  CR0_EM,
  CR0_TS,
  EFER_LMA,
  FCW_ONES,
  FCW_WRITABLE,
  FLOAT_EXCEPTIONS,
  FSW_B,
  FSW_ES,
  FSW_TOP_SHIFT,
  MXCSR_DEFINED,
} from '../../numbers/registers'
import {
  FX_BYTES,
  FX_DP,
  FX_IP,
  FX_MXCSR,
  FX_MXCSR_MASK,
  FX_OFFSET,
  FX_OPCODE,
  FX_STATUS,
  FX_TAGS,
  FX_X87,
  FX_XMM,
  VECTOR_SCRATCH_OFFSET,
  XMM_OFFSET,
} from '../../numbers/sizes'
import { registerBytes } from '../state/components'
import { CpuState } from '../state/state'
import { VECTOR_GP, VECTOR_NM, raise, raiseNoCode, raiseNotCanonical } from '../state/fault'
import { isCanonical } from '../memory/mmu'
import { probeWrite, readWhole, writeWhole } from '../memory/linear'

function refused(c: CpuState): bool {
  if (c.cr0 & (CR0_EM | CR0_TS)) {
    raiseNoCode(c, VECTOR_NM)
    return true
  }
  if ((c.t0 & 15) == 0) return false
  // That the first of its parts is not canonical comes first.
  if (c.efer & EFER_LMA && !(isCanonical(c.t0) && isCanonical(c.t0 + 3))) raiseNotCanonical(c)
  else raise(c, VECTOR_GP, 0)
  return true
}

/** The whole image at `image`. */
export function buildImage(c: CpuState, image: usize, wide: bool): void {
  const fx = changetype<usize>(c) + FX_OFFSET
  memory.copy(image, fx, FX_MXCSR)
  store<u8>(image, 0, FX_TAGS + 1)
  if (!wide) {
    store<u32>(image, 0, FX_IP + 4)
    store<u32>(image, 0, FX_DP + 4)
  }
  store<u32>(image, c.mxcsr, FX_MXCSR)
  store<u32>(image, MXCSR_DEFINED, FX_MXCSR_MASK)
  const top = (u32(load<u16>(fx, FX_STATUS)) >> FSW_TOP_SHIFT) & 7
  for (let i: u32 = 0; i < 8; i++) {
    const from = fx + FX_X87 + (((top + i) & 7) << 4)
    const to = image + FX_X87 + (i << 4)
    store<u64>(to, load<u64>(from))
    store<u64>(to, u64(load<u16>(from, 8)), 8)
  }
  memory.copy(image + FX_XMM, changetype<usize>(c) + XMM_OFFSET, 256)
}

export function fxsave(c: CpuState, wide: bool): void {
  if (refused(c)) return
  if (!probeWrite(c, c.t0, FX_BYTES, 16)) return
  const image = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  buildImage(c, image, wide)
  writeWhole(c, c.t0, image, FX_XMM + registerBytes(c), 16)
}

/** The x87 state from an image. */
export function loadX87(c: CpuState, image: usize, wide: bool): void {
  const fx = changetype<usize>(c) + FX_OFFSET
  const control = (load<u16>(image) & (FCW_WRITABLE | FCW_ONES)) | FCW_ONES
  let status = u32(load<u16>(image, FX_STATUS)) & ~(FSW_ES | FSW_B)
  if (status & ~control & FLOAT_EXCEPTIONS) status |= FSW_ES | FSW_B // they follow the flags and masks
  store<u16>(fx, control)
  store<u16>(fx, status, FX_STATUS)
  store<u16>(fx, load<u8>(image, FX_TAGS), 4)
  store<u16>(fx, load<u16>(image, FX_OPCODE) & 0x7ff, FX_OPCODE)
  store<u64>(fx, wide ? load<u64>(image, FX_IP) : u64(load<u32>(image, FX_IP)), FX_IP)
  store<u64>(fx, wide ? load<u64>(image, FX_DP) : u64(load<u32>(image, FX_DP)), FX_DP)
  const top = (status >> FSW_TOP_SHIFT) & 7
  for (let i: u32 = 0; i < 8; i++) {
    const from = image + FX_X87 + (i << 4)
    const to = fx + FX_X87 + (((top + i) & 7) << 4)
    store<u64>(to, load<u64>(from))
    store<u64>(to, u64(load<u16>(from, 8)), 8)
  }
}

export function fxrstor(c: CpuState, wide: bool): void {
  if (refused(c)) return
  const image = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, image, FX_BYTES, 16)) return
  const mxcsr = load<u32>(image, FX_MXCSR)
  if (mxcsr & ~MXCSR_DEFINED) {
    raise(c, VECTOR_GP, 0)
    return
  }
  c.mxcsr = mxcsr
  loadX87(c, image, wide)
  memory.copy(changetype<usize>(c) + XMM_OFFSET, image + FX_XMM, registerBytes(c))
}
