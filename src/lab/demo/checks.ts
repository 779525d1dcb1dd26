// The verdict on a demonstration: one check, one sentence that must be true, and the figures it rests on. Pure: reads the
// report and decides nothing that the report does not show.

import type { EntryStage } from '../../patch/index.js'
import type { UpgradeReport } from '../../upgrade/index.js'
import type { Check, DemoReport } from './report.js'

/** What the checks need beside the report. */
export interface JudgeContext {
  /** Programs at work when each change began and when it was over. */
  readonly atWork: {
    readonly patch: number
    readonly patched: number
    readonly upgrade: number
    readonly upgraded: number
  }
  /** Console lines that a healthy kernel never prints. */
  readonly complaints: readonly string[]
}

type Facts = Omit<DemoReport, 'ok' | 'checks'>

/** The checks of the demonstration: each with what was found. */
export function judgeDemo(report: Facts, context: JudgeContext): Check[] {
  const { upgrade } = report
  return [
    ...judgePatch(report, context),
    check('the next kernel answers', upgrade.from !== upgrade.to, `uname -r: ${upgrade.from}, then ${upgrade.to}`),
    ...judgeUpgrade(upgrade, context.atWork),
    ...judgePrograms(report, context),
  ]
}

const check = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail })
const count = (number: number, noun: string, nouns = `${noun}s`): string => `${number} ${number === 1 ? noun : nouns}`

/** at rest, 0xCC before the old tail, 0xCC before the new tail, call: each seen at a synchronization of all CPUs. */
export function followsInt3Protocol(stages: readonly EntryStage[]): boolean {
  const [first, ...rest] = stages
  const last = rest.pop()
  const [trap, tail, call] = rest
  if (first === undefined || trap === undefined || tail === undefined || call === undefined || last === undefined) {
    return false
  }
  const behind = (stage: EntryStage): string => stage.bytes.slice(3)
  return (
    first.state === 'at-rest' &&
    trap.bytes.startsWith('cc ') &&
    behind(trap) === behind(first) &&
    tail.bytes.startsWith('cc ') &&
    behind(tail) === behind(call) &&
    call.state === 'call' &&
    last.state === 'call'
  )
}

function judgePatch({ patch, boot }: Facts, { atWork }: JudgeContext): Check[] {
  const name = `'${patch.name}'`
  const expected = [
    `livepatch: enabling patch ${name}`,
    `livepatch: ${name}: initializing patching transition`,
    `livepatch: ${name}: starting patching transition`,
    `livepatch: ${name}: completing patching transition`,
    `livepatch: ${name}: patching complete`,
  ]
  const said = patch.messages.filter((message) => message.startsWith('livepatch: '))
  const { tasks, switched, instructions } = patch.transition
  const gone = tasks.filter((task) => task.completed === undefined).length
  const wrong = patch.functions.filter((one) => !followsInt3Protocol(one.stages))
  return [
    check('the guest boots the first kernel', boot.release !== '', `Scion ${boot.release}, build-id ${boot.buildId}`),
    check('the kernel takes the patch', patch.status === 0, patch.status === 0 ? patch.module : patch.error),
    check(
      'each entry goes through the int3 protocol',
      patch.functions.length > 0 && wrong.length === 0,
      wrong.length === 0
        ? `${patch.functions.map((one) => one.name).join(', ')}: at rest, int3, tail, call`
        : wrong.map((one) => `${one.name}: ${one.stages.map((stage) => stage.bytes).join(' | ')}`).join('; '),
    ),
    check(
      'every task switches to the patched functions',
      tasks.length > 0 &&
        tasks.every((task) => task.started !== 0 || task.completed === 1 || task.completed === undefined) &&
        switched > 0,
      `${switched} of ${count(tasks.length, 'task')}, ${gone} ended meanwhile, in ${instructions ?? 'unknown'} ns`,
    ),
    check(
      'the transition is complete',
      patch.enabled === '1' && patch.inTransition === '0',
      `enabled ${patch.enabled || '-'}, transition ${patch.inTransition || '-'}`,
    ),
    check(
      "the kernel's messages are Linux's, in order",
      expected.length === said.length && expected.every((line, index) => line === said[index]),
      said.join(' / ') || 'none',
    ),
    check(
      'the patched function answers differently',
      patch.behaviour.after !== patch.behaviour.before && patch.behaviour.after.includes('live patched'),
      `${patch.behaviour.command}: ${patch.behaviour.after}`,
    ),
    check(
      'running programs call the patched function',
      Number(/(\d+) parent lookups/.exec(patch.behaviour.later)?.[1] ?? 0) > 0,
      patch.behaviour.later,
    ),
    check(
      'programs are at work during the patch',
      atWork.patch > 0 && atWork.patched > 0,
      `${atWork.patch} before, ${atWork.patched} after`,
    ),
  ]
}

/** Programs at work when an upgrade began and when it was over. */
export function judgeUpgrade(
  upgrade: UpgradeReport,
  atWork: { readonly upgrade: number; readonly upgraded: number },
): Check[] {
  const { processes, devices, handover } = upgrade
  const sum = (pick: (process: (typeof processes)[number]) => number): number =>
    processes.reduce((total, process) => total + pick(process), 0)
  const pages = sum((one) => one.pages)
  const changed = sum((one) => one.pagesChanged + one.pagesUnmatched)
  const copied = sum((one) => one.pagesCopied)
  const entries = sum((one) => one.entriesChanged)
  const registers = sum((one) => one.registersChanged)
  const crossing = upgrade.switch
  const some = processes.length > 0
  const why = upgrade.error || processes.flatMap((one) => one.differences)[0]
  const judged = (name: string, ok: boolean, detail: string): Check =>
    check(name, some && ok, (some && ok) || why === undefined || why === '' ? detail : `${detail}: ${why}`)
  return [
    check(
      'the kernel changes under its programs',
      upgrade.status === 0 && crossing !== undefined,
      crossing === undefined
        ? upgrade.error || 'there was no switch'
        : `arena ${upgrade.arenas.from} to ${upgrade.arenas.to}, kexec ended with ${upgrade.status}`,
    ),
    check(
      'no user instruction runs between the two kernels',
      crossing !== undefined && crossing.userEntries === 0 && crossing.privilege.every((cpl) => cpl !== 3),
      crossing === undefined
        ? 'there was no switch'
        : `CPL ${crossing.privilege.join(' and ')}, ${count(crossing.userEntries, 'entry', 'entries')} into user mode in ${crossing.instructions} instructions`,
    ),
    check(
      'every process is there again',
      some && upgrade.missing.length === 0,
      upgrade.missing.length === 0
        ? `${count(processes.length, 'process', 'processes')}, same numbers`
        : upgrade.missing.join('; '),
    ),
    judged('no user page changes', changed === 0, `${changed} of ${count(pages, 'page')}`),
    judged('no user page is copied', copied === 0, `${copied} of ${count(pages, 'page')} in another frame`),
    judged(
      'user page tables are the same bit for bit',
      entries === 0,
      `${entries} entries differ in ${count(
        sum((one) => one.tables),
        'table page',
      )}`,
    ),
    judged('programs go on with the same registers', registers === 0, `${registers} registers differ`),
    check(
      'open files are the same',
      upgrade.filesCompared > 0 && upgrade.filesChanged.length === 0,
      upgrade.filesChanged.length === 0
        ? `of ${count(upgrade.filesCompared, 'program')}`
        : upgrade.filesChanged.join('; '),
    ),
    check(
      'UART and disk are not initialised again',
      crossing !== undefined && devices.uartInitialised === 0 && devices.diskInitialised === 0,
      `${devices.uartInitialised} and ${devices.diskInitialised} set-up writes (${devices.uartWrites} and ${devices.diskWrites} in all)`,
    ),
    check(
      'the handover is adopted',
      handover?.status === 'adopted',
      handover === undefined
        ? (upgrade.handoverUnread?.message ?? 'there is none')
        : `number ${handover.number}, ${handover.preservedFrames} frames preserved, ${handover.components.reduce((total, one) => total + one.records, 0)} records`,
    ),
    check('the new kernel keeps a ledger', upgrade.ledger.length > 0, count(upgrade.ledger.length, 'line')),
    check(
      'programs are at work during the upgrade',
      atWork.upgrade > 0 && atWork.upgraded > 0,
      `${atWork.upgrade} before, ${atWork.upgraded} after`,
    ),
  ]
}

function judgePrograms({ programs, machine, twin }: Facts, { complaints }: JudgeContext): Check[] {
  const failed = programs.filter((program) => program.status !== 0)
  const differing = programs.filter((program) => !program.sameAsTwin)
  return [
    check(
      'every program finishes',
      programs.length > 0 && failed.length === 0,
      failed.length === 0
        ? count(programs.length, 'program')
        : failed.map((one) => `${one.command}: status ${one.status}, ${one.result}`).join('; '),
    ),
    check(
      'every program computes and prints what its twin does',
      programs.length > 0 && differing.length === 0,
      differing.length === 0
        ? `${programs.reduce((total, one) => total + one.bytes, 0)} bytes compared`
        : differing.map((one) => `${one.command}: ${one.result}`).join('; '),
    ),
    check(
      'both machines power off',
      machine.end === 'power-off' && twin.end === 'power-off',
      `${machine.end}, ${twin.end}`,
    ),
    check('the kernels complain of nothing', complaints.length === 0, complaints[0] ?? 'no BUG, no WARNING, no oops'),
  ]
}
