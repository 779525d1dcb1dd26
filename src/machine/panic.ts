// A defect of Transplant that shows while a guest runs: where it was, and how to come there again.

import { formatAddress, TransplantError } from '../base/index.js'
import type { Configuration } from './configuration.js'

/** A place in a run. */
export interface PanicPosition {
  readonly cpu: number
  /** Address of the instruction. */
  readonly rip: bigint
  /** Virtual time of the instruction. */
  readonly time: number
  /** Virtual time at the beginning of the stretch in which it lies. */
  readonly from: number
  /** Inputs from outside since power-up or since the state that was restored. */
  readonly inputs: number
}

/** The error with its place, if it is a defect (a trap of WebAssembly, a broken invariant); any other error as it is. */
export function atPosition(error: unknown, configuration: Configuration, position: PanicPosition): unknown {
  if (!isDefect(error)) return error
  const { cpu, rip, time, from, inputs } = position
  const { seed, vcpus, memoryBytes, cpu: model } = configuration
  const place = `on vCPU ${cpu} at RIP ${formatAddress(rip)}, at instruction ${time}`
  const machine = `seed ${seed}, ${vcpus} vCPUs of ${model}, ${memoryBytes} bytes of RAM`
  const given = inputs === 0 ? '' : ` and its ${inputs} inputs, as a Recorder keeps them`
  const defect = new TransplantError(
    'INTERNAL',
    `${error.message} It happened ${place}, with ${machine}.`,
    `It happens again with the same images and options${given}: runTo(${from}, 0) stops shortly before it.`,
  )
  defect.cause = error
  return defect
}

function isDefect(error: unknown): error is Error {
  if (error instanceof TransplantError) return error.code === 'INTERNAL' || error.code === 'CORE_ABORT'
  // Not in the types of a room that knows neither Node nor the DOM.
  return error instanceof Error && error.name === 'RuntimeError'
}
