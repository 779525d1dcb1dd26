// `transplant snapshot save|info|list`: guests as files.

import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { EXIT_CODES, TransplantError } from '../base/index.js'
import { loadedBytes } from '../format/index.js'
import { findKernel, findLinux, type KernelImage } from '../guest/index.js'
import { decodeSnapshot, footprint, Machine, MachinePort, type Snapshot } from '../machine/index.js'
import { Program, quote } from './code.js'
import { readReplaceable, reasonOf, requireWritable } from './files.js'
import { explain } from './help.js'
import { addMachineOptions, machineOptions, readCore, refuseShaping } from './machine-options.js'
import { CommandFailure, print, printJson } from './output.js'
import {
  openSession,
  readableKernels,
  readSnapshot,
  type SessionFlags,
  saveSession,
  shippedKernels,
} from './session.js'

export function addSnapshotCommand(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('guests as files: save one, see what is in it, list a folder')
  explain(snapshot, {
    examples: [
      'transplant snapshot save booted            a guest that has booted',
      'transplant snapshot info booted            kernel, build-id, time, vCPUs, memory, hash',
      'transplant snapshot list .                 all of a folder',
      'transplant run --from booted               go on in one',
    ],
    exitCodes: 'each of the three has its own: transplant snapshot save --help.',
  })
  addSaveCommand(snapshot)
  addInfoCommand(snapshot)
  addListCommand(snapshot)
}

// save ////////////////////////////////////////////////////////////////////////////////////////////////////////////////

interface SaveFlags extends SessionFlags {
  readonly exec: readonly string[]
  readonly dryRun?: boolean
  readonly code?: boolean
}

function addSaveCommand(snapshot: Command): void {
  const gather = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value]
  explain(
    addMachineOptions(
      snapshot
        .command('save')
        .description('boot a guest until it is ready, run commands in it, and keep it')
        .argument('<file>', 'where the snapshot goes')
        .argument('[image]', 'the kernel to boot; default: Scion 1.0'),
    )
      .option('--from <snapshot>', 'go on from a snapshot instead of booting')
      .option('--exec <command>', 'run a command first, which has to end with 0; may be repeated', gather, [])
      .option('--dry-run', 'check the files, and save nothing')
      .option('--code', 'print the program with the library that does the same, and run nothing'),
    {
      examples: [
        'transplant snapshot save booted            boots once, for many runs',
        "transplant snapshot save set-up --exec 'mkdir /tmp/a'",
        "transplant snapshot save next --from booted --exec 'echo more >/tmp/more'",
      ],
      exitCodes: '0 saved, 1 a command failed (nothing is saved), 2 usage or a bad file, 6 timeout, 7 guest panic.',
    },
  ).action(async (file: string, image: string | undefined, flags: SaveFlags, command: Command) => {
    refuseShaping(command, flags)
    const kept = { ...flags, save: file }
    if (flags.code === true) return printProgram(image, kept)
    if (flags.dryRun === true) {
      if (flags.from === undefined) machineOptions(image, flags)
      else readSnapshot(flags.from)
      requireWritable(file)
      print(`would save ${file} after ${flags.exec.length} commands`)
      return
    }
    const { session } = await openSession(image, kept)
    for (const one of flags.exec) await session.agent.read(one)
    saveSession(session, kept)
  })
}

/** The same by the library. */
function printProgram(image: string | undefined, flags: SaveFlags & { readonly save: string }): void {
  const program = new Program(image, flags)
  for (const one of flags.exec) program.add(`await session.agent.read(${quote(one)})`)
  program.print(flags.save)
}

// info ////////////////////////////////////////////////////////////////////////////////////////////////////////////////

/** What a snapshot says of itself without being run. */
function outline({ configuration, time, disk }: Snapshot) {
  const { vcpus, cpu, memoryBytes, seed, append, initrd } = configuration
  return {
    ...{ time, vcpus, cpu, memoryBytes, seed: seed.toString(), append },
    ...{
      initrdBytes: initrd?.length ?? 0,
      diskBytes: configuration.disk?.length ?? 0,
      diskWritten: disk !== undefined,
    },
  }
}

function addInfoCommand(snapshot: Command): void {
  explain(
    snapshot
      .command('info')
      .description('what is in a snapshot: the kernel that runs, its build-id, time, vCPUs, memory, hash')
      .argument('<file>', 'the snapshot')
      .option('--json', 'the same as one JSON document, schema transplant-snapshot/1'),
    {
      examples: ['transplant snapshot info booted', 'transplant snapshot info booted --json'],
      exitCodes: '0 read, 2 usage, or no snapshot.',
    },
  ).action(async (file: string, flags: { readonly json?: boolean }) => {
    const read = readSnapshot(file)
    const machine = Machine.from(read, readCore())
    const { release, buildId } = await kernelOf(machine)
    const what = {
      file,
      kernel: release,
      buildId,
      ...outline(read),
      usedBytes: footprint([read]).bytes,
      hash: machine.hash(),
    }
    if (flags.json === true) {
      printJson({ schema: 'transplant-snapshot/1', ...what })
      return
    }
    const mib = (bytes: number): string =>
      `${(bytes / 1024 / 1024).toLocaleString('en-US', { maximumFractionDigits: 1 })} MiB`
    const rows: [string, string][] = [
      ['kernel', release ?? 'none that is known'],
      ['build-id', buildId ?? '-'],
      ['time', seconds(what.time)],
      ['vCPUs', `${what.vcpus} of ${what.cpu}, seed ${what.seed}`],
      ['memory', `${mib(what.memoryBytes)}, ${mib(what.usedBytes)} of it kept`],
      ['command line', what.append],
      ['disk', what.diskBytes === 0 ? 'none' : mib(what.diskBytes)],
      ['hash', what.hash],
    ]
    for (const [name, value] of rows) print(`${name.padEnd(14)}${value}`)
  })
}

const seconds = (time: number): string => `${(time / 1e9).toFixed(9)} s`

/** The kernel that runs now, which an upgrade may have changed: by its own bytes in memory. */
async function kernelOf(machine: Machine): Promise<{ release: string | null; buildId: string | null }> {
  const { kernel } = machine.configuration
  const port = new MachinePort(machine)
  const known = readableKernels([...(kernel === undefined ? [] : [kernel]), ...shippedKernels()])
  const scion = await findKernel(port, known)
  if (scion !== undefined) return { release: releaseOf(scion.image), buildId: scion.image.buildId }
  try {
    const linux = await findLinux(port)
    return {
      release: linux === undefined ? null : `Linux ${linux.image.release}`,
      buildId: linux?.image.buildId ?? null,
    }
  } catch (error) {
    // A Linux that does not tell its types still is one; before it has mapped itself nothing can be said.
    if (error instanceof TransplantError) return { release: null, buildId: null }
    throw error
  }
}

/** `Scion 1.0`, from the kernel's banner. */
function releaseOf(image: KernelImage): string {
  const banner = image.symbol('linux_banner')
  const bytes = banner && loadedBytes(image.elf, banner.address, banner.size)
  return /^(\S+) version (\S+)/.exec(new TextDecoder().decode(bytes))?.slice(1).join(' ') ?? 'a kernel without a banner'
}

// list ////////////////////////////////////////////////////////////////////////////////////////////////////////////////

function addListCommand(snapshot: Command): void {
  explain(
    snapshot
      .command('list')
      .description('the snapshots of a folder; other files are passed over')
      .argument('[folder]', 'where to look', '.')
      .option('--json', 'the same as one JSON document, schema transplant-snapshots/1'),
    {
      examples: ['transplant snapshot list', 'transplant snapshot list ~/guests --json'],
      exitCodes: '0 read, 2 usage, or the folder cannot be read.',
    },
  ).action((folder: string, flags: { readonly json?: boolean }) => {
    const found = filesIn(folder).flatMap((file) => readOneOf(folder, file))
    if (flags.json === true) {
      printJson({ schema: 'transplant-snapshots/1', ...{ folder, snapshots: found } })
      return
    }
    if (found.length === 0) print('no snapshots')
    const widest = Math.max(...found.map(({ file }) => file.length))
    for (const one of found) {
      const what =
        'refusal' in one
          ? one.refusal
          : `${seconds(one.time)}  ${one.vcpus} vCPUs of ${one.cpu}  ${one.memoryBytes / 1024 / 1024} MiB  seed ${one.seed}`
      print(`${one.file.padEnd(widest)}  ${what}`)
    }
  })
}

function filesIn(folder: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    const sentence = `cannot read the folder '${folder}': ${reasonOf(error)}.`
    throw new CommandFailure(EXIT_CODES.usage, 'FILE_UNREADABLE', sentence, 'Give a folder that exists.')
  }
  return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort()
}

type ListedSnapshot = { readonly file: string } & (ReturnType<typeof outline> | { readonly refusal: string })

/** One file of many: what is wrong with it ends nothing. A file that is no snapshot is nothing here. */
function readOneOf(folder: string, file: string): readonly ListedSnapshot[] {
  try {
    const read = decodeSnapshot(readReplaceable(join(folder, file)))
    if (read.ok) return [{ file, ...outline(read.value) }]
    return read.code === 'not-a-snapshot' ? [] : [{ file, refusal: read.message }]
  } catch (error) {
    if (error instanceof TransplantError) return [{ file, refusal: error.sentence }]
    throw error
  }
}
