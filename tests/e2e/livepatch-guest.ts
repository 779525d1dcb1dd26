// What the livepatch tests share: an initramfs with the corpus built for one kernel, and the run of one transcript case.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { writeCpio } from '../../src/format/index.js'
import type { MachineSession } from '../../src/guest/index.js'
import { buildPatches } from '../../src/toolchain/index.js'
import { filterLog, type LivepatchCase } from './livepatch-cases.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Builds the corpus for `kernel` and puts it into /lib/modules of an initramfs in `folder`. */
export async function createInitrd(kernel: string, folder: string): Promise<string> {
  const built = await buildPatches({ kernelPath: kernel, out: join(folder, 'ko') })
  const modules = writeCpio([
    { name: 'lib/modules', mode: 0o040755, data: new Uint8Array() },
    ...built.map(({ path }) => ({
      name: `lib/modules/${path.replace(/^.*\//, '')}`,
      mode: 0o100644,
      data: new Uint8Array(readFileSync(path)),
    })),
  ])
  const initrd = join(folder, 'initrd')
  writeFileSync(initrd, Buffer.concat([readFileSync(join(root, 'images/built/initramfs.cpio')), modules]))
  return initrd
}

/** A guest whose console can be typed at. */
export interface ConsoleGuest {
  run(command: string): Promise<{ output: string; status: number }>
}

/** Types at the guest's console, as at a terminal. */
export class MachineConsole implements ConsoleGuest {
  private readonly guest: MachineSession
  private text = ''
  private marker = 0

  constructor(guest: MachineSession) {
    this.guest = guest
    guest.port.onConsole(({ channel, bytes }) => {
      if (channel === 0) this.text += Buffer.from(bytes).toString('latin1')
    })
  }

  async run(command: string): Promise<{ output: string; status: number }> {
    const from = this.text.length
    const number = ++this.marker
    const separator = command.trimEnd().endsWith('&') ? '' : ';'
    await this.guest.port.sendConsole(0, Buffer.from(`${command}${separator} echo "<$?:"${number}">"\n`))
    const answer = () => new RegExp(`<(\\d+):${number}>`).exec(this.text.slice(from))
    const stop = await this.guest.port.run({ instructions: 60e9, until: () => answer() !== null })
    const match = answer()
    if (!match) throw new Error(`no answer to '${command}' (${stop.reason}):\n${this.text.slice(-2000)}`)
    return { output: this.text.slice(from, from + match.index).replace(/\r/g, ''), status: Number(match[1]) }
  }
}

/**
 * Types the commands of a case and judges status, log and output. The log is read from the kernel, as Linux's own tests read it:
 * on a console, with several CPUs, its lines lie among the echo of what is typed.
 */
export async function runCase(guest: ConsoleGuest, one: LivepatchCase): Promise<void> {
  await guest.run('dmesg -n 1; dmesg -c > /dev/null')
  let output = ''
  for (const command of one.commands) {
    const negated = command.startsWith('! ')
    const result = await guest.run(negated ? command.slice(2) : command)
    expect(result.status === 0, `${command}\n${result.output}`).toBe(!negated)
    output += result.output
  }
  const log = (await guest.run('dmesg')).output
  expect(log).not.toMatch(/Oops|BUG:|Call Trace|WARNING:/)
  expect(filterLog(log)).toEqual(one.log)
  let at = 0
  for (const word of one.output ?? []) {
    const found = output.indexOf(word, at)
    expect(found, `"${word}" in\n${output.slice(at)}`).toBeGreaterThanOrEqual(0)
    at = found + word.length
  }
}
