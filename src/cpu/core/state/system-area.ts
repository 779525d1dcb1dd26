// Per-vCPU storage that is architectural but has no field in CpuState: memory-type registers and the second-level TLB.
//
// Promises: fixed offsets; the whole area [0, SYSTEM_AREA_BYTES) belongs into a snapshot, because TLB contents are visible to the guest
// (a stale translation is used until it is invalidated). Nothing here depends on how the area is reached.
export const MTRR_VARIABLE: u32 = 0 // 16 registers: base and mask of 8 ranges
export const MTRR_FIXED: u32 = 128 // 11 registers
export const DEBUG_CONTROL: u32 = 216
export const TSC_DEADLINE: u32 = 224 // as written
export const TSC_ADJUST: u32 = 232
export const VICTIM_4K: u32 = 256 // u32: next way to replace
export const VICTIM_2M: u32 = 260
export const VICTIM_1G: u32 = 264
export const LARGE_2M: u32 = 268 // u32: a 2M entry was entered since the last full flush
export const LARGE_1G: u32 = 272
export const SETS_USED: u32 = 512 // bitmap of sets of the 4K array that may hold something

/** An entry of the second-level TLB (../memory/tlb.ts). */
@unmanaged
export class SecondEntry {
  key: u64 // whose translation of which page; 0: there is none
  value: u64 // frame and effective rights, at their places in a page-table entry
}

export const SECOND_ENTRY_BYTES: u32 = <u32>offsetof<SecondEntry>()
export const WAYS: u32 = 4
export const SETS_4K: u32 = 512
export const SETS_2M: u32 = 64
export const ENTRIES_1G: u32 = 16
export const ARRAY_4K: u32 = 1024
export const ARRAY_2M: u32 = ARRAY_4K + SETS_4K * WAYS * SECOND_ENTRY_BYTES
export const ARRAY_1G: u32 = ARRAY_2M + SETS_2M * WAYS * SECOND_ENTRY_BYTES
export const SYSTEM_AREA_BYTES: u32 = 40960
