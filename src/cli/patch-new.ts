// `transplant patch new` and `patch check`: a patch by hand begun, and what is to be said of one before a guest is asked.

import { type Command, Option } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { checkPatch, readKernelFacts, type Verdict } from '../patch/index.js'
import { judgeModule, newPatch } from '../toolchain/index.js'
import { imagePath } from './assets.js'
import { LARGEST_MODULE, readNamedFile, requireWritable, writeNamedFile } from './files.js'
import { explain } from './help.js'
import { DEFAULT_KERNEL } from './machine-options.js'
import { CommandFailure, print, printJson, refused, say } from './output.js'
import { tellReason } from './patch-report.js'

interface NewFlags {
  readonly output?: string
  readonly kernel?: string
  readonly language: 'c' | 'assembly'
}

export function addNewCommand(patch: Command): void {
  explain(
    patch
      .command('new')
      .description('begin a patch by hand: a source that compiles and replaces one function')
      .argument('<function>', "of the kernel; NAME,2 for the second of that name in kallsyms' order")
      .addOption(new Option('--language <name>', 'of the source').choices(['c', 'assembly']).default('c'))
      .option('-o, --output <file>', 'the source; default: standard output')
      .option('--kernel <file>', 'the kernel image that it is for; default: Scion 1.0'),
    {
      examples: ['transplant patch new cmdline_proc_show -o fix.c', 'transplant patch new see,2 --language assembly'],
      exitCodes: '0 written, 2 usage or a bad file, 5 refused: no such function, several, or none that can be patched.',
    },
  ).action((wanted: string, flags: NewFlags) => {
    const [, name = wanted, position = '0'] = /^(.*),(\d+)$/.exec(wanted) ?? []
    requireWritable(flags.output)
    const kernel = readNamedFile(flags.kernel ?? imagePath(DEFAULT_KERNEL))
    const made = newPatch(kernel, { name, position: Number(position), language: flags.language })
    if (!made.ok) throw refused({ ...made, message: `${made.message}.` })
    if (flags.output === undefined) process.stdout.write(made.value)
    else {
      writeNamedFile(flags.output, new TextEncoder().encode(made.value))
      say(`Next: transplant patch build ${flags.output}`)
    }
  })
}

interface CheckFlags {
  readonly kernel?: string
  readonly json?: boolean
}

export function addCheckCommand(patch: Command): void {
  explain(
    patch
      .command('check')
      .description(
        'the verdict on a module that was written by hand: would a kernel take it, and would its transition end',
      )
      .argument('<module>', 'a module that `patch build` made, or another build')
      .option('--kernel <file>', 'the kernel image that it is for; default: Scion 1.0')
      .option('--json', 'the verdict as one JSON document'),
    {
      examples: ['transplant patch check fix.ko'],
      more: '`patch build FIX.diff` has the verdict on a diff, which says more: what a change means is in its sources.',
      exitCodes:
        '0 applies, 2 usage or a bad file, 3 the module replaces no function, 5 the kernel would not take it, or it cannot.',
    },
  ).action(async (path: string, flags: CheckFlags) => {
    const module = readNamedFile(path, LARGEST_MODULE)
    const kernel = readNamedFile(flags.kernel ?? imagePath(DEFAULT_KERNEL))
    const facts = readKernelFacts(kernel)
    if (!facts.ok) throw refused({ ...facts, message: `${facts.message}.` })
    const checked = checkPatch(module, facts.value)
    if (!checked.ok) throw refused({ ...checked, message: `${path}: ${checked.message}.` })
    const { name, functions } = checked.value
    if (functions.length === 0) {
      const hint = 'Fill in a struct klp_func with .old_name and .new_func, or write a .patch directive.'
      throw new CommandFailure(EXIT_CODES.noChange, 'no-change', `${path} replaces no function.`, hint)
    }
    const verdict = await judgeModule(functions, kernel)
    if (flags.json === true) {
      const reasons = verdict.reasons.map(({ sketch, ...reason }) => reason)
      printJson({ schema: 'transplant-patch-check/1', ...{ name, functions, verdict: verdict.verdict, reasons } })
    } else {
      print(`${path}: ${verdict.verdict}`)
      for (const reason of verdict.reasons) tellReason(reason)
    }
    requireApplies(path, verdict, flags.json === true)
  })
}

/** A failure where the verdict is another one. */
function requireApplies(path: string, { verdict }: Verdict, said: boolean): void {
  if (verdict === 'applies') return
  const message = `${path}: this cannot be a live patch.`
  throw new CommandFailure(EXIT_CODES.refused, verdict, message, 'The reasons stand above, each with its way out.', {
    said,
  })
}
