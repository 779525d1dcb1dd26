// `transplant run`: a guest at the person's terminal (console.ts), or one command in it.

import type { Command } from 'commander'
import { EXIT_CODES, TransplantError } from '../base/index.js'
import { AgentClient, type CommandResult, findKernel, type KernelImage } from '../guest/index.js'
import { Machine, MachinePort, type RunProgress } from '../machine/index.js'
import { handsOnFiles } from './assets.js'
import { Program, quote } from './code.js'
import { GuestConsole, screenText, statusOf } from './console.js'
import { type GdbFlags, gdbAddress } from './debugger.js'
import { requireNoInput } from './files.js'
import { ensureFiles, filesToPut, type GuestFile, putFiles, withFiles } from './guest-files.js'
import { explain } from './help.js'
import {
  addMachineOptions,
  type MachineFlags,
  machineOptions,
  readCore,
  refuseIdle,
  refuseShaping,
  timeLimit,
} from './machine-options.js'
import { CommandFailure, print, refused, tellResult } from './output.js'
import { clearProgress, Progress } from './progress.js'
import { replayRun } from './replay.js'
import { readableKernels, readSnapshot, shippedKernels, streamConsole } from './session.js'
import { Tape, type TapeFlags } from './tape.js'
import { ESCAPE_HELP, pipedInput } from './terminal.js'

interface RunFlags extends MachineFlags, GdbFlags, TapeFlags {
  readonly exec?: string
  readonly json?: boolean
  readonly jsonl?: boolean
  readonly code?: boolean
  readonly snapshot: string
  readonly from?: string
  readonly put: readonly string[]
  readonly replay?: string
  readonly vga?: boolean
}

/** Where the input of a command with --exec lies in the guest. */
const INPUT = '/tmp/.input'

export function addRunCommand(program: Command): void {
  explain(
    addMachineOptions(
      program
        .command('run')
        .description('run a guest: an interactive console, or one command with --exec')
        .argument('[image]', 'PVH ELF64, Linux bzImage or Multiboot image; default: Scion 1.0'),
    )
      .option('--from <snapshot>', 'go on from a snapshot instead of booting')
      .option('--put <file[:path]>', 'put a file into the guest, at /NAME or at the path; may be repeated', gather, [])
      .option('--exec <command>', 'run one command in the guest through its agent, and exit with its status')
      .option('--record <file>', 'keep the run: where it began, and what came in at which instruction')
      .option('--replay <file>', 'repeat a recorded run, and verify that it is the same')
      .option('--cast <file>', 'keep what the console shows, as asciicast v2 on virtual time')
      .option('--snapshot <file>', 'where Ctrl-A s writes', 'transplant.snapshot')
      .option(
        '--gdb <[host]:port>',
        "wait for gdb there: target remote :1234; on this machine's loopback unless a host is named",
      )
      .option('-s', 'the same as --gdb :1234')
      .option('-S', 'do not run before a debugger says so')
      .option('--vga', "at the end, print the text on the guest's screen (VGA text mode, 80 by 25)")
      .option('--jsonl', 'with --exec: the console and the result as events, one line of JSON each')
      .option('--code', 'with --exec: print the program with the library that does the same, and run nothing')
      .option('--json', 'with --exec or --replay: the result as one JSON document'),
    {
      examples: [
        'transplant run                             a shell in Scion 1.0 with two vCPUs',
        'transplant run --smp 4 --seed 7            four vCPUs, another interleaving',
        "transplant run --exec 'uname -a'           one command; its exit status is ours",
        'echo hi | transplant run --exec cat        with its standard input from here',
        'transplant run --put fix.ko                a file for the guest: insmod fix.ko',
        'transplant run --from patched.snapshot     go on where a snapshot was taken',
        'transplant run --record bug.rec            keep a run ...',
        'transplant run --replay bug.rec            ... and repeat it, bit for bit',
        "transplant run mine.elf --append 'quiet'   an image of your own",
        'transplant run course.elf --vga            a Multiboot kernel that writes to the screen',
        'transplant run /boot/vmlinuz --initrd i    Linux',
      ],
      more: `In the guest: insmod /lib/modules/livepatch-sample.ko; kexec -l /boot/scion-1.1 && kexec -e

Keys: ${ESCAPE_HELP.split('\n').join('\n      ')}`,
      exitCodes: `the guest's own status with --exec; else 0 power-off or reset, 2 usage or a bad file, 6 timeout, the guest
waits for input that is over, or nothing can happen any more (stuck), 7 guest panic or triple fault,
8 a replay that is another run. isa-debug-exit ends with the status it was given.`,
    },
  ).action(async (image: string | undefined, flags: RunFlags, command: Command) => {
    const { replay } = flags
    if (replay !== undefined) {
      const machine = replayRun(image, { ...flags, replay }, command)
      if (flags.vga === true) print(screenText(machine))
    } else await start(image, flags, command)
  })
}

async function start(image: string | undefined, flags: RunFlags, command: Command): Promise<void> {
  if (flags.exec === undefined) {
    refuseIdle(command, ['json'], 'without --exec or --replay')
    refuseIdle(command, ['jsonl', 'code'], 'without --exec')
  } else refuseIdle(command, ['snapshot', 'gdb', 's', 'S'], 'beside --exec: there is no console')
  if (flags.gdb !== undefined) refuseIdle(command, ['s'], 'beside --gdb: it is --gdb :1234')
  if (gdbAddress(flags) !== undefined) {
    refuseIdle(command, ['record', 'cast'], 'beside gdb: a debugger goes back in time and changes the guest')
  }
  refuseShaping(command, flags)
  if (flags.from !== undefined && image !== undefined) {
    throw new CommandFailure(EXIT_CODES.usage, 'idle-argument', `'${image}' says nothing beside --from.`)
  }
  const files = filesToPut(flags.put)
  if (flags.code === true) return printProgram(image, flags, files)
  const input = flags.exec === undefined ? undefined : await pipedInput()
  const given = input === undefined ? files : [...files, { path: INPUT, bytes: input }]
  const machine =
    flags.from === undefined ? boot(image, flags, given) : Machine.from(readSnapshot(flags.from), readCore())
  if (flags.exec === undefined) requireNoInput(flags.snapshot)
  const tape = new Tape(machine, flags)
  try {
    process.exitCode =
      flags.exec === undefined
        ? await attend(machine, flags, flags.from === undefined ? [] : files, tape)
        : await runCommand(machine, flags.exec, flags, given, tape)
  } finally {
    tape.finish()
    if (flags.vga === true) print(screenText(machine))
  }
}

const gather = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value]

function boot(image: string | undefined, flags: RunFlags, files: readonly GuestFile[]): Machine {
  const own = image === undefined && flags.initrd === undefined ? handsOnFiles() : []
  const created = Machine.create(withFiles(machineOptions(image, flags), [...own, ...files]))
  if (!created.ok) throw refused(created)
  return created.value
}

async function attend(machine: Machine, flags: RunFlags, files: readonly GuestFile[], tape: Tape): Promise<number> {
  // Read where something is asked of them, not before each boot.
  let images: KernelImage[] | undefined
  const known = (): KernelImage[] => {
    const { kernel } = machine.configuration
    images ??= readableKernels([...(kernel === undefined ? [] : [kernel]), ...shippedKernels()])
    return images
  }
  const console: GuestConsole = new GuestConsole(machine, flags, {
    kernel: () => findKernel(console.port, known()),
    gdb: gdbAddress(flags),
    waits: flags.S === true,
    tape,
  })
  if (files.length > 0) {
    const agent = new AgentClient(console.port)
    await agent.connect()
    await putFiles(agent, files)
    agent.dispose()
  }
  return console.run()
}

/** The same by the library; the files for hands in /boot and /lib/modules are the command line's own. */
function printProgram(image: string | undefined, flags: RunFlags, files: readonly GuestFile[]): void {
  const program = new Program(image, flags)
  for (const [i, { path, mode = 0o644 }] of files.entries()) {
    const [, file = ''] = /^(.+?)(?::(\/[^:]*))?$/s.exec(flags.put[i] ?? '') ?? []
    program.add(`await session.put(${quote(path)}, ${program.bytesOf(file)}, 0o${mode.toString(8)})`)
  }
  program.add(`const { status, stdout, stderr } = await session.exec(${quote(flags.exec ?? '')})`)
  program.add('process.stdout.write(stdout)\nprocess.stderr.write(stderr)\nprocess.exitCode = status')
  program.print(undefined)
}

/** Runs one command through the agent. */
async function runCommand(
  machine: Machine,
  command: string,
  flags: RunFlags,
  files: readonly GuestFile[],
  tape: Tape,
): Promise<number> {
  const progress = new Progress('the command runs')
  const breathe = (at: RunProgress): void => {
    tape.breathe()
    progress.tell(at)
  }
  const agent = new AgentClient(new MachinePort(machine, { breathe }), {
    limit: timeLimit(flags, 120),
  })
  if (flags.jsonl === true) streamConsole(agent)
  await agent.connect()
  await (flags.from === undefined ? ensureFiles : putFiles)(agent, files)
  const hasInput = files.some(({ path }) => path === INPUT)
  const result = await ended(machine, agent.exec(hasInput ? `( ${command}\n) <${INPUT}` : command))
  clearProgress()
  const { status, stdout, stderr } = result
  tellResult(
    flags,
    { schema: 'transplant-run/1', ...{ command, status, stdout, stderr, instructions: machine.now } },
    () => {
      process.stdout.write(result.stdoutBytes)
      process.stderr.write(result.stderrBytes)
    },
  )
  return result.status
}

/** A command that ends the guest (poweroff, reboot) has the status that the guest ends with at a console. */
async function ended(machine: Machine, running: Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await running
  } catch (error) {
    const stop = machine.poweredOff
    const status = error instanceof TransplantError && error.code === 'GUEST_ENDED' && stop ? statusOf(stop) : undefined
    if (status === undefined || status === EXIT_CODES.guestPanic) throw error
    const nothing = new Uint8Array(0)
    return { status, stdout: '', stderr: '', stdoutBytes: nothing, stderrBytes: nothing }
  }
}
