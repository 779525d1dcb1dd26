// GuestPort over QEMU's gdb stub (and its monitor, through which the stub passes commands).
//
// 1. A vCPU is a thread of the target. Memory is read by physical address (Qqemu.PhyMemMode), so reading depends on no vCPU; virtual
//    addresses are translated here.
// 2. Breakpoints are QEMU's own, not int3 in the guest's memory. The vCPU that hit one is stepped over it before the guest goes on.
// 3. QEMU counts no instructions: `instructions` of a run is ignored, and there are no capabilities. `until` is asked for each
//    piece of output as it arrives, while the guest runs on; it stops soon after.
//
//   const port = await QemuPort.attach({ gdb, consoles: [com1, com2] })

import {
  concatBytes,
  type Disposable,
  decodeText,
  Emitter,
  type Event,
  fromHex,
  onCancel,
  type PhysAddr,
  physAddr,
  readU64,
  TransplantError,
  toDisposable,
  type VirtAddr,
  virtAddr,
} from '../base/index.js'
import { REGISTER_BITS } from '../cpu/index.js'
import {
  type AddressSpace,
  type BreakpointHandler,
  type ConsoleChannel,
  type ConsoleOutput,
  type CpuActivity,
  type GuestCapabilities,
  type GuestPort,
  noMemory,
  notMapped,
  pagePieces,
  type Registers,
  RunControl,
  type RunLimit,
  requireCpu,
  type StopReason,
  walkRemoteTables,
} from '../machine/index.js'
import type { ByteStream } from './byte-stream.js'
import { GdbClient } from './gdb-client.js'
import { readTargetDescription, type TargetRegister } from './target-description.js'

/** How a running QEMU is reached. */
export interface QemuConnection {
  readonly gdb: ByteStream
  /** COM1 and COM2, where they are connected. */
  readonly consoles?: readonly (ByteStream | undefined)[]
  /** The process's exit status, once it has ended. */
  readonly exitStatus?: () => Promise<number | undefined>
}

/** A range of physical addresses behind which lies RAM or ROM. */
interface MemoryRange {
  readonly start: number
  /** Its last byte. */
  readonly last: number
}

const { CR0_PE, CR0_PG, CR4_LA57, EFER_LMA } = REGISTER_BITS

/** A GuestPort of a guest under QEMU, through its gdb stub. */
export class QemuPort implements GuestPort {
  readonly kind = 'qemu'
  readonly capabilities: GuestCapabilities = {}
  readonly vcpus: number
  readonly memoryBytes: number
  readonly onStop: Event<StopReason>
  private readonly consoleEmitter = new Emitter<ConsoleOutput>()
  readonly onConsole: Event<ConsoleOutput> = this.consoleEmitter.event
  private readonly client: GdbClient
  private readonly connection: QemuConnection
  private readonly layout: ReadonlyMap<string, TargetRegister>
  private readonly threads: readonly string[]
  private readonly control = new RunControl()
  private readonly breakpoints = new Map<bigint, number>()
  private memory: readonly MemoryRange[] = []
  private off: StopReason | undefined
  /** The vCPU that stands at a breakpoint which has been told of. */
  private told: number | undefined
  /** A breakpoint that could not be removed: the next run says so. */
  private failure: unknown

  /**
   * Takes hold of a QEMU that waits or runs; it stops. Throws what `GdbClient.ask` throws, and GDB_UNSUPPORTED where the stub is not
   * QEMU's.
   */
  static async attach(connection: QemuConnection): Promise<QemuPort> {
    const client = new GdbClient(connection.gdb)
    await client.start()
    const layout = await readTargetDescription((name) => client.transfer('features', name))
    const threads: string[] = []
    for (let part = await client.text('qfThreadInfo'); part[0] === 'm'; part = await client.text('qsThreadInfo')) {
      threads.push(...part.slice(1).split(','))
    }
    await client.ok('Qqemu.PhyMemMode:1')
    const size = /base memory:\s*(\d+)/.exec(await client.monitor('info memory_size_summary'))?.[1]
    return new QemuPort(client, connection, layout, threads, Number(size))
  }

  private constructor(
    client: GdbClient,
    connection: QemuConnection,
    layout: ReadonlyMap<string, TargetRegister>,
    threads: readonly string[],
    memoryBytes: number,
  ) {
    this.client = client
    this.connection = connection
    this.layout = layout
    this.threads = threads
    this.vcpus = threads.length
    this.memoryBytes = memoryBytes
    this.onStop = this.control.onStop
    connection.consoles?.forEach((stream, channel) => {
      stream?.onBytes((bytes) => {
        this.consoleEmitter.fire({ channel: channel as ConsoleChannel, bytes, time: undefined })
      })
    })
  }

  get state(): 'stopped' | 'running' | 'off' {
    if (this.off !== undefined) return 'off'
    return this.control.running ? 'running' : 'stopped'
  }

  // Looking in ///////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * As the port promises: `length` bytes, in pieces of the stub's packets. Throws GUEST_NO_MEMORY, GUEST_RUNNING, GDB_REFUSED where the stub gives no
   * bytes.
   */
  async readPhysical(address: PhysAddr, length: number): Promise<Uint8Array> {
    this.control.requireStopped()
    if (length === 0) return new Uint8Array(0)
    // Firmware moves ROM and RAM below 1 MiB, so what is not there is looked for once more.
    if (!this.holds(address, length)) this.memory = readMemoryMap(await this.client.monitor('info mtree -f'))
    if (!this.holds(address, length)) throw noMemory(address, length, this.memoryBytes)
    const most = Math.floor((this.client.packetBytes - 8) / 2)
    const parts: Uint8Array[] = []
    for (let at = 0; at < length; at += most) {
      const count = Math.min(most, length - at)
      parts.push(bytesOf(await this.client.text(`m${(address + at).toString(16)},${count.toString(16)}`)))
    }
    return concatBytes(...parts)
  }

  private holds(address: number, length: number): boolean {
    let at = address
    for (const { start, last } of this.memory) if (start <= at && at <= last) at = last + 1
    return at >= address + length
  }

  /**
   * As the port promises: `length` bytes, page by page. Throws GUEST_NOT_MAPPED, what `QemuPort.translate` throws, and
   * what `QemuPort.readPhysical` throws.
   */
  async readVirtual(address: VirtAddr, length: number, space: AddressSpace): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for (const { from, count } of pagePieces(address, length)) {
      const physical = await this.translate(from, space)
      if (physical === undefined) throw notMapped(from)
      parts.push(await this.readPhysical(physical, count))
    }
    return concatBytes(...parts)
  }

  /**
   * As the port promises, by tables of 4 or 5 levels read here. Throws GUEST_PAGING_MODE where the vCPU uses 32-bit or PAE paging,
   * GUEST_NO_CPU, GUEST_RUNNING.
   */
  async translate(address: VirtAddr, space: AddressSpace): Promise<PhysAddr | undefined> {
    this.control.requireStopped()
    if ('cr3' in space) return this.walk(space.cr3, address, 4)
    const { cr0, cr3, cr4, efer } = await this.registers(space.cpu)
    if ((cr0 & CR0_PG) === 0n) return physAddr(address)
    if ((efer & EFER_LMA) !== 0n) return this.walk(cr3, address, (cr4 & CR4_LA57) === 0n ? 4 : 5)
    throw new TransplantError(
      'GUEST_PAGING_MODE',
      `vCPU ${space.cpu} uses 32-bit or PAE paging, which is not translated on ${this.kind}.`,
      'Let it reach 64-bit mode first.',
    )
  }

  private walk(cr3: bigint, address: VirtAddr, levels: 4 | 5): Promise<PhysAddr | undefined> {
    return walkRemoteTables(cr3, address, levels, async (at) =>
      at + 8 <= this.memoryBytes ? readU64(await this.readPhysical(physAddr(at), 8), 0) : undefined,
    )
  }

  async registers(cpu: number): Promise<Registers> {
    this.control.requireStopped()
    await this.select(cpu)
    return toRegisters(this.layout, await this.client.text('g'))
  }

  /** As the port promises; 'unknown' where QEMU does not say. Throws GUEST_NO_CPU, GUEST_RUNNING, GDB_REFUSED. */
  async activity(cpu: number): Promise<CpuActivity> {
    this.control.requireStopped()
    requireCpu(cpu, this.vcpus)
    const said = decodeText(bytesOf(await this.client.text(`qThreadExtraInfo,${this.threads[cpu]}`)))
    return /halted/.test(said) ? 'halted' : /running/.test(said) ? 'running' : 'unknown'
  }

  private async select(cpu: number): Promise<void> {
    requireCpu(cpu, this.vcpus)
    await this.client.ok(`Hg${this.threads[cpu]}`)
  }

  // Running //////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * As the port promises; QEMU counts no instructions, so that limit is ignored. Throws GUEST_RUNNING, and GDB_REFUSED where a breakpoint
   * could not be removed.
   */
  async run(limit: RunLimit = {}): Promise<StopReason> {
    let matched = false
    const { until, signal } = limit
    const interrupt = (): void => {
      if (this.control.running) this.client.interrupt()
    }
    const holds = [
      onCancel(signal, interrupt),
      this.onConsole((output) => {
        if (until?.(output) !== true) return
        matched = true
        interrupt()
      }),
    ]
    try {
      return await this.control.run(async () => {
        for (;;) {
          const stop = await this.goOn()
          if (stop !== undefined) return stop
          if (matched) return { reason: 'output' }
          if (this.control.stopWanted || signal?.aborted === true) return { reason: 'stop-request' }
        }
      })
    } finally {
      for (const hold of holds) hold.dispose()
    }
  }

  /** Up to the next stop; a reason ends the run. */
  private async goOn(): Promise<StopReason | undefined> {
    if (this.failure !== undefined) throw this.failure
    if (this.off !== undefined) return this.off
    const told = this.told
    this.told = undefined
    const over = told !== undefined && this.breakpoints.has(await this.rip(told))
    const answer = await this.resume(over ? `vCont;s:${this.threads[told]}` : 'vCont;c')
    if (typeof answer !== 'string') return answer
    const cpu = this.threads.indexOf(/thread:([^;]*);/.exec(answer)?.[1] ?? '')
    if (cpu < 0) return undefined
    const address = virtAddr(await this.rip(cpu))
    if (!this.breakpoints.has(address)) return undefined
    this.told = cpu
    return (await this.control.handle(cpu, address)) ? { reason: 'breakpoint', cpu, address } : undefined
  }

  /** The stop reply, or how the guest ended. */
  private async resume(request: string): Promise<string | StopReason> {
    const answer = await this.client.text(request).catch((thrown: unknown) => {
      if (this.client.closed) return ''
      throw thrown
    })
    if (answer !== '' && answer[0] !== 'W' && answer[0] !== 'X') return answer
    const status = (await this.connection.exitStatus?.()) ?? Number.parseInt(answer.slice(1) || '0', 16)
    this.off = status === 0 ? { reason: 'power-off' } : { reason: 'exit', status }
    return this.off
  }

  /** Between two stretches of a run, where `registers` is refused. */
  private async rip(cpu: number): Promise<bigint> {
    await this.select(cpu)
    return toRegisters(this.layout, await this.client.text('g')).rip
  }

  async stop(): Promise<void> {
    await this.control.stop(() => this.client.interrupt())
  }

  async step(cpu: number, count = 1): Promise<StopReason> {
    this.control.requireIdle()
    requireCpu(cpu, this.vcpus)
    this.told = undefined
    for (let left = count; left > 0 && (await this.activity(cpu)) !== 'halted'; left--) {
      const answer = await this.resume(`vCont;s:${this.threads[cpu]}`)
      if (typeof answer !== 'string') return this.control.stepped(answer)
    }
    return this.control.stepped({ reason: 'step', cpu })
  }

  async setBreakpoint(address: VirtAddr, handler: BreakpointHandler = () => 'stop'): Promise<Disposable> {
    const canonical = virtAddr(address)
    const place = BigInt.asUintN(64, canonical).toString(16)
    const count = this.breakpoints.get(canonical) ?? 0
    this.breakpoints.set(canonical, count + 1)
    if (count === 0) await this.client.ok(`Z1,${place},1`)
    const entry = this.control.handlers.add(canonical, handler)
    return toDisposable(() => {
      entry.dispose()
      const left = (this.breakpoints.get(canonical) ?? 1) - 1
      if (left > 0) this.breakpoints.set(canonical, left)
      else {
        this.breakpoints.delete(canonical)
        this.client.ok(`z1,${place},1`).catch((thrown: unknown) => {
          if (!this.client.closed) this.failure = thrown
        })
      }
    })
  }

  /** As the port promises. Throws GUEST_NO_CONSOLE where the line is not connected. */
  async sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void> {
    const stream = this.connection.consoles?.[channel]
    if (stream === undefined) {
      throw new TransplantError('GUEST_NO_CONSOLE', `COM${channel + 1} of this guest is not connected.`)
    }
    stream.send(bytes)
  }

  /** Lets go of the guest, which ends where the connection was all that kept it. */
  close(): void {
    this.client.close()
    for (const stream of this.connection.consoles ?? []) stream?.close()
  }
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new TransplantError('GDB_REFUSED', `The target answered '${text}' instead of bytes.`)
  return bytes
}

/** RAM and ROM of the address space `memory`, in `info mtree -f`. */
function readMemoryMap(text: string): MemoryRange[] {
  const view = text.split(/^FlatView/m).find((part) => part.includes('AS "memory"')) ?? ''
  return [...view.matchAll(/^\s*([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:ram|rom|romd)\)/gm)]
    .map(([, start = '', last = '']) => ({ start: Number.parseInt(start, 16), last: Number.parseInt(last, 16) }))
    .sort((a, b) => a.start - b.start)
}

/** Our names for QEMU's, where they differ. */
const NAMES = { rflags: 'eflags', fsBase: 'fs_base', gsBase: 'gs_base', kernelGsBase: 'k_gs_base' } as const

function toRegisters(layout: ReadonlyMap<string, TargetRegister>, answer: string): Registers {
  const unknown: string[] = []
  const at = (name: string): bigint => {
    const register = layout.get(name in NAMES ? NAMES[name as keyof typeof NAMES] : name)
    const text = register && answer.slice(2 * register.offset, 2 * (register.offset + register.bytes))
    const bytes = text === undefined || text === '' ? undefined : fromHex(text)
    if (bytes !== undefined) return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
    unknown.push(name)
    return 0n
  }
  const cr0 = at('cr0')
  const cs = Number(at('cs'))
  return {
    ...{ rax: at('rax'), rbx: at('rbx'), rcx: at('rcx'), rdx: at('rdx'), rsi: at('rsi'), rdi: at('rdi') },
    ...{ rbp: at('rbp'), rsp: virtAddr(at('rsp')), r8: at('r8'), r9: at('r9'), r10: at('r10'), r11: at('r11') },
    ...{ r12: at('r12'), r13: at('r13'), r14: at('r14'), r15: at('r15') },
    ...{ rip: virtAddr(at('rip')), rflags: at('rflags'), cs, ss: Number(at('ss')), ds: Number(at('ds')) },
    ...{ es: Number(at('es')), fs: Number(at('fs')), gs: Number(at('gs')) },
    ...{ fsBase: virtAddr(at('fsBase')), gsBase: virtAddr(at('gsBase')), kernelGsBase: virtAddr(at('kernelGsBase')) },
    ...{ cr0, cr2: virtAddr(at('cr2')), cr3: at('cr3'), cr4: at('cr4'), cr8: at('cr8'), efer: at('efer') },
    cpl: (cr0 & CR0_PE) === 0n ? 0 : cs & 3,
    unknown,
  }
}
