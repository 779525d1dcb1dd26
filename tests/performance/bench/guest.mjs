// A whole guest at its console, on this project's machine or under QEMU: boot to the prompt, type a line, wait for the next prompt.
// Both sides differ only in how they wait, so both are timed alike: from the typed line to the prompt.
import { spawn, spawnSync } from 'node:child_process'
import { Machine } from '../../../dist/machine/index.js'
import { commandLine, kernelPath, PATCH_COMMAND, UPGRADE_COMMAND, UPGRADED_RELEASE } from './guest-images.mjs'
import { coreModule, read } from './kernel-image.mjs'

export const PROMPT = /(^|\n)\/ # $/

class Guest {
  constructor(name) {
    this.name = name
    this.text = ''
  }

  async boot() {
    this.text = ''
    const begin = performance.now()
    this.start()
    await this.waitFor(PROMPT)
    return { milliseconds: performance.now() - begin, instructions: this.instructions() }
  }

  /** Types a line; gives what was said up to the next prompt, and how long it took. */
  async command(line) {
    this.text = ''
    const before = this.instructions()
    const begin = performance.now()
    this.type(`${line}\r`)
    await this.waitFor(PROMPT)
    const milliseconds = performance.now() - begin
    const instructions = before === undefined ? undefined : this.instructions() - before
    return { said: this.text.replaceAll('\r', ''), milliseconds, instructions }
  }

  async run(kind, rounds) {
    const { said, milliseconds, instructions } = await this.command(`spin ${kind} ${rounds}`)
    const match = new RegExp(`spin ${kind} ${rounds}: ([0-9a-f]{16})\n`).exec(said)
    if (match === null) throw new Error(`${this.name}: spin ${kind} ${rounds} says ${said}`)
    return { result: BigInt(`0x${match[1]}`), milliseconds, instructions }
  }

  async patch() {
    const { said } = await this.command(`${PATCH_COMMAND} && echo patched`)
    if (!said.includes('\npatched\n')) throw new Error(`${this.name}: the patch was not loaded: ${said}`)
  }

  async upgrade() {
    const outcome = await this.command(UPGRADE_COMMAND)
    const { said } = await this.command('uname -r')
    if (!UPGRADED_RELEASE.test(said)) throw new Error(`${this.name}: no upgrade happened: ${outcome.said}${said}`)
    return outcome
  }
}

export class OurGuest extends Guest {
  constructor(name, initrd, jit) {
    super(name)
    this.initrd = initrd
    this.jit = jit
    this.images = { firmware: read('images/built/firmware.bin'), kernel: read('images/built/scion-1.0.elf') }
  }

  start() {
    const { initrd, jit, images } = this
    const made = Machine.create({ coreWasm: coreModule, ...images, initrd, append: commandLine, onReset: 'stop', jit })
    if (!made.ok) throw new Error(made.message)
    this.machine = made.value
    this.machine.onConsole(({ channel, bytes }) => {
      if (channel === 0) this.text += Buffer.from(bytes).toString('latin1')
    })
  }

  instructions() {
    return this.machine.statistics.instructions
  }

  type(text) {
    this.machine.sendConsole(0, new TextEncoder().encode(text))
  }

  /** In pieces, because V8 replaces running code only between calls. */
  async waitFor(pattern) {
    while (!pattern.test(this.text)) {
      const stop = this.machine.run({ instructions: 500_000, until: () => pattern.test(this.text) })
      if (stop.reason !== 'limit' && stop.reason !== 'output')
        throw new Error(`the guest stopped: ${JSON.stringify(stop)}\n${this.text}`)
    }
  }

  async close() {
    this.machine = undefined
  }
}

/** QEMU's version as `{ version }`, or `{ absent }` with what to install. */
export function findQemu() {
  const asked = spawnSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' })
  const version = asked.status === 0 ? /version (\S+)/.exec(asked.stdout)?.[1] : undefined
  return version ? { version } : { absent: 'qemu-system-x86_64 is not installed (Debian: qemu-system-x86)' }
}

export class QemuGuest extends Guest {
  constructor(initrdPath) {
    super('qemu')
    this.initrdPath = initrdPath
    this.wake = () => {}
  }

  start() {
    const child = spawn('qemu-system-x86_64', [
      ...['-accel', 'tcg', '-m', '128', '-display', 'none', '-serial', 'stdio', '-serial', 'null', '-no-reboot'],
      ...['-kernel', kernelPath, '-initrd', this.initrdPath, '-append', commandLine],
    ])
    this.child = child
    this.ended = false
    child.stdout.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
      this.wake()
    })
    child.on('exit', () => {
      this.ended ||= child === this.child
      this.wake()
    })
  }

  instructions() {
    return undefined
  }

  type(text) {
    this.child.stdin.write(text)
  }

  async waitFor(pattern) {
    while (!pattern.test(this.text)) {
      if (this.ended) throw new Error(`QEMU ended:\n${this.text}`)
      await new Promise((resolve) => {
        this.wake = resolve
      })
    }
  }

  async close() {
    const { child } = this
    this.child = undefined
    child.kill('SIGKILL')
  }
}
