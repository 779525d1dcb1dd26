// gdb at a guest of `transplant run`: a listening stub (src/debug), one debugger at a time. While one is there it decides when the guest
// runs; the console shows and sends what it always does, and goes on by itself when the debugger is gone.

import { EXIT_CODES } from '../base/index.js'
import type { CpuModel } from '../cpu/index.js'
import { askMonitor, GdbServer, type GdbTarget, type MonitorView, machineTarget } from '../debug/index.js'
import type { KernelView } from '../guest/index.js'
import type { MachinePort, Timeline } from '../machine/index.js'
import { type Listening, listenStreams } from '../node/index.js'
import { CommandFailure, say } from './output.js'

export interface GdbFlags {
  /** `:1234` or `HOST:PORT`. */
  readonly gdb?: string
  /** -s */
  readonly s?: boolean
  /** -S */
  readonly S?: boolean
}

const DEFAULT_ADDRESS = ':1234'

/** A TCP port, of this machine if no other is named. */
export interface GdbAddress {
  readonly port: number
  readonly host?: string
}

/** Where to listen; undefined where no debugger is wanted. */
export function gdbAddress(flags: GdbFlags): GdbAddress | undefined {
  const text = flags.gdb ?? (flags.s === true || flags.S === true ? DEFAULT_ADDRESS : undefined)
  if (text === undefined) return undefined
  const [, host = '', digits = ''] = /^(?:tcp:)?([^:]*|\[[^\]]*\]):(\d{1,5})$/.exec(text) ?? []
  const port = digits === '' ? Number.NaN : Number(digits)
  if (!(port <= 65535)) {
    throw new CommandFailure(EXIT_CODES.usage, 'bad-option', `--gdb is '${text}'.`, 'Give :PORT or HOST:PORT.')
  }
  return host === '' ? { port } : { port, host: host.replace(/^\[|\]$/g, '') }
}

/** What a debugger is given of a guest. */
export interface DebuggedGuest {
  readonly cpu: CpuModel
  readonly port: MachinePort
  readonly timeline: Timeline
  /** Runs on until something stops it, and waits for input where the guest does. */
  readonly running: Pick<GdbTarget, 'resume' | 'interrupt'>
  readonly kernel: () => Promise<KernelView | undefined>
}

/** The stub of one guest. */
export class Debugger {
  private readonly guest: DebuggedGuest
  private readonly view: MonitorView
  private listening: Listening | undefined
  private session: GdbServer | undefined
  /** Called when a debugger comes or goes. */
  private changed: (() => void) | undefined
  /** A debugger has killed the guest, or has seen its end. */
  private isKilled = false
  private waitsForFirst: boolean

  constructor(guest: DebuggedGuest, stopped: boolean) {
    this.guest = guest
    this.view = { port: guest.port, cpu: 0, kernel: guest.kernel }
    this.waitsForFirst = stopped
  }

  async listen(address: GdbAddress): Promise<void> {
    this.listening = await listenStreams(address, (stream) => {
      if (this.session !== undefined) {
        say('gdb: a second debugger was turned away')
        stream.close()
        return
      }
      say('gdb: a debugger has come')
      this.waitsForFirst = false
      const { cpu, port, timeline, running } = this.guest
      const target = machineTarget({
        ...{ cpu, port, timeline, running },
        monitor: (line) => askMonitor(this.view, line),
        taskOn: (cpu) => this.taskOn(cpu),
      })
      this.session = new GdbServer(stream, target, port.stop())
      this.session.onEnd((why) => {
        say(`gdb: the debugger is gone (${why})`)
        this.session = undefined
        this.isKilled ||= why === 'killed'
        this.changed?.()
      })
      this.changed?.()
    })
    const { host } = address
    say(`gdb: target remote ${host ?? ''}:${this.listening.port}${this.waitsForFirst ? ', the guest waits' : ''}`)
  }

  /** A debugger decides when the guest runs. */
  get holds(): boolean {
    return this.waitsForFirst || this.session !== undefined
  }

  get killed(): boolean {
    return this.isKilled
  }

  /** Until no debugger holds the guest any more. */
  async released(): Promise<void> {
    while (this.holds) {
      await new Promise<void>((resolve) => {
        this.changed = resolve
      })
    }
  }

  /** The person at the console quits. */
  hangUp(): void {
    this.session?.hangUp()
  }

  close(): void {
    this.hangUp()
    this.listening?.dispose()
  }

  /** Only the kernel's own GS base tells; where an entry has not swapped it yet, nobody is named. */
  private async taskOn(cpu: number): Promise<string | undefined> {
    try {
      const kernel = await (await this.guest.kernel())?.on(cpu)
      if (kernel === undefined) return undefined
      const { cpl, gsBase, kernelGsBase } = await this.guest.port.registers(cpu)
      const base: bigint = cpl === 0 ? gsBase : kernelGsBase
      const at = kernel.has('current_task')
        ? await kernel.readU64(base + kernel.address('current_task'))
        : await kernel.readField('pcpu', 'current_task', base)
      const { offset, size } = kernel.field('task_struct', 'comm')
      return `${await kernel.readText(at + BigInt(offset), size)} (pid ${await kernel.readField('task_struct', 'pid', at)})`
    } catch {
      return undefined
    }
  }
}
