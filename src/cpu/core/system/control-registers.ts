// MOV to and from CR0 to CR8, CLTS, LMSW, EFER, and the INVLPG family: what is allowed, and what each change invalidates
// (SDM 3A 2.5, 4.10.4.1, 9.8.5).
//
// Promises: reserved bits raise #GP(0) and nothing changes; exactly the translations that the manual names are dropped. The fast tags
// depend on the paging controls, so any change of those refills them from the second-level TLB, which the guest cannot see.
import {
  CR0_CD,
  CR0_DEFINED,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR3_NO_FLUSH,
  CR3_PCID,
  CR4_DE,
  CR4_FSGSBASE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
} from '../../numbers/registers'
import { EVENT_CR3 } from '../../numbers/seam'
import { componentsInUse } from '../state/components'
import { CpuState } from '../state/state'
import { cpuLevel, eventMask } from '../state/layout'
import { event, taskPriorityRead, taskPriorityWrite } from '../state/imports'
import { VECTOR_GP, VECTOR_UD, raise, raiseNoCode } from '../state/fault'
import { tlbFlushAll, tlbFlushNonGlobal } from '../memory/fast-tlb'
import { isCanonical, loadPdptes, RESERVED_PHYSICAL } from '../memory/mmu'
import { changeAddressSpace } from '../memory/code-pages'
import { is64, updateMode } from './segments'
import { currentPcid, forgetAll, forgetAllNonGlobal, forgetPage, forgetPcid } from '../memory/tlb'
import { armDebug } from './debug'
import { serialize } from '../blocks/coherence'
import { ATTRIBUTE_LONG, TYPE_WIDE } from './descriptor-tables'

/** What CPUID says is there; the rest is reserved. */
const CR4_DEFINED: u64 =
  CR4_TSD |
  CR4_DE |
  CR4_PSE |
  CR4_PAE |
  CR4_PGE |
  CR4_PCE |
  CR4_OSFXSR |
  CR4_OSXMMEXCPT |
  CR4_UMIP |
  CR4_FSGSBASE |
  CR4_PCIDE |
  CR4_SMEP |
  CR4_SMAP

function refuse(c: CpuState): bool {
  raise(c, VECTOR_GP, 0)
  return false
}

function usesPdptes(cr0: u64, cr4: u64, efer: u64): bool {
  return (cr0 & CR0_PG) != 0 && (cr4 & CR4_PAE) != 0 && (efer & EFER_LME) == 0
}

function writeCr0(c: CpuState, value: u64): bool {
  if (value >> 32) return refuse(c)
  const next = (value & CR0_DEFINED) | CR0_ET
  const changed = next ^ c.cr0
  if ((next & CR0_PG) != 0 && (next & CR0_PE) == 0) return refuse(c)
  if ((next & CR0_NW) != 0 && (next & CR0_CD) == 0) return refuse(c)
  if (changed & CR0_PG) {
    if (next & CR0_PG) {
      if (c.efer & EFER_LME) {
        // A 16-bit TSS cannot stay in TR either (3A 9.8.5.4).
        if ((c.cr4 & CR4_PAE) == 0 || (c.csAttributes & ATTRIBUTE_LONG) != 0 || (c.trAttributes & TYPE_WIDE) == 0)
          return refuse(c)
      }
    } else if (is64(c) || (c.cr4 & CR4_PCIDE) != 0) return refuse(c)
  }
  if (usesPdptes(next, c.cr4, c.efer) && changed & (CR0_PG | CR0_CD | CR0_NW) && !loadPdptes(c, c.cr3)) return false
  c.cr0 = next
  if (changed & CR0_PG) {
    if (next & CR0_PG) {
      if (c.efer & EFER_LME) c.efer |= EFER_LMA
    } else c.efer &= ~EFER_LMA
    forgetAll(c)
  } else if (changed & (CR0_WP | CR0_PE)) tlbFlushAll(c)
  if (changed & (CR0_PE | CR0_PG)) updateMode(c)
  serialize(c)
  return true
}

/** LMSW: only PE, MP, EM, TS; PE can be set but not cleared. */
export function loadMachineStatus(c: CpuState, value: u32): bool {
  return writeCr0(c, (c.cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) | (u64(value) & 15))
}

export function writeCr3(c: CpuState, value: u64): bool {
  const long = (c.efer & EFER_LMA) != 0
  const pcide = (c.cr4 & CR4_PCIDE) != 0
  const keep = pcide && (value & CR3_NO_FLUSH) != 0
  let next = pcide ? value & ~CR3_NO_FLUSH : value
  if (long) {
    if (next & (RESERVED_PHYSICAL | 0xfff0000000000000)) return refuse(c)
  } else {
    next &= 0xffffffff
    if (usesPdptes(c.cr0, c.cr4, c.efer) && !loadPdptes(c, next)) return false
  }
  if (eventMask & EVENT_CR3) event(c.index, EVENT_CR3, <u32>next, keep ? 1 : 0)
  // The fast tags know no PCID: those that are not global belong to the old one.
  const from = currentPcid(c)
  c.cr3 = next
  if (pcide) {
    tlbFlushNonGlobal(c)
    changeAddressSpace(c, from, <u32>(next & CR3_PCID))
    if (!keep) forgetPcid(c, <u32>(next & CR3_PCID))
  } else forgetAllNonGlobal(c)
  serialize(c)
  return true
}

function writeCr4(c: CpuState, value: u64): bool {
  if (value & ~(cpuLevel >= 3 ? CR4_DEFINED | CR4_OSXSAVE : CR4_DEFINED)) return refuse(c)
  const changed = value ^ c.cr4
  const set = changed & value
  if (c.efer & EFER_LMA && (value & CR4_PAE) == 0) return refuse(c)
  if (set & CR4_PCIDE && ((c.efer & EFER_LMA) == 0 || (c.cr3 & 0xfff) != 0)) return refuse(c)
  if (usesPdptes(c.cr0, value, c.efer) && changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP) && !loadPdptes(c, c.cr3))
    return false
  const wasPcid = currentPcid(c)
  c.cr4 = value
  if (changed & CR4_PGE || (changed & CR4_PCIDE && (value & CR4_PCIDE) == 0)) forgetAll(c)
  else {
    // All of the current PCID, and with it the global entries, which belong to every PCID.
    if (changed & CR4_PAE) forgetAll(c)
    else if (set & CR4_SMEP) forgetPcid(c, wasPcid)
    if (changed & (CR4_PAE | CR4_PSE | CR4_SMEP | CR4_SMAP | CR4_PCIDE)) tlbFlushAll(c)
  }
  if (changed & CR4_DE) armDebug(c)
  if (changed & CR4_SMAP) updateMode(c)
  serialize(c)
  return true
}

/** XGETBV: 0 XCR0, 1 what of it is in use. */
export function readExtendedControl(c: CpuState, n: u32): u64 {
  if (n == 0) return c.xcr0
  if (n == 1) return c.xcr0 & componentsInUse(c)
  refuse(c)
  return 0
}

/** XSETBV of XCR0: x87 always, AVX not without SSE. */
export function writeXcr0(c: CpuState, value: u64): bool {
  if (value != 1 && value != 3 && value != 7) return refuse(c)
  c.xcr0 = value
  serialize(c)
  return true
}

/** WRMSR to IA32_EFER. LMA is read-only. */
export function writeEfer(c: CpuState, value: u64): bool {
  if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) return refuse(c)
  if (c.cr0 & CR0_PG && (value ^ c.efer) & EFER_LME) return refuse(c)
  const changed = value ^ c.efer
  c.efer = (value & ~EFER_LMA) | (c.efer & EFER_LMA)
  if (changed & EFER_NXE) tlbFlushAll(c)
  return true
}

/** MOV from CRn; #UD for one that does not exist. */
export function readControl(c: CpuState, n: u32): u64 {
  switch (n) {
    case 0:
      return c.cr0
    case 2:
      return c.cr2
    case 3:
      return c.cr3
    case 4:
      return c.cr4
    case 8:
      return u64(taskPriorityRead(c.index) & 15)
  }
  raiseNoCode(c, VECTOR_UD)
  return 0
}

export function writeControl(c: CpuState, n: u32, value: u64): void {
  switch (n) {
    case 0: {
      writeCr0(c, value)
      return
    }
    case 2: {
      c.cr2 = value
      return
    }
    case 3: {
      writeCr3(c, value)
      return
    }
    case 4: {
      writeCr4(c, value)
      return
    }
    case 8: {
      if (value & ~15) refuse(c)
      else {
        taskPriorityWrite(c.index, <u32>value)
        c.attention = 1
      }
      return
    }
  }
  raiseNoCode(c, VECTOR_UD)
}

export function invalidatePage(c: CpuState, linear: u64): void {
  // A non-canonical address is not an error (2A INVLPG).
  if (c.efer & EFER_LMA && !isCanonical(linear)) return
  forgetPage(c, linear, currentPcid(c), true)
  serialize(c)
}

/** INVPCID (2A). `low` and `high` are the descriptor. */
export function invalidatePcid(c: CpuState, type: u64, low: u64, high: u64): bool {
  if (type > 3) return refuse(c)
  const pcid = <u32>low & 0xfff
  if (type < 2) {
    if (low & ~0xfff) return refuse(c)
    if (pcid != 0 && (c.cr4 & CR4_PCIDE) == 0) return refuse(c)
    if (type == 0 && !isCanonical(high)) return refuse(c)
  } else if (low & ~0xfff) return refuse(c)
  if (type == 0) forgetPage(c, high, pcid, false)
  else if (type == 1) forgetPcid(c, pcid)
  else if (type == 2) forgetAll(c)
  else forgetAllNonGlobal(c)
  serialize(c)
  return true
}
