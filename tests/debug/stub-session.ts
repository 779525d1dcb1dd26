// A stub over a machine of ours, and what is at its other end: our own client, or bytes by hand.

import { Emitter } from '../../src/base/index.js'
import { type ByteStream, GdbClient, type GdbEnd, GdbServer, machineTarget } from '../../src/debug/index.js'
import { type Machine, MachinePort, type Snapshot, Timeline } from '../../src/machine/index.js'
import { bootGuest } from '../lab/images.js'

/** Two ends of one connection; bytes arrive in a later turn of the event loop. */
export function connection(): [ByteStream, ByteStream] {
  const make = () => ({ bytes: new Emitter<Uint8Array>(), end: new Emitter<void>() })
  const [near, far] = [make(), make()]
  let open = true
  const close = () => {
    if (!open) return
    open = false
    setImmediate(() => {
      near.end.fire()
      far.end.fire()
    })
  }
  const stream = (own: typeof near, other: typeof near): ByteStream => ({
    onBytes: own.bytes.event,
    onEnd: own.end.event,
    send: (data) => {
      if (open) setImmediate(() => other.bytes.fire(data.slice()))
    },
    close,
  })
  return [stream(near, far), stream(far, near)]
}

let booted: { readonly machine: Machine; readonly at: Snapshot } | undefined

/** The machine of a guest at its shell's prompt; the same instant each time. */
export async function standingMachine(): Promise<Machine> {
  if (booted === undefined) {
    const { machine } = await bootGuest({ memoryBytes: 64 << 20 })
    booted = { machine, at: machine.snapshot() }
  }
  booted.machine.restore(booted.at)
  return booted.machine
}

export interface StubSession {
  readonly machine: Machine
  readonly stream: ByteStream
  readonly ended: Promise<GdbEnd>
}

/** A stub that keeps history; `stream` is the debugger's end. */
export async function startStub(): Promise<StubSession> {
  const machine = await standingMachine()
  const timeline = new Timeline(machine)
  const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const port = new MachinePort(machine, { driver: timeline, chunk: 1_000_000, breathe })
  const [stream, far] = connection()
  const server = new GdbServer(far, machineTarget({ port, timeline, cpu: machine.configuration.cpu }))
  const ended = new Promise<GdbEnd>((resolve) => {
    server.onEnd((why) => {
      timeline.dispose()
      resolve(why)
    })
  })
  return { machine, stream, ended }
}

export async function startClient(): Promise<StubSession & { readonly client: GdbClient }> {
  const session = await startStub()
  const client = new GdbClient(session.stream)
  await client.start()
  return { ...session, client }
}
