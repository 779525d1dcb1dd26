// The workloads on the host: their last line is the same in every run, whatever the host's load, because the demo compares it between
// a machine that was patched and upgraded and one that was not.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../needs.js'
import { unpackInitramfs } from './programs.js'

needs('x86-64-host')('a workload on the host', () => {
  const bin = join(unpackInitramfs(), 'bin')
  const lastLine = (name: string, ...words: string[]): string => {
    const result = spawnSync(join(bin, name), words, { encoding: 'utf8', timeout: 60_000 })
    expect(result.status).toBe(0)
    return (result.stdout.trimEnd().split('\n').pop() ?? '').replace(/pid \d+/, 'pid P')
  }

  const results = {
    counter: 'c8e5a8a8cc2e470a',
    pipeline: '6c75f6efeb8906af',
    timers: '83acb86624e5cb31',
    signals: '31050a506aba3bc5',
    cow: '792cf023f36716b3',
    files: '2cb8d545f6c7d5cd',
    fpu: '5e90869ea175d413',
  }
  for (const [name, result] of Object.entries(results)) {
    it(`${name} computes the same result in every run`, () => {
      expect(lastLine(name)).toBe(`${name}: pid P: result ${result}`)
      expect(lastLine(name)).toBe(`${name}: pid P: result ${result}`)
    })
  }

  it('takes the number of rounds from its arguments', () => {
    expect(lastLine('counter', '3', '10')).not.toBe(lastLine('counter', '4', '10'))
  })
})
