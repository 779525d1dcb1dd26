// `transplant patch try|undo`: what a patch changes in a command's output, and that nothing of it is left behind.

import type { Command } from 'commander'
import type { CommandResult, GuestSession } from '../guest/index.js'
import { moduleName } from '../patch/index.js'
import { imagePath } from './assets.js'
import { explain } from './help.js'
import { addMachineOptions, DEFAULT_KERNEL, refuseShaping } from './machine-options.js'
import { colors, print, say, tellResult } from './output.js'
import { moduleOf } from './patch-build.js'
import { openSession, type SessionFlags, saveSession } from './session.js'

// try /////////////////////////////////////////////////////////////////////////////////////////////////////////////////

interface TryFlags extends SessionFlags {
  readonly exec: string
}

export function addTryCommand(patch: Command): void {
  explain(
    addMachineOptions(
      patch
        .command('try')
        .description('build a patch, and show a command of the guest before it, with it, and after it is gone again')
        .argument('<source>', 'FIX.diff, SOURCE.c, SOURCE.s, or a module that is built already')
        .argument('[image]', 'the kernel to boot; default: Scion 1.0'),
    )
      .requiredOption('--exec <command>', 'what to run in the guest, three times')
      .option('--from <snapshot>', 'go on from a snapshot instead of booting')
      .option('--json', 'what was seen as one JSON document'),
    {
      examples: [
        "transplant patch try fix.diff --exec 'cat /proc/version'",
        "transplant patch try fix.s --exec 'cat /proc/uptime' --from it",
      ],
      exitCodes: `0 seen three times, 2 usage or a bad file, 3 nothing is replaced, 4 gcc is missing, 5 no module, or the guest refused
it, 6 timeout, or a transition is stuck, 7 the guest panicked or oopsed.`,
    },
  ).action(async (source: string, image: string | undefined, flags: TryFlags, command: Command) => {
    refuseShaping(command, flags)
    const module = await moduleOf(source, image ?? imagePath(DEFAULT_KERNEL))
    const { session } = await openSession(image, flags)
    const seen = await tryPatch(session, module, flags.exec)
    const { name, before, patched, undone } = seen
    const document = { command: flags.exec, ...seen, shows: !isSame(before, patched), asBefore: isSame(before, undone) }
    tellResult(flags, { schema: 'transplant-patch-try/1', ...document }, () => {
      tellOutput('before', before)
      tellOutput(`with ${name}`, patched)
      tellOutput('undone', undone)
      say(
        `${document.shows ? 'The command shows the patch' : 'The command shows nothing of the patch'}; ${seen.transition.toLocaleString('en-US')} ns from insmod to the last task.`,
      )
      say(
        document.asBefore
          ? 'Without it the output is what it was.'
          : 'Without it the output is not what it was: the command says something else each time, or the patch has left something.',
      )
    })
  })
}

type Output = Pick<CommandResult, 'status' | 'stdout' | 'stderr'>

/** The command three times; `transition` is the virtual time of loading, in ns. */
async function tryPatch(session: GuestSession, module: Uint8Array, command: string) {
  const run = async (): Promise<Output> => {
    const { status, stdout, stderr } = await session.exec(command)
    return { status, stdout, stderr }
  }
  const now = async (): Promise<number> => (await session.port.capabilities.time?.()) ?? 0
  const before = await run()
  const begin = await now()
  const { name } = await session.loadPatch(module)
  const transition = (await now()) - begin
  const patched = await run()
  await session.unloadPatch(name)
  return { name, transition, before, patched, undone: await run() }
}

const isSame = (a: Output, b: Output): boolean =>
  a.status === b.status && a.stdout === b.stdout && a.stderr === b.stderr

function tellOutput(when: string, { status, stdout, stderr }: Output): void {
  print(colors.bold(`${when}${status === 0 ? '' : ` (exit status ${status})`}`))
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n')) print(`  ${line}`)
}

// undo ////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export function addUndoCommand(patch: Command): void {
  explain(
    addMachineOptions(
      patch
        .command('undo')
        .description('disable a patch in a saved guest, wait for every task, and unload it')
        .argument('<name>', 'as `patch status` lists it'),
    )
      .requiredOption('--from <snapshot>', 'the guest, as `patch load --save` keeps it')
      .option('--save <snapshot>', 'keep the guest in a snapshot afterwards')
      .option('--json', 'what happened as one JSON document'),
    {
      examples: ['transplant patch undo fix --from it --save it'],
      exitCodes:
        '0 gone, 2 usage or a bad file, 5 the guest has no such patch or refuses, 6 timeout, or the transition is stuck, 7 the guest panicked or oopsed.',
    },
  ).action(async (name: string, flags: SessionFlags & { readonly from: string }, command: Command) => {
    refuseShaping(command, flags)
    const { session } = await openSession(undefined, flags)
    const patch = moduleName(name)
    await session.unloadPatch(patch)
    saveSession(session, flags)
    tellResult(flags, { schema: 'transplant-patch-undo/1', ...{ name: patch, undone: true } }, () =>
      print(`${patch} is gone: every task runs the kernel's own functions`),
    )
  })
}
