// A whole guest at its console, on our machine or under QEMU, driven the same way: wait for the prompt, type a line, wait for the next
// prompt. Nothing is typed while a command runs, so what the console says depends on the guest alone and not on when a key was hit.
//
// QEMU runs in its own time and ours in the machine's: a timeout is wall-clock time there and instructions here.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Machine, type StopReason } from '../../src/machine/index.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const firmwarePath = join(root, 'images/built/firmware.bin')
export const coreWasm = new WebAssembly.Module(readFileSync(join(root, 'src/cpu/core.wasm')))

export interface GuestImages {
  readonly kernel: string
  readonly initrd: string
}

export interface WholeGuest {
  /** Everything that the console has said, without carriage returns. */
  readonly transcript: string
  /** Waits for the shell's prompt; with a line, types it first. Gives what was said up to the prompt. */
  prompt(line?: string): Promise<string>
  /** Types the line with which the guest ends, and waits for its end: the exit status of a machine that reports one. */
  end(line: string): Promise<number>
  close(): Promise<void>
}

/** The shell's prompt in the root folder; nothing else of what is run there ends so. */
const PROMPT = /(^|\n)\/ # $/

/** Our machine in this process. */
export class OurGuest implements WholeGuest {
  readonly machine: Machine
  private text = ''
  private readonly limit: number

  constructor(
    images: GuestImages,
    options: {
      readonly cpus: number
      readonly append?: string
      readonly seed?: number
      readonly meanSlice?: number
      readonly limit?: number
    },
  ) {
    const made = Machine.create({
      coreWasm,
      firmware: new Uint8Array(readFileSync(firmwarePath)),
      kernel: new Uint8Array(readFileSync(images.kernel)),
      initrd: new Uint8Array(readFileSync(images.initrd)),
      vcpus: options.cpus,
      append: options.append ?? '',
      onReset: 'stop',
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.meanSlice === undefined ? {} : { meanSlice: options.meanSlice }),
    })
    if (!made.ok) throw new Error(made.message)
    this.machine = made.value
    this.limit = options.limit ?? 60_000_000_000
    this.machine.onConsole(({ channel, bytes }) => {
      if (channel === 0) this.text += Buffer.from(bytes).toString('latin1')
    })
  }

  get transcript(): string {
    return this.text.replaceAll('\r', '')
  }

  type(text: string): void {
    this.machine.sendConsole(0, new TextEncoder().encode(text))
  }

  /** Runs until the console ends with a prompt. */
  runToPrompt(from: number): string {
    const stop = this.machine.run({
      instructions: this.limit,
      until: () => PROMPT.test(this.text.slice(from)),
    })
    if (stop.reason !== 'output') throw new Error(ended('our machine', JSON.stringify(stop), this.transcript))
    return this.text.slice(from).replaceAll('\r', '')
  }

  async prompt(line?: string): Promise<string> {
    const from = this.text.length
    if (line !== undefined) this.type(`${line}\n`)
    return this.runToPrompt(from)
  }

  async end(line: string): Promise<number> {
    this.type(`${line}\n`)
    const stop: StopReason = this.machine.run({ instructions: this.limit })
    if (stop.reason === 'power-off' || stop.reason === 'reset') return 0
    if (stop.reason === 'exit') return stop.status
    throw new Error(ended('our machine', JSON.stringify(stop), this.transcript))
  }

  async close(): Promise<void> {}
}

/**
 * QEMU as a process. The event loop must turn while it runs: a console that nobody reads makes the guest wait for its
 * transmitter, and after a while it drops output, as Linux does.
 */
export class QemuGuest implements WholeGuest {
  private readonly child: ChildProcessWithoutNullStreams
  private text = ''
  private errors = ''
  private status: number | undefined
  private wake: () => void = () => {}

  constructor(
    images: GuestImages,
    options: { readonly cpus: number; readonly append?: string; readonly bios?: string },
  ) {
    this.child = spawn('qemu-system-x86_64', [
      ...['-accel', 'tcg', '-m', '128', '-smp', String(options.cpus), '-display', 'none', '-no-reboot'],
      ...['-serial', 'stdio', '-serial', 'null', '-device', 'isa-debug-exit,iobase=0x501,iosize=2'],
      ...['-kernel', images.kernel, '-initrd', images.initrd, '-append', options.append ?? ''],
      ...(options.bios === undefined ? [] : ['-bios', options.bios]),
    ])
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1')
      this.wake()
    })
    this.child.stderr.on('data', (bytes: Buffer) => {
      this.errors += bytes.toString()
    })
    this.child.on('close', (code) => {
      this.status = code ?? -1
      this.wake()
    })
  }

  get transcript(): string {
    return this.text.replaceAll('\r', '')
  }

  private async until(done: () => boolean, what: string): Promise<void> {
    const end = Date.now() + 200_000
    while (!done()) {
      const left = end - Date.now()
      if (this.status !== undefined || left <= 0) {
        throw new Error(ended('QEMU', `no ${what} (status ${this.status}) ${this.errors}`, this.transcript))
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async prompt(line?: string): Promise<string> {
    const from = this.text.length
    if (line !== undefined) this.child.stdin.write(`${line}\n`)
    await this.until(() => PROMPT.test(this.text.slice(from)), 'prompt')
    return this.text.slice(from).replaceAll('\r', '')
  }

  async end(line: string): Promise<number> {
    this.child.stdin.write(`${line}\n`)
    await this.until(() => this.status !== undefined, 'end')
    return this.status ?? -1
  }

  async close(): Promise<void> {
    if (this.status === undefined) this.child.kill('SIGKILL')
  }
}

function ended(where: string, how: string, transcript: string): string {
  return `${where} gave no prompt or did not end as asked: ${how}. The console ends with:\n${transcript.slice(-2000)}`
}
