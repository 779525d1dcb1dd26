// The lines of the flat kernels: the bare core beside libunicorn, unicorn.js and v86.
import { createFlatCore } from './flat-core.mjs'
import { checkRounds, kernelImage } from './kernel-image.mjs'
import { createLibunicorn } from './libunicorn.mjs'
import { agree, calibrate, inTurn, Samples } from './measure.mjs'
import { wanted } from './options.mjs'
import { createUnicornJs } from './unicorn-js.mjs'
import { createV86 } from './v86.mjs'

const makers = { libunicorn: createLibunicorn, 'unicorn.js': createUnicornJs, v86: createV86 }

/**
 * Measures; gives the samples in the order of the kernels. `competitors` learns who was there and who was not; `checksums` are those
 * of the same kernels in a whole guest, as far as they ran there.
 */
export async function measureFlat(options, competitors, checksums, progress) {
  const names = kernelImage(64).names.filter((name) => wanted(options, 'flat', name))
  if (names.length === 0) return []
  const present = [createFlatCore({ bits: options.bits, jit: options.jit })]
  if (options.against.includes('interpreter') && competitors.interpreter.absent === undefined)
    present.push(createFlatCore({ bits: options.bits, jit: 'off', name: 'interpreter' }))
  for (const [name, make] of Object.entries(makers)) {
    if (!options.against.includes(name)) continue
    const made = await make()
    competitors[name] = made.absent === undefined ? { version: made.version } : { absent: made.absent }
    if (made.absent === undefined) present.push(made)
  }
  const all = []
  for (const name of names) {
    progress(`flat/${name}`)
    const samples = new Samples(name)
    await agree(present, samples, checkRounds[name])
    const inGuest = checksums.get(name)
    if (inGuest !== undefined && inGuest !== BigInt(samples.checksum))
      throw new Error(`${name}: the guest computes ${inGuest.toString(16)}, flat code ${samples.checksum.toString(16)}`)
    const rounds = new Map()
    for (const one of present) rounds.set(one, await calibrate(one, name, checkRounds[name], options.milliseconds))
    for (let turn = 0; turn < options.rounds; turn++)
      for (const one of inTurn(present, turn)) await samples.take(one, rounds.get(one))
    all.push(samples)
  }
  for (const one of present) await one.close()
  return all
}
