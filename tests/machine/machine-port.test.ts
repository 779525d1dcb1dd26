import { beforeAll, describe } from 'vitest'
import { Machine, MachinePort } from '../../src/machine/index.js'
import { shippedAssets } from '../lab/images.js'
import { guestPortContract, toPrompt } from './guest-port-contract.js'

describe('a port over a machine', () => {
  let port: MachinePort
  beforeAll(async () => {
    const made = Machine.create({ ...shippedAssets(), append: 'console=ttyS0', vcpus: 2, memoryBytes: 64 << 20 })
    if (!made.ok) throw new Error(made.message)
    port = new MachinePort(made.value)
    await toPrompt(port)
  })
  guestPortContract(() => port)
})
