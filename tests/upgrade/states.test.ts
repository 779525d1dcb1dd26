// Upgrades with particular states: a line half typed, many processes, a disk that is being read; and what is refused by its name.

import { expect, it } from 'vitest'
import { encodeText } from '../../src/base/index.js'
import { UpgradeExplorer } from '../../src/lab/index.js'
import { bootGuest, read, shippedAssets } from '../lab/images.js'

const explorer = new UpgradeExplorer(shippedAssets())

it('a line that is half typed is completed under the next kernel', async () => {
  const session = await explorer.guest(2, 1)
  await session.port.sendConsole(0, encodeText('echo par'))
  await session.agent.runFor(5_000_000)
  expect(await explorer.upgradeOnce(session, [])).toEqual([])
  await session.port.sendConsole(0, encodeText('tial $((6 * 7))\n'))
  await session.agent.runFor(20_000_000)
  expect(session.console.lines.map((line) => line.text)).toContain('partial 42')
  session.dispose()
})

it('more than a hundred processes go on', async () => {
  const session = await explorer.guest(4, 1)
  const program = await session.agent.start('keeper 6 120 20')
  await session.agent.runFor(80_000_000)
  for (let n = 0; n < 3; n++) expect(await explorer.upgradeOnce(session, [])).toEqual([])
  expect(program.result).toBeUndefined()
  expect(await session.agent.wait(program)).toMatchObject({ status: 0, stdout: expect.stringContaining('result') })
  session.dispose()
})

it('more than four thousand processes go on', async () => {
  const session = await bootGuest({ memoryBytes: 1 << 30 }, { limit: 100e9 })
  const { agent } = session
  await agent.put('/tmp/next', read('images/built/scion-1.1.elf'))
  const program = await agent.start('keeper 20 4300 900')
  await agent.runFor(14_000_000_000)
  await agent.read('kexec -l /tmp/next')
  await agent.read('kexec -e')
  expect(await agent.read('uname -r')).toBe('1.1\n')
  const tasks = /^tasks +0 +0 +(\d+) +0$/m.exec(await agent.read('cat /sys/kernel/liveupdate/ledger'))?.[1]
  expect(Number(tasks)).toBeGreaterThan(4300)
  expect(program.result).toBeUndefined()
  expect(await agent.wait(program)).toMatchObject({ status: 0, stdout: expect.stringContaining('result') })
  session.dispose()
})

for (const [command, named] of [
  ['sleep 30 </proc/kallsyms', /task \d+ \(sleep\) fd 0: \/proc\/kallsyms \(proc\)/],
  ['sleep 30 </sys/kernel/liveupdate/state', /task \d+ \(sleep\) fd 0: \/sys\/kernel\/liveupdate\/state \(sysfs\)/],
  ['cd /proc/1; sleep 30', /task \d+ \((sleep|sh)\) working directory: \/proc\/1 \(proc\)/],
] as const) {
  it(`'${command}' is named and goes on, and so does the kernel`, async () => {
    const session = await explorer.guest(2, 1)
    const program = await session.agent.start(command)
    const counter = await session.agent.start('counter 60 20000 5')
    await session.agent.runFor(5_000_000)
    await session.agent.read('kexec -l /boot/scion-1.1')
    expect((await session.agent.exec('kexec -e')).status).toBe(1)
    expect(session.console.lines.map((line) => line.text).find((text) => text.includes('refused:'))).toMatch(named)
    expect(await session.agent.read('uname -r')).toBe('1.0\n')
    expect(program.result).toBeUndefined()
    expect((await session.agent.wait(counter)).stdout).toContain('result 5b3513ba6eb78bb8')
    await session.agent.signal(program, 9)
    await session.agent.wait(program)
    // the reason is gone, so is the refusal
    expect(await explorer.upgradeOnce(session, [])).toEqual([])
    session.dispose()
  })
}

it('a disk that is being read gives the same bytes', async () => {
  const disk = new Uint8Array(1 << 18).map((_, index) => (index * 31 + (index >> 9)) & 0xff)
  const session = await bootGuest({ disk })
  await session.agent.put('/tmp/next', read('images/built/scion-1.1.elf'))
  await session.agent.read('kexec -l /tmp/next')
  const copy = await session.agent.start('for i in 1 2 3 4 5 6 7 8 9 10 11 12; do cat /dev/vda >/tmp/copy.$i; done')
  await session.agent.runFor(4_000_000)
  expect(copy.result).toBeUndefined()
  await session.agent.read('kexec -e')
  expect(await session.agent.read('uname -r')).toBe('1.1\n')
  expect((await session.agent.wait(copy)).status).toBe(0)
  for (let n = 1; n <= 12; n += 11) expect(Buffer.compare(await session.agent.get(`/tmp/copy.${n}`), disk)).toBe(0)
  session.dispose()
})
