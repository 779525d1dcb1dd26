// CPUID: what this processor says of itself (SDM 2A CPUID). It tells the truth: each bit here is a feature the core has.
//
// Promises: leaves beyond the last give the last basic leaf's data, as Intel processors do; leaf 0x40000000 names the sandbox. The vendor is
// GenuineIntel because operating systems choose their SYSCALL and SYSENTER rules by it, and those rules here are Intel's.
import { APIC_BASE_ENABLE, IA32_APIC_BASE } from '../../numbers/seam'
import { CR4_OSXSAVE, XCR0_AVX } from '../../numbers/registers'
import { XSAVE_AVX, XSAVE_BYTES } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import { cpuCount, cpuLevel } from '../state/layout'
import { apicMsrRead } from '../state/imports'
import { PHYSICAL_BITS } from '../memory/mmu'

const LAST_BASIC: u32 = 0x16
const LAST_EXTENDED: u32 = 0x80000008
/** Family 6, model 0x3c, stepping 3: a number old enough to promise nothing that is not in the feature bits. */
export const SIGNATURE: u32 = 0x000306c3

// FPU DE PSE TSC MSR PAE CX8 SEP MTRR PGE CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2
const FEATURES_EDX: u32 =
  (1 << 0) |
  (1 << 2) |
  (1 << 3) |
  (1 << 4) |
  (1 << 5) |
  (1 << 6) |
  (1 << 8) |
  (1 << 11) |
  (1 << 12) |
  (1 << 13) |
  (1 << 15) |
  (1 << 16) |
  (1 << 17) |
  (1 << 19) |
  (1 << 23) |
  (1 << 24) |
  (1 << 25) |
  (1 << 26)
// SSE3 SSSE3 CX16 PCID SSE4.1 SSE4.2 x2APIC POPCNT TSC-deadline HYPERVISOR
const FEATURES_ECX: u32 =
  (1 << 0) | (1 << 9) | (1 << 13) | (1 << 17) | (1 << 19) | (1 << 20) | (1 << 21) | (1 << 23) | (1 << 24) | (1 << 31)
// FSGSBASE TSC_ADJUST SMEP INVPCID, x87 selectors always zero (x87-environment.ts), SMAP
const FEATURES_7_EBX: u32 = (1 << 0) | (1 << 1) | (1 << 7) | (1 << 10) | (1 << 13) | (1 << 20)
// With x86-64-v3: BMI1 AVX2 BMI2
const V3_7_EBX: u32 = (1 << 3) | (1 << 5) | (1 << 8)
// FMA MOVBE XSAVE AVX F16C
const V3_ECX: u32 = (1 << 12) | (1 << 22) | (1 << 26) | (1 << 28) | (1 << 29)
const OSXSAVE: u32 = 1 << 27
// XSAVEOPT XSAVEC XGETBV of XINUSE
const XSAVE_FEATURES: u32 = 7
// LZCNT
const V3_EXTENDED_ECX: u32 = 1 << 5
// UMIP
const FEATURES_7_ECX: u32 = 1 << 2
// FDP_EXCPTN_ONLY is absent; LAHF64
const EXTENDED_ECX: u32 = 1
// IBRS and IBPB, STIBP, IA32_ARCH_CAPABILITIES: nothing is speculated here, and that is how a kernel is told (msr.ts)
const FEATURES_7_EDX: u32 = (1 << 26) | (1 << 27) | (1 << 29)
// SYSCALL NX PDPE1GB RDTSCP LM
const EXTENDED_EDX: u32 = (1 << 11) | (1 << 20) | (1 << 26) | (1 << 27) | (1 << 29)

function answer(c: CpuState, eax: u32, ebx: u32, ecx: u32, edx: u32): void {
  c.rax = u64(eax)
  c.rbx = u64(ebx)
  c.rcx = u64(ecx)
  c.rdx = u64(edx)
}

// "Transplant virtual processor", 48 bytes with its zeros.
const brand = memory.data<u32>([
  0x6e617254, 0x616c7073, 0x7620746e, 0x75747269, 0x70206c61, 0x65636f72, 0x726f7373, 0, 0, 0, 0, 0,
])

/** What only x86-64-v3 has. */
// @ts-ignore: decorator
@inline
function v3(features: u32): u32 {
  return cpuLevel >= 3 ? features : 0
}

/** Number of bits of the APIC id that tell this package's processors apart. */
function packageShift(): u32 {
  return cpuCount > 1 ? 32 - clz<u32>(cpuCount - 1) : 0
}

/** Leaf 0DH: the XSAVE area. Its size for what XCR0 enables, and for all; size and offset of the upper halves of the YMM registers. */
function extendedState(c: CpuState, subleaf: u32): void {
  if (cpuLevel < 3 || subleaf > 2) return answer(c, 0, 0, 0, 0)
  const size = c.xcr0 & XCR0_AVX ? XSAVE_BYTES : XSAVE_AVX
  if (subleaf == 0) return answer(c, 7, size, XSAVE_BYTES, 0)
  if (subleaf == 1) return answer(c, XSAVE_FEATURES, size, 0, 0)
  return answer(c, XSAVE_BYTES - XSAVE_AVX, XSAVE_AVX, 0, 0)
}

export function cpuid(c: CpuState): void {
  let leaf = <u32>c.rax
  const subleaf = <u32>c.rcx
  if (leaf >= 0x40000000 && leaf < 0x40000100) {
    // "TransplantVM"
    if (leaf == 0x40000000) answer(c, 0x40000010, 0x6e617254, 0x616c7073, 0x4d56746e)
    // Frequencies in kHz, of the TSC and of the APIC timer's bus.
    else if (leaf == 0x40000010) answer(c, 1000000, 1000000, 0, 0)
    else answer(c, 0, 0, 0, 0)
    return
  }
  if (leaf > LAST_EXTENDED || (leaf > LAST_BASIC && leaf < 0x80000000)) leaf = LAST_BASIC
  switch (leaf) {
    case 0: // "GenuineIntel"
      return answer(c, LAST_BASIC, 0x756e6547, 0x6c65746e, 0x49656e69)
    case 1: {
      const apic: u32 = apicMsrRead(c.index, IA32_APIC_BASE) & APIC_BASE_ENABLE ? 1 << 9 : 0
      const siblings: u32 = cpuCount > 1 ? 1 << 28 : 0
      return answer(
        c,
        SIGNATURE,
        (c.index << 24) | (min<u32>(1 << packageShift(), 255) << 16) | (8 << 8),
        FEATURES_ECX | v3(V3_ECX) | (c.cr4 & CR4_OSXSAVE ? OSXSAVE : 0),
        FEATURES_EDX | apic | siblings,
      )
    }
    case 2: // no TLB or cache descriptors here: leaf 4 has them
      return answer(c, 0x00ff0001, 0, 0, 0)
    case 4: {
      const cores = ((1 << packageShift()) - 1) << 26
      // L1 data and code 32 KiB 8-way, L2 1 MiB 16-way, 64-byte lines.
      if (subleaf == 0) return answer(c, cores | 0x121, 0x01c0003f, 63, 0)
      if (subleaf == 1) return answer(c, cores | 0x122, 0x01c0003f, 63, 0)
      if (subleaf == 2) return answer(c, cores | 0x143, 0x03c0003f, 1023, 0)
      return answer(c, 0, 0, 0, 0)
    }
    case 7:
      return subleaf == 0
        ? answer(c, 0, FEATURES_7_EBX | v3(V3_7_EBX), FEATURES_7_ECX, FEATURES_7_EDX)
        : answer(c, 0, 0, 0, 0)
    case 0xd:
      return extendedState(c, subleaf)
    case 0xb: {
      if (subleaf == 0) return answer(c, 0, 1, 0x100, c.index)
      if (subleaf == 1) return answer(c, packageShift(), cpuCount, 0x201, c.index)
      return answer(c, 0, 0, subleaf & 0xff, c.index)
    }
    case 0x15: // TSC = crystal * 1 / 1, crystal 1 GHz
      return answer(c, 1, 1, 1000000000, 0)
    case 0x16: // MHz
      return answer(c, 1000, 1000, 1000, 0)
    case 0x80000000:
      return answer(c, LAST_EXTENDED, 0, 0, 0)
    case 0x80000001:
      return answer(c, 0, 0, EXTENDED_ECX | v3(V3_EXTENDED_ECX), EXTENDED_EDX)
    case 0x80000002:
    case 0x80000003:
    case 0x80000004: {
      const at = brand + ((leaf - 0x80000002) << 4)
      return answer(c, load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12))
    }
    case 0x80000006: // L2: 1 MiB, 16-way, 64-byte lines
      return answer(c, 0, 0, 0x04008040, 0)
    case 0x80000007: // invariant TSC
      return answer(c, 0, 0, 0, 1 << 8)
    case 0x80000008:
      return answer(c, 0x3000 | PHYSICAL_BITS, 0, 0, 0)
  }
  answer(c, 0, 0, 0, 0)
}
