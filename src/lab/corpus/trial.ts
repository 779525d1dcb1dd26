// One change of the corpus in a guest: what its program prints without the patch, with it, and when it is gone again; how long the tasks
// took to switch, and who was behind. The guest loads and unloads the module as a person would.

import { type GuestSession, type KernelImage, readStragglers } from '../../guest/index.js'
import type { CorpusProgram } from './entry.js'

/** What a guest has shown. */
export interface Trial {
  /** Whether the program printed what it had to, at each of the three times. */
  readonly before: boolean
  readonly after: boolean
  readonly undone: boolean
  /** What it printed. */
  readonly output: { readonly before: string; readonly after: string; readonly undone: string }
  /** From the first to the last message of the transition, in us of the guest; undefined where it did not end. */
  readonly transition: number | undefined
  /** Tasks that had not switched when the guest was first asked. */
  readonly behind: readonly string[]
  /** What the guest said of the module that it did not take; empty where it did. */
  readonly error: string
  /** Oopses and warnings of the guest's log. */
  readonly complaints: readonly string[]
}

const COMPLAINT = /Oops|BUG:|WARNING:|panic/
/** A transition that takes longer is given up, in tenths of a second. */
const PATIENCE = 300

/** Tries a module in a booted guest. `program`: none, and the outputs are empty. */
export async function tryPatch(
  session: GuestSession,
  images: readonly KernelImage[],
  name: string,
  module: Uint8Array,
  program: CorpusProgram | undefined,
): Promise<Trial> {
  const { agent } = session
  const run = async (): Promise<string> => {
    if (!program) return ''
    const { stdout, stderr } = await agent.exec(program.run)
    return `${stdout}${stderr}`
  }
  const folder = `/sys/kernel/livepatch/${name}`
  await agent.put(`/tmp/${name}.ko`, module)
  const before = await run()
  const loaded = await agent.exec(`insmod /tmp/${name}.ko`)
  const error = loaded.status === 0 ? '' : loaded.stderr.trim()
  let behind: string[] = []
  const switching = async (): Promise<boolean> => (await agent.read(`cat ${folder}/transition`)).trim() === '1'
  for (let i = 0; error === '' && i < PATIENCE && (await switching()); i++) {
    if (i === 0) {
      const kernel = await session.kernel(images)
      behind = (await readStragglers(kernel)).map((task) => `${task.comm}(${task.pid})`)
    }
    await agent.exec('sleep 0.1')
  }
  const transition = transitionTime(session, name)
  const after = await run()
  const gone = `echo 0 > ${folder}/enabled; while [ -d ${folder} ]; do sleep 0.01; done; rmmod ${name}`
  if (error === '') await agent.read(gone)
  const undone = await run()
  const complaints = session.console.lines.map((line) => line.text).filter((text) => COMPLAINT.test(text))
  return {
    before: shows(program?.before, program?.after, before),
    after: shows(program?.after, program?.before, after),
    undone: shows(program?.before, program?.after, undone),
    output: { before, after, undone },
    ...{ transition, behind, error, complaints },
  }
}

/** By the stamps of the guest's own log. */
function transitionTime({ console: { lines } }: GuestSession, name: string): number | undefined {
  const at = (stage: string): number | undefined => {
    const line = lines.find(({ text }) => text.includes(`livepatch: '${name}': ${stage}`))
    const [, seconds, micros] = /^\[\s*(\d+)\.(\d{6})\]/.exec(line?.text ?? '') ?? []
    return seconds === undefined ? undefined : Number(seconds) * 1e6 + Number(micros)
  }
  const [from, to] = [at('initializing patching'), at('patching complete')]
  return from === undefined || to === undefined ? undefined : to - from
}

function shows(wanted: RegExp | undefined, unwanted: RegExp | undefined, output: string): boolean {
  return wanted === undefined || (wanted.test(output) && unwanted?.test(output) !== true)
}
