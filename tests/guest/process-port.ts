// A GuestPort whose "guest" is one process of the host: its standard input and output stand for the second serial line. It
// serves what the agent's client needs, and refuses the rest: a process of the host shows no registers and no memory.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { Emitter, TransplantError } from '../../src/base/index.js'
import type { ConsoleOutput, GuestPort, RunLimit, StopReason } from '../../src/machine/index.js'

const refuse = (): never => {
  throw new TransplantError('GUEST_NO_MEMORY', 'A process of the host cannot be looked into.')
}

export class ProcessPort implements GuestPort {
  readonly kind = 'process'
  readonly vcpus = 1
  readonly memoryBytes = 0
  readonly state = 'stopped'
  readonly capabilities = {}
  private readonly child: ChildProcessWithoutNullStreams
  private readonly outputs: ConsoleOutput[] = []
  private wake: () => void = () => {}
  private ended = false
  private readonly consoleEmitter = new Emitter<ConsoleOutput>()
  readonly onConsole = this.consoleEmitter.event
  readonly onStop = new Emitter<StopReason>().event

  constructor(program: string, words: readonly string[], path: string) {
    this.child = spawn(program, [...words], { env: { PATH: path } })
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.outputs.push({ channel: 1, bytes: new Uint8Array(bytes), time: undefined })
      this.wake()
    })
    this.child.on('exit', () => {
      this.ended = true
      this.wake()
    })
  }

  async run(limit: RunLimit = {}): Promise<StopReason> {
    for (;;) {
      const output = this.outputs.shift()
      if (output !== undefined) {
        this.consoleEmitter.fire(output)
        if (limit.until?.(output) === true) return { reason: 'output' }
        continue
      }
      if (this.ended) return { reason: 'power-off' }
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }

  async sendConsole(_channel: 0 | 1, bytes: Uint8Array): Promise<void> {
    this.child.stdin.write(bytes)
  }

  /** Ends the process for good. */
  end(): void {
    this.child.kill('SIGKILL')
  }

  async stop(): Promise<void> {}
  readPhysical = async () => refuse()
  readVirtual = async () => refuse()
  translate = async () => refuse()
  registers = async () => refuse()
  activity = async () => refuse()
  step = async () => refuse()
  setBreakpoint = async () => refuse()
}
