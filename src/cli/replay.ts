// `transplant run --replay FILE`: a recorded run once more, input by input, and whether it is the same one.

import type { Command } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { decodeRecording, Machine, replay } from '../machine/index.js'
import { readNamedFile } from './files.js'
import { readCore, refuseIdle } from './machine-options.js'
import { CommandFailure, printJson, refused, say } from './output.js'
import { Tape } from './tape.js'

export interface ReplayFlags {
  readonly replay: string
  readonly cast?: string
  readonly json?: boolean
}

/** What does say something beside --replay. */
const WELCOME = new Set(['replay', 'cast', 'json', 'vga'])

/** Repeats the run; its machine as it ended. Throws 'replay-diverged' (exit code 8) where it is another run. */
export function replayRun(image: string | undefined, flags: ReplayFlags, command: Command): Machine {
  if (image !== undefined) {
    throw new CommandFailure(EXIT_CODES.usage, 'idle-argument', `'${image}' says nothing beside --replay.`)
  }
  const names = command.options.map((option) => option.attributeName()).filter((name) => !WELCOME.has(name))
  refuseIdle(command, names, 'beside --replay: the recording has everything')
  const read = decodeRecording(readNamedFile(flags.replay))
  if (!read.ok) throw refused(read)
  const { start, inputs, checkpoints } = read.value
  const machine = Machine.from(start, readCore())
  const tape = new Tape(machine, flags.cast === undefined ? {} : { cast: flags.cast })
  if (flags.json !== true) {
    machine.onConsole(({ channel, bytes }) => {
      if (channel === 0) process.stdout.write(bytes)
    })
  }
  const verdict = replay(machine, read.value)
  tape.finish()
  if (!verdict.ok) throw refused(verdict)
  const { time, hash } = verdict.value
  if (flags.json === true) {
    printJson({
      schema: 'transplant-replay/1',
      ...{ ok: verdict.ok, time, hash, inputs: inputs.length, checkpoints: checkpoints.length },
    })
  } else {
    const came = `${inputs.length} ${inputs.length === 1 ? 'input' : 'inputs'}`
    say(`the same run: ${came}, ${time.toLocaleString('en-US')} ns, state ${hash} as recorded`)
  }
  return machine
}
