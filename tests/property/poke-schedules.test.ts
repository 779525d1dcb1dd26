// The int3 protocol in many schedules (src/lab/explore/pokes.ts): the shipped kernel survives all of them, and a kernel that leaves a step out does
// not. `npm run explore` runs the full size.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findPokes, runPoke, type Stumble } from '../../src/lab/index.js'
import { buildKernel, buildPatches } from '../../src/toolchain/index.js'
import { read, shippedAssets } from '../lab/images.js'
import { needs } from '../needs.js'

const seeds = Array.from({ length: 40 }, (_, index) => 1 + index)

/** A mutant must be caught within so many schedules. The second sync needs some 70: its window is short since all sites are rewritten in one pass. */
const BOUND = 200

describe('the int3 protocol', () => {
  it('holds in every schedule while programs on 3 vCPUs call what is patched', async () => {
    const pokes = await findPokes(shippedAssets(), 3, false)
    const stumbles: unknown[] = []
    for (const poke of pokes) for (const seed of seeds) stumbles.push(await runPoke(poke, seed))
    expect(stumbles.filter((one) => one !== undefined)).toEqual([])
  }, 600_000)
})

needs('gcc')('a kernel that leaves a step of the int3 protocol out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-poke-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(['INT3', 'SYNC1', 'SYNC2', 'SYNC3'])(
    'stumbles in some schedule without %s',
    async (step) => {
      const path = join(folder, `${step}.elf`)
      const defines = [`MUTANT_POKE_SKIP_${step}`]
      await buildKernel({ release: '1.0', defines, suffix: `-poke-${step.toLowerCase()}`, output: path })
      const [module] = await buildPatches({ kernelPath: path, out: join(folder, step), names: ['demo'] })
      if (module === undefined) throw new Error('the demo patch was not built')
      const pokes = await findPokes(
        { ...shippedAssets(), kernel: read(path), patchModule: read(module.path) },
        3,
        false,
      )
      let caught: Stumble | undefined
      for (let seed = 1; seed <= BOUND && caught === undefined; seed++) {
        for (const poke of pokes) caught ??= await runPoke(poke, seed)
      }
      expect(caught, `no stumble in ${BOUND} schedules`).toBeDefined()
    },
    600_000,
  )
})
