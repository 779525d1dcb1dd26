// A guest for one command: booted from images, or resumed from a snapshot with --from; kept with --save.

import {
  type ConsoleLine,
  type GuestSession,
  type KernelImage,
  MachineSession,
  type MachineSessionOptions,
  readKernelImage,
} from '../guest/index.js'
import {
  decodeSnapshot,
  encodeSnapshot,
  type MachineOptions,
  type RunProgress,
  type Snapshot,
} from '../machine/index.js'
import { readImage } from './assets.js'
import { readNamedFile, readReplaceable, requireWritable, writeNamedFile } from './files.js'
import { DEFAULT_KERNEL, type MachineFlags, machineOptions, readCore, timeLimit } from './machine-options.js'
import { printEvent, refused, say } from './output.js'
import { Progress } from './progress.js'

export interface SessionFlags extends MachineFlags {
  readonly from?: string
  readonly save?: string
  readonly json?: boolean
  readonly jsonl?: boolean
}

export interface OpenedSession {
  readonly session: MachineSession
  /** The kernel images that may run in it. */
  readonly kernels: readonly Uint8Array[]
}

const DEFAULT_LIMIT_SECONDS = 60

/** `prepare` may add to the machine before it boots; a resumed one is as it was. */
export async function openSession(
  image: string | undefined,
  flags: SessionFlags,
  prepare: (options: MachineOptions) => MachineOptions = (options) => options,
): Promise<OpenedSession> {
  const progress = new Progress('the guest runs')
  const options = {
    endAtOops: true,
    limit: timeLimit(flags, DEFAULT_LIMIT_SECONDS),
    breathe: (at: RunProgress) => {
      progress.tell(at)
      return new Promise<void>((resolve) => setImmediate(resolve))
    },
  }
  const opened = await open(image, flags, prepare, options)
  if (flags.jsonl === true) streamConsole(opened.session)
  return opened
}

async function open(
  image: string | undefined,
  flags: SessionFlags,
  prepare: (options: MachineOptions) => MachineOptions,
  options: MachineSessionOptions,
): Promise<OpenedSession> {
  const named = image === undefined ? [] : [readNamedFile(image)]
  if (flags.from !== undefined) {
    const snapshot = readSnapshot(flags.from)
    requireWritable(flags.save)
    const session = await MachineSession.resume(readCore(), snapshot, options)
    const own = snapshot.configuration.kernel
    return { session, kernels: [...named, ...(own === undefined ? [] : [own]), ...shippedKernels()] }
  }
  const machine = prepare(machineOptions(image, flags))
  requireWritable(flags.save)
  const booted = await MachineSession.boot(machine, options)
  if (!booted.ok) throw refused(booted)
  return { session: booted.value, kernels: [...named, ...shippedKernels()] }
}

/** Every line of the console as an event: those that were there already, then each as it comes. */
export function streamConsole({ console }: Pick<GuestSession, 'console'>): void {
  const tell = ({ time, text }: ConsoleLine): void => printEvent('console', { time, text })
  for (const line of console.lines) tell(line)
  console.onLine(tell)
}

export function shippedKernels(): Uint8Array[] {
  return [DEFAULT_KERNEL, 'scion-1.1.elf'].flatMap((file) => {
    try {
      return [readImage(file)]
    } catch {
      return []
    }
  })
}

/** Those of the images that the host can read symbols from. */
export function readableKernels(kernels: readonly Uint8Array[]): KernelImage[] {
  return kernels.flatMap((bytes) => {
    const read = readKernelImage(bytes)
    return read.ok ? [read.value] : []
  })
}

/** A guest to go on with, which may be kept in the same file again. */
export function readSnapshot(path: string): Snapshot {
  const decoded = decodeSnapshot(readReplaceable(path))
  if (!decoded.ok) throw refused(decoded)
  return decoded.value
}

export function saveSession(session: MachineSession, flags: SessionFlags): void {
  if (flags.save === undefined) return
  writeNamedFile(flags.save, encodeSnapshot(session.machine.snapshot()))
  say(`saved ${flags.save}; go on with transplant run --from ${flags.save}`)
}

/** Whether the guest still does what it is asked: a command through its agent, its shell and its kernel. */
export async function goesOn(session: GuestSession): Promise<boolean> {
  const { status, stdout } = await session.agent.exec('echo goes on; uname -r >/dev/null; ls /proc >/dev/null')
  return status === 0 && stdout === 'goes on\n'
}
