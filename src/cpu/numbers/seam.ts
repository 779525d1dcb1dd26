// What crosses between core and host as numbers: why `run` returned, lines into a vCPU, events (core-abi.ts has the functions).

/** Why `run` returned. The vCPU is at an instruction boundary in every case. */
export const EXIT_BUDGET = 0 // the budget of retired instructions is used up
export const EXIT_HALT = 1 // HLT retired and nothing is pending; call again after an interrupt was raised
export const EXIT_SHUTDOWN = 2 // triple fault: the machine resets
export const EXIT_YIELD = 3 // a device asked for control through `requestYield`, or PAUSE with the hint enabled
export const EXIT_BREAK = 4 // a host breakpoint, before the instruction at RIP executed
export const EXIT_WAIT_SIPI = 5 // the vCPU waits for a start-up IPI and executed nothing
export const EXIT_WATCH = 6 // the instruction before RIP accessed memory that the host watches (takeWatchpoint says which)

/** Lines into a vCPU, set by the machine, level-sensitive except NMI and INIT. */
export const LINE_INTR = 1
export const LINE_NMI = 2
export const LINE_INIT = 4

/** `event` kinds. Off unless enabled with `setEventMask`; a disabled event costs nothing. */
export const EVENT_CROSS_MODIFIED = 1 // executed bytes that another vCPU rewrote since this vCPU last serialized (a: linear low, b: RIP low)
export const EVENT_EXCEPTION = 2 // an exception was delivered (a: vector, b: error code)
export const EVENT_CR3 = 4 // MOV to CR3 (a: new value, low 32 bits, b: 1 if bit 63 asked for no flush)
export const EVENT_TLB_FLUSH = 8 // a flush of translations (a: FLUSH_*, b: PCID)
export const EVENT_PTE_WRITE = 16 // the walker set an accessed or dirty bit (a: physical address, b: new low 32 bits)
export const EVENT_MODE = 32 // the privilege level changed (a: new CPL, b: old CPL)

/** `a` of EVENT_TLB_FLUSH. */
export const FLUSH_PAGE = 0 // INVLPG, INVPCID type 0
export const FLUSH_PCID = 1 // the non-global entries of one PCID
export const FLUSH_ALL = 2 // everything, global entries included
export const FLUSH_ALL_NON_GLOBAL = 3 // every PCID, global entries stay

/** In the vector of the first fault of `shutdown`: what began it was an interrupt, INT n among them, and no exception. */
export const SHUTDOWN_BY_INTERRUPT = 0x8000

/** MSRs that are the local APIC's. */
export const IA32_APIC_BASE = 0x1b
export const IA32_TSC_DEADLINE = 0x6e0
export const X2APIC_FIRST = 0x800
export const X2APIC_ICR = 0x830
export const X2APIC_LAST = 0x83f
/** Added to the number of one that is read: its upper half. */
export const APIC_MSR_HIGH = 0x80000000

/** Bits of IA32_APIC_BASE (SDM 3A 11.4.4, 11.12.1). */
export const APIC_BASE_EXTD = 0x400
export const APIC_BASE_ENABLE = 0x800

/** What a watchpoint of the host is hit by; both may be asked for. */
export const WATCH_READ = 1
export const WATCH_WRITE = 2

/** In place of a PCID: the global translations are counted. */
export const GLOBAL_TRANSLATIONS = 0x1000
