// A guest that boots to its agent and is patched, on whatever threads there are: the same module runs in a page and in Node.
import { AgentClient, buildPatchFromAssembly, RemoteMachine, readKernelFacts } from 'transplant'

function need(result) {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}

/** `source`: a patch in assembly that changes what /proc/cmdline says. */
export async function experiment(host, assets, source) {
  const machine = need(await RemoteMachine.create(host, { ...assets, vcpus: 2, seed: 7 }))
  const agent = new AgentClient(machine.port())
  await agent.connect()
  const greeting = await agent.read('echo a shell in $(uname -s)')
  const kernel = need(readKernelFacts(assets.kernel))
  const { module } = need(await buildPatchFromAssembly({ sourceName: 'page.s', source, kernel }))
  await agent.put('/tmp/page.ko', module)
  await agent.read('insmod /tmp/page.ko')
  const patched = await agent.read('cat /proc/cmdline')
  const outcome = { greeting, patched, now: machine.now, hash: await machine.hash() }
  machine.dispose()
  return outcome
}
