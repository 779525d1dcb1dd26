// Changes a guest as a person at its shell does: insmod and sysfs for a patch, kexec for a kernel. What happens meanwhile is not looked
// at; `observePatch` and `observeUpgrade` do that.

import { requireKind, TransplantError } from '../base/index.js'
import type { AgentClient, CommandResult } from './agent.js'

/** A live patch that was loaded. */
export interface LoadedPatch {
  /** As /sys/kernel/livepatch has it. */
  readonly name: string
}

/** The releases before and after an upgrade. */
export interface UpgradedKernel {
  readonly from: string
  readonly to: string
}

const FOLDER = '/sys/kernel/livepatch'
/** Virtual time between two looks at a transition, and after how many it is stuck. */
const LOOK_EVERY = 1e6
const LOOKS = 10_000

function refusal(
  code: 'PATCH_REFUSED' | 'UPGRADE_REFUSED',
  what: string,
  { stderr, status }: CommandResult,
): TransplantError {
  const why = stderr.trim() === '' ? `exit status ${status}` : stderr.trim()
  return new TransplantError(
    code,
    `The guest refused ${what}: ${why}.`,
    'Its console says more: session.console.tail().',
  )
}

/** As `GuestSession.loadPatch`. */
export async function loadPatch(agent: AgentClient, module: Uint8Array): Promise<LoadedPatch> {
  requireKind('module', module, 'bytes')
  const before = new Set(await patchesIn(agent))
  const path = `/tmp/patch-${before.size}.ko`
  await agent.put(path, module)
  const insmod = await agent.exec(`insmod ${path}`)
  await agent.exec(`rm ${path}`)
  if (insmod.status !== 0) throw refusal('PATCH_REFUSED', 'the module', insmod)
  const name = (await patchesIn(agent)).find((one) => !before.has(one))
  if (name === undefined) {
    throw new TransplantError(
      'PATCH_REFUSED',
      'The module is loaded, but it patches no function.',
      'Call klp_enable_patch().',
    )
  }
  await settled(agent, name)
  return { name }
}

/** As `GuestSession.unloadPatch`. */
export async function unloadPatch(agent: AgentClient, name: string): Promise<void> {
  requireKind('name', name, 'text')
  if (!(await patchesIn(agent)).includes(name)) {
    throw new TransplantError('PATCH_REFUSED', `The guest has no patch '${name}'.`, `Look into its ${FOLDER}.`)
  }
  const disable = await agent.exec(`echo 0 >${FOLDER}/${name}/enabled`)
  if (disable.status !== 0) throw refusal('PATCH_REFUSED', `to disable '${name}'`, disable)
  await settled(agent, name)
  const rmmod = await agent.exec(`rmmod ${name}`)
  if (rmmod.status !== 0) throw refusal('PATCH_REFUSED', `to unload '${name}'`, rmmod)
}

/** As `GuestSession.upgrade`. */
export async function upgrade(agent: AgentClient, image: Uint8Array): Promise<UpgradedKernel> {
  requireKind('image', image, 'bytes')
  const release = async (): Promise<string> => (await agent.read('uname -r')).trim()
  const from = await release()
  const path = '/tmp/next-kernel'
  await agent.put(path, image)
  const load = await agent.exec(`kexec -l ${path}`)
  await agent.exec(`rm ${path}`)
  if (load.status !== 0) throw refusal('UPGRADE_REFUSED', 'the kernel', load)
  const go = await agent.exec('kexec -e')
  if (go.status !== 0) throw refusal('UPGRADE_REFUSED', 'to change its kernel', go)
  return { from, to: await release() }
}

async function patchesIn(agent: AgentClient): Promise<string[]> {
  const { stdout } = await agent.exec(`ls ${FOLDER}`)
  return stdout.split('\n').filter((name) => name !== '')
}

/** Waits until no task has to be switched any more; a patch that is disabled goes away then. */
async function settled(agent: AgentClient, name: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const { status, stdout } = await agent.exec(`cat ${FOLDER}/${name}/transition`)
    if (status !== 0 || stdout.trim() === '0') return
    await agent.runFor(LOOK_EVERY)
  }
  throw new TransplantError(
    'TRANSITION_STUCK',
    `The transition of '${name}' is not over after ${(LOOKS * LOOK_EVERY) / 1e9} s of virtual time.`,
    'A task sleeps in a function that is patched: readStragglers() names it.',
  )
}
