// A guest that is ready to be worked with: port, console log and agent in one hand, whatever runs it. Who has to move the machine as
// well (snapshots, another schedule) takes a MachineSession.

import { type Disposable, TransplantError } from '../base/index.js'
import type { GuestPort } from '../machine/index.js'
import { AgentClient } from './agent.js'
import { ConsoleLog } from './console-log.js'
import { type KernelImage, readKernelImage } from './kernel-image.js'
import { findKernel, type ScionView } from './scion/index.js'

/** How patient a session is with its guest. */
export interface SessionOptions {
  /** Instructions that one command in the guest may take. */
  readonly limit?: number
  /** A command in the guest ends with GUEST_OOPS when the kernel oopses. Default: the guest goes on as it can. */
  readonly endAtOops?: boolean
}

/** A guest ready to be worked with, seen through its port alone. */
export class GuestSession<Port extends GuestPort = GuestPort> implements Disposable {
  readonly port: Port
  readonly console: ConsoleLog
  readonly agent: AgentClient
  private name = ''

  /** Listens to the guest from now on; `connect` speaks to its agent. Throws BAD_ARGUMENT for what is no port or no limit. */
  constructor(port: Port, options: SessionOptions = {}) {
    this.port = port
    this.console = new ConsoleLog(port)
    this.agent = new AgentClient(port, {
      console: this.console,
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      endAtOops: options.endAtOops === true,
    })
  }

  /** What the agent called itself; empty before `connect`. */
  get agentName(): string {
    return this.name
  }

  /** Runs the guest until its agent answers. Throws what `AgentClient.connect` throws. */
  async connect(): Promise<void> {
    this.name = await this.agent.connect()
  }

  /** The kernel that runs now. Throws KERNEL_UNKNOWN where it is none of these images. */
  async kernel(images: readonly KernelImage[]): Promise<ScionView> {
    const found = await findKernel(this.port, images)
    if (found !== undefined) return found
    throw new TransplantError(
      'KERNEL_UNKNOWN',
      'The kernel that runs in the guest is none of the images that were given.',
      'Give its image with --kernel.',
    )
  }

  /** Listens no longer. The guest stays as it is. */
  dispose(): void {
    this.agent.dispose()
    this.console.dispose()
  }
}

/** The symbols and types of an image, for who cannot do without; throws KERNEL_IMAGE, which says what the image lacks. */
export function requireKernelImage(bytes: Uint8Array, name: string): KernelImage {
  const read = readKernelImage(bytes)
  if (read.ok) return read.value
  throw new TransplantError('KERNEL_IMAGE', `${name}: ${read.message}.`, read.hint)
}
