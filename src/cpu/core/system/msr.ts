// Model-specific registers (SDM 4). Unknown ones raise #GP(0), as on processors.
//
// Promises: a WRMSR that raises changes nothing. Memory types (PAT, MTRR) are stored and given back but have no effect: memory here has one
// coherent view. Time is the machine's count of retired instructions.
import {
  APIC_BASE_EXTD,
  APIC_MSR_HIGH,
  IA32_APIC_BASE,
  IA32_TSC_DEADLINE,
  X2APIC_FIRST,
  X2APIC_ICR,
  X2APIC_LAST,
} from '../../numbers/seam'
import { CpuState } from '../state/state'
import { systemArea } from '../state/layout'
import { apicMsrRead, apicMsrWrite } from '../state/imports'
import { VECTOR_GP, raise } from '../state/fault'
import { isCanonical } from '../memory/mmu'
import { writeEfer } from './control-registers'
import { serialize } from '../blocks/coherence'
import { readDeadline, readTsc, readTscAdjust, writeDeadline, writeTsc, writeTscAdjust } from './time-stamp'
import { DEBUG_CONTROL, MTRR_FIXED, MTRR_VARIABLE } from '../state/system-area'

const IA32_TSC: u32 = 0x10
const IA32_PLATFORM_ID: u32 = 0x17
const IA32_TSC_ADJUST: u32 = 0x3b
const IA32_SPEC_CTRL: u32 = 0x48
const IA32_PRED_CMD: u32 = 0x49
const IA32_BIOS_SIGN_ID: u32 = 0x8b
const IA32_MTRRCAP: u32 = 0xfe
const IA32_ARCH_CAPABILITIES: u32 = 0x10a
const IA32_SYSENTER_CS: u32 = 0x174
const IA32_SYSENTER_ESP: u32 = 0x175
const IA32_SYSENTER_EIP: u32 = 0x176
const IA32_MCG_CAP: u32 = 0x179
const IA32_MISC_ENABLE: u32 = 0x1a0
const IA32_DEBUGCTL: u32 = 0x1d9
/** Base and mask of eight ranges, one after the other. */
const IA32_MTRR_PHYSBASE0: u32 = 0x200
/** One register, two, and eight. */
const IA32_MTRR_FIX64K: u32 = 0x250
const IA32_MTRR_FIX16K: u32 = 0x258
const IA32_MTRR_FIX4K: u32 = 0x268
const IA32_PAT: u32 = 0x277
const IA32_MTRR_DEF_TYPE: u32 = 0x2ff
const IA32_EFER: u32 = 0xc0000080
const IA32_STAR: u32 = 0xc0000081
const IA32_LSTAR: u32 = 0xc0000082
const IA32_CSTAR: u32 = 0xc0000083
const IA32_FMASK: u32 = 0xc0000084
const IA32_FS_BASE: u32 = 0xc0000100
const IA32_GS_BASE: u32 = 0xc0000101
const IA32_KERNEL_GS_BASE: u32 = 0xc0000102
const IA32_TSC_AUX: u32 = 0xc0000103

/** 8 variable ranges, fixed ranges, write combining. */
const MTRRCAP: u64 = 0x508
/**
 * No leak by speculation, so that kernels need no second page table, no thunks for their indirect branches and no buffers flushed (SDM 4, table 2-2):
 * RDCL_NO, IBRS_ALL, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO.
 */
const ARCH_CAPABILITIES: u64 =
  (1 << 0) |
  (1 << 1) |
  (1 << 3) |
  (1 << 4) |
  (1 << 5) |
  (1 << 6) |
  (1 << 8) |
  (1 << 13) |
  (1 << 14) |
  (1 << 15) |
  (1 << 20) |
  (1 << 24) |
  (1 << 26) |
  (1 << 27)
/** IBRS, STIBP. */
const SPEC_CTRL_DEFINED: u64 = 3
/** Fast strings; BTS and PEBS unavailable. */
export const MISC_ENABLE_AT_RESET: u64 = 0x1801

/** The registers 800H to 83FH that x2APIC mode can read, a bit for each (SDM 3A table 11-6): ID, version, TPR, PPR, LDR, SVR, ISR, TMR, IRR, ESR,
 *  ICR, six LVT entries, initial and current count, divide. */
const X2APIC_READABLE: u64 = 0x43fd01ffffffa50c

function isX2apic(c: CpuState, msr: u32): bool {
  return (
    msr >= u32(X2APIC_FIRST) && msr <= u32(X2APIC_LAST) && (apicMsrRead(c.index, IA32_APIC_BASE) & APIC_BASE_EXTD) != 0
  )
}

/** Index of a fixed-range MTRR, or -1. */
function fixedMtrr(msr: u32): i32 {
  if (msr == IA32_MTRR_FIX64K) return 0
  if (msr == IA32_MTRR_FIX16K || msr == IA32_MTRR_FIX16K + 1) return <i32>(msr - IA32_MTRR_FIX16K) + 1
  return msr >= IA32_MTRR_FIX4K && msr < IA32_MTRR_FIX4K + 8 ? <i32>(msr - IA32_MTRR_FIX4K) + 3 : -1
}

function isMemoryType(type: u32): bool {
  return type <= 6 && type != 2 && type != 3
}

function allMemoryTypes(value: u64, uncachedMinus: bool): bool {
  for (let i: u32 = 0; i < 8; i++) {
    const type = <u32>(value >> (i << 3)) & 0xff
    if (!isMemoryType(type) && !(uncachedMinus && type == 7)) return false
  }
  return true
}

/** RDMSR: the value; #GP(0) if there is no such register. */
export function readMsr(c: CpuState, msr: u32): u64 {
  switch (msr) {
    case IA32_TSC:
      return readTsc(c)
    case IA32_PLATFORM_ID:
      return 0
    case IA32_APIC_BASE:
      return u64(apicMsrRead(c.index, msr))
    case IA32_TSC_ADJUST:
      return readTscAdjust(c)
    case IA32_TSC_DEADLINE:
      return readDeadline(c)
    case IA32_MCG_CAP: // no banks
    case IA32_BIOS_SIGN_ID:
      return 0
    case IA32_SPEC_CTRL:
      return c.specCtrl
    case IA32_ARCH_CAPABILITIES:
      return ARCH_CAPABILITIES
    case IA32_MTRRCAP:
      return MTRRCAP
    case IA32_SYSENTER_CS:
      return c.sysenterCs
    case IA32_SYSENTER_ESP:
      return c.sysenterEsp
    case IA32_SYSENTER_EIP:
      return c.sysenterEip
    case IA32_MISC_ENABLE:
      return c.miscEnable
    case IA32_DEBUGCTL:
      return load<u64>(systemArea(c) + DEBUG_CONTROL)
    case IA32_PAT:
      return c.pat
    case IA32_MTRR_DEF_TYPE:
      return c.mtrrDefType
    case IA32_EFER:
      return c.efer
    case IA32_STAR:
      return c.star
    case IA32_LSTAR:
      return c.lstar
    case IA32_CSTAR:
      return c.cstar
    case IA32_FMASK:
      return c.sfmask
    case IA32_FS_BASE:
      return c.fsBase
    case IA32_GS_BASE:
      return c.gsBase
    case IA32_KERNEL_GS_BASE:
      return c.kernelGsBase
    case IA32_TSC_AUX:
      return c.tscAux
  }
  if (msr >= IA32_MTRR_PHYSBASE0 && msr < IA32_MTRR_PHYSBASE0 + 16)
    return load<u64>(systemArea(c) + MTRR_VARIABLE + ((msr - IA32_MTRR_PHYSBASE0) << 3))
  const fixed = fixedMtrr(msr)
  if (fixed >= 0) return load<u64>(systemArea(c) + MTRR_FIXED + ((<usize>fixed) << 3))
  if (isX2apic(c, msr) && (X2APIC_READABLE >> u64(msr - X2APIC_FIRST)) & 1) {
    const high = msr == X2APIC_ICR ? u64(apicMsrRead(c.index, msr | APIC_MSR_HIGH)) << 32 : 0
    return high | u64(apicMsrRead(c.index, msr))
  }
  raise(c, VECTOR_GP, 0)
  return 0
}

function refuse(c: CpuState): void {
  raise(c, VECTOR_GP, 0)
}

export function writeMsr(c: CpuState, msr: u32, value: u64): void {
  serialize(c)
  switch (msr) {
    case IA32_TSC: {
      writeTsc(c, value)
      return
    }
    case IA32_TSC_ADJUST: {
      writeTscAdjust(c, value)
      return
    }
    case IA32_TSC_DEADLINE: {
      writeDeadline(c, value)
      return
    }
    case IA32_APIC_BASE: {
      if (apicMsrWrite(c.index, msr, <u32>value, <u32>(value >> 32))) refuse(c)
      c.attention = 1
      return
    }
    case IA32_BIOS_SIGN_ID:
      return
    case IA32_SPEC_CTRL: {
      if (value & ~SPEC_CTRL_DEFINED) return refuse(c)
      c.specCtrl = value
      return
    }
    case IA32_PRED_CMD: {
      // IBPB: there is nothing to forget.
      if (value & ~1) return refuse(c)
      return
    }
    case IA32_SYSENTER_CS: {
      c.sysenterCs = value & 0xffffffff
      return
    }
    case IA32_SYSENTER_ESP: {
      if (!isCanonical(value)) return refuse(c)
      c.sysenterEsp = value
      return
    }
    case IA32_SYSENTER_EIP: {
      if (!isCanonical(value)) return refuse(c)
      c.sysenterEip = value
      return
    }
    case IA32_MISC_ENABLE: {
      // Bits 11 and 12 are read-only; the others are kept and have no effect.
      c.miscEnable = (value & 0x4400c50089) | (MISC_ENABLE_AT_RESET & ~1)
      return
    }
    case IA32_DEBUGCTL: {
      if (value & ~3) return refuse(c)
      store<u64>(systemArea(c) + DEBUG_CONTROL, value)
      return
    }
    case IA32_PAT: {
      if (!allMemoryTypes(value, true)) return refuse(c)
      c.pat = value
      return
    }
    case IA32_MTRR_DEF_TYPE: {
      if (value & ~0xcff || !isMemoryType(<u32>value & 0xff)) return refuse(c)
      c.mtrrDefType = value
      return
    }
    case IA32_EFER: {
      writeEfer(c, value)
      return
    }
    case IA32_STAR: {
      c.star = value
      return
    }
    case IA32_LSTAR: {
      if (!isCanonical(value)) return refuse(c)
      c.lstar = value
      return
    }
    case IA32_CSTAR: {
      if (!isCanonical(value)) return refuse(c)
      c.cstar = value
      return
    }
    case IA32_FMASK: {
      c.sfmask = value & 0xffffffff
      return
    }
    case IA32_FS_BASE: {
      if (!isCanonical(value)) return refuse(c)
      c.fsBase = value
      return
    }
    case IA32_GS_BASE: {
      if (!isCanonical(value)) return refuse(c)
      c.gsBase = value
      return
    }
    case IA32_KERNEL_GS_BASE: {
      if (!isCanonical(value)) return refuse(c)
      c.kernelGsBase = value
      return
    }
    case IA32_TSC_AUX: {
      if (value >> 32) return refuse(c)
      c.tscAux = value
      return
    }
  }
  if (msr >= IA32_MTRR_PHYSBASE0 && msr < IA32_MTRR_PHYSBASE0 + 16) {
    const forbidden: u64 = 0xffffff0000000000 | (msr & 1 ? 0x7ff : 0xf00)
    if (value & forbidden || ((msr & 1) == 0 && !isMemoryType(<u32>value & 0xff))) return refuse(c)
    store<u64>(systemArea(c) + MTRR_VARIABLE + ((msr - IA32_MTRR_PHYSBASE0) << 3), value)
    return
  }
  const fixed = fixedMtrr(msr)
  if (fixed >= 0) {
    if (!allMemoryTypes(value, false)) return refuse(c)
    store<u64>(systemArea(c) + MTRR_FIXED + ((<usize>fixed) << 3), value)
    return
  }
  if (isX2apic(c, msr)) {
    if (apicMsrWrite(c.index, msr, <u32>value, <u32>(value >> 32))) refuse(c)
    c.attention = 1
    return
  }
  refuse(c)
}
