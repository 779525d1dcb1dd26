// The stub: the target's end of gdb's remote protocol (gdb's manual, appendix "gdb Remote Serial Protocol").
//
// 1. Threads are vCPUs; thread n + 1 is vCPU n. All stop together.
// 2. Breakpoints of either kind stand outside the guest: its memory is written only where M, X, P or G ask for it.
// 3. What is asked of a running guest waits until it stops, but for the interrupt byte.
// 4. A packet that is not known is answered by nothing, one that is wrong or cannot be done by an error; none ends the stub.

import {
  concatBytes,
  type Disposable,
  decodeText,
  Emitter,
  encodeText,
  fromHex,
  PAGE_SIZE,
  TransplantError,
  toHex,
  type VirtAddr,
  virtAddr,
} from '../base/index.js'
import { describeStop, type StopReason, type Stops, type Watched, type WatchedAccess } from '../machine/index.js'
import type { ByteStream } from './byte-stream.js'
import type { GdbTarget } from './gdb-target.js'
import { ACKNOWLEDGE, encodePacket, PacketReader, SEND_AGAIN } from './packets.js'
import { type RegisterBank, RegisterSet } from './stub-registers.js'

/** Why a debugger is gone. */
export type GdbEnd = 'detached' | 'killed' | 'lost' | 'ended'

/** Bytes of a packet, which is 8 KiB of memory in hexadecimal. */
const PACKET_BYTES = 0x4000
const [OK, UNKNOWN, NO_SUCH, NO_MEMORY, NO_CHANGE] = ['OK', '', 'E01', 'E0e', 'E1e']
const [SIGINT, SIGTRAP] = ['02', '05']

const FEATURES = [
  `PacketSize=${PACKET_BYTES.toString(16)}`,
  ...['QStartNoAckMode+', 'vContSupported+', 'swbreak+', 'hwbreak+'],
  ...['qXfer:features:read+', 'qXfer:threads:read+'],
]
const BACKWARD = ['ReverseStep+', 'ReverseContinue+']

/** A breakpoint at a place, or a range that is watched. */
interface Held {
  readonly hold: Disposable
  readonly at?: VirtAddr
  readonly watched?: Watched
}

/** Kinds of `Z` that watch memory, and what a stop for one is called. */
const WATCHES: ReadonlyMap<string, { readonly access: WatchedAccess; readonly name: string }> = new Map([
  ['2', { access: 'write', name: 'watch' }],
  ['3', { access: 'read', name: 'rwatch' }],
  ['4', { access: 'access', name: 'awatch' }],
])
const nameOfWatch = (access: WatchedAccess): string =>
  [...WATCHES.values()].find((one) => one.access === access)?.name ?? 'watch'

type Answer = string | Uint8Array | undefined

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined
const address = (text: string | undefined): VirtAddr | undefined =>
  text !== undefined && /^[0-9a-fA-F]{1,16}$/.test(text) ? virtAddr(BigInt(`0x${text}`)) : undefined

/** `addr,length`, and what follows a colon. */
function range(text: string): { at: VirtAddr; length: number; rest: string } | undefined {
  const [, from, count, rest = ''] = /^([^,]*),([^:]*)(?::(.*))?$/s.exec(text) ?? []
  const [at, length] = [address(from), number(count)]
  return at === undefined || length === undefined ? undefined : { at, length, rest }
}

const threadId = (cpu: number): string => (cpu + 1).toString(16)
const attribute = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`).replace(/[^ -~]/g, '?')

/** One debugger's session. */
export class GdbServer {
  private readonly stream: ByteStream
  private readonly target: GdbTarget
  private readonly registers: RegisterSet
  private readonly reader = new PacketReader(4 * PACKET_BYTES)
  private readonly endEmitter = new Emitter<GdbEnd>()
  /** It is over, and why; all breakpoints are gone. */
  readonly onEnd = this.endEmitter.event
  private readonly breakpoints = new Map<string, Held>()
  private acknowledges = true
  private lastSent: Uint8Array = new Uint8Array(0)
  /** vCPU of the last stop, and that which registers and memory are asked of. */
  private current = 0
  private chosen = 0
  private lastStop = `T${SIGTRAP}thread:1;`
  private runs = false
  private isOver = false
  private work: Promise<void>

  /** Nothing is answered before `ready`: until the guest stands still. */
  constructor(stream: ByteStream, target: GdbTarget, ready: Promise<void> = Promise.resolve()) {
    this.work = ready
    this.stream = stream
    this.target = target
    this.registers = new RegisterSet(target.cpu === 'x86-64-v3')
    stream.onBytes((bytes) => this.take(bytes))
    stream.onEnd(() => this.end('lost'))
  }

  private take(bytes: Uint8Array): void {
    for (const event of this.reader.feed(bytes)) {
      if (this.isOver) return
      if (event.kind === 'interrupt') {
        if (this.runs) this.target.interrupt()
      } else if (event.kind === 'again') this.stream.send(this.lastSent)
      else if (event.kind === 'damaged') this.stream.send(SEND_AGAIN)
      else if (event.kind === 'packet') {
        if (this.acknowledges) this.stream.send(ACKNOWLEDGE)
        this.work = this.work.then(() => this.serve(event.data))
      }
    }
  }

  private async serve(packet: Uint8Array): Promise<void> {
    if (this.isOver) return
    let answer: Answer
    try {
      answer = await this.answer(packet)
    } catch (error) {
      if (!(error instanceof TransplantError)) throw error
      answer = error.code === 'GUEST_NOT_MAPPED' || error.code === 'GUEST_NO_MEMORY' ? NO_MEMORY : NO_SUCH
    }
    if (answer !== undefined) this.send(answer)
  }

  private send(answer: string | Uint8Array): void {
    this.lastSent = encodePacket(typeof answer === 'string' ? encodeText(answer) : answer)
    this.stream.send(this.lastSent)
  }

  /** Lets go of the debugger, which sees the connection end. */
  hangUp(): void {
    this.end('ended')
  }

  private end(why: GdbEnd): void {
    if (this.isOver) return
    this.isOver = true
    for (const { hold } of this.breakpoints.values()) hold.dispose()
    this.breakpoints.clear()
    // Whoever runs the guest goes on, or ends it; nothing waits for this debugger any more.
    if (this.runs) this.target.interrupt()
    if (why !== 'lost') this.stream.close()
    void this.work.then(() => this.endEmitter.fire(why))
  }

  // Packets ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  private answer(packet: Uint8Array): Answer | Promise<Answer> {
    const text = decodeText(packet)
    const rest = text.slice(1)
    switch (text[0]) {
      case '?':
        return this.lastStop
      case 'g':
        return this.readAll()
      case 'G':
        return this.writeAll(rest)
      case 'p':
        return this.readOne(rest)
      case 'P':
        return this.writeOne(rest)
      case 'm':
        return this.readMemory(rest)
      case 'M':
        return this.writeMemory(rest, (data) => fromHex(data))
      case 'X':
        return this.writeMemory(text.slice(1, text.indexOf(':') + 1), () => packet.subarray(packet.indexOf(0x3a) + 1))
      case 'H':
        return this.choose(rest)
      case 'T':
        return this.cpuOf(rest) === undefined ? NO_SUCH : OK
      case 'Z':
        return this.setBreakpoint(rest)
      case 'z':
        return this.clearBreakpoint(rest)
      case 'c':
      case 's':
        return this.resumeAt(text[0] === 's', address(rest))
      case 'v':
        return this.answerVerbose(text)
      case 'b':
        return this.goBack(rest)
      case 'q':
      case 'Q':
        return this.query(text)
      case 'D':
        this.send(OK)
        this.end('detached')
        return undefined
      case 'k':
        this.end('killed')
        return undefined
      default:
        return UNKNOWN
    }
  }

  private answerVerbose(text: string): Answer | Promise<Answer> {
    if (text === 'vCont?') return 'vCont;c;C;s;S'
    if (text.startsWith('vCont;')) return this.resume(text.slice(6))
    if (!text.startsWith('vKill')) return UNKNOWN
    this.send(OK)
    this.end('killed')
    return undefined
  }

  private query(text: string): Answer | Promise<Answer> {
    const [, name = '', rest = ''] = /^([A-Za-z]+)[:,]?(.*)$/s.exec(text) ?? []
    switch (name) {
      case 'qSupported':
        return [...FEATURES, ...(this.target.history ? BACKWARD : [])].join(';')
      case 'QStartNoAckMode':
        this.send(OK)
        this.acknowledges = false
        return undefined
      case 'qC':
        return `QC${threadId(this.current)}`
      case 'qAttached':
        return '1'
      case 'qSymbol':
        return OK
      case 'qfThreadInfo':
        return `m${Array.from({ length: this.target.port.vcpus }, (_, cpu) => threadId(cpu)).join(',')}`
      case 'qsThreadInfo':
        return 'l'
      case 'qThreadExtraInfo':
        return this.threadText(rest)
      case 'qRcmd':
        return this.command(rest)
      case 'qXfer':
        return this.transfer(rest)
      default:
        return UNKNOWN
    }
  }

  // Threads ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** -1 (all) and 0 (any) mean the current one. */
  private cpuOf(text: string): number | undefined {
    if (text === '-1' || text === '0' || text === '') return this.current
    const id = number(text)
    return id !== undefined && id >= 1 && id <= this.target.port.vcpus ? id - 1 : undefined
  }

  private choose(text: string): Answer {
    const cpu = this.cpuOf(text.slice(1))
    if (cpu === undefined || !/^[gc]/.test(text)) return NO_SUCH
    if (text[0] === 'g') this.chosen = cpu
    return OK
  }

  private async describe(cpu: number): Promise<string> {
    const task = await this.target.taskOn(cpu)
    const activity = await this.target.port.activity(cpu)
    return [task, activity === 'running' ? undefined : activity].filter((part) => part !== undefined).join(', ')
  }

  private async threadText(text: string): Promise<Answer> {
    const cpu = this.cpuOf(text)
    return cpu === undefined ? NO_SUCH : toHex(encodeText((await this.describe(cpu)) || 'running'))
  }

  // Registers and memory //////////////////////////////////////////////////////////////////////////////////////////////

  private async bank(): Promise<RegisterBank> {
    const { port, debug } = this.target
    return { registers: await port.registers(this.chosen), vectors: await debug.readVectors(this.chosen) }
  }

  private async readAll(): Promise<Answer> {
    const bank = await this.bank()
    return this.registers.all.map((register) => toHex(register.read(bank))).join('')
  }

  private async writeAll(text: string): Promise<Answer> {
    const bytes = fromHex(text)
    const whole = this.registers.all.reduce((sum, { bits }) => sum + bits / 8, 0)
    if (bytes === undefined || bytes.length !== whole) return NO_SUCH
    const bank = await this.bank()
    let at = 0
    for (const register of this.registers.all) {
      const value = bytes.subarray(at, at + register.bits / 8)
      at += value.length
      if (toHex(value) === toHex(register.read(bank))) continue
      if (register.write === undefined) return NO_CHANGE
      await register.write(this.target.debug, this.chosen, value)
    }
    return OK
  }

  private async readOne(text: string): Promise<Answer> {
    const register = this.registers.all[number(text) ?? -1]
    return register === undefined ? NO_SUCH : toHex(register.read(await this.bank()))
  }

  private async writeOne(text: string): Promise<Answer> {
    const [index, value = ''] = text.split('=')
    const register = this.registers.all[number(index) ?? -1]
    const bytes = fromHex(value)
    if (register === undefined || bytes?.length !== register.bits / 8) return NO_SUCH
    if (register.write === undefined) return NO_CHANGE
    await register.write(this.target.debug, this.chosen, bytes)
    return OK
  }

  /** What is mapped of it, from its beginning. */
  private async readMemory(text: string): Promise<Answer> {
    const asked = range(text)
    if (asked === undefined) return NO_SUCH
    const parts: Uint8Array[] = []
    let left = Math.min(asked.length, PACKET_BYTES / 2)
    for (let at: bigint = asked.at; left > 0; ) {
      const count = Math.min(left, PAGE_SIZE - Number(at & BigInt(PAGE_SIZE - 1)))
      const read = this.target.port.readVirtual(virtAddr(at), count, { cpu: this.chosen })
      const part = await read.catch((error: unknown) => {
        if (error instanceof TransplantError && parts.length > 0) return undefined
        throw error
      })
      if (part === undefined) break
      parts.push(part)
      at += BigInt(count)
      left -= count
    }
    return toHex(concatBytes(...parts))
  }

  private async writeMemory(text: string, data: (rest: string) => Uint8Array | undefined): Promise<Answer> {
    const asked = range(text)
    const bytes = asked && data(asked.rest)
    if (asked === undefined || bytes?.length !== asked.length) return NO_SUCH
    if (bytes.length > 0) await this.target.debug.writeVirtual(asked.at, bytes, { cpu: this.chosen })
    return OK
  }

  // Breakpoints ///////////////////////////////////////////////////////////////////////////////////////////////////////

  private async setBreakpoint(text: string): Promise<Answer> {
    const [kind = '', where, count] = text.split(',')
    const [at, length] = [address(where), number(count)]
    const access = WATCHES.get(kind)?.access
    if (access === undefined && kind !== '0' && kind !== '1') return UNKNOWN
    if (at === undefined || length === undefined) return NO_SUCH
    const key = `${kind},${at}`
    if (this.breakpoints.has(key)) return OK
    const { port, debug } = this.target
    const hold = access === undefined ? await port.setBreakpoint(at) : await debug.setWatchpoint(at, length, access)
    this.breakpoints.set(key, {
      hold,
      ...(access === undefined ? { at } : { watched: { address: at, length, access } }),
    })
    return OK
  }

  private clearBreakpoint(text: string): Answer {
    const [kind = '', where] = text.split(',')
    if (kind !== '0' && kind !== '1' && !WATCHES.has(kind)) return UNKNOWN
    const at = address(where)
    if (at === undefined) return NO_SUCH
    this.breakpoints.get(`${kind},${at}`)?.hold.dispose()
    this.breakpoints.delete(`${kind},${at}`)
    return OK
  }

  private get stops(): Stops {
    const all = [...this.breakpoints.values()]
    return { places: all.flatMap(({ at }) => at ?? []), watched: all.flatMap(({ watched }) => watched ?? []) }
  }

  // Running ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  private async resumeAt(steps: boolean, at: VirtAddr | undefined): Promise<Answer> {
    if (at !== undefined) await this.target.debug.writeRegister(this.current, 'rip', at)
    return this.resume(steps ? `s:${threadId(this.current)}` : 'c')
  }

  private async resume(text: string): Promise<Answer> {
    const actions = text.split(';').map((action) => {
      const [, kind = '', thread] = /^([csCS])(?:[0-9a-f]{2})?(?::(-1|[0-9a-f]+))?$/.exec(action) ?? []
      return { kind: kind.toLowerCase(), cpu: this.cpuOf(thread ?? '') }
    })
    if (actions.some(({ kind, cpu }) => kind === '' || cpu === undefined)) return NO_SUCH
    const step = actions.find(({ kind }) => kind === 's')
    const alone = !actions.some(({ kind }) => kind === 'c')
    return this.running(() => (step?.cpu === undefined ? this.target.resume() : this.target.step(step.cpu, alone)))
  }

  private async goBack(text: string): Promise<Answer> {
    const { history } = this.target
    if (history === undefined || (text !== 's' && text !== 'c')) return UNKNOWN
    const stepped = text === 's' && history.stepBack(this.current)
    const found = text === 'c' ? history.runBack(this.stops) : undefined
    // The vCPU that is about to do it is the one that is spoken of.
    this.current = found?.cpu ?? this.current
    this.chosen = this.current
    return this.told(stepped || found !== undefined ? '' : 'replaylog:begin;')
  }

  private async running(run: () => Promise<StopReason>): Promise<Answer> {
    if (this.target.port.state === 'off') return NO_CHANGE
    this.runs = true
    try {
      return this.stopped(await run())
    } finally {
      this.runs = false
    }
  }

  private told(why: string, signal = SIGTRAP): string {
    this.lastStop = `T${signal}thread:${threadId(this.current)};${why}`
    return this.lastStop
  }

  private stopped(stop: StopReason): Answer {
    if ('cpu' in stop) this.current = stop.cpu
    this.chosen = this.current
    switch (stop.reason) {
      case 'breakpoint':
        return this.told(this.breakpoints.has(`1,${stop.address}`) ? 'hwbreak:;' : 'swbreak:;')
      case 'watchpoint':
        return this.told(`${nameOfWatch(stop.access)}:${stop.address.toString(16)};`)
      case 'stop-request':
        return this.told('', SIGINT)
      case 'exit':
      case 'power-off':
      case 'reset':
        return this.over(stop)
      case 'stuck':
        this.print(`${describeStop(stop)}.\n`)
        return this.told('', SIGINT)
      default:
        return this.told('')
    }
  }

  private over(stop: StopReason): undefined {
    this.print(`${describeStop(stop)}.\n`)
    this.send(`W${(stop.reason === 'exit' ? stop.status & 0xff : 0).toString(16).padStart(2, '0')}`)
    this.end('ended')
    return undefined
  }

  // Objects and the monitor ///////////////////////////////////////////////////////////////////////////////////////////

  private print(text: string): void {
    const bytes = encodeText(text)
    const most = PACKET_BYTES / 2 - 1
    for (let at = 0; at < bytes.length; at += most) this.send(`O${toHex(bytes.subarray(at, at + most))}`)
  }

  private async command(text: string): Promise<Answer> {
    const bytes = fromHex(text)
    if (bytes === undefined) return NO_SUCH
    this.print(await this.target.monitor(decodeText(bytes)))
    return OK
  }

  private async transfer(text: string): Promise<Answer> {
    const [, object, annex, from, count] = /^(\w+):read:([^:]*):([0-9a-f]+),([0-9a-f]+)$/i.exec(text) ?? []
    const [at, length] = [number(from), number(count)]
    const whole = await this.object(object ?? '', annex ?? '')
    if (whole === undefined || at === undefined || length === undefined) return object === undefined ? UNKNOWN : NO_SUCH
    const bytes = encodeText(whole)
    // Escaped bytes take two.
    const end = Math.min(at + Math.min(length, PACKET_BYTES / 2 - 1), bytes.length)
    return concatBytes(encodeText(end < bytes.length ? 'm' : 'l'), bytes.subarray(at, end))
  }

  private async object(name: string, annex: string): Promise<string | undefined> {
    if (name === 'features' && annex === 'target.xml') return this.registers.description
    if (name !== 'threads' || annex !== '') return undefined
    const rows: string[] = []
    for (let cpu = 0; cpu < this.target.port.vcpus; cpu++) {
      const text = attribute(await this.describe(cpu))
      rows.push(`<thread id="${threadId(cpu)}" core="${cpu}" name="vCPU ${cpu}">${text}</thread>`)
    }
    return `<?xml version="1.0"?>\n<threads>\n${rows.join('\n')}\n</threads>\n`
  }
}
