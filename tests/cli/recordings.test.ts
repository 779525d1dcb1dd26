// `transplant run --record`, `--replay` and `--cast`.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeText } from '../../src/base/index.js'
import { decodeRecording, encodeRecording } from '../../src/machine/index.js'
import { read, root } from '../lab/images.js'
import { folder, transplant } from './command.js'

const recordingIn = (name: string) => {
  const decoded = decodeRecording(new Uint8Array(readFileSync(join(folder, name))))
  if (!decoded.ok) throw new Error(decoded.message)
  return decoded.value
}

describe('a recorded run', () => {
  let console = ''
  beforeAll(() => {
    const typed = 'echo $((6 * 7)) is it\ncat /proc/uptime\nsleep 2\npoweroff\n'
    const recorded = transplant(['run', '--seed', '9', '--record', 'bug.rec', '--cast', 'bug.cast'], typed)
    expect(recorded).toMatchObject({ status: 0, stderr: expect.stringContaining('recorded bug.rec') })
    console = recorded.stdout
  })

  it('is repeated from its file: the same console, the same film, the same state', () => {
    const { status, stdout, stderr } = transplant(['run', '--replay', 'bug.rec', '--cast', 'again.cast'])
    expect(status).toBe(0)
    expect(console).toContain('42 is it')
    expect(stdout).toBe(console)
    expect(stderr).toContain(`state ${recordingIn('bug.rec').end.hash} as recorded`)
    const [film, again] = ['bug.cast', 'again.cast'].map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(again).toBe(film)
  })

  it('is filmed as asciicast v2: times go forward, and the texts are the console', () => {
    const [header, ...events] = readFileSync(join(folder, 'bug.cast'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(header).toEqual({ version: 2, width: 80, height: 24 })
    expect(events.map(([, kind, text]) => (kind === 'o' ? text : '')).join('')).toBe(console)
    const times = events.map(([time]) => time)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)).toBeGreaterThan(2)
  })

  it('tells the verdict as JSON', () => {
    const { end, inputs, checkpoints } = recordingIn('bug.rec')
    expect(checkpoints.length).toBeGreaterThan(4)
    const { status, stdout } = transplant(['run', '--replay', 'bug.rec', '--json'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      ...{ schema: 'transplant-replay/1', ok: true, time: end.time, hash: end.hash },
      ...{ inputs: inputs.length, checkpoints: checkpoints.length },
    })
  })

  it('that is another run ends with 8, and says where it differs', () => {
    const recording = recordingIn('bug.rec')
    const inputs = recording.inputs.map((input) =>
      input.kind === 'console' ? { ...input, bytes: encodeText('echo 43 is it\nsleep 3\npoweroff\n') } : input,
    )
    writeFileSync(join(folder, 'other.rec'), encodeRecording({ ...recording, inputs }))
    const { status, stderr } = transplant(['run', '--replay', 'other.rec'])
    expect(status).toBe(8)
    expect(stderr).toMatch(/The replay diverged: the state differs from the checkpoint at instruction \d+/)
    expect(JSON.parse(transplant(['run', '--replay', 'other.rec', '--json']).stdout)).toMatchObject({
      ...{ schema: 'transplant-error/1', code: 'replay-diverged', exitCode: 8 },
    })
  })

  it('can be one command, and begin in a snapshot', () => {
    expect(transplant(['snapshot', 'save', 'begin'])).toMatchObject({ status: 0 })
    const words = ['run', '--from', 'begin', '--exec', 'cat; exit 3', '--record', 'one.rec']
    expect(transplant(words, 'typed\n')).toMatchObject({ status: 3, stdout: 'typed\n' })
    expect(transplant(['run', '--replay', 'one.rec'])).toMatchObject({ status: 0 })
  })

  it('is kept when it ends in a timeout, and when it is ended from outside', async () => {
    const late = transplant(['run', '--timeout', '1', '--record', 'late.rec', '--exec', 'sleep 9'])
    expect(late).toMatchObject({ status: 6, stderr: expect.stringContaining('recorded late.rec') })
    expect(transplant(['run', '--replay', 'late.rec'])).toMatchObject({ status: 0 })

    const words = [join(root, 'dist/cli/main.js'), 'run', '--record', 'ended.rec']
    const run = spawn(process.execPath, words, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
    for await (const text of run.stdout.setEncoding('utf8')) if (text.includes('/ # ')) break
    run.kill('SIGTERM')
    const [status] = await once(run, 'exit')
    expect(status).toBe(0)
    expect(transplant(['run', '--replay', 'ended.rec'])).toMatchObject({ status: 0 })
  })

  it.each([
    ['an image beside it', ['--replay', 'bug.rec', 'mine.elf'], /'mine.elf' says nothing beside --replay/],
    ['another number of vCPUs', ['--replay', 'bug.rec', '--smp', '4'], /--smp says nothing beside --replay/],
    ['a command', ['--replay', 'bug.rec', '--exec', 'true'], /--exec says nothing beside --replay/],
    ['a file that is no recording', ['--replay', 'core.wasm'], /not a Transplant recording/],
    ['a file that is not there', ['--replay', 'nowhere'], /cannot read 'nowhere'/],
    ['to record where nothing can be written', ['--record', '/nonexistent/a'], /cannot write '\/nonexistent\/a'/],
    ['to record under gdb', ['--record', 'a', '--gdb', ':0'], /--record says nothing beside gdb/],
    ['to film over the recording', ['--replay', 'bug.rec', '--cast', 'bug.rec'], /would be written over/],
  ])('refuses %s', (_what, words, sentence) => {
    writeFileSync(join(folder, 'core.wasm'), read('src/cpu/core.wasm'))
    const { status, stderr } = transplant(['run', ...words])
    expect(status).toBe(2)
    expect(stderr).toMatch(sentence)
  })
})
