// `transplant patch build`: a patch module from a diff of the kernel's sources, from C or from assembly; or why there is none.

import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { EXIT_CODES, exitCodeFor } from '../base/index.js'
import {
  type BuildResult,
  buildPatchFromAssembly,
  buildPatchFromC,
  type DiffReport,
  type KernelFacts,
  type PatchRefusal,
  readKernelFacts,
} from '../patch/index.js'
import { buildPatchFromDiff, compilePatchUnit, judgeModule, STATIONS, type Station } from '../toolchain/index.js'
import { imagePath } from './assets.js'
import { LARGEST_MODULE, LARGEST_SOURCE, readNamedFile, requireWritable, writeNamedFile } from './files.js'
import { explain } from './help.js'
import { DEFAULT_KERNEL } from './machine-options.js'
import { CommandFailure, print, printJson, say } from './output.js'
import { tellReason, tellReport } from './patch-report.js'

interface BuildFlags {
  readonly output?: string
  readonly kernel?: string
  readonly json?: boolean
  readonly work?: string
  readonly from?: Station
  readonly showFirstChanged?: boolean
  readonly with?: string
  readonly replace?: boolean
  readonly sketch?: string
}

export function addBuildCommand(patch: Command): void {
  explain(
    patch
      .command('build')
      .description('build a patch module: from a diff or from C with gcc, from assembly with nothing but this package')
      .argument(
        '<source>',
        'FIX.diff of images/kernel; SOURCE.c, written with the livepatch API; or SOURCE.s (Intel syntax)',
      )
      .option('-o, --output <file>', "the module; default: the source's name with .ko")
      .option('--kernel <file>', 'the kernel image that it is for; default: Scion 1.0')
      .option(
        '--with <file>',
        'of a diff: C with callbacks (static pre_patch, post_patch, ...) that goes into the module',
      )
      .option('--replace', 'of a diff: older patches go when this one comes')
      .option('--sketch <file>', 'of a diff that needs help: write C to begin with')
      .option('--show-first-changed', 'of a diff: where each function differs first')
      .option('--work <folder>', 'of a diff: keep the stations of the build there')
      .addOption(new Option('--from <station>', 'of a diff: go on from there, in the same --work').choices(STATIONS))
      .option('--json', 'what was built as one JSON document'),
    {
      examples: [
        'transplant patch build fix.diff',
        'transplant patch build fix.diff --work w && transplant patch build fix.diff --work w --from extract',
        'transplant patch build fix.s -o fix.ko --kernel mine.elf',
      ],
      exitCodes: `0 built, 2 the source does not compile, the diff does not fit, or a file is wrong, 3 nothing is replaced,
4 gcc is missing, 5 the kernel would not take it, or the verdict on the diff is needs-help or cannot.`,
    },
  ).action((source: string, flags: BuildFlags) => {
    if (isDiff(source)) return buildDiff(source, flags)
    if (isSource(source)) return buildSource(source, flags)
    throw unknownSource(source, 'neither a diff, C nor assembly', 'Name it FIX.diff, SOURCE.c or SOURCE.s.')
  })
}

const isDiff = (path: string): boolean => /\.(diff|patch)$/.test(path)
const isSource = (path: string): boolean => /\.[csS]$/.test(path)

const unknownSource = (path: string, what: string, hint: string): CommandFailure =>
  new CommandFailure(EXIT_CODES.usage, 'unknown-source', `'${path}' is ${what} by its name.`, hint)

/** The bytes of a module: built from a diff, from C or from assembly for the kernel image at `kernelPath`, or as they lie there. */
export async function moduleOf(path: string, kernelPath: string): Promise<Uint8Array> {
  if (path.endsWith('.ko')) return readNamedFile(path, LARGEST_MODULE)
  if (isSource(path)) return (await compiled(path, kernelPath, readNamedFile(kernelPath))).module
  if (!isDiff(path))
    throw unknownSource(
      path,
      'neither a module nor what one is made of',
      'Name it FIX.ko, FIX.diff, SOURCE.c or SOURCE.s.',
    )
  const name = outputFor(path, {})
  const built = await buildPatchFromDiff({ name, diff: readText(path), kernel: readNamedFile(kernelPath) })
  if (!built.ok) throw patchRefused(built)
  const { report, module } = built.value
  if (module) return module.module
  tellReport(path, report)
  throw notBuilt(path, report, '')
}

const outputFor = (source: string, { output }: BuildFlags): string =>
  output ?? `${basename(source).replace(/\.[^.]*$/, '')}.ko`

const readText = (path: string): string => new TextDecoder().decode(readNamedFile(path, LARGEST_SOURCE))

/** The compiler's own words stand below its refusal. */
function patchRefused(refusal: PatchRefusal): CommandFailure {
  const { code, message, detail, hint } = refusal
  return new CommandFailure(exitCodeFor(code), code, `${message}.`, detail ?? hint)
}

// From C or assembly //////////////////////////////////////////////////////////////////////////////////////////////////

async function buildSource(source: string, flags: BuildFlags): Promise<void> {
  const output = outputFor(source, flags)
  const path = flags.kernel ?? imagePath(DEFAULT_KERNEL)
  const image = readNamedFile(path)
  const { name, module, functions, kernel } = await compiled(source, path, image, () => requireWritable(output))
  writeNamedFile(output, module)
  const { verdict, reasons } = await judgeModule(functions, image)
  if (flags.json === true) {
    const told = reasons.map(({ sketch, ...reason }) => reason)
    printJson({
      schema: 'transplant-patch-build/1',
      ...{ name, output, bytes: module.length, kernel: kernel.buildId, functions, verdict, reasons: told },
    })
    return
  }
  print(`${output}: ${module.length} bytes, patch '${name}' for build-id ${kernel.buildId}`)
  for (const one of functions)
    print(`  ${one.object}:${one.name}${one.entry === undefined ? '' : ` at 0x${one.entry.toString(16)}`}`)
  for (const reason of reasons) tellReason(reason)
  say(`Next: transplant patch load ${output}`)
}

/** A module from C or assembly; `ready` is asked before anything is built. */
async function compiled(source: string, path: string, image: Uint8Array, ready = (): void => {}) {
  const text = readText(source)
  const kernel = kernelFacts(path, image)
  ready()
  const options = { sourceName: basename(source), source: text, kernel }
  const built: BuildResult = source.endsWith('.c')
    ? await buildPatchFromC({ ...options, compile: (request) => compilePatchUnit(request) })
    : await buildPatchFromAssembly(options)
  if (!built.ok) throw patchRefused(built)
  const { name, module, diagnostics, patch } = built.value
  if (diagnostics !== '') say(diagnostics.trimEnd())
  if (patch === undefined || patch.functions.length === 0) {
    throw new CommandFailure(
      EXIT_CODES.noChange,
      'no-change',
      `${source} replaces no function.`,
      'Fill in a struct klp_func with .old_name and .new_func, or write a .patch directive.',
    )
  }
  return { name, module, functions: patch.functions, kernel }
}

function kernelFacts(path: string, image: Uint8Array): KernelFacts {
  const facts = readKernelFacts(image)
  if (facts.ok) return facts.value
  throw new CommandFailure(EXIT_CODES.usage, facts.code, `${path}: ${facts.message}.`, facts.hint)
}

/** A verdict that is no module; the reasons have been told. */
function notBuilt(source: string, { verdict }: DiffReport, more: string, said = false): CommandFailure {
  return new CommandFailure(
    EXIT_CODES.refused,
    verdict,
    `${source}: ${verdict === 'cannot' ? 'this cannot be a live patch' : 'code alone is not enough'}.`,
    `The reasons stand above, each with its way out.${more}`,
    { said },
  )
}

// From a diff /////////////////////////////////////////////////////////////////////////////////////////////////////////

async function buildDiff(source: string, flags: BuildFlags): Promise<void> {
  if (flags.from !== undefined && flags.work === undefined) {
    throw new CommandFailure(EXIT_CODES.usage, 'no-station', '--from goes on in a folder.', 'Name it with --work.')
  }
  const output = outputFor(source, flags)
  const help = flags.with === undefined ? {} : { help: readText(flags.with) }
  const kernel = readNamedFile(flags.kernel ?? imagePath(DEFAULT_KERNEL))
  const diff = readText(source)
  requireWritable(output)
  const built = await buildPatchFromDiff({
    ...{ name: basename(output), diff, kernel, replace: flags.replace === true, ...help },
    showFirstChanged: flags.showFirstChanged === true,
    ...(flags.work === undefined ? {} : { work: flags.work }),
    ...(flags.from === undefined ? {} : { from: flags.from }),
  })
  if (!built.ok) throw patchRefused(built)
  const { report, module } = built.value
  if (module) writeNamedFile(output, module.module)
  const sketch = report.reasons.find((reason) => reason.sketch !== undefined)?.sketch
  if (flags.sketch !== undefined && sketch !== undefined) writeNamedFile(flags.sketch, new TextEncoder().encode(sketch))
  if (flags.json === true) {
    const made = module
      ? { name: module.name, output, bytes: module.module.length }
      : { name: null, output: null, bytes: 0 }
    printJson({ schema: 'transplant-patch-diff/1', ...made, ...report })
  } else tellReport(source, report)
  if (!module) {
    const wanted = flags.sketch === undefined && sketch !== undefined ? ' --sketch FILE writes C to begin with.' : ''
    throw notBuilt(source, report, wanted, flags.json)
  }
  if (flags.json === true) return
  if (module.diagnostics !== '') say(module.diagnostics.trimEnd())
  print(`${output}: ${module.module.length} bytes, patch '${module.name}' for build-id ${report.kernel}`)
  say(`Next: transplant patch load ${output}`)
}
