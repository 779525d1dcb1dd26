// `transplant demo`: the demonstration as a story for a person, or as one JSON document.

import type { Command } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { type DemoProgress, type DemoReport, type DemoStep, runDemo } from '../lab/index.js'
import { nodeWorkers } from '../node/index.js'
import { readImage } from './assets.js'
import { readNamedFile } from './files.js'
import { explain } from './help.js'
import { DEFAULT_INITRD, DEFAULT_KERNEL, integerOption, readCore } from './machine-options.js'
import { colors, print, printJson, say } from './output.js'
import { NEXT_KERNEL } from './upgrade.js'

interface DemoFlags {
  readonly smp: string
  readonly memory: string
  readonly seed: string
  readonly json?: boolean
  readonly kernel?: string
  readonly nextKernel?: string
  readonly module?: string
}

export const DEMO_MODULE = 'patches/demo.ko'

export function addDemoCommand(program: Command): void {
  explain(
    program
      .command('demo')
      .description('boot, live-patch and live-upgrade a guest under its programs, and verify it by a twin')
      .option('--smp <n>', 'number of vCPUs, 1 to 16', '2')
      .option('--memory <MiB>', 'guest RAM in MiB', '128')
      .option('--seed <n>', 'seed of the vCPU scheduler: the same seed gives the same run', '1')
      .option('--kernel <file>', 'the kernel to begin with; default: Scion 1.0')
      .option('--next-kernel <file>', 'the kernel to change to; default: Scion 1.1')
      .option('--module <file>', 'the patch module; default: the one that is shipped')
      .option('--json', 'the report as one JSON document, schema transplant-demo/1'),
    {
      examples: [
        'transplant demo                      the story, with figures',
        'transplant demo --json | jq .checks  every check as data',
        'transplant demo --smp 4 --seed 7     four vCPUs, another interleaving',
      ],
      exitCodes: '0 every check held, 1 one did not, 2 usage or a bad file.',
    },
  ).action(async (flags: DemoFlags) => {
    const workers = nodeWorkers()
    const report = await runDemo({
      assets: {
        coreWasm: readCore(),
        firmware: readImage('firmware.bin'),
        kernel: flags.kernel === undefined ? readImage(DEFAULT_KERNEL) : readNamedFile(flags.kernel),
        nextKernel: flags.nextKernel === undefined ? readImage(NEXT_KERNEL) : readNamedFile(flags.nextKernel),
        initrd: readImage(DEFAULT_INITRD),
        patchModule: flags.module === undefined ? readImage(DEMO_MODULE) : readNamedFile(flags.module),
      },
      seed: integerOption('seed', flags.seed, 0, Number.MAX_SAFE_INTEGER),
      vcpus: integerOption('smp', flags.smp, 1, 16),
      memoryBytes: integerOption('memory', flags.memory, 64, 3072) * 1024 * 1024,
      onProgress: progressTeller(),
      breathe: workers.breathe,
      ...(workers.cores > 1 ? { workers } : {}),
    })
    if (flags.json === true) printJson(report)
    else tell(report)
    process.exitCode = report.ok ? EXIT_CODES.ok : EXIT_CODES.failed
  })
}

const STEPS: Record<DemoStep, string> = {
  boot: 'boot',
  programs: 'run',
  patch: 'patch',
  upgrade: 'upgrade',
  finish: 'finish',
  twin: 'twin',
}

/** Progress on stderr: virtual time, step, text. */
function progressTeller(): (progress: DemoProgress) => void {
  let last = ''
  return ({ step, time, text }) => {
    const label = step === last ? '' : STEPS[step]
    last = step
    say(`${colors.dim(`${(time / 1e9).toFixed(6).padStart(10)} s`)}  ${colors.cyan(label.padEnd(8))}${text}`)
  }
}

const figure = (value: number | undefined): string => (value === undefined ? 'unknown' : value.toLocaleString('en-US'))
const row = (label: string, text: string): void => print(`  ${label.padEnd(26)}${text}`)

function tell(report: DemoReport): void {
  const { machine, boot, patch, upgrade, programs } = report
  print('')
  print(colors.bold('The machine'))
  row('vCPUs, RAM, seed', `${machine.vcpus}, ${machine.memoryBytes / 1024 / 1024} MiB, ${machine.seed}`)
  row('booted', `${boot.version} in ${figure(boot.time)} ns of virtual time`)
  row('ran', `${figure(machine.instructions)} instructions, state hash ${machine.hash} at ${machine.end}`)
  print('')
  print(colors.bold(`The live patch '${patch.name}'`))
  for (const one of patch.functions) {
    row(one.name, `entry at ${one.address}`)
    for (const stage of one.stages) {
      // Behind address and bytes; a CPU that meets int3 looks no further.
      const [first = ''] = stage.listing
      print(`    ${stage.when.padEnd(8)}${stage.bytes}  ${colors.dim(first.slice(18 + 24).trim())}`)
    }
  }
  row('tasks switched', `${patch.transition.switched} in ${figure(patch.transition.instructions)} ns`)
  row('before', patch.behaviour.before)
  row('after', patch.behaviour.later)
  print('')
  print(colors.bold('The live upgrade'))
  row('release', `${upgrade.from}, then ${upgrade.to}`)
  const crossing = upgrade.switch
  if (crossing === undefined) row('switch', colors.red(upgrade.error || 'there was none'))
  else {
    const sum = (pick: (one: (typeof upgrade.processes)[number]) => number): string =>
      figure(upgrade.processes.reduce((total, one) => total + pick(one), 0))
    row(
      'between the kernels',
      `${figure(crossing.instructions)} instructions, of them ${crossing.userEntries} in user mode`,
    )
    row('programs stood still', `${figure(crossing.userStopped)} ns`)
    row(
      'user pages',
      `${sum((one) => one.pages)} in ${upgrade.processes.length} processes; ${sum((one) => one.pagesCopied)} copied, ${sum((one) => one.pagesChanged)} changed`,
    )
    row('page tables', `${sum((one) => one.tables)} pages; ${sum((one) => one.entriesChanged)} entries changed`)
    row('registers', `${sum((one) => one.registersChanged)} changed`)
    row('set-up writes', `${upgrade.devices.uartInitialised} to UARTs, ${upgrade.devices.diskInitialised} to the disk`)
    if (upgrade.handover !== undefined) {
      row(
        'handed over',
        `${figure(upgrade.handover.components.reduce((total, one) => total + one.records, 0))} records, ${figure(upgrade.handover.preservedFrames)} frames in place`,
      )
    }
    if (upgrade.handoverUnread !== undefined) row('handed over', colors.red(upgrade.handoverUnread.message))
    for (const line of upgrade.ledger) print(`    ${colors.dim(line)}`)
  }
  print('')
  print(colors.bold('The programs'))
  for (const program of programs) {
    row(program.command, `${program.result}${program.sameAsTwin ? '' : colors.red('  (its twin says otherwise)')}`)
  }
  print('')
  print(colors.bold('Checks'))
  for (const check of report.checks) {
    print(
      `  ${check.ok ? colors.green('ok  ') : colors.red('FAIL')} ${check.name}${check.ok ? '' : `: ${check.detail}`}`,
    )
  }
  const held = report.checks.filter((check) => check.ok).length
  print('')
  print(
    report.ok
      ? colors.green(`All ${held} checks held.`)
      : colors.red(`${held} of ${report.checks.length} checks held.`),
  )
  say('Next: transplant run, or transplant demo --json for every figure.')
}
