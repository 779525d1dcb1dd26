// What a guest prints on its console (COM1), by lines, each with the virtual time at which it was complete.
//
// Kernel messages are told from other output by their time stamp, `[    1.234567] text`, as printk writes it. The log
// only listens: it keeps every line from the moment it was created, and finds a panic without being asked.

import { type Disposable, decodeText, Emitter, type Event, LINE_FEED } from '../base/index.js'
import type { GuestPort } from '../machine/index.js'

/** A complete line of the console. */
export interface ConsoleLine {
  /** Machine time in instructions; undefined where the port cannot count. */
  readonly time: number | undefined
  readonly text: string
}

/** A line that printk wrote. */
export interface KernelMessage {
  /** Seconds since the kernel's clock began, as printed. */
  readonly timestamp: number
  readonly text: string
}

const STAMPED = /^\[\s*(\d+\.\d+)\]\s(?:\[\s*[CT]\d+\]\s)?(.*)$/
/** How the kernel begins to tell of a fault of its own (images/kernel/arch/oops.c, fault.c), as Linux does. */
const OOPS = /^(BUG: |kernel BUG at |Oops: |.*\[#\d+\])/
const OOPS_LINES = 8

/** The kernel message on a console line; undefined for any other output. */
export function parseKernelMessage(line: string): KernelMessage | undefined {
  // A prompt without a line end may stand before the message.
  const at = line.search(/\[\s*\d+\.\d+\]\s/)
  const match = at < 0 ? null : STAMPED.exec(line.slice(at))
  return match === null ? undefined : { timestamp: Number(match[1]), text: match[2] ?? '' }
}

/** Every line that a guest prints on COM1. */
export class ConsoleLog implements Disposable {
  readonly lines: ConsoleLine[] = []
  private partial: number[] = []
  private panicText: string | undefined
  private firstOops: number | undefined
  private readonly subscription: Disposable
  private readonly lineEmitter = new Emitter<ConsoleLine>()
  readonly onLine: Event<ConsoleLine> = this.lineEmitter.event

  constructor(port: GuestPort) {
    this.subscription = port.onConsole(({ channel, bytes, time }) => {
      if (channel === 0) this.take(bytes, time)
    })
  }

  /** The line with which the kernel gave up; undefined while it has not. */
  get panic(): string | undefined {
    return this.panicText
  }

  /** The first lines of the first oops, from the one that names it; undefined where there was none. */
  get oops(): readonly string[] | undefined {
    const first = this.firstOops
    return first === undefined ? undefined : this.lines.slice(first, first + OOPS_LINES).map((line) => line.text)
  }

  /** Kernel messages from the `first`-th console line on. */
  messages(first = 0): KernelMessage[] {
    return this.lines.slice(first).flatMap((line) => parseKernelMessage(line.text) ?? [])
  }

  /** The last `count` lines, for an error message. */
  tail(count = 12): string {
    const partial = decodeText(Uint8Array.from(this.partial)).replaceAll('\r', '')
    return [...this.lines.map((line) => line.text), ...(partial === '' ? [] : [partial])].slice(-count).join('\n')
  }

  dispose(): void {
    this.subscription.dispose()
    this.lineEmitter.dispose()
  }

  private take(bytes: Uint8Array, time: number | undefined): void {
    for (const byte of bytes) {
      if (byte !== LINE_FEED) {
        this.partial.push(byte)
        continue
      }
      const text = decodeText(Uint8Array.from(this.partial)).replaceAll('\r', '')
      this.partial = []
      const line = { time, text }
      this.lines.push(line)
      if (this.firstOops === undefined && OOPS.test(parseKernelMessage(text)?.text ?? '')) {
        this.firstOops = this.lines.length - 1
      }
      if (this.panicText === undefined && text.includes('Kernel panic'))
        this.panicText = parseKernelMessage(text)?.text ?? text
      this.lineEmitter.fire(line)
    }
  }
}
