// The options that every command shares which starts a machine, and what they make: QEMU's words where QEMU has them.

import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { CPU_MODELS, type CpuModel } from '../cpu/index.js'
import type { MachineOptions } from '../machine/index.js'
import { corePath, imagePath, readImage } from './assets.js'
import { readNamedFile } from './files.js'
import { CommandFailure } from './output.js'

export const DEFAULT_KERNEL = 'scion-1.0.elf'
export const DEFAULT_INITRD = 'initramfs.cpio'

export interface MachineFlags {
  readonly smp: string
  readonly cpu: string
  readonly memory: string
  readonly seed: string
  readonly append?: string
  readonly initrd?: string
  readonly disk?: string
  readonly timeout?: string
  readonly pcTestdev?: boolean
}

/** Options that shape a machine: a snapshot has its own. */
const SHAPING: readonly Option[] = [
  new Option('--smp <n>', 'number of vCPUs, 1 to 16').default('2'),
  new Option('--cpu <model>', `what the vCPUs offer: ${CPU_MODELS.join(' or ')} (AVX2)`).default('x86-64-v2'),
  new Option('--memory <MiB>', 'guest RAM in MiB').default('128'),
  new Option('--seed <n>', 'seed of the vCPU scheduler: the same seed gives the same run').default('1'),
  new Option('--append <text>', "the kernel's command line"),
  new Option('--initrd <file>', 'initial RAM disk (newc cpio); default: the one that is shipped'),
  new Option('--disk <file>', 'image for the virtio block device; writes stay in the machine'),
  new Option('--pc-testdev', "QEMU's pc-testdev, which test suites of machines expect"),
]

export function addMachineOptions(command: Command): Command {
  for (const option of SHAPING) command.addOption(option)
  return command.option('--timeout <seconds>', 'give up after this much virtual time (exit code 6)')
}

/** Options that were given and say nothing here are refused, not passed over; by the names of their values. */
export function refuseIdle(command: Command, names: readonly string[], why: string): void {
  const given = command.options.find((option) => {
    const name = option.attributeName()
    return names.includes(name) && command.getOptionValueSource(name) === 'cli'
  })
  if (given === undefined) return
  const shown = given.long ?? given.short
  throw new CommandFailure(EXIT_CODES.usage, 'idle-option', `${shown} says nothing ${why}.`, 'Leave one of them out.')
}

export function refuseShaping(command: Command, flags: { readonly from?: string }): void {
  if (flags.from === undefined) return
  const names = [...SHAPING.map((option) => option.attributeName()), 'kernel']
  refuseIdle(command, names, 'beside --from: the snapshot has its own')
}

/** An integer option; throws a usage failure that names it. */
export function integerOption(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) {
    throw new CommandFailure(
      EXIT_CODES.usage,
      'bad-option',
      `--${name} is '${text}'.`,
      `Give a whole number from ${least} to ${most}.`,
    )
  }
  return value
}

function cpuOption(text: string): CpuModel {
  const found = CPU_MODELS.find((model) => model === text)
  if (found !== undefined) return found
  throw new CommandFailure(EXIT_CODES.usage, 'bad-option', `--cpu is '${text}'.`, `Give ${CPU_MODELS.join(' or ')}.`)
}

/** Virtual nanoseconds (= instructions) until the command gives up. */
export function timeLimit(flags: { readonly timeout?: string }, fallbackSeconds: number): number {
  if (flags.timeout === undefined) return fallbackSeconds * 1e9
  return integerOption('timeout', flags.timeout, 1, 1_000_000) * 1e9
}

/** What a machine is made of, from an image given by path, or from the one that is shipped. */
export function machineOptions(image: string | undefined, flags: MachineFlags, initrd?: Uint8Array): MachineOptions {
  const kernel = readNamedFile(image ?? imagePath(DEFAULT_KERNEL))
  const ramDisk =
    initrd ??
    (flags.initrd !== undefined
      ? readNamedFile(flags.initrd)
      : image === undefined
        ? readImage(DEFAULT_INITRD)
        : undefined)
  return {
    coreWasm: readCore(),
    firmware: readImage('firmware.bin'),
    kernel,
    memoryBytes: integerOption('memory', flags.memory, 32, 3072) * 1024 * 1024,
    vcpus: integerOption('smp', flags.smp, 1, 16),
    cpu: cpuOption(flags.cpu),
    seed: integerOption('seed', flags.seed, 0, Number.MAX_SAFE_INTEGER),
    onReset: 'stop',
    pcTestdev: flags.pcTestdev === true,
    append: flags.append ?? 'console=ttyS0',
    ...(ramDisk === undefined ? {} : { initrd: ramDisk }),
    ...(flags.disk === undefined ? {} : { disk: readNamedFile(flags.disk) }),
  }
}

export function readCore(): Uint8Array {
  return new Uint8Array(readFileSync(corePath()))
}
