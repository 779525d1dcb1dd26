// A guest of the page as an experiment that others can repeat, and an experiment as a guest again.

import { accept, hashBytes, MIB, type Result, refuse } from '../../../base/index.js'
import { type BootRefusalCode, type Configuration, Machine } from '../../../machine/index.js'
import type { BootOptions, PatchText, ShippedImages } from '../protocol.js'
import type { Bench } from './bench.js'
import { handsOnInitrd, machineOptions } from './images.js'
import type { Experiment } from './share-link.js'

const hashOf = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '' : hashBytes(bytes))

/** Images of the person's own, which a link only names. */
export type OwnImages = Pick<BootOptions, 'kernel' | 'initrd'>

/** The run up to the present instant. Refused for a guest that did not begin in this page. */
export function experimentOf(bench: Bench, sources: readonly PatchText[]): Result<Experiment, 'unknown-beginning'> {
  const inputs = bench.inputsSoFar
  if (inputs === undefined) {
    const message = 'This guest came from a snapshot: a link cannot tell how it began.'
    return refuse('unknown-beginning', message, 'Save it as a snapshot instead, and send the file.')
  }
  const { machine } = bench
  const { configuration } = machine
  const { time, slices } = bench.timeline.position
  return accept({
    images: identityOf(configuration),
    ...{ seed: configuration.seed, vcpus: configuration.vcpus, memoryMiB: configuration.memoryBytes / MIB },
    ...{ meanSlice: configuration.meanSlice, append: configuration.append },
    inputs,
    end: { time, slices, hash: machine.hash() },
    sources,
  })
}

function identityOf({ firmware, kernel, initrd }: Configuration): Experiment['images'] {
  return { firmware: hashOf(firmware), kernel: hashOf(kernel), initrd: hashOf(initrd) }
}

/** The machine at the experiment's beginning; `own`: files that were dropped on the page, of which it may be made. */
export function machineOf(
  experiment: Experiment,
  shipped: ShippedImages,
  own: OwnImages,
  coreWasm: WebAssembly.Module,
): Result<Machine, BootRefusalCode | 'other-images'> {
  const { images } = experiment
  const choose = (hash: string, ...files: readonly (Uint8Array | undefined)[]) =>
    files.find((file) => file !== undefined && hashOf(file) === hash)
  const kernel = choose(images.kernel, shipped.kernel, shipped.nextKernel, own.kernel)
  const initrd = images.initrd === '' ? undefined : choose(images.initrd, handsOnInitrd(shipped), own.initrd)
  if (
    kernel === undefined ||
    (images.initrd !== '' && initrd === undefined) ||
    images.firmware !== hashOf(shipped.firmware)
  ) {
    const missing = kernel === undefined ? `the kernel ${images.kernel}` : `the initial RAM disk ${images.initrd}`
    return refuse(
      'other-images',
      `The experiment is of other images than this page has: ${missing} is missing.`,
      'Drop its kernel and initial RAM disk on the page first, or open the page that it was made with.',
    )
  }
  const { append, vcpus, memoryMiB, meanSlice } = experiment
  const { initrd: _, ...options } = machineOptions(shipped, coreWasm, { kernel, append, vcpus, memoryMiB, meanSlice })
  return Machine.create({ ...options, ...(initrd === undefined ? {} : { initrd }), seed: experiment.seed })
}
