// Does what a lesson says, step by step, through the same laboratory as the page's controls. The guest stands still between the steps, so
// that a lesson has one outcome.

import { TransplantError } from '../../../base/index.js'
import type { PatchReport } from '../../../patch/index.js'
import type { UpgradeReport } from '../../../upgrade/index.js'
import type { BootOptions, SessionInfo } from '../protocol.js'
import type { RemoteLaboratory } from '../remote.js'
import type { Script, Step } from './lesson.js'

/** What the page has to know while a lesson runs. */
export interface LessonListener {
  /** A guest is there for it; of a future also what it has printed. */
  guest(info: SessionInfo, what: 'its guest' | 'once more' | 'a future', console?: string): void
  /** The steps have told so much. */
  told(text: string): void
}

export interface LessonOutcome {
  readonly text: string
  /** It is as expected. */
  readonly holds: boolean
}

export async function runLesson(
  laboratory: RemoteLaboratory,
  script: Script,
  listener: LessonListener,
): Promise<LessonOutcome> {
  const runner = new Runner(laboratory, listener)
  await runner.boot(script.boot ?? {}, 'its guest')
  let text = ''
  for (const [i, step] of script.steps.entries()) {
    text += `${describeStep(step)}\n`
    listener.told(text)
    // What a step is refused is something to be seen, not the lesson's end.
    const said = await runner
      .do(step, script, i)
      .catch((error: unknown) => String(error instanceof Error ? error.message : error))
    if (said !== '') text += `${said.trimEnd()}\n`
    listener.told(text)
  }
  return { text, holds: script.expected.test(text) }
}

class Runner {
  private readonly laboratory: RemoteLaboratory
  private readonly listener: LessonListener
  private session = 0
  private remembered = 0

  constructor(laboratory: RemoteLaboratory, listener: LessonListener) {
    this.laboratory = laboratory
    this.listener = listener
  }

  /** Boots a guest until its agent answers. */
  async boot(options: BootOptions, what: 'its guest' | 'once more'): Promise<void> {
    const made = await this.laboratory.boot(options)
    if (!made.ok) throw new TransplantError('KERNEL_IMAGE', made.message, made.hint)
    this.session = made.value.session
    this.listener.guest(made.value, what)
    await this.laboratory.exec(this.session, 'true')
  }

  /** What the step has told. */
  async do(step: Step, script: Script, index: number): Promise<string> {
    const { laboratory, session } = this
    switch (step.do) {
      case 'command': {
        const { stdout, stderr } = await laboratory.exec(session, step.command)
        return `${stdout}${stderr}`
      }
      case 'patch': {
        const applied = await laboratory.apply(session, step.source)
        return applied.ok ? tellPatch(applied.value) : `refused: ${applied.message}`
      }
      case 'upgrade': {
        const done = await laboratory.upgrade(session, undefined)
        return done.ok ? tellUpgrade(done.value.report) : `refused: ${done.message}`
      }
      case 'type':
        await laboratory.type(session, 0, new TextEncoder().encode(step.text))
        return ''
      case 'go on':
        await laboratory.goOn(session, step.time)
        return ''
      case 'run to':
        return this.runTo(step.functions)
      case 'futures':
        return this.futures(step.count, step.time)
      case 'remember':
        this.remembered = await laboratory.now(session)
        return ''
      case 'return':
        await laboratory.goTo(session, this.remembered)
        return ''
      case 'hash':
        return `state ${await laboratory.hash(session)}`
      case 'once more':
        return this.onceMore(step.boot, script, index)
    }
  }

  private async runTo(functions: readonly string[]): Promise<string> {
    for (const name of functions) {
      const reached = await this.laboratory.runTo(this.session, name, 'forward')
      if (reached.ok && reached.value) return `a vCPU is about to execute ${name}`
    }
    return 'it was not reached'
  }

  private async futures(count: number, time: number): Promise<string> {
    const { tried, stumbled, kinds } = await this.laboratory.futures(this.session, count, time)
    if (stumbled === 0) return `${tried} futures of this instant: all went well`
    for (const { guest, console } of kinds) this.listener.guest(guest, 'a future', console)
    const tales = kinds.map(
      ({ seed, meanSlice, said }) =>
        `Seed ${seed}, with turns of ${meanSlice} instructions in the mean:\n${said.map((line) => `  ${line}`).join('\n')}`,
    )
    return [
      `${tried} futures of this instant: ${stumbled} went wrong, ${kinds.length === 1 ? 'all in one way' : `in ${kinds.length} ways`}`,
      ...tales,
    ].join('\n')
  }

  private async onceMore(boot: BootOptions, script: Script, index: number): Promise<string> {
    const mine = await this.laboratory.hash(this.session)
    const other = new Runner(this.laboratory, this.listener)
    await other.boot(boot, 'once more')
    for (const [i, step] of script.steps.slice(0, index).entries()) await other.do(step, script, i)
    const theirs = await this.laboratory.hash(other.session)
    return `state ${theirs}: ${mine === theirs ? 'the same state' : 'another state'}`
  }
}

/** A step as a person would say it. */
export function describeStep(step: Step): string {
  switch (step.do) {
    case 'command':
      return `$ ${step.command}`
    case 'patch':
      return `> apply ${step.source.kind === 'shipped' ? step.source.file : `${step.source.name} (assembly)`}`
    case 'upgrade':
      return '> upgrade to Scion 1.1'
    case 'type':
      return `> type ${JSON.stringify(step.text)}`
    case 'go on':
      return `> run on for ${step.time / 1e6} ms`
    case 'run to':
      return `> run to ${step.functions[0]}`
    case 'futures':
      return `> try ${step.count} futures of this instant`
    case 'remember':
      return '> remember this instant'
    case 'return':
      return '> go back to it'
    case 'hash':
      return '> hash the whole state'
    case 'once more':
      return `> all of it once more, with seed ${step.boot.seed ?? 1}`
  }
}

function tellPatch({ name, status, error, functions, messages }: PatchReport): string {
  if (status !== 0) return `refused by the guest: ${error}`
  const stages = functions.flatMap((one) =>
    one.stages.map(({ when, bytes }) => `${one.name} ${when.padEnd(6)} ${bytes}`),
  )
  return [...stages, `${name} is loaded`, ...messages.filter((message) => message.startsWith('livepatch:'))].join('\n')
}

function tellUpgrade({ from, to, error, messages, processes, switch: between }: UpgradeReport): string {
  if (between === undefined)
    return `refused: ${error}\n${messages.filter((one) => one.startsWith('liveupdate:')).join('\n')}`
  const sum = (what: (one: UpgradeReport['processes'][number]) => number): number =>
    processes.reduce((total, one) => total + what(one), 0)
  const pages = `${sum((one) => one.pages)} user pages: ${sum((one) => one.pagesCopied)} copied, ${sum((one) => one.pagesChanged)} changed`
  return `Scion ${from}, then ${to}: ${processes.length} processes go on\n${pages}`
}
