// `transplant patch load|status`: a patch module into a guest, and what became of it there. `patch build` is in patch-build.ts.

import { basename } from 'node:path'
import type { Command } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { oopsError, readStragglers } from '../guest/index.js'
import { createDisassembler } from '../isa/index.js'
import {
  checkPatch,
  moduleName,
  observePatch,
  type PatchReport,
  type PatchTarget,
  readKernelFacts,
} from '../patch/index.js'
import { imagePath } from './assets.js'
import { Program } from './code.js'
import { LARGEST_MODULE, readNamedFile, requireWritable } from './files.js'
import { explain } from './help.js'
import { addMachineOptions, DEFAULT_KERNEL, refuseShaping } from './machine-options.js'
import { CommandFailure, colors, isForPrograms, print, printJson, refused, tellResult } from './output.js'
import { addBuildCommand } from './patch-build.js'
import { addCheckCommand, addNewCommand } from './patch-new.js'
import { addTryCommand, addUndoCommand } from './patch-try.js'
import { goesOn, openSession, readableKernels, readSnapshot, type SessionFlags, saveSession } from './session.js'

export function addPatchCommand(program: Command): void {
  const patch = program
    .command('patch')
    .description('build a patch module, load it into a guest, see what became of it')
  explain(patch, {
    examples: [
      "transplant patch try fix.diff --exec 'cat /proc/version'  before it, with it, and after it is gone",
      'transplant patch build fix.diff -o fix.ko  a module from a diff of the kernel, or from C or assembly',
      'transplant patch load fix.ko --save it     into a guest, which is kept',
      'transplant patch status --from it          what is in it',
    ],
    exitCodes: 'each of them has its own: transplant patch load --help.',
  })
  addNewCommand(patch)
  addBuildCommand(patch)
  addCheckCommand(patch)
  addTryCommand(patch)
  addLoadCommand(patch)
  addUndoCommand(patch)
  addStatusCommand(patch)
}

// load ////////////////////////////////////////////////////////////////////////////////////////////////////////////////

interface LoadFlags extends SessionFlags {
  readonly dryRun?: boolean
  readonly code?: boolean
}

function addLoadCommand(patch: Command): void {
  explain(
    addMachineOptions(
      patch
        .command('load')
        .description('load a module into a running guest and follow its transition')
        .argument('<module>', 'a module that `patch build` made')
        .argument('[image]', 'the kernel to boot; default: Scion 1.0'),
    )
      .option('--from <snapshot>', 'go on from a snapshot instead of booting')
      .option('--save <snapshot>', 'keep the guest in a snapshot afterwards')
      .option('--dry-run', 'check module and files by the rules of the guest, and load nothing')
      .option('--code', 'print the program with the library that does the same, and run nothing')
      .option('--jsonl', 'the console and the result as events, one line of JSON each')
      .option('--json', 'what happened as one JSON document'),
    {
      examples: ['transplant patch load fix.ko', 'transplant patch load fix.ko --save patched.snapshot'],
      exitCodes: `0 loaded and every task switched, 2 usage or a bad file, 3 the module patches no function, 5 the guest refused
the module and goes on, 6 timeout, or the transition is stuck, 7 the guest panicked or oopsed.`,
    },
  ).action(async (path: string, image: string | undefined, flags: LoadFlags, command: Command) => {
    refuseShaping(command, flags)
    const module = readNamedFile(path, LARGEST_MODULE)
    if (flags.code === true) return printProgram(path, image, flags)
    if (flags.dryRun === true) return tryOut(path, module, image, flags)
    const { session, kernels } = await openSession(image, flags)
    const kernel = await session.kernel(readableKernels(kernels))
    const facts = readKernelFacts(kernel.image.elf.bytes)
    const checked = facts.ok ? checkPatch(module, facts.value) : undefined
    const guestPath = `/tmp/${basename(path).replace(/[^\w.-]/g, '_')}`
    await session.agent.put(guestPath, module)
    const target: PatchTarget = checked?.ok
      ? { name: checked.value.name, functions: checked.value.functions, path: guestPath }
      : { name: moduleName(path), functions: [], path: guestPath }
    const report = await observePatch(session, kernel, target, await createDisassembler())
    if (session.console.oops !== undefined) throw oopsError(session.console, `to load ${path}`)
    const alive = await goesOn(session)
    const why = checked === undefined || checked.ok ? undefined : checked
    // Before anything is told: whoever reads it may be gone, or have no room.
    saveSession(session, flags)
    const outcome = { ok: report.status === 0, guestGoesOn: alive, refusal: why ?? null, ...report }
    tellResult(flags, { schema: 'transplant-patch-load/1', ...outcome }, () => tellLoad(report))
    if (report.status !== 0) {
      throw new CommandFailure(
        EXIT_CODES.refused,
        why?.code ?? 'refused',
        `the guest refused ${path}: ${report.error}.${why === undefined ? '' : ` ${why.message}. ${why.hint}`}`,
        alive
          ? 'The guest goes on undisturbed: a command ran in it afterwards.'
          : 'The guest does not answer any more.',
        { said: isForPrograms(flags) },
      )
    }
    if (report.enabled === '') {
      throw new CommandFailure(
        EXIT_CODES.noChange,
        'no-change',
        `${path} is loaded, but it patches no function.`,
        'A patch calls klp_enable_patch() when it is loaded.',
        { said: isForPrograms(flags) },
      )
    }
  })
}

/** The same by the library. */
function printProgram(path: string, image: string | undefined, flags: LoadFlags): void {
  const program = new Program(image, flags)
  program.add(`const { name } = await session.loadPatch(${program.bytesOf(path)})`)
  program.add("console.log('loaded', name)")
  program.print(flags.save)
}

/** What can be said without a guest: by the rules that it applies itself, for the kernel that would boot. */
function tryOut(path: string, module: Uint8Array, image: string | undefined, flags: LoadFlags): void {
  const kernel = flags.from === undefined ? undefined : readSnapshot(flags.from).configuration.kernel
  const facts = readKernelFacts(kernel ?? readNamedFile(image ?? imagePath(DEFAULT_KERNEL)))
  if (!facts.ok) throw refused(facts)
  const checked = checkPatch(module, facts.value)
  if (!checked.ok) throw refused(checked)
  requireWritable(flags.save)
  const functions = checked.value.functions.map(({ object, name }) => `${object}:${name}`)
  print(`would load ${path}: ${checked.value.name} replaces ${functions.join(', ')}`)
}

function tellLoad(report: PatchReport): void {
  for (const message of report.messages) print(colors.dim(message))
  for (const one of report.functions) {
    print(`${one.object}:${one.name} at ${one.address}`)
    for (const stage of one.stages) print(`  ${stage.when.padEnd(8)}${stage.listing.join('\n          ')}`)
  }
  if (report.status !== 0) return
  const { switched, instructions } = report.transition
  print(
    `enabled ${report.enabled || '-'}, transition ${report.inTransition || '-'}, ${switched} tasks switched${instructions === undefined ? '' : ` in ${instructions.toLocaleString('en-US')} ns`}`,
  )
}

// status //////////////////////////////////////////////////////////////////////////////////////////////////////////////

function addStatusCommand(patch: Command): void {
  explain(
    addMachineOptions(
      patch
        .command('status')
        .description('the patches in a guest, and the tasks that hold a transition up')
        .argument('[image]', 'the kernel to boot where there is no snapshot'),
    )
      .option('--from <snapshot>', 'the guest, as `patch load --save` keeps it')
      .option('--json', 'the same as one JSON document'),
    {
      examples: ['transplant patch status --from patched.snapshot'],
      exitCodes:
        '0 read, 2 usage or a bad file, 6 timeout, or a transition is under way, 7 the guest panicked or oopsed.',
    },
  ).action(async (image: string | undefined, flags: SessionFlags, command: Command) => {
    refuseShaping(command, flags)
    const { session, kernels } = await openSession(image, flags)
    const names = (await session.agent.read('ls /sys/kernel/livepatch')).split('\n').filter((name) => name !== '')
    const patches = []
    for (const name of names) {
      const read = async (file: string): Promise<string> =>
        (await session.agent.read(`cat /sys/kernel/livepatch/${name}/${file}`)).trim()
      patches.push({ name, enabled: await read('enabled'), transition: await read('transition') })
    }
    const time = await session.port.capabilities.time()
    const stragglers = await readStragglers(await session.kernel(readableKernels(kernels)))
    const under = patches.some((one) => one.transition === '1')
    if (flags.json === true) {
      printJson({
        schema: 'transplant-patch-status/1',
        ...{ patches, stragglers: stragglers.map(({ pid, comm }) => ({ pid, comm })), time },
      })
    } else {
      if (patches.length === 0) print('no patches')
      for (const one of patches) print(`${one.name}  enabled ${one.enabled}  transition ${one.transition}`)
      for (const task of stragglers) print(`  not switched: ${task.comm} (pid ${task.pid})`)
    }
    if (under) process.exitCode = EXIT_CODES.timeout
  })
}
