// What is made for programs and for the careful: --code, --jsonl, --dry-run, and the line of progress.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { clearProgress, Progress } from '../../src/cli/progress.js'
import { read, root } from '../lab/images.js'
import { folder, transplant } from './command.js'

beforeAll(() => writeFileSync(join(folder, 'demo.ko'), read('images/built/patches/demo.ko')))

describe('--code', () => {
  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/transplant'))
  })
  /** Runs the program that a command line prints. */
  const program = (words: readonly string[]) => {
    const printed = transplant([...words, '--code'])
    expect(printed).toMatchObject({ status: 0, stderr: '' })
    writeFileSync(join(folder, 'program.mjs'), printed.stdout)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  it('prints a program that does what run --exec does', () => {
    writeFileSync(join(folder, "it's.txt"), 'put\n')
    const words = [
      'run',
      '--smp',
      '1',
      '--put',
      "it's.txt:/tmp/a",
      '--exec',
      'cat /tmp/a; uname -r; echo "it\'s" >&2; exit 3',
    ]
    expect(program(words)).toEqual(transplant(words))
    expect(transplant(words)).toEqual({ status: 3, stdout: 'put\n1.0\n', stderr: "it's\n" })
  })

  it('prints a program that loads a patch and keeps the guest, and one that goes on there', () => {
    expect(program(['patch', 'load', 'demo.ko', '--save', 'by-program'])).toEqual({
      status: 0,
      stdout: 'loaded demo\n',
      stderr: '',
    })
    expect(transplant(['patch', 'status', '--from', 'by-program']).stdout).toBe('demo  enabled 1  transition 0\n')
    expect(program(['upgrade', '--from', 'by-program'])).toEqual({
      status: 0,
      stdout: 'upgraded from 1.0 to 1.1\n',
      stderr: '',
    })
  })

  it('prints a program that saves the same guest, bit for bit', () => {
    const words = ['snapshot', 'save', 'saved', '--seed', '4', '--exec', 'echo x >/tmp/x']
    expect(transplant(words)).toMatchObject({ status: 0 })
    const saved = readFileSync(join(folder, 'saved'))
    expect(program(words)).toMatchObject({ status: 0 })
    expect(readFileSync(join(folder, 'saved')).equals(saved)).toBe(true)
  })

  it('says nothing without --exec', () => {
    expect(transplant(['run', '--code'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('without --exec'),
    })
  })
})

describe('--jsonl', () => {
  const events = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  it('streams the console, and ends with the result', () => {
    const { status, stdout } = transplant(['run', '--exec', 'echo hi; echo to all >/dev/console; exit 2', '--jsonl'])
    expect(status).toBe(2)
    const told = events(stdout)
    expect(told.at(-1)).toMatchObject({ event: 'result', schema: 'transplant-run/1', status: 2, stdout: 'hi\n' })
    const lines = told.slice(0, -1)
    expect(lines.every(({ event, time }) => event === 'console' && time > 0)).toBe(true)
    expect(lines.map(({ text }) => text)).toEqual(
      expect.arrayContaining([expect.stringContaining('Scion version 1.0'), expect.stringMatching(/to all$/)]),
    )
  })

  it.each([
    ['patch load', ['patch', 'load', 'demo.ko'], { schema: 'transplant-patch-load/1', enabled: '1' }],
    ['upgrade', ['upgrade'], { schema: 'transplant-upgrade/1', ok: true }],
  ])('of %s has the document of --json as its last event', (_name, words, document) => {
    const { status, stdout } = transplant([...words, '--jsonl'])
    expect(status).toBe(0)
    const told = events(stdout)
    expect(told.at(-1)).toMatchObject({ event: 'result', ...document })
    expect(told.filter(({ event }) => event === 'console').length).toBeGreaterThan(10)
  })

  it('tells a failure as an event', () => {
    const { status, stdout } = transplant(['patch', 'load', 'nowhere.ko', '--jsonl'])
    expect(status).toBe(2)
    expect(events(stdout)).toMatchObject([{ event: 'error', code: 'FILE_UNREADABLE', exitCode: 2 }])
  })
})

describe('--dry-run', () => {
  it('says what a patch would replace, or why the kernel would refuse it, and writes nothing', () => {
    const { status, stdout } = transplant(['patch', 'load', 'demo.ko', '--dry-run', '--save', 'not-written'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^would load demo.ko: demo replaces vmlinux:\w+, vmlinux:\w+/)
    expect(existsSync(join(folder, 'not-written'))).toBe(false)
    writeFileSync(join(folder, 'other.elf'), read('images/built/scion-1.1.elf'))
    expect(transplant(['patch', 'load', 'demo.ko', 'other.elf', '--dry-run'])).toMatchObject({ status: 5 })
    expect(transplant(['patch', 'load', 'demo.ko', '--dry-run', '--save', '/nonexistent/x'])).toMatchObject({
      status: 2,
    })
  })

  it('reads the kernel of an upgrade, and the files of a snapshot', () => {
    expect(transplant(['upgrade', '--dry-run'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^would change to .*scion-1.1.elf/),
    })
    expect(transplant(['upgrade', 'demo.ko', '--dry-run'])).toMatchObject({ status: 2 })
    expect(transplant(['snapshot', 'save', 'dry', '--dry-run'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('would save dry'),
    })
    expect(existsSync(join(folder, 'dry'))).toBe(false)
    expect(transplant(['snapshot', 'save', 'dry', 'nowhere.elf', '--dry-run'])).toMatchObject({ status: 2 })
  })
})

describe('progress', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = []
    return { isTTY, written, write: (text: string) => written.push(text) }
  }

  it('is one line at a terminal from the second second on, and goes away before anything is said', () => {
    let now = 0
    const terminal = stream(true)
    const progress = new Progress('the guest runs', terminal, () => now)
    for (now of [10, 999]) progress.tell({ time: 5e8 })
    expect(terminal.written).toEqual([])
    for (now of [1000, 1050, 1100]) progress.tell({ time: now * 1e6 })
    expect(terminal.written).toEqual([
      '\r\x1b[Kthe guest runs: 1.000 s of virtual time',
      '\r\x1b[Kthe guest runs: 1.100 s of virtual time',
    ])
    clearProgress()
    clearProgress()
    expect(terminal.written.slice(2)).toEqual(['\r\x1b[K'])
  })

  it('is nothing elsewhere', () => {
    let now = 0
    const file = stream(false)
    const progress = new Progress('the guest runs', file, () => now)
    for (now of [0, 5000, 9000]) progress.tell({ time: now })
    clearProgress()
    expect(file.written).toEqual([])
  })
})
