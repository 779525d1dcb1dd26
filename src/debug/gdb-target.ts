// What gdb's stub drives: a machine of ours, forward and, where its history is kept, backward.

import type { CpuModel } from '../cpu/index.js'
import {
  type DebugPort,
  type GuestPort,
  requireCapability,
  type StopReason,
  type Stops,
  type Timeline,
} from '../machine/index.js'

/** A guest as its debugger needs it. */
export interface GdbTarget {
  readonly port: GuestPort
  readonly debug: DebugPort
  readonly cpu: CpuModel
  /** Runs on until a breakpoint, `interrupt`, or its end. */
  resume(): Promise<StopReason>
  /** Ends `resume` soon, with reason 'stop-request'. */
  interrupt(): void
  /** One instruction of a vCPU; `alone`: while the others stand still. */
  step(cpu: number, alone: boolean): Promise<StopReason>
  /** Undefined where no history is kept. */
  readonly history: GdbHistory | undefined
  /** The answer to gdb's `monitor LINE`. */
  monitor(line: string): Promise<string>
  /** What runs on a vCPU, for `info threads`; undefined if nobody can tell. */
  taskOn(cpu: number): Promise<string | undefined>
}

/** Backward. False: the beginning of what is known came first. */
export interface GdbHistory {
  /** Before the last instruction of this vCPU. */
  stepBack(cpu: number): boolean
  /** To where a vCPU was last about to do what one of these stops at. Without any: to the beginning. */
  runBack(stops: Stops): { readonly cpu: number | undefined } | undefined
}

/** Instructions of the others while one vCPU is to retire one; a vCPU that waits longer than that for its turn or for an interrupt stays where it is. */
const PATIENCE = 50_000_000

/** What `machineTarget` makes a target of. */
export interface MachineTargetParts {
  /** Over `timeline`, if there is one; a port that can tell `time` and `retired`, and lets memory and registers be written. */
  readonly port: GuestPort & { debugPort(): DebugPort }
  /** Which registers its vCPUs have. */
  readonly cpu: CpuModel
  readonly timeline?: Timeline
  /** How whoever owns the machine runs it on and interrupts that: paced, with input waited for. Default: the port's `run` and `stop`. */
  readonly running?: Pick<GdbTarget, 'resume' | 'interrupt'>
  /** Default: says that there is none. */
  readonly monitor?: (line: string) => Promise<string>
  /** Default: nobody can tell. */
  readonly taskOn?: (cpu: number) => Promise<string | undefined>
}

/** A machine as gdb's target. Throws GUEST_NO_CAPABILITY for a port that cannot tell `time` and `retired`. */
export function machineTarget(parts: MachineTargetParts): GdbTarget {
  const { port, timeline, cpu } = parts
  const time = requireCapability(port, 'time')
  const retired = requireCapability(port, 'retired')
  return {
    port,
    debug: port.debugPort(),
    cpu,
    ...(parts.running ?? { resume: () => port.run(), interrupt: () => void port.stop() }),
    step: async (cpu, alone) => {
      if (alone) return port.step(cpu)
      const before = await retired(cpu)
      const end = (await time()) + PATIENCE
      while ((await retired(cpu)) === before && (await time()) < end) {
        const stop = await port.run({ instructions: 1 })
        if (stop.reason !== 'limit') return stop
      }
      return { reason: 'step', cpu }
    },
    history: timeline && {
      stepBack: (cpu) => timeline.stepBackOn(cpu),
      runBack: (stops) => {
        const found = stops.places.length + stops.watched.length > 0 ? timeline.runBack(stops) : undefined
        if (found === undefined) timeline.goTo(0)
        return found
      },
    },
    monitor: parts.monitor ?? (async () => 'This target has no monitor.\n'),
    taskOn: parts.taskOn ?? (async () => undefined),
  }
}
