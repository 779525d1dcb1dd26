// The guest's tests of its kernel, run on the host's: a test that Linux fails is a wrong test.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../needs.js'
import { unpackInitramfs } from './programs.js'

needs('x86-64-host')('usertests on the host', () => {
  it('pass on Linux itself, so that they ask of the guest only what Linux does', () => {
    const bin = join(unpackInitramfs(), 'bin')
    const result = spawnSync(join(bin, 'usertests'), ['-q'], {
      encoding: 'utf8',
      timeout: 100_000,
      env: { PATH: `${bin}:/bin` },
    })
    expect(result.stdout.split('\n').filter((line) => line.startsWith('not ok'))).toEqual([])
    expect(result.stdout).toMatch(/^KTAP version 1\n1\.\.\d+\n/)
    expect(result.stdout).toMatch(/# Totals: pass:\d+ fail:0 /)
    expect(result.status).toBe(0)
  })
})
