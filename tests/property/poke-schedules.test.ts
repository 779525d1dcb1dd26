// The int3 protocol in many schedules (poke-runs.ts): the shipped kernel survives all of them, and a kernel that leaves a step out does
// not. TRANSPLANT_SEEDS=FIRST..LAST gives the schedules; `npm run explore` runs the full size.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { buildOneKernel } from '../../tools/images/kernel.mjs'
import { buildPatchesFor } from '../../tools/images/patches.mjs'
import { needs } from '../needs.js'
import { findPokes, runPoke, type Stumble } from './poke-runs.js'

const built = fileURLToPath(new URL('../../images/built', import.meta.url))
const read = (path: string) => new Uint8Array(readFileSync(path))

const full = process.env['TRANSPLANT_SEEDS']
const [first = 1, last = 40] = (full ?? '').split('..').filter(Boolean).map(Number)
const seeds = Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** A mutant must be caught within so many schedules; that is far more than any of them has needed. */
const BOUND = 60

describe('the int3 protocol', () => {
  it.each(full === undefined ? [3] : [2, 3, 4])(
    'holds in every schedule while programs on %i vCPUs call what is patched',
    (vcpus) => {
      const kernel = read(join(built, 'scion-1.0.elf'))
      const pokes = findPokes(kernel, read(join(built, 'patches/demo.ko')), vcpus, full !== undefined)
      const stumbles = pokes.flatMap((poke) => seeds.map((seed) => runPoke(poke, seed))).filter(Boolean)
      expect(stumbles).toEqual([])
    },
    3_600_000,
  )
})

needs('gcc')('a kernel that leaves a step of the int3 protocol out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-poke-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(['INT3', 'SYNC1', 'SYNC2', 'SYNC3'])(
    'stumbles in some schedule without %s',
    async (step) => {
      const path = join(folder, `${step}.elf`)
      const defines = [`MUTANT_POKE_SKIP_${step}`]
      await buildOneKernel({ release: '1.0', defines, suffix: `-poke-${step.toLowerCase()}`, output: path })
      const [module] = await buildPatchesFor({ kernelPath: path, out: join(folder, step), names: ['demo'] })
      if (module === undefined) throw new Error('the demo patch was not built')
      const pokes = findPokes(read(path), read(module.path), 3, false)
      let caught: Stumble | undefined
      for (let seed = 1; seed <= BOUND && caught === undefined; seed++) {
        for (const poke of pokes) caught ??= runPoke(poke, seed)
      }
      expect(caught, `no stumble in ${BOUND} schedules`).toBeDefined()
    },
    600_000,
  )
})
