// A guest at the person's terminal, or at the end of a pipe.
//
// Virtual time is not wall time: an idle guest would race from tick to tick. At a terminal the guest is therefore held
// back to one virtual second per second; without one it runs as fast as it can, and where its input is over it is given
// up once it has been quiet for a while.

import { EXIT_CODES, formatAddress } from '../base/index.js'
import { ConsoleLog, type KernelView } from '../guest/index.js'
import {
  describeStop,
  encodeSnapshot,
  type Machine,
  MachinePort,
  type MachineView,
  type StopReason,
  Timeline,
} from '../machine/index.js'
import { Debugger, type GdbAddress } from './debugger.js'
import { writeNamedFile } from './files.js'
import { timeLimit } from './machine-options.js'
import { talkToMonitor } from './monitor.js'
import { CommandFailure, colors, print, say } from './output.js'
import type { Tape } from './tape.js'
import { connectTerminal, ESCAPE_HELP, type TerminalCommand } from './terminal.js'

export interface ConsoleFlags {
  readonly timeout?: string
  readonly snapshot: string
}

/** Who may look at the guest beside the person at its console. */
export interface ConsoleView {
  /** The kernel that runs, if it is known. */
  readonly kernel: () => Promise<KernelView | undefined>
  /** Where gdb may come; `waits`: the guest does not run before. */
  readonly gdb: GdbAddress | undefined
  readonly waits: boolean
  /** What is kept of the run. */
  readonly tape: Tape
}

/** Virtual time without output, nearly all of it idle, after which a guest without input waits for it. */
const QUIET = 60e9
const LOOK = 1e9
/** Virtual time in which a kernel that panics says the rest, or resets. */
const PANIC_TIME = 0.5e9

export class GuestConsole {
  readonly port: MachinePort
  private readonly machine: Machine
  private readonly flags: ConsoleFlags
  private readonly view: ConsoleView
  private readonly debugger: Debugger | undefined
  private readonly interactive = process.stdin.isTTY === true
  private readonly log: ConsoleLog
  private asked: TerminalCommand | undefined
  private arrived: (() => void) | undefined
  /** What is typed is for the monitor. */
  private asksMonitor = false
  /** The debugger wants the guest to stop. */
  private interrupted = false
  private lastOutput = 0
  private idleThen = 0

  constructor(machine: Machine, flags: ConsoleFlags, view: ConsoleView) {
    this.machine = machine
    this.flags = flags
    this.view = view
    const timeline = view.gdb && new Timeline(machine)
    const started = performance.now() - machine.now / 1e6
    this.port = new MachinePort(machine, {
      ...(timeline && { driver: timeline }),
      chunk: this.interactive ? 2_000_000 : 20_000_000,
      breathe: async () => {
        const ahead = machine.now / 1e6 - (performance.now() - started)
        await pause(this.interactive && ahead > 2 ? Math.min(ahead, 50) : 0)
        if (this.asked !== undefined) void this.port.stop()
        view.tape.breathe()
      },
    })
    this.log = new ConsoleLog(this.port)
    this.port.onConsole(({ channel, bytes }) => {
      if (channel !== 0 || timeline?.moving === true) return
      process.stdout.write(bytes)
      this.heard()
    })
    if (timeline === undefined) return
    const running = { resume: () => this.runForDebugger(), interrupt: () => this.interrupt() }
    const { kernel, waits } = view
    this.debugger = new Debugger({ cpu: machine.configuration.cpu, port: this.port, timeline, running, kernel }, waits)
  }

  /** Runs until the guest ends; returns the exit code. */
  async run(): Promise<number> {
    if (this.view.gdb !== undefined) await this.debugger?.listen(this.view.gdb)
    const disconnect = this.connect()
    const end = timeLimit(this.flags, Number.POSITIVE_INFINITY)
    this.heard()
    try {
      for (;;) {
        const left = end - this.machine.now
        const instructions = this.inputOver ? Math.min(left, LOOK) : left
        const held = this.debugger?.holds === true
        const stop = held
          ? await this.untilReleased()
          : await this.port.run({ instructions, until: () => this.log.panic !== undefined })
        const status = await this.act(stop, end)
        if (status !== undefined) return status
      }
    } finally {
      disconnect()
      this.debugger?.close()
    }
  }

  private connect(): () => void {
    const disconnect = connectTerminal(
      (bytes) => {
        if (this.asksMonitor) return
        void this.port.sendConsole(0, bytes)
        this.heard()
        this.wake()
      },
      (command) => {
        this.asked = command
        this.wake()
      },
      () => this.wake(),
    )
    if (!this.view.tape.runs) return disconnect
    // A run that is kept is ended from outside as by Ctrl-A x: what there is of it is written.
    const end = (): void => {
      this.asked = 'quit'
      this.wake()
    }
    const signals = ['SIGINT', 'SIGTERM'] as const
    for (const signal of signals) process.on(signal, end)
    return () => {
      for (const signal of signals) process.off(signal, end)
      disconnect()
    }
  }

  // For a debugger ////////////////////////////////////////////////////////////////////////////////////////////////////

  /** How the guest stands when no debugger holds it any more. */
  private async untilReleased(): Promise<StopReason> {
    await this.debugger?.released()
    if (this.debugger?.killed === true) return { reason: 'power-off' }
    return this.machine.poweredOff ?? { reason: 'stop-request' }
  }

  private interrupt(): void {
    this.interrupted = true
    void this.port.stop()
    this.wake()
  }

  /** Until something stops the guest that a debugger has to be told of. */
  private async runForDebugger(): Promise<StopReason> {
    this.interrupted = false
    for (;;) {
      const stop = await this.port.run()
      if (this.asked === 'quit') {
        this.debugger?.hangUp()
        return stop
      }
      if (this.asked !== undefined) await this.obeyAsked()
      else if (this.interrupted) return { reason: 'stop-request' }
      else if (stop.reason === 'idle') await this.untilWoken()
      else if (stop.reason !== 'limit' && stop.reason !== 'stop-request') return stop
    }
  }

  private async untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.arrived = resolve
    })
  }

  // For the person at the console /////////////////////////////////////////////////////////////////////////////////////

  private get inputOver(): boolean {
    return !this.interactive && process.stdin.readableEnded
  }

  private heard(): void {
    this.lastOutput = this.machine.now
    this.idleThen = this.machine.statistics.idle
  }

  private wake(): void {
    this.arrived?.()
    this.arrived = undefined
  }

  /** What a stop means; a number ends the run. */
  private async act(stop: StopReason, end: number): Promise<number | undefined> {
    if (this.asked === 'quit') return EXIT_CODES.ok
    if (this.asked !== undefined) {
      await this.obeyAsked()
      return undefined
    }
    const status = statusOf(stop)
    if (status !== undefined) return status
    if (this.log.panic !== undefined) return this.panicked()
    if (stop.reason === 'stuck') {
      const hint = screenText(this.machine) === '' ? '' : 'Its screen has text: --vga prints it.'
      throw new CommandFailure(EXIT_CODES.timeout, 'stuck', `${describeStop(stop)}.`, hint)
    }
    if (stop.reason === 'limit' && this.machine.now >= end) {
      throw new CommandFailure(
        EXIT_CODES.timeout,
        'timeout',
        `the guest did not end within ${this.flags.timeout} s of virtual time.`,
        'Give it more with --timeout, or end it with poweroff.',
      )
    }
    if (stop.reason === 'idle' || this.isQuiet()) await this.awaitInput()
    return undefined
  }

  private isQuiet(): boolean {
    const { now, statistics } = this.machine
    const silence = now - this.lastOutput
    return this.inputOver && silence >= QUIET && statistics.idle - this.idleThen > 0.9 * silence
  }

  private async awaitInput(): Promise<void> {
    if (this.inputOver) {
      throw new CommandFailure(
        EXIT_CODES.timeout,
        'idle',
        'the guest waits for input, and the input is over.',
        'End it with poweroff, or run one command with --exec.',
      )
    }
    await this.untilWoken()
  }

  private async panicked(): Promise<number> {
    const stop = await this.port.run({ instructions: PANIC_TIME })
    const status = stop.reason === 'exit' ? stop.status : EXIT_CODES.guestPanic
    say(colors.yellow(`the guest panicked: ${this.log.panic}`))
    return status
  }

  private async obeyAsked(): Promise<void> {
    const { machine, asked: command } = this
    this.asked = undefined
    if (command === 'monitor') {
      this.asksMonitor = true
      await talkToMonitor({ port: this.port, cpu: 0, kernel: this.view.kernel })
      this.asksMonitor = false
    }
    if (command === 'help') say(ESCAPE_HELP.replaceAll('\n', '\r\n'))
    if (command === 'info') {
      say(
        `${machine.now.toLocaleString('en')} ns of virtual time, ${machine.statistics.instructions.toLocaleString('en')} instructions\r`,
      )
      for (let cpu = 0; cpu < machine.vcpus; cpu++) {
        const { rip } = await this.port.registers(cpu)
        say(`vCPU ${cpu}: ${await this.port.activity(cpu)} at ${formatAddress(rip)}\r`)
      }
    }
    if (command === 'snapshot') {
      const file = this.flags.snapshot
      writeNamedFile(file, encodeSnapshot(machine.snapshot()))
      print(`\r\nsaved ${file}; go on with transplant run --from ${file}\r`)
    }
  }
}

/** The rows of the guest's screen up to the last that is not empty. */
export function screenText(machine: MachineView): string {
  return machine.screenRows().join('\n').trimEnd()
}

/** The exit status that an ended guest stands for; undefined while it can go on. */
export function statusOf(stop: StopReason): number | undefined {
  switch (stop.reason) {
    case 'power-off':
      return EXIT_CODES.ok
    case 'exit':
      return stop.status
    case 'reset':
      say(colors.yellow(`the guest was reset: ${describeStop(stop)}`))
      return stop.cause === 'triple-fault' ? EXIT_CODES.guestPanic : EXIT_CODES.ok
    default:
      return undefined
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds > 0) setTimeout(resolve, milliseconds)
    else setImmediate(resolve)
  })
}
