// `transplant lab corpus`: every source change of images/patches, built, judged, tried in a guest and undone.

import type { Command } from 'commander'
import { EXIT_CODES } from '../base/index.js'
import { MachineSession, readKernelImage } from '../guest/index.js'
import { type CorpusResult, readCorpus, tryCorpusEntry } from '../toolchain/index.js'
import { readImage } from './assets.js'
import { explain } from './help.js'
import {
  addMachineOptions,
  DEFAULT_KERNEL,
  type MachineFlags,
  machineOptions,
  readCore,
  timeLimit,
} from './machine-options.js'
import { CommandFailure, print, printJson, refused, say } from './output.js'

interface CorpusFlags extends MachineFlags {
  readonly json?: boolean
}

export function addLabCommand(program: Command): void {
  const lab = program.command('lab').description('experiments on whole guests')
  explain(lab, { examples: ['transplant lab corpus'], exitCodes: 'as its commands say.' })
  explain(
    addMachineOptions(
      lab
        .command('corpus')
        .description('try the source changes of images/patches: the verdict on each, and its module in a guest')
        .argument('[names...]', 'of the changes; default: all'),
    ).option('--json', 'the table as one JSON document'),
    {
      examples: ['transplant lab corpus', 'transplant lab corpus version-text schedule-count'],
      exitCodes: '0 all are as they expect, 1 one is not, 2 a name is wrong, 4 gcc is missing.',
    },
  ).action(async (names: string[], flags: CorpusFlags) => {
    const results = await tryAll(names, flags)
    const wrong = results.filter((result) => result.wrong.length > 0)
    if (flags.json === true) {
      printJson({ schema: 'transplant-lab-corpus/1', ...{ ok: wrong.length === 0, changes: results.map(rowOf) } })
    } else print(`${results.length} changes, ${wrong.length} not as expected`)
    if (wrong.length > 0) {
      const message = `not as expected: ${wrong.map((result) => result.entry.name).join(', ')}.`
      throw new CommandFailure(EXIT_CODES.failed, 'corpus', message, '', { said: flags.json === true })
    }
  })
}

/** One guest is booted; each module is tried in what it was then. */
async function tryAll(names: readonly string[], flags: CorpusFlags): Promise<CorpusResult[]> {
  const entries = readCorpus(names)
  const quiet = flags.json === true
  const kernel = readImage(DEFAULT_KERNEL)
  const image = readKernelImage(kernel)
  if (!image.ok) throw refused(image)
  const options = { limit: timeLimit(flags, 60) }
  const booted = await MachineSession.boot(machineOptions(undefined, flags), options)
  if (!booted.ok) throw refused(booted)
  const snapshot = booted.value.machine.snapshot()
  const boot = (): Promise<MachineSession> => MachineSession.resume(readCore(), snapshot, options)
  if (!quiet) print(HEAD)
  const results: CorpusResult[] = []
  for (const entry of entries) {
    const result = await tryCorpusEntry(entry, { kernel, images: [image.value], boot })
    results.push(result)
    if (!quiet) tell(result)
    for (const wrong of quiet ? [] : result.wrong) say(`  ${entry.name}: ${wrong}`)
  }
  return results
}

const row = (...[name, verdict, functions, text, transition, behind, undo]: string[]): string =>
  `${name?.padEnd(20)} ${verdict?.padEnd(24)} ${functions?.padStart(9)} ${text?.padStart(6)} ${transition?.padStart(13)}  ${behind?.padEnd(16)} ${undo}`

const HEAD = row('change', 'verdict', 'functions', 'text', 'transition/us', 'behind', 'undo')

function tell({ entry, report, textBytes, trial, wrong }: CorpusResult): void {
  const codes = [...new Set(report?.reasons.map((reason) => reason.code))].join(' ')
  const verdict = report ? `${report.verdict}${codes === '' ? '' : `: ${codes}`}` : 'refused'
  const shown = entry.program ? (trial?.undone === true ? 'as before' : 'differs') : 'unloaded'
  print(
    row(
      `${wrong.length > 0 ? '!' : ' '}${entry.name}`,
      verdict,
      `${report?.functions.length ?? 0}`,
      trial ? `${textBytes}` : '-',
      `${trial?.transition ?? '-'}`,
      trial?.behind.join() || '-',
      trial ? shown : '-',
    ).trimEnd(),
  )
}

function rowOf({ entry, report, textBytes, trial, wrong }: CorpusResult) {
  const { name, title, kind, verdict: expected } = entry
  const functions = report?.functions.map((one) => one.name) ?? []
  const reasons = report?.reasons.map(({ sketch, ...reason }) => reason) ?? []
  return { name, title, kind, expected, verdict: report?.verdict ?? null, reasons, functions, textBytes, trial, wrong }
}
