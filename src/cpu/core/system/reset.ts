// The state after power-up and after INIT (SDM 3A table 9-1), and start-up by SIPI (8.4.4).
//
// Promises: everything architectural gets a value at power-up; INIT keeps what the manual keeps (FPU, SSE and AVX registers, XCR0, most MSRs, the
// cache control bits of CR0, the time-stamp counter). Translations are dropped in both.
import { SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS } from '../../numbers/operations'
import {
  CR0_AT_RESET,
  CR0_CD,
  CR0_ET,
  CR0_NW,
  DR6_ONES,
  DR7_ONES,
  FCW_ONES,
  FLAGS_ONES,
  MXCSR_AT_RESET,
  XCR0_X87,
} from '../../numbers/registers'
import { FX_END, FX_OFFSET, FX_TAGS, YMM_UPPER_BYTES, YMM_UPPER_OFFSET } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import { writeFlags } from '../state/flags'
import { systemArea } from '../state/layout'
import { MISC_ENABLE_AT_RESET } from './msr'
import { SYSTEM_AREA_BYTES } from '../state/system-area'
import { setSegment, updateMode } from './segments'
import { forgetAll } from '../memory/tlb'
import { SIGNATURE } from './cpuid'
import { armDebug } from './debug'
import { serialize, timeNow } from '../blocks/coherence'

export function resetState(c: CpuState, powerUp: bool): void {
  if (powerUp) {
    memory.fill(changetype<usize>(c) + FX_OFFSET, 0, FX_END - FX_OFFSET)
    // FCW 0040; the abridged tag word 55 in FXSAVE form: all registers hold zero.
    store<u16>(changetype<usize>(c) + FX_OFFSET, FCW_ONES)
    store<u8>(changetype<usize>(c) + FX_OFFSET, 0xff, FX_TAGS)
    c.mxcsr = MXCSR_AT_RESET
    memory.fill(changetype<usize>(c) + YMM_UPPER_OFFSET, 0, YMM_UPPER_BYTES)
    c.xcr0 = XCR0_X87
    memory.fill(systemArea(c), 0, SYSTEM_AREA_BYTES)
    c.star = 0
    c.lstar = 0
    c.cstar = 0
    c.sfmask = 0
    c.kernelGsBase = 0
    c.tscAux = 0
    c.sysenterCs = 0
    c.sysenterEsp = 0
    c.sysenterEip = 0
    c.pat = 0x0007040600070406
    c.miscEnable = MISC_ENABLE_AT_RESET
    c.mtrrDefType = 0
    c.tscOffset = 0 - timeNow(c)
    c.cr0 = CR0_AT_RESET
  } else c.cr0 = (c.cr0 & (CR0_CD | CR0_NW)) | CR0_ET
  c.rax = 0
  c.rcx = 0
  c.rdx = u64(SIGNATURE)
  c.rbx = 0
  c.rsp = 0
  c.rbp = 0
  c.rsi = 0
  c.rdi = 0
  c.r8 = 0
  c.r9 = 0
  c.r10 = 0
  c.r11 = 0
  c.r12 = 0
  c.r13 = 0
  c.r14 = 0
  c.r15 = 0
  c.zero = 0
  c.rip = 0xfff0
  writeFlags(c, FLAGS_ONES)
  c.cr2 = 0
  c.cr3 = 0
  c.cr4 = 0
  c.efer = 0
  c.dr0 = 0
  c.dr1 = 0
  c.dr2 = 0
  c.dr3 = 0
  c.dr6 = DR6_ONES
  c.dr7 = DR7_ONES
  setSegment(c, SEG_CS, 0xf000, 0xffff0000, 0xffff, 0x93)
  setSegment(c, SEG_SS, 0, 0, 0xffff, 0x93)
  setSegment(c, SEG_DS, 0, 0, 0xffff, 0x93)
  setSegment(c, SEG_ES, 0, 0, 0xffff, 0x93)
  setSegment(c, SEG_FS, 0, 0, 0xffff, 0x93)
  setSegment(c, SEG_GS, 0, 0, 0xffff, 0x93)
  c.gdtrBase = 0
  c.gdtrLimit = 0xffff
  c.idtrBase = 0
  c.idtrLimit = 0xffff
  c.ldtrSelector = 0
  c.ldtrBase = 0
  c.ldtrLimit = 0xffff
  c.ldtrAttributes = 0x82
  c.trSelector = 0
  c.trBase = 0
  c.trLimit = 0xffff
  c.trAttributes = 0x8b
  c.halted = 0
  c.shutdown = 0
  c.shadow = 0
  c.nmiBlocked = 0
  c.faultStreak = 0
  c.pendingDebug = 0
  c.fault = 0
  c.delivering = 0
  c.system0 = 0
  c.pdpte0 = 0
  c.pdpte1 = 0
  c.pdpte2 = 0
  c.pdpte3 = 0
  c.specCtrl = 0
  armDebug(c)
  forgetAll(c)
  updateMode(c)
  serialize(c)
}

/** Start-up IPI: execution begins at vector * 4096 in real-address mode. */
export function startupState(c: CpuState, vector: u32): void {
  setSegment(c, SEG_CS, (vector & 0xff) << 8, u64(vector & 0xff) << 12, 0xffff, 0x93)
  c.rip = 0
  c.waitSipi = 0
  c.halted = 0
  updateMode(c)
}
