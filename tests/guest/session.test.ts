// What a session does in a guest: run until something, change it, fork it, move it.

import { beforeAll, describe, expect, it } from 'vitest'
import { nodeWorkers } from '../../dist/node/index.js'
import { encodeText } from '../../src/base/index.js'
import { type MachineSession, readKernelImage, readTasks, type ScionView } from '../../src/guest/index.js'
import { migrate } from '../../src/lab/index.js'
import { bootGuest, read } from '../lab/images.js'

describe('a session', () => {
  let booted: MachineSession
  let session: MachineSession
  let kernel: ScionView

  beforeAll(async () => {
    booted = await bootGuest()
    await booted.runUntil('/ # ')
  })
  const fresh = async (): Promise<void> => {
    session = await booted.fork()
    const image = readKernelImage(read('images/built/scion-1.0.elf'))
    if (!image.ok) throw new Error(image.message)
    kernel = await session.kernel([image.value])
  }
  const type = (text: string): Promise<void> => session.port.sendConsole(0, encodeText(text))

  it('runs until a text, and gives what was printed on the way', async () => {
    await fresh()
    await type('echo one; echo two; echo three\n')
    const { output } = await session.runUntil('\ntwo\n')
    expect(output).toMatch(/\none\ntwo\n$/)
  })

  it('runs until a pattern matches, whatever its flags remember', async () => {
    await fresh()
    await type('echo value $((6 * 7))\n')
    const pattern = /^value (\d+)$/gm
    pattern.lastIndex = 1000
    const { match } = await session.runUntil(pattern)
    expect(match?.[1]).toBe('42')
    expect(pattern.lastIndex).toBe(1000)
  })

  it('runs until a function of the kernel is about to execute, and again', async () => {
    await fresh()
    await type('uname -r\nuname -r\n')
    for (let i = 0; i < 2; i++) {
      const { cpu } = await session.runUntil({ symbol: '__x64_sys_uname', kernel })
      expect((await session.port.registers(cpu!)).rip).toBe(kernel.address('__x64_sys_uname'))
    }
    await expect(session.runUntil({ symbol: 'no_such_function', kernel })).rejects.toMatchObject({
      code: 'KERNEL_NO_SYMBOL',
    })
  })

  it('runs until a question is answered with true', async () => {
    await fresh()
    const start = session.machine.now
    await type('sleep 1\n')
    await session.runUntil(async () => session.machine.now >= start + 5e8)
    expect(session.machine.now - start).toBeLessThan(5e8 + 2e6)
  })

  it('says so where the goal is not reached: no time left, or only input could', async () => {
    await fresh()
    await type('sleep 100\n')
    const late = { code: 'AGENT_TIMEOUT', message: expect.stringContaining('1 s of virtual time') }
    await expect(session.runUntil('never', 1e9)).rejects.toMatchObject(late)
    await expect(session.runUntil(() => false, 1e9)).rejects.toMatchObject(late)
    await fresh()
    for (const goal of ['never', /never/, () => false]) {
      await expect(session.runUntil(goal)).rejects.toMatchObject({ code: 'AGENT_TIMEOUT' })
    }
  })

  it('reads the console line by line, to where the guest waits for input or is off', async () => {
    await fresh()
    await type('for i in a b c; do echo $i; sleep 1; done\n')
    const texts: string[] = []
    for await (const { text } of session.lines()) texts.push(text)
    expect(texts.slice(-3)).toEqual(['a', 'b', 'c'])
    await type('sleep 9\n')
    await expect(
      (async () => {
        for await (const _ of session.lines(1e9));
      })(),
    ).rejects.toMatchObject({ code: 'AGENT_TIMEOUT' })
    await fresh()
    await type('poweroff\n')
    let last = ''
    for await (const { text } of session.lines()) last = text
    expect(last).toContain('Power down')
  })

  it('loads a patch, which every task has when it is told, and takes it back', async () => {
    await fresh()
    const before = (await session.exec('cat /proc/version')).stdout
    const { name } = await session.loadPatch(read('images/built/patches/demo.ko'))
    expect(name).toBe('demo')
    expect((await session.exec('cat /proc/version')).stdout).toContain('live patched')
    expect((await session.exec('cat /proc/*/patch_state')).stdout).toMatch(/^(-1\n)+$/)
    await session.unloadPatch(name)
    expect((await session.exec('cat /proc/version; lsmod')).stdout).not.toMatch(/live patched|demo/)
    expect((await session.exec('cat /proc/version')).stdout).toBe(before)
  })

  it("gives the guest's reason where it refuses a patch or a kernel, and the guest goes on", async () => {
    await fresh()
    const refused = { code: 'PATCH_REFUSED', message: expect.stringContaining('Invalid module format') }
    await expect(session.loadPatch(encodeText('no module'))).rejects.toMatchObject(refused)
    await expect(session.unloadPatch('nothing')).rejects.toMatchObject({ code: 'PATCH_REFUSED' })
    await expect(session.upgrade(encodeText('no kernel'))).rejects.toMatchObject({ code: 'UPGRADE_REFUSED' })
    expect((await session.exec('uname -r; ls /tmp')).stdout).toBe('1.0\n')
  })

  it('changes the kernel under a running program', async () => {
    await fresh()
    await session.put('/tmp/note', encodeText('kept'))
    const running = await session.agent.start('sleep 3; uname -r')
    expect(await session.upgrade(read('images/built/scion-1.1.elf'))).toEqual({ from: '1.0', to: '1.1' })
    expect(new TextDecoder().decode(await session.get('/tmp/note'))).toBe('kept')
    expect((await session.agent.wait(running)).stdout).toBe('1.1\n')
  })

  it('forks: each future has its own memory', async () => {
    await fresh()
    const other = await session.fork()
    await other.put('/tmp/only-here', encodeText('x'))
    expect((await other.exec('ls /tmp')).stdout).toBe('only-here\n')
    expect((await session.exec('ls /tmp')).stdout).toBe('')
  })

  it('moves to another thread, and goes on there as here', async () => {
    await fresh()
    await session.exec('echo moved >/tmp/a')
    const again = await session.fork()
    const { session: there, machine } = await migrate(session, nodeWorkers())
    try {
      expect((await there.exec('cat /tmp/a')).stdout).toBe('moved\n')
      expect((await again.exec('cat /tmp/a')).stdout).toBe('moved\n')
      expect(await machine.hash()).toBe(again.machine.hash())
    } finally {
      machine.dispose()
    }
  })

  it("gives a structure's members by the kernel's types", async () => {
    await fresh()
    const init = (await readTasks(kernel)).find((task) => task.pid === 1)!
    const view = await kernel.readStruct('task_struct', init.address)
    const values = view.values()
    expect(values).toMatchObject({ pid: 1n, comm: 'init', patch_state: -1n })
    // Each integer or pointer is what the same member gives when it is asked for by its name.
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'bigint' && view.has(name))
        expect([name, BigInt.asUintN(64, value)]).toEqual([
          name,
          BigInt.asUintN(64, value < 0n ? view.signed(name) : view.unsigned(name)),
        ])
    }
    expect(Object.keys(values).length).toBeGreaterThan(20)
  })

  it('is given up at the end of its block', () => {
    expect(typeof booted[Symbol.dispose]).toBe('function')
  })
})
