// The options that every command shares which starts a machine, and what they make: QEMU's words where QEMU has them.

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { CPU_MODELS, type CpuModel } from '../cpu/index.js'
import { concatenateCpio, writeCpio } from '../format/index.js'
import type { MachineOptions } from '../machine/index.js'
import { corePath, imagePath, readImage } from './assets.js'
import { readNamedFile } from './files.js'
import { CommandFailure } from './output.js'

export const DEFAULT_KERNEL = 'scion-1.0.elf'
export const DEFAULT_INITRD = 'initramfs.cpio'

/** A file for the guest; its path there begins with "/". */
export interface GuestFile {
  readonly path: string
  readonly bytes: Uint8Array
}

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

export function addMachineOptions(command: Command): Command {
  return command
    .option('--smp <n>', 'number of vCPUs, 1 to 16', '2')
    .option('--cpu <model>', `what the vCPUs offer: ${CPU_MODELS.join(' or ')} (AVX2)`, 'x86-64-v2')
    .option('--memory <MiB>', 'guest RAM in MiB', '128')
    .option('--seed <n>', 'seed of the vCPU scheduler: the same seed gives the same run', '1')
    .option('--append <text>', "the kernel's command line")
    .option('--initrd <file>', 'initial RAM disk (newc cpio); default: the one that is shipped')
    .option('--disk <file>', 'image for the virtio block device; writes stay in the machine')
    .option('--pc-testdev', "QEMU's pc-testdev, which test suites of machines expect")
    .option('--timeout <seconds>', 'give up after this much virtual time (exit code 6)')
}

/** Options that shape a machine: a snapshot has its own. */
const SHAPING = ['smp', 'cpu', 'memory', 'seed', 'append', 'initrd', 'disk']

/** Options that were given and say nothing here are refused, not passed over. */
export function refuseIdle(command: Command, names: readonly string[], why: string): void {
  const given = names.find((name) => command.getOptionValueSource(name) === 'cli')
  if (given === undefined) return
  throw new CommandFailure(EXIT_CODES.usage, 'idle-option', `--${given} says nothing ${why}.`, 'Leave one of them out.')
}

export function refuseShaping(command: Command, flags: { readonly from?: string }): void {
  if (flags.from !== undefined) refuseIdle(command, [...SHAPING, 'kernel'], 'beside --from: the snapshot has its own')
}

/** The same machine with these files in its initial RAM disk. */
export function withFiles(options: MachineOptions, files: readonly GuestFile[]): MachineOptions {
  if (files.length === 0) return options
  const entries = files.flatMap(({ path, bytes }) => {
    const name = path.replace(/^\/+/, '')
    const folders = [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index))
    return [
      ...folders.map((folder) => ({ name: folder, mode: 0o040755, data: new Uint8Array(0) })),
      { name, mode: 0o100644, data: bytes },
    ]
  })
  const unique = entries.filter((entry, i) => entries.findIndex(({ name }) => name === entry.name) === i)
  return { ...options, initrd: concatenateCpio([options.initrd ?? new Uint8Array(0), writeCpio(unique)]) }
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
