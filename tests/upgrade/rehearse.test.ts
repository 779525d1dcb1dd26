// A rehearsal: a fork of the guest changes its kernel first. The guest itself is the same to the last bit afterwards, whether that went
// well, was refused, or was the end of the fork.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { type MachineSession, requireKernelImage } from '../../src/guest/index.js'
import { buildKernel } from '../../src/toolchain/index.js'
import { type Rehearsal, rehearseUpgrade } from '../../src/upgrade/index.js'
import { bootGuest, read } from '../lab/images.js'
import { needs } from '../needs.js'

const WORK = 'counter 60 20000 5'

/** Rehearses with a program at work, which then finishes in the guest as it does without any of this. */
async function rehearse(
  next: Uint8Array,
): Promise<{ readonly rehearsal: Rehearsal; readonly session: MachineSession }> {
  const session = await bootGuest({}, { limit: 2e9 })
  const { agent, machine } = session
  await agent.put('/tmp/next', next)
  const counter = await agent.start(WORK)
  await agent.runFor(5_000_000)
  const before = machine.hash()
  const images = [requireKernelImage(read('images/built/scion-1.0.elf'), 'the kernel')]
  const image = requireKernelImage(next, 'the next kernel')
  const rehearsal = await rehearseUpgrade(session, images, { path: '/tmp/next', image, pids: [counter.pid] })
  expect(rehearsal.hash).toBe(before)
  expect(machine.hash()).toBe(before)
  expect((await agent.wait(counter)).stdout).toContain('result 5b3513ba6eb78bb8')
  expect(await agent.read('uname -r')).toBe('1.0\n')
  return { rehearsal, session }
}

it('what goes well in the fork has not been done in the guest', async () => {
  const { rehearsal, session } = await rehearse(read('images/built/scion-1.1.elf'))
  expect(rehearsal).toMatchObject({ ended: undefined, upgrade: { status: 0, from: '1.0', to: '1.1', missing: [] } })
  expect(rehearsal.alive).toHaveLength(1)
  expect(session.console.lines.filter(({ text }) => text.includes('liveupdate: '))).toEqual([])
  session.dispose()
})

needs('gcc')('a rehearsal that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-rehearse-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function build(name: string, change: readonly [string, string]): Promise<Uint8Array> {
    const source = 'images/kernel/liveupdate/arrive.c'
    const text = Buffer.from(read(source)).toString()
    expect(text).toContain(change[0])
    const path = join(folder, `${name}-arrive.c`)
    writeFileSync(path, text.replace(...change))
    const output = join(folder, `${name}.elf`)
    return read(await buildKernel({ suffix: '-rehearsed', replace: { [source]: path }, output }))
  }

  it('because the next kernel refuses says why', async () => {
    const { rehearsal, session } = await rehearse(
      await build('refusing', ['why = validate_bitmap(root);', 'why = "not today";']),
    )
    expect(rehearsal.upgrade?.status).toBe(1)
    expect(rehearsal.upgrade?.messages.join('\n')).toContain('handover refused by 1.0: not today')
    session.dispose()
  }, 300_000)

  it('because the next kernel panics behind the point of no return costs the fork alone', async () => {
    const { rehearsal, session } = await rehearse(
      await build('dying', ['verify_adoption(root);', 'panic("too late");']),
    )
    expect(rehearsal).toMatchObject({ upgrade: undefined, ended: expect.stringContaining('too late') })
    session.dispose()
  }, 300_000)
})
