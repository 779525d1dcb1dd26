import { afterAll, beforeAll, describe } from 'vitest'
import { RemoteMachine } from '../../dist/index.js'
import { nodeWorkers, readAssets } from '../../dist/node.js'
import { guestPortContract, toPrompt } from '../machine/guest-port-contract.js'

describe('a port over a machine on another thread', () => {
  let machine: RemoteMachine
  let port: ReturnType<RemoteMachine['port']>
  beforeAll(async () => {
    const options = { ...readAssets(), append: 'console=ttyS0', vcpus: 2, memoryBytes: 64 << 20 }
    const made = await RemoteMachine.create(nodeWorkers(), options)
    if (!made.ok) throw new Error(made.message)
    machine = made.value
    port = machine.port()
    await toPrompt(port)
  })
  afterAll(() => machine.dispose())
  guestPortContract(() => port)
})
