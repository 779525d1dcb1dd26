// The agent's client against the agent itself, as a process of the host.

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeText } from '../../src/base/index.js'
import { AgentClient } from '../../src/guest/index.js'
import { needs } from '../needs.js'
import { unpackInitramfs } from '../user/programs.js'
import { ProcessPort } from './process-port.js'

needs('x86-64-host')("the agent's client", () => {
  const bin = join(unpackInitramfs(), 'bin')
  const folder = mkdtempSync(join(tmpdir(), 'agent-client-'))
  let port: ProcessPort
  let agent: AgentClient

  beforeEach(async () => {
    port = new ProcessPort(join(bin, 'agent'), [], `${bin}:/bin`)
    agent = new AgentClient(port)
    expect(await agent.connect()).toMatch(/^transplant-agent\/1 pid \d+$/)
  })
  afterEach(() => port.end())

  it('runs commands and gives their outputs and statuses', async () => {
    expect(await agent.exec('echo out; echo err >&2; exit 3')).toEqual({
      ...{ status: 3, stdout: 'out\n', stderr: 'err\n' },
      ...{ stdoutBytes: encodeText('out\n'), stderrBytes: encodeText('err\n') },
    })
    expect(await agent.read('echo again')).toBe('again\n')
  })

  it('tells a death by signal as a shell does', async () => {
    const command = await agent.start('sleep 30')
    expect(command.result).toBeUndefined()
    await agent.signal(command, 9)
    expect(await agent.wait(command)).toMatchObject({ status: 137, signal: 9 })
  })

  it('keeps commands going beside others and collects them later', async () => {
    const slow = await agent.start('sleep 0.2; echo slow')
    expect(await agent.read('echo quick')).toBe('quick\n')
    expect((await agent.wait(slow)).stdout).toBe('slow\n')
  })

  it('moves a file of many frames there and back', async () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 31) & 0xff)
    const path = join(folder, 'a file')
    await agent.put(path, bytes, 0o600)
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0)
    expect(await agent.get(path)).toEqual(bytes)
    await agent.put(path, new Uint8Array(0))
    expect(await agent.get(path)).toHaveLength(0)
  })

  it('echoes a ping', async () => {
    expect(await agent.ping(encodeText('hello'))).toBe(true)
  })

  it('says what failed and what to do', async () => {
    await expect(agent.get('/no/such/file')).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
      message: expect.stringContaining("'/no/such/file'"),
    })
    await expect(agent.read('exit 7')).rejects.toMatchObject({ code: 'GUEST_COMMAND' })
    await expect(agent.exec('x'.repeat(3000))).rejects.toMatchObject({ code: 'AGENT_PAYLOAD' })
    expect(await agent.read('echo still here')).toBe('still here\n')
  })

  it.each(['a\nb', 'a\0b', '', 'a'.repeat(600)])('takes no path %j, for there would be another file', async (name) => {
    const refused = { code: 'AGENT_PAYLOAD', hint: expect.stringContaining('without NUL and line feed') }
    const path = name === '' ? '' : join(folder, name)
    await expect(agent.put(path, encodeText('hello'))).rejects.toMatchObject(refused)
    await expect(agent.get(path)).rejects.toMatchObject(refused)
    await expect(agent.patch(path, 1, encodeText('hello'))).rejects.toMatchObject(refused)
    expect(readdirSync(folder)).not.toContain('a')
  })

  it('takes no command that would be cut short, and no text for bytes', async () => {
    await expect(agent.exec('echo a\0b')).rejects.toMatchObject({ code: 'AGENT_PAYLOAD' })
    const put = agent.put(join(folder, 'text'), 'hello' as never)
    await expect(put).rejects.toMatchObject({ code: 'BAD_ARGUMENT', message: expect.stringContaining("'bytes'") })
    expect(await agent.read('echo "a\nb"')).toBe('a\nb\n')
  })

  it('names an end of the guest instead of waiting for ever', async () => {
    const waiting = agent.exec('sleep 30')
    setTimeout(() => port.end(), 100)
    await expect(waiting).rejects.toMatchObject({ code: 'GUEST_ENDED' })
  })
})
