// One case after the other from one snapshot: a guest in which /bin/loadprobe waits for the word, its damaged file in /tmp. The edits go
// into that file through the guest's agent, the probe gives it to the loader, and the case is judged by what the probe says, by the
// kernel's log, and by the kernel's text, which no file may change.

import { type Disposable, virtAddr } from '../../src/base/index.js'
import { type ConsoleLine, MachineSession, requireKernelImage } from '../../src/guest/index.js'
import type { Machine, Snapshot } from '../../src/machine/index.js'
import { bootGuest, read } from '../lab/images.js'
import { type Base, type Edit, edited, editsOf, Shape } from './loader-files.js'

export type Kind = 'module' | 'program'

export interface Verdict {
  /** What is wrong; empty if nothing is. */
  readonly wrong: readonly string[]
  /** What the loader said: an errno, 0, 128 + errno of the unloading, or -signal; undefined if the guest never said. */
  readonly result: number | undefined
  /** The module's own code, which was changed, has faulted: nothing else of it is judged but that others go on. */
  readonly own: boolean
}

/** What the sample programs and /bin/true exit with. */
const exits = [0, 7]

/** Instructions after which nothing is expected any more. */
const LIMIT = 200e6
const ENOEXEC = 8
const bad = /BUG:|Oops|WARNING:|Kernel panic|double fault|general protection/
/** What the probe asks for with each load, and what the module loader calls before anything that a module brings is run. */
const LOAD = '__x64_sys_finit_module'
const BEGIN = 'klp_module_coming'

const image = () => requireKernelImage(read('images/built/scion-1.0.elf'), 'the kernel')

let booted: { readonly machine: Machine; readonly at: Snapshot } | undefined

/** One boot for all: each goes on from there with a log and a client of its own. */
async function startGuest(): Promise<MachineSession> {
  if (booted === undefined) {
    const { machine } = await bootGuest({ vcpus: 1 })
    booted = { machine, at: machine.snapshot() }
  }
  booted.machine.restore(booted.at)
  return new MachineSession(booted.machine, { limit: LIMIT })
}

/** A guest that waits to be given one kind of file made from one base. */
export class LoaderGuest {
  readonly shape: Shape
  readonly kind: Kind
  private readonly machine: Machine
  private session: MachineSession
  private readonly snapshot: Snapshot
  private readonly text: { readonly at: number; readonly bytes: Buffer }
  /** Of each load of this case: has the loader come to where the module's own code is run? */
  private begun: boolean[] = []
  private readonly followed: Disposable[] = []

  private constructor(kind: Kind, shape: Shape, session: MachineSession, text: { at: number; bytes: Buffer }) {
    this.kind = kind
    this.shape = shape
    this.session = session
    this.machine = session.machine
    this.text = text
    this.snapshot = session.machine.snapshot()
  }

  private async follow(): Promise<void> {
    const kernel = await this.session.kernel([image()])
    const note = async (name: string, listener: () => void) =>
      this.followed.push(
        await this.session.port.setBreakpoint(kernel.address(name), () => {
          listener()
          return 'continue'
        }),
      )
    await note(LOAD, () => this.begun.push(false))
    await note(BEGIN, () => {
      this.begun[this.begun.length - 1] = true
    })
  }

  static async prepare(kind: Kind, base: Base): Promise<LoaderGuest> {
    const session = await startGuest()
    const { agent, port } = session
    const good = kind === 'module' ? '/tmp/good.ko' : '/bin/true'
    if (kind === 'module') await agent.put('/tmp/good.ko', read('images/built/patches/klp-target.ko'))
    await agent.put('/tmp/file', base.bytes, 0o755)
    await agent.put('/tmp/go', new Uint8Array(1))
    // Once all the way: what the kernel allocates only once is there afterwards.
    await agent.read(`loadprobe ${kind} /tmp/file ${good} /tmp/go; rm /tmp/go`)
    await agent.start(`exec loadprobe ${kind} /tmp/file ${good} /tmp/go >/dev/console`)
    await agent.runFor(10e6)
    const kernel = await session.kernel([image()])
    const [from, to] = [kernel.address('_stext'), kernel.address('_etext')]
    const at = await port.translate(virtAddr(from), { cpu: 0 })
    if (at === undefined) throw new Error('the kernel text is not mapped')
    const text = session.machine.readPhysical(at, Number(to - from))
    if (text === undefined) throw new Error('the kernel text is not in RAM')
    const bytes = Buffer.from(text)
    const guest = new LoaderGuest(kind, new Shape(base), session, { at, bytes })
    await guest.follow()
    return guest
  }

  dispose(): void {
    for (const one of this.followed.splice(0)) one.dispose()
    this.session.dispose()
  }

  /** What a command prints where the last case has ended. */
  read(command: string): Promise<string> {
    return this.session.agent.read(command)
  }

  private async write(edits: readonly Edit[]): Promise<void> {
    const { agent } = this.session
    if (edits.some((edit) => edit.at === 0 || edit.length !== undefined)) {
      await agent.put('/tmp/file', edited(this.shape.base.bytes, edits), 0o755)
      return
    }
    const whole = this.shape.base.bytes.length
    for (const edit of edits) await agent.patch('/tmp/file', edit.at, edit.bytes.subarray(0, whole - edit.at))
  }

  /** Lets the guest have the file with these edits, and judges. */
  async run(edits: readonly Edit[]): Promise<Verdict> {
    this.machine.restore(this.snapshot)
    this.begun = []
    const { console: log, port, agent } = this.session
    const first = log.lines.length
    const said = () => /(?:leak=(\S+) )?result=(-?\d+) after=(-?\d+)/.exec(lastOf(log.lines, first))
    let ended = ''
    try {
      await this.write(edits)
      await agent.put('/tmp/go', new Uint8Array(1))
      const stop = await port.run({ instructions: LIMIT, until: () => said() !== null || log.panic !== undefined })
      if (said() === null) ended = `never answered (${stop.reason})`
    } catch (error) {
      ended = (error as Error).message
    }
    const lines = log.lines.slice(first).map((line) => line.text)
    const verdict = this.judge(edits, lines, said(), ended)
    if (ended !== '' || first > 100_000) await this.beginAgain()
    return verdict
  }

  /** A client of the agent that does not wait for what an earlier case left unsaid, with a log of its own. */
  private async beginAgain(): Promise<void> {
    this.dispose()
    this.machine.restore(this.snapshot)
    this.session = new MachineSession(this.machine, { limit: LIMIT })
    await this.follow()
  }

  private judge(edits: readonly Edit[], lines: string[], said: RegExpExecArray | null, ended: string): Verdict {
    const result = said ? Number(said[2]) : undefined
    const loaded = this.kind === 'module' && result !== undefined && (result <= 0 || result > 128)
    const faults = lines.filter((line) => bad.test(line))
    const wild = edits.some((edit) => edit.wild)
    const after = Number(said?.[3] ?? 0)
    const own =
      wild &&
      this.begun[0] === true &&
      result !== ENOEXEC &&
      (faults.length > 0 || ended !== '' || (result ?? 0) < 0 || after !== 0)
    const wrong: string[] = []
    if (!own) {
      wrong.push(...faults)
      if (ended !== '') wrong.push(ended)
      if (this.kind === 'module' && result !== undefined && result < 0)
        wrong.push(`insmod was ended by signal ${-result}`)
    }
    if (said?.[1] && !own) wrong.push(`leaves behind ${said[1]}`)
    // A module that stays has the name of the good one, if it was made from it; what changed code leaves behind may be in its way.
    const excused = loaded && (wild || (result !== 0 && after === 17))
    if (after !== 0 && !excused && !own) wrong.push(`the good one afterwards: ${after}`)
    const refusal = this.kind === 'module' && result === ENOEXEC
    if (refusal && !lines.some((line) => /\] \S+: \S/.test(line))) wrong.push('refused without a line in the log')
    const now = Buffer.from(this.machine.readPhysical(this.text.at as never, this.text.bytes.length) ?? [])
    if (!now.equals(this.text.bytes) && !(loaded && result !== 0)) wrong.push('the text of the kernel has changed')
    return { wrong, result, own }
  }

  /** The fewest of the edits that are still wrong. */
  async shrink(edits: readonly Edit[]): Promise<readonly Edit[]> {
    let left = edits
    for (let i = 0; i < left.length && left.length > 1; ) {
      const fewer = left.filter((_, k) => k !== i)
      if ((await this.run(fewer)).wrong.length > 0) left = fewer
      else i++
    }
    return left
  }
}

function lastOf(lines: readonly ConsoleLine[], first: number): string {
  for (let i = lines.length - 1; i >= first; i--) {
    const text = lines[i]?.text ?? ''
    if (text.includes('result=')) return text
  }
  return ''
}

export interface Tally {
  cases: number
  accepted: number
  refused: number
  own: number
  readonly wrong: string[]
}

/** Runs cases `from` to `to`; a wrong one is shrunk and told with the command that repeats it. Stops at twenty. */
export async function fuzzLoader(guest: LoaderGuest, seed: number, from: number, to: number): Promise<Tally> {
  const tally: Tally = { cases: 0, accepted: 0, refused: 0, own: 0, wrong: [] }
  for (let number = from; number < to && tally.wrong.length < 20; number++) {
    const edits = editsOf(guest.shape, seed, number)
    const verdict = await guest.run(edits)
    tally.cases++
    if (verdict.own) tally.own++
    else if (exits.includes(verdict.result ?? -1)) tally.accepted++
    else tally.refused++
    if (verdict.wrong.length === 0) continue
    const fewest = await guest.shrink(edits)
    const { wrong } = await guest.run(fewest)
    const replay = `npm run fuzz:loaders -- --seed ${seed} --${guest.kind}s 1 --base ${guest.shape.base.name} --from ${number}`
    tally.wrong.push(`${fewest.map((edit) => edit.what).join('; ')}: ${wrong.join(' | ')}\n  ${replay}`)
  }
  return tally
}
