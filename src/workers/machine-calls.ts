// How a Machine looks from another thread, as a type: the same names, arguments and results, each result promised. What
// RemoteMachine implements is computed from Machine itself, so that a change of Machine that does not fit is a compile error
// here: give the new method to RemoteMachine, or name it below as one that stays at home.

import type { Machine, MachinePort, MachineStatistics, StopReason } from '../machine/index.js'

/** The same members; methods answer by a promise, events and properties are as they are. */
export type Promised<T> = {
  readonly [K in keyof T]: K extends `on${string}`
    ? T[K]
    : T[K] extends (...args: infer Arguments) => infer Value
      ? (...args: Arguments) => Promise<Awaited<Value>>
      : T[K]
}

/** Members that hand out memory of the machine's own thread, or are handed its objects. */
export type Local =
  | 'stoppingAt'
  | 'setWatchpoint'
  | 'ram'
  | 'coreWasm'
  | 'editState'
  | 'save'
  | 'load'
  | 'tag'
  | 'version'
  | 'fork'
  | 'pagesCopied'
  | 'compilerStatistics'

/** The methods of a machine, each result promised. */
export type RemoteMachineApi = Promised<Omit<Machine, Local>>

/** Methods whose arguments and results are plain data: they cross as they are. */
export const PLAIN_MACHINE_CALLS = [
  'step',
  'runTo',
  'reset',
  'sendConsole',
  'replayInput',
  'reseed',
  'activity',
  'registers',
  'vectors',
  'readPhysical',
  'translate',
  'diskContents',
  'screenRows',
  'writePhysical',
  'hash',
  'pageHash',
] as const satisfies readonly (keyof RemoteMachineApi)[]
export type PlainMachineCall = (typeof PLAIN_MACHINE_CALLS)[number]

/** The same of a GuestPort; run, stop and breakpoints have handlers and are made of calls of the machine. */
export const PLAIN_PORT_CALLS = [
  'readPhysical',
  'readVirtual',
  'translate',
  'registers',
  'activity',
  'step',
] as const satisfies readonly (keyof MachinePort)[]
export type PlainPortCall = (typeof PLAIN_PORT_CALLS)[number]

export const PLAIN_DEBUG_CALLS = [
  'readVectors',
  'writeVectors',
  'writeRegister',
  'writePhysical',
  'writeVirtual',
] as const
export type PlainDebugCall = (typeof PLAIN_DEBUG_CALLS)[number]

export const MACHINE_EVENTS = [
  'onConsole',
  'onReset',
  'onTripleFault',
  'onInput',
  'onDeviceWrite',
] as const satisfies readonly (keyof Machine)[]
/** The name under which the core's events cross, once they were asked for. */
export const CORE_EVENT = 'coreEvent'
export type MachineEvent = (typeof MACHINE_EVENTS)[number]

/** Comes with every answer, so that the properties are those of the machine as it answered. */
export interface MachineStatus {
  readonly now: number
  readonly poweredOff: StopReason | undefined
  readonly statistics: MachineStatistics
}

export interface Answer {
  readonly value: unknown
  readonly status: MachineStatus
}

/** One stretch of a run: `eachOutput` also ends it at each piece of console output, for the caller to judge. */
export interface Stretch {
  readonly instructions: number
  readonly eachOutput: boolean
}

export interface StretchEnd {
  readonly stop: StopReason
  /** The machine's time as it began. */
  readonly start: number
}

export interface StretchProgress {
  readonly instructions: number
  readonly status: MachineStatus
}
