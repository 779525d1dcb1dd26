// All guests of the page, and what may be asked of them: the far end of remote.ts. Each method is a few lines; the work is done by
// the modules beside this one.

import { accept, refuse, TransplantError } from '../../../base/index.js'
import {
  type KernelView,
  type LivePatch,
  readKernelImage,
  readLivePatches,
  type ScionView,
} from '../../../guest/index.js'
import { createAssembler, createDisassembler } from '../../../isa/index.js'
import { type ConsoleChannel, decodeSnapshot, encodeSnapshot, type Input, Machine } from '../../../machine/index.js'
import type { KernelFacts, PatchReport } from '../../../patch/index.js'
import type {
  BenchEvent,
  BootOptions,
  BuiltPatch,
  CommandOutcome,
  Direction,
  Entry,
  FunctionList,
  Futures,
  Laboratory,
  ListedInstruction,
  Outcome,
  PatchSource,
  PatchText,
  Repetition,
  SessionInfo,
  SharedGuest,
  ShippedImages,
  TaskView,
  UpgradeView,
} from '../protocol.js'
import { Bench } from './bench.js'
import { experimentOf, machineOf, type OwnImages } from './experiment.js'
import { type ListedKernel, listFunctions, readEntries, readListing } from './functions.js'
import { tryFutures } from './futures.js'
import { GuestKernels } from './guest-kernels.js'
import { machineOptions, NEXT_KERNEL_PATH } from './images.js'
import { applyPatch, buildPatch, describePatch, enablePatch, withAgent } from './patching.js'
import { decodeExperiment, type Experiment, encodeExperiment } from './share-link.js'
import { readTaskView } from './tasks.js'
import { upgrade } from './upgrading.js'

interface Guest {
  readonly bench: Bench
  readonly kernels: GuestKernels
  /** What it was opened to repeat. */
  experiment?: Experiment
}

type Answers = {
  readonly [M in keyof Laboratory]: (...args: Parameters<Laboratory[M]>) => Promised<ReturnType<Laboratory[M]>>
}
type Promised<T> = T | Promise<T>

export class PageLaboratory implements Answers {
  private readonly tell: (event: BenchEvent) => void
  private readonly guests = new Map<number, Guest>()
  private shipped: ShippedImages | undefined
  private core: WebAssembly.Module | undefined
  private lastSession = 0

  constructor(tell: (event: BenchEvent) => void) {
    this.tell = tell
  }

  async load(images: ShippedImages): Promise<void> {
    this.shipped = images
    this.core = await WebAssembly.compile(images.coreWasm as Uint8Array<ArrayBuffer>)
  }

  private get images(): ShippedImages {
    return need(this.shipped)
  }

  private guest(session: number): Guest {
    return need(this.guests.get(session))
  }

  private bench(session: number): Bench {
    return this.guest(session).bench
  }

  // Guests //////////////////////////////////////////////////////////////////////////////////////////////////////////

  boot(options: BootOptions): Outcome<SessionInfo> {
    const made = Machine.create(machineOptions(this.images, need(this.core), options))
    return made.ok ? accept(this.admit(made.value, [])) : made
  }

  close(session: number): void {
    this.bench(session).dispose()
    this.guests.delete(session)
  }

  fork(session: number): Promise<SessionInfo> {
    const { bench } = this.guest(session)
    return bench.take(() => this.admit(Machine.from(bench.machine.snapshot(), need(this.core)), bench.inputsSoFar))
  }

  snapshot(session: number): Promise<Uint8Array> {
    const { bench } = this.guest(session)
    return bench.take(() => encodeSnapshot(bench.machine.snapshot()), 'saving')
  }

  openSnapshot(file: Uint8Array): Outcome<SessionInfo> {
    const decoded = decodeSnapshot(file)
    return decoded.ok ? accept(this.admit(Machine.from(decoded.value, need(this.core)), undefined)) : decoded
  }

  async share(session: number, sources: readonly PatchText[]): Promise<Outcome<string>> {
    const { bench } = this.guest(session)
    await bench.pause()
    const made = await bench.take(() => experimentOf(bench, sources), 'sharing')
    return made.ok ? accept(await encodeExperiment(made.value)) : made
  }

  async openShared(text: string, own: OwnImages): Promise<Outcome<SharedGuest>> {
    const decoded = await decodeExperiment(text)
    if (!decoded.ok) return decoded
    const experiment = decoded.value
    const made = machineOf(experiment, this.images, own, need(this.core))
    if (!made.ok) return made
    const info = this.admit(made.value, [])
    this.guest(info.session).experiment = experiment
    const { sources, end } = experiment
    return accept({ ...info, sources, end })
  }

  repeat(session: number): Promise<Repetition> {
    const { bench, experiment } = this.guest(session)
    const { inputs, end } = need(experiment)
    return bench.repeat(inputs, end)
  }

  private admit(machine: Machine, inputs: readonly Input[] | undefined): SessionInfo {
    const session = ++this.lastSession
    const bench = new Bench(session, machine, inputs, this.tell)
    const { kernel } = machine.configuration
    const kernels = new GuestKernels([
      ...(kernel === undefined ? [] : [kernel]),
      this.images.kernel,
      this.images.nextKernel,
    ])
    bench.nameOf = (address) => kernels.nameOf(address)
    this.guests.set(session, { bench, kernels })
    const { vcpus, memoryBytes, seed } = machine.configuration
    return { session, vcpus, memoryBytes, seed: String(seed) }
  }

  // Hands ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  type(session: number, channel: ConsoleChannel, bytes: Uint8Array): void {
    this.bench(session).type(channel, bytes)
  }

  resume(session: number): void {
    this.bench(session).resume()
  }

  async pause(session: number): Promise<void> {
    const { bench, kernels } = this.guest(session)
    await bench.pause()
    await bench.take(() => kernels.findAny(bench.port))
  }

  step(session: number, cpu: number): Promise<void> {
    return this.bench(session).step(cpu)
  }

  stepBack(session: number, instructions: number): Promise<void> {
    return this.bench(session).stepBack(instructions)
  }

  goTo(session: number, time: number): Promise<void> {
    return this.bench(session).goTo(time)
  }

  async runTo(session: number, name: string, direction: Direction): Promise<Outcome<boolean>> {
    const { bench } = this.guest(session)
    const kernel = await this.anyKernel(session)
    if (!kernel.has(name)) {
      return refuse('unknown-function', `The kernel has no function '${name}'.`, 'The list of functions has the names.')
    }
    return accept(await bench.runTo(kernel.address(name), direction))
  }

  /** The Scion that runs now. */
  private async kernel(session: number): Promise<ScionView> {
    const { bench, kernels } = this.guest(session)
    return known(await bench.take(() => kernels.find(bench.port)))
  }

  /** The kernel that runs now: a Scion, or a Linux. */
  private async anyKernel(session: number): Promise<ListedKernel> {
    const { bench, kernels } = this.guest(session)
    return known(await bench.take(() => kernels.findAny(bench.port)))
  }

  hash(session: number): Promise<string> {
    const { bench } = this.guest(session)
    return bench.take(() => bench.machine.hash())
  }

  now(session: number): number {
    return this.bench(session).machine.now
  }

  async warm(): Promise<void> {
    await createDisassembler()
    await createAssembler()
  }

  // Looking /////////////////////////////////////////////////////////////////////////////////////////////////////////

  async functions(session: number, known: string): Promise<FunctionList> {
    const { bench, kernels } = this.guest(session)
    const kernel = await this.anyKernel(session)
    return bench.take(() => listFunctions(kernel, kernels.patchableIn(kernel), known))
  }

  entries(session: number, addresses: readonly bigint[]): Promise<readonly Entry[]> {
    const { bench } = this.guest(session)
    return bench.take(() => readEntries(bench.port, addresses))
  }

  async listing(session: number, address: bigint, bytes: number): Promise<readonly ListedInstruction[]> {
    const { bench, kernels } = this.guest(session)
    const disassembler = await createDisassembler()
    return bench.take(() => readListing(bench.port, disassembler, address, bytes, (at) => kernels.nameOf(at)))
  }

  async tasks(session: number, chosen: number | undefined): Promise<TaskView> {
    const kernel = await this.anyKernel(session)
    return this.bench(session).take(() => readTaskView(kernel, chosen))
  }

  exec(session: number, command: string): Promise<CommandOutcome> {
    const { bench } = this.guest(session)
    return bench.take(async () => {
      const { status, stdout, stderr } = await withAgent(bench.port, (agent) => agent.exec(command))
      return { status, stdout, stderr }
    }, 'at a command')
  }

  async goOn(session: number, time: number): Promise<void> {
    const { bench } = this.guest(session)
    await bench.take(() => bench.port.run({ instructions: time }), 'running on')
  }

  async futures(session: number, count: number, time: number): Promise<Futures> {
    const { bench } = this.guest(session)
    const { stumbles, tried } = await bench.take(
      () => bench.explore((machine) => tryFutures(machine, count, time)),
      'trying',
    )
    const kinds = stumbles.filter((one, i) => stumbles.findIndex((other) => other.kind === one.kind) === i)
    return {
      tried,
      stumbled: stumbles.length,
      kinds: kinds.map(({ seed, meanSlice, said, console, end }) => {
        const guest = this.admit(Machine.from(end, need(this.core)), undefined)
        return { seed, meanSlice, said, console, guest }
      }),
    }
  }

  // Patches /////////////////////////////////////////////////////////////////////////////////////////////////////////

  async build(session: number, source: PatchSource): Promise<Outcome<BuiltPatch>> {
    const built = await buildPatch(source, await this.kernelFacts(session), this.images)
    return built.ok ? accept(describePatch(built.value)) : built
  }

  async apply(session: number, source: PatchSource): Promise<Outcome<PatchReport>> {
    const { bench } = this.guest(session)
    const built = await buildPatch(source, await this.kernelFacts(session), this.images)
    if (!built.ok) return built
    const kernel = await this.kernel(session)
    return accept(await bench.take(() => applyPatch(bench.port, kernel, built.value), 'patching'))
  }

  async livePatches(session: number): Promise<readonly LivePatch[]> {
    const kernel = await this.kernel(session)
    return this.bench(session).take(() => readLivePatches(kernel))
  }

  enable(session: number, patch: string, on: boolean): Promise<string> {
    const { bench } = this.guest(session)
    return bench.take(() => enablePatch(bench.port, patch, on), on ? 'enabling' : 'disabling')
  }

  // Upgrades ////////////////////////////////////////////////////////////////////////////////////////////////////////

  async upgrade(session: number, file: Uint8Array | undefined): Promise<Outcome<UpgradeView>> {
    const { bench, kernels } = this.guest(session)
    const image = readKernelImage(file ?? this.images.nextKernel)
    if (!image.ok) return image
    if (file !== undefined) kernels.add(file)
    const kernel = await this.kernel(session)
    const { machine, port } = bench
    const view = await bench.take(
      () =>
        withAgent(port, async (agent) => {
          const path = file === undefined ? NEXT_KERNEL_PATH : '/tmp/next-kernel'
          if (file !== undefined) await agent.put(path, file)
          return upgrade({ machine, agent }, kernel, { path, image: image.value })
        }),
      'upgrading',
    )
    return accept(view)
  }

  private async kernelFacts(session: number): Promise<KernelFacts> {
    return this.guest(session).kernels.factsOf(await this.kernel(session))
  }
}

function need<T>(value: T | undefined): T {
  if (value !== undefined) return value
  throw new TransplantError('BAD_ARGUMENT', 'There is no such guest.', 'It was closed, or never booted.')
}

function known<K extends KernelView>(kernel: K | undefined): K {
  if (kernel !== undefined) return kernel
  throw new TransplantError(
    'KERNEL_UNKNOWN',
    'The kernel that runs in this guest is none that the page knows.',
    'Before one has come up there is nothing to see; of others than Scion and Linux the console alone.',
  )
}
