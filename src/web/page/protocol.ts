// What crosses between the page and its worker: methods of the laboratory, each answered once, and events as they happen.
// Structured clones only; it imports types alone, so that the page loads nothing of the machine.

import type { Accepted, Refusal } from '../../base/index.js'
import type { LivePatch } from '../../guest/index.js'
import type { ConsoleChannel } from '../../machine/index.js'
import type { PatchReport } from '../../patch/index.js'
import type { UpgradeReport } from '../../upgrade/index.js'

/** The files that the page ships, fetched once by the page and given to the worker. */
export interface ShippedImages {
  readonly coreWasm: Uint8Array
  readonly firmware: Uint8Array
  readonly kernel: Uint8Array
  readonly nextKernel: Uint8Array
  readonly initrd: Uint8Array
  /** Patch modules by their file names. */
  readonly modules: Readonly<Record<string, Uint8Array>>
}

/** The guest that is to be booted. What is left out is as in `transplant run`. */
export interface BootOptions {
  /** A kernel of the person's own; default Scion 1.0. */
  readonly kernel?: Uint8Array
  /** Default: Scion's, with the next kernel and the patch modules in it; none for a kernel of the person's own. */
  readonly initrd?: Uint8Array
  readonly append?: string
  readonly vcpus?: number
  readonly memoryMiB?: number
  readonly seed?: number
  readonly meanSlice?: number
  /** Calls that the kernel is to do without, for who wants to see what they are good for. */
  readonly leaveOut?: readonly LeftOutCall[]
}

/** The n-th call, counted from 0, of `callee` in a function, which may have more names than one. */
export interface LeftOutCall {
  readonly inside: readonly string[]
  readonly callee: string
  readonly nth: number
}

/** A guest that the worker holds. */
export interface SessionInfo {
  readonly session: number
  readonly vcpus: number
  readonly memoryBytes: number
  readonly seed: string
}

/** The value, or why there is none, in a sentence; of a source also the line, or the symbol that it is about. */
export type Outcome<T> = Accepted<T> | Refused
export type Refused = Refusal & { readonly line?: number; readonly symbol?: string }

/** What a vCPU is doing. */
export interface VcpuStatus {
  readonly activity: string
  readonly rip: string
  /** `symbol+0x12` where the kernel is known and the guest stands still. */
  readonly at: string | undefined
}

/** How a guest stands. */
export interface Status {
  readonly session: number
  readonly state: 'running' | 'paused' | 'waiting' | 'off'
  /** The worker is at something that takes a while: what, in a word. */
  readonly busy: string | undefined
  /** Virtual time in nanoseconds, and the furthest that the run has come. */
  readonly time: number
  readonly end: number
  /** Instructions retired by all vCPUs. */
  readonly instructions: number
  /** Million instructions per second of wall time, of late. */
  readonly mips: number
  readonly vcpus: readonly VcpuStatus[]
  /** Why it is off or stopped, in words. */
  readonly why: string | undefined
}

export type BenchEvent =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'console'; readonly session: number; readonly time: number; readonly bytes: Uint8Array }
  /** The guest was moved to an earlier instant: what the console said later is not said yet. */
  | { readonly kind: 'moved'; readonly session: number; readonly time: number }

/** A function of the running kernel, where it lies now. */
export interface KernelFunction {
  readonly name: string
  readonly address: bigint
  readonly size: number
  /** Its entry can be redirected; undefined where the kernel does not tell beforehand. */
  readonly patchable: boolean | undefined
}

/** The functions of the running kernel, by name; undefined where they are those of the key that the asker knows. */
export interface FunctionList {
  readonly key: string
  readonly functions: readonly KernelFunction[] | undefined
}

/** The entry of a function as it is in the guest's memory now. */
export interface Entry {
  /** "0f 1f 44 00 00"; empty where nothing is mapped. */
  readonly bytes: string
  readonly state: 'at-rest' | 'breakpoint' | 'call' | 'other'
}

export interface ListedInstruction {
  readonly address: string
  readonly bytes: string
  readonly text: string
}

/** A task of the guest. */
export interface TaskRow {
  readonly pid: number
  readonly comm: string
  readonly isKernelThread: boolean
  /** 'asleep': switched away; 'kernel', 'user': on a vCPU. */
  readonly where: 'asleep' | 'kernel' | 'user'
  /** As /proc/<pid>/patch_state: -1 no transition, 0 unpatched, 1 patched. */
  readonly patchState: number
  /** It has not come to where the transition is going. */
  readonly isStraggler: boolean
  /** Of stragglers and of the chosen task: calls from the innermost on. */
  readonly stack: readonly string[] | undefined
}

export interface TaskView {
  readonly rows: readonly TaskRow[]
  /** The patch whose transition is under way. */
  readonly transition: { readonly patch: string; readonly enabling: boolean } | undefined
}

/** A patch to apply: a text of assembly, a module that the page ships, or one of the person's own. */
export type PatchSource =
  | { readonly kind: 'assembly'; readonly name: string; readonly text: string }
  | { readonly kind: 'shipped'; readonly file: string }
  | { readonly kind: 'module'; readonly name: string; readonly bytes: Uint8Array }

/** A part of an upgrade, in virtual time. */
export interface Phase {
  readonly name: string
  readonly says: string
  readonly from: number
  readonly to: number
}

/** What a frame of RAM can have become in an upgrade; 'left' holds something that nobody has touched. */
export const FRAME_KINDS = ['free', 'left', 'old-kernel', 'new-kernel', 'rebuilt', 're-hashed', 'kept'] as const
export type FrameKind = (typeof FRAME_KINDS)[number]

export interface UpgradeView {
  readonly report: UpgradeReport
  readonly phases: readonly Phase[]
  /** One byte a frame, an index into FRAME_KINDS; undefined where the new kernel never came up. */
  readonly map: Uint8Array | undefined
}

/** What would be loaded. */
export interface BuiltPatch {
  readonly name: string
  readonly bytes: number
  readonly functions: readonly string[]
}

/** The source of a patch. */
export interface PatchText {
  readonly name: string
  readonly text: string
}

/** A guest at the beginning of an experiment that somebody shared. */
export interface SharedGuest extends SessionInfo {
  readonly sources: readonly PatchText[]
  /** Where it ends: virtual time, and the hash of the state. */
  readonly end: { readonly time: number; readonly hash: string }
}

/** How repeating an experiment ended. */
export type Repetition =
  | { readonly kind: 'same'; readonly hash: string }
  | { readonly kind: 'different'; readonly hash: string; readonly time: number }
  | { readonly kind: 'stopped' }

/** What a command in the guest came to. */
export interface CommandOutcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A future in which the kernel complained. */
export interface WrongFuture {
  readonly seed: number
  /** Instructions that a vCPU runs in a turn, in the mean. */
  readonly meanSlice: number
  /** What the console said of it, or how the machine ended. */
  readonly said: readonly string[]
  /** All that it printed. */
  readonly console: string
  /** The guest there. */
  readonly guest: SessionInfo
}

/** Many futures of one instant; of those that went wrong in one way the first. */
export interface Futures {
  readonly tried: number
  readonly stumbled: number
  readonly kinds: readonly WrongFuture[]
}

/** Where a run is to stop. */
export type Direction = 'forward' | 'back'

/** The methods that the worker answers. */
export interface Laboratory {
  load(images: ShippedImages): void
  boot(options: BootOptions): Outcome<SessionInfo>
  close(session: number): void
  type(session: number, channel: ConsoleChannel, bytes: Uint8Array): void
  resume(session: number): void
  pause(session: number): void
  step(session: number, cpu: number): void
  stepBack(session: number, instructions: number): void
  goTo(session: number, time: number): void
  /** True where the function was reached. */
  runTo(session: number, name: string, direction: Direction): Outcome<boolean>
  fork(session: number): SessionInfo
  snapshot(session: number): Uint8Array
  openSnapshot(file: Uint8Array): Outcome<SessionInfo>
  hash(session: number): string
  /** Virtual time. */
  now(session: number): number
  /** The run so far as a text; the guest stands still then. */
  share(session: number, sources: readonly PatchText[]): Outcome<string>
  /** `own`: files of the person's, which the experiment may be of. */
  openShared(text: string, own: Pick<BootOptions, 'kernel' | 'initrd'>): Outcome<SharedGuest>
  /** Repeats the experiment that the guest was opened with. */
  repeat(session: number): Repetition
  /** Reads the engines, so that nothing has to be fetched later. */
  warm(): void

  /** Runs a command line through the guest's agent. */
  exec(session: number, command: string): CommandOutcome
  /** Lets a guest run for so much virtual time, or until it waits for input. */
  goOn(session: number, time: number): void
  /** The same instant again and again, each time with other interleavings of the vCPUs. */
  futures(session: number, count: number, time: number): Futures

  /** `known`: the key of the list that the asker has. */
  functions(session: number, known: string): FunctionList
  entries(session: number, addresses: readonly bigint[]): readonly Entry[]
  listing(session: number, address: bigint, bytes: number): readonly ListedInstruction[]

  tasks(session: number, chosen: number | undefined): TaskView

  build(session: number, source: PatchSource): Outcome<BuiltPatch>
  apply(session: number, source: PatchSource): Outcome<PatchReport>
  livePatches(session: number): readonly LivePatch[]
  /** Writes the patch's `enabled` in sysfs; what the guest says against it, or nothing. */
  enable(session: number, patch: string, on: boolean): string

  /** To Scion 1.1, or to an image of the person's own. */
  upgrade(session: number, image: Uint8Array | undefined): Outcome<UpgradeView>
}

export type Method = keyof Laboratory
export type Answer<M extends Method> = Awaited<ReturnType<Laboratory[M]>>

/** Towards the worker. */
export interface Call {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

/** From the worker. */
export type Message =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'failure'
      readonly id: number
      readonly code: string
      readonly message: string
      readonly hint: string
    }
  | { readonly kind: 'event'; readonly event: BenchEvent }
