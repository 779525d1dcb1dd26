// A session with the machine that it was started on: for commands and experiments that boot a guest or go on from a snapshot, act in
// it, and keep it. Looking goes through the port as everywhere; the machine is there to be moved.

import { accept, type Result } from '../base/index.js'
import {
  type BootRefusalCode,
  Machine,
  type MachineOptions,
  MachinePort,
  type MachinePortOptions,
  type Snapshot,
} from '../machine/index.js'
import { GuestSession, type SessionOptions } from './session.js'

/** How a session runs its machine. */
export interface MachineSessionOptions extends SessionOptions, MachinePortOptions {}

/** A guest ready to be worked with, and the machine to be moved. */
export class MachineSession extends GuestSession<MachinePort> {
  readonly machine: Machine
  private readonly options: MachineSessionOptions

  /** On a machine at any instant. Throws BAD_ARGUMENT for what is no machine or no option. */
  constructor(machine: Machine, options: MachineSessionOptions = {}) {
    super(new MachinePort(machine, options), options)
    this.machine = machine
    this.options = options
  }

  /** Boots until the agent answers, or says why the kernel cannot be booted. Throws what `AgentClient.connect` throws. */
  static async boot(
    options: MachineOptions,
    session: MachineSessionOptions = {},
  ): Promise<Result<MachineSession, BootRefusalCode>> {
    const created = Machine.create(options)
    if (!created.ok) return created
    const made = new MachineSession(created.value, session)
    await made.connect()
    return accept(made)
  }

  /** Goes on where a snapshot was taken, on a machine of its own. Throws what `AgentClient.connect` throws. */
  static async resume(
    coreWasm: MachineOptions['coreWasm'],
    snapshot: Snapshot,
    options: MachineSessionOptions = {},
  ): Promise<MachineSession> {
    const made = new MachineSession(Machine.from(snapshot, coreWasm), options)
    await made.connect()
    return made
  }

  /**
   * Another future of this instant: a guest on a machine of its own, in a session of its own. This one stays where it is. Throws what
   * `AgentClient.connect` throws.
   */
  fork(): Promise<MachineSession> {
    const { machine, options } = this
    return MachineSession.resume(machine.coreWasm, machine.snapshot(), options)
  }
}
