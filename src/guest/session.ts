// A guest that is ready to be worked with: port, console log and agent in one hand, whatever runs it. Who has to move the machine as
// well (snapshots, another schedule) takes a MachineSession.

import { type Disposable, requireWhole, TransplantError } from '../base/index.js'
import type { GuestPort } from '../machine/index.js'
import { AgentClient, type CommandResult } from './agent.js'
import { type LoadedPatch, loadPatch, type UpgradedKernel, unloadPatch, upgrade } from './changes.js'
import { type ConsoleLine, ConsoleLog } from './console-log.js'
import { type KernelImage, readKernelImage } from './kernel-image.js'
import { consoleLines, type Goal, type Reached, runUntil } from './run-until.js'
import { findKernel, type ScionView } from './scion/index.js'

/** Instructions that a session waits for what it is asked. */
const DEFAULT_LIMIT = 60e9

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
  private readonly limit: number
  private name = ''

  /** Listens to the guest from now on; `connect` speaks to its agent. Throws BAD_ARGUMENT for what is no port or no limit. */
  constructor(port: Port, options: SessionOptions = {}) {
    this.port = port
    this.limit = options.limit ?? DEFAULT_LIMIT
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

  // Running /////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * Runs the guest until the goal is reached, for at most `limit` instructions (default: the session's). Throws AGENT_TIMEOUT where it is
   * not, KERNEL_NO_SYMBOL for a symbol that is not there, and what `AgentClient.runUntil` throws.
   */
  async runUntil(goal: Goal, limit = this.limit): Promise<Reached> {
    requireWhole('limit', limit, 1)
    return runUntil(this, goal, limit)
  }

  /**
   * The console from now on, line by line: the guest runs while the next one is waited for. Ends where the guest is off, waits for input,
   * or was stopped; throws AGENT_TIMEOUT where it prints no line within `limit` instructions (default: the session's).
   */
  lines(limit = this.limit): AsyncGenerator<ConsoleLine, void, void> {
    requireWhole('limit', limit, 1)
    return consoleLines(this, limit)
  }

  // In the guest ////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Runs a command line in the guest's shell. Throws what `AgentClient.exec` throws; an exit status is a result. */
  exec(command: string): Promise<CommandResult> {
    return this.agent.exec(command)
  }

  /** Writes a file in the guest, with `mode` as its permission bits. Throws what `AgentClient.put` throws. */
  put(path: string, bytes: Uint8Array, mode?: number): Promise<void> {
    return this.agent.put(path, bytes, mode)
  }

  /** Reads a file of the guest. Throws what `AgentClient.get` throws. */
  get(path: string): Promise<Uint8Array> {
    return this.agent.get(path)
  }

  /**
   * Loads a patch module and waits until every task has switched. Throws PATCH_REFUSED with the guest's reason, TRANSITION_STUCK, and what
   * `AgentClient.exec` throws.
   */
  loadPatch(module: Uint8Array): Promise<LoadedPatch> {
    return loadPatch(this.agent, module)
  }

  /** Disables a patch, waits until every task has switched back, and unloads it. Throws what `GuestSession.loadPatch` throws. */
  unloadPatch(name: string): Promise<void> {
    return unloadPatch(this.agent, name)
  }

  /** Changes the guest's kernel under its programs to that of `image`, an ELF file. Throws UPGRADE_REFUSED with the guest's reason, and what `AgentClient.exec` throws. */
  upgrade(image: Uint8Array): Promise<UpgradedKernel> {
    return upgrade(this.agent, image)
  }

  /** Listens no longer. The guest stays as it is. */
  dispose(): void {
    this.agent.dispose()
    this.console.dispose()
  }

  /** The same, for a declaration that ends with its block. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** The symbols and types of an image, for who cannot do without; throws KERNEL_IMAGE, which says what the image lacks. */
export function requireKernelImage(bytes: Uint8Array, name: string): KernelImage {
  const read = readKernelImage(bytes)
  if (read.ok) return read.value
  throw new TransplantError('KERNEL_IMAGE', `${name}: ${read.message}.`, read.hint)
}
