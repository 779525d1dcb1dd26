// A guest on QEMU as a port: starts qemu-system-x86_64 with its gdb stub and two serial ports on sockets of a folder of its own, and
// ends it with the port.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TransplantError } from '../base/index.js'
import { QemuPort } from '../debug/index.js'
import { connectStream } from './sockets.js'

/** What that QEMU is started with. */
export interface QemuGuestOptions {
  /** Paths of files. */
  readonly kernel: string
  readonly initrd?: string
  readonly append?: string
  /** Default 1. */
  readonly vcpus?: number
  /** Default 128. */
  readonly memoryMiB?: number
  /** Further arguments. */
  readonly arguments?: readonly string[]
}

/** A guest under a QEMU process of its own. */
export interface QemuGuest {
  readonly port: QemuPort
  /** Ends the process. */
  close(): void
}

/** Milliseconds that QEMU gets to open its sockets. */
const START_MS = 20_000

/** A guest that waits before its first instruction. Throws QEMU_FAILED with what QEMU said. */
export async function startQemu(options: QemuGuestOptions): Promise<QemuGuest> {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-qemu-'))
  const socket = (name: string): string => join(folder, name)
  const chardev = (name: string): string[] => ['-chardev', `socket,id=${name},path=${socket(name)},server=on,wait=off`]
  const child = spawn('qemu-system-x86_64', [
    ...['-accel', 'tcg', '-display', 'none', '-no-reboot', '-nodefaults', '-S'],
    ...['-m', String(options.memoryMiB ?? 128), '-smp', String(options.vcpus ?? 1)],
    ...chardev('gdb'),
    ...['-gdb', 'chardev:gdb'],
    ...['com1', 'com2'].flatMap((name) => [...chardev(name), '-serial', `chardev:${name}`]),
    ...['-device', 'isa-debug-exit,iobase=0x501,iosize=2', '-kernel', options.kernel],
    ...(options.initrd === undefined ? [] : ['-initrd', options.initrd]),
    ...['-append', options.append ?? ''],
    ...(options.arguments ?? []),
  ])
  const close = (): void => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  const ended = new Promise<number | undefined>((resolve) => child.once('exit', (code) => resolve(code ?? undefined)))
  try {
    const stream = (name: string) => untilOpen(child, socket(name))
    const [gdb, ...consoles] = [await stream('gdb'), await stream('com1'), await stream('com2')]
    const port = await QemuPort.attach({ gdb, consoles, exitStatus: () => ended })
    return {
      port,
      close: () => {
        port.close()
        close()
      },
    }
  } catch (thrown) {
    close()
    throw thrown
  }
}

async function untilOpen(child: ChildProcess, path: string): Promise<Awaited<ReturnType<typeof connectStream>>> {
  let said = ''
  child.stderr?.on('data', (data: Buffer) => {
    said += data.toString()
  })
  let failed: Error | undefined
  child.once('error', (error) => {
    failed = error
  })
  for (const end = Date.now() + START_MS; ; ) {
    try {
      return await connectStream({ path })
    } catch (thrown) {
      if (failed !== undefined || child.exitCode !== null || Date.now() > end) {
        const why = failed?.message ?? (said.trim() || String(thrown))
        throw new TransplantError('QEMU_FAILED', `QEMU did not start: ${why}.`, 'Is qemu-system-x86_64 installed?')
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
