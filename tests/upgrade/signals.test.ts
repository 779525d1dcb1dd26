// A signal that comes while everybody stands still for an upgrade: the call that the program was asleep in must be cut short by it, or
// executed again, as if it had come a moment earlier or later. The timers of these tests of usertests run out between the two kernels.

import { expect, it } from 'vitest'
import { UpgradeExplorer } from '../../src/lab/index.js'
import { shippedAssets } from '../lab/images.js'

const explorer = new UpgradeExplorer(shippedAssets())

for (const test of ['signal_interrupts_read', 'signal_restarts_read', 'signal_suspend', 'fork_and_wait']) {
  it(`${test} passes when the kernel changes in the middle of it`, async () => {
    const session = await explorer.guest(2, 1)
    await session.agent.read('kexec -l /boot/scion-1.1')
    const program = await session.agent.start(`usertests ${test}`)
    await session.agent.runFor(5_000_000)
    await session.agent.read('kexec -e')
    expect(await session.agent.read('uname -r')).toBe('1.1\n')
    const { status, stdout } = await session.agent.wait(program)
    expect(stdout).toContain(`ok 1 ${test}\n`)
    expect(status).toBe(0)
    session.dispose()
  })
}
