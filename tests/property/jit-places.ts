// Where things lie in the memory of a fuzzed program (jit-board.ts builds it). Physical addresses up to RAM_BYTES are mapped one to one;
// the same frames show again at ALIAS in 4 KiB pages and at LARGE_ALIAS in one 2 MiB page.

export const RAM_BYTES = 0x20_0000
export const TABLES = 0x1000
export const GDT = 0x8000
export const IDT = 0x9000
export const TSS = 0xb000
export const HANDLERS = 0xc000
/** 256 bytes for each vCPU: the handlers' counters, the address to start again at, the base of FS and GS. */
export const AREA = 0xe000
export const INTERRUPT_STACKS = 0x1_0000
export const CODE = 0x2_0000
export const CODE_END = 0x6_0000
/** The video hole: not RAM. */
export const MMIO = 0xa_0000
/** 64 KiB for each vCPU. */
export const WINDOW = 0x10_0000
export const SHARED = 0x14_0000
/** 16 KiB for each vCPU. */
export const STACK = 0x15_0000
/** The frames behind PAGED. */
export const PAGED_FRAMES = 0x18_0000
/** Pages whose entries the program takes rights away from and whose faults the handler repairs. */
export const PAGED = 0x40_0000
export const PAGED_PAGES = 16
export const PAGED_TABLE = 0x6000
export const ALIAS = 0x20_0000
export const LARGE_ALIAS = 0x60_0000
export const UNMAPPED = 0x800_0000
export const MAX_VCPUS = 3

export const CALL_COUNT = 0x80 // INT 80: counts
export const CALL_RING = 0x81 // INT 81: the other privilege level
export const CALL_PAGES = 0x82 // INT 82: takes rights away from a page
export const CALL_TRAP = 0x83 // INT 83: single steps for a while
export const FIRST_IRQ = 0x90
export const PORT_INTERRUPT = 0x510 // a write raises this vCPU's interrupt line
export const PORT_YIELD = 0x511 // a write asks for control
