// A guest that is ready to be worked with: machine, port, console log and a connected agent in one hand. Started from
// images (boot) or from a snapshot; made for commands and experiments that act in a guest and look into it.

import { accept, type Disposable, type Result, TransplantError } from '../base/index.js'
import {
  type BootRefusalCode,
  Machine,
  type MachineOptions,
  MachinePort,
  type MachinePortOptions,
  type Snapshot,
} from '../machine/index.js'
import { AgentClient } from './agent.js'
import { ConsoleLog } from './console-log.js'
import { type KernelImage, readKernelImage } from './kernel-image.js'
import { findKernel, type ScionView } from './scion/index.js'

/** How a session runs its guest. */
export interface SessionOptions extends MachinePortOptions {
  /** Instructions that one command in the guest may take. */
  readonly limit?: number
  /** A command in the guest ends with GUEST_OOPS when the kernel oopses. Default: the guest goes on as it can. */
  readonly endAtOops?: boolean
}

/** A guest ready to be worked with: machine, port, console and agent. */
export class GuestSession implements Disposable {
  readonly machine: Machine
  readonly port: MachinePort
  readonly console: ConsoleLog
  readonly agent: AgentClient
  /** What the agent called itself. */
  agentName = ''

  constructor(machine: Machine, options: SessionOptions = {}) {
    this.machine = machine
    this.port = new MachinePort(machine, options)
    this.console = new ConsoleLog(this.port)
    this.agent = new AgentClient(this.port, {
      console: this.console,
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      endAtOops: options.endAtOops === true,
    })
  }

  /** Boots until the agent answers. */
  static async boot(
    machine: MachineOptions,
    options: SessionOptions = {},
  ): Promise<Result<GuestSession, BootRefusalCode>> {
    const created = Machine.create(machine)
    if (!created.ok) return created
    const session = new GuestSession(created.value, options)
    session.agentName = await session.agent.connect()
    return accept(session)
  }

  /** Goes on where a snapshot was taken. */
  static async resume(
    coreWasm: MachineOptions['coreWasm'],
    snapshot: Snapshot,
    options: SessionOptions = {},
  ): Promise<GuestSession> {
    const machine = new Machine(snapshot.configuration, coreWasm)
    machine.restore(snapshot)
    const session = new GuestSession(machine, options)
    session.agentName = await session.agent.connect()
    return session
  }

  /** The kernel that runs now, which must be one of these images. */
  async kernel(images: readonly KernelImage[]): Promise<ScionView> {
    const found = await findKernel(this.port, images)
    if (found !== undefined) return found
    throw new TransplantError(
      'KERNEL_UNKNOWN',
      'The kernel that runs in the guest is none of the images that were given.',
      'Give its image with --kernel.',
    )
  }

  dispose(): void {
    this.agent.dispose()
    this.console.dispose()
  }
}

/** The symbols and types of an image, or a TransplantError that says what the image lacks. */
export function requireKernelImage(bytes: Uint8Array, name: string): KernelImage {
  const read = readKernelImage(bytes)
  if (read.ok) return read.value
  throw new TransplantError('KERNEL_IMAGE', `${name}: ${read.message}.`, read.hint)
}
