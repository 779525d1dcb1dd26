// A hand at the guest's console: keys go in as a terminal sends them, and what is on the screen then can be looked at.

import { Machine } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { Screen } from './screen.js'

export const keys = {
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  delete: '\x1b[3~',
  backspace: '\x7f',
  enter: '\r',
  tab: '\t',
  /** `control('A')` is Ctrl-A. */
  control: (letter: string) => String.fromCharCode(letter.charCodeAt(0) & 0x1f),
}

const QUIET = 3_000_000

export class Hand {
  private readonly machine: Machine
  private seen: Screen
  private readonly decoder = new TextDecoder()

  /** A guest at its first prompt. */
  constructor() {
    const made = Machine.create({
      coreWasm: read('src/cpu/core.wasm'),
      firmware: read('images/built/firmware.bin'),
      kernel: read('images/built/scion-1.0.elf'),
      initrd: read('images/built/initramfs.cpio'),
      append: 'console=ttyS0 quiet',
    })
    if (!made.ok) throw new Error(made.message)
    this.machine = made.value
    this.seen = new Screen()
    this.machine.onConsole(({ channel, bytes }) => {
      if (channel === 0) this.seen.write(this.decoder.decode(bytes, { stream: true }))
    })
    this.machine.run({ instructions: 20_000_000, until: () => this.seen.cursorRow === '/ # |' })
  }

  /** Presses keys, and waits until the guest has had time for them. */
  press(...pressed: string[]): void {
    for (const key of pressed) {
      this.machine.sendConsole(0, new TextEncoder().encode(key))
      this.machine.run({ instructions: QUIET })
    }
  }

  /** The row of the cursor, a bar at the cursor. */
  get row(): string {
    return this.seen.cursorRow
  }

  /** All that is seen. */
  get screen(): string {
    return this.seen.text
  }

  /** Types a line on an empty screen; what is seen then, without the line itself and the prompt after it. */
  command(line: string): string {
    this.newScreen()
    this.press(line, keys.enter)
    const [, ...shown] = this.screen.split('\n')
    return shown.slice(0, -1).join('\n')
  }

  /** Another screen of that width, empty; the guest does not know. */
  newScreen(columns = 80): void {
    this.seen = new Screen(columns)
  }
}
