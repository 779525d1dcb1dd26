// A real guest in a process of its own, ours or QEMU's, driven over its console and timed from outside.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('console.mjs', import.meta.url))
const TICKS = 100

/** Seconds of CPU time that a process has used, user and system, of all its threads. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** The most memory a process had, in MiB. */
function peakMemory(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024
}

export class LinuxGuest {
  constructor(name, words) {
    this.name = name
    this.words = words
    this.text = ''
    this.wake = () => {}
  }

  start() {
    const [command, ...words] = this.words
    this.child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.ended = false
    this.errors = ''
    this.child.stdout.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
      this.wake()
    })
    this.child.stderr.on('data', (bytes) => {
      this.errors += bytes
    })
    this.child.on('exit', () => {
      this.ended = true
      this.wake()
    })
  }

  /** Waits for a line; gives what matched, the seconds on the clock and those of the CPU. */
  async until(pattern, act) {
    this.text = ''
    const begin = performance.now()
    const before = this.child ? cpuSeconds(this.child.pid) : 0
    act()
    for (;;) {
      const match = pattern.exec(this.text)
      if (match) {
        const wall = (performance.now() - begin) / 1000
        return { said: match[1]?.trim(), wall, cpu: cpuSeconds(this.child.pid) - before }
      }
      if (this.ended) throw new Error(`${this.name} ended:\n${this.text}${this.errors}`)
      await new Promise((resolve) => {
        this.wake = resolve
      })
    }
  }

  boot() {
    return this.until(/@ready/, () => this.start())
  }

  phase(name) {
    return this.until(new RegExp(`@end ${name} ([^\r\n]*)\r?\n`), () => this.child.stdin.write(`${name}\n`))
  }

  /** Ends it; gives the most memory it had, and of ours what was compiled. */
  async close() {
    const memory = peakMemory(this.child.pid)
    if (this.words[0] === process.execPath) this.child.stdin.end()
    else this.child.kill('SIGKILL')
    while (!this.ended)
      await new Promise((resolve) => {
        this.wake = resolve
      })
    const statistics = this.errors.startsWith('{') ? JSON.parse(this.errors) : undefined
    this.child = undefined
    return { memory, statistics }
  }
}

const APPEND = 'console=ttyS0 quiet'

export function ourGuest(name, jit, { kernel, initrd, vcpus = 1, memory = 256, append = APPEND }, flags = []) {
  return new LinuxGuest(name, [
    process.execPath,
    ...flags,
    program,
    JSON.stringify({ kernel, initrd, append, vcpus, memory, jit }),
  ])
}

export function qemuGuest({ kernel, initrd, vcpus = 1, memory = 256, append = APPEND }) {
  return new LinuxGuest('qemu', [
    ...[
      'qemu-system-x86_64',
      '-accel',
      'tcg',
      '-m',
      `${memory}`,
      '-smp',
      `${vcpus}`,
      '-display',
      'none',
      '-serial',
      'stdio',
    ],
    ...['-no-reboot', '-kernel', kernel, '-initrd', initrd, '-append', append],
  ])
}
