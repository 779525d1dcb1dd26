// The livepatch transcripts on our own machine, each in a guest of its own. (livepatch-qemu.test.ts plays all of them in one guest.)
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, it } from 'vitest'
import type { Snapshot } from '../../src/machine/index.js'
import { buildPatches } from '../../src/toolchain/index.js'
import { imagePath } from '../lab/images.js'
import { needs } from '../needs.js'
import { livepatchCases } from './livepatch-cases.js'
import { MachineConsole, runCase } from './livepatch-guest.js'
import { bootWith, inGuest } from './module-guest.js'

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
