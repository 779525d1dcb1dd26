// Programs in corners of what a program can do, and an upgrade in the middle of each: it loses nothing, or is refused before anybody
// stands still. The programs judge themselves (programs/corners.c).

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import { UpgradeExplorer } from '../../src/lab/index.js'
import { WARNINGS } from '../../src/toolchain/index.js'
import { read, shippedAssets } from '../lab/images.js'
import { needs } from '../needs.js'

const SOURCE = fileURLToPath(new URL('programs/corners.c', import.meta.url))

needs('gcc')('an upgrade in a corner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-corners-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const explorer = new UpgradeExplorer(shippedAssets())
  let program: Uint8Array
  beforeAll(() => {
    const path = join(folder, 'corners')
    const words = [
      '-O1',
      '-ffreestanding',
      '-nostdlib',
      '-static',
      '-fno-stack-protector',
      '-fcf-protection=none',
      ...WARNINGS,
    ]
    execFileSync('gcc', [...words, '-o', path, SOURCE])
    program = read(path)
  })

  async function guest(): Promise<MachineSession> {
    const session = await explorer.guest(2, 1)
    await session.agent.put('/tmp/corners', program, 0o755)
    await session.agent.read('kexec -l /boot/scion-1.1')
    return session
  }

  it.each(['selectors', 'select', 'ppoll'])('%s goes on as it was', async (name) => {
    const session = await guest()
    const twin = await session.agent.exec(`/tmp/corners ${name}`)
    expect(twin.status).toBe(0)
    const one = await session.agent.start(`/tmp/corners ${name}`)
    await session.agent.runFor(30_000_000)
    expect((await session.agent.exec('kexec -e')).status).toBe(0)
    expect(await session.agent.read('uname -r')).toBe('1.1\n')
    expect(one.result).toBeUndefined()
    expect((await session.agent.wait(one)).status).toBe(0)
    session.dispose()
  })

  it('code of 32 bits goes on', async () => {
    const session = await guest()
    const one = await session.agent.start('/tmp/corners code32')
    await session.agent.runFor(10_000_000)
    expect((await session.agent.exec('kexec -e')).status).toBe(0)
    expect(await session.agent.read('uname -r')).toBe('1.1\n')
    await session.agent.runFor(10_000_000)
    expect(one.result).toBeUndefined()
    await session.agent.signal(one, 9)
    expect(await session.agent.wait(one)).toMatchObject({ status: 137, stdout: 'started\n' })
    session.dispose()
  })

  it('a child of vfork that is soon done is waited for', async () => {
    const session = await guest()
    const one = await session.agent.start('/tmp/corners vfork')
    await session.agent.runFor(10_000_000)
    expect(one.result).toBeUndefined()
    expect((await session.agent.exec('kexec -e')).status).toBe(0)
    expect((await session.agent.wait(one)).status).toBe(0)
    session.dispose()
  })

  it('one that is not is refused by name, and nobody stands still for it', async () => {
    const session = await guest()
    const one = await session.agent.start('/tmp/corners vfork-for-ever')
    await session.agent.runFor(10_000_000)
    expect((await session.agent.exec('kexec -e')).status).toBe(1)
    const said = session.console.lines.map((line) => line.text)
    expect(said.find((text) => text.includes('refused: '))).toMatch(
      /refused: task \d+ \(corners\) is inside vfork, its child is \d+ \(corners\)$/,
    )
    // before anybody is asked to stand still
    expect(said.filter((text) => text.includes('liveupdate: prepared'))).toEqual([])
    await session.agent.signal(one, 9)
    session.dispose()
  })

  it('the name of the host is carried', async () => {
    const session = await guest()
    expect((await session.agent.exec('/tmp/corners hostname')).status).toBe(0)
    expect((await session.agent.exec('kexec -e')).status).toBe(0)
    expect(await session.agent.read('uname -n')).toBe('carried\n')
    session.dispose()
  })

  it('programs that look at /proc all the time do not starve it', async () => {
    const session = await guest()
    const looking = 'while true; do cat /proc/[0-9]*/stat >/dev/null; done'
    const agents = [await session.agent.start(looking), await session.agent.start(looking)]
    await session.agent.runFor(30_000_000)
    for (const release of ['1.1', '1.0', '1.1', '1.0']) {
      await session.agent.read(`kexec -l /boot/scion-${release}`)
      expect((await session.agent.exec('kexec -e')).status).toBe(0)
      expect(await session.agent.read('uname -r')).toBe(`${release}\n`)
    }
    for (const one of agents) expect(one.result).toBeUndefined()
    session.dispose()
  })
})
