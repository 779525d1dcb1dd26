// A snapshot as one file: everything that restores the machine on another host.
//
//   magic "TPSNAPSH" | format u32 | checksum | configuration | time | pages of RAM | written blocks of the disk | state
//
// Pages of zeros are left out; the rest are stored raw. The images (firmware, kernel, initrd, disk) travel inside, so the
// file needs nothing beside it; their build-id is in the header for `snapshot info`. A file of another format version, a
// foreign or a damaged one is refused with a code before anything of it is used.

import {
  accept,
  PAGE_SIZE,
  type Result,
  refuse,
  requireKind,
  type StateReader,
  StateWriter,
  TransplantError,
} from '../base/index.js'
import { planBoot } from './boot/kernel-image.js'
import type { Configuration } from './configuration.js'
import { PageImage } from './page-image.js'
import { openSealed, seal } from './sealed-file.js'
import { requireSnapshot, type Snapshot } from './snapshot.js'

const MAGIC = 'TPSNAPSH'
const FORMAT = 4
/** The last one that did not name the CPU: all of its machines are x86-64-v2. */
const FORMAT_WITHOUT_CPU = 3

/** Why a file cannot be read as a snapshot. */
export type SnapshotRefusalCode = 'not-a-snapshot' | 'snapshot-version' | 'snapshot-damaged'

/** A snapshot as the bytes of a file: magic, format, hash, body. Throws SNAPSHOT_CONFIGURATION for what is none. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  requireSnapshot(snapshot)
  const body = new StateWriter()
  writeConfiguration(body, snapshot.configuration)
  body.f64(snapshot.time)
  writePages(body, snapshot.pages)
  body.bool(snapshot.disk !== undefined)
  if (snapshot.disk !== undefined) writePages(body, snapshot.disk)
  body.blob(snapshot.state)
  return seal(MAGIC, FORMAT, body.finish())
}

/**
 * A snapshot from the bytes of a file. Refuses a file without the magic ('not-a-snapshot'), of a format that this build does not read
 * ('snapshot-version'), or whose hash or contents are wrong ('snapshot-damaged'). Throws BAD_ARGUMENT for what is no Uint8Array.
 */
export function decodeSnapshot(file: Uint8Array): Result<Snapshot, SnapshotRefusalCode> {
  requireKind('file', file, 'bytes')
  const opened = openSealed(file, MAGIC, [FORMAT_WITHOUT_CPU, FORMAT], decodeBody)
  switch (opened.is) {
    case 'foreign':
      return refuse(
        'not-a-snapshot',
        'The file is not a Transplant snapshot: its first 8 bytes are not "TPSNAPSH".',
        'Give a file that --save or Ctrl-A s has written.',
      )
    case 'other-format':
      return refuse(
        'snapshot-version',
        `The snapshot has format ${opened.format}; this build reads formats ${FORMAT_WITHOUT_CPU} and ${FORMAT}.`,
        'Use the release that saved it, or save it again.',
      )
    case 'damaged':
      return damaged(opened.why)
    case 'whole':
      return accept(opened.value)
  }
}

function damaged(why: string): Result<Snapshot, SnapshotRefusalCode> {
  return refuse('snapshot-damaged', `The snapshot is damaged: ${why}.`, 'Copy it again from where it was saved.')
}

function decodeBody(reader: StateReader, format: number): Snapshot {
  const configuration = readConfiguration(reader, format)
  const time = reader.f64()
  const pages = readPages(reader)
  const disk = reader.bool() ? readPages(reader) : undefined
  return { configuration, time, pages, disk, state: reader.blob() }
}

function writePages(writer: StateWriter, pages: PageImage): void {
  const present = [...pages.present()]
  writer.u32(pages.count)
  writer.u32(present.length)
  for (const [number, bytes] of present) {
    writer.u32(number)
    writer.raw(bytes)
  }
}

function readPages(reader: StateReader): PageImage {
  const count = reader.u32()
  const present = new Map<number, Uint8Array>()
  for (let left = reader.u32(); left > 0; left--) present.set(reader.u32(), reader.raw(PAGE_SIZE))
  return PageImage.zeros(count).with([...present.keys()], (number) => present.get(number) ?? 'zero')
}

function writeOptional(writer: StateWriter, bytes: Uint8Array | undefined): void {
  writer.bool(bytes !== undefined)
  if (bytes !== undefined) writer.blob(bytes)
}

function readOptional(reader: StateReader): Uint8Array | undefined {
  return reader.bool() ? reader.blob() : undefined
}

function writeConfiguration(writer: StateWriter, configuration: Configuration): void {
  writer.string(configuration.boot?.buildId ?? '')
  writer.f64(configuration.memoryBytes)
  writer.u32(configuration.vcpus)
  writer.string(configuration.cpu)
  writer.u64(configuration.seed)
  writer.f64(configuration.meanSlice)
  writer.f64(configuration.epoch)
  writer.string(configuration.onReset)
  writer.string(configuration.coherence)
  writer.bool(configuration.pcTestdev)
  writer.string(configuration.append)
  writer.blob(configuration.firmware)
  writeOptional(writer, configuration.kernel)
  writeOptional(writer, configuration.initrd)
  writeOptional(writer, configuration.disk)
}

function readConfiguration(reader: StateReader, format: number): Configuration {
  reader.string() // the build-id, which the kernel image gives again
  const memoryBytes = reader.f64()
  const vcpus = reader.u32()
  const cpu = format === FORMAT_WITHOUT_CPU || reader.string() === 'x86-64-v2' ? 'x86-64-v2' : 'x86-64-v3'
  const seed = reader.u64()
  const meanSlice = reader.f64()
  const epoch = reader.f64()
  const onReset = reader.string() === 'stop' ? 'stop' : 'reboot'
  const coherence = reader.string() === 'immediate' ? 'immediate' : 'hardware'
  const pcTestdev = reader.bool()
  const append = reader.string()
  const firmware = reader.blob()
  const kernel = readOptional(reader)
  const initrd = readOptional(reader)
  const disk = readOptional(reader)
  const planned = kernel === undefined ? undefined : planBoot({ image: kernel, append, initrd, memoryBytes })
  if (planned !== undefined && !planned.ok) throw new TransplantError('STATE_SECTION', planned.message)
  return {
    firmware,
    memoryBytes,
    vcpus,
    cpu,
    seed,
    kernel,
    append,
    initrd,
    disk,
    meanSlice,
    epoch,
    onReset,
    coherence,
    pcTestdev,
    boot: planned?.value,
  }
}
