// GuestPort: the only way the rooms above look into a guest.
//
// Two implementations serve it: one over our Machine (machine-port.ts), one over the gdb remote protocol (QEMU). Hence:
//
// 1. Everything that a remote must ask for is a Promise. On our machine these resolve at once, but a caller never sees
//    half-done work: between two awaits on a STOPPED guest nothing changes.
// 2. Memory, registers and translation may be asked only while the guest is stopped (`state` is 'stopped' or 'off').
//    Asking while it runs throws a TransplantError 'GUEST_RUNNING': stop it first. A breakpoint's handler is called with
//    the guest stopped, so it may ask.
// 3. It is read-only by design: console input is what a person at the terminal could do, and nothing else writes into
//    the guest. Debuggers get `DebugPort`, a capability of its own that is handed out separately.
// 4. Reads never disturb: no accessed bit is set, no device register is touched, no virtual time passes.
// 5. What only some can tell is a capability: it is asked for (`port.capabilities.time`), and whoever asks can do without it or
//    refuses by name (`requireCapability`).
//
// Example, printing who calls a function:
//
//   await port.setBreakpoint(symbol.address, async (hit) => {
//     const registers = await port.registers(hit.cpu)
//     const caller = readU64(await port.readVirtual(registers.rsp, 8, { cpu: hit.cpu }), 0)
//     console.log(formatAddress(caller))
//     return 'continue'
//   })
//   const stop = await port.run({ instructions: 1_000_000 })

import {
  type CancelSignal,
  type Disposable,
  type Event,
  type PhysAddr,
  TransplantError,
  type VirtAddr,
} from '../base/index.js'
import type { StuckCpu } from './wake.js'

/**
 * The registers of one vCPU, as the SDM names them. Where a remote cannot know one (gdb has no LDTR base), it reads 0 and is listed in
 * `unknown`.
 */
export interface Registers {
  readonly rax: bigint
  readonly rbx: bigint
  readonly rcx: bigint
  readonly rdx: bigint
  readonly rsi: bigint
  readonly rdi: bigint
  readonly rbp: bigint
  readonly rsp: VirtAddr
  readonly r8: bigint
  readonly r9: bigint
  readonly r10: bigint
  readonly r11: bigint
  readonly r12: bigint
  readonly r13: bigint
  readonly r14: bigint
  readonly r15: bigint
  readonly rip: VirtAddr
  readonly rflags: bigint
  readonly cs: number
  readonly ss: number
  readonly ds: number
  readonly es: number
  readonly fs: number
  readonly gs: number
  readonly fsBase: VirtAddr
  readonly gsBase: VirtAddr
  readonly kernelGsBase: VirtAddr
  readonly cr0: bigint
  readonly cr2: VirtAddr
  readonly cr3: bigint
  readonly cr4: bigint
  readonly cr8: bigint
  readonly efer: bigint
  /** CS.RPL; in real mode 0. */
  readonly cpl: number
  readonly unknown: readonly string[]
}

/** Whose page tables translate a virtual address: those a vCPU uses now, or 4-level tables at a given CR3 value. */
export type AddressSpace =
  | { readonly cpu: number }
  | {
      /** The register, as it would be loaded: bits 51:12 are the physical address of the PML4. */
      readonly cr3: bigint
    }

/** What one vCPU does. 'waiting' is wait-for-SIPI; 'unknown' where a remote cannot say. */
export type CpuActivity = 'running' | 'halted' | 'waiting' | 'unknown'

/** A linear address was about to execute; the instruction there has not executed. */
export interface BreakpointHit {
  readonly cpu: number
  /** Linear, where it was set. */
  readonly address: VirtAddr
}

/** 'stop' ends the run with reason 'breakpoint'. */
export type BreakpointAction = 'continue' | 'stop'
/** Called when a vCPU arrives at a breakpoint, before the instruction executes. */
export type BreakpointHandler = (hit: BreakpointHit) => BreakpointAction | Promise<BreakpointAction>

/** What a watchpoint waits for. */
export type WatchedAccess = 'read' | 'write' | 'access'

/** Why a guest is stopped. */
export type StopReason =
  | { readonly reason: 'limit' } // the instructions asked for have retired
  | { readonly reason: 'output' } // console output satisfied `until`
  | { readonly reason: 'stop-request' } // stop() was called
  | {
      readonly reason: 'breakpoint'
      readonly cpu: number
      /** Of the instruction that has not run yet. */
      readonly address: VirtAddr
    }
  | { readonly reason: 'step'; readonly cpu: number }
  // The instruction before RIP accessed watched memory:
  | {
      readonly reason: 'watchpoint'
      readonly cpu: number
      /** Where the watched range begins. */
      readonly address: VirtAddr
      readonly access: WatchedAccess
    }
  | { readonly reason: 'idle' } // no vCPU runs, and only console input can wake one
  | { readonly reason: 'stuck'; readonly vcpus: readonly StuckCpu[] } // nothing can wake any vCPU, not even input
  | {
      readonly reason: 'exit'
      /** What was written to isa-debug-exit: (value << 1) | 1. */
      readonly status: number
    }
  | { readonly reason: 'power-off' }
  // Only where the machine does not reboot by itself:
  | { readonly reason: 'reset'; readonly cause: ResetCause; readonly tripleFault?: TripleFault }

/** Who asked for a reset. */
export type ResetCause = 'triple-fault' | 'keyboard-controller' | 'reset-control' | 'port-92'

/** Three faults in a row that no handler could be entered for (SDM 3A 6.15, interrupt 8). */
export interface TripleFault {
  readonly cpu: number
  /** Of the instruction that faulted, or before which the interrupt came. */
  readonly rip: VirtAddr
  /** The fault, the one that arose while it was delivered, and the one that arose while the double fault was. */
  readonly vectors: readonly [number, number, number]
  /** The vector that began it: the first fault's own, or that of the interrupt or exception whose delivery it arose in. */
  readonly origin: number
  /** What began it was an interrupt (external, NMI, INT n), not an exception. */
  readonly byInterrupt: boolean
}

/** What ends a run. */
export interface RunLimit {
  /**
   * Stop after so much more virtual time: instructions of the whole machine, and what it skips while no vCPU can run, so that
   * an idle guest comes to an end too. A whole number from 0 on. Ignored by a remote that cannot count.
   */
  readonly instructions?: number
  /** Stop with reason 'output' when this returns true; called with each piece of console output. */
  readonly until?: (output: ConsoleOutput) => boolean
  /** Stop with reason 'stop-request' when this turns: looked at between two slices. The machine may go on later. */
  readonly signal?: CancelSignal
  /** Called now and then, every few million instructions. */
  readonly onProgress?: (progress: RunProgress) => void
}

/** How far a run has come. */
export interface RunProgress {
  /** Of this run. */
  readonly instructions: number
  /** Of the machine. */
  readonly time: number
}

/** Console channels: 0 is COM1 (the console), 1 is COM2 (the agent's). */
export type ConsoleChannel = 0 | 1

/** Bytes that a guest has sent over a serial line. */
export interface ConsoleOutput {
  readonly channel: ConsoleChannel
  /** At least one. */
  readonly bytes: Uint8Array
  /** Machine time, in instructions; undefined where a remote cannot count. */
  readonly time: number | undefined
}

/** A store to a device, as the vCPU made it. */
export interface DeviceWrite {
  readonly cpu: number
  readonly space: 'port' | 'memory'
  /** The port, or the physical address. */
  readonly address: number
  /** 1, 2, 4 or 8 bytes. */
  readonly size: number
  /** Unsigned; of 8 bytes the low 32 bits. */
  readonly value: number
  /** Machine time, in instructions. */
  readonly time: number
}

/** An event of the core: `kind` is one EVENT_* bit, which says what `a` and `b` are. */
export interface CoreEvent {
  readonly cpu: number
  /** One EVENT_* bit. */
  readonly kind: number
  /** The kind's first number (cpu/numbers/seam.ts). */
  readonly a: number
  /** The kind's second number. */
  readonly b: number
  /** Machine time, in instructions. */
  readonly time: number
}

/** A vCPU's privilege level has changed. */
export interface ModeChange {
  readonly cpu: number
  /** CPL before it. */
  readonly from: number
  /** CPL after it. */
  readonly to: number
  /** Machine time, in instructions. */
  readonly time: number
}

/**
 * What only some can tell. Listeners are called while a vCPU executes, so they only take notes; each subscription stands for
 * itself, whoever else listens. Times are machine time, in instructions.
 */
export interface GuestCapabilities {
  /** Instructions retired by all vCPUs since power-up, and the time skipped while none could run. */
  readonly time?: () => Promise<number>
  /** Instructions that one vCPU has retired since power-up; throws GUEST_NO_CPU for one that is not there. */
  readonly retired?: (cpu: number) => Promise<number>
  /** Every write to a port or to a device's memory. */
  readonly deviceWrites?: (listener: (write: DeviceWrite) => void) => Promise<Disposable>
  /** A vCPU's way into the kernel and out of it. */
  readonly modeChanges?: (listener: (change: ModeChange) => void) => Promise<Disposable>
  /** Events whose kind is in the mask, a union of EVENT_* bits. */
  readonly coreEvents?: (mask: number, listener: (event: CoreEvent) => void) => Promise<Disposable>
}

/** A capability that the caller cannot do without; throws GUEST_NO_CAPABILITY. */
export function requireCapability<K extends keyof GuestCapabilities>(
  port: GuestPort,
  name: K,
): NonNullable<GuestCapabilities[K]> {
  const capability = port.capabilities[name]
  if (capability !== undefined) return capability as NonNullable<GuestCapabilities[K]>
  throw new TransplantError('GUEST_NO_CAPABILITY', `A guest on ${port.kind} cannot tell '${name}'.`, 'Use our machine.')
}

/** The way to look into a guest: reads, runs and listens, never writes. */
export interface GuestPort {
  /** 'transplant' or 'qemu': for reports only, never to branch on. */
  readonly kind: string
  /** Each is named by its number from 0 on. */
  readonly vcpus: number
  /** Bytes of RAM, from physical address 0 on. */
  readonly memoryBytes: number
  /** 'off' cannot run any more. */
  readonly state: 'stopped' | 'running' | 'off'
  /** What only some can tell. */
  readonly capabilities: GuestCapabilities

  /** A copy of `length` bytes of RAM or ROM. Throws GUEST_NO_MEMORY where part of the range is neither, GUEST_RUNNING. */
  readPhysical(address: PhysAddr, length: number): Promise<Uint8Array>
  /**
   * Reads `length` bytes through page tables, across pages. Throws GUEST_NOT_MAPPED naming the first address that is not mapped,
   * GUEST_NO_MEMORY, GUEST_NO_CPU, GUEST_RUNNING.
   */
  readVirtual(address: VirtAddr, length: number, space: AddressSpace): Promise<Uint8Array>
  /**
   * The physical address; undefined where nothing is mapped. Permissions are not checked, no accessed bit is set (SDM 3A 4.5). Throws
   * GUEST_NO_CPU, GUEST_RUNNING, GUEST_PAGING_MODE where the vCPU's kind of paging is not read.
   */
  translate(address: VirtAddr, space: AddressSpace): Promise<PhysAddr | undefined>
  /** The registers of one vCPU, as they are before its next instruction. Throws GUEST_NO_CPU, GUEST_RUNNING. */
  registers(cpu: number): Promise<Registers>
  /** What one vCPU does. Throws GUEST_NO_CPU, GUEST_RUNNING. */
  activity(cpu: number): Promise<CpuActivity>

  /**
   * Runs until something stops it. Throws GUEST_RUNNING where it runs already, RUN_LIMIT for a number that is none, and what handlers
   * throw.
   */
  run(limit?: RunLimit): Promise<StopReason>
  /** Asks a running guest to stop; resolves when it has. At a guest that stands still it does nothing. */
  stop(): Promise<void>
  /**
   * Executes `count` instructions (default 1) on one vCPU while the others stand still; a halted one executes none. Throws GUEST_NO_CPU,
   * GUEST_RUNNING.
   */
  step(cpu: number, count?: number): Promise<StopReason>
  /**
   * Calls `handler` before the instruction at `address` executes on any vCPU; without one: stops. Several at one address are called in the
   * order they were set. Dispose while stopped. Throws BAD_ARGUMENT for what is no address or no handler.
   */
  setBreakpoint(address: VirtAddr, handler?: BreakpointHandler): Promise<Disposable>

  /**
   * Queues input for a serial port, as typed by a person at this instant of virtual time. Throws GUEST_NO_CONSOLE where the line is not
   * there, BAD_ARGUMENT for what is no channel or no Uint8Array.
   */
  sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void>
  /** What the guest sends over its serial lines. */
  readonly onConsole: Event<ConsoleOutput>
  /** Each end of a run or a step. */
  readonly onStop: Event<StopReason>
}

/** Names of registers that a debugger may write. */
export type WritableRegister =
  | 'rax'
  | 'rbx'
  | 'rcx'
  | 'rdx'
  | 'rsi'
  | 'rdi'
  | 'rbp'
  | 'rsp'
  | 'r8'
  | 'r9'
  | 'r10'
  | 'r11'
  | 'r12'
  | 'r13'
  | 'r14'
  | 'r15'
  | 'rip'
  | 'rflags'
  | 'fsBase'
  | 'gsBase'

/** What FXSAVE64 would store of a vCPU (SDM 1 10.5.1: x87 registers in the order of the stack, MXCSR at 24), 512 bytes. */
export interface VectorState {
  /** 512 bytes. */
  readonly fxsave: Uint8Array
  /** Bits 128 to 255 of YMM0 to YMM15, 16 bytes each; undefined where the CPU has no AVX. */
  readonly ymmUpper: Uint8Array | undefined
}

/** The capability to change a guest by hand. Only the gdb stub and fault injection hold one; it voids determinism proofs. */
export interface DebugPort {
  /**
   * Stops a run with reason 'watchpoint' after an instruction that accesses one of `length` bytes from `address` on, on any vCPU. While one is set, the
   * guest runs an instruction at a time. Throws GUEST_WATCHPOINTS where there are too many.
   */
  setWatchpoint(address: VirtAddr, length: number, access: WatchedAccess): Promise<Disposable>
  /** x87, MMX, SSE and AVX registers. Throws GUEST_NO_CPU, GUEST_RUNNING. */
  readVectors(cpu: number): Promise<VectorState>
  /** Writes all of them. Throws GUEST_NO_CPU, GUEST_RUNNING. */
  writeVectors(cpu: number, state: VectorState): Promise<void>
  /** Writes one register: the low 64 bits of `value`. Throws GUEST_NO_CPU, GUEST_RUNNING. */
  writeRegister(cpu: number, name: WritableRegister, value: bigint): Promise<void>
  /** Writes to RAM. Throws GUEST_NO_MEMORY where part of the range is none, and GUEST_RUNNING. */
  writePhysical(address: PhysAddr, bytes: Uint8Array): Promise<void>
  /** Writes through page tables, read-only pages too. Throws GUEST_NOT_MAPPED, GUEST_NO_MEMORY, GUEST_NO_CPU, GUEST_RUNNING. */
  writeVirtual(address: VirtAddr, bytes: Uint8Array, space: AddressSpace): Promise<void>
}
