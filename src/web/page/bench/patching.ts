// Patches, from what a person gives to a rewritten entry: built here, loaded by the guest itself.

import { accept } from '../../../base/index.js'
import { AgentClient, type ScionView } from '../../../guest/index.js'
import { createDisassembler } from '../../../isa/index.js'
import type { GuestPort } from '../../../machine/index.js'
import {
  type BuildResult,
  type BuiltModule,
  buildPatchFromAssembly,
  checkPatch,
  type KernelFacts,
  moduleName,
  observePatch,
  type PatchReport,
} from '../../../patch/index.js'
import type { BuiltPatch, PatchSource, ShippedImages } from '../protocol.js'

/** Virtual time that a command in the guest may take: a transition that is held up is told soon. */
const PATIENCE = 5e9

/** The module for this kernel, or why it will not take it. */
export async function buildPatch(
  source: PatchSource,
  kernel: KernelFacts,
  shipped: ShippedImages,
): Promise<BuildResult> {
  if (source.kind === 'assembly') {
    return buildPatchFromAssembly({ sourceName: `${source.name}.s`, source: source.text, kernel })
  }
  const bytes = source.kind === 'module' ? source.bytes : (shipped.modules[source.file] ?? new Uint8Array(0))
  const checked = checkPatch(bytes, kernel)
  const plain = { module: bytes, converted: [], diagnostics: '' }
  if (checked.ok) return accept({ ...plain, name: checked.value.name, patch: checked.value })
  // An ordinary module, klp-target say, is loaded as one.
  const file = source.kind === 'module' ? source.name : source.file
  return checked.code === 'not-a-livepatch' ? accept({ ...plain, name: moduleName(file) }) : checked
}

export function describePatch({ name, module, patch }: BuiltModule): BuiltPatch {
  return { name, bytes: module.length, functions: (patch?.functions ?? []).map((one) => one.name) }
}

/** Puts the module into the guest, has it loaded there, and follows what the guest does with it. Throws TRANSITION_STUCK. */
export async function applyPatch(port: GuestPort, kernel: ScionView, built: BuiltModule): Promise<PatchReport> {
  const disassembler = await createDisassembler()
  return withAgent(port, async (agent) => {
    const path = `/tmp/${built.name}.ko`
    await agent.put(path, built.module)
    const { name, patch } = built
    return observePatch({ agent }, kernel, { name, functions: patch?.functions ?? [], path }, disassembler)
  })
}

/** What the guest says against it; empty where it agrees. */
export async function enablePatch(port: GuestPort, name: string, on: boolean): Promise<string> {
  return withAgent(port, async (agent) => {
    const { stderr } = await agent.exec(`echo ${on ? 1 : 0} > /sys/kernel/livepatch/${name}/enabled`)
    return stderr.trim()
  })
}

/** An agent for one errand: after a way back in time an older one would wait for answers of another future. */
export async function withAgent<T>(port: GuestPort, work: (agent: AgentClient) => Promise<T>): Promise<T> {
  const agent = new AgentClient(port, { limit: PATIENCE })
  try {
    await agent.connect()
    return await work(agent)
  } finally {
    agent.dispose()
  }
}
