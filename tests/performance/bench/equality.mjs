// That the two executors do the same work: before anything is timed, every line runs once with few rounds in the interpreter and once as
// compiled code, with what is typed at the same instruction, to the same instruction, and the states are the same by their hash.
//
// A whole machine is recorded in the interpreter, with a checkpoint at the prompt after each line, and the recording is repeated by
// a machine that compiles; flat kernels run on two bare cores. A difference ends the benchmark and names the instruction.
import { hashBytes } from '../../../dist/base/index.js'
import { describeDivergence, runLockstep } from '../../../dist/lab/index.js'
import { Machine, Recorder, replay } from '../../../dist/machine/index.js'
import { createFlatCore } from './flat-core.mjs'
import { OurGuest, PROMPT } from './guest.mjs'
import { initrd } from './guest-images.mjs'
import { sumRounds, systemRounds } from './guests.mjs'
import { checkRounds, coreModule, kernelImage } from './kernel-image.mjs'
import { wanted } from './options.mjs'

/** Few rounds must be enough for code to be hot. */
const COMPILED = { threshold: 30 }

/** Instructions from a prompt to its checkpoint: the guest idles. */
const SETTLED = 1000

/** Hashes by `group/name`. `core`: another one for the compiled side, to see whether its differences are found. */
export async function compareExecutors(options, progress, core = coreModule) {
  return { ...(await compareGuests(options, progress, core)), ...(await compareFlat(options, progress, core)) }
}

async function compareGuests(options, progress, core) {
  const loops = [...kernelImage(64).names, ...Object.keys(systemRounds)]
  const names = ['boot', ...loops, 'patched', 'upgrade'].filter((name) => wanted(options, 'guest', name))
  if (names.length === 0) return {}
  progress('guest, interpreted, to be repeated')
  const guest = new OurGuest('interpreter', initrd(), 'off')
  guest.start()
  const recorder = new Recorder(guest.machine)
  const steps = {
    boot: () => guest.waitFor(PROMPT),
    patched: async () => {
      await guest.patch()
      await guest.run('getpid', sumRounds.getpid)
    },
    upgrade: () => guest.upgrade(),
  }
  for (const name of ['boot', ...names.filter((name) => name !== 'boot')]) {
    await (steps[name] ?? (() => guest.run(name, sumRounds[name])))()
    // A run that a limit ends, not a HLT that is still to be acted on, is one that can be repeated to its end.
    guest.machine.run({ instructions: SETTLED })
    recorder.checkpoint()
  }
  const recording = recorder.finish()
  progress('guest, compiled, the same again')
  const second = new Machine(recording.start.configuration, core, COMPILED)
  const verdict = replay(second, recording)
  if (!verdict.ok) throw new Error(await tellGuests(['boot', ...names], recording, verdict, core))
  const hashes = names.map((name, i) => [`guest/${name}`, recording.checkpoints[names[0] === 'boot' ? i : i + 1].hash])
  return Object.fromEntries(hashes)
}

async function tellGuests(names, recording, verdict, core) {
  const { start, inputs, checkpoints, end } = recording
  const [first, second] = [Machine.from(start, coreModule, 'off'), Machine.from(start, core, COMPILED)]
  const result = runLockstep({ first, second, inputs, instructions: end.time - start.time, every: 1e6 })
  const line = [...new Set(names)][checkpoints.findIndex(({ time }) => time >= verdict.time)] ?? 'the end'
  const found = result.equal ? ['it did not show again in lockstep'] : await describeDivergence(result)
  return [`guest/${line}: interpreter and compiled code differ. ${verdict.message}`, ...found].join('\n')
}

async function compareFlat(options, progress, core) {
  const hashes = {}
  const names = kernelImage(64).names.filter((name) => wanted(options, 'flat', name))
  if (names.length === 0) return hashes
  const sides = [
    createFlatCore({ bits: options.bits, jit: 'off', name: 'interpreter' }),
    createFlatCore({ bits: options.bits, jit: COMPILED, name: 'compiled code', core }),
  ]
  for (const name of names) {
    progress(`flat/${name}, interpreted and compiled`)
    const states = []
    for (const side of sides) {
      const { instructions } = await side.run(name, checkRounds[name])
      states.push(`${instructions} instructions, ${hashBytes(side.state())}`)
    }
    if (states[0] !== states[1])
      throw new Error(`flat/${name}: the interpreter ends with ${states[0]}, compiled code with ${states[1]}`)
    hashes[`flat/${name}`] = states[0].split(' ').at(-1)
  }
  return hashes
}
