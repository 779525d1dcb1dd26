// `transplant run`: a guest at the person's terminal, or one command in it.
//
// Virtual time is not wall time: an idle guest would race from tick to tick. At a terminal the guest is therefore held
// back to one virtual second per second; without one it runs as fast as it can.

import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { EXIT_CODES, formatAddress } from '../base/index.js'
import { AgentClient } from '../guest/index.js'
import { describeStop, encodeSnapshot, type Machine, MachinePort, type StopReason } from '../machine/index.js'
import { addMachineOptions, type MachineFlags, startMachine, timeLimit } from './machine-options.js'
import { CommandFailure, colors, print, printJson, say } from './output.js'
import { connectTerminal, ESCAPE_HELP, type TerminalCommand } from './terminal.js'

interface RunFlags extends MachineFlags {
  readonly exec?: string
  readonly json?: boolean
  readonly snapshot?: string
  readonly vga?: boolean
}

export function addRunCommand(program: Command): void {
  addMachineOptions(
    program
      .command('run')
      .description('run a guest: an interactive console, or one command with --exec')
      .argument('[image]', 'PVH ELF64, Linux bzImage or Multiboot image; default: Scion 1.0'),
  )
    .option('--exec <command>', 'run one command in the guest through its agent, and exit with its status')
    .option('--snapshot <file>', 'where Ctrl-A s writes', 'transplant.snapshot')
    .option('--vga', "at the end, print the text on the guest's screen (VGA text mode, 80 by 25)")
    .option('--json', 'with --exec: the result as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  transplant run                             a shell in Scion 1.0 with two vCPUs
  transplant run --smp 4 --seed 7            four vCPUs, another interleaving
  transplant run --exec 'uname -a'           one command; its exit status is ours
  transplant run mine.elf --append 'quiet'   an image of your own
  transplant run course.elf --vga            a Multiboot kernel that writes to the screen
  transplant run /boot/vmlinuz --initrd i    Linux

Keys: ${ESCAPE_HELP.split('\n').join('\n      ')}

Exit codes: the guest's own status with --exec; else 0 power-off or reset, 2 usage or bad image, 6 timeout, or nothing can
happen any more (stuck), 7 guest panic or triple fault, 70 internal error. isa-debug-exit ends with the status it was given.`,
    )
    .action(async (image: string | undefined, flags: RunFlags) => {
      const machine = startMachine(image, flags)
      try {
        process.exitCode =
          flags.exec === undefined ? await runConsole(machine, flags) : await runCommand(machine, flags.exec, flags)
      } finally {
        if (flags.vga === true) print(screenText(machine))
      }
    })
}

/** The rows up to the last that is not empty. */
function screenText(machine: Machine): string {
  return machine.screenRows().join('\n').trimEnd()
}

/** Runs one command through the agent. */
async function runCommand(machine: Machine, command: string, flags: RunFlags): Promise<number> {
  const port = new MachinePort(machine)
  const agent = new AgentClient(port, { limit: timeLimit(flags, 120) })
  await agent.connect()
  const result = await agent.exec(command)
  if (flags.json === true) {
    printJson({
      schema: 'transplant-run/1',
      ...{ command, status: result.status, stdout: result.stdout, stderr: result.stderr, instructions: machine.now },
    })
  } else {
    process.stdout.write(result.stdout)
    process.stderr.write(result.stderr)
  }
  return result.status
}

async function runConsole(machine: Machine, flags: RunFlags): Promise<number> {
  const interactive = process.stdin.isTTY === true
  const started = performance.now()
  let asked: TerminalCommand | undefined
  let arrived: (() => void) | undefined
  const wake = (): void => {
    arrived?.()
    arrived = undefined
  }
  const port = new MachinePort(machine, {
    chunk: interactive ? 2_000_000 : 20_000_000,
    breathe: async () => {
      const ahead = machine.now / 1e6 - (performance.now() - started)
      await pause(interactive && ahead > 2 ? Math.min(ahead, 50) : 0)
      if (asked !== undefined) void port.stop()
    },
  })
  port.onConsole(({ channel, bytes }) => {
    if (channel === 0) process.stdout.write(bytes)
  })
  const disconnect = connectTerminal(
    (bytes) => {
      void port.sendConsole(0, bytes)
      wake()
    },
    (command) => {
      asked = command
      wake()
    },
  )
  const end = timeLimit(flags, Number.POSITIVE_INFINITY)
  try {
    for (;;) {
      const stop = await port.run({ instructions: end - machine.now })
      if (asked !== undefined) {
        const command = asked
        asked = undefined
        if (command === 'quit') return EXIT_CODES.ok
        await obey(command, machine, flags)
        continue
      }
      const status = statusOf(stop)
      if (status !== undefined) return status
      if (stop.reason === 'limit') {
        throw new CommandFailure(
          EXIT_CODES.timeout,
          'timeout',
          `the guest did not end within ${flags.timeout} s of virtual time.`,
        )
      }
      if (stop.reason === 'stuck') {
        const hint = flags.vga !== true && screenText(machine) !== '' ? 'Its screen has text: --vga prints it.' : ''
        throw new CommandFailure(EXIT_CODES.timeout, 'stuck', `${describeStop(stop)}.`, hint)
      }
      if (stop.reason === 'idle') {
        if (!interactive && process.stdin.readableEnded) {
          throw new CommandFailure(EXIT_CODES.timeout, 'idle', 'the guest waits for input, and there is no more.')
        }
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
    }
  } finally {
    disconnect()
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds > 0) setTimeout(resolve, milliseconds)
    else setImmediate(resolve)
  })
}

/** The exit status that an ended guest stands for; undefined while it can go on. */
function statusOf(stop: StopReason): number | undefined {
  switch (stop.reason) {
    case 'power-off':
      return EXIT_CODES.ok
    case 'exit':
      return stop.status
    case 'reset':
      say(colors.yellow(`the guest was reset: ${describeStop(stop)}`))
      return stop.cause === 'triple-fault' ? EXIT_CODES.guestPanic : EXIT_CODES.ok
    default:
      return undefined
  }
}

async function obey(command: TerminalCommand, machine: Machine, flags: RunFlags): Promise<void> {
  if (command === 'help') say(ESCAPE_HELP.replaceAll('\n', '\r\n'))
  if (command === 'info') {
    say(
      `${machine.now.toLocaleString('en')} ns of virtual time, ${machine.statistics.instructions.toLocaleString('en')} instructions\r`,
    )
    for (let cpu = 0; cpu < machine.vcpus; cpu++) {
      say(`vCPU ${cpu}: ${machine.activity(cpu)} at ${formatAddress(machine.registers(cpu).rip)}\r`)
    }
  }
  if (command === 'snapshot') {
    const file = flags.snapshot ?? 'transplant.snapshot'
    writeFileSync(file, encodeSnapshot(machine.snapshot()))
    print(`\r\nsaved ${file}\r`)
  }
}
