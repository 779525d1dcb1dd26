// A core that lives the last stretch of another one's life again (history.ts), up to any instruction: one of the two that lockstep
// compares to find the first instruction that differs. `first` repeats what the core of the test did, `second` what its replica did.

import { hashBytes, PAGE_SIZE, type VirtAddr, virtAddr } from '../../src/base/index.js'
import type { JitOption } from '../../src/cpu/index.js'
import type { LockstepMachine, LockstepSnapshot } from '../../src/lab/index.js'
import type { PageImage } from '../../src/machine/page-image.js'
import { RamPages } from '../../src/machine/ram-pages.js'
import { readSaved } from '../property/jit-saved.js'
import type { Difference } from './companion.js'
import type { Operation, Run } from './operations.js'
import { Replica } from './replica.js'
import { Settings } from './settings.js'

interface Position {
  /** The operation to go on with; of a run, how much of it is done and how many calls it has made. */
  readonly index: number
  readonly done: number
  readonly calls: number
}

interface PlayerSnapshot extends LockstepSnapshot {
  readonly position: Position
  readonly retired: readonly number[]
  readonly settings: Settings
  readonly image: PageImage
  readonly saved: Uint8Array
  readonly strayed: string | undefined
  readonly jit: JitOption
}

export class Player implements LockstepMachine {
  readonly vcpus: number
  /** Instructions that the core of the test retired in this stretch. */
  readonly length: number
  private readonly role: 'first' | 'second'
  private readonly replica: Replica
  private readonly pages: RamPages
  private readonly operations: readonly Operation[]
  private readonly roms: { readonly address: number; readonly bytes: Uint8Array }[] = []
  private settings = new Settings()
  private jit: JitOption
  private position: Position = { index: 0, done: 0, calls: 0 }
  private retired: number[]

  constructor({ modules, vcpus, ramBytes, history }: Difference, role: 'first' | 'second') {
    const { station, settings, operations } = history.recall()
    this.role = role
    this.vcpus = vcpus
    this.operations = operations
    this.length = operations.reduce((sum, one) => sum + (one.kind === 'run' ? one.retired : 0), 0)
    this.retired = new Array(vcpus).fill(0)
    this.jit = station.jit[role]
    this.replica = new Replica(modules[role], vcpus, ramBytes, this.jit)
    this.pages = new RamPages(this.replica.core)
    for (const operation of settings.all) this.perform(operation)
    this.pages.restore(station.image)
    this.replica.core.load(station.saved)
  }

  private perform(operation: Operation): void {
    this.settings.keep(operation)
    if (operation.kind === 'jit') this.setJit(operation.jit[this.role])
    if (operation.kind === 'rom') {
      // Still there from the last time.
      if (this.roms.includes(operation)) return
      this.roms.push(operation)
    }
    this.replica.perform(operation)
  }

  get now(): number {
    return this.retired.reduce((sum, count) => sum + count, 0)
  }

  runTo(time: number): 'end' | 'strayed' | undefined {
    for (;;) {
      const operation = this.operations[this.position.index]
      if (this.replica.strayed !== undefined) return 'strayed'
      if (operation === undefined) return 'end'
      // What stands behind the last instruction belongs to it.
      if (this.now >= time && time < this.length) return undefined
      if (operation.kind === 'run') this.run(operation, time < this.length ? time - this.now : Number.POSITIVE_INFINITY)
      else {
        this.perform(operation)
        this.next()
      }
    }
  }

  private next(): void {
    this.position = { index: this.position.index + 1, done: 0, calls: 0 }
  }

  /** A piece of a run. The second player's are cut where the replica's were, and so its compiler is told. */
  private run(run: Run, most: number): void {
    const { index, done, calls } = this.position
    let budget = Math.min(run.budget - done, most)
    for (const { at, jit } of this.role === 'second' ? run.cuts : []) {
      if (at === done && jit !== undefined) this.setJit(jit)
      if (at > done) budget = Math.min(budget, at - done)
    }
    const piece = this.replica.runPiece(run, done, calls, budget)
    this.retired[run.cpu] = (this.retired[run.cpu] as number) + piece.retired
    this.position = { index, done: done + piece.retired, calls: piece.calls }
    if (piece.exit === 0 && this.position.done < run.budget) return
    this.replica.finish(run, this.position.done, piece.exit, piece.calls)
    this.next()
  }

  private setJit(jit: JitOption): void {
    this.jit = jit
    this.replica.core.setJit(jit)
  }

  replayInput(): void {
    throw new Error('Its input is among its operations.')
  }

  hash(): string {
    const { core } = this.replica
    for (let cpu = 0; cpu < this.vcpus; cpu++) core.exports.synchronize(cpu)
    const parts = readSaved(core.save(), this.vcpus).parts.map(({ bytes }) => bytes)
    const strayed = Buffer.from(this.replica.strayed ?? '')
    return hashBytes(Buffer.concat([new Uint8Array(this.pages.pageHashes().slice().buffer), ...parts, strayed]))
  }

  get pageCount(): number {
    return this.replica.core.ramBytes / PAGE_SIZE
  }

  pageHash(page: number): string {
    return this.pages
      .pageHashes()
      .subarray(2 * page, 2 * page + 2)
      .join(' ')
  }

  get ram(): Uint8Array {
    return this.replica.core.ram
  }

  get statistics(): LockstepMachine['statistics'] {
    return { slices: this.position.index, retired: [...this.retired] }
  }

  snapshot(): PlayerSnapshot {
    const { now, position, retired, jit } = this
    const { core, strayed } = this.replica
    const [image, saved, settings] = [this.pages.capture(), core.save(), this.settings.copy()]
    return { time: now, position, retired: [...retired], settings, image, saved, strayed, jit }
  }

  restore(snapshot: PlayerSnapshot): void {
    this.pages.restore(snapshot.image)
    this.replica.core.load(snapshot.saved)
    for (const operation of snapshot.settings.after(this.settings)) this.replica.perform(operation)
    this.settings = snapshot.settings.copy()
    this.replica.strayed = snapshot.strayed
    this.position = snapshot.position
    this.retired = [...snapshot.retired]
    if (this.jit !== snapshot.jit) this.setJit(snapshot.jit)
  }

  registers(cpu: number): { readonly rip: VirtAddr } {
    return { rip: virtAddr(this.replica.core.register(cpu, 'rip')) }
  }

  translate(cpu: number, address: VirtAddr): number | undefined {
    const { exports } = this.replica.core
    const physical = exports.translate(cpu, Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0)
    return physical < 0 ? undefined : physical
  }

  readPhysical(address: number, length: number): Uint8Array | undefined {
    const { core } = this.replica
    for (const rom of this.roms) {
      const at = address - rom.address
      if (at >= 0 && at + length <= rom.bytes.length) return rom.bytes.slice(at, at + length)
    }
    return address + length <= core.ramBytes ? core.readRam(address, length) : undefined
  }

  editState(cpu: number, edit: (state: DataView) => void): void {
    const { core } = this.replica
    core.exports.synchronize(cpu)
    edit(core.state(cpu))
    core.exports.stateChanged(cpu)
  }
}
