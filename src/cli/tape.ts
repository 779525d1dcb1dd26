// What a run leaves behind: a recording that repeats it (--record), and a film of its console (--cast). Both go by virtual time.

import { encodeText } from '../base/index.js'
import { CastWriter } from '../format/index.js'
import { encodeRecording, type Machine, Recorder } from '../machine/index.js'
import { requireWritable, writeNamedFile } from './files.js'
import { say } from './output.js'

export interface TapeFlags {
  readonly record?: string
  readonly cast?: string
}

/** Virtual time between two hashes on the way: what a replay can say of where it begins to differ. */
const CHECKPOINT_EVERY = 0.25e9

/** Takes notes of a machine from the instant that it is made at. Its files are tried before the guest runs. */
export class Tape {
  private readonly machine: Machine
  private readonly flags: TapeFlags
  private readonly recorder: Recorder | undefined
  private readonly cast: CastWriter | undefined
  private readonly listener: { dispose(): void } | undefined
  private nextCheckpoint: number

  constructor(machine: Machine, flags: TapeFlags) {
    this.machine = machine
    this.flags = flags
    requireWritable(flags.record)
    requireWritable(flags.cast)
    this.nextCheckpoint = machine.now + CHECKPOINT_EVERY
    if (flags.record !== undefined) this.recorder = new Recorder(machine)
    if (flags.cast === undefined) return
    const begin = machine.now
    const cast = new CastWriter()
    this.cast = cast
    this.listener = machine.onConsole(({ channel, bytes, time }) => {
      if (channel === 0) cast.event(((time ?? begin) - begin) / 1e9, 'o', bytes)
    })
  }

  /** Whether anything is to be kept. */
  get runs(): boolean {
    return this.recorder !== undefined || this.cast !== undefined
  }

  /** Between two stretches of a run. */
  breathe(): void {
    if (this.recorder === undefined || this.machine.now < this.nextCheckpoint) return
    this.nextCheckpoint = this.machine.now + CHECKPOINT_EVERY
    this.recorder.checkpoint()
  }

  /** Writes the files, however the run has ended. */
  finish(): void {
    const { record, cast } = this.flags
    this.listener?.dispose()
    if (cast !== undefined && this.cast !== undefined) {
      writeNamedFile(cast, encodeText(this.cast.finish()))
      say(`wrote ${cast}; show it with asciinema play ${cast}`)
    }
    if (record === undefined || this.recorder === undefined) return
    writeNamedFile(record, encodeRecording(this.recorder.finish()))
    say(`recorded ${record}; repeat it with transplant run --replay ${record}`)
  }
}
