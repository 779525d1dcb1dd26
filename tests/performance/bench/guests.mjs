// The lines of the whole machine: boot, the kernels and the system's own work as user programs, a patched call, the upgrade; beside
// QEMU on the same images. Every turn boots afresh, because a guest is upgraded once.
import { coldBoot } from './cold-boot.mjs'
import { initrd, temporaryFile } from './guest-images.mjs'
import { OurGuest, QemuGuest, qemuVersion } from './guest.mjs'
import { checkRounds, kernelImage } from './kernel-image.mjs'
import { agree, calibrate, inTurn, Samples } from './measure.mjs'
import { wanted } from './options.mjs'

/** What the program spin offers beside the kernels, with a few rounds for the comparison of results. */
const systemRounds = {
  ...{ syscall: 2000, getpid: 2000, pipe: 200, fork: 20, exec: 10, faults: 500, signals: 500, interrupts: 200 },
}

const sumRounds = { ...checkRounds, ...systemRounds }

/**
 * Lines that happen once a turn instead of in rounds: a boot in this process, one in a new process, the upgrade. `patched` is
 * getpid once more, under its patch.
 */
const once = ['boot', 'cold-boot', 'upgrade']

export async function measureGuests(options, competitors, progress) {
  const lines = ['boot', 'cold-boot', ...kernelImage(64).names, ...Object.keys(systemRounds), 'patched', 'upgrade']
  const names = lines.filter((name) => wanted(options, 'guest', name))
  if (names.length === 0) return []
  const image = initrd()
  const present = [new OurGuest('transplant', image, options.jit)]
  if (options.against.includes('interpreter') && competitors.interpreter.absent === undefined)
    present.push(new OurGuest('interpreter', image, 'off'))
  if (options.against.includes('qemu')) {
    const version = qemuVersion()
    competitors.qemu = version
      ? { version }
      : { absent: 'qemu-system-x86_64 is not installed (Debian: qemu-system-x86)' }
    if (version) present.push(new QemuGuest(temporaryFile(image)))
  }
  const all = new Map(names.map((name) => [name, new Samples(name === 'patched' ? 'getpid' : name)]))
  const loops = names.filter((name) => !once.includes(name) && name !== 'patched')
  const rounds = new Map(present.map((one) => [one, new Map()]))

  /** Boots all, does something with all, ends all. */
  const guests = async (order, act) => {
    const booted = new Map()
    try {
      for (const one of order) booted.set(one, await one.boot())
      await act(booted)
    } finally {
      for (const one of booted.keys()) await one.close()
    }
  }

  const prepare = async (name, samples) => {
    progress(`guest/${name}`)
    samples.checksum = await agree(present, samples.kind, sumRounds[samples.kind])
    for (const one of present)
      rounds.get(one).set(name, await calibrate(one, samples.kind, sumRounds[samples.kind], options.milliseconds))
  }

  await guests(present, async () => {
    for (const name of loops) await prepare(name, all.get(name))
    if (!names.includes('patched')) return
    for (const one of present) await one.patch()
    await prepare('patched', all.get('patched'))
  })
  for (let turn = 0; turn < options.rounds; turn++) {
    const order = inTurn(present, turn)
    progress(`guest, turn ${turn + 1} of ${options.rounds}`)
    await guests(order, async (booted) => {
      for (const [one, outcome] of booted) {
        all.get('boot')?.add(one.name, { rounds: 1, ...outcome })
        const cold = one instanceof OurGuest && all.has('cold-boot') ? coldBoot(one.jit) : outcome
        all.get('cold-boot')?.add(one.name, { rounds: 1, ...cold })
      }
      for (const name of loops) for (const one of order) await all.get(name).take(one, rounds.get(one).get(name))
      if (names.includes('patched')) {
        for (const one of order) {
          await one.patch()
          await all.get('patched').take(one, rounds.get(one).get('patched'))
        }
      }
      if (!names.includes('upgrade')) return
      for (const one of order) all.get('upgrade').add(one.name, { rounds: 1, ...(await one.upgrade()) })
    })
  }
  return [...all].map(([name, samples]) => Object.assign(samples, { name }))
}
