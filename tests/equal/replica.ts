// A core that repeats what another one did: it is given the same operations, and where it calls the outside it gets the answers that the
// other one got. A call that the other one did not make, or made at another time, means that the two have parted (`strayed`).

import { type CoreImports, CpuCore, EXIT_BUDGET, EXIT_YIELD, type JitOption, noDevices } from '../../src/cpu/index.js'
import type { Call, Operation, Piece, Run } from './operations.js'

export class Replica {
  /** A replica's core has no companion itself. */
  static making = false
  readonly core: CpuCore
  /** How it first left the other's way; undefined while it follows. */
  strayed: string | undefined
  private answering: { readonly run: Run; next: number; readonly done: number } | undefined

  constructor(module: WebAssembly.Module, vcpus: number, ramBytes: number, jit: JitOption) {
    Replica.making = true
    this.core = new CpuCore(module, this.imports(), vcpus, ramBytes, { jit })
    Replica.making = false
  }

  private imports(): CoreImports {
    const names = Object.keys(noDevices()) as (keyof CoreImports)[]
    const entries = names.map((name) => [name, (...args: number[]) => this.called(name, args)])
    return Object.fromEntries(entries) as CoreImports
  }

  private called(name: keyof CoreImports, args: readonly number[]): number {
    const { answering } = this
    if (answering === undefined) return 0
    const retired = answering.done + this.core.exports.retiredNow()
    const call = answering.run.calls[answering.next++]
    if (call === undefined || !isSame(call, name, args, retired)) {
      const other = call === undefined ? 'no call' : tell(call.name, call.args, call.retired)
      this.strayed ??= `${tell(name, args, retired)} instead of ${other}`
      return -1
    }
    for (const operation of call.operations) this.perform(operation)
    return call.answer
  }

  /** Anything but a run. */
  perform(operation: Operation): void {
    const { core } = this
    const { exports } = core
    switch (operation.kind) {
      case 'export':
        ;(exports[operation.name] as (...args: number[]) => void)(...operation.args)
        break
      case 'ram':
        put(core.ram, operation.pieces)
        exports.ramChanged(operation.address, operation.length)
        break
      case 'state': {
        exports.synchronize(operation.cpu)
        const { buffer, byteOffset, byteLength } = core.state(operation.cpu)
        put(new Uint8Array(buffer, byteOffset, byteLength), operation.edits)
        break
      }
      case 'rom':
        core.mapRom(operation.address, operation.bytes)
        break
      case 'load':
        core.load(operation.saved)
        break
      case 'jit':
        break // Whoever performs it says which of the two this is.
      case 'run':
        throw new Error('A run goes piece by piece.')
    }
  }

  /**
   * A piece of a run, from `done` instructions on, whose calls from `calls` on are still to come. Gives what was retired, why it
   * returned, and how many calls have been made.
   */
  runPiece(run: Run, done: number, calls: number, budget: number): { retired: number; exit: number; calls: number } {
    const { exports } = this.core
    // A request to yield that coincides with the end of the budget is lost by design: the two are one reason to return.
    const coincides = run.exit === EXIT_YIELD && done + budget === run.retired
    const answering = { run, next: calls, done }
    this.answering = answering
    if (done > 0) exports.setTime(run.time + done)
    try {
      const exit = exports.run(run.cpu, coincides ? budget + 1 : budget)
      return { retired: exports.retired(), exit, calls: answering.next }
    } finally {
      this.answering = undefined
      if (done > 0) exports.setTime(run.time)
    }
  }

  /** The end of a run: what must be as it was with the other one. */
  finish(run: Run, retired: number, exit: number, calls: number): void {
    const compare = (what: string, mine: number, other: number) => {
      if (mine !== other) this.strayed ??= `${what} ${mine} instead of ${other}`
    }
    compare('retired', retired, run.retired)
    compare(`reason to return (${EXIT_BUDGET}: budget)`, exit, run.exit)
    compare('calls to the outside', calls, run.calls.length)
  }
}

function put(target: Uint8Array, pieces: readonly Piece[]): void {
  for (const { at, length, bytes } of pieces) {
    if (bytes === undefined) target.fill(0, at, at + length)
    else target.set(bytes, at)
  }
}

function isSame(call: Call, name: string, args: readonly number[], retired: number): boolean {
  return call.name === name && call.retired === retired && call.args.every((value, i) => value === args[i])
}

const tell = (name: string, args: readonly number[], retired: number): string =>
  `${name}(${args.map((value) => (value >>> 0).toString(16)).join(', ')}) after ${retired} instructions of the run`
