// Recording and replay. The machine is deterministic, so a recording is where it starts and what came in from outside.
//
//   const recorder = new Recorder(machine)      // from here on
//   ... run, type, step ...
//   const recording = recorder.finish()
//   const verdict = replay(new Machine(recording.start.configuration, coreWasm), recording)
//
// Each input is given again at its exact position (time and slice). The recording ends with the state hash, which the
// replay must reach; checkpoints on the way show where a divergence begins.

import { type Accepted, accept, type Refusal, refuse, requireKind, TransplantError } from '../base/index.js'
import type { Input, Machine } from './machine.js'
import type { MachineView } from './machine-view.js'
import { requireSnapshot, type Snapshot } from './snapshot.js'

/** A hash of the machine at one position of a recording. */
export interface Checkpoint {
  /** Virtual time, in instructions. */
  readonly time: number
  /** Since power-up. */
  readonly slices: number
  /** Inputs that had come in by then: several may have the same position. */
  readonly inputs: number
  readonly hash: string
}

/** Everything that is needed to repeat a run bit for bit. */
export interface Recording {
  readonly start: Snapshot
  readonly inputs: readonly Input[]
  readonly checkpoints: readonly Checkpoint[]
  readonly end: Checkpoint
}

/** Where a replay ended and with what state, or at what `time` it was no longer the same as its recording. */
export type ReplayVerdict =
  | Accepted<{
      /** Virtual time of the end, in instructions. */
      readonly time: number
      readonly hash: string
    }>
  | (Refusal<'replay-diverged'> & {
      /** Virtual time, in instructions, at which it was found. */
      readonly time: number
    })

/** Records what enters a machine from outside. */
export class Recorder {
  private readonly machine: Machine
  private readonly start: Snapshot
  private readonly inputs: Input[] = []
  private readonly checkpoints: Checkpoint[] = []
  private readonly subscription: { dispose(): void }

  /** Records from this instant on. */
  constructor(machine: Machine) {
    this.machine = machine
    this.start = machine.snapshot()
    this.subscription = machine.onInput((input) => this.inputs.push(input))
  }

  private here(): Checkpoint {
    const { machine, inputs } = this
    return { time: machine.now, slices: machine.statistics.slices, inputs: inputs.length, hash: machine.hash() }
  }

  /** Notes the state hash here, so that a replay can say early where it diverges. */
  checkpoint(): void {
    this.checkpoints.push(this.here())
  }

  /** Ends the recording at this instant; what is typed later is not in it. */
  finish(): Recording {
    this.subscription.dispose()
    return { start: this.start, inputs: this.inputs, checkpoints: this.checkpoints, end: this.here() }
  }
}

/**
 * Restores `machine` to the start of the recording and repeats it to its end; refuses ('replay-diverged', with the time) where it was not
 * the same run. Throws REPLAY_CONFIGURATION for a machine of another shape, SNAPSHOT_CONFIGURATION or BAD_ARGUMENT for what is no
 * recording.
 */
export function replay(machine: Machine, recording: Recording): ReplayVerdict {
  requireKind('machine', machine, 'object')
  requireKind('recording', recording, 'object')
  requireSnapshot(recording.start)
  requireSameShape(machine, recording)
  machine.restore(recording.start)
  const stations = [
    ...recording.inputs.map((input, order) => ({
      time: input.time,
      slices: input.slices,
      order: 2 * order + 1,
      input,
      checkpoint: undefined,
    })),
    ...recording.checkpoints.map((checkpoint) => ({
      time: checkpoint.time,
      slices: checkpoint.slices,
      order: 2 * checkpoint.inputs,
      input: undefined,
      checkpoint,
    })),
  ].sort((a, b) => a.time - b.time || a.slices - b.slices || a.order - b.order)
  for (const station of stations) {
    const early = machine.runTo(station.time, station.slices)
    if (early !== undefined || machine.now !== station.time)
      return diverged(
        machine,
        `it stopped (${early?.reason ?? 'past the position'}) before instruction ${station.time}`,
      )
    if (station.input !== undefined) machine.replayInput(station.input)
    else if (station.checkpoint !== undefined && machine.hash() !== station.checkpoint.hash) {
      return diverged(machine, `the state differs from the checkpoint at instruction ${station.time}`)
    }
  }
  machine.runTo(recording.end.time, recording.end.slices)
  const hash = machine.hash()
  if (machine.now !== recording.end.time || hash !== recording.end.hash) {
    return diverged(machine, `the final state ${hash} is not the recorded ${recording.end.hash}`)
  }
  return accept({ time: machine.now, hash })
}

function diverged(machine: MachineView, why: string): ReplayVerdict {
  const hint = 'Replay with the core and the images that it was recorded with.'
  return refuse('replay-diverged', `The replay diverged: ${why}.`, hint, { time: machine.now })
}

/** Guards against a recording of another machine: same RAM and vCPUs. */
function requireSameShape(machine: MachineView, recording: Recording): void {
  const { memoryBytes, vcpus } = recording.start.configuration
  if (memoryBytes !== machine.memoryBytes || vcpus !== machine.vcpus) {
    throw new TransplantError(
      'REPLAY_CONFIGURATION',
      `The recording is of a machine with ${vcpus} vCPUs and ${memoryBytes} bytes of RAM.`,
      'Create the machine from recording.start.configuration.',
    )
  }
}
