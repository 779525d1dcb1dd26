// A guest moved to another thread while it is at work: its machine's snapshot goes there, and the session with it.

import { GuestSession, type MachineSession, type SessionOptions } from '../guest/index.js'
import { RemoteMachine, type RemotePort, type WorkerHost } from '../workers/index.js'

/** A session in this thread with a guest in another one. */
export interface MigratedSession {
  readonly session: GuestSession<RemotePort>
  /** To be disposed of: that ends the thread. */
  readonly machine: RemoteMachine
}

/**
 * Moves a session's guest to a worker, where it goes on bit for bit; `session` is given up. Throws WORKER_CRASHED or WORKER_ENDED where the
 * worker does not live (the session is then as it was), and what `AgentClient.connect` throws.
 */
export async function migrate(
  session: MachineSession,
  host: WorkerHost,
  options: SessionOptions = {},
): Promise<MigratedSession> {
  const machine = await RemoteMachine.from(host, session.machine.snapshot(), session.machine.coreWasm)
  try {
    const moved = new GuestSession(machine.port(), options)
    await moved.connect()
    session.dispose()
    return { session: moved, machine }
  } catch (error) {
    machine.dispose()
    throw error
  }
}
