// The lines of the whole machine: boot, the kernels and the system's own work as user programs, a patched call, the upgrade; beside
// QEMU on the same images. The loops run in guests that go on running; boots and upgrades begin afresh in every turn. So a loop's
// first run, in which code is met for the first time, is known too.
import { coldBoot } from './cold-boot.mjs'
import { findQemu, OurGuest, QemuGuest } from './guest.mjs'
import { initrd, temporaryFile } from './guest-images.mjs'
import { checkRounds, kernelImage } from './kernel-image.mjs'
import { agree, calibrate, inTurn, Samples } from './measure.mjs'
import { wanted } from './options.mjs'

/** What the program spin offers beside the kernels, with a few rounds for the comparison of results. */
export const systemRounds = {
  ...{ syscall: 2000, getpid: 2000, pipe: 200, fork: 20, exec: 10, faults: 500, signals: 500, interrupts: 200 },
}

export const sumRounds = { ...checkRounds, ...systemRounds }

/**
 * Lines that happen once a turn instead of in rounds: a boot in this process, one in a new process, the upgrade. `patched` is
 * getpid once more, under its patch.
 */
const once = ['boot', 'cold-boot', 'upgrade']

/** Boots these, does something with what their boots took, ends them. */
async function booted(guests, act) {
  const outcomes = new Map()
  try {
    for (const one of guests) outcomes.set(one, await one.boot())
    await act(outcomes)
  } finally {
    for (const one of outcomes.keys()) await one.close()
  }
}

export async function measureGuests(options, competitors, progress) {
  const lines = ['boot', 'cold-boot', ...kernelImage(64).names, ...Object.keys(systemRounds), 'patched', 'upgrade']
  const names = lines.filter((name) => wanted(options, 'guest', name))
  if (names.length === 0) return []
  const image = initrd()
  const present = [new OurGuest('transplant', image, options.jit)]
  if (options.against.includes('interpreter') && competitors.interpreter.absent === undefined)
    present.push(new OurGuest('interpreter', image, 'off'))
  if (options.against.includes('qemu')) {
    competitors.qemu = findQemu()
    if (competitors.qemu.absent === undefined) present.push(new QemuGuest(temporaryFile(image)))
  }
  const all = new Map(names.map((name) => [name, new Samples(name === 'patched' ? 'getpid' : name)]))
  const loops = names.filter((name) => !once.includes(name))

  /** Takes all turns of one line on guests that run. */
  const loop = async (name) => {
    progress(`guest/${name}`)
    const samples = all.get(name)
    const few = sumRounds[samples.kind]
    await agree(present, samples, few)
    const rounds = new Map()
    for (const one of present) rounds.set(one, await calibrate(one, samples.kind, few, options.milliseconds))
    for (let turn = 0; turn < options.rounds; turn++)
      for (const one of inTurn(present, turn)) await samples.take(one, rounds.get(one))
  }

  if (loops.length > 0) {
    await booted(present, async () => {
      for (const name of loops.filter((name) => name !== 'patched')) await loop(name)
      if (!names.includes('patched')) return
      for (const one of present) await one.patch()
      await loop('patched')
    })
  }
  for (let turn = 0; turn < options.rounds && loops.length < names.length; turn++) {
    progress(`boot and upgrade, turn ${turn + 1} of ${options.rounds}`)
    const order = inTurn(present, turn)
    await booted(order, async (outcomes) => {
      for (const [one, outcome] of outcomes) {
        all.get('boot')?.add(one.name, { rounds: 1, ...outcome })
        const cold = one instanceof OurGuest && all.has('cold-boot') ? coldBoot(one.jit) : outcome
        all.get('cold-boot')?.add(one.name, { rounds: 1, ...cold })
      }
      if (!names.includes('upgrade')) return
      for (const one of order) all.get('upgrade').add(one.name, { rounds: 1, ...(await one.upgrade()) })
    })
  }
  return [...all].map(([name, samples]) => Object.assign(samples, { name }))
}
