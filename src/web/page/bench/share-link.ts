// An experiment as a text that fits behind the # of a link: which guest it is of, all that came in and when, and the hash of the state in
// which it ends. What the page has not made itself is refused in a sentence, whatever it is.
//
//   base64url( deflate-raw( version u32 | firmware, kernel, initrd: hashes | seed ... | inputs | end | sources ) )

import { accept, type Result, refuse, StateReader, StateWriter, TransplantError } from '../../../base/index.js'
import type { ConsoleChannel, Input } from '../../../machine/index.js'
import type { PatchText } from '../protocol.js'

const VERSION = 1
/** Characters of a link; browsers take two million. */
const LONGEST_LINK = 1_500_000
/** Bytes that may come out of one. */
const LARGEST = 16 * 1024 * 1024
const MOST_SOURCES = 64

/** Where a run ends, and in what state. */
export interface EndOfRun {
  readonly time: number
  readonly slices: number
  readonly hash: string
}

export interface Experiment {
  /** Hashes of the images; empty where there is none. */
  readonly images: { readonly firmware: string; readonly kernel: string; readonly initrd: string }
  readonly seed: bigint
  readonly vcpus: number
  readonly memoryMiB: number
  readonly meanSlice: number
  readonly append: string
  readonly inputs: readonly Input[]
  readonly end: EndOfRun
  /** Sources of the patches that were assembled for it: for the reader, the run needs none. */
  readonly sources: readonly PatchText[]
}

export type LinkRefusal = 'not-an-experiment'

const KINDS = ['console', 'step', 'reset'] as const

export async function encodeExperiment(experiment: Experiment): Promise<string> {
  const { images, end, sources } = experiment
  const writer = new StateWriter()
  writer.u32(VERSION)
  for (const hash of [images.firmware, images.kernel, images.initrd]) writer.string(hash)
  writer.u64(experiment.seed)
  writer.u32(experiment.vcpus)
  writer.u32(experiment.memoryMiB)
  writer.u32(experiment.meanSlice)
  writer.string(experiment.append)
  writer.u32(experiment.inputs.length)
  for (const input of experiment.inputs) writeInput(writer, input)
  writer.f64(end.time)
  writer.u32(end.slices)
  writer.string(end.hash)
  writer.u32(sources.length)
  for (const { name, text } of sources) {
    writer.string(name)
    writer.string(text)
  }
  return toBase64(await pass(writer.finish(), new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY))
}

export async function decodeExperiment(text: string): Promise<Result<Experiment, LinkRefusal>> {
  if (text.length > LONGEST_LINK) return foreign(`it has ${text.length} characters`)
  const packed = fromBase64(text)
  if (packed === undefined) return foreign('it has characters that no such link has')
  const bytes = await pass(packed, new DecompressionStream('deflate-raw'), LARGEST).catch(() => undefined)
  if (bytes === undefined) return foreign('it cannot be unpacked')
  try {
    return read(new StateReader(bytes))
  } catch (error) {
    if (error instanceof TransplantError && error.code.startsWith('STATE_')) return foreign('it ends early')
    throw error
  }
}

function foreign(why: string): Result<never, LinkRefusal> {
  return refuse('not-an-experiment', `The link holds no experiment: ${why}.`, 'Copy the whole link once more.')
}

function writeInput(writer: StateWriter, input: Input): void {
  writer.u8(KINDS.indexOf(input.kind))
  writer.f64(input.time)
  writer.u32(input.slices)
  if (input.kind === 'console') {
    writer.u8(input.channel)
    writer.blob(input.bytes)
  } else if (input.kind === 'step') {
    writer.u8(input.cpu)
    writer.f64(input.instructions)
  }
}

function read(reader: StateReader): Result<Experiment, LinkRefusal> {
  const version = reader.u32()
  if (version !== VERSION) return foreign(`it is of version ${version}, and this page reads ${VERSION}`)
  const images = { firmware: reader.string(), kernel: reader.string(), initrd: reader.string() }
  const [seed, vcpus, memoryMiB, meanSlice] = [reader.u64(), reader.u32(), reader.u32(), reader.u32()]
  const append = reader.string()
  const inputs: Input[] = []
  let at = { time: 0, slices: 0 }
  for (let left = reader.u32(); left > 0; left--) {
    const input = readInput(reader)
    if (input === undefined || !follows(input, at)) return foreign('an input is none, or is out of order')
    inputs.push(input)
    at = input
  }
  const end = { time: reader.f64(), slices: reader.u32(), hash: reader.string() }
  if (!follows(end, at)) return foreign('it ends before its last input')
  const count = reader.u32()
  if (count > MOST_SOURCES) return foreign(`it has ${count} sources`)
  const sources = Array.from({ length: count }, () => ({ name: reader.string(), text: reader.string() }))
  if (reader.remaining > 0) return foreign('something stands behind its end')
  return accept({ images, seed, vcpus, memoryMiB, meanSlice, append, inputs, end, sources })
}

interface Instant {
  readonly time: number
  readonly slices: number
}

function follows(later: Instant, earlier: Instant): boolean {
  return Number.isSafeInteger(later.time) && later.time >= earlier.time && later.slices >= earlier.slices
}

function readInput(reader: StateReader): Input | undefined {
  const kind = KINDS[reader.u8()]
  const position = { time: reader.f64(), slices: reader.u32() }
  if (kind === 'console') {
    const channel = reader.u8()
    const bytes = reader.blob()
    return channel > 1 ? undefined : { ...position, kind, channel: channel as ConsoleChannel, bytes }
  }
  if (kind === 'reset') return { ...position, kind }
  if (kind === undefined) return undefined
  const [cpu, instructions] = [reader.u8(), reader.f64()]
  // The page steps one at a time; a step of any length could not be stopped.
  return instructions === 1 ? { ...position, kind, cpu, instructions } : undefined
}

/** All that a stream makes of the bytes, at most `limit`: a small link may unpack to more than there is memory. */
async function pass(bytes: Uint8Array, stream: GenericTransformStream, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(stream).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > limit) {
      await reader.cancel()
      throw new TransplantError('INPUT_TOO_LARGE', 'The link unpacks to more than an experiment has.')
    }
    parts.push(value)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return undefined
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
}
