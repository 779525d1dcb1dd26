// The seam between the CPU core (WebAssembly, `core/`) and the machine that hosts it.
//
// One core instance holds all vCPUs and the guest's RAM in one linear memory. The host calls `run` for one vCPU at a
// time; the core calls back through `CoreImports` for everything outside CPU and RAM. All calls are synchronous. No
// BigInt crosses on the hot path: physical addresses of devices are below 4 GiB and cross as unsigned 32-bit numbers
// (an `i32` in WebAssembly; apply `>>> 0`), and the clock crosses as a float64 (exact up to 2^53 instructions).

/** What the core asks of the machine. Sizes are 1, 2, 4 or 8 bytes; 8-byte MMIO crosses as two 4-byte accesses. */
export interface CoreImports {
  /** IN: `size` 1, 2 or 4. Returns the value, zero-extended. */
  portRead(cpu: number, port: number, size: number): number
  /** OUT. */
  portWrite(cpu: number, port: number, size: number, value: number): void
  /** Load from a physical address that is not RAM. Open bus reads all ones. */
  mmioRead(cpu: number, address: number, size: number): number
  /** Store to a physical address that is not RAM. ROM ignores it. */
  mmioWrite(cpu: number, address: number, size: number, value: number): void
  /** The interrupt controller's highest-priority vector for this vCPU, now accepted (moved to in-service); -1 if none. */
  acknowledgeInterrupt(cpu: number): number
  /** RDMSR/WRMSR of IA32_APIC_BASE, IA32_TSC_DEADLINE (in machine time) and, in x2APIC mode, 800H to 83FH go to the local APIC. Read returns the low
   *  32 bits, with bit 31 of `msr` set the upper ones. */
  apicMsrRead(cpu: number, msr: number): number
  /** Returns 0, or 1 for #GP. */
  apicMsrWrite(cpu: number, msr: number, low: number, high: number): number
  /** MOV to/from CR8: the task priority of this vCPU's local APIC (0 to 15). */
  taskPriorityRead(cpu: number): number
  taskPriorityWrite(cpu: number, value: number): void
  /** An event the host subscribed to (see `EVENT_*`); `a` and `b` are event-specific, low 32 bits. */
  event(cpu: number, kind: number, a: number, b: number): void
}

export * from './numbers/seam.js'

/** Exports of core.wasm. Pointers are byte offsets into the linear memory. */
export interface CoreExports {
  /** Lays out memory for `vcpus` (1 to 64) and `ramBytes` (multiple of 64 KiB). Returns the linear-memory offset of guest physical address 0, or -1 if memory must first grow to `requiredBytes`. */
  initialize(vcpus: number, ramBytes: number): number
  /** Bytes of linear memory that `initialize` with these arguments needs. */
  requiredBytes(vcpus: number, ramBytes: number): number
  /** The instructions that the vCPUs have and CPUID tells of: 2 for x86-64-v2 (default), 3 for x86-64-v3. Before anything runs. */
  setLevel(level: number): void
  /** Maps host bytes at linear-memory offset (a copy inside the core) as read-only memory of the guest: the ROM. */
  mapRom(physical: number, bytes: number): number
  /** Architectural reset (power-up: CS.base FFFF0000, RIP FFF0). vCPUs above 0 then wait for SIPI. */
  resetCpu(cpu: number, powerUp: number): void
  /** Start-up IPI: leaves wait-for-SIPI at CS = vector << 8. */
  startup(cpu: number, vector: number): void
  /** Retires at most `budget` instructions on `cpu`; returns an EXIT_* code. */
  run(cpu: number, budget: number): number
  /** Instructions retired by this vCPU in the last `run`. */
  retired(): number
  /** Sets or clears LINE_* of a vCPU. Safe inside a callback: takes effect at the next instruction boundary. */
  setLine(cpu: number, line: number, level: number): void
  /** Inside a callback: return from `run` after the current instruction. */
  requestYield(): void
  /** Virtual time in retired instructions of the whole machine at the start of the next `run`; TSC reads time + retired so far. */
  setTime(instructions: number): void
  /** Inside a callback: instructions retired in this `run` before the current instruction. */
  retiredNow(): number
  /** Of the vCPU that runs: the address of its current instruction; also after a trap of the core itself. */
  ripNow(): bigint
  /** Pointer and size of a vCPU's architectural state; fields at the offsets of `state-layout.ts`. */
  statePointer(cpu: number): number
  stateBytes(): number
  /** Call after the host wrote into the state area (registers, CR3 ...) or RAM; drops derived data (TLB, decoded blocks, lazy flags). */
  stateChanged(cpu: number): void
  /** Brings lazily kept state (RFLAGS) into the state area, so that the host may read it. */
  synchronize(cpu: number): void
  /** Guest RAM was written by a device or the host at [physical, physical + bytes): decoded code there is dropped. */
  ramChanged(physical: number, bytes: number): void
  /** Linear -> physical with the vCPU's present tables, no side effects. -1 if not present (float64). */
  translate(cpu: number, linearLow: number, linearHigh: number): number
  /** Valid entries of a vCPU's TLB that belong to `pcid` (0 without CR4.PCIDE), global ones excluded; GLOBAL_TRANSLATIONS counts those. */
  translations(cpu: number, pcid: number): number
  setEventMask(mask: number): void
  /** Host breakpoints: on linear address (any vCPU). */
  setBreakpoint(linearLow: number, linearHigh: number, on: number): void
  /** Host watchpoints, on any vCPU: range `index`; kinds WATCH_READ, WATCH_WRITE or both; 0 where there is no room. */
  setWatchpoint(index: number, linearLow: number, linearHigh: number, length: number, kinds: number): number
  /** So many of the ranges are in force. */
  setWatchpointCount(count: number): void
  /** After EXIT_WATCH: which range it was. */
  takeWatchpoint(): number
  /** 0: code written by another vCPU is seen at once; 1: hardware's licence, chosen by the seed (see coherence.ts in core). */
  setCoherence(mode: number, seedLow: number, seedHigh: number): void
  /** Writes everything in the core that is not RAM and not derived to the save area; returns its size. */
  saveCore(): number
  savePointer(): number
  savedLimit(): number
  /** Loads what the host put to the save area; 0, or -1 if it does not fit this core. */
  loadCore(bytes: number): number
  /** Pages of RAM stored to since the last `clearDirty`: their numbers, 32 bits each, at this pointer, and how many. */
  dirtyPageList(): number
  dirtyPageCount(): number
  /** Compiled code (jit/): entries of a block before the core asks for it to be compiled; 0 never. Drops what is compiled. */
  jitConfigure(entries: number): void
  /** Everything decoded and compiled is dropped when the next run begins. */
  jitDrop(): void
  /** 1 until then. */
  jitDropPending(): number
  /** A record for a region of `blocks` blocks of a vCPU, 0 if there is no room; `jitLink` takes it into use once it is filled. */
  jitAllocate(cpu: number, blocks: number): number
  jitLink(cpu: number, region: number): void
  /** Replaces a block by one of only its first `count` instructions, which is given; 0 if it must stay. */
  jitCut(cpu: number, block: number, count: number): number
  clearDirty(): void
}
