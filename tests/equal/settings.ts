// What a core has been told that is not part of its saved state: ROMs, breakpoints, events, coherence, the time. The last word on each.

import type { Operation } from './operations.js'

type Export = Extract<Operation, { kind: 'export' }>

const ONE_OF_EACH: readonly string[] = ['setEventMask', 'setCoherence', 'setLevel', 'setTime']

export class Settings {
  private readonly last: Map<string, Operation>

  constructor(last: ReadonlyMap<string, Operation> = new Map()) {
    this.last = new Map(last)
  }

  copy(): Settings {
    return new Settings(this.last)
  }

  keep(operation: Operation): void {
    if (operation.kind === 'rom') this.last.set(`rom ${operation.address}`, operation)
    if (operation.kind !== 'export') return
    if (operation.name === 'setBreakpoint')
      this.last.set(`breakpoint ${operation.args[0]} ${operation.args[1]}`, operation)
    else if (ONE_OF_EACH.includes(operation.name)) this.last.set(operation.name, operation)
  }

  /** For a core that knows nothing yet. */
  get all(): Operation[] {
    return [...this.last.values()]
  }

  /** For a core that has been told `present`: breakpoints that this does not know go, ROMs stay. */
  after(present: Settings): Operation[] {
    const gone = [...present.last]
      .filter(([key, one]) => one.kind === 'export' && one.name === 'setBreakpoint' && !this.last.has(key))
      .map(([, one]) => ({ ...(one as Export), args: [...(one as Export).args.slice(0, 2), 0] }))
    return [...gone, ...this.all.filter(({ kind }) => kind !== 'rom')]
  }
}
