// What a command writes: never over what it read, byte for byte, and a sentence where there is no room.

import { spawnSync } from 'node:child_process'
import { closeSync, linkSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { root } from '../lab/images.js'
import { folder, transplant } from './command.js'

const main = join(root, 'dist/cli/main.js')
const kernel = join(root, 'images/built/scion-1.0.elf')
const SOURCE = '.patch cmdline_proc_show\n\tret\n'

describe('an output', () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'out.s'), SOURCE)
    symlinkSync('out.s', join(folder, 'symbolic.s'))
    linkSync(join(folder, 'out.s'), join(folder, 'hard.s'))
    for (const name of ['copy.elf', 'copy.cpio', 'copy.img', 'copy.ko']) {
      writeFileSync(join(folder, name), name.endsWith('.elf') ? readFileSync(kernel) : new Uint8Array(512))
    }
  })

  it.each([
    ['out.s', 'patch build out.s -o'],
    [join(folder, 'out.s'), 'patch build out.s -o'],
    ['symbolic.s', 'patch build out.s -o'],
    ['hard.s', 'patch build out.s -o'],
    ['copy.elf', 'patch build out.s --kernel copy.elf -o'],
    [kernel, 'patch build out.s -o'],
    ['copy.ko', 'patch load copy.ko --save'],
    ['copy.elf', 'patch load copy.ko copy.elf --save'],
    ['copy.cpio', 'patch load copy.ko --initrd copy.cpio --save'],
    ['copy.img', 'patch load copy.ko --disk copy.img --save'],
    ['copy.elf', 'upgrade copy.elf --save'],
    ['copy.elf', 'upgrade --kernel copy.elf --save'],
    ['copy.ko', 'run --put copy.ko --snapshot'],
    ['copy.img', 'run --disk copy.img --snapshot'],
  ])('to %s is refused after %j, which read that file', (path, words) => {
    const before = readFileSync(resolve(folder, path))
    const { status, stderr } = transplant([...words.split(' '), path])
    expect(stderr).toContain(`'${path}' is an input file of this command and would be written over.`)
    expect(status).toBe(2)
    expect(readFileSync(resolve(folder, path)).equals(before)).toBe(true)
  })

  it('may be the snapshot that the guest came from', () => {
    for (const name of ['first', 'second']) {
      writeFileSync(join(folder, `${name}.s`), SOURCE)
      expect(transplant(['patch', 'build', `${name}.s`]).status).toBe(0)
      const from = name === 'first' ? [] : ['--from', 'kept']
      expect(transplant(['patch', 'load', `${name}.ko`, ...from, '--save', 'kept'])).toMatchObject({ status: 0 })
    }
    expect(transplant(['run', '--from', 'kept', '--exec', 'ls /sys/kernel/livepatch']).stdout).toBe('first\nsecond\n')
  })

  it('of a command in the guest comes byte for byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
    const words = [main, 'run', '--exec', 'cat >/copy; cat /copy; cat /copy >&2']
    const { stdout, stderr } = spawnSync(process.execPath, words, { input: bytes })
    expect([...stdout]).toEqual([...bytes])
    expect([...stderr]).toEqual([...bytes])
  })

  it.each([['patch build out.s -o full.ko'], ['patch build out.s -o full.ko --json'], ['run --exec ls']])(
    'for which there is no room is one sentence and exit code 2: %s',
    (words) => {
      const full = openSync('/dev/full', 'w')
      const { status, stderr } = spawnSync(process.execPath, [main, ...words.split(' ')], {
        ...{ cwd: folder, input: '', encoding: 'utf8', stdio: ['pipe', full, 'pipe'] },
      })
      closeSync(full)
      expect(stderr).toContain('transplant: cannot write standard output: ENOSPC, no space left.\n')
      expect(stderr).not.toContain('at ')
      expect(status).toBe(2)
    },
  )

  it('that is talk changes no exit code where there is no room for it', () => {
    const full = openSync('/dev/full', 'w')
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [main, ...words], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', full] })
    expect(run('patch', 'build', 'out.s', '-o', 'talk.ko').status).toBe(0)
    expect(run('patch', 'build', 'missing.s').status).toBe(2)
    closeSync(full)
  })
})
