// A recording as one file: the snapshot it starts from, every input at its position, the checkpoints, and the end.
//
//   magic "TPRECORD" | format u32 | checksum | snapshot file | inputs | checkpoints | end
//
// The images travel in the snapshot, so that the file needs nothing beside it to be replayed.

import {
  accept,
  type Result,
  refuse,
  requireKind,
  type StateReader,
  StateWriter,
  TransplantError,
} from '../base/index.js'
import type { Input } from './machine.js'
import type { Checkpoint, Recording } from './recording.js'
import { openSealed, seal } from './sealed-file.js'
import { decodeSnapshot, encodeSnapshot } from './snapshot-file.js'

const MAGIC = 'TPRECORD'
const FORMAT = 1

/** Why a file cannot be read as a recording. */
export type RecordingRefusalCode = 'not-a-recording' | 'recording-version' | 'recording-damaged'

/** Kinds of input, by their number in the file. */
const KINDS = ['console', 'step', 'reset'] as const

/** A recording as the bytes of a file. Throws SNAPSHOT_CONFIGURATION or BAD_ARGUMENT for what is none. */
export function encodeRecording(recording: Recording): Uint8Array {
  requireKind('recording', recording, 'object')
  const body = new StateWriter()
  body.blob(encodeSnapshot(recording.start))
  body.u32(recording.inputs.length)
  for (const input of recording.inputs) writeInput(body, input)
  body.u32(recording.checkpoints.length)
  for (const checkpoint of recording.checkpoints) writeCheckpoint(body, checkpoint)
  writeCheckpoint(body, recording.end)
  return seal(MAGIC, FORMAT, body.finish())
}

/**
 * A recording from the bytes of a file. Refuses a file without the magic ('not-a-recording'), of a format that this build does not read
 * ('recording-version'), or whose hash or contents are wrong ('recording-damaged'). Throws BAD_ARGUMENT for what is no Uint8Array.
 */
export function decodeRecording(file: Uint8Array): Result<Recording, RecordingRefusalCode> {
  requireKind('file', file, 'bytes')
  const opened = openSealed(file, MAGIC, [FORMAT], readRecording)
  switch (opened.is) {
    case 'foreign':
      return refuse(
        'not-a-recording',
        `The file is not a Transplant recording: its first 8 bytes are not "${MAGIC}".`,
        'Give a file that --record has written.',
      )
    case 'other-format':
      return refuse(
        'recording-version',
        `The recording has format ${opened.format}; this build reads format ${FORMAT}.`,
        'Use the release that recorded it.',
      )
    case 'damaged':
      return refuse('recording-damaged', `The recording is damaged: ${opened.why}.`, 'Copy it again from where it was.')
    case 'whole':
      return accept(opened.value)
  }
}

function readRecording(body: StateReader): Recording {
  const decoded = decodeSnapshot(body.blob())
  if (!decoded.ok) throw wrong(`of its beginning: ${decoded.message.replace(/\.$/, '')}`)
  const start = decoded.value
  const inputs: Input[] = []
  for (let left = body.u32(); left > 0; left--) inputs.push(readInput(body, start.configuration.vcpus))
  const checkpoints: Checkpoint[] = []
  for (let left = body.u32(); left > 0; left--) checkpoints.push(readCheckpoint(body))
  const end = readCheckpoint(body)
  if (body.remaining > 0) throw wrong(`${body.remaining} bytes follow its end`)
  return { start, inputs, checkpoints, end }
}

const wrong = (what: string): TransplantError => new TransplantError('STATE_SECTION', what)

/** A number of instructions, of slices or of inputs. */
function readCount(reader: StateReader): number {
  const value = reader.f64()
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(`${value} is no number of instructions, slices or inputs`)
}

function writeInput(writer: StateWriter, input: Input): void {
  writer.f64(input.time)
  writer.f64(input.slices)
  writer.u8(KINDS.indexOf(input.kind))
  if (input.kind === 'console') {
    writer.u8(input.channel)
    writer.blob(input.bytes)
  } else if (input.kind === 'step') {
    writer.u8(input.cpu)
    writer.f64(input.instructions)
  }
}

function readInput(reader: StateReader, vcpus: number): Input {
  const position = { time: readCount(reader), slices: readCount(reader) }
  const number = reader.u8()
  const kind = KINDS[number]
  if (kind === 'reset') return { ...position, kind }
  const target = reader.u8()
  if (kind === 'console' && (target === 0 || target === 1)) {
    return { ...position, kind, channel: target, bytes: reader.blob() }
  }
  if (kind === 'step' && target < vcpus) return { ...position, kind, cpu: target, instructions: readCount(reader) }
  throw wrong(`input of kind ${number} for ${target} is none`)
}

function writeCheckpoint(writer: StateWriter, { time, slices, inputs, hash }: Checkpoint): void {
  for (const count of [time, slices, inputs]) writer.f64(count)
  writer.string(hash)
}

function readCheckpoint(reader: StateReader): Checkpoint {
  return { time: readCount(reader), slices: readCount(reader), inputs: readCount(reader), hash: reader.string() }
}
