// `transplant upgrade`: changes the kernel of a guest under its programs and verifies it.

import { basename } from 'node:path'
import type { Command } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { type MachineSession, readKernelImage } from '../guest/index.js'
import {
  finishWorkloads,
  judgeUpgrade,
  lastLine,
  runningWorkloads,
  startWorkloads,
  WORKLOADS,
  type Workload,
} from '../lab/index.js'
import {
  observeUpgrade,
  type Rehearsal,
  rehearseUpgrade,
  type UpgradeReport,
  type UpgradeTarget,
} from '../upgrade/index.js'
import { imagePath } from './assets.js'
import { Program } from './code.js'
import { readNamedFile, requireWritable } from './files.js'
import { withFiles } from './guest-files.js'
import { explain } from './help.js'
import { addMachineOptions, refuseShaping } from './machine-options.js'
import { CommandFailure, colors, isForPrograms, print, refused as refusedBy, say, tellResult } from './output.js'
import { goesOn, openSession, readableKernels, readSnapshot, type SessionFlags, saveSession } from './session.js'

export const NEXT_KERNEL = 'scion-1.1.elf'
const RUN_IN = 20_000_000

interface UpgradeFlags extends SessionFlags {
  readonly kernel?: string
  readonly dryRun?: boolean
  readonly code?: boolean
  readonly rehearse?: boolean
}

export function addUpgradeCommand(program: Command): void {
  explain(
    addMachineOptions(
      program
        .command('upgrade')
        .description('change the kernel of a guest under its programs, and verify what they can observe')
        .argument('[next-image]', 'the kernel to change to; default: Scion 1.1'),
    )
      .option('--kernel <file>', 'the kernel to begin with; default: Scion 1.0')
      .option('--from <snapshot>', 'go on from a snapshot instead of booting')
      .option('--save <snapshot>', 'keep the guest in a snapshot afterwards')
      .option('--no-rehearse', 'do not upgrade a fork of the guest first')
      .option('--dry-run', 'check image and files, and change nothing')
      .option('--code', 'print the program with the library that does the same, and run nothing')
      .option('--jsonl', 'the console and the result as events, one line of JSON each')
      .option('--json', 'what happened as one JSON document, schema transplant-upgrade/1'),
    {
      examples: [
        'transplant upgrade                              from Scion 1.0 to 1.1',
        'transplant upgrade mine.elf --kernel old.elf    images of your own',
        'transplant upgrade --no-rehearse                at once, not in a fork of the guest first',
        'transplant upgrade --from patched.snapshot      a guest that was live-patched before',
      ],
      exitCodes: `0 every check held, 1 one did not, here or in the rehearsal, 2 usage or a bad file, 5 the guest refused the image and goes on,
6 timeout, 7 the guest panicked or oopsed.`,
    },
  ).action(async (next: string | undefined, flags: UpgradeFlags, command: Command) => {
    refuseShaping(command, flags)
    if (flags.code === true) printProgram(next, flags)
    else await upgradeGuest(next ?? imagePath(NEXT_KERNEL), flags)
  })
}

async function upgradeGuest(path: string, flags: UpgradeFlags): Promise<void> {
  const bytes = readNamedFile(path)
  const guestPath = `/tmp/${basename(path).replace(/[^\w.-]/g, '_')}`
  if (flags.dryRun === true) return tryOut(path, bytes, flags)
  const { session, kernels } = await openSession(flags.kernel, flags, (options) =>
    withFiles(options, [{ path: guestPath, bytes }]),
  )
  const { agent } = session
  if (flags.from !== undefined) await agent.put(guestPath, bytes)
  const workloads = await startWorkloads(agent, WORKLOADS)
  await agent.runFor(RUN_IN)
  const before = runningWorkloads(workloads)
  const image = readKernelImage(bytes)
  const images = readableKernels(kernels)
  const target = {
    path: guestPath,
    image: image.ok ? image.value : undefined,
    pids: workloads
      .filter(({ command }) => /^(files|pipeline|timers) /.test(command))
      .map(({ started }) => started.pid),
  }
  const rehearsal = flags.rehearse === false ? undefined : await rehearseUpgrade(session, images, target)
  const failure = rehearsal && failureOf(rehearsal, target)
  if (rehearsal !== undefined && failure !== undefined)
    return keepKernel(path, flags, session, workloads, { ...rehearsal, failure })
  const upgrade = await observeUpgrade(session, await session.kernel(images), target)
  const after = runningWorkloads(workloads)
  const { alive, programs } = await finish(session, workloads)
  const checks = [
    ...judgeUpgrade(upgrade, { upgrade: before, upgraded: after }),
    {
      name: 'every program finishes',
      ok: programs.every((program) => program.status === 0),
      detail: programs.map((program) => program.result).join('; '),
    },
  ]
  const ok = checks.every((check) => check.ok)
  const refused = isRefused(upgrade)
  // Before anything is told: whoever reads it may be gone, or have no room.
  saveSession(session, flags)
  const document = {
    schema: 'transplant-upgrade/1',
    ...{ ok, refused, guestGoesOn: alive, rehearsed: rehearsal !== undefined, upgrade, programs, checks },
  }
  tellResult(flags, document, () => {
    if (rehearsal !== undefined)
      print(`rehearsed in a fork first: every check held, the guest stayed at ${rehearsal.hash}`)
    tell(upgrade, refused ? [] : checks)
  })
  if (refused) throw refusalBy(path, upgrade, flags, alive, programs)
  process.exitCode = ok ? EXIT_CODES.ok : EXIT_CODES.failed
  if (!isForPrograms(flags))
    say('Next: transplant upgrade --save upgraded.snapshot, then transplant patch status --from it.')
}

interface Ended {
  readonly command: string
  readonly pid: number
  readonly status: number | undefined
  readonly result: string
}

async function finish(
  session: MachineSession,
  workloads: readonly Workload[],
): Promise<{ readonly alive: boolean; readonly programs: readonly Ended[] }> {
  const alive = await goesOn(session)
  const results = await finishWorkloads(session.agent, workloads)
  const programs = results.map(({ command, pid, status, output }) => ({
    ...{ command, pid, status, result: lastLine(output) },
  }))
  return { alive, programs }
}

const isRefused = (upgrade: UpgradeReport): boolean => upgrade.status !== 0 && upgrade.switch === undefined

/** Why what was rehearsed is not done; undefined if it went well. */
function failureOf({ upgrade, ended, alive }: Rehearsal, { pids = [] }: UpgradeTarget): string | undefined {
  if (upgrade === undefined) return ended
  const failed = judgeUpgrade(upgrade, { upgrade: pids.length, upgraded: alive.length }).find((check) => !check.ok)
  return failed && `${failed.name}: ${failed.detail}`
}

/** The rehearsal has failed: the guest was not asked, and its programs finish under the kernel that they have. */
async function keepKernel(
  path: string,
  flags: UpgradeFlags,
  session: MachineSession,
  workloads: readonly Workload[],
  rehearsal: Rehearsal & { readonly failure: string },
): Promise<never> {
  const { alive, programs } = await finish(session, workloads)
  const { upgrade, failure, hash } = rehearsal
  const refused = upgrade !== undefined && isRefused(upgrade)
  saveSession(session, flags)
  const document = {
    schema: 'transplant-upgrade/1',
    ...{ ok: false, refused, guestGoesOn: alive, rehearsed: true, failure, hash, upgrade, programs, checks: [] },
  }
  tellResult(flags, document, () => upgrade && tell(upgrade, []))
  if (refused) throw refusalBy(path, upgrade, flags, alive, programs)
  throw new CommandFailure(
    EXIT_CODES.failed,
    'rehearsal-failed',
    `the rehearsal of ${path} in a fork of the guest failed: ${failure}.`,
    `The guest was not asked. ${stateOf((await session.agent.read('uname -r')).trim(), alive, programs)}`,
    { said: isForPrograms(flags) },
  )
}

function refusalBy(
  path: string,
  upgrade: UpgradeReport,
  flags: UpgradeFlags,
  alive: boolean,
  programs: readonly Ended[],
): CommandFailure {
  return new CommandFailure(
    EXIT_CODES.refused,
    'upgrade-refused',
    `the guest refused ${path}: ${refusalOf(upgrade)}.`,
    stateOf(upgrade.from, alive, programs),
    { said: isForPrograms(flags) },
  )
}

function stateOf(release: string, alive: boolean, programs: readonly Ended[]): string {
  return alive && programs.every((program) => program.status === 0)
    ? `The guest goes on with ${release} undisturbed: its ${programs.length} programs finished right.`
    : 'The guest did not go on as it should.'
}

/** The same by the library, without the programs that the command line lets run meanwhile. */
function printProgram(next: string | undefined, flags: UpgradeFlags): void {
  const program = new Program(flags.kernel, flags)
  const image = next === undefined ? 'readAssets().nextKernel' : program.bytesOf(next)
  program.add(`const { from, to } = await session.upgrade(${image})`)
  program.add("console.log('upgraded from', from, 'to', to)")
  program.print(flags.save)
}

/** What can be said without a guest. */
function tryOut(path: string, bytes: Uint8Array, flags: UpgradeFlags): void {
  const image = readKernelImage(bytes)
  if (!image.ok) throw refusedBy(image)
  if (flags.from !== undefined) readSnapshot(flags.from)
  requireWritable(flags.save)
  print(`would change to ${path}, build-id ${image.value.buildId}; the guest itself decides when it is asked`)
}

/** The kernel's own sentence where it said one; else kexec's. */
function refusalOf(upgrade: UpgradeReport): string {
  const said = upgrade.messages.filter((message) => /^(?:liveupdate|kho|kexec_file|kexec): /.test(message))
  const refusal = said.findLast((message) =>
    /refus|not |bad |mismatch|invalid|larger|checksum|built for/i.test(message),
  )
  return [refusal, upgrade.error].filter((text) => text !== undefined && text !== '').join('; ')
}

function tell(upgrade: UpgradeReport, checks: ReturnType<typeof judgeUpgrade>): void {
  for (const message of upgrade.messages) print(colors.dim(message))
  for (const line of upgrade.ledger) print(line)
  for (const process of upgrade.processes) {
    const { pid, comm, pages, tables, pagesCopied, pagesChanged, entriesChanged } = process
    print(
      `  pid ${String(pid).padEnd(5)}${comm.padEnd(12)}${String(pages).padStart(6)} pages, ${pagesCopied} copied, ${pagesChanged} changed; ` +
        `${tables} table pages, ${entriesChanged} entries changed`,
    )
  }
  for (const { name, ok, detail } of checks) {
    print(`  ${ok ? colors.green('ok  ') : colors.red('FAIL')} ${name}: ${detail}`)
  }
}
