// The int3 protocol under every interleaving we can afford: the guest is stopped where it is about to rewrite entries that programs on
// all vCPUs keep calling, and from that one snapshot the run goes on again and again, each time with another schedule (a switch after
// every few instructions) and another choice of how late each vCPU sees the new bytes. A sound kernel must not stumble in any of them.

import { decodeText, encodeText, panic, TransplantError } from '../../base/index.js'
import { readKernelImage } from '../../guest/index.js'
import { Machine, type MachineOptions, type Snapshot } from '../../machine/index.js'
import { type DemoAssets, MODULE_PATH, withDemoFiles } from '../assets.js'

const MILLION = 1_000_000

/** A rewriting of code that an exploration makes. */
export interface Poke {
  readonly coreWasm: MachineOptions['coreWasm']
  readonly name: 'enabling' | 'disabling'
  readonly snapshot: Snapshot
}

/** A run in which something went wrong, and how to repeat it. */
export interface Stumble {
  readonly poke: Poke['name']
  readonly seed: number
  readonly meanSlice: number
  /** What the console said of it, or how the machine ended. */
  readonly said: string
}

/** How long a run goes on: well past the last write of a batch and the 4095 instructions for which it may be seen late. */
const RUN = 400_000
const SLICES = [1, 2, 5, 20, 100]
/** gcc may keep a part of the function by another name. */
const POKING = ['poke_batch_run', 'poke_batch_run.part.0']
const WRONG = /Oops|BUG:|panic|int3:|invalid opcode|general protection|page fault|WARNING:|segfault|killed/i

function console0(machine: Machine): () => string {
  let text = ''
  machine.onConsole(({ channel, bytes }) => {
    if (channel === 0) text += decodeText(bytes)
  })
  return () => text
}

/** Boots, keeps every vCPU calling getppid, and stops before the entries are rewritten: when the patch comes, and when it goes. */
export function findPokes(assets: DemoAssets, vcpus: number, disabling: boolean): Poke[] {
  const image = readKernelImage(assets.kernel)
  const symbol = image.ok ? POKING.map((name) => image.value.symbol(name)).find((one) => one !== undefined) : undefined
  if (symbol === undefined) throw new TransplantError('KERNEL_NO_SYMBOL', 'the kernel has no poke_batch_run.')
  const made = Machine.create({
    coreWasm: assets.coreWasm,
    firmware: assets.firmware,
    kernel: assets.kernel,
    initrd: withDemoFiles(assets.initrd, assets.patchModule, assets.nextKernel),
    vcpus,
    memoryBytes: 64 << 20,
    onReset: 'stop',
  })
  if (!made.ok) throw new TransplantError('KERNEL_IMAGE', made.message, made.hint)
  const { coreWasm } = assets
  const machine = made.value
  const text = console0(machine)
  let from = 0
  const prompt = (line: string) => {
    from = text().length
    if (line !== '') machine.sendConsole(0, encodeText(`${line}\n`))
    const until = () => text().slice(from).endsWith('/ # ')
    const stop = machine.run({ instructions: 4_000 * MILLION, until })
    if (stop.reason !== 'output') panic(`no prompt after '${line}': ${JSON.stringify(stop)}\n${text()}`)
  }
  const breakAt = (line: string): Snapshot => {
    const hold = machine.setBreakpoint(symbol.address)
    machine.sendConsole(0, encodeText(`${line}\n`))
    const stop = machine.run({ instructions: 4_000 * MILLION })
    hold.dispose()
    if (stop.reason !== 'breakpoint') panic(`'${line}' pokes nothing: ${JSON.stringify(stop)}\n${text()}`)
    return machine.snapshot()
  }
  prompt('')
  for (let i = 0; i < vcpus; i++) prompt('spin syscall 100000000000 &')
  const pokes: Poke[] = [{ coreWasm, name: 'enabling', snapshot: breakAt(`insmod ${MODULE_PATH}`) }]
  if (disabling) {
    machine.run({ instructions: 5 * MILLION })
    prompt('while grep -q 1 /sys/kernel/livepatch/demo/transition; do sleep 0.1; done')
    pokes.push({ coreWasm, name: 'disabling', snapshot: breakAt('echo 0 > /sys/kernel/livepatch/demo/enabled') })
  }
  return pokes
}

/** One run from the snapshot; undefined if nothing went wrong. */
export function runPoke({ coreWasm, name, snapshot }: Poke, seed: number): Stumble | undefined {
  const machine = new Machine({ ...snapshot.configuration, seed: BigInt(seed) }, coreWasm)
  const text = console0(machine)
  machine.restore(snapshot)
  const meanSlice = SLICES[seed % SLICES.length] as number
  machine.reseed(seed, meanSlice)
  const stop = machine.run({ instructions: RUN })
  const said = stop.reason === 'limit' ? WRONG.exec(text())?.[0] : JSON.stringify(stop)
  return said === undefined ? undefined : { poke: name, seed, meanSlice, said }
}
