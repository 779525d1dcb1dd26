// The agent on the host, over pipes instead of a serial line: the frames of images/user/agent/PROTOCOL.md.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { unpackInitramfs } from './programs.js'

// CRC-32 as in zlib; Node's own came only with 20.15.
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

interface Frame {
  readonly verb: string
  readonly id: number
  readonly payload: Buffer
}

function frame(verb: string, id: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload)
  const header = `TA1 ${verb} ${id} ${bytes.length} ${crc32(bytes).toString(16).padStart(8, '0')}\n`
  return Buffer.concat([Buffer.from(header), bytes, Buffer.from('\n')])
}

/** Speaks to one agent; every received frame is checked against its checksum. */
class Conversation {
  readonly frames: Frame[] = []
  private buffer = Buffer.alloc(0)
  private waiting: (() => void)[] = []
  private readonly agent: ChildProcessWithoutNullStreams

  constructor(agent: ChildProcessWithoutNullStreams) {
    this.agent = agent
    agent.stdout.on('data', (bytes: Buffer) => this.receive(bytes))
  }

  send(bytes: Buffer): void {
    this.agent.stdin.write(bytes)
  }

  /** The frames that have come, up to and with the first one of this verb and id; they are taken away. */
  async until(verb: string, id: number): Promise<readonly Frame[]> {
    for (;;) {
      const index = this.frames.findIndex((one) => one.verb === verb && one.id === id)
      if (index >= 0) return this.frames.splice(0, index + 1)
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  end(): void {
    this.agent.stdin.end()
    this.agent.kill()
  }

  private receive(bytes: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, bytes])
    for (;;) {
      const lineEnd = this.buffer.indexOf('\n')
      if (lineEnd < 0) break
      const match = /^TA1 ([a-z]+) (\d+) (\d+) ([0-9a-f]{8})$/.exec(this.buffer.subarray(0, lineEnd).toString())
      if (!match) throw new Error(`not a header: ${this.buffer.subarray(0, lineEnd).toString()}`)
      const [, verb = '', id, length, crc] = match
      const end = lineEnd + 1 + Number(length)
      if (this.buffer.length <= end) break
      const payload = this.buffer.subarray(lineEnd + 1, end)
      expect(crc32(payload).toString(16).padStart(8, '0')).toBe(crc)
      expect(this.buffer[end]).toBe(10)
      this.frames.push({ verb, id: Number(id), payload })
      this.buffer = this.buffer.subarray(end + 1)
    }
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

const bytesOf = (frames: readonly Frame[], verb: string): Buffer =>
  Buffer.concat(frames.filter((one) => one.verb === verb).map((one) => one.payload))

const last = (frames: readonly Frame[]): string => frames[frames.length - 1]?.payload.toString() ?? ''

needs('x86-64-host')('the agent', () => {
  const bin = join(unpackInitramfs(), 'bin')
  const folder = mkdtempSync(join(tmpdir(), 'agent-'))
  let agent: Conversation

  beforeEach(async () => {
    agent = new Conversation(spawn(join(bin, 'agent'), [], { env: { PATH: `${bin}:/bin` } }))
    expect(last(await agent.until('ready', 0))).toMatch(/^transplant-agent\/1 pid \d+$/)
  })
  afterEach(() => agent.end())

  it('answers a ping with any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 2048 }, (_, index) => index & 0xff))
    agent.send(frame('ping', 4294967295, bytes))
    expect(bytesOf(await agent.until('pong', 4294967295), 'pong')).toEqual(bytes)
    agent.send(frame('ping', 1, ''))
    expect(bytesOf(await agent.until('pong', 1), 'pong')).toHaveLength(0)
  })

  it('runs a command and returns both outputs and the exit status', async () => {
    agent.send(frame('exec', 7, 'echo out; echo err >&2; exit 3'))
    const frames = await agent.until('exit', 7)
    expect(frames[0]?.verb).toBe('started')
    expect(bytesOf(frames, 'out').toString()).toBe('out\n')
    expect(bytesOf(frames, 'err').toString()).toBe('err\n')
    expect(last(frames)).toBe('exited 3')
  })

  it('returns large output whole, and all of it before the exit', async () => {
    agent.send(frame('exec', 8, 'seq 20000'))
    const expected = Array.from({ length: 20000 }, (_, index) => `${index + 1}\n`).join('')
    expect(bytesOf(await agent.until('exit', 8), 'out').toString()).toBe(expected)
  })

  it('runs several commands at once and signals one of them', async () => {
    agent.send(frame('exec', 1, 'sleep 30'))
    await agent.until('started', 1)
    agent.send(frame('exec', 2, 'echo quick'))
    expect(last(await agent.until('exit', 2))).toBe('exited 0')
    agent.send(frame('signal', 3, '1 9'))
    await agent.until('ok', 3)
    expect(last(await agent.until('exit', 1))).toBe('killed 9')
    agent.send(frame('signal', 4, '1 9'))
    expect(last(await agent.until('error', 4))).toBe('3 No such process')
  })

  it('puts a file in pieces and gets it back', async () => {
    const path = join(folder, 'a file')
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7) & 0xff))
    for (let offset = 0; offset < bytes.length; offset += 1500) {
      const piece = bytes.subarray(offset, offset + 1500)
      agent.send(frame('put', offset, Buffer.concat([Buffer.from(`600 ${offset} ${path}\n`), piece])))
      expect(last(await agent.until('ok', offset))).toBe(String(piece.length))
    }
    expect(readFileSync(path)).toEqual(bytes)
    agent.send(frame('get', 9, `0 -1 ${path}`))
    const frames = await agent.until('end', 9)
    expect(bytesOf(frames, 'data')).toEqual(bytes)
    expect(last(frames)).toBe('5000')
    agent.send(frame('get', 10, `100 50 ${path}`))
    expect(bytesOf(await agent.until('end', 10), 'data')).toEqual(bytes.subarray(100, 150))
  })

  it('says why it cannot do what is asked', async () => {
    agent.send(frame('get', 1, '0 -1 /no/such/file'))
    expect(last(await agent.until('error', 1))).toBe('2 No such file or directory')
    agent.send(frame('put', 2, 'no line end'))
    expect(last(await agent.until('error', 2))).toMatch(/^74 Bad message: /)
    agent.send(frame('dance', 3, ''))
    expect(last(await agent.until('error', 3))).toBe('74 Bad message: unknown verb')
  })

  it('skips noise and answers a damaged frame with an error', async () => {
    agent.send(Buffer.from('noise\nTA1 nonsense\nTA1 ping x y z\n'))
    const damaged = frame('ping', 5, 'hello')
    damaged[damaged.length - 2] = 0
    agent.send(damaged)
    expect(last(await agent.until('error', 5))).toBe('74 Bad message: length or checksum is wrong')
    agent.send(Buffer.from(`TA1 ping 6 99999 00000000\n`))
    expect(last(await agent.until('error', 6))).toBe('74 Bad message: length or checksum is wrong')
    agent.send(frame('ping', 7, 'still here'))
    expect(last(await agent.until('pong', 7))).toBe('still here')
  })
})
