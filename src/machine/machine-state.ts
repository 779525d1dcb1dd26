// The state of a machine as a whole: saved, restored, shared between snapshots, hashed.

import { equalBytes, formatHash, hashBytes, hashWords, type Savable, StateReader, StateWriter } from '../base/index.js'
import type { Execution } from './execution.js'
import type { Hardware } from './hardware.js'
import { architecturalRanges } from './registers.js'
import { requireSameShape, type Snapshot } from './snapshot.js'

/** Bytes by which saved state may exceed the last one without moving. */
const STATE_ROOM = 4096

/** Everything of a machine that a run depends on. */
export class MachineState implements Savable {
  readonly tag = 'machine'
  readonly version = 1
  private readonly hardware: Hardware
  private readonly execution: Execution
  private last: Uint8Array = new Uint8Array(0)

  constructor(hardware: Hardware, execution: Execution) {
    this.hardware = hardware
    this.execution = execution
  }

  snapshot(): Snapshot {
    const { configuration, pages, board } = this.hardware
    const { time } = this.execution
    return { configuration, time, pages: pages.capture(), disk: board.disk?.written, state: this.bytes() }
  }

  restore(snapshot: Snapshot): void {
    const { configuration, pages, board } = this.hardware
    requireSameShape(configuration, snapshot)
    pages.restore(snapshot.pages)
    if (board.disk !== undefined && snapshot.disk !== undefined) board.disk.written = snapshot.disk
    new StateReader(snapshot.state).section(this)
    this.last = snapshot.state
  }

  /** Shared with the last snapshot if nothing has changed: forks of one instant have one state. */
  private bytes(): Uint8Array {
    const writer = new StateWriter(this.last.length + STATE_ROOM)
    writer.section(this)
    const state = writer.finish()
    if (!equalBytes(state, this.last)) this.last = state
    return this.last
  }

  hash(): string {
    const { core, pages, board, configuration } = this.hardware
    const writer = new StateWriter()
    const pageHashes = pages.pageHashes()
    const out = new Uint32Array(2)
    hashWords(pageHashes, 0, pageHashes.length, out, 0)
    writer.string(formatHash(out[0] as number, out[1] as number))
    for (let cpu = 0; cpu < configuration.vcpus; cpu++) {
      core.exports.synchronize(cpu)
      const state = core.state(cpu)
      for (const [start, end] of architecturalRanges(configuration.cpu)) {
        writer.raw(new Uint8Array(state.buffer, state.byteOffset + start, end - start))
      }
    }
    this.execution.save(writer)
    writer.string(board.disk?.hash() ?? '')
    return hashBytes(writer.finish())
  }

  pageHash(page: number): string {
    const hashes = this.hardware.pages.pageHashes()
    return formatHash(hashes[2 * page] as number, hashes[2 * page + 1] as number)
  }

  save(writer: StateWriter): void {
    const { core, configuration } = this.hardware
    for (let cpu = 0; cpu < configuration.vcpus; cpu++) core.exports.synchronize(cpu)
    this.execution.save(writer)
    writer.blob(core.save())
  }

  load(reader: StateReader): void {
    this.execution.load(reader)
    this.hardware.core.load(reader.blob())
    this.execution.restored()
  }
}
