// Jobs for jobs.test.ts: plain modules over the built library, as a user writes them.

import { Machine } from '../../dist/index.js'

function create({ coreWasm, firmware }, options) {
  const made = Machine.create({ coreWasm, firmware, memoryBytes: 4 << 20, vcpus: 2, ...options })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

export function hashAfter({ seed, instructions }, { assets, signal, report }) {
  const machine = create(assets, { seed })
  const stop = machine.run({ instructions, signal, onProgress: report })
  return { stop: stop.reason, now: machine.now, hash: machine.hash() }
}

/** Runs on and on; notes in memory of the caller's why and when its run ended. */
export function endless({ seed }, { assets, signal, report }) {
  const machine = create(assets, { seed })
  const stop = machine.run({ instructions: 1e12, signal, onProgress: report })
  assets.notes[0] = machine.now
  assets.notes[1] = stop.reason === 'stop-request' ? 1 : 2
  return machine.hash()
}

/** Never looks at its signal. */
export function deaf(_input, { report }) {
  report('begun')
  for (;;);
}

/** Breathes, as a session does, until that ends it. */
export async function breathing(_input, { breathe }) {
  for (let time = 0; ; time++) await breathe({ instructions: time, time })
}

export function misuse(_input, { assets }) {
  create(assets, { vcpus: 99 })
}

export function defect() {
  return undefined.x
}

export function unclonable() {
  return () => {}
}

export function crash() {
  process.exit(3)
}

/** Its error is thrown where nobody can catch it, and it has no result. */
export function stray() {
  setTimeout(() => {
    throw new Error('stray')
  }, 0)
  return new Promise(() => {})
}

export function exhaust() {
  throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
}

export function assetsSeen(_input, { assets }) {
  return {
    shared: assets.firmware.buffer instanceof SharedArrayBuffer,
    compiled: assets.coreWasm instanceof WebAssembly.Module,
    name: assets.name,
  }
}

/** What a job leaves behind in its input must be no other's concern. */
export function scribble(input) {
  input.list.push(input.list.length)
  return input.list
}
