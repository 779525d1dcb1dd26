// The person's terminal in front of a guest's console: raw mode, and QEMU's escape key Ctrl-A.
//
//   Ctrl-A h   help            Ctrl-A x   quit            Ctrl-A s   save a snapshot
//   Ctrl-A i   where is it     Ctrl-A c   monitor         Ctrl-A Ctrl-A   a literal Ctrl-A
//
// When standard input is no terminal, bytes pass unchanged, and its end is told: the guest goes on until it ends or waits for
// more (console.ts).

import { TransplantError } from '../base/index.js'
import { say } from './output.js'

export type TerminalCommand = 'quit' | 'help' | 'snapshot' | 'info' | 'monitor'

const ESCAPE = 0x01

const commands: ReadonlyMap<number, TerminalCommand> = new Map([
  [0x78, 'quit'],
  [0x68, 'help'],
  [0x73, 'snapshot'],
  [0x69, 'info'],
  [0x63, 'monitor'],
])

export const ESCAPE_HELP = [
  'Ctrl-A h        this help',
  'Ctrl-A x        quit',
  'Ctrl-A s        save a snapshot (transplant.snapshot)',
  'Ctrl-A i        instructions so far, and where each vCPU is',
  'Ctrl-A c        stop, and ask the monitor: registers, memory, page tables, tasks',
  'Ctrl-A Ctrl-A   send a Ctrl-A',
].join('\n')

/** Splits typed bytes into what goes to the guest and what is meant for us. Pure: state in, state out. */
export class EscapeFilter {
  private escaped = false

  /** Bytes for the guest, and commands, in the order typed. */
  feed(bytes: Uint8Array): (Uint8Array | TerminalCommand)[] {
    const result: (Uint8Array | TerminalCommand)[] = []
    let plain: number[] = []
    const flush = (): void => {
      if (plain.length > 0) result.push(Uint8Array.from(plain))
      plain = []
    }
    for (const byte of bytes) {
      if (!this.escaped) {
        if (byte === ESCAPE) this.escaped = true
        else plain.push(byte)
        continue
      }
      this.escaped = false
      if (byte === ESCAPE) {
        plain.push(ESCAPE)
        continue
      }
      const command = commands.get(byte)
      if (command === undefined) plain.push(ESCAPE, byte)
      else {
        flush()
        result.push(command)
      }
    }
    flush()
    return result
  }
}

/** Connects standard input; `onBytes` and `onCommand` are called as things are typed, `onEnd` when it is over. Returns what undoes it. */
export function connectTerminal(
  onBytes: (bytes: Uint8Array) => void,
  onCommand: (command: TerminalCommand) => void,
  onEnd: () => void,
): () => void {
  const input = process.stdin
  const interactive = input.isTTY === true
  const filter = new EscapeFilter()
  if (interactive) {
    input.setRawMode(true)
    say('Ctrl-A x to quit, Ctrl-A h for help')
  }
  const listener = (data: Buffer): void => {
    const bytes = new Uint8Array(data)
    if (!interactive) {
      onBytes(bytes)
      return
    }
    for (const part of filter.feed(bytes)) {
      if (typeof part === 'string') onCommand(part)
      else onBytes(part)
    }
  }
  input.on('data', listener)
  input.on('end', onEnd)
  input.resume()
  return () => {
    input.off('data', listener)
    input.off('end', onEnd)
    input.pause()
    if (interactive) input.setRawMode(false)
  }
}

const LARGEST_INPUT = 16 * 1024 * 1024
/** Wall time in which the first byte of a pipe must come; one that stays silent may never be closed. */
const SILENCE = 300

/** All of what is piped in; undefined at a terminal, for a pipe that stays silent, and for nothing. */
export function pipedInput(): Promise<Uint8Array | undefined> {
  const input = process.stdin
  if (input.isTTY === true) return Promise.resolve(undefined)
  const parts: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer)
      input.removeAllListeners('data')
      input.pause()
      resolve(length === 0 ? undefined : new Uint8Array(Buffer.concat(parts)))
    }
    const timer = setTimeout(finish, SILENCE)
    input.on('data', (part: Buffer) => {
      clearTimeout(timer)
      parts.push(part)
      length += part.length
      if (length <= LARGEST_INPUT) return
      input.pause()
      reject(
        new TransplantError(
          'INPUT_TOO_LARGE',
          `Standard input has more than ${LARGEST_INPUT / 1024 / 1024} MiB.`,
          'Give it as a disk: --disk FILE.',
        ),
      )
    })
    input.on('end', finish)
    input.on('error', finish)
  })
}
