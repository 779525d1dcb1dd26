// The livepatch transcripts on our own machine, each in a guest of its own. (livepatch-qemu.test.ts plays all of them in one guest.)
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, it } from 'vitest'
import type { GuestSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { buildPatches } from '../../src/toolchain/index.js'
import { imagePath } from '../lab/images.js'
import { needs } from '../needs.js'
import { livepatchCases } from './livepatch-cases.js'
import { type ConsoleGuest, runCase } from './livepatch-guest.js'
import { bootWith, inGuest } from './module-guest.js'

/** Types at the guest's console, as at a terminal. */
class MachineConsole implements ConsoleGuest {
  readonly #guest: GuestSession
  #text = ''
  #marker = 0

  constructor(guest: GuestSession) {
    this.#guest = guest
    guest.port.onConsole(({ channel, bytes }) => {
      if (channel === 0) this.#text += Buffer.from(bytes).toString('latin1')
    })
  }

  async run(command: string): Promise<{ output: string; status: number }> {
    const from = this.#text.length
    const number = ++this.#marker
    const separator = command.trimEnd().endsWith('&') ? '' : ';'
    await this.#guest.port.sendConsole(0, Buffer.from(`${command}${separator} echo "<$?:"${number}">"\n`))
    const answer = () => new RegExp(`<(\\d+):${number}>`).exec(this.#text.slice(from))
    const stop = await this.#guest.port.run({ instructions: 60e9, until: () => answer() !== null })
    const match = answer()
    if (!match) throw new Error(`no answer to '${command}' (${stop.reason}):\n${this.#text.slice(-2000)}`)
    return { output: this.#text.slice(from, from + match.index).replace(/\r/g, ''), status: Number(match[1]) }
  }
}

needs('gcc')('live patching', () => {
  let booted: Snapshot
  beforeAll(async () => {
    const out = mkdtempSync(join(tmpdir(), 'transplant-transcripts-'))
    try {
      const built = await buildPatches({ kernelPath: imagePath('scion-1.0.elf'), out })
      const modules = built.map(({ path }) => [path.replace(/^.*\/|\.ko$/g, ''), new Uint8Array(readFileSync(path))])
      booted = await bootWith(Object.fromEntries(modules), 2, 'lib/modules')
    } finally {
      rmSync(out, { recursive: true })
    }
  })

  it.each(livepatchCases.map((one) => [one.name, one] as const))('%s', (_name, one) =>
    inGuest(booted, (guest) => runCase(new MachineConsole(guest), one)),
  )
})
