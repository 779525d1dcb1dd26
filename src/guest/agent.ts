// The host's side of the guest's agent (images/user/agent, PROTOCOL.md): runs commands in the guest and moves files, over
// the second serial line, which any GuestPort offers.
//
// 1. A call runs the guest for as long as the answer takes, at most `limit` instructions of virtual time. Between calls
//    the guest stands still, so what the caller reads through the port belongs to one instant.
// 2. At most one request is under way (the protocol's flow control); commands that were started go on beside it, and their
//    output is kept until they are waited for.
// 3. A guest that panics, ends, stops or stays silent is a TransplantError with a stable code and the console's last lines:
//    GUEST_PANIC, GUEST_OOPS, GUEST_ENDED, GUEST_STOPPED, AGENT_TIMEOUT. What the agent refuses is AGENT_REFUSED with its errno text.
//
//   const agent = new AgentClient(port)
//   await agent.connect()
//   const { status, stdout } = await agent.exec('uname -r')

import {
  concatBytes,
  type Disposable,
  decodeText,
  encodeText,
  requireKind,
  requireWhole,
  TransplantError,
} from '../base/index.js'
import { describeStop, type GuestPort, requireCapability, type StopReason } from '../machine/index.js'
import { type AgentFrame, encodeFrame, FRAME_PAYLOAD_LIMIT, FrameReader } from './agent-frames.js'
import { ConsoleLog } from './console-log.js'

/** How patient a client is, and what it listens to. */
export interface AgentOptions {
  /** Instructions that one call may take. Default 60 virtual seconds. */
  readonly limit?: number
  /** A log that listens already; without one the client keeps its own. */
  readonly console?: ConsoleLog
  /** A call ends with GUEST_OOPS when the kernel tells of a fault of its own. Default: the guest goes on as it can. */
  readonly endAtOops?: boolean
}

/** What a command in the guest came to. */
export interface CommandResult {
  /** The exit status; 128 + number where a signal ended the command, as a shell tells it. */
  readonly status: number
  /** The signal that ended it. */
  readonly signal?: number
  /** What it printed, as UTF-8. */
  readonly stdout: string
  /** As stdout, of the standard error. */
  readonly stderr: string
  /** The same, byte for byte. */
  readonly stdoutBytes: Uint8Array
  /** As stdoutBytes, of the standard error. */
  readonly stderrBytes: Uint8Array
}

/** A command that was started. Its `result` appears while other calls run the guest. */
export interface StartedCommand {
  /** The request's number, by which the agent's frames name it. */
  readonly id: number
  readonly pid: number
  readonly command: string
  /** Undefined while it runs. */
  readonly result: CommandResult | undefined
}

class Running implements StartedCommand {
  readonly id: number
  readonly command: string
  pid = 0
  result: CommandResult | undefined
  readonly out: Uint8Array[] = []
  readonly err: Uint8Array[] = []

  constructor(id: number, command: string) {
    this.id = id
    this.command = command
  }
}

/** Room for the `<mode> <offset> <path>` line in a put request, and for the path in it. */
const PUT_HEAD = 512
const PUT_BYTES = FRAME_PAYLOAD_LIMIT - PUT_HEAD
/** Bytes of a path in a put request, beside mode and offset. */
export const AGENT_PATH_LIMIT = PUT_HEAD - 32
const DEFAULT_LIMIT = 60e9
/** Instructions in which a kernel prints its oops to the end. */
const OOPS_TIME = 20e6

/** Runs commands in a guest and moves files, through its agent. */
export class AgentClient implements Disposable {
  readonly port: GuestPort
  readonly console: ConsoleLog
  private readonly limit: number
  private readonly reader = new FrameReader()
  private readonly subscription: Disposable
  private readonly ownConsole: boolean
  private readonly endAtOops: boolean
  private commands = new Map<number, Running>()
  private answers: AgentFrame[] = []
  private nextId = 1
  private ready: string | undefined

  /** Listens at the port from now on; `connect` speaks first. Throws BAD_ARGUMENT for what is no port or no option. */
  constructor(port: GuestPort, options: AgentOptions = {}) {
    requireKind('port', port, 'object')
    requireKind('port.onConsole', port.onConsole, 'function')
    requireKind('options', options, 'object')
    if (options.limit !== undefined) requireWhole('limit', options.limit, 1)
    this.port = port
    this.limit = options.limit ?? DEFAULT_LIMIT
    this.ownConsole = options.console === undefined
    this.endAtOops = options.endAtOops === true
    this.console = options.console ?? new ConsoleLog(port)
    this.subscription = port.onConsole(({ channel, bytes }) => {
      if (channel !== 1) return
      for (const frame of this.reader.feed(bytes)) this.take(frame)
    })
  }

  /** Listens no more. Commands in the guest go on. */
  dispose(): void {
    this.subscription.dispose()
    if (this.ownConsole) this.console.dispose()
  }

  /**
   * Runs the guest until its agent answers; returns what the agent calls itself. A guest that has run before (a snapshot) is asked; a
   * fresh one announces its agent by itself. Throws what `AgentClient.runUntil` throws.
   */
  async connect(): Promise<string> {
    const now = await this.now()
    // Commands of an earlier client may still run in the guest: their ids must not be taken for ours.
    this.nextId = 1 + (Math.floor(now / 1024) % 0x7fff_0000)
    if (now > 0) {
      const id = await this.send('hello', new Uint8Array(0))
      await this.runUntil(() => this.ready !== undefined || this.answers.some((frame) => frame.id === id), 'to answer')
      const answer = this.answers.find((frame) => frame.id === id)
      if (answer !== undefined) this.ready = decodeText(answer.payload)
      this.answers = []
    } else await this.runUntil(() => this.ready !== undefined, 'to start its agent')
    return this.ready ?? ''
  }

  /**
   * Sends the bytes of `payload` and expects the same back; whether they came. Throws BAD_ARGUMENT for more than a frame holds, AGENT_REFUSED, and what
   * `AgentClient.runUntil` throws.
   */
  async ping(payload: Uint8Array = new Uint8Array(0)): Promise<boolean> {
    requireKind('payload', payload, 'bytes')
    requireWhole('payload.length', payload.length, 0, FRAME_PAYLOAD_LIMIT)
    const id = await this.send('ping', payload)
    const answer = await this.answer(id, ['pong'])
    return decodeText(answer.payload) === decodeText(payload)
  }

  /**
   * Runs a command line with /bin/sh -c to its end; a status other than 0 is a result. Throws what `AgentClient.start` and
   * `AgentClient.wait` throw: AGENT_PAYLOAD, AGENT_REFUSED, and what `AgentClient.runUntil` throws.
   */
  async exec(command: string): Promise<CommandResult> {
    return this.wait(await this.start(command))
  }

  /**
   * As `exec`, for the standard output alone. Throws GUEST_COMMAND, with what the command said, for a status other than 0, and what
   * `AgentClient.exec` throws.
   */
  async read(command: string): Promise<string> {
    const { status, stdout, stderr } = await this.exec(command)
    if (status === 0) return stdout
    throw new TransplantError(
      'GUEST_COMMAND',
      `'${command}' ended with status ${status} in the guest: ${(stderr || stdout).trim()}.`,
      'Run it by hand: transplant run.',
    )
  }

  /**
   * Starts a command line and returns once it runs. Sixteen may run at once. Throws AGENT_PAYLOAD for a line with a NUL or longer than a
   * frame, AGENT_REFUSED with the guest's errno where it cannot be started, and what `AgentClient.runUntil` throws.
   */
  async start(command: string): Promise<StartedCommand> {
    const payload = commandPayload(command)
    const running = new Running(this.nextId, command)
    this.commands.set(running.id, running)
    const id = await this.send('exec', payload)
    const answer = await this.answer(id, ['started'])
    running.pid = Number(decodeText(answer.payload))
    return running
  }

  /** Runs the guest until a started command has ended. Throws what `AgentClient.runUntil` throws. */
  async wait(command: StartedCommand): Promise<CommandResult> {
    await this.runUntil(() => command.result !== undefined, `to finish '${command.command}'`)
    this.commands.delete(command.id)
    return command.result as CommandResult
  }

  /**
   * Sends signal `number` (as Linux numbers them) to a started command and all its group. Throws AGENT_REFUSED where it has ended, BAD_ARGUMENT for a signal outside 0 to 64, and
   * what `AgentClient.runUntil` throws.
   */
  async signal(command: StartedCommand, number: number): Promise<void> {
    requireKind('command', command, 'object')
    requireWhole('number', number, 0, 64)
    const id = await this.send('signal', encodeText(`${command.id} ${number}`))
    await this.answer(id, ['ok'])
  }

  /**
   * Writes a file of any length, in pieces; `mode`: permission bits of a new one. Throws AGENT_REFUSED with the guest's errno,
   * AGENT_PAYLOAD for a path that cannot be told, BAD_ARGUMENT, and what `AgentClient.runUntil` throws.
   */
  async put(path: string, bytes: Uint8Array, mode = 0o644): Promise<void> {
    requirePath(path)
    requireKind('bytes', bytes, 'bytes')
    requireWhole('mode', mode, 0, 0o7777)
    for (let offset = 0; offset === 0 || offset < bytes.length; offset += PUT_BYTES) {
      const head = encodeText(`${mode.toString(8)} ${offset} ${path}\n`)
      const id = await this.send('put', concatBytes(head, bytes.subarray(offset, offset + PUT_BYTES)))
      await this.answer(id, ['ok'], `to take '${path}'`)
    }
  }

  /**
   * The bytes that a file has as stat tells it; undefined for one that is not there, or cannot be opened. Throws AGENT_PAYLOAD for a path
   * that cannot be told, and what `AgentClient.runUntil` throws.
   */
  async sizeOf(path: string): Promise<number | undefined> {
    requirePath(path)
    const id = await this.send('get', encodeText(`0 0 ${path}`))
    try {
      return Number(decodeText((await this.answer(id, ['end'])).payload))
    } catch (error) {
      if (error instanceof TransplantError && error.code === 'AGENT_REFUSED') return undefined
      throw error
    }
  }

  /**
   * Writes over some bytes of a file that is there, not the first ones: at offset 0 the agent would empty it. Throws AGENT_REFUSED with
   * the guest's errno, AGENT_PAYLOAD for a path that cannot be told, BAD_ARGUMENT, and what `AgentClient.runUntil` throws.
   */
  async patch(path: string, offset: number, bytes: Uint8Array): Promise<void> {
    requirePath(path)
    requireWhole('offset', offset, 1)
    requireKind('bytes', bytes, 'bytes')
    requireWhole('bytes.length', bytes.length, 0, PUT_BYTES)
    const id = await this.send('put', concatBytes(encodeText(`644 ${offset} ${path}\n`), bytes))
    await this.answer(id, ['ok'])
  }

  /**
   * Reads a whole file. Throws AGENT_REFUSED with the guest's errno, AGENT_PAYLOAD for a path that cannot be told, and what
   * `AgentClient.runUntil` throws.
   */
  async get(path: string): Promise<Uint8Array> {
    requirePath(path)
    const id = await this.send('get', encodeText(`0 -1 ${path}`))
    const parts: Uint8Array[] = []
    for (;;) {
      const answer = await this.answer(id, ['data', 'end'], `to give '${path}'`)
      if (answer.verb === 'end') return concatBytes(...parts)
      parts.push(answer.payload)
    }
  }

  /**
   * Lets the guest run for so many instructions of virtual time, or until it only waits for input; commands that were started go on.
   * Throws GUEST_NO_CAPABILITY at a port without time, BAD_ARGUMENT, and GUEST_PANIC, GUEST_ENDED, AGENT_TIMEOUT or GUEST_STOPPED as
   * `runUntil` does.
   */
  async runFor(instructions: number): Promise<void> {
    requireWhole('instructions', instructions)
    const time = requireCapability(this.port, 'time')
    let left = instructions
    while (left > 0) {
      const before = await time()
      const stop = await this.port.run({ instructions: left })
      // A guest that only waits for input would wait all the time.
      if (stop.reason === 'limit' || stop.reason === 'idle') return
      this.refuse(stop, 'to run on')
      left -= (await time()) - before
    }
  }

  /**
   * Starts a command that ends the guest, and runs until the guest is off. Throws AGENT_PAYLOAD for a line that cannot be told,
   * GUEST_PANIC, GUEST_ENDED, AGENT_TIMEOUT where the guest stops otherwise, GUEST_STOPPED.
   */
  async shutDown(command = 'poweroff'): Promise<StopReason> {
    await this.send('exec', commandPayload(command))
    for (;;) {
      const stop = await this.port.run({ instructions: this.limit, until: () => this.console.panic !== undefined })
      if (stop.reason === 'power-off' || stop.reason === 'exit' || stop.reason === 'reset') return stop
      this.refuse(stop, 'to power off')
    }
  }

  /** 0 where the guest's time cannot be told: then nothing is known to have run yet, and no limit is reached. */
  private async now(): Promise<number> {
    return (await this.port.capabilities.time?.()) ?? 0
  }

  private async send(verb: string, payload: Uint8Array): Promise<number> {
    const id = this.nextId++
    await this.port.sendConsole(1, encodeFrame(verb, id, payload))
    return id
  }

  private take(frame: AgentFrame): void {
    if (frame.verb === 'ready') {
      this.ready = decodeText(frame.payload)
      return
    }
    const running = this.commands.get(frame.id)
    if (running === undefined || frame.verb === 'started' || frame.verb === 'error') this.answers.push(frame)
    else if (frame.verb === 'out') running.out.push(frame.payload)
    else if (frame.verb === 'err') running.err.push(frame.payload)
    else if (frame.verb === 'exit') running.result = resultOf(running, decodeText(frame.payload))
  }

  /** The first answer to a request. */
  private async answer(id: number, verbs: readonly string[], what = 'to answer'): Promise<AgentFrame> {
    const wanted = (frame: AgentFrame): boolean =>
      frame.id === id && (frame.verb === 'error' || verbs.includes(frame.verb))
    await this.runUntil(() => this.answers.some(wanted), what)
    const answer = this.answers.find(wanted) as AgentFrame
    this.answers = this.answers.filter((frame) => frame !== answer)
    if (answer.verb !== 'error') return answer
    this.commands.delete(id)
    throw new TransplantError(
      'AGENT_REFUSED',
      `The guest's agent refused ${what}: errno ${decodeText(answer.payload)}.`,
    )
  }

  /**
   * Runs the guest until `done`: asked at each output, and wherever a breakpoint's handler stops. `what` completes errors ("to answer").
   * Throws AGENT_TIMEOUT after `limit` instructions or where nothing can happen any more, GUEST_PANIC, GUEST_OOPS where the options say
   * so, GUEST_ENDED where the guest is off, GUEST_STOPPED where a breakpoint or `stop` stands in the way.
   */
  async runUntil(done: () => boolean, what: string, limit = this.limit): Promise<void> {
    const start = await this.now()
    while (!done()) {
      const now = await this.now()
      const stop = await this.port.run({
        instructions: Math.max(1, start + limit - now),
        until: () => done() || this.console.panic !== undefined || this.oopsed,
      })
      if (done()) return
      if (this.oopsed) await this.tellOops(what)
      if (stop.reason === 'limit') {
        throw new TransplantError(
          'AGENT_TIMEOUT',
          `The guest took more than ${limit / 1e9} s of virtual time ${what}.${this.tail()}`,
          'Give it more with --timeout, or look at its console: transplant run.',
        )
      }
      this.refuse(stop, what)
    }
  }

  private get oopsed(): boolean {
    return this.endAtOops && this.console.oops !== undefined
  }

  /** Lets the kernel finish what it says, then throws. */
  private async tellOops(what: string): Promise<never> {
    await this.port.run({ instructions: OOPS_TIME, until: () => this.console.panic !== undefined })
    throw oopsError(this.console, what)
  }

  /** Throws where a guest that stopped so cannot answer any more. */
  private refuse(stop: StopReason, what: string): void {
    if (this.console.panic !== undefined) {
      throw new TransplantError('GUEST_PANIC', `The guest panicked: ${this.console.panic}.${this.tail()}`)
    }
    switch (stop.reason) {
      case 'output':
      case 'limit':
        return
      case 'power-off':
      case 'exit':
      case 'reset':
        throw new TransplantError(
          'GUEST_ENDED',
          `The guest ended (${describeStop(stop)}) instead ${what}.${this.tail()}`,
        )
      case 'idle':
      case 'stuck':
        throw new TransplantError(
          'AGENT_TIMEOUT',
          `The guest stopped (${describeStop(stop)}) instead ${what}.${this.tail()}`,
        )
      default:
        throw new TransplantError('GUEST_STOPPED', `The guest was stopped (${stop.reason}) instead ${what}.`)
    }
  }

  private tail(): string {
    const tail = this.console.tail()
    return tail === '' ? ' Its console printed nothing.' : ` Its console's last lines:\n${tail}\n`
  }
}

function commandPayload(command: string): Uint8Array {
  requireKind('command', command, 'text')
  if (command.includes('\0')) {
    throw new TransplantError('AGENT_PAYLOAD', 'The command line has a NUL: its rest would be lost.', 'Leave it out.')
  }
  const bytes = encodeText(command)
  if (bytes.length <= FRAME_PAYLOAD_LIMIT) return bytes
  throw new TransplantError(
    'AGENT_PAYLOAD',
    `The command line has ${bytes.length} bytes; the agent takes ${FRAME_PAYLOAD_LIMIT}.`,
    'Put a script into a file of the guest first, and run that.',
  )
}

/** A path stands in one line of a request, before the bytes. */
function requirePath(path: string): void {
  requireKind('path', path, 'text')
  const { length } = encodeText(path)
  if (length > 0 && length <= AGENT_PATH_LIMIT && !/[\0\n]/.test(path)) return
  throw new TransplantError(
    'AGENT_PAYLOAD',
    `The path ${JSON.stringify(path)} cannot be told to the agent.`,
    `Give one of 1 to ${AGENT_PATH_LIMIT} bytes, without NUL and line feed.`,
  )
}

/** What to throw for a guest whose kernel has oopsed instead of doing `what` ("to answer"). */
export function oopsError(console: ConsoleLog, what: string): TransplantError {
  const lines = console.oops?.join('\n') ?? ''
  return new TransplantError('GUEST_OOPS', `The guest's kernel oopsed instead ${what}:\n${lines}\n`)
}

function resultOf(running: Running, text: string): CommandResult {
  const [how = '', number = ''] = text.split(' ')
  const value = Number(number)
  const [stdoutBytes, stderrBytes] = [concatBytes(...running.out), concatBytes(...running.err)]
  const output = { stdout: decodeText(stdoutBytes), stderr: decodeText(stderrBytes), stdoutBytes, stderrBytes }
  return how === 'killed' ? { status: 128 + value, signal: value, ...output } : { status: value, ...output }
}
