// A guest on QEMU, driven through its serial console: type a shell command, get its output and exit status. Synchronises on
// markers that the shell computes, so that the echo of what was typed is never taken for an answer.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

export interface QemuOptions {
  readonly kernel: string
  readonly initrd: string
  readonly cpus: number
  readonly append?: string
}

export class QemuConsole {
  private readonly child: ChildProcessWithoutNullStreams
  private text = ''
  private wake: () => void = () => {}
  private marker = 0
  private ended = false

  constructor(options: QemuOptions) {
    this.child = spawn('qemu-system-x86_64', [
      ...['-accel', 'tcg', '-m', '128', '-smp', String(options.cpus), '-display', 'none', '-no-reboot'],
      ...['-serial', 'stdio', '-serial', 'null', '-device', 'isa-debug-exit,iobase=0x501,iosize=2'],
      ...['-kernel', options.kernel, '-initrd', options.initrd, '-append', options.append ?? ''],
    ])
    this.child.stdout.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1')
      this.wake()
    })
    this.child.on('exit', () => {
      this.ended = true
      this.wake()
    })
  }

  /** Everything the console has said. */
  get transcript(): string {
    return this.text
  }

  /** Waits until the console has said `pattern` after position `from`; gives the match. */
  async waitFor(pattern: RegExp, from = 0, timeout = 100_000): Promise<RegExpExecArray> {
    const end = Date.now() + timeout
    for (;;) {
      const match = pattern.exec(this.text.slice(from))
      if (match) return match
      if (this.ended || Date.now() > end) {
        throw new Error(
          `the console did not say ${pattern} ${this.ended ? 'before it ended' : 'in time'}; it ends with:\n${this.text.slice(-2000)}`,
        )
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, end - Date.now()))
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Runs one line in the guest's shell. */
  async run(command: string, timeout = 100_000): Promise<{ output: string; status: number }> {
    const from = this.text.length
    const number = ++this.marker
    // On one line: the terminal echoes a second one while the command runs, into the middle of what the kernel says.
    const separator = command.trimEnd().endsWith('&') ? '' : ';'
    this.child.stdin.write(`${command}${separator} echo "<$?:"${number}">"\n`)
    const match = await this.waitFor(new RegExp(`<(\\d+):${number}>`), from, timeout)
    const said = this.text.slice(from, from + match.index).replace(/\r/g, '')
    return { output: said, status: Number(match[1]) }
  }

  async close(): Promise<void> {
    if (!this.ended) this.child.kill('SIGKILL')
  }
}
