// The demonstration's twin on another thread is the twin in this one.

import { describe, expect, it } from 'vitest'
import type { MachineOptions } from '../../dist/index.js'
import { runTwin, startTwin } from '../../dist/lab/demo/twin.js'
import { nodeWorkers, readAssets } from '../../dist/node.js'

const { coreWasm, firmware, kernel, initrd } = readAssets()
const options: MachineOptions = {
  coreWasm,
  firmware,
  kernel,
  initrd,
  append: 'console=ttyS0',
  vcpus: 2,
  onReset: 'stop',
}
const commands = ['counter 5 1000 1', 'pipeline 5 2 1']

describe('the twin on another thread', () => {
  it('has the same outcome', async () => {
    const there = startTwin(nodeWorkers(), options, commands)
    const here = await runTwin(options, commands, undefined)
    expect(here.results.map((one) => one.status)).toEqual([0, 0])
    expect(await there.outcome()).toEqual(here)
  })

  it('that fails or is cancelled says why', async () => {
    const bad = startTwin(nodeWorkers(), { ...options, kernel: firmware }, commands)
    await expect(bad.outcome()).rejects.toMatchObject({ code: 'KERNEL_IMAGE' })
    const cancelled = startTwin(nodeWorkers(), options, commands)
    cancelled.cancel()
    await expect(cancelled.outcome()).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})
